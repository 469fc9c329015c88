"""Correlation under constant light: the forward model, the fit, and the way from tags to a verdict."""

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.g2_cw import (
    CwCoincidences,
    correlate_cw,
    expected_counts,
    fit_cw,
    jitter_difference,
    no_jitter,
)
from analysis.g2_cw_analysis import analyse_cw
from analysis.irf import jitter_response
from analysis.tags import PhotonRecord

EMPTY = CwCoincidences(-50.0, 0.5, np.zeros(200, dtype=np.int64), 40.0)
FIRST = jitter_response(300, 0.02, 2.0, 0.15, 0.46)
SECOND = jitter_response(300, 0.02, 2.0, 0.04, 0.02)
JITTER = jitter_difference(FIRST.weights, SECOND.weights, 0.02)


def test_expectation_is_the_model_integrated_over_bins() -> None:
    theta = np.array([40.0, 0.9, 3.0, 0.5, 20.0, 1.3])
    fine = (np.arange(200 * 400) + 0.5) * 0.5 / 400 - 50.0 - 1.3
    model = 1 - 0.9 * (1.5 * np.exp(-np.abs(fine) / 3.0) - 0.5 * np.exp(-np.abs(fine) / 20.0))
    assert expected_counts(theta, EMPTY, no_jitter()) == pytest.approx(40 * model.reshape(200, 400).mean(1), rel=1e-5)


def test_jitter_is_that_of_the_difference() -> None:
    """Pairs drawn with both jitters one by one lie where the expectation says."""
    rng = np.random.default_rng(1)
    n = 4_000_000
    delay = rng.uniform(-60.0, 60.0, n)
    delay = delay[rng.random(n) < 1 - np.exp(-np.abs(delay) / 1.0)]
    seen = delay + rng.normal(0, 0.04, delay.size) + rng.exponential(0.02, delay.size)
    seen -= rng.normal(0, 0.15, delay.size) + rng.exponential(0.46, delay.size)
    counts = np.histogram(seen, np.linspace(-50, 50, 201))[0]
    level = n * 0.5 / 120.0
    expected = expected_counts(np.array([level, 1.0, 1.0, 0.0, 50.0, 0.0]), EMPTY, JITTER)
    assert np.mean((counts - expected) ** 2 / expected) == pytest.approx(1.0, abs=0.3)


def test_dip_is_found_through_jitter_with_its_cable_delay() -> None:
    rng = np.random.default_rng(2)
    truth = np.array([400.0, 0.95, 2.0, 0.0, 50.0, 7.3])
    data = CwCoincidences(-50.0, 0.5, rng.poisson(expected_counts(truth, EMPTY, JITTER)), 400.0)
    fit = fit_cw(data, JITTER)
    assert fit.g2_zero_95[0] < 0.05 < fit.g2_zero_95[1]
    assert fit.antibunching_ns == pytest.approx(2.0, abs=4 * fit.antibunching_stderr_ns)
    assert fit.centre_ns == pytest.approx(7.3, abs=4 * fit.centre_stderr_ns)
    assert fit.shelving == 0.0
    assert "no dark state" in fit.method
    blunt = fit_cw(data, no_jitter())
    assert blunt.g2_zero > fit.g2_zero + 0.05  # jitter fills the dip


def test_dark_state_is_seen_where_there_is_one() -> None:
    rng = np.random.default_rng(3)
    truth = np.array([1000.0, 0.95, 2.0, 0.8, 12.0, 0.0])
    fit = fit_cw(CwCoincidences(-50.0, 0.5, rng.poisson(expected_counts(truth, EMPTY, JITTER)), 1000.0), JITTER)
    assert fit.shelving == pytest.approx(0.8, abs=4 * fit.shelving_stderr)
    assert fit.shelf_time_ns == pytest.approx(12.0, abs=4 * fit.shelf_time_stderr_ns)


def test_background_is_taken_out_with_its_error() -> None:
    rng = np.random.default_rng(4)
    share = 0.8
    truth = np.array([1000.0, 0.9 * share**2, 3.0, 0.0, 50.0, 0.0])
    data = CwCoincidences(-50.0, 0.5, rng.poisson(expected_counts(truth, EMPTY, JITTER)), 1000.0)
    sure, unsure = (fit_cw(data, JITTER, signal_share=share, signal_share_stderr=e) for e in (0.0, 0.05))
    assert sure.g2_zero_95[0] < 0.1 < sure.g2_zero_95[1]
    assert sure.g2_zero_uncorrected == pytest.approx(1 - 0.9 * share**2, abs=0.05)
    assert unsure.g2_zero_68[1] - unsure.g2_zero_68[0] > 2 * (sure.g2_zero_68[1] - sure.g2_zero_68[0])


