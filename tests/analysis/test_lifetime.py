"""Lifetimes: known truth within stated errors, and a measured decay with its measured response."""

from pathlib import Path

import numpy as np
import pytest

from analysis.lifetime import combine, fit_reconvolution, fit_tail, fit_tail_from_peak, pearson

BIN_NS = 0.1


def decay(
    rng: np.random.Generator, n: int, lifetime_ns: float, *, background: int = 0, period_ns: float = 50.0
) -> np.ndarray:
    """Histogram over one period; light that comes after the next pulse is wrapped into it."""
    times = (rng.exponential(lifetime_ns, rng.poisson(n)) + 2.0) % period_ns
    times = np.concatenate([times, rng.uniform(0, period_ns, rng.poisson(background))])
    return np.histogram(times, np.arange(0, period_ns + BIN_NS / 2, BIN_NS))[0]


def test_stated_error_of_the_tail_fit_is_honest() -> None:
    rng = np.random.default_rng(1)
    fits = [fit_tail(decay(rng, 1000, 8.0, background=200), BIN_NS, 21, 500) for _ in range(400)]
    pulls = np.array([(fit.lifetime_ns - 8.0) / fit.stderr_ns for fit in fits])
    assert 0.62 < np.mean(np.abs(pulls) < 1) < 0.75
    assert abs(pulls.mean()) < 0.2


def test_chosen_range_keeps_the_error_honest() -> None:
    """Detector jitter and a fast component of 0.4 ns, which the range must leave out."""
    rng = np.random.default_rng(2)
    pulls = []
    for _ in range(120):
        slow, fast = rng.exponential(8.0, rng.poisson(5000)), rng.exponential(0.4, rng.poisson(400))
        times = (np.concatenate([slow, fast]) + 2.0) + rng.normal(0, 0.15, slow.size + fast.size)
        fit = fit_tail_from_peak(np.histogram(times % 50.0, np.arange(0, 50.05, BIN_NS))[0], BIN_NS)
        pulls.append((fit.lifetime_ns - 8.0) / fit.stderr_ns)
    assert 0.6 < np.mean(np.abs(pulls) < 1) < 0.9  # choosing where fits agree makes errors a little too large
    assert abs(np.mean(pulls)) < 0.6


def test_wrapping_at_the_pulse_period_does_not_bias() -> None:
    fit = fit_tail(decay(np.random.default_rng(3), 400_000, 25.0), BIN_NS, 21, 500)
    assert fit.lifetime_ns == pytest.approx(25.0, abs=4 * fit.stderr_ns)


def test_few_counts_are_not_biased_as_least_squares_is() -> None:
    rng = np.random.default_rng(4)
    lifetimes = [fit_tail(decay(rng, 150, 5.0), BIN_NS, 21, 500).lifetime_ns for _ in range(150)]
    assert np.mean(lifetimes) == pytest.approx(5.0, abs=4 * np.std(lifetimes) / np.sqrt(150))


def test_wrong_model_enlarges_the_error_and_shows_in_chi2() -> None:
    rng = np.random.default_rng(5)
    mixed = decay(rng, 200_000, 3.0) + decay(rng, 200_000, 12.0)
    fit = fit_tail(mixed, BIN_NS, 21, 500)
    assert fit.p_value < 1e-6
    assert fit.stderr_ns > 2 * fit.lifetime_ns / np.sqrt(mixed.sum())


def test_too_few_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="20 counts"):
        fit_tail(np.ones(10), 0.1, 0, 10)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_what_is_no_histogram_is_refused(wrong: float) -> None:
    counts = np.full(100, 50.0)
    counts[40] = wrong
    with pytest.raises(ValueError, match="decay holds counts"):
        fit_tail(counts, 0.1, 0, 100)


def test_disagreeing_detectors_enlarge_the_error() -> None:
    rng = np.random.default_rng(6)
    same = [fit_tail(decay(rng, 50_000, 8.0), BIN_NS, 21, 500) for _ in range(2)]
    apart = [same[0], fit_tail(decay(rng, 50_000, 8.5), BIN_NS, 21, 500)]
    assert combine(apart)[1] > 3 * same[0].stderr_ns
    assert combine(same)[1] < same[0].stderr_ns * 1.5


def test_pearson_is_chi2_distributed_for_a_true_model() -> None:
    rng = np.random.default_rng(7)
    model = 30 * np.exp(-np.arange(400) / 80.0) + 0.05
    values = [pearson(rng.poisson(model).astype(float), model, 0) for _ in range(200)]
    reduced = np.array([chi2 / dof for chi2, dof in values])
    assert reduced.mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("period_ns", [None, 50.0])
def test_reconvolution_finds_lifetime_shift_and_background(period_ns: float | None) -> None:
    rng = np.random.default_rng(8)
    response_times = rng.gamma(3.0, 0.12, 2_000_000) + 2.0
    edges = np.arange(0, 50.05, BIN_NS)
    response = np.histogram(response_times, edges)[0]
    times = rng.gamma(3.0, 0.12, 200_000) + 2.0 + 0.23 + rng.exponential(6.0, 200_000)
    if period_ns is not None:
        times = times % period_ns
    counts = np.histogram(times, edges)[0] + rng.poisson(5.0, edges.size - 1)
    fit = fit_reconvolution(counts, response, BIN_NS, (3.0,), period_ns=period_ns)
    assert fit.lifetimes_ns[0] == pytest.approx(6.0, abs=4 * fit.stderrs_ns[0])
    assert fit.shift_ns == pytest.approx(0.23, abs=0.02)
    assert fit.background == pytest.approx(5.0, abs=0.5)
    assert 0.75 < fit.deviance / fit.dof < 1.25


def test_measured_decay_with_its_response(real_data: Path) -> None:
    """Atto 550: two lifetimes near 1.54 and 4.20 ns; least squares gets 1.01 and 3.89 ns from the same data.

    With the response as it was measured, and with its dark counts subtracted: the lifetimes depend on it by 4 %.
    """
    counts, response = (np.loadtxt(real_data / f"atto550_{name}.txt", skiprows=10)[:, 1] for name in ("decay", "irf"))
    fit = fit_reconvolution(counts, response, 2.743484e-2, (1.0, 4.0), first_bin=980, last_bin=3890)
    assert fit.lifetimes_ns == pytest.approx((1.54, 4.20), rel=0.01)
    assert fit.fractions == pytest.approx((0.19, 0.81), abs=0.01)
    assert fit.deviance / fit.dof == pytest.approx(1.48, abs=0.01)
    recorded = slice(201, 3890)  # the converter is dead outside
    clean = np.zeros_like(response)
    clean[recorded] = response[recorded] - response[250:900].mean()
    fit = fit_reconvolution(counts, clean, 2.743484e-2, (1.0, 4.0), first_bin=980, last_bin=3600)
    assert fit.lifetimes_ns == pytest.approx((1.54, 4.20), rel=0.05)
    assert fit.fractions == pytest.approx((0.19, 0.81), abs=0.02)
    assert fit.deviance / fit.dof < 1.48
