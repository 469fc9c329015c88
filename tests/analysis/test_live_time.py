"""Pauses: found, left out of the live time, and the truth of pulsed and of continuous light recovered with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import g2, g2_cw_analysis, g2_stream, pulsed
from analysis.g2_cw import no_jitter
from analysis.live_time import Silences
from analysis.pulsed_stream import survey
from analysis.tags import IntArray, PhotonRecord, RecordStream

PERIOD_PS = 200_000
PAUSES = ((400_000, 900_000), (1_100_000, 2_000_000), (2_100_000, 2_900_000))
"""Pulses after which the light pauses, and how many pulses were sent into the pauses before and into this one."""


def steady(seed: int, n: int = 20_000, duration_ps: int = 10**12) -> IntArray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.integers(0, duration_ps, n))


def seen(times: IntArray, start_ps: int | None = 0) -> Silences:
    silences = Silences(start_ps)
    silences.take(times)
    return silences


def test_live_time_is_the_duration_without_pauses() -> None:
    times = steady(1)
    assert seen(times).live_s(1.0) == 1.0
    torn = times + np.where(times > 4 * 10**11, 3 * 10**11, 0) + np.where(times > 7 * 10**11, 2 * 10**11, 0)
    assert seen(torn).live_s(1.5) == pytest.approx(1.0, abs=1e-3)
    assert seen(torn + 10**12).live_s(3.5) == pytest.approx(1.0, abs=2e-3)


def test_pauses_at_the_edges_are_none_between_photons() -> None:
    torn = steady(2) + 10**12
    assert seen(torn).pauses_ps(3 * 10**12) == pytest.approx(2e12, rel=1e-3)
    assert seen(torn).pauses_between_photons_ps() == 0.0
    assert seen(torn, None).pauses_ps(int(torn[-1])) == 0.0


def test_live_time_that_is_stated_is_believed() -> None:
    times = steady(3)
    torn = times + np.where(times > 4 * 10**11, 3 * 10**11, 0)
    assert seen(torn).live_s(0.99) == 0.99


def test_few_photons_make_no_pauses() -> None:
    assert seen(steady(4, 50)).pauses_ps(10**12) == 0.0
    assert Silences().live_s(2.0) == 2.0


@given(st.lists(st.integers(0, 19_999), max_size=12), st.booleans())
def test_chunks_do_not_matter(cuts: list[int], late: bool) -> None:
    times = steady(5)
    times = times + np.where(times > 4 * 10**11, 3 * 10**11, 0) + (10**12 if late else 0)
    parts = Silences()
    for part in np.split(times, sorted(cuts)):
        parts.take(part)
    whole = seen(times)
    end = int(times[-1]) + 10**11
    assert parts.pauses_ps(end) == whole.pauses_ps(end)
    assert parts.longest_ps(end) == whole.longest_ps(end)
    assert parts.pauses_between_photons_ps() == whole.pauses_between_photons_ps()


def torn_pulses(pulse: IntArray) -> IntArray:
    """The same pulses, with the pauses between them."""
    shift = np.zeros(pulse.size, np.int64)
    for after, (_, pause) in zip((300_000, 800_000, 1_200_000), PAUSES, strict=True):
        shift[pulse >= after] = pause
    return pulse + shift


N_LIVE, N_ALL = 2_000_000, 2_000_000 + PAUSES[-1][1]


def emitter_with_background(seed: int, *, related: bool) -> PhotonRecord:
    """g2(0) = 0.1 under pulses, a third of the counts even background, 2 of 4.9 million pulses with the light on."""
    rng = np.random.default_rng(seed)
    rate = 0.03
    one = np.flatnonzero(rng.random(N_LIVE) < rate)
    pairs = rng.integers(0, N_LIVE, rng.poisson(N_LIVE * 0.1 * rate**2 / 2))
    pulse = np.concatenate([one, pairs, pairs])
    late = 5000 + rng.exponential(12_000.0, pulse.size).astype(np.int64)
    n_dark = rng.poisson(0.5 * rate * N_LIVE)
    pulse = np.concatenate([pulse, rng.integers(0, N_LIVE, n_dark)])
    late = np.concatenate([late % PERIOD_PS, rng.integers(0, PERIOD_PS, n_dark)]) // 64 * 64
    pulse = torn_pulses(pulse)
    order = np.argsort(pulse * PERIOD_PS + late, kind="stable")
    pulse, late = pulse[order], late[order]
    channel = rng.integers(1, 3, pulse.size).astype(np.uint8)
    times, duration_s = pulse * PERIOD_PS + late, N_ALL * PERIOD_PS * 1e-12
    if not related:
        return PhotonRecord(times, channel, duration_s, PERIOD_PS)
    return PhotonRecord(times, channel, duration_s, PERIOD_PS, late, pulse)


@pytest.mark.parametrize(("related", "n_seeds"), [(True, 20), (False, 4)])
def test_pulsed_truth_is_recovered_with_pauses(related: bool, n_seeds: int) -> None:
    """Pulls of mean 0 and width 1; were the pauses live time, 0.4 of the background pairs would be subtracted."""
    pulls: dict[str, list[float]] = {"g2_zero": [], "g2_zero_poisson": []}
    ratios = []
    for seed in range(n_seeds):
        photons = pulsed.from_record(emitter_with_background(seed, related=related))
        assert photons.n_pulses == pytest.approx(N_LIVE, rel=2e-3)
        assert photons.duration_s == pytest.approx(N_LIVE * PERIOD_PS * 1e-12, rel=2e-3)
        found = g2.evaluate_photons(photons)
        told = g2.analysis_of(found).results
        for name, each in pulls.items():
            each.append((told[name].value - 0.1) / told[name].stderr)
        ratios.append(found.antibunching.far_counts / found.antibunching.n_far / found.peaks.poisson_level)
    for name, each in pulls.items():
        assert abs(np.mean(each)) < 3.5 / np.sqrt(n_seeds), (name, np.mean(each))
        assert max(np.abs(each)) < 4.0, (name, each)
    # far peaks, 10000 to 20000 pulses away, lose what reaches over the ends of the four stretches
    assert np.mean(ratios) == pytest.approx(1.0 - 4.0 * 15_000 / N_LIVE, abs=0.01)


def test_stream_and_whole_have_one_live_time() -> None:
    for related in (True, False):
        record = emitter_with_background(1, related=related)
        stream = RecordStream(record, 7001)
        found = g2.analysis_of(g2_stream.evaluate_stream(stream, survey(stream)))
        expected = g2.analyse_photons(record)
        for name in ("live_time", "count_rate_1", "g2_zero", "g2_zero_poisson", "poisson_counts"):
            assert found.results[name].value == pytest.approx(expected.results[name].value, rel=1e-9), name
            assert found.results[name].method == expected.results[name].method
        assert "0.58 s of pauses" in found.results["live_time"].method


def steady_emitter(seed: int) -> PhotonRecord:
    """20 ns of pumping and 20 ns of decay, a third of the photons even background; 40 % of the record are pauses."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(20_000.0, (90_000, 2)).sum(axis=1))
    n_dark = times.size // 2
    times = np.sort(np.concatenate([times, rng.uniform(0.0, times[-1], n_dark)])).astype(np.int64)
    live_ps = int(times[-1])
    times = times + (times // (live_ps // 4)) * (live_ps // 4 * 8 // 9)
    return PhotonRecord(times, rng.integers(1, 3, times.size).astype(np.uint8), float(times[-1]) * 1e-12)


def test_level_of_continuous_light_is_recovered_with_pauses() -> None:
    """Level over N1·N2·bin/T is 1 and the dip that of the background, (2/3)²; t = 10 ns."""
    pulls: dict[str, list[float]] = {"level_ratio": [], "g2_zero": [], "antibunching_time": []}
    truth = {"level_ratio": 1.0, "g2_zero": 1.0 - 4.0 / 9.0, "antibunching_time": 10.0}
    for seed in range(20):
        told = g2_cw_analysis.analyse_cw(steady_emitter(seed), jitter=no_jitter(), centre_ns=0.0)
        assert not any("not steady" in warning for warning in told.warnings)
        for name, each in pulls.items():
            each.append((told.results[name].value - truth[name]) / told.results[name].stderr)
    for name, each in pulls.items():
        assert abs(np.mean(each)) < 0.8, (name, np.mean(each))
        assert 0.5 < np.std(each) < 1.6, (name, np.std(each))


def test_continuous_stream_and_whole_have_one_live_time() -> None:
    record = steady_emitter(3)
    stream = RecordStream(record, 5003)
    for _ in stream.iter_chunks():
        pass
    found = g2_cw_analysis.analysis_of(g2_cw_analysis.evaluate_cw_stream(stream, stream.summary().counts))
    expected = g2_cw_analysis.analyse_cw(record)
    for name in ("live_time", "level_ratio", "g2_zero"):
        assert found.results[name].value == pytest.approx(expected.results[name].value, rel=1e-9), name
    assert "of pauses" in found.results["live_time"].method