def poisson_record(n: int, duration_s: float = 1.0) -> PhotonRecord:
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, int(duration_s * 1e12), n))
    return PhotonRecord(times, rng.integers(1, 3, n).astype(np.uint8), duration_s)


def test_laser_light_is_not_antibunched() -> None:
    record = poisson_record(600_000)
    one = record.channel == 1
    data = correlate_cw(record.timestamps_ps[one], record.timestamps_ps[~one], 1.0, 1000, 50_000)
    assert data.normalised.mean() == pytest.approx(1.0, abs=0.05)
    analysis = analyse_cw(record, bin_ps=1000, reach_ps=50_000, centre_ns=0.0)
    assert not analysis.verdict.passed
    assert any("detector response" in warning for warning in analysis.warnings)
    assert any("may be noise" in warning for warning in analysis.warnings)
    assert analysis.results["level_ratio"].value == pytest.approx(1.0, abs=0.05)


def emitter_record(n: int) -> PhotonRecord:
    """One two-level emitter: times between emissions are absorption plus decay, each 20 ns; 60 % are detected."""
    rng = np.random.default_rng(6)
    times = np.cumsum(rng.exponential(20_000.0, n) + rng.exponential(20_000.0, n))
    kept = rng.random(n) < 0.6
    stamps = np.rint(times[kept]).astype(np.int64)
    return PhotonRecord(stamps, rng.integers(1, 3, stamps.size).astype(np.uint8), float(times[-1]) * 1e-12)


def test_single_emitter_is_recognised_from_its_tags() -> None:
    analysis = analyse_cw(emitter_record(150_000), jitter=no_jitter(), bin_ps=1000, reach_ps=100_000)
    assert analysis.verdict.passed, analysis.verdict.reason
    time = analysis.results["antibunching_time"]
    assert time.value == pytest.approx(10.0, abs=4 * time.stderr)  # 1/(1/20 + 1/20)
    assert analysis.results["g2_zero"].value < 0.1


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="50 pairs"):
        fit_cw(EMPTY, JITTER)
    with pytest.raises(ValueError, match="share of signal"):
        fit_cw(CwCoincidences(-50.0, 0.5, np.full(200, 9), 9.0), JITTER, signal_share=1.2)
    with pytest.raises(ValueError, match="whole number of bins"):
        correlate_cw(np.array([1]), np.array([2]), 1.0, 300, 1000)
    with pytest.raises(ValueError, match="must have seen light"):
        correlate_cw(np.array([], dtype=np.int64), np.array([2]), 1.0, 100, 1000)
    with pytest.raises(ValueError, match="poisson_level"):
        CwCoincidences(-50.0, 0.5, np.full(200, 9), 0.0)
    with pytest.raises(ValueError, match="time axis"):
        jitter_difference(np.ones(3), np.ones(4), 0.1)
    with pytest.raises(AnalysisError, match="two detectors"):
        analyse_cw(PhotonRecord(np.array([1, 2]), np.array([1, 1], dtype=np.uint8), 1.0))


@pytest.mark.parametrize("seed", [1, 3, 7])
def test_intervals_at_few_pairs_lie_in_each_other(seed: int) -> None:
    """Where a refit that starts from the other edge's values gets lost: the 95 % interval was then the narrower one."""
    rng = np.random.default_rng(seed)
    delay_ns = np.arange(-80, 80) + 0.5
    level = rng.uniform(5.0, 30.0)
    counts = rng.poisson(level * (1 - np.exp(-np.abs(delay_ns) / 5.0)))
    responses = [jitter_response(160, 0.1, 6.0, *widths_ns).weights for widths_ns in ((0.15, 0.46), (0.04, 0.02))]
    fit = fit_cw(CwCoincidences(-80.0, 1.0, counts, level), jitter_difference(*responses, 0.1))
    for one, two in ((fit.g2_zero_68, fit.g2_zero_95), (fit.antibunching_68_ns, fit.antibunching_95_ns)):
        assert two[0] <= one[0] < one[1] <= two[1]
