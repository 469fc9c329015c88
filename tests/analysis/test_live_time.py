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


def with_darks(rng: np.random.Generator, dark_hz: float, *, bright_hz: float = 5e4) -> IntArray:
    """Bright for 60 of 100 s, in four stretches, and dark counts all the time."""
    bright = [rng.uniform(a, a + 15.0, rng.poisson(bright_hz * 15.0)) for a in (0.0, 25.0, 50.0, 75.0)]
    dark = rng.uniform(0.0, 100.0, rng.poisson(dark_hz * 100.0))
    return np.sort((np.concatenate([*bright, dark]) * 1e12).astype(np.int64))


@pytest.mark.parametrize("dark_hz", [0.0, 0.03, 0.3, 0.5, 0.7, 1.0, 2.0, 8.0, 15.0, 30.0, 1000.0])
def test_dark_stretches_are_left_out_as_a_whole_or_not_at_all(dark_hz: float) -> None:
    """Only silence is a pause; what is left in is told with its share and its place."""
    rng = np.random.default_rng(17)
    for _ in range(3):
        silences = seen(with_darks(rng, dark_hz))
        live_s, told = silences.live_s(100.0), silences.undecided(100.0)
        if told:
            assert live_s == 100.0
            assert any(
                f"during {share}% of the record hardly any photons came" in told[0] for share in (38, 39, 40, 41)
            )
            assert "nothing is left out for it" in told[0]
        else:
            assert live_s == pytest.approx(60.0, abs=0.5)
        assert bool(told) == (dark_hz >= 1.0) or 0.3 < dark_hz < 1.0


def test_a_record_without_pauses_lasts_as_long_as_stated_to_the_last_digit() -> None:
    assert seen(steady(6)).live_s(542.8891314884953 / 542) == 542.8891314884953 / 542


def test_a_pause_beyond_the_gaps_of_dark_counts_is_left_out_alone() -> None:
    """30 dark counts per s behind a shutter for 40 s, then 200 s joined in: those are a pause, the 40 s are told."""
    times = with_darks(np.random.default_rng(18), 30.0)
    silences = seen(np.where(times > 50 * 10**12, times + 200 * 10**12, times))
    assert silences.live_s(300.0) == pytest.approx(100.0, abs=0.5)
    (told,) = silences.undecided(300.0)
    assert "during 13% of the record" in told


@pytest.mark.parametrize(
    ("rate_hz", "duration_s", "n"),
    [
        (1.0, 3600.0, 50),
        (10.0, 10.0, 50),
        (10.0, 600.0, 50),
        (100.0, 3600.0, 5),
        (1e3, 1.0, 50),
        (1e3, 60.0, 20),
        (1e4, 1.0, 50),
        (1e5, 10.0, 3),
        (1e6, 1.0, 10),
    ],
)
def test_steady_light_has_no_pauses(rate_hz: float, duration_s: float, n: int) -> None:
    rng = np.random.default_rng(19)
    for _ in range(n):
        times = np.sort(rng.uniform(0.0, duration_s, rng.poisson(rate_hz * duration_s)) * 1e12).astype(np.int64)
        assert seen(times).live_s(duration_s) == duration_s
        assert seen(times).undecided(duration_s) == ()


@pytest.mark.parametrize("rate_hz", [100.0, 1e3, 1e5])
@pytest.mark.parametrize("mean_s", [0.01, 0.1, 1.0])
def test_blinking_makes_no_pauses(rate_hz: float, mean_s: float) -> None:
    """Off-times (exponential), with 5 % of the light left, are live time; those far shorter than the record untold."""
    rng = np.random.default_rng(20)
    duration_s = 50.0
    ends = np.cumsum(rng.exponential(mean_s, round(3.0 * duration_s / mean_s)))
    times = np.sort(rng.uniform(0.0, duration_s, rng.poisson(rate_hz * duration_s)))
    on = np.searchsorted(ends, times) % 2 == 0
    silences = seen((times[on | (rng.random(times.size) < 0.05)] * 1e12).astype(np.int64))
    assert silences.live_s(duration_s) == duration_s
    if mean_s <= 0.1:
        assert silences.undecided(duration_s) == ()


def test_off_times_without_any_photon_are_no_pauses() -> None:
    """A power law from 1 ms to 10 s, as quantum dots have: no length stands by itself."""
    rng = np.random.default_rng(21)
    lengths = 1e-3 / (1.0 - rng.random(6000) * (1.0 - 1e-4**0.5)) ** 2
    ends = np.cumsum(lengths)
    times = np.sort(rng.uniform(0.0, ends[-1], round(2e4 * ends[-1])))
    silences = seen((times[np.searchsorted(ends, times) % 2 == 0] * 1e12).astype(np.int64))
    assert silences.live_s(float(ends[-1])) == float(ends[-1])
    assert silences.undecided(float(ends[-1])) != ()


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
    assert parts.undecided(1.5) == whole.undecided(1.5)


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


def half_dark(seed: int) -> PhotonRecord:
    """Light without memory in half of the pulses, in one piece, and dark counts all the time."""
    rng = np.random.default_rng(seed)
    pulse = np.concatenate([rng.integers(0, N_LIVE, 60_000), rng.integers(0, 2 * N_LIVE, 2_000)])
    late = np.concatenate([rng.exponential(12_000.0, 60_000), rng.uniform(0.0, PERIOD_PS, 2_000)]).astype(np.int64)
    times = np.sort(pulse * PERIOD_PS + late % PERIOD_PS)
    channel = rng.integers(1, 3, times.size).astype(np.uint8)
    return PhotonRecord(times, channel, 2 * N_LIVE * PERIOD_PS * 1e-12, PERIOD_PS)


def test_pulsed_light_that_was_off_behind_dark_counts_is_told() -> None:
    record = half_dark(1)
    told = g2.analyse_photons(record)
    assert told.results["live_time"].value == record.duration_s
    assert told.results["g2_zero"].value == pytest.approx(1.0, abs=0.2)
    assert told.results["g2_zero_poisson"].value > 1.7
    assert any("hardly any photons came, the longest time from about 0.4" in warning for warning in told.warnings)
    assert any("the light was not steady: pairs far" in w and "g2_zero_poisson and the" in w for w in told.warnings)
    stream = RecordStream(record, 7001)
    assert g2.analysis_of(g2_stream.evaluate_stream(stream, survey(stream))).warnings == told.warnings


@pytest.mark.parametrize("seed", range(3))
def test_steady_pulsed_light_is_called_steady(seed: int) -> None:
    for related in (True, False):
        told = g2.analyse_photons(emitter_with_background(seed, related=related))
        assert not [w for w in told.warnings if "not steady" in w or "hardly any" in w]


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
