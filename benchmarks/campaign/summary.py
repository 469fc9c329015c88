"""The campaign's table as a page of the documentation."""

from collections import Counter
from collections.abc import Iterable, Sequence

from campaign.cases import PROCEDURES, STATIONS, Baseline
from campaign.judge import AGREEMENT, Judgement

MEANING = {
    "survived": "completed, verdict passed, every number within "
    f"{AGREEMENT:g} combined standard errors of the fault-free run's",
    "detected": "ended `failed` or `aborted` with a message, was refused before anything moved, or its verdict failed",
    "safe, not confirmed": "exit code 4: the twin was safe, but an instrument that no longer answered could not say so",
    "dark, told": "exit code 3: no light on the sample, the shutter before it is closed; a laser behind it took no "
    "orders any more and still emits, and the run's notes name it and say what to do by hand",
    "left on, said so": "exit code 4: something truly stayed on because its instrument no longer took orders; "
    "the run named it and said what to do by hand",
    "lost": "an acknowledged point or tag is missing or changed in the run file, or the file cannot be read",
    "unsafe": "light, RF, a ramp or a piezo voltage stayed on and exit code 4 did not say so",
    "wrong": "the verdict passed with a number that disagrees with the fault-free run's",
    "hung": "beyond every stated timeout",
    "crashed": "an error that the run engine did not catch",
    "not struck": "the run ended before the fault's moment came; counted apart",
}
FORBIDDEN = ("lost", "unsafe", "wrong", "hung", "crashed")


def counts_line(rows: Sequence[Judgement]) -> str:
    """One line for the screen."""
    counts = Counter(row.verdict for row in rows)
    return f"{len(rows)} runs: " + ", ".join(f"{counts[name]} {name}" for name in MEANING if counts[name])


def page(rows: Sequence[Judgement], baselines: Sequence[Baseline], seed: int) -> str:
    """The page, from the rows that really ran."""
    counts = Counter(row.verdict for row in rows)
    struck = sum(row.verdict != "not struck" for row in rows)
    points = sum(row.points for row in rows)
    parts = [
        "# Fault campaign",
        "",
        "Written by `python benchmarks/fault_campaign.py` from what really ran; do not edit.",
        "",
        f"{len(rows)} runs (seed {seed}), {struck} of them struck by a fault, on two stations: the template's models "
        "and the second models in their places (Mai Tai, ESP301, Cryomagnetics 4G, MercuryiTC, SG384, ANC300, "
        f"PEM-200). {points} points were acknowledged as recorded and looked up in the run files afterwards. What was "
        "left on was read from the twin's own state, not from its wires.",
        "",
        *_table(("outcome", "runs", "meaning"), ((name, counts[name], MEANING[name]) for name in MEANING)),
        "",
        "A magnet, a laser or a shutter whose line is dead takes no orders: software cannot switch it off. Such a run "
        "ends with exit code 4, names the instrument and says what to do by hand (*left on, said so*).",
        "",
        "## By procedure",
        "",
        *_cross(rows, "procedure", list(PROCEDURES)),
        "",
        "## By fault",
        "",
        *_cross(rows, "fault", sorted({row.fault for row in rows})),
        "",
        "## By instrument",
        "",
        *_cross(rows, "instrument", sorted({row.instrument for row in rows})),
        "",
        "## The fault-free runs",
        "",
        *_table(
            ("station", "procedure", "bench time (s)", "requests", "verdict"),
            (
                (b.station, b.procedure, f"{b.duration_s:.0f}", sum(b.messages.values()), _verdict(b))
                for b in baselines
                if b.station in STATIONS
            ),
        ),
        "",
        "Where the short fault-free run does not pass its own verdict, the runs under faults cannot state a number as "
        "good either; such runs count as *detected* when they complete.",
        "",
    ]
    failures = [row for row in rows if row.verdict in FORBIDDEN]
    if failures:
        parts += ["## What must not be", ""]
        parts += _table(
            ("run", "station", "procedure", "fault", "outcome", "detail"),
            (
                (
                    r.number,
                    r.station,
                    r.procedure,
                    f"{r.fault} at {r.instrument}",
                    r.verdict,
                    r.detail.replace("|", ";"),
                )
                for r in failures
            ),
        )
        parts.append("")
    return "\n".join(parts)


def _verdict(baseline: Baseline) -> str:
    return "passed" if baseline.passed else "failed (too short)"


def _cross(rows: Sequence[Judgement], field: str, values: Sequence[str]) -> list[str]:
    columns = [name for name in MEANING if any(row.verdict == name for row in rows) or name in FORBIDDEN]
    counts = Counter((getattr(row, field), row.verdict) for row in rows)
    lines = ((value, *(counts[value, name] for name in columns)) for value in values)
    return _table((field, *columns), lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> list[str]:
    rows = [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows]
