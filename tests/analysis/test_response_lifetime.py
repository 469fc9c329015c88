"""Lifetimes of a whole measurement through a measured response: text or photons, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from analysis import g2, pulsed, response_lifetime
from analysis.errors import AnalysisError
from analysis.photon_hdf5_export import ExportDetails, export_photon_hdf5
from analysis.response_file import TextResponse, read_response
from analysis.tags import IntArray, PhotonRecord, RecordStream

PERIOD_PS = 50_000
RESOLUTION_PS = 16


def record(rng: np.random.Generator, lifetimes_ns: list[tuple[float, float]], n: int, late_ps: int) -> PhotonRecord:
    """T3 photons of two detectors with jitter; (lifetime, share) each."""
    pulse = np.sort(rng.integers(0, 40 * n, n))
    which = rng.choice(len(lifetimes_ns), n, p=[share for _, share in lifetimes_ns])
    delay = rng.standard_exponential(n) * np.array([1e3 * tau for tau, _ in lifetimes_ns])[which]
    delay = delay + 8000 + late_ps + rng.normal(0.0, 150.0, n) + rng.exponential(100.0, n)
    nanotimes: IntArray = (delay % PERIOD_PS).astype(np.int64) // RESOLUTION_PS * RESOLUTION_PS
    channel = rng.integers(1, 3, n).astype(np.uint8)
    times = pulse * PERIOD_PS + nanotimes
    order = np.argsort(times, kind="stable")
    return PhotonRecord(
        times[order], channel[order], 40 * n * PERIOD_PS * 1e-12, PERIOD_PS, nanotimes[order], pulse[order]
    )


def evaluation(lifetimes_ns: list[tuple[float, float]], n: int = 60_000) -> g2.Evaluation:
    return g2.evaluate_photons(pulsed.from_record(record(np.random.default_rng(1), lifetimes_ns, n, 0)))


def text_response() -> TextResponse:
    rng = np.random.default_rng(2)
    late = 3000 + rng.normal(0.0, 150.0, 300_000) + rng.exponential(100.0, 300_000)
    counts, edges = np.histogram(late * 1e-3, np.arange(0.0, 12.0, 0.032))
    return TextResponse((edges[:-1] + edges[1:]) / 2.0, counts.astype(np.float64))


def test_two_lifetimes_are_chosen_and_found() -> None:
    found = response_lifetime.evaluate(evaluation([(0.8, 0.4), (5.0, 0.6)]), text_response())
    told = response_lifetime.results(found)
    for detector in (1, 2):
        for k, (lifetime, share) in enumerate(((0.8, 0.4), (5.0, 0.6)), start=1):
            each = told[f"detector_{detector}_lifetime_{k}"]
            assert each.value == pytest.approx(lifetime, abs=5.0 * each.stderr)
            assert each.stderr < 0.1 * lifetime
            assert told[f"detector_{detector}_fraction_{k}"].value == pytest.approx(share, abs=0.05)
    assert all("two exponentials by BIC" in remark for remark in response_lifetime.remarks(found))


def test_response_of_photons_gives_a_lifetime_shorter_than_it(tmp_path: Path) -> None:
    path = tmp_path / "response.hdf5"
    flash = record(np.random.default_rng(3), [(1e-3, 1.0)], 100_000, 2000)
    export_photon_hdf5(RecordStream(flash), path, ExportDetails(description="scattered laser"))
    assert read_response(path) == path
    found = response_lifetime.evaluate(evaluation([(0.12, 1.0)]), path)
    told = response_lifetime.results(found)["detector_1_lifetime_1"]
    assert told.value == pytest.approx(0.12, abs=4.0 * told.stderr)
    assert told.stderr < 0.01


def test_figure_is_drawn() -> None:
    found = response_lifetime.evaluate(evaluation([(4.0, 1.0)], 20_000), text_response())
    assert len(response_lifetime.figure(found).axes) == 4


def test_response_without_light_or_of_another_laser_is_refused(tmp_path: Path) -> None:
    seen = evaluation([(4.0, 1.0)], 20_000)
    faint = np.where(np.arange(400) // 10 == 12, 60.0, 0.0)
    with pytest.raises(AnalysisError, match=r"faint.txt: the response of channel 1 holds 600 .* 1000 at least"):
        response_lifetime.evaluate(seen, TextResponse(np.arange(400) * 0.1, faint, "faint.txt"))
    twice = TextResponse(np.arange(1000) * 0.1, np.where(np.arange(1000) % 600 < 20, 500.0, 1.0), "twice.txt")
    with pytest.raises(AnalysisError, match=r"twice.txt: .* 50% of its light comes outside one period"):
        response_lifetime.evaluate(seen, twice)


def test_response_without_a_peak_is_refused(tmp_path: Path) -> None:
    """Dark counts alone, as a histogram and as photons: the fit would give any lifetime."""
    seen = evaluation([(4.0, 1.0)], 20_000)
    flat = np.random.default_rng(6).poisson(100.0, 3000).astype(np.float64)
    with pytest.raises(AnalysisError, match=r"flat.txt: no peak stands out"):
        response_lifetime.evaluate(seen, TextResponse(np.arange(3000) * 0.016, flat, "flat.txt"))
    with pytest.raises(AnalysisError, match=r"norm.txt: .*add up to 5: are they raw counts"):
        response_lifetime.evaluate(seen, TextResponse(np.arange(50) * 0.1, np.full(50, 0.1), "norm.txt"))
    path = tmp_path / "dark.hdf5"
    dark = record(np.random.default_rng(7), [(1e6, 1.0)], 100_000, 0)
    export_photon_hdf5(RecordStream(dark), path, ExportDetails(description="laser blocked"))
    with pytest.raises(AnalysisError, match=r"dark.hdf5, channel 1: no peak stands out"):
        response_lifetime.evaluate(seen, path)


def test_sound_response_passes_the_check() -> None:
    for lifetimes in ([(4.0, 1.0)], [(0.8, 0.4), (5.0, 0.6)]):
        check = response_lifetime.check(response_lifetime.evaluate(evaluation(lifetimes), text_response()))
        assert check.passed, check.detail


@pytest.mark.parametrize("factor", [0.3, 3.0, 10.0])
def test_response_of_a_wrong_width_fails_the_check(factor: float) -> None:
    sound = text_response()
    wrong = TextResponse(sound.time_ns * factor, sound.counts)
    found = response_lifetime.evaluate(evaluation([(4.0, 1.0)]), wrong)
    check = response_lifetime.check(found)
    assert not check.passed
    assert "channel 1: the response does not describe the decay, chi2/dof" in check.detail


def test_lifetime_that_the_response_hides_is_not_determined() -> None:
    """Light as short as the response's bins: no lifetime, only a limit."""
    found = response_lifetime.evaluate(evaluation([(1e-4, 1.0)], 20_000), text_response())
    check = response_lifetime.check(found)
    assert not check.passed
    assert "is not determined" in check.detail


