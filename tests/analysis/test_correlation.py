"""Coincidences are exact: every pair, in the right bin, against a plain double loop."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import correlation
from analysis.correlation import coincidences, delays, exact_reciprocal

times = st.lists(st.integers(-300, 300), max_size=40)
IntArray = npt.NDArray[np.int64]


def brute_force(starts: list[int], stops: list[int], width: int, reach: int) -> list[int]:
    counts = [0] * (2 * reach // width)
    for a in starts:
        for b in stops:
            if -reach <= b - a < reach:
                counts[(b - a + reach) // width] += 1
    return counts


def by_rank(starts: IntArray, stops: IntArray, width: int, reach: int) -> IntArray:
    """Independent of the loops under test: pairs below each edge, by binary search."""
    edges = np.arange(-reach, reach + 1, width)
    return np.diff([int(np.searchsorted(stops, starts + edge).sum()) for edge in edges])


def poisson(seed: int, n: int, spacing: float) -> IntArray:
    return np.cumsum(np.random.default_rng(seed).exponential(spacing, n).astype(np.int64))


@settings(deadline=None)
@given(times, times, st.integers(1, 50), st.integers(1, 20))
def test_equals_brute_force(starts: list[int], stops: list[int], width: int, half_bins: int) -> None:
    reach = width * half_bins
    counts = coincidences(np.array(starts, dtype=np.int64), np.array(stops, dtype=np.int64), width, reach)
    assert counts.dtype == np.int64
    assert counts.tolist() == brute_force(starts, stops, width, reach)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from([3, 40, 1000, 30_000]), st.sampled_from([20, 300, 5000]), st.booleans())
def test_long_records_equal_binary_search(seed: int, reach: int, spacing: int, swap: bool) -> None:
    """Blocks, lanes, passes and the ends of long lists: sparse to crowded, one list ending long before the other."""
    starts, stops = poisson(seed, 9_000, spacing), poisson(seed + 1, 4_000, spacing)
    if swap:
        starts, stops = stops, starts
    width = reach // 3 if reach % 3 == 0 else reach // 10
    reach = width * 3
    np.testing.assert_array_equal(coincidences(starts, stops, width, reach), by_rank(starts, stops, width, reach))


@pytest.mark.parametrize(("starts", "stops"), [(50_000, 300), (300, 50_000), (70_000, 70_000)])
def test_bursts_at_different_places_equal_binary_search(starts: int, stops: int) -> None:
    rng = np.random.default_rng(5)
    a = np.sort(rng.choice([1_000, 900_000], starts) + rng.integers(0, 5_000_000, starts) // 100)
    b = np.sort(rng.choice([40_000, 2_000_000], stops) + rng.integers(0, 50_000, stops))
    np.testing.assert_array_equal(coincidences(a, b, 50, 500), by_rank(a, b, 50, 500))


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_number_of_threads_does_not_change_the_counts(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = poisson(2, 20_000, 25.0), poisson(3, 20_000, 25.0)
    monkeypatch.setattr(correlation, "_WORTH_THREADS", 100)
    monkeypatch.setattr(correlation, "_PART", 777)
    counts = coincidences(a, b, 5, 500, threads=threads)
    np.testing.assert_array_equal(counts, by_rank(a, b, 5, 500))
    assert counts.sum() > 100_000


@pytest.mark.parametrize("where", [0, 1, 4_999, 9_998, 9_999])
@pytest.mark.parametrize("which", [0, 1])
def test_one_tag_out_of_order_is_noticed_and_counted_right(
    where: int, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correlation, "_WORTH_THREADS", 100)
    monkeypatch.setattr(correlation, "_PART", 1_250)
    lists = [poisson(7, 10_000, 50.0), poisson(8, 10_000, 50.0)]
    lists[which][where] = lists[which][-1 - where] - 17 if where != 4_999 else 3
    expected = by_rank(np.sort(lists[0]), np.sort(lists[1]), 10, 100)
    np.testing.assert_array_equal(coincidences(*lists, 10, 100), expected)


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.integers(0, 2**40))
def test_multiplication_replaces_division_exactly(width: int, limit: int, number: int) -> None:
    factor, shift = exact_reciprocal(width, limit)
    if factor == 0:
        assert limit > 2**30
        return
    for d in {0, number % limit, limit - 1, (number % limit) // width * width, limit // width * width - 1}:
        if 0 <= d < limit:
            assert d * factor < 2**64
            assert (d * factor) >> shift == d // width


@pytest.mark.parametrize(
    ("width", "reach", "divides"),
    [(1_000_003, 2_000 * 1_000_003, False), (10**9 + 7, 40 * (10**9 + 7), True), (2**40, 2**42, False)],
)
def test_delays_up_to_seconds_fall_into_the_right_bins(width: int, reach: int, divides: bool) -> None:
    assert (exact_reciprocal(width, 2 * reach) == (0, 0)) == divides
    a, b = poisson(9, 300, 2e9), poisson(10, 300, 2e9)
    np.testing.assert_array_equal(coincidences(a, b, width, reach), by_rank(a, b, width, reach))


def test_edges_belong_to_the_bin_above() -> None:
    assert coincidences([0], [-10, 9, 10], 10, 10).tolist() == [1, 1]
    assert coincidences([0], [-11, -10, -1, 0, 9, 10, 19, 20], 10, 20).tolist() == [1, 2, 2, 2]


def test_equal_times_pair_each_with_each() -> None:
    assert coincidences([5, 5, 5], [5, 5], 1, 1).tolist() == [0, 6]
    assert coincidences([7] * 1000, [7] * 1000, 2, 2).tolist() == [0, 1_000_000]


@pytest.mark.parametrize(("starts", "stops"), [([], [1]), ([1], []), ([], [])])
def test_nothing_gives_zeros(starts: list[int], stops: list[int]) -> None:
    assert coincidences(starts, stops, 5, 10).tolist() == [0, 0, 0, 0]


def test_swapping_the_detectors_mirrors_the_histogram() -> None:
    rng = np.random.default_rng(3)
    a, b = (np.sort(rng.integers(0, 10_000, 300)) for _ in range(2))
    # half-open bins mirror only where no delay hits an edge: shift by half a step
    forward = coincidences(2 * a, 2 * b + 1, 10, 200)
    backward = coincidences(2 * b + 1, 2 * a, 10, 200)
    np.testing.assert_array_equal(forward, backward[::-1])


def test_poisson_light_is_flat_at_the_expected_level() -> None:
    rng = np.random.default_rng(4)
    span, n = 10**12, 20_000
    a, b = (np.sort(rng.integers(0, span, n)) for _ in range(2))
    counts = coincidences(a, b, 10**6, 10**8)
    expected = n * n * 1e6 / span
    assert counts.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / counts.size))


@pytest.mark.parametrize("base", [2**61, -(2**62) + 10, 0])
def test_huge_times_stay_exact(base: int) -> None:
    assert coincidences([base], [base + 3], 1, 5).tolist() == [0] * 8 + [1, 0]


def test_other_integer_types_and_read_only_views_count_the_same() -> None:
    a, b = poisson(11, 500, 30.0), poisson(12, 500, 30.0)
    expected = coincidences(a, b, 5, 100)
    a.setflags(write=False)
    np.testing.assert_array_equal(coincidences(a, b.astype(np.uint32), 5, 100), expected)
    np.testing.assert_array_equal(coincidences(np.repeat(a, 2)[::2], b.astype(np.int32), 5, 100), expected)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([0.5], [1], 1, 10), "integers"),
        (([0], [1], 0, 10), "positive"),
        (([0], [1], 1.5, 10), "whole"),
        (([0], [1], 4, 10), "multiple of bin_width, got 10 and 4 ps: take a max_delay of 8 or 12"),
        (([0], [1], 1, 2**40), "bins do not fit"),
        (([-(2**62)], [2**62], 1, 10), "too far apart"),
        (([2**63 - 1], [2**63 - 1], 1, 10), "too far apart"),
        (([2**62, -(2**62)], [0], 1, 10), "too far apart"),
        ((np.array([2**63], np.uint64), [1], 1, 10), "below 2\\^63"),
        (([[0]], [1], 1, 10), "one-dimensional"),
        (([True], [1], 1, 10), "integers"),
    ],
)
def test_nonsense_is_refused(arguments: tuple[object, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        coincidences(*arguments)  # type: ignore[arg-type]


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="threads"):
        coincidences([0], [1], 1, 10, threads=0)


def test_delays_are_the_left_edges() -> None:
    assert delays(5, 10).tolist() == [-10, -5, 0, 5]


def test_centre_peak_of_the_real_measurement(real_data: object) -> None:
    from analysis.tag_files import read

    record = read(real_data / "hbt_t3_80MHz.ptu")  # type: ignore[operator]
    assert record.sync_index is not None
    counts = coincidences(record.sync_index[record.channel == 1], record.sync_index[record.channel == 2], 1, 5)
    assert counts.tolist() == [360, 393, 398, 413, 383, 356, 381, 1, 359, 396]
