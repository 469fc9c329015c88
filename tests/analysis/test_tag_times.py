"""T3 records become arrival times that are exact to the ps after hours."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tag_times
from analysis.tag_times import t3_to_t2
from analysis.tags import absolute_times_ps


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2**45), st.integers(0, 2**15 - 1)), max_size=30),
    st.sampled_from([12_500.0, 12_499.8125, 3_125.3, 50_000.5]),
    st.sampled_from([1, 4, 64]),
)
def test_equals_exact_arithmetic(records: list[tuple[int, int]], period: float, unit: int) -> None:
    index = np.array([number for number, _ in records], dtype=np.int64)
    nano = np.array([time for _, time in records], dtype=np.uint16)
    times = t3_to_t2(index, nano, period, nanotime_unit_ps=unit)
    for (number, nanotime), time in zip(records, times.tolist(), strict=True):
        assert abs(number * Fraction(period) + nanotime * unit - time) <= Fraction(1, 2) + Fraction(number, 2**52)


def test_equals_the_plain_formula_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_times, "_WORTH_THREADS", 10)
    rng = np.random.default_rng(1)
    index, nano = np.sort(rng.integers(0, 10**13, 1001)), rng.integers(0, 12_500, 1001)
    for threads in (1, 2, 3):
        np.testing.assert_array_equal(
            t3_to_t2(index, nano, 12_499.37, threads=threads), absolute_times_ps(index, 12_499.37, nano)
        )


@pytest.mark.parametrize(
    ("index", "nano", "period", "match"),
    [
        ([1], [1, 2], 12.5, "differ in length"),
        ([1.0], [1], 12.5, "integers"),
        ([1], [1], 0.0, "positive"),
        ([1], [1], float("nan"), "positive"),
        ([2**50], [1], 12_500.0, "exceeds"),
        ([2**60], [1], 1.0, "exceeds"),
    ],
)
def test_nonsense_is_refused(index: list[int], nano: list[int], period: float, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        t3_to_t2(index, nano, period)


def test_nothing_gives_nothing() -> None:
    assert t3_to_t2([], [], 12_500.0).shape == (0,)
