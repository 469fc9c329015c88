"""Logarithmic bins hold exactly the pairs that belong to them, by either way of counting, whole or in pieces."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import correlation_channels, multitau, multitau_stream
from analysis.multitau import auto_correlation, cross_correlation, log_edges_ps, pairs_by_delay
from analysis.multitau_stream import LogCorrelator

IntArray = npt.NDArray[np.int64]
times = st.lists(st.integers(-300, 300), max_size=40)
edge_lists = st.lists(st.integers(-400, 400), min_size=2, max_size=12, unique=True).map(sorted)


def brute_force(starts: list[int], stops: list[int], edges: list[int]) -> list[int]:
    delay = [b - a for a in starts for b in stops]
    return [sum(low <= d < high for d in delay) for low, high in itertools.pairwise(edges)]


def by_rank(starts: IntArray, stops: IntArray, edges: IntArray) -> IntArray:
    return np.diff([int(np.searchsorted(stops, starts + edge).sum()) for edge in edges])


def poisson(seed: int, n: int, spacing: float = 1000.0) -> IntArray:
    return np.cumsum(np.random.default_rng(seed).exponential(spacing, n).astype(np.int64))


@settings(deadline=None)
@given(times, times, edge_lists, st.sampled_from([0.0, 0.05, 1e9]))
def test_equals_brute_force(starts: list[int], stops: list[int], edges: list[int], partners: float) -> None:
    """``partners`` = 0: all by merging; 10⁹: all pair by pair; between: both in one histogram."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multitau, "_PARTNERS_ONE_BY_ONE", partners)
        counts = pairs_by_delay(np.array(starts, np.int64), np.array(stops, np.int64), edges)
    assert counts.dtype == np.int64
    assert counts.tolist() == brute_force(starts, stops, edges)


@pytest.mark.parametrize(("n_start", "n_stop"), [(40_000, 40_000), (300, 50_000), (50_000, 300)])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_long_records_equal_binary_search(n_start: int, n_stop: int, threads: int) -> None:
    a, b = poisson(1, n_start), poisson(2, n_stop)
    edges = log_edges_ps(20, 20_000_000, 4)
    np.testing.assert_array_equal(pairs_by_delay(a, b, edges, threads=threads), by_rank(a, b, edges))


def test_unsorted_times_are_sorted() -> None:
    a, b = poisson(3, 500), poisson(4, 500)
    edges = log_edges_ps(10, 10_000)
    shuffled = np.random.default_rng(0).permutation(a)
    np.testing.assert_array_equal(pairs_by_delay(shuffled, b, edges), pairs_by_delay(a, b, edges))


def test_edges_to_the_picosecond() -> None:
    assert pairs_by_delay([0], [9, 10, 19, 20, 40], [10, 20, 40]).tolist() == [2, 1]


def test_autocorrelation_counts_each_pair_once_and_no_tag_with_itself() -> None:
    result = auto_correlation([0, 0, 5, 9], [1, 5, 10])
    assert result.counts.tolist() == [1, 4]
    assert auto_correlation([3, 3, 3], [1, 2]).counts.tolist() == [0]


def test_edges_are_spaced_evenly_in_the_logarithm() -> None:
    edges = log_edges_ps(10_000, 300_000_000_000, 8)
    np.testing.assert_allclose(edges[8:] / edges[:-8], 2.0, rtol=1e-4)
    assert edges[0] == 10_000
    assert edges[-2] < 300_000_000_000 <= edges[-1]
    assert log_edges_ps(1, 8, 8).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_poisson_light_gives_one_at_all_delays() -> None:
    """Also where the delay is not short against the record: two traps of other packages."""
    a, b = poisson(5, 200_000), poisson(6, 200_000)
    result = cross_correlation(a, b, log_edges_ps(100, 120_000_000, 4))
    deviation = (result.g2 - 1.0) * np.sqrt(result.expected)
    short = result.delay_s < 1e-8
    assert np.abs(deviation[short]).max() < 4.0
    np.testing.assert_allclose(result.g2[~short], 1.0, atol=0.02)
    assert abs(result.g2[~short].mean() - 1.0) < 2e-3
    assert (result.counts > 0).all()