def test_light_late_in_a_long_response_is_found() -> None:
    """A slower laser for the response: its light comes after more than one period of the measurement."""
    early = text_response()
    dark = np.random.default_rng(4).poisson(2.0, 3000).astype(np.float64)
    counts = dark.copy()
    counts[2500 : 2500 + early.counts.size] += early.counts
    late = TextResponse((np.arange(3000) + 0.5) * 0.032, counts)
    seen = evaluation([(4.0, 1.0)])
    expected, found = (
        response_lifetime.results(response_lifetime.evaluate(seen, each))["detector_1_lifetime_1"]
        for each in (early, late)
    )
    assert found.value == pytest.approx(expected.value, abs=0.5 * expected.stderr)  # its dark counts are noise


def test_lifetime_through_a_real_response(real_data: Path) -> None:
    response = read_response(real_data / "atto550_irf.txt")
    assert isinstance(response, TextResponse)
    rng = np.random.default_rng(5)
    n, period_ps, width_ps = 60_000, 112_368, 16
    fired = rng.choice(response.counts.size, n, p=response.counts / response.counts.sum())
    late = (fired + rng.random(n)) * 27.43484 + rng.exponential(4000.0, n)
    pulse = np.sort(rng.integers(0, 40 * n, n))
    nanotimes = (late % period_ps).astype(np.int64) // width_ps * width_ps
    times = pulse * period_ps + nanotimes
    order = np.argsort(times, kind="stable")
    photons = PhotonRecord(
        times[order], rng.integers(1, 3, n).astype(np.uint8), 40 * n * period_ps * 1e-12, period_ps, nanotimes[order],
        pulse[order],
    )  # fmt: skip
    seen = g2.evaluate_photons(pulsed.from_record(photons))
    told = response_lifetime.results(response_lifetime.evaluate(seen, response))
    for number in (1, 2):
        found = told[f"detector_{number}_lifetime_1"]
        assert found.value == pytest.approx(4.0, abs=4.0 * found.stderr)
        assert found.stderr < 0.05
