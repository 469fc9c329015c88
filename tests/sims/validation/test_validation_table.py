"""The table: every row holds, says where it comes from, and the printed page is what the code gives."""

import math
from collections import Counter
from pathlib import Path

import pytest

from sims.validation.check import Check, evaluate
from sims.validation.page import agrees, values_of
from sims.validation.table import all_checks

CHECKS = all_checks()
FAST = [check for check in CHECKS if not check.slow]
PAGE = Path(__file__).resolve().parents[3] / "docs" / "physics.md"
DOCUMENTED = {
    "Bussian's sign change: Delta E_Z under a thick CdSe shell",
    "CdTe: the 9.45 T crossing with light holes 30 meV above (54 levels)",
    "CdS, 3 to 5 nm: worst deviation from the sizing curve",
    "CdS, R = 2 nm: eq. (2) with the printed factor 205",
    "B = 0, 3 light-hole pulses from -5/2",
    "B = 0, 4 light-hole pulses from -5/2",
}


@pytest.fixture(scope="module")
def printed() -> dict[tuple[str, str], str]:
    return values_of(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("check", FAST, ids=lambda check: f"{check.topic}: {check.name}")
def test_row_holds_and_the_page_prints_it(check: Check, printed: dict[tuple[str, str], str]) -> None:
    row = evaluate(check)
    assert row.passed, f"{row.value} {check.unit}, accepted: {check.accept.words}"
    shown = printed[check.topic, check.name]
    assert agrees(row, shown), f"docs/physics.md prints {shown}, the code gives {row.value}"


def test_the_page_has_exactly_the_rows_of_the_table(printed: dict[tuple[str, str], str]) -> None:
    assert set(printed) == {(check.topic, check.name) for check in CHECKS}


def test_names_are_unique() -> None:
    assert [name for name, number in Counter((c.topic, c.name) for c in CHECKS).items() if number > 1] == []


def test_every_row_says_where_it_comes_from() -> None:
    assert [check.name for check in CHECKS if not check.source.strip()] == []


def test_calibrated_rows_say_what_was_set() -> None:
    assert [check.name for check in CHECKS if check.origin == "calibrated" and not check.note] == []


def test_documented_failures_give_the_reason_and_are_there() -> None:
    missing = [check for check in CHECKS if not check.reproducible]
    assert all(check.note for check in missing)
    assert {check.name for check in missing} >= DOCUMENTED


def test_few_rows_are_left_out_as_slow() -> None:
    assert len(FAST) > 0.95 * len(CHECKS)


def test_expected_values_are_numbers_inside_their_own_interval() -> None:
    for check in CHECKS:
        assert math.isfinite(check.accept.expected), check.name
        assert check.accept.holds(check.accept.expected), check.name
