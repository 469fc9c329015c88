"""``solotron validate``: the physics validation table, for people and for programs."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sims.validation.check import Row
from sims.validation.page import shown_value
from sims.validation.table import all_checks, validate

COLOURS = {"pass": "green", "fail": "bold red", "not reproduced": "yellow"}


def run(*, as_json: bool) -> int:
    """Compute and print the table; exit code 0 when no row fails, else 1."""
    rows = collect()
    if as_json:
        print(json.dumps(as_object(rows), ensure_ascii=False))
    else:
        console = Console()
        console.print(as_table(rows))
        for line in reasons(rows):
            console.print(line, markup=False, highlight=False)
        print(summary(rows))
    return 0 if all(row.passed for row in rows) else 1


def collect() -> list[Row]:
    """All rows, with the name of the one being computed on a terminal's stderr."""
    console = Console(stderr=True)
    number = len(all_checks())
    if not console.is_terminal:
        return list(validate())
    with console.status("") as status:
        rows: list[Row] = []
        for row in validate(lambda check: status.update(f"{len(rows) + 1} of {number}: {check.topic}, {check.name}")):
            rows.append(row)
        return rows


def as_object(rows: Sequence[Row]) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {"rows": [_row_object(row) for row in rows], "passed": all(row.passed for row in rows)}


def _row_object(row: Row) -> dict[str, Any]:
    check, accept = row.check, row.check.accept
    return {
        "topic": check.topic,
        "name": check.name,
        "value": row.value if math.isfinite(row.value) else None,
        "expected": accept.expected,
        "tolerance": accept.tolerance,
        "accepted": accept.words,
        "unit": check.unit,
        "origin": check.origin,
        "source": check.source,
        "outcome": row.outcome,
        "passed": row.passed,
        "note": check.note,
        "duration_s": round(row.duration_s, 3),
    }


def as_table(rows: Iterable[Row]) -> Table:
    """The table for a terminal."""
    table = Table("Check", "Value", "Expected", "Unit", "Origin", "Outcome", title="Physics validation")
    topic = ""
    for row in rows:
        check = row.check
        if check.topic != topic:
            topic = check.topic
            table.add_section()
            table.add_row(f"[bold]{topic}[/bold]")
        colour = COLOURS[row.outcome]
        table.add_row(
            escape(check.name),
            shown_value(row.value),
            check.accept.words,
            check.unit,
            check.origin,
            f"[{colour}]{row.outcome}[/]",
        )
    return table


def reasons(rows: Iterable[Row]) -> list[str]:
    """One line for each row that did not pass: what it is, and the note that explains it."""
    return [
        f"{row.outcome}: {row.check.topic}, {row.check.name}" + (f" ({row.check.note})" if row.check.note else "")
        for row in rows
        if row.outcome != "pass"
    ]


def summary(rows: Sequence[Row]) -> str:
    """One line: how many passed, failed, are documented as not reproduced, and how long it took."""
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in COLOURS}
    total_s = sum(row.duration_s for row in rows)
    return (
        f"{counts['pass']} pass, {counts['fail']} fail, "
        f"{counts['not reproduced']} documented as not reproduced; {total_s:.0f} s"
    )