def test_bunching_of_known_strength_and_time_is_found() -> None:
    """Random telegraph light, on with probability 1/2, mean dwell time t: g2 = 1 + exp(−2τ/t)."""
    rng = np.random.default_rng(7)
    dwell_ps = 1_000_000
    switch = np.cumsum(rng.exponential(dwell_ps, 40_000))
    photons = np.sort(rng.uniform(0, switch[-1], 800_000))
    lit = photons[np.searchsorted(switch, photons) % 2 == 0].astype(np.int64)
    result = auto_correlation(lit, log_edges_ps(50_000, 5_000_000, 2))
    np.testing.assert_allclose(result.g2, 1.0 + np.exp(-2.0 * result.delay_s / (dwell_ps * 1e-12)), atol=0.06)


def test_delays_beyond_the_record_have_no_expectation() -> None:
    result = cross_correlation([0, 10], [0, 10], [5, 9, 40, 50])
    assert result.counts.tolist() == [0, 1, 0]
    assert np.isnan(result.expected[-2:]).all()
    assert np.isnan(cross_correlation([], [], [1, 2]).g2).all()


tags = st.lists(st.tuples(st.integers(-200, 200), st.integers(0, 3)), max_size=60)


@settings(deadline=None)
@given(tags, st.lists(st.integers(0, 60), max_size=6), st.integers(0, 3), st.sampled_from([1, 7, 1 << 20]))
def test_a_stream_in_pieces_gives_what_the_whole_gives(
    record: list[tuple[int, int]], cuts: list[int], stop_channel: int, enough: int
) -> None:
    record = sorted(record)
    stamps = np.array([time for time, _ in record], dtype=np.int64)
    channel = np.array([number for _, number in record], dtype=np.uint8)
    edges = [1, 2, 5, 11, 60]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multitau_stream, "_ENOUGH", enough)
        patch.setattr(correlation_channels, "_CHUNK", 16)
        live = LogCorrelator(edges, start_channel=1, stop_channel=stop_channel)
        for part in np.split(np.arange(stamps.size), np.clip(sorted(cuts), 0, stamps.size)):
            live.add(stamps[part], channel[part])
            live.result()  # looking at it changes nothing
        result = live.result()
    limits = (int(stamps[0]), int(stamps[-1])) if record else (0, 0)
    whole = cross_correlation(
        stamps[channel == 1], stamps[channel == stop_channel], edges, begin_ps=limits[0], end_ps=limits[1]
    )
    np.testing.assert_array_equal(result.counts, whole.counts)
    np.testing.assert_array_equal(result.n_start, whole.n_start)
    np.testing.assert_array_equal(result.n_stop, whole.n_stop)
    assert result.duration_s == whole.duration_s


def test_the_stream_keeps_only_what_may_still_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multitau_stream, "_ENOUGH", 5_000)
    live = LogCorrelator(log_edges_ps(10, 100_000))
    rng = np.random.default_rng(8)
    for k in range(20):
        stamps = np.sort(rng.integers(k * 10**7, (k + 1) * 10**7, 10_000))
        live.add(stamps, rng.integers(1, 3, 10_000).astype(np.uint8))
    assert sum(part.size for part in live._starts + live._stops) < 500
    assert live.result().g2[-5:] == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("edges", "match"),
    [
        ([5], "strictly ascending"),
        ([5, 5], "strictly ascending"),
        ([5, 4], "strictly ascending"),
        ([0.5, 4.0], "integers"),
        ([1, 2**62], "within"),
    ],
)
def test_edges_that_make_no_sense_are_refused(edges: list[int], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        pairs_by_delay([0], [1], edges)


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 ps"):
        auto_correlation([0], [0, 5])
    with pytest.raises(ValueError, match="at least 0 ps"):
        cross_correlation([0], [1], [-1, 5])
    with pytest.raises(ValueError, match="outside the stated record"):
        cross_correlation([0], [9], [1, 5], end_ps=8)
    with pytest.raises(ValueError, match="too far apart"):
        pairs_by_delay([-(2**62)], [2**62], [1, 5])
    with pytest.raises(ValueError, match="first_ps"):
        log_edges_ps(10, 10)
    with pytest.raises(ValueError, match="threads"):
        pairs_by_delay([0], [1], [1, 2], threads=0)
    live = LogCorrelator([1, 5])
    live.add([0, 10], [1, 2])
    with pytest.raises(ValueError, match="outside the stated record"):
        live.result(end_ps=9)
