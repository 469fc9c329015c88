"""Logarithmic correlation with errors from stretches of the record, and the relaxations fitted to it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.fcs import fit_relaxations, results
from analysis.log_correlation import BlockCorrelation, default_edges_ps, log_correlation, log_edges_ps, pulsed_edges_ps

SECOND = 10**12
times = st.lists(st.integers(0, 10_000), min_size=1, max_size=40).map(
    lambda some: np.array(sorted(some), dtype=np.int64)
)


def telegraph(rng: np.random.Generator, duration_s: float, off_rate: float, on_rate: float, bright: float, dark: float):
    """Arrival times (ps) of light that switches between two brightnesses, and its true share of on time."""
    n = 3 * int(duration_s * off_rate * on_rate / (off_rate + on_rate) + 50)
    first = int(rng.random() < off_rate / (on_rate + off_rate))  # 0: begins on
    rates = np.where((np.arange(2 * n) + first) % 2 == 0, off_rate, on_rate)
    border = np.concatenate([[0.0], np.cumsum(rng.exponential(1.0 / rates))])
    border = np.append(border[border < duration_s], duration_s)
    is_on = (np.arange(border.size - 1) + first) % 2 == 0
    counts = rng.poisson(np.where(is_on, bright, dark) * np.diff(border))
    times_s = np.repeat(border[:-1], counts) + rng.random(counts.sum()) * np.repeat(np.diff(border), counts)
    return np.sort((times_s * SECOND).astype(np.int64)), np.diff(border)[is_on].sum() / duration_s


@settings(deadline=None, max_examples=60)
@given(times, times, st.integers(4, 9))
def test_every_pair_is_counted_in_its_bin_and_block(first: np.ndarray, second: np.ndarray, blocks: int) -> None:
    edges = log_edges_ps(3, 4000, 3)
    edges = edges[edges <= 5000]
    found = log_correlation(first, second, 1e-8, edges_ps=edges, blocks=blocks)
    borders = np.linspace(0, 10_000, blocks + 1).astype(np.int64)
    borders[-1] = 10_001
    expected = np.array(
        [
            [
                ((second[None, :] - t[:, None] >= a) & (second[None, :] - t[:, None] < b)).sum()
                for a, b in pairwise(edges)
            ]
            for t in (first[(first >= u) & (first < v)] for u, v in pairwise(borders))
        ]
    )
    assert np.array_equal(found.pairs, expected)


def test_light_without_memory_scatters_about_one_as_stated() -> None:
    rng = np.random.default_rng(1)
    light = np.sort(rng.integers(0, 20 * SECOND, 60_000))
    found = log_correlation(light, light, 20.0, edges_ps=default_edges_ps(20.0, first_lag_s=1e-5))
    off = (found.g2 - 1.0) / found.stderr
    assert abs(off.mean()) < 0.5
    assert 0.8 < off.std() < 1.25


def test_pulsed_light_fills_bins_of_whole_pulses_evenly() -> None:
    rng = np.random.default_rng(2)
    pulses = np.sort(rng.choice(4_000_000, 100_000, replace=False))
    period_ps = 12_500.0
    light = (pulses * period_ps + rng.exponential(300.0, pulses.size)).astype(np.int64)
    found = log_correlation(np.sort(light), np.sort(light), 0.05, edges_ps=pulsed_edges_ps(period_ps, 10**9))
    assert np.all(np.abs(found.g2 - 1.0) < 5.0 * found.stderr)
    assert found.edges_ps[0] == 6250


def test_telegraph_gives_one_relaxation_at_the_sum_of_its_rates() -> None:
    z = []
    for seed in range(5):
        light, _ = telegraph(np.random.default_rng(seed), 10.0, 60.0, 120.0, 1.2e4, 1e3)
        found = log_correlation(light, light, 10.0, edges_ps=default_edges_ps(10.0, first_lag_s=1e-5))
        fit = fit_relaxations(found)
        assert len(fit.terms) == 1
        z.append((fit.terms[0].time_s - 1.0 / 180.0) / fit.terms[0].time_stderr_s)
        bunching = (2 / 9) * 1.1e4**2 / (1.2e4 * 2 / 3 + 1e3 / 3) ** 2
        assert fit.terms[0].amplitude == pytest.approx(bunching, abs=5.0 * fit.terms[0].amplitude_stderr)
    assert abs(np.mean(z)) < 1.2
    assert 0.4 < np.std(z) < 2.0


def test_two_exact_relaxations_are_found_and_named() -> None:
    edges = log_edges_ps(10**6, 10**11)
    lag_s = (edges[:-1] + edges[1:]) * 0.5e-12
    g2 = 1.0 + 0.5 * np.exp(-lag_s / 2e-5) + 0.3 * np.exp(-lag_s / 5e-3)
    exposure = np.full((10, lag_s.size), 1e6)
    pairs = np.rint(1e12 * np.diff(edges) * 1e-12 * g2).astype(np.int64)[None, :] * np.ones((10, 1), dtype=np.int64)
    found = BlockCorrelation(
        edges, pairs, exposure.astype(np.int64), exposure.astype(np.int64), np.ones((10, lag_s.size))
    )
    fit = fit_relaxations(found)
    assert [term.time_s for term in fit.terms] == pytest.approx([2e-5, 5e-3], rel=1e-2)
    assert [term.amplitude for term in fit.terms] == pytest.approx([0.5, 0.3], rel=1e-2)
    assert set(results(fit)) >= {"relaxation_time_1", "relaxation_amplitude_2", "long_lag_level"}


@pytest.mark.parametrize(
    ("first", "duration_s", "last_ps", "words"),
    [
        (np.array([0.5, 1.5]), 1e-8, 100, "whole ps"),
        (np.array([5, 3]), 1e-8, 100, "not sorted"),
        (np.array([5, 20_000]), 1e-8, 100, "outside the record"),
        (np.array([-1, 3]), 1e-8, 100, "outside the record"),
        (np.array([], dtype=np.int64), 1e-8, 100, "no photons"),
        (np.array([1, 2]), float("nan"), 100, "duration_s"),
        (np.array([1, 2]), 1e-8, 6000, "beyond half the record"),
    ],
)
def test_light_that_makes_no_sense_is_refused(first: np.ndarray, duration_s: float, last_ps: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        log_correlation(first, np.array([1, 2]), duration_s, edges_ps=np.array([1, 50, last_ps]))


def test_too_few_lags_for_the_terms_are_refused() -> None:
    light = np.sort(np.random.default_rng(0).integers(0, SECOND, 1000))
    found = log_correlation(light, light, 1.0, edges_ps=log_edges_ps(10**6, 2 * 10**6, 3))
    with pytest.raises(AnalysisError, match="widen the lag range"):
        fit_relaxations(found, 2)
    with pytest.raises(AnalysisError, match="1 to 4"):
        fit_relaxations(found, 5)
