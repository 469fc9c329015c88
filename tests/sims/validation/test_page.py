"""The table as Markdown and back."""

import pytest

from sims.validation.check import Check, Row, at_least, within
from sims.validation.page import TABLE_BEGIN, TABLE_END, agrees, as_markdown, shown_value, summary, values_of


def row(value: float, name: str = "|I_e| of a dot", note: str = "", *, reproducible: bool = True) -> Row:
    check = Check(
        "Exchange", name, "meV", within(1.0, 0.1), "published", "A, B", lambda: value, note, reproducible
    )  # fmt: skip
    return Row(check, value, 0.0)


def page(*rows: Row) -> str:
    return f"# Title\n\n{TABLE_BEGIN}\n{as_markdown(rows)}\n{TABLE_END}\nmore | text\n"


def test_a_page_gives_back_its_values_even_with_bars_in_names() -> None:
    assert values_of(page(row(1.02345), row(5.0, "other", reproducible=False))) == {
        ("Exchange", "|I_e| of a dot"): "1.023",
        ("Exchange", "other"): "5",
    }


def test_notes_and_missing_reproductions_are_printed() -> None:
    text = as_markdown([row(5.0, note="the sign stays", reproducible=False)])
    assert "**not reproduced**" in text
    assert "the sign stays." in text


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0"), (3e-13, "< 1e-09"), (-3e-13, "< 1e-09"), (1234.56, "1235"), (-2.5, "-2.5")]
)
def test_shown_values(value: float, shown: str) -> None:
    assert shown_value(value) == shown


def test_a_page_that_fell_behind_is_noticed() -> None:
    assert agrees(row(1.0231), "1.023")
    assert not agrees(row(1.05), "1.023")
    assert agrees(row(3e-12), "< 1e-09")
    assert not agrees(row(0.5), "< 1e-09")


def test_a_bound_without_tolerance_is_compared_relatively() -> None:
    check = Check("t", "n", "", at_least(1.0), "analytic", "s", lambda: 10.0)
    assert agrees(Row(check, 10.0, 0.0), "10.02")
    assert not agrees(Row(check, 10.0, 0.0), "10.2")


def test_damaged_pages_are_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        values_of("no table here")
    with pytest.raises(ValueError, match="cells"):
        values_of(page(row(1.0)).replace("| meV |", "|"))


def test_summary_counts_outcomes_and_origins() -> None:
    text = summary([row(1.0), row(9.0), row(9.0, reproducible=False)])
    assert text.startswith("3 rows: 1 pass, 1 fail, 1 are documented as not reproduced")
    assert "3 published" in text
