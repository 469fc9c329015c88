"""The quick correlator counts what its definition says, and agrees with the exact one where it should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import multitau_coarse as module
from analysis.multitau import cross_correlation
from analysis.multitau_coarse import BINS_PER_OCTAVE, IntArray, coarse_correlation, octave_edges_ps


def merged_pairs(starts: IntArray, stops: IntArray, edges: IntArray, begin: int) -> list[int]:
    """By definition: stops in bins from the begin on, starts in bins half a bin earlier."""
    counts = []
    for k, width in enumerate(np.diff(edges)):
        stop = (stops - begin) // width
        start = (2 * (starts - begin) + width) // (2 * width)
        wanted = BINS_PER_OCTAVE + k % BINS_PER_OCTAVE
        counts.append(int(np.count_nonzero(np.subtract.outer(stop, start) == wanted)))
    return counts


times = st.lists(st.integers(0, 40_000), max_size=60).map(lambda each: np.array(sorted(each), dtype=np.int64))


@settings(deadline=None, max_examples=60)
@given(times, times, st.integers(-5, 0))
def test_merged_bins_hold_what_the_definition_says(starts: IntArray, stops: IntArray, begin: int) -> None:
    edges = octave_edges_ps(24, 4000)
    with pytest.MonkeyPatch.context() as patch:  # no pair counted singly; many blocks, three levels in each
        patch.setattr(module, "_PHOTONS_A_BIN", 0.0)
        patch.setattr(module, "_BLOCK_BINS", 64)
        patch.setattr(module, "_LEVELS_IN_BLOCK", 3)
        found = coarse_correlation(starts, stops, edges, begin_ps=begin, end_ps=50_000)
    expected = merged_pairs(starts, stops, edges, begin) if starts.size and stops.size else [0] * (edges.size - 1)
    assert found.counts.tolist() == expected


def light(seed: int, n: int) -> IntArray:
    return np.cumsum(np.random.default_rng(seed).exponential(1e6, n)).astype(np.int64)


@pytest.mark.parametrize("threads", [1, 2])
def test_short_delays_are_those_of_the_exact_count(threads: int) -> None:
    a, b, edges = light(1, 150_000), light(2, 150_000), octave_edges_ps(10_000, 10_000_000_000)
    coarse, exact = coarse_correlation(a, b, edges, threads=threads), cross_correlation(a, b, edges)
    np.testing.assert_array_equal(coarse.counts[:64], exact.counts[:64])
    np.testing.assert_array_equal(coarse.n_start, exact.n_start)
    assert abs((coarse.g2 / exact.g2 - 1.0)[64:]).max() < 0.01
    assert abs(coarse.g2[100:].mean() - 1.0) < 1e-3


def test_threads_count_the_same() -> None:
    a, b, edges = light(3, 200_000), light(4, 200_000), octave_edges_ps(10_000, 10_000_000_000)
    one, two = (coarse_correlation(a, b, edges, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.counts, two.counts)


def test_bunching_is_that_of_the_exact_correlation() -> None:
    """A telegraph of 20 µs: amplitude and time of g2 come out as counted pair by pair."""
    rng = np.random.default_rng(5)
    stays = rng.exponential(40e6, 20_000)  # ps; relaxation time 20 µs
    ends = np.cumsum(stays)
    n = 400_000
    when = np.sort(rng.uniform(0, ends[-1], n)).astype(np.int64)
    on = when[np.searchsorted(ends, when) % 2 == 0]
    one = rng.random(on.size) < 0.5
    edges = octave_edges_ps(100_000, 1_000_000_000)
    coarse, exact = (f(on[one], on[~one], edges) for f in (coarse_correlation, cross_correlation))
    assert exact.g2[:24].mean() == pytest.approx(2.0, abs=0.1)
    near = exact.delay_s < 60e-6
    difference = (coarse.g2 - exact.g2)[near]
    assert abs(difference.mean()) < 2e-3
    assert abs(difference).max() < 0.02


def test_autocorrelation_pairs_no_tag_with_itself() -> None:
    a, edges = light(6, 100_000), octave_edges_ps(10_000, 1_000_000_000)
    assert coarse_correlation(a, a, edges).g2[40:].mean() == pytest.approx(1.0, abs=0.01)
    assert coarse_correlation(a[:1], a[:1], edges).counts.sum() == 0


def test_few_photons_a_second_are_counted_singly() -> None:
    a, b = light(7, 500) * 1000, light(8, 500) * 1000  # 1 kHz
    edges = octave_edges_ps(8000, 100_000_000_000)
    np.testing.assert_array_equal(
        coarse_correlation(a, b, edges).counts[:130], cross_correlation(a, b, edges).counts[:130]
    )


@pytest.mark.parametrize(
    ("edges", "match"),
    [([8, 10, 11], "octave_edges_ps"), ([10, 20], "octave_edges_ps"), ([8], "octave_edges_ps"), ([0, 8], "octave")],
)
def test_other_edges_are_refused(edges: list[int], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        coarse_correlation([1, 2], [3, 4], edges)


def test_unsorted_times_and_limits_are_refused() -> None:
    edges = octave_edges_ps(8, 64)
    with pytest.raises(ValueError, match="not sorted"):
        coarse_correlation([2, 1], [3, 4], edges)
    with pytest.raises(ValueError, match="outside the stated record"):
        coarse_correlation([1, 2], [3, 4], edges, end_ps=3)
    with pytest.raises(ValueError, match="multiple of 8"):
        octave_edges_ps(9, 64)
    with pytest.raises(ValueError, match="threads"):
        coarse_correlation([1, 2], [3, 4], edges, threads=0)
