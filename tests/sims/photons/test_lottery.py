"""A lottery's slots hold exactly the chances that were asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sims.photons.lottery import ANOTHER, LotteryBuilder


def chances(slots: np.ndarray, first: int, bits: int, row: int) -> dict[int, float]:
    result: dict[int, float] = {}
    begin = first + (row << bits)
    for limit, outcomes in slots[begin : begin + (1 << bits)].tolist():
        share = min((limit + 1) / 2**64 if limit == 2**64 - 1 else limit / 2**64, 1.0) / (1 << bits)
        result[outcomes >> 32] = result.get(outcomes >> 32, 0.0) + share
        result[outcomes & 0xFFFFFFFF] = result.get(outcomes & 0xFFFFFFFF, 0.0) + 1 / (1 << bits) - share
    return result


def table_chances(slots: np.ndarray, table: np.ndarray, number: int, row: int) -> dict[int, float]:
    first = chances(slots, int(table[number, 0]), int(table[number, 1]), row)
    another = first.pop(ANOTHER, 0.0)
    if another > 0:
        rest = chances(slots, int(table[number, 2]), int(table[number, 3]), row)
        first.update({outcome: first.get(outcome, 0.0) + another * share for outcome, share in rest.items()})
    return first


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 3), st.integers(1, 150)),
        elements=st.one_of(st.just(0.0), st.floats(1e-9, 1e3)),
    )
)
def test_chances_are_the_weights(weights: np.ndarray) -> None:
    builder = LotteryBuilder()
    outcomes = 7 + 3 * np.arange(weights.shape[1])
    number = builder.add(weights, outcomes, np.ones(len(weights)))
    slots, table = builder.build()
    for row, asked in enumerate(weights):
        if asked.sum() > 0:
            found = table_chances(slots, table, number, row)
            expected = asked / asked.sum()
            for outcome, share in zip(outcomes.tolist(), expected.tolist(), strict=True):
                assert found.get(outcome, 0.0) == pytest.approx(share, abs=1e-12)
                if share == 0:
                    assert found.get(outcome, 0.0) == 0.0


def test_many_unlikely_tickets_go_to_the_second_draw() -> None:
    weights = np.full((1, 5000), 1e-7)
    weights[0, :3] = 1.0
    builder = LotteryBuilder()
    builder.add(weights, np.arange(5000), np.ones(1))
    _, table = builder.build()
    assert table[0, 1] == 4
    assert table[0, 3] == 13


@pytest.mark.parametrize("weights", [np.array([[1.0, -1.0]]), np.array([[np.nan, 1.0]])])
def test_bad_weights_are_refused(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights"):
        LotteryBuilder().add(weights, np.arange(2), np.ones(1))
