"""Decay models seen through a response: truth found, models told apart, nonsense refused."""

from pathlib import Path

import numpy as np
import pytest

from analysis.decay_data import Forward, decay_data
from analysis.decay_models import (
    ONE,
    STRETCHED,
    TWO,
    DecayModel,
    exponential_cumulative,
    finer_response,
    flashes_per_bin,
    kernel,
    pile_up,
)
from analysis.irf import Response, jitter_response, measured_response
from analysis.reconvolution import fit_decay, lifetime_interval, select_decay

BIN_NS, N_BINS, PERIOD_NS = 0.1, 250, 25.0
RESPONSE = jitter_response(N_BINS, BIN_NS, 2.0, 0.15, 0.1)


def decay(
    rng: np.random.Generator, n: int, *lifetimes: tuple[float, float], shift_ns: float = 0.0, background: int = 0
) -> np.ndarray:
    times = np.concatenate([rng.exponential(tau, rng.poisson(n * share)) for tau, share in lifetimes])
    times = times + 2.0 + shift_ns + rng.normal(0, 0.15, times.size) + rng.exponential(0.1, times.size)
    times = np.concatenate([times, rng.uniform(0, PERIOD_NS, rng.poisson(background))]) % PERIOD_NS
    return np.histogram(times, np.linspace(0, PERIOD_NS, N_BINS + 1))[0]


@pytest.mark.parametrize("model", [ONE, TWO, STRETCHED])
@pytest.mark.parametrize("n_cycles", [None, 5e4])
def test_derivatives_are_those_of_the_expectation(model: DecayModel, n_cycles: float | None) -> None:
    data = decay_data(np.full(N_BINS, 50.0), RESPONSE, period_ns=PERIOD_NS, n_cycles=n_cycles, first_bin=5)
    shapes = {ONE: [9000.0, 3.0], TWO: [4000.0, 5000.0, 0.8, 4.0], STRETCHED: [9000.0, 3.0, 0.8]}
    theta = np.array([*shapes[model], 0.13, 2.5])
    forward = Forward(data, model)
    slopes = forward(theta)[1]
    for k in range(theta.size):
        step = np.zeros(theta.size)
        step[k] = 1e-4 * max(abs(theta[k]), 0.1)
        numeric = (forward(theta + step)[0] - forward(theta - step)[0]) / (2 * step[k])
        assert slopes[:, k] == pytest.approx(numeric, abs=2e-3 * max(np.abs(numeric).max(), 1e-9))


def test_wrapped_kernel_keeps_all_light() -> None:
    wrapped = kernel(exponential_cumulative(40.0), 250, 0.1, 0.0, 25.0)
    assert wrapped[-250:].sum() == pytest.approx(1.0, abs=0.01)  # lags 0 to one period: all light of all pulses
    with pytest.raises(ValueError, match="outlasts"):
        kernel(exponential_cumulative(1e4), 250, 0.1, 0.0, 25.0)


def test_pile_up_counts_at_most_one_photon_a_cycle() -> None:
    light = np.full(100, 300.0)
    counts, _ = pile_up(light, np.ones((100, 1)), 1000.0)
    assert counts.sum() == pytest.approx(1000.0 * (1.0 - np.exp(-30.0)))
    faint, _ = pile_up(light * 1e-6, np.ones((100, 1)), 1000.0)
    assert faint == pytest.approx(light * 1e-6, rel=1e-4)


def test_single_lifetime_shift_and_background_are_found() -> None:
    rng = np.random.default_rng(1)
    data = decay_data(decay(rng, 100_000, (3.0, 1.0), shift_ns=0.17, background=5000), RESPONSE, period_ns=PERIOD_NS)
    fit = fit_decay(data, ONE)
    assert fit.lifetimes_ns[0] == pytest.approx(3.0, abs=4 * fit.stderrs_ns[0])
    assert fit.shift_ns == pytest.approx(0.17, abs=4 * fit.shift_stderr_ns)
    assert fit.background == pytest.approx(20.0, abs=4 * fit.background_stderr)
    assert fit.p_value > 1e-3
    assert "0 to 25 ns" in fit.method


def test_pile_up_shortens_a_decay_unless_it_is_modelled() -> None:
    rng = np.random.default_rng(2)
    n_cycles = 200_000
    per_cycle = rng.poisson(0.5, n_cycles)
    times = 2.0 + rng.exponential(3.0, per_cycle.sum()) + rng.normal(0, 0.15, per_cycle.sum())
    times += rng.exponential(0.1, times.size)
    first = np.minimum.reduceat(times, (np.cumsum(per_cycle) - per_cycle)[per_cycle > 0])
    counts = np.histogram(first, np.linspace(0, PERIOD_NS, N_BINS + 1))[0]
    plain = fit_decay(decay_data(counts, RESPONSE), ONE)
    right = fit_decay(decay_data(counts, RESPONSE, n_cycles=n_cycles), ONE)
    assert plain.lifetimes_ns[0] < 2.9
    assert right.lifetimes_ns[0] == pytest.approx(3.0, abs=4 * right.stderrs_ns[0])


def test_models_are_told_apart_by_bic() -> None:
    rng = np.random.default_rng(3)
    one = select_decay(decay_data(decay(rng, 30_000, (3.0, 1.0)), RESPONSE, period_ns=PERIOD_NS))
    two = select_decay(decay_data(decay(rng, 60_000, (0.6, 0.5), (5.0, 0.5)), RESPONSE, period_ns=PERIOD_NS))
    assert one.best.model is ONE
    assert two.best.model is TWO
    assert two.best.fractions[0] == pytest.approx(0.5, abs=4 * two.best.fraction_errors[0])
    assert two.best.mean_lifetime_ns == pytest.approx(2.8, abs=5 * two.best.mean_lifetime_stderr_ns)
    assert "BIC" in two.reason


