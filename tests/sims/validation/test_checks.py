"""One row: what is accepted, what a documented non-reproduction means."""

import math
from collections.abc import Callable

import pytest

from sims.validation.check import Accept, Check, Row, at_least, at_most, between, evaluate, exactly, within


def check(accept: Accept, compute: Callable[[], float], *, reproducible: bool = True) -> Check:
    return Check("t", "n", "meV", accept, "analytic", "s", compute, reproducible=reproducible)


@pytest.mark.parametrize(
    ("accept", "inside", "outside"),
    [
        (within(2.0, 0.5), 2.5, 2.51),
        (exactly(6), 6.0, 6.0001),
        (at_least(0.9), 1e9, 0.899),
        (at_most(0.9), -1e9, 0.901),
        (between(1.0, 3.0), 3.0, 0.99),
    ],
)
def test_edges_of_what_is_accepted(accept: Accept, inside: float, outside: float) -> None:
    assert accept.holds(inside)
    assert not accept.holds(outside)


@pytest.mark.parametrize("accept", [within(0.0, 1.0), at_least(-5.0), at_most(5.0), exactly(0)])
def test_not_a_number_never_passes(accept: Accept) -> None:
    assert not accept.holds(math.nan)


def test_tolerance_is_half_the_width_and_a_bound_has_none() -> None:
    assert between(1.0, 3.0).tolerance == pytest.approx(1.0)
    assert at_least(1.0).tolerance is None


@pytest.mark.parametrize(
    ("reproducible", "value", "outcome", "passed"),
    [
        (True, 1.0, "pass", True),
        (True, 3.0, "fail", False),
        (False, 3.0, "not reproduced", True),
        (False, 1.0, "fail", False),
    ],
)
def test_a_result_that_comes_out_although_documented_as_missing_fails(
    reproducible: bool, value: float, outcome: str, passed: bool
) -> None:
    row = evaluate(check(within(1.0, 0.1), lambda: value, reproducible=reproducible))
    assert (row.outcome, row.passed, row.value) == (outcome, passed, value)


def test_a_broken_computation_is_not_swallowed() -> None:
    def broken() -> float:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        evaluate(check(exactly(1), broken))


def test_the_duration_is_recorded() -> None:
    row = evaluate(check(exactly(1), lambda: 1.0))
    assert isinstance(row, Row)
    assert 0 <= row.duration_s < 1
