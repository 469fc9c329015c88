"""The detectors' timing errors under continuous light: widths, a histogram, scattered laser light."""

from pathlib import Path

import numpy as np
import pytest

from analysis import cw_response
from analysis.cw_response import Width, of_laser_light, of_response, of_widths
from analysis.errors import AnalysisError
from analysis.g2_cw import JitterDifference
from analysis.g2_cw_analysis import analyse_cw
from analysis.response_file import TextResponse
from analysis.tags import PhotonRecord

SIGMA_1, SIGMA_2 = 0.6, 0.3
"""ns"""


def moments(jitter: JitterDifference) -> tuple[float, float]:
    delay_ns = (np.arange(jitter.weights.size) - jitter.weights.size // 2) * jitter.step_ns
    mean = float(jitter.weights @ delay_ns)
    return mean, float(np.sqrt(jitter.weights @ (delay_ns - mean) ** 2))


def laser_light(seed: int, n: int = 400_000, period_ps: float = 12_500.0, drift: float = 1e-6) -> PhotonRecord:
    """Scattered pulses without any trigger, the laser's clock off by 1e-6, 3 ns of cable, dark counts."""
    rng = np.random.default_rng(seed)
    pulse = rng.integers(0, 10 * n, n)
    channel = rng.integers(1, 3, n)
    late = np.where(channel == 2, 3000.0 + rng.normal(0, 1e3 * SIGMA_2, n), rng.normal(0, 1e3 * SIGMA_1, n))
    times = pulse * period_ps * (1.0 + drift) + late + 10_000.0
    n_dark = n // 20
    times = np.concatenate([times, rng.uniform(0, 10 * n * period_ps, n_dark)]).astype(np.int64)
    channel = np.concatenate([channel, rng.integers(1, 3, n_dark)]).astype(np.uint8)
    order = np.argsort(times)
    return PhotonRecord(times[order], channel[order], 10 * n * period_ps * 1e-12)


def test_widths_add_in_quadrature() -> None:
    mean, spread = moments(of_widths(Width(SIGMA_1), Width(SIGMA_2)))
    assert mean == pytest.approx(0.0, abs=0.05)
    assert spread == pytest.approx(np.hypot(SIGMA_1, SIGMA_2), rel=0.01)


def test_tails_widen_and_unequal_ones_shift() -> None:
    mean, spread = moments(of_widths(Width(0.15, 0.46), Width(0.04, 0.02)))
    assert mean == pytest.approx(0.02 - 0.46, abs=0.01)
    assert spread == pytest.approx(np.sqrt(0.15**2 + 0.46**2 + 0.04**2 + 0.02**2), rel=0.01)


def test_pairs_of_laser_pulses_show_the_difference_of_both() -> None:
    mean, spread = moments(of_laser_light(laser_light(1), (1, 2), "laser"))
    assert mean == pytest.approx(0.0, abs=0.2)  # the peak is delay 0
    assert spread == pytest.approx(np.hypot(SIGMA_1, SIGMA_2), rel=0.05)


def test_histogram_counts_for_both_detectors() -> None:
    time_ns = np.arange(0.0, 20.0, 0.05)
    counts = np.random.default_rng(2).poisson(4.0 + 3000.0 * np.exp(-0.5 * ((time_ns - 2.0) / SIGMA_2) ** 2))
    mean, spread = moments(of_response(TextResponse(time_ns, counts.astype(np.float64)), (1, 2)))
    assert mean == pytest.approx(0.0, abs=1e-9)
    assert spread == pytest.approx(SIGMA_2 * np.sqrt(2.0), rel=0.03)


def emitter(seed: int) -> PhotonRecord:
    """One emitter, 10 ns of pumping and 10 ns of decay, seen by both detectors with their errors: t = 5 ns."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(10_000.0, (120_000, 2)).sum(axis=1)) + 50_000.0
    channel = rng.integers(1, 3, times.size).astype(np.uint8)
    times = times + rng.normal(0.0, 1.0, times.size) * np.where(channel == 1, 1e3 * SIGMA_1, 1e3 * SIGMA_2)
    order = np.argsort(times)
    stamps = times[order].astype(np.int64)
    return PhotonRecord(stamps, channel[order], float(stamps[-1]) * 1e-12)


def test_dip_is_empty_through_the_response_and_filled_without() -> None:
    jitter = of_laser_light(laser_light(3), (1, 2), "laser")
    without, through = (analyse_cw(emitter(4), jitter=each).results["g2_zero"] for each in (None, jitter))
    assert without.value > 3.0 * without.stderr
    assert through.value == pytest.approx(0.0, abs=2.5 * through.stderr)
    assert "standard deviation of their difference 0.6" in through.method


@pytest.mark.parametrize("widths", [(0.0, 0.1), (-1.0, 0.0), (float("nan"), 0.0), (0.1, -0.1), (0.1, float("inf"))])
def test_widths_that_make_no_sense_are_refused(widths: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="sigma > 0"):
        Width(*widths)


def test_laser_light_that_tells_no_response_is_refused(tmp_path: Path) -> None:
    steady = np.random.default_rng(5)
    times = np.sort(steady.integers(0, 10**11, 300_000))
    even = PhotonRecord(times, steady.integers(1, 3, times.size).astype(np.uint8), 0.1)
    with pytest.raises(AnalysisError, match="laser: no peak stands out"):
        of_laser_light(even, (1, 2), "laser")
    with pytest.raises(AnalysisError, match=r"laser: 4\d pairs of photons within ±100 ns; 1000 pairs .* record longer"):
        of_laser_light(laser_light(6, 100), (1, 2), "laser")
    with pytest.raises(AnalysisError, match="pairs of one laser pulse above the dark level; 1000"):
        of_laser_light(laser_light(6, 10_000), (1, 2), "laser")
    with pytest.raises(AnalysisError, match=r"channels \[1, 2\], the detectors of the measurement are 2 and 3"):
        of_laser_light(laser_light(6, 1000), (2, 3), "laser")
    routed = PhotonRecord(times, even.channel, 0.1, missing_pairs="one converter")
    with pytest.raises(AnalysisError, match="one converter"):
        of_laser_light(routed, (1, 2), "laser")


def test_histogram_without_light_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no peak stands out"):
        of_response(TextResponse(np.arange(100) * 0.1, np.full(100, 7.0)), (1, 2))
    few = np.full(400, 0.0)
    few[100:110] = 60.0
    with pytest.raises(AnalysisError, match="600 photons above the dark level"):
        of_response(TextResponse(np.arange(400) * 0.1, few), (1, 2))


def test_flash_longer_than_the_pairs_reach_is_refused() -> None:
    """A bin width of 1 ms instead of 16 ps: the kernel would not fit into memory."""
    time_ns = np.arange(400) * 1e6
    counts = np.random.default_rng(2).poisson(4.0 + 3000.0 * np.exp(-0.5 * ((time_ns - 1e8) / 3e6) ** 2))
    response = TextResponse(time_ns, counts.astype(np.float64), "wide.txt")
    with pytest.raises(AnalysisError, match=r"wide.txt: its flash of light lasts .* bins of 1e\+06 ns.* reach, 100 ns"):
        of_response(response, (1, 2))


def test_fine_and_long_histogram_costs_no_more_than_its_light() -> None:
    """300,000 bins of 0.1 ps, all dark but few."""
    counts = np.random.default_rng(2).poisson(4.0, 300_000).astype(np.float64)
    counts[1000:1100] += 3000.0
    jitter = of_response(TextResponse(np.arange(300_000) * 1e-4, counts), (1, 2))
    assert jitter.weights.size < 1000


def test_dip_below_zero_fails_the_verdict() -> None:
    photons = emitter(4)
    sound = analyse_cw(photons, jitter=of_widths(Width(SIGMA_1), Width(SIGMA_2))).verdict
    assert [check.passed for check in sound.checks if check.name == "possible g2"] == [True]
    for sigma_ns in (3.0, 20.0):
        wide = analyse_cw(photons, jitter=of_widths(Width(sigma_ns), Width(sigma_ns))).verdict
        (check,) = (check for check in wide.checks if check.name == "possible g2")
        assert not check.passed
        assert "response contradicts the dip" in check.detail
        assert not wide.passed


def test_kernel_is_no_longer_than_its_light() -> None:
    jitter = of_laser_light(laser_light(1), (1, 2), "laser")
    assert jitter.weights.size % 2 == 1
    assert jitter.weights.size * jitter.step_ns < 16.0 * SIGMA_1
    assert cw_response.of_widths(Width(0.001, 100.0), Width(0.001)).weights.size < 50_000
