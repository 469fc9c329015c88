"""Detector effects against their expected statistics."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.bench import detectors
from sims.bench.config import SpadTruth
from sims.bench.detectors import Times

IDEAL = SpadTruth(
    dark_counts_hz=0.0,
    dead_time_ns=0.0,
    jitter_sigma_ns=0.0,
    jitter_tail_fraction=0.0,
    afterpulse_probability=0.0,
)
SECOND = 10**12


def one(photons: Times, duration_ps: int, truth: SpadTruth, seed: int) -> Times:
    return detectors.clicks((photons,), duration_ps, (truth,), np.random.default_rng(seed))[0]


def poisson_times(rate_hz: float, seed: int, duration_ps: int = SECOND) -> Times:
    rng = np.random.default_rng(seed)
    return np.sort(rng.integers(0, duration_ps, size=rng.poisson(rate_hz * duration_ps / SECOND)))


def but(**changes: Any) -> SpadTruth:
    return IDEAL.model_copy(update=changes)


def test_an_ideal_detector_passes_every_photon_unchanged() -> None:
    photons = poisson_times(1e5, 1)
    np.testing.assert_array_equal(one(photons, SECOND, IDEAL, 2), photons)


def test_dark_counts_come_at_their_rate() -> None:
    found = one(np.empty(0, np.int64), 100 * SECOND, but(dark_counts_hz=250.0), 3)
    assert len(found) == pytest.approx(25_000, abs=5 * 25_000**0.5)


def test_dead_time_lowers_the_rate_as_a_non_extended_one() -> None:
    rate_hz, dead_ns = 2e6, 78.0
    found = one(poisson_times(rate_hz, 4), SECOND, but(dead_time_ns=dead_ns), 5)
    expected = rate_hz / (1 + rate_hz * dead_ns * 1e-9)
    assert len(found) == pytest.approx(expected, abs=5 * expected**0.5)
    assert np.diff(found).min() >= 78_000


def test_afterpulses_multiply_as_a_geometric_series() -> None:
    n, p = 200_000, 0.2
    photons = np.arange(n, dtype=np.int64) * 10_000_000  # 10 µs apart: nothing is blocked
    spad = but(afterpulse_probability=p, dead_time_ns=24.0)
    found = one(photons, n * 10_000_000, spad, 6)
    expected = n / (1 - p)
    assert len(found) == pytest.approx(expected, rel=5e-3)


def test_afterpulse_delays_are_as_measured_on_modules() -> None:
    n = 200_000
    photons = np.arange(n, dtype=np.int64) * 20_000_000
    spad = but(afterpulse_probability=0.5, dead_time_ns=24.0)
    found = one(photons, n * 20_000_000, spad, 7)
    first = np.searchsorted(found, photons) + 1
    first = first[first < len(found)]
    delay_ns = (found[first] - found[first - 1]) / 1000 - 24.0
    delay_ns = delay_ns[delay_ns < 15_000]
    assert delay_ns.min() >= 0
    assert np.mean(delay_ns < 21) == pytest.approx(0.50, abs=0.02)
    assert np.mean(delay_ns < 1800) == pytest.approx(0.99, abs=0.005)


def test_the_station_file_says_how_a_detector_jitters() -> None:
    photons = np.arange(1, 400_001, dtype=np.int64) * 1_000_000
    spad = but(jitter_sigma_ns=0.15, jitter_tail_ns=0.3, jitter_tail_fraction=0.4)
    errors = (one(photons, SECOND, spad, 8) - photons) / 1000
    assert errors.mean() == pytest.approx(0.4 * 0.3, abs=2e-3)
    assert errors.var() == pytest.approx(0.15**2 + 0.4 * 2 * 0.3**2 - 0.12**2, rel=0.02)
    assert np.mean(((errors - errors.mean()) / errors.std()) ** 3) > 0.5


def test_each_detector_keeps_its_own_photons_and_properties() -> None:
    first, second = np.array([10, 30, 50], dtype=np.int64), np.array([20, 30, 40], dtype=np.int64)
    truths = (but(dead_time_ns=1.0), but(cable_delay_ns=0.005))
    found = detectors.clicks((first, second), 10**6, truths, np.random.default_rng(0))
    assert [times.tolist() for times in found] == [[10], [25, 35, 45]]


def test_the_cable_delays_and_the_record_ends_where_it_ends() -> None:
    photons = np.array([0, 500_000, 999_999_000], dtype=np.int64)
    found = one(photons, 10**9, but(cable_delay_ns=3.7), 9)
    assert found.tolist() == [3700, 503_700]


@given(st.integers(0, 2**32 - 1))
def test_pulses_are_sorted_inside_the_record_and_repeatable(seed: int) -> None:
    spad = SpadTruth(dead_time_ns=5.0)
    photons = poisson_times(5e6, seed, duration_ps=10**8)
    runs = [one(photons, 10**8, spad, seed) for _ in range(2)]
    np.testing.assert_array_equal(*runs)
    assert np.all(np.diff(runs[0]) >= 0)
    assert runs[0].size == 0 or (runs[0][0] >= 0 and runs[0][-1] < 10**8)
