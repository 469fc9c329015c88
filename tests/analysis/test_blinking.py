"""Change points, levels, on and off times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import brightness
from analysis.blinking import blinking_trace, on_off, results, unresolved_bunching
from analysis.change_points import change_points, critical_value, resolved_dwell_s
from analysis.dwell_times import fit_exponential
from analysis.errors import AnalysisError

SECOND = 10**12


def light(rng: np.random.Generator, border_s: np.ndarray, rate_per_s: np.ndarray) -> np.ndarray:
    """Poissonian photons (ps) of a given rate in each stretch."""
    counts = rng.poisson(rate_per_s * np.diff(border_s))
    times_s = np.repeat(border_s[:-1], counts) + rng.random(counts.sum()) * np.repeat(np.diff(border_s), counts)
    return np.sort((times_s * SECOND).astype(np.int64))


def telegraph(rng: np.random.Generator, duration_s: float, bright: float, dark: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean stays 0.1 s on, 0.05 s off; begins on. Photons and borders."""
    waits = rng.exponential(np.tile([0.1, 0.05], int(10 * duration_s)))
    border_s = np.concatenate([[0.0], np.cumsum(waits)])
    border_s = np.append(border_s[border_s < duration_s], duration_s)
    return light(rng, border_s, np.resize([bright, dark], border_s.size - 1)), border_s


@pytest.mark.parametrize("n_photons", [10, 100, 1000])
def test_constant_light_exceeds_the_critical_value_no_more_often_than_stated(n_photons: int) -> None:
    rng = np.random.default_rng(1)
    trials = 4000 if n_photons < 1000 else 1500
    alarms = sum(
        change_points(np.sort(rng.integers(0, SECOND, n_photons)), 1.0, false_alarm=0.05).size > 0
        for _ in range(trials)
    )
    assert 0.3 * 0.05 * trials < alarms < 0.05 * trials + 3.0 * np.sqrt(0.05 * trials)


def test_one_change_is_found_at_its_photon() -> None:
    off = []
    for seed in range(20):
        times = light(np.random.default_rng(seed), np.array([0.0, 0.6, 1.0]), np.array([2e4, 5e3]))
        [point] = change_points(times, 1.0, false_alarm=1e-4)
        off.append(times[point - 1] * 1e-12 - 0.6)
    assert np.abs(off).max() < 2e-3  # some ten photons


def test_constant_light_has_one_level() -> None:
    for seed in range(5):
        times = light(np.random.default_rng(seed), np.array([0.0, 5.0]), np.array([1e4]))
        trace = blinking_trace(times, 5.0)
        assert trace.rate_per_s.size == 1
        assert trace.rate_per_s[0] == times.size / 5.0
        with pytest.raises(AnalysisError, match="one level only"):
            on_off(trace)


@pytest.mark.parametrize(("bright", "dark"), [(2e4, 2e3), (2e4, 0.0)])
def test_telegraph_gives_its_rates_and_stays(bright: float, dark: float) -> None:
    times, border_s = telegraph(np.random.default_rng(4), 20.0, bright, dark)
    trace = blinking_trace(times, 20.0, most_levels=2)
    assert trace.rate_per_s[-1] == pytest.approx(bright, abs=6.0 * trace.rate_stderr_per_s[-1])
    assert trace.rate_per_s[0] == pytest.approx(dark, abs=6.0 * trace.rate_stderr_per_s[0] + 2.0)
    found = on_off(trace)
    true_on = np.diff(border_s)[::2].sum() / 20.0
    assert found.on_fraction == pytest.approx(true_on, abs=2e-3)
    assert found.on_fraction_stderr == pytest.approx(np.sqrt(2 * (2 / 9) / 30 / 20), rel=0.3)  # 2 f (1-f) τ / T
    shortest_s = resolved_dwell_s(bright, dark)
    off = fit_exponential(found.off_s, shortest_s, 20.0)
    true_off = np.diff(border_s)[1::2]
    assert off.time_s == pytest.approx(0.05, abs=4.0 * 0.05 / np.sqrt(true_off.size))
    assert {"on_fraction", "on_time", "off_time", "level_2_rate"} <= set(results(trace))


def test_stays_longer_than_the_resolved_one_are_mostly_seen() -> None:
    stay_s = resolved_dwell_s(2e4, 4e3)
    seen = 0
    for seed in range(40):
        border_s = np.array([0.0, 0.1, 0.1 + stay_s, 0.2])
        times = light(np.random.default_rng(seed), border_s, np.array([2e4, 4e3, 2e4]))
        seen += change_points(times, 0.2).size == 2
    assert seen >= 33


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=300), st.integers(1, 6))
def test_trace_holds_every_photon_and_the_whole_time(some: list[int], most_levels: int) -> None:
    times = np.array(sorted(some), dtype=np.int64)
    trace = blinking_trace(times, 1.1e-6, most_levels=most_levels)
    assert trace.counts.sum() == times.size
    assert trace.dwell_s.sum() == pytest.approx(1.1e-6)
    assert np.all(trace.dwell_s > 0.0)
    assert np.all(np.diff(trace.level) != 0)
    assert trace.occupation.sum() == pytest.approx(1.0)
    assert trace.bic.size <= most_levels


def test_fast_flicker_is_not_taken_for_levels() -> None:
    rng = np.random.default_rng(3)
    # flashes of 3 µs: two photons at a time, far too short to be followed
    first = np.sort(rng.integers(0, 4 * SECOND, 60_000))
    second = first + rng.exponential(3e6, first.size).astype(np.int64)
    both = np.sort(np.concatenate([first, second[second < 4 * SECOND]]))
    dispersion, least = unresolved_bunching(both.size / 4.0, [(60_000 * 4.0 / both.size**2 / 3e-6, 3e-6)])
    assert dispersion == pytest.approx(2.0, rel=0.05)  # pairs: variance twice the mean
    naive = change_points(both, 4.0).size
    assert naive > 40
    assert change_points(both, 4.0, dispersion=dispersion, least_photons=least).size < naive / 8
    assert blinking_trace(both, 4.0, dispersion=dispersion, least_photons=least).rate_per_s.size == 1


def test_brightness_of_two_detectors_is_told_and_drawn() -> None:
    rng = np.random.default_rng(8)
    times, _ = telegraph(rng, 10.0, 2e4, 2e3)
    at_first = rng.random(times.size) < 0.5
    found = brightness.evaluate(times[at_first], times[~at_first], 10.0)
    assert found.results["brightness_levels"].value == 2
    assert found.results["relaxation_time_1"].value == pytest.approx(1 / 30, rel=0.25)
    assert found.off_law is not None
    assert len(brightness.figure(found).axes) == 3


@pytest.mark.parametrize("false_alarm", [0.0, 0.5, float("nan")])
def test_false_alarm_outside_its_range_is_refused(false_alarm: float) -> None:
    with pytest.raises(ValueError, match="false_alarm"):
        change_points(np.arange(100), 1.0, false_alarm=false_alarm)


def test_input_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="5 photons"):
        critical_value(3, 0.01)
    with pytest.raises(ValueError, match="sorted"):
        change_points(np.array([3, 1, 2]), 1.0)
    with pytest.raises(ValueError, match="dispersion"):
        change_points(np.arange(100), 1.0, dispersion=0.5)
    with pytest.raises(AnalysisError, match="10 at least"):
        blinking_trace(np.arange(5), 1.0)
    with pytest.raises(ValueError, match="two different rates"):
        resolved_dwell_s(100.0, 100.0)
    with pytest.raises(ValueError, match="positive and finite"):
        unresolved_bunching(float("nan"), [])
