"""One row of the validation table: what is computed, what it must be, and where that comes from."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Origin = Literal["published", "independent computation", "analytic", "calibrated"]
"""Where the expected value comes from.

``published``: a measurement or calculation printed by others. ``independent computation``: a second program that
shares no code with this one. ``analytic``: a closed formula. ``calibrated``: an input was set so that the value comes
out; the row guards the setting and proves nothing.
"""

Outcome = Literal["pass", "fail", "not reproduced"]


@dataclass(frozen=True)
class Accept:
    """The interval of values that pass, with the words in which a physicist would state it."""

    expected: float
    low: float
    high: float
    words: str

    @property
    def tolerance(self) -> float | None:
        """Half width of a two-sided interval around ``expected``; None for a bound."""
        return (self.high - self.low) / 2 if math.isfinite(self.high - self.low) else None

    def holds(self, value: float) -> bool:
        """Whether a value lies inside; NaN does not."""
        return self.low <= value <= self.high


def within(expected: float, tolerance: float) -> Accept:
    """The expected value, give or take a tolerance."""
    return Accept(expected, expected - tolerance, expected + tolerance, f"{expected:g} ± {tolerance:g}")


def exactly(expected: float) -> Accept:
    """The number itself, for counts."""
    return Accept(expected, expected, expected, f"{expected:g}")


def at_least(bound: float) -> Accept:
    """A lower bound."""
    return Accept(bound, bound, math.inf, f"≥ {bound:g}")


def at_most(bound: float) -> Accept:
    """An upper bound."""
    return Accept(bound, -math.inf, bound, f"≤ {bound:g}")


def between(low: float, high: float) -> Accept:
    """A range, both ends included."""
    return Accept((low + high) / 2, low, high, f"{low:g} … {high:g}")


@dataclass(frozen=True)
class Check:
    """One thing to verify. ``compute`` returns the value in ``unit``; it takes no input and draws from fixed seeds.

    ``reproducible=False`` marks a published result that the model is known not to give: its row reads "not
    reproduced", with the reason in ``note``, and it counts as a failure when the value *does* come out, because
    then the documentation is wrong. ``slow`` marks a row of more than about a second; the test suite leaves it out.
    """

    topic: str
    name: str
    unit: str
    accept: Accept
    origin: Origin
    source: str
    compute: Callable[[], float]
    note: str = ""
    reproducible: bool = True
    slow: bool = False


@dataclass(frozen=True)
class Row:
    """A check and what came out."""

    check: Check
    value: float
    duration_s: float

    @property
    def outcome(self) -> Outcome:
        """Pass, fail, or a documented non-reproduction."""
        holds = self.check.accept.holds(self.value)
        if self.check.reproducible:
            return "pass" if holds else "fail"
        return "fail" if holds else "not reproduced"

    @property
    def passed(self) -> bool:
        """False only for a row that contradicts the documentation."""
        return self.outcome != "fail"


def evaluate(check: Check) -> Row:
    """Compute one row. What the computation raises is not caught: a broken check must not look like a number."""
    start = time.perf_counter()
    value = float(check.compute())
    return Row(check, value, time.perf_counter() - start)
