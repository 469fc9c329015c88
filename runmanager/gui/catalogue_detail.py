"""What the catalogue tells of the selected rows, as HTML for a label. Everything from a file is escaped."""

import html
from collections.abc import Sequence

from runmanager.catalogue.records import Summary
from runmanager.gui.catalogue_model import started_text
from runmanager.numbers import duration

HINT = "Select a measurement. Return opens it; Ctrl+click selects several to compare."


def detail_html(row: Summary, good: str, bad: str, quiet: str) -> str:
    """One measurement: title, verdict with its reason, first result, how it ran."""
    verdict = ""
    if row.passed is not None:
        word, colour = ("✓ passed", good) if row.passed else ("✗ failed", bad)
        verdict = f'<p><b style="color:{colour}">{word}</b> {_text(row.reason)}</p>'
    if row.problem:
        verdict = f'<p><b style="color:{bad}">cannot be read</b> {_text(row.problem)}</p>'
    facts = {
        "started": "" if row.started_at is None else started_text(row.started_at),
        "duration": "" if row.duration_s is None else duration(row.duration_s),
        "status": row.exit_status,
        "sample": row.sample,
        "seed": "" if row.seed is None else f"{row.seed} (twin)",
        "size": f"{row.size_bytes / 1e6:.1f} MB",
        "file": row.name,
    }
    lines = "".join(
        f'<tr><td style="color:{quiet}; padding-right:8px">{name}</td><td>{_text(value)}</td></tr>'
        for name, value in facts.items()
        if value
    )
    headline = f"<p><b>{_text(row.headline)}</b></p>" if row.headline else ""
    return f"<h3>{_text(row.title or row.name)}</h3>{headline}{verdict}<table>{lines}</table>"


def several_html(rows: Sequence[Summary], quiet: str) -> str:
    """Several measurements that can be compared."""
    lines = "".join(
        f"<tr><td>{_text(row.procedure)}&nbsp;</td><td>{_text(row.headline)}</td>"
        f'<td style="color:{quiet}">&nbsp;{_text(row.name)}</td></tr>'
        for row in rows[:12]
    )
    more = f"<p>and {len(rows) - 12} more</p>" if len(rows) > 12 else ""
    return f"<h3>{len(rows)} measurements</h3><table>{lines}</table>{more}"


def _text(text: str) -> str:
    return html.escape(text)
