"""Coincidences are exact: every pair, in the right bin, against a plain double loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import correlation
from analysis.correlation import coincidences, delays

times = st.lists(st.integers(-300, 300), max_size=40)


def brute_force(starts: list[int], stops: list[int], width: int, reach: int) -> list[int]:
    counts = [0] * -(-2 * reach // width)
    for a in starts:
        for b in stops:
            if -reach <= b - a < reach:
                counts[(b - a + reach) // width] += 1
    return counts


@settings(deadline=None)
@given(times, times, st.integers(1, 50), st.integers(1, 200))
def test_equals_brute_force(starts: list[int], stops: list[int], width: int, reach: int) -> None:
    counts = coincidences(np.array(starts, dtype=np.int64), np.array(stops, dtype=np.int64), width, reach)
    assert counts.dtype == np.int64
    assert counts.tolist() == brute_force(starts, stops, width, reach)


def test_two_threads_count_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    a, b = (np.cumsum(rng.integers(0, 50, 20_000)) for _ in range(2))
    one = coincidences(a, b, 7, 500)
    monkeypatch.setattr(correlation, "_WORTH_THREADS", 100)
    np.testing.assert_array_equal(coincidences(a, b, 7, 500), one)
    assert one.sum() > 100_000


def test_edges_belong_to_the_bin_above() -> None:
    assert coincidences([0], [-10, 9, 10], 10, 10).tolist() == [1, 1]


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


def test_huge_times_stay_exact() -> None:
    base = 2**61
    assert coincidences([base], [base + 3], 1, 5).tolist() == [0] * 8 + [1, 0]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([0.5], [1], 1, 10), "integers"),
        (([0], [1], 0, 10), "positive"),
        (([0], [1], 1.5, 10), "whole"),
        (([-(2**62)], [2**62], 1, 10), "too far apart"),
        (([[0]], [1], 1, 10), "one-dimensional"),
    ],
)
def test_nonsense_is_refused(arguments: tuple[object, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        coincidences(*arguments)  # type: ignore[arg-type]


def test_delays_are_the_left_edges() -> None:
    assert delays(5, 10).tolist() == [-10, -5, 0, 5]


def test_centre_peak_of_the_real_measurement(real_data: object) -> None:
    from analysis.tag_files import read

    record = read(real_data / "hbt_t3_80MHz.ptu")  # type: ignore[operator]
    assert record.sync_index is not None
    counts = coincidences(record.sync_index[record.channel == 1], record.sync_index[record.channel == 2], 1, 5)
    assert counts.tolist() == [360, 393, 398, 413, 383, 356, 381, 1, 359, 396]