def test_stretched_exponential_is_found() -> None:
    rng = np.random.default_rng(4)
    light = 2.0 * rng.standard_gamma(1 / 0.7, 60_000) ** (1 / 0.7)
    times = (light + 2.0 + rng.normal(0, 0.15, light.size) + rng.exponential(0.1, light.size)) % PERIOD_NS
    counts = np.histogram(times, np.linspace(0, PERIOD_NS, N_BINS + 1))[0]
    chosen = select_decay(decay_data(counts, RESPONSE, period_ns=PERIOD_NS), (ONE, STRETCHED)).best
    assert chosen.model is STRETCHED
    assert chosen.stretch == pytest.approx(0.7, abs=4 * chosen.stretch_stderr)
    assert chosen.lifetimes_ns[0] == pytest.approx(2.0, abs=4 * chosen.stderrs_ns[0])


def test_profile_interval_agrees_with_fisher_at_many_counts() -> None:
    fit = fit_decay(decay_data(decay(np.random.default_rng(5), 50_000, (3.0, 1.0)), RESPONSE, period_ns=PERIOD_NS), ONE)
    low, high = lifetime_interval(fit, 0, 0.6827)
    fisher = fit.fit.errors[1]
    assert (high - low) / 2 == pytest.approx(fisher, rel=0.06)
    assert low < fit.lifetimes_ns[0] < high
    with pytest.raises(ValueError, match="no lifetime"):
        lifetime_interval(fit, 1)


@pytest.mark.parametrize(
    ("counts", "options", "match"),
    [
        (np.full(N_BINS, -1.0), {}, "negative"),
        (np.full(N_BINS - 1, 5.0), {}, "one binning"),
        (np.zeros(N_BINS), {}, "20 at least"),
        (np.full(N_BINS, 5.0), {"first_bin": 245}, "hold 10"),
        (np.full(N_BINS, 5.0), {"period_ns": -1.0}, "pulse period"),
        (np.full(N_BINS, 5.0), {"n_cycles": 100.0}, "one photon a cycle"),
    ],
)
def test_what_is_no_decay_is_refused(counts: np.ndarray, options: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        decay_data(counts, RESPONSE, **options)  # type: ignore[arg-type]


def test_start_lifetimes_must_fit_the_model() -> None:
    data = decay_data(np.full(N_BINS, 50.0), RESPONSE)
    with pytest.raises(ValueError, match="2 start lifetimes"):
        fit_decay(data, TWO, (1.0,))


def _atto(real_data: Path, name: str) -> np.ndarray:
    return np.asarray(np.loadtxt(real_data / f"atto550_{name}.txt", skiprows=10)[:, 1])


def test_measured_decay_is_found_without_start_values(real_data: Path) -> None:
    """Reference 1.54 / 4.20 ns, 19 / 81 %, 2I*/dof 1.48: the response as measured, bins 980 to 3890."""
    response: Response = measured_response(_atto(real_data, "irf"), 2.743484e-2)
    fit = fit_decay(decay_data(_atto(real_data, "decay"), response, first_bin=980, last_bin=3890), TWO)
    assert fit.lifetimes_ns == pytest.approx((1.54, 4.20), abs=0.02)
    assert fit.fractions == pytest.approx((0.19, 0.81), abs=0.005)
    assert fit.deviance / fit.dof == pytest.approx(1.48, abs=0.01)


def test_finer_response_keeps_every_bin_and_stays_positive() -> None:
    response = np.histogram(np.random.default_rng(3).gamma(3.0, 0.12, 50_000), np.arange(0.0, 5.05, 0.1))[0] / 50_000
    fine = finer_response(response, 4)
    np.testing.assert_allclose(fine.reshape(-1, 4).sum(axis=1), response, atol=1e-12)
    assert fine.min() >= 0.0
    assert flashes_per_bin(response) == 3
    assert flashes_per_bin(np.ones(40)) == 1


@pytest.mark.parametrize("shift_bins", [0.0, 0.37])
def test_coarse_bins_do_not_blur_the_response(shift_bins: float) -> None:
    """Bins of 0.2 ns and a response of 0.15 ns: counts are the exact convolution to 2 % of the peak."""
    width, n, tau, shift = 0.2, 200, 3.0, 0.2 * shift_bins
    fine = 40
    axis = (np.arange(n * fine) + 0.5) * width / fine
    flash = np.exp(-0.5 * ((axis - 4.0) / 0.15) ** 2)
    flash /= flash.sum()
    late = np.exp(-0.5 * ((axis - 4.0 - shift) / 0.15) ** 2)
    edges = np.arange(n * fine + 1) * width / fine
    exact = np.convolve(late / late.sum(), np.diff(1.0 - np.exp(-edges / tau)))[: n * fine]
    exact = exact.reshape(n, fine).sum(axis=1)
    weights = flash.reshape(n, fine).sum(axis=1)
    data = decay_data(np.full(n, 100.0), Response(weights, width, 0.0, 1e9))
    expected, _ = Forward(data, ONE)(np.array([1.0, tau, shift, 0.0]))
    assert np.abs(expected - exact).max() < 0.02 * exact.max()
