"""Views of photon files that somebody else recorded."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.g2 import analyse_photons, evaluate_photons
from analysis.g2_stream import evaluate_stream
from analysis.pulsed import from_record
from analysis.pulsed_stream import survey
from analysis.tags import PhotonRecord, RecordStream
from analysis.views import View, views_of_evaluation, views_of_photons

PERIOD_PS = 12_500
N_PULSES = 4_000_000


def pulsed(seed: int = 1, lifetime_ps: float = 1200.0) -> PhotonRecord:
    """One emitter under 80 MHz, T3: at most one photon a pulse on one of two detectors."""
    rng = np.random.default_rng(seed)
    index = np.unique(rng.integers(0, N_PULSES, 120_000))
    nano = (500 + rng.exponential(lifetime_ps, index.size) + rng.normal(0, 40, index.size)).astype(np.int64) // 16 * 16
    nano = np.clip(nano, 0, PERIOD_PS - 1)
    channel = rng.integers(1, 3, index.size).astype(np.uint8)
    return PhotonRecord(
        index * PERIOD_PS + nano, channel, N_PULSES * PERIOD_PS * 1e-12, float(PERIOD_PS), nano, index.astype(np.int64)
    )


def continuous(seed: int = 2) -> PhotonRecord:
    """Light with a dip: photons of a renewal process on two detectors."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(20e3, 200_000) + rng.exponential(5e3, 200_000)).astype(np.int64)
    return PhotonRecord(times, rng.integers(1, 3, times.size).astype(np.uint8), float(times[-1]) * 1e-12)


def named(found: tuple[View, ...], name: str) -> View:
    return next(view for view in found if view.name == name)


def test_pulsed_light_shows_the_numbers_of_the_analysis() -> None:
    record = pulsed()
    found = views_of_photons(record)
    results = analyse_photons(record).results
    assert [view.name for view in found] == ["coincidences", "peaks", "memory", "decay", "rate"]
    assert f"g²(0) = {results['g2_zero'].value:.3g} " in named(found, "peaks").title
    peaks = named(found, "peaks").curves[0]
    assert peaks.y[peaks.x == 0] == results["centre_counts"].value
    lifetimes = [float(c.label.split("τ = ")[1].split(" ")[0]) for c in named(found, "decay").curves if c.kind == "fit"]
    assert lifetimes == pytest.approx([1.2, 1.2], rel=0.05)


def test_decay_has_the_area_of_the_rate() -> None:
    record = pulsed()
    decay = named(views_of_photons(record), "decay")
    for number, curve in enumerate((c for c in decay.curves if c.kind != "fit"), start=1):
        rate = np.sum(record.channel == number) / record.duration_s
        assert curve.y.sum() * np.diff(curve.x)[0] == pytest.approx(rate, rel=1e-6)


def test_coincidences_are_centred_on_the_dip() -> None:
    pairs = named(views_of_photons(pulsed()), "coincidences").curves[0]
    near = np.abs(pairs.x) < PERIOD_PS / 4e3
    beside = np.abs(pairs.x - PERIOD_PS * 1e-3) < PERIOD_PS / 4e3
    assert pairs.y[near].sum() == 0
    assert pairs.y[beside].sum() > 100
    assert pairs.x[0] > -6 * PERIOD_PS * 1e-3


def test_without_fit_there_is_no_fit() -> None:
    found = views_of_photons(pulsed(), with_fit=False)
    assert [view.name for view in found] == ["coincidences", "decay", "rate"]
    assert not any(curve.kind == "fit" for view in found for curve in view.curves)


def test_a_streamed_file_gives_the_same_views() -> None:
    record = pulsed()
    stream = RecordStream(record, 20_000)
    streamed = views_of_evaluation(evaluate_stream(stream, survey(stream)))
    whole = views_of_evaluation(evaluate_photons(from_record(record)))
    assert [view.name for view in streamed] == [view.name for view in whole]
    np.testing.assert_array_equal(named(streamed, "peaks").curves[0].y, named(whole, "peaks").curves[0].y)


def test_continuous_light_shows_the_dip_with_its_fit() -> None:
    only, _ = views_of_photons(continuous())
    data, fit = only.curves
    assert (data.kind, fit.kind) == ("points", "fit")
    assert data.y[np.abs(data.x) < 1].mean() < 0.3
    assert data.y[np.abs(data.x) > 80].mean() == pytest.approx(1.0, abs=0.03)
    assert data.y_error is not None
    assert np.mean(((data.y - fit.y) / data.y_error) ** 2) < 1.5


def test_photons_of_one_detector_have_no_coincidences() -> None:
    record = continuous()
    alone = PhotonRecord(record.timestamps_ps, np.ones_like(record.channel), record.duration_s)
    assert [view.name for view in views_of_photons(alone)] == ["rate"]


@pytest.mark.parametrize("make", [pulsed, continuous])
def test_rates_hold_every_photon(make: Callable[[], PhotonRecord]) -> None:
    record = make()
    rate = named(views_of_photons(record, with_fit=False), "rate")
    for number, curve in zip(record.channels(), rate.curves, strict=True):
        assert curve.x.size == 300
        assert curve.y.sum() * np.diff(curve.x)[0] == pytest.approx(np.sum(record.channel == number))


@pytest.mark.parametrize("n", [0, 1, 2, 5, 60])
def test_few_photons_never_fail(n: int) -> None:
    for record in (pulsed(), continuous()):
        nano, index = record.nanotimes_ps, record.sync_index
        part = PhotonRecord(
            record.timestamps_ps[:n],
            record.channel[:n],
            record.duration_s,
            record.sync_period_ps,
            None if nano is None else nano[:n],
            None if index is None else index[:n],
        )
        for with_fit in (True, False):
            for view in views_of_photons(part, with_fit=with_fit):
                assert all(curve.x.shape == curve.y.shape for curve in view.curves)
