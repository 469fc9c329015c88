"""The Poisson maximum-likelihood fit shared by transients and resonances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, poisson

from analysis.likelihood import (
    FloatArray,
    Model,
    deviance_residuals,
    fit_poisson,
    interval_of_fit,
    profile_interval,
    significance,
)


def constant(n: int) -> Model:
    return lambda theta: (np.full(n, theta[0]), np.ones((n, 1)))


@given(st.integers(0, 200), st.floats(0.01, 300.0))
def test_deviance_is_twice_the_log_likelihood_ratio(count: int, mean: float) -> None:
    residual = deviance_residuals(np.array([float(count)]), np.array([mean]))[0]
    expected = 2 * (poisson.logpmf(count, max(count, 1e-300)) - poisson.logpmf(count, mean)) if count else 2 * mean
    assert residual**2 == pytest.approx(expected, abs=1e-8, rel=1e-6)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=30).filter(lambda c: sum(c) > 0))
def test_constant_rate_is_the_mean_even_at_zero_counts(counts: list[int]) -> None:
    fit = fit_poisson(constant(len(counts)), counts, [1.0], [1e-6], [1e3])
    assert fit.values[0] == pytest.approx(np.mean(counts), rel=1e-4)
    assert fit.errors[0] == pytest.approx(np.sqrt(np.mean(counts) / len(counts)), rel=1e-3)


def test_held_parameter_stays_and_bad_start_is_refused() -> None:
    model = lambda theta: (np.full(4, theta[0] + theta[1]), np.ones((4, 2)))  # noqa: E731
    fit = fit_poisson(model, [5, 6, 7, 6], [1.0, 2.0], [0, 0], [50, 50], held=(1,))
    assert fit.values[1] == 2.0
    assert fit.values.sum() == pytest.approx(6.0, rel=1e-4)
    with pytest.raises(ValueError, match="outside their bounds"):
        fit_poisson(model, [5, 6, 7, 6], [-1.0, 2.0], [0, 0], [50, 50])


def test_profile_interval_of_a_parabola_and_at_a_limit() -> None:
    low, high = profile_interval(lambda x: 10 + (x - 2.0) ** 2 / 0.09, 2.0, 10.0, 0.2, (-5.0, 5.0))
    assert (low, high) == (pytest.approx(1.7, abs=0.01), pytest.approx(2.3, abs=0.01))
    assert profile_interval(lambda x: (x - 2.0) ** 2, 2.0, 0.0, 0.2, (1.5, 9.0))[0] == 1.5


def test_significance_matches_wilks() -> None:
    assert significance(9.0, 1) == pytest.approx(2.78, abs=0.02)
    assert significance(0.0, 2) == 0.0
    assert significance(chi2.isf(0.00135, 4), 4) == pytest.approx(3.0, abs=0.01)
    assert significance(5000.0, 2) == pytest.approx(70.7, abs=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_intervals_of_a_fit_hold_its_value_and_lie_in_each_other(seed: int) -> None:
    """A weak dip on a flat level: the valley of the likelihood is bent, and a search may get lost in it."""
    x = np.linspace(-20.0, 20.0, 81)

    def dip(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        level, depth, time = theta
        fall = np.exp(-np.abs(x) / time)
        slopes = np.column_stack((1 - depth * fall, -level * fall, -level * depth * fall * np.abs(x) / time**2))
        return level * (1 - depth * fall), slopes

    counts = np.random.default_rng(seed).poisson(dip(np.array([12.0, 0.8, 3.0]))[0])
    lower, upper = np.array([0.0, 0.0, 0.2]), np.array([1e3, 1.0, 100.0])
    fit = fit_poisson(dip, counts, [12.0, 0.8, 3.0], lower, upper)
    for index in (1, 2):
        one, two = (
            interval_of_fit(dip, counts, fit, (lower, upper), index, confidence=confidence)
            for confidence in (0.68, 0.95)
        )
        value = float(fit.values[index])
        assert two[0] <= one[0] <= value <= one[1] <= two[1]
        assert one[0] < value or value < lower[index] + 1e-6
        assert one[1] > value or value > upper[index] - 1e-6
