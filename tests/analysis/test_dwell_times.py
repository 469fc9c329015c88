"""Laws of on and off times by maximum likelihood."""

import numpy as np
import pytest

from analysis.dwell_times import best_law, fit_cutoff_power_law, fit_exponential, fit_power_law, result_of
from analysis.errors import AnalysisError

SHORTEST_S, LONGEST_S = 1e-3, 100.0


def stays(rng: np.random.Generator, number: int, exponent: float, cutoff_s: float = np.inf) -> np.ndarray:
    """Draws between the limits: a power law by inversion, thinned by exp(−t/cutoff)."""
    power = 1.0 - exponent
    found = np.empty(0)
    while found.size < number:
        low, high = SHORTEST_S**power, LONGEST_S**power
        t = (low + rng.random(8 * number) * (high - low)) ** (1.0 / power)
        found = np.append(found, t[rng.random(t.size) < np.exp(-(t - SHORTEST_S) / cutoff_s)])
    return found[:number]


def test_intervals_of_the_exponent_cover_it_as_often_as_stated() -> None:
    inside_68 = inside_95 = 0
    for seed in range(100):
        fit = fit_power_law(stays(np.random.default_rng(seed), 100, 1.5), SHORTEST_S, LONGEST_S)
        assert fit.exponent_68 is not None
        assert fit.exponent_95 is not None
        inside_68 += fit.exponent_68[0] < 1.5 < fit.exponent_68[1]
        inside_95 += fit.exponent_95[0] < 1.5 < fit.exponent_95[1]
    assert 54 <= inside_68 <= 82  # 68 ± 3 standard deviations of 100 trials
    assert inside_95 >= 88


def test_exponent_and_cutoff_scatter_as_stated() -> None:
    z = []
    for seed in range(25):
        fit = fit_cutoff_power_law(stays(np.random.default_rng(seed), 500, 1.3, 1.0), SHORTEST_S, LONGEST_S)
        rate_z = (fit.decay_rate_per_s - 1.0) / fit.decay_rate_stderr_per_s
        z.append(((fit.exponent - 1.3) / fit.exponent_stderr, rate_z))
    assert np.abs(np.mean(z, axis=0)).max() < 0.75
    assert 0.6 < np.std(z, axis=0).min() <= np.std(z, axis=0).max() < 1.5


@pytest.mark.parametrize(
    ("exponent", "cutoff_s", "law"),
    [(1.5, np.inf, "power law"), (0.5, 1.0, "power law with cutoff"), (0.0, 0.05, "exponential")],
)
def test_the_right_law_is_chosen(exponent: float, cutoff_s: float, law: str) -> None:
    chosen = [
        best_law(stays(np.random.default_rng(seed), 400, exponent, cutoff_s), SHORTEST_S, LONGEST_S).law
        for seed in range(5)
    ]
    assert chosen.count(law) >= 4


def test_exponential_is_the_mean_beyond_the_shortest() -> None:
    t = np.random.default_rng(1).exponential(0.05, 400)
    fit = fit_exponential(t, SHORTEST_S, LONGEST_S)
    seen = t[t >= SHORTEST_S]
    assert fit.time_s == pytest.approx(seen.mean() - SHORTEST_S, rel=1e-6)  # no memory: what is cut off below is known
    result = result_of(fit)
    assert (result.unit, result.value) == ("s", fit.time_s)
    assert result.stderr == pytest.approx(fit.time_s / np.sqrt(seen.size), rel=1e-3)


def test_long_power_law_agrees_with_the_formula_without_upper_limit() -> None:
    t = SHORTEST_S * (1.0 - np.random.default_rng(3).random(2000)) ** (-1.0 / 1.8)
    fit = fit_power_law(t, SHORTEST_S, 1e6)
    assert fit.exponent == pytest.approx(1.0 + t.size / np.log(t / SHORTEST_S).sum(), abs=1e-3)
    assert fit.exponent_stderr == pytest.approx((fit.exponent - 1.0) / np.sqrt(t.size), rel=0.01)


def test_survival_falls_from_one_to_zero() -> None:
    fit = fit_power_law(stays(np.random.default_rng(0), 100, 1.5), SHORTEST_S, LONGEST_S)
    share = fit.survival(np.geomspace(SHORTEST_S, LONGEST_S, 30))
    assert share[0] == pytest.approx(1.0)
    assert share[-1] == pytest.approx(0.0, abs=1e-6)
    assert np.all(np.diff(share) < 0.0)


@pytest.mark.parametrize(
    ("some", "shortest_s", "longest_s", "words"),
    [
        ([0.1, float("nan")], 0.01, 1.0, "positive and finite"),
        ([0.1, -1.0], 0.01, 1.0, "positive and finite"),
        ([0.1] * 20, 1.0, 0.1, "shortest < longest"),
        ([0.1] * 5, 0.01, 1.0, "only 5 stays"),
    ],
)
def test_stays_that_make_no_sense_are_refused(
    some: list[float], shortest_s: float, longest_s: float, words: str
) -> None:
    with pytest.raises(AnalysisError, match=words):
        fit_power_law(some, shortest_s, longest_s)
