"""Going on with a run that was interrupted: what must be the same, and taking over what was measured already.

The new run file begins with the complete rows of the earlier one. The set-up is done anew, because nobody knows what
has moved meanwhile, and is compared with the earlier one before anything is counted.
"""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from procedures.errors import RefusedError
from runfile.errors import RunFileError
from runfile.reader import RunFile

if TYPE_CHECKING:
    from instruments.station_file import Conditions
    from procedures.experiment import Experiment
    from runfile.writer import PointTable, RunWriter

CONDITION_TOLERANCE = {"temperature_k": 0.05, "field_t": 1e-3}
"""Conditions further apart than this are other conditions."""
PERIOD_TOLERANCE = 1e-3
"""Relative. The cavity of an oscillator drifts by parts in 10^5; the analysis fits the period itself."""
NOTE = "continues"


def refuse_other_run(experiment: "Experiment", earlier: RunFile) -> None:
    """RefusedError unless ``earlier`` is of this procedure and its parameters, durations apart, and has rows."""
    if not experiment.RESUMES:
        raise RefusedError(f"a run of {experiment.NAME} cannot be continued: repeat it")
    if earlier.procedure != experiment.NAME:
        raise RefusedError(
            f"{earlier.path.name} is a run of {earlier.procedure}, not of {experiment.NAME}: it cannot be continued "
            "by this experiment"
        )
    changed = _changed_parameters(experiment, earlier.parameters)
    if changed:
        name, then, now = changed[0]
        free = ", ".join(experiment.DURATIONS)
        raise RefusedError(
            f"{earlier.path.name} was measured with {name} = {then!r}, not {now!r}: what is measured now could not be "
            f"added to it. Use its parameters (only {free} may differ) or start a run of its own"
        )
    refuse_empty(earlier)


def refuse_empty(earlier: RunFile) -> None:
    """RefusedError unless ``earlier`` has complete rows of its own, not only some of those it was taking over."""
    rows = earlier.table("data").n_points if earlier.has_table("data") else 0
    note = earlier.notes.get(NOTE)
    if isinstance(note, dict) and not note.get("taken_over", True):
        raise RefusedError(
            f"{earlier.path.name} ended while it took over the rows of {note.get('run_file')}: continue that one"
        )
    if rows == 0:
        raise RefusedError(f"{earlier.path.name} ended before its first complete row: repeat the run")


def refuse_other_conditions(earlier: RunFile, sample: Mapping[str, object], conditions: "Conditions") -> None:
    """RefusedError unless sample sheet, temperature and field are those of ``earlier``."""
    if dict(earlier.sample) != dict(sample):
        raise RefusedError(
            f"{earlier.path.name} was measured with another sample sheet: use that sheet or start a run of its own"
        )
    wanted = conditions.model_dump()
    for name, then in earlier.conditions.items():
        now = wanted.get(name)
        if now is None or abs(now - then) > CONDITION_TOLERANCE.get(name, 0.0):
            raise RefusedError(
                f"{earlier.path.name} was measured at {name} = {then:g}, now it is {now}: set the station's "
                "conditions to those of the earlier run or start a run of its own"
            )


def refuse_nothing_missing(earlier: RunFile, done: float, planned: float, unit: str, parameter: str) -> None:
    """RefusedError when the earlier run holds already what is asked for."""
    if done >= planned:
        raise RefusedError(
            f"{earlier.path.name} holds {done:g} of {planned:g} {unit}: nothing is missing. To add to it, raise "
            f"{parameter}; its results: 'solotron analyze {earlier.path}'"
        )


def refuse_other_sequence(earlier: RunFile, sequence: Mapping[str, object]) -> None:
    """RefusedError unless the gate times are those noted in ``earlier``."""
    then = earlier.notes.get("sequence")
    if not isinstance(then, dict):
        raise RefusedError(f"{earlier.path.name} does not note its pulse sequence: repeat the run")
    for name, now in sequence.items():
        if isinstance(now, int | float) and not _close(then.get(name), float(now)):
            raise RefusedError(
                f"the pulse sequence differs from that of {earlier.path.name} ({name} = {now:g}, then "
                f"{then.get(name)}): does the laser run at another rate? Repeat the run"
            )


def refuse_moved_line(earlier: RunFile, energy_mev: float, fwhm_mev: float) -> None:
    """RefusedError when the pumped line is further from where it was in ``earlier`` than it is wide."""
    then = earlier.notes.get("lines")
    if not isinstance(then, dict) or "energies_mev" not in then:
        raise RefusedError(f"{earlier.path.name} does not note which line it pumped: repeat the run")
    line_mev = float(then["energies_mev"][int(then["pumped"])])
    width_mev = max(float(then.get("fwhm_mev", 0.0)), fwhm_mev)
    if abs(energy_mev - line_mev) > width_mev:
        raise RefusedError(
            f"the line to pump is at {energy_mev:.3f} meV, in {earlier.path.name} it was at {line_mev:.3f} meV, "
            f"more than its width of {width_mev:.3f} meV away: another dot, another field or a sample that "
            "moved. Repeat the run"
        )


def refuse_other_period(name: str, then_ns: float, now_ns: float) -> None:
    """RefusedError when the excitation pulses of run ``name`` came at another rate."""
    if not math.isclose(then_ns, now_ns, rel_tol=PERIOD_TOLERANCE):
        raise RefusedError(
            f"the pulses come every {now_ns:.6g} ns, in {name} every {then_ns:.6g} ns: the oscillator runs at another "
            "rate. Repeat the run"
        )


def note_continued(recorder: "RunWriter", name: str, rows: int, *, taken_over: bool) -> None:
    """The note ``continues``: file and rows of the earlier run, and whether they are all in this file."""
    recorder.note(NOTE, {"run_file": name, "rows": rows, "taken_over": taken_over})


def take_over_rows(earlier: RunFile, recorder: "RunWriter", table: "PointTable", columns: Iterable[str]) -> int:
    """Copy the complete rows of the earlier run's table "data" into ``table``; returns how many.

    ``columns``: those of ``table``. RefusedError when the earlier run lacks one: it is of another version.
    """
    source = earlier.table("data")
    names = tuple(columns)
    try:
        data = {name: source.column(name) for name in names}
    except RunFileError as error:
        raise RefusedError(f"{earlier.path.name} cannot be continued by this version: {error}") from error
    note_continued(recorder, earlier.path.name, source.n_points, taken_over=False)
    for k in range(source.n_points):
        table.append(**{name: column[k] for name, column in data.items()})
    note_continued(recorder, earlier.path.name, source.n_points, taken_over=True)
    return source.n_points


def _changed_parameters(experiment: "Experiment", then: Mapping[str, Any]) -> list[tuple[str, object, object]]:
    """Parameters (name, then, now) that differ and may not; one the earlier run did not know had its default."""
    changed = []
    for name, parameter in experiment.parameters().items():
        if name in experiment.DURATIONS:
            continue
        now, before = getattr(experiment, name), then.get(name, parameter.default)
        if now != before:
            changed.append((name, before, now))
    return changed


def _close(then: object, now: float) -> bool:
    return isinstance(then, int | float) and math.isclose(float(then), now, rel_tol=PERIOD_TOLERANCE, abs_tol=1e-9)
