"""The table as Markdown for docs/physics.md, and back: the page can be compared with what the code gives now."""

import re
from collections.abc import Sequence

from sims.validation.check import Row

TABLE_BEGIN, TABLE_END = "<!-- validation table: begin -->", "<!-- validation table: end -->"
SMALLEST_SHOWN = 1e-9
"""Below this a residue depends on the processor's rounding and is shown as a bound."""
HEAD = "| Check | Value | Expected | Unit | Origin | Source | Outcome |\n|---|---|---|---|---|---|---|"
N_COLUMNS = 7


def as_markdown(rows: Sequence[Row]) -> str:
    """One heading and one table a topic, then the notes of each topic's rows as a list."""
    topics = list(dict.fromkeys(row.check.topic for row in rows))
    return "\n\n".join(_topic(topic, [row for row in rows if row.check.topic == topic]) for topic in topics)


def shown_value(value: float) -> str:
    """Four digits; what is only rounding is shown as a bound."""
    if 0 < abs(value) < SMALLEST_SHOWN:
        return f"< {SMALLEST_SHOWN:g}"
    return f"{value:.4g}"


def values_of(page: str) -> dict[tuple[str, str], str]:
    """Shown value of every (topic, check) of a page. ValueError when the page has no table or a damaged row."""
    if TABLE_BEGIN not in page or TABLE_END not in page:
        raise ValueError(f"page: the markers {TABLE_BEGIN} and {TABLE_END} are missing")
    body = page.split(TABLE_BEGIN, 1)[1].split(TABLE_END, 1)[0]
    found: dict[tuple[str, str], str] = {}
    topic = ""
    for line in body.splitlines():
        if line.startswith("### "):
            topic = line[4:].strip()
        elif line.startswith("|") and not line.startswith(("| Check", "|---")):
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
            if len(cells) != N_COLUMNS:
                raise ValueError(f"page: row {line!r} has {len(cells)} cells; it must have {N_COLUMNS}")
            found[topic, cells[0]] = cells[1]
    return found


def agrees(row: Row, shown: str) -> bool:
    """Whether a page's value is that of the row: to 0.3 %, or to 5 % of the tolerance, or both below what is shown."""
    if shown.startswith("<"):
        return abs(row.value) < 10 * SMALLEST_SHOWN
    difference = abs(float(shown) - row.value)
    return difference <= max(3e-3 * abs(row.value), 0.05 * (row.check.accept.tolerance or 0.0), 10 * SMALLEST_SHOWN)


def summary(rows: Sequence[Row]) -> str:
    """One sentence for the page: how many rows of which outcome and of which origin."""
    outcome = {name: sum(row.outcome == name for row in rows) for name in ("pass", "not reproduced", "fail")}
    origins = ("independent computation", "analytic", "published", "calibrated")
    origin = ", ".join(f"{sum(row.check.origin == name for row in rows)} {name}" for name in origins)
    return (
        f"{len(rows)} rows: {outcome['pass']} pass, {outcome['fail']} fail, {outcome['not reproduced']} are "
        f"documented as not reproduced. Origin of the expected values: {origin}."
    )


def _topic(topic: str, rows: Sequence[Row]) -> str:
    notes = "\n".join(f"- {_cell(row.check.name)}: {row.check.note}." for row in rows if row.check.note)
    table = "\n".join([HEAD, *(_row(row) for row in rows)])
    return f"### {topic}\n\n{table}" + (f"\n\nNotes:\n\n{notes}" if notes else "")


def _row(row: Row) -> str:
    check = row.check
    outcome = row.outcome if row.outcome == "pass" else f"**{row.outcome}**"
    cells = (
        check.name, shown_value(row.value), check.accept.words, check.unit, check.origin, check.source, outcome,
    )  # fmt: skip
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
