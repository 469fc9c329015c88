"""Nanotimes are counted as numpy counts them, and none is lost silently."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import decay_histogram as module
from analysis.decay_histogram import decay_histogram


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 999), max_size=60),
    st.integers(1, 40),
    st.sampled_from([np.uint16, np.int64, np.uint32, np.int16]),
)
def test_equals_bincount(values: list[int], width: int, kind: type) -> None:
    n_bins = -(-1000 // width)
    counts = decay_histogram(np.array(values, dtype=kind), n_bins, bin_width=width)
    expected = np.bincount(np.array(values, dtype=np.int64) // width, minlength=n_bins)
    assert counts.dtype == np.int64
    assert counts.tolist() == expected.tolist()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_count_the_same(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORTH_THREADS", 10)
    values = np.random.default_rng(1).integers(0, 1 << 16, 30_001).astype(np.uint16)
    counts = decay_histogram(values, 1 << 16, threads=threads)
    np.testing.assert_array_equal(counts, np.bincount(values, minlength=1 << 16))


def test_parts_are_never_longer_than_a_counter_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_PART", 7)
    assert decay_histogram(np.full(100, 3, np.uint16), 5).tolist() == [0, 0, 0, 100, 0]


def test_more_bins_than_the_type_can_fill() -> None:
    counts = decay_histogram(np.array([65535], np.uint16), 100_000)
    assert counts.size == 100_000
    assert counts[65535] == counts.sum() == 1


@pytest.mark.parametrize("kind", [np.uint16, np.int64])
def test_photons_outside_are_refused(kind: type) -> None:
    with pytest.raises(ValueError, match="1 nanotimes lie outside the 10 bins of 4: they reach from 3 to 40"):
        decay_histogram(np.array([3, 39, 40], kind), 10, bin_width=4)


@pytest.mark.parametrize(
    ("values", "n_bins", "width", "match"),
    [
        ([-1], 10, 1, "outside"),
        ([0.5], 10, 1, "integers"),
        ([[1]], 10, 1, "one-dimensional"),
        ([1], 0, 1, "n_bins"),
        ([1], 10, 0, "bin_width"),
    ],
)
def test_nonsense_is_refused(values: list[int], n_bins: int, width: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        decay_histogram(values, n_bins, bin_width=width)


@pytest.mark.parametrize("offset", range(5))
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 11])
def test_views_that_begin_anywhere(offset: int, length: int) -> None:
    values = np.arange(40, dtype=np.uint16)[offset : offset + length]
    np.testing.assert_array_equal(decay_histogram(values, 40), np.bincount(values, minlength=40))


def test_nothing_gives_zeros() -> None:
    assert decay_histogram([], 3).tolist() == [0, 0, 0]
