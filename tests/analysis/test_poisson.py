"""Exact intervals: published values, coverage, limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.poisson import (
    calibrated_interval,
    poisson_interval,
    ratio_calibrated_interval,
    ratio_interval,
    ratio_profile_interval,
)


@pytest.mark.parametrize(
    ("counts", "lower", "upper"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (3, 0.619, 8.767), (10, 4.795, 18.39)],
)
def test_garwood_95_percent_table(counts: int, lower: float, upper: float) -> None:
    """Garwood 1936, the values every table of exact Poisson limits repeats."""
    low, high = poisson_interval(counts, 0.95)
    assert low == pytest.approx(lower, abs=1e-3)
    assert high == pytest.approx(upper, rel=1e-3)


@pytest.mark.parametrize("mean", [0.3, 1.0, 3.7, 12.0])
def test_garwood_covers_at_least_what_it_says(mean: float) -> None:
    counts = np.arange(80)
    logs = counts * math.log(mean) - mean - np.array([math.lgamma(n + 1) for n in counts])
    inside = [low <= mean <= high for low, high in (poisson_interval(int(n), 0.68) for n in counts)]
    assert np.exp(logs)[np.array(inside)].sum() >= 0.68


def test_ratio_against_a_well_known_level_is_garwood_over_the_level() -> None:
    low, high = ratio_interval(1, 381 * 10_000, 10_000.0, 0.95)
    assert (low * 381, high * 381) == pytest.approx(poisson_interval(1, 0.95), rel=1e-3)


def test_ratio_to_nothing_has_no_upper_limit() -> None:
    assert ratio_interval(3, 0, 2.0, 0.68)[1] == math.inf


@given(st.integers(0, 500), st.integers(1, 5000), st.floats(0.5, 20.0))
def test_intervals_hold_the_estimate_and_nest(n: int, m: int, exposure: float) -> None:
    estimate = n * exposure / m
    for interval in (ratio_interval, ratio_calibrated_interval, ratio_profile_interval):
        low68, high68 = interval(n, m, exposure, 0.68)
        low95, high95 = interval(n, m, exposure, 0.95)
        assert low95 <= low68 <= estimate * (1 + 1e-9)
        assert estimate * (1 - 1e-9) <= high68 <= high95


@given(st.integers(200, 2000), st.integers(20_000, 40_000))
def test_profile_and_exact_agree_for_many_counts(n: int, m: int) -> None:
    exact, profile = ratio_interval(n, m, 10.0, 0.68), ratio_profile_interval(n, m, 10.0, 0.68)
    width = exact[1] - exact[0]
    assert profile == pytest.approx(exact, abs=0.06 * width)


def test_profile_interval_with_accidentals_covers() -> None:
    rng = np.random.default_rng(1)
    truth, side, accidentals, exposure = 0.05, 300.0, 6.0, 10.0
    n_sets, hits = 400, 0
    for _ in range(n_sets):
        n, m = int(rng.poisson(truth * side + accidentals)), int(rng.poisson(side * exposure))
        low, high = ratio_profile_interval(n, m, exposure, 0.68, offset=accidentals)
        hits += low <= truth <= high
    assert 0.60 < hits / n_sets < 0.78


@pytest.mark.parametrize(("counts", "confidence"), [(-1, 0.68), (1, 0.0), (1, 1.0)])
def test_nonsense_is_refused(counts: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="must"):
        poisson_interval(counts, confidence)


def covered(interval: tuple[float, float], mean: float) -> bool:
    return interval[0] <= mean <= interval[1]


@pytest.mark.parametrize("confidence", [0.68, 0.95])
def test_calibrated_interval_covers_on_average_over_truths(confidence: float) -> None:
    """Summed over all counts, without chance; truths evenly from 0 to 10. The exact interval covers far more."""
    counts = np.arange(60)
    logs = np.array([math.lgamma(n + 1) for n in counts])
    calibrated, exact = [], []
    for mean in np.linspace(0.005, 10.0, 1000):
        chance = np.exp(counts * math.log(mean) - mean - logs)
        calibrated.append(chance[[covered(CALIBRATED[confidence][n], mean) for n in counts]].sum())
        exact.append(chance[[covered(GARWOOD[confidence][n], mean) for n in counts]].sum())
    assert np.mean(calibrated) == pytest.approx(confidence, abs=0.01)
    assert np.mean(exact) > confidence + 0.02
    assert min(exact) >= confidence


CALIBRATED = {c: [calibrated_interval(n, c) for n in range(60)] for c in (0.68, 0.95)}
GARWOOD = {c: [poisson_interval(n, c) for n in range(60)] for c in (0.68, 0.95)}


@given(st.integers(0, 200), st.sampled_from([0.68, 0.95]))
def test_calibrated_lies_within_exact(n: int, confidence: float) -> None:
    low, high = calibrated_interval(n, confidence)
    exact_low, exact_high = poisson_interval(n, confidence)
    assert exact_low <= low <= n <= high <= exact_high or n == 0
    assert (low == 0.0) == (n == 0)
    level = 10**9
    ratio = ratio_calibrated_interval(n, level, float(level), confidence)
    assert ratio == pytest.approx((low, high), rel=1e-4)


def test_side_peaks_that_are_mostly_accidental_widen_the_interval() -> None:
    known = ratio_profile_interval(60, 1000, 10.0, 0.68, offset=50.0)
    shared = ratio_profile_interval(60, 1000, 10.0, 0.68, offset=50.0, side_offset=50.0)
    assert shared[0] < 0.2 < shared[1]  # (60 − 50)/(100 − 50)
    assert shared[1] - shared[0] > 1.9 * (known[1] - known[0])


def test_side_peaks_that_may_be_accidental_altogether_set_no_upper_edge() -> None:
    assert ratio_profile_interval(60, 510, 10.0, 0.95, offset=50.0, side_offset=50.0)[1] == math.inf
    assert ratio_profile_interval(60, 400, 10.0, 0.95, offset=50.0, side_offset=50.0)[1] == math.inf


@pytest.mark.parametrize("truth", [0.0, 0.3, 0.9])
def test_interval_with_accidental_pairs_in_all_peaks_holds_the_truth(truth: float) -> None:
    rng = np.random.default_rng(11)
    side, accidental, inside = 40.0, 60.0, 0
    for _ in range(300):
        centre, sides = int(rng.poisson(truth * side + accidental)), int(rng.poisson(10 * (side + accidental)))
        low, high = ratio_profile_interval(centre, sides, 10.0, 0.68, offset=accidental, side_offset=accidental)
        inside += low <= truth <= high
    assert 0.60 < inside / 300 < (0.9 if truth == 0.0 else 0.77)
