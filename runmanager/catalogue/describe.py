"""One file as the catalogue knows it. Whatever is wrong with a file becomes a row that says so."""

import datetime
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Result
from runmanager.catalogue.records import Description, Fact, Family, Kind, Stamp, Summary
from runmanager.numbers import with_error

if TYPE_CHECKING:
    from analysis.readers.base import Head

_FRESH_NS = 2_000_000_000
"""A file changed this recently may change again without a new time: clocks of file systems tick in up to 2 s."""
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_IN_USE = "a running process is writing it"
DAMAGE = (OSError, RuntimeError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError)
"""What a damaged file does to its reader; cannot be foreseen case by case."""


def describe_all(folder: str, names: tuple[str, ...]) -> tuple[Description, ...]:
    """Describe several files of a folder, in whatever process; files that have gone are left out."""
    found = (describe(Path(folder), name) for name in names)
    return tuple(each for each in found if each is not None)


def describe(folder: Path, name: str) -> Description | None:
    """Describe ``folder / name``; None when it is no longer there. Raises nothing for what is wrong in the file."""
    path = folder / name
    try:
        status = path.stat()
    except OSError:
        return None
    stamp = Stamp(status.st_size, status.st_mtime_ns)
    fresh = abs(time.time_ns() - stamp.mtime_ns) <= _FRESH_NS
    from runfile.errors import RunFileError

    try:
        found = _describe_hdf5(path, name, stamp) if _is_hdf5(path) else _describe_photons(path, name, stamp)
    except RunFileError as error:
        in_use = _IN_USE in str(error)
        found = _recording(name, stamp) if in_use else _unreadable(name, stamp, str(error).replace(str(path), name))
        return replace(found, settled=not (fresh or in_use))
    except DAMAGE as error:
        found = _unreadable(name, stamp, f"cannot read {name}: it is damaged ({type(error).__name__}: {error})")
    if found.summary.exit_status != "running":
        return replace(found, settled=not fresh)
    alive = fresh or _is_being_written(path)
    exit_status = "running" if alive else "interrupted"
    return replace(found, summary=replace(found.summary, exit_status=exit_status), settled=not alive)


def _recording(name: str, stamp: Stamp) -> Description:
    summary = Summary(name, Kind.RUN, stamp.size_bytes, title="being recorded", exit_status="running")
    return Description(summary, stamp, words=_words(name, summary.title))


def _is_being_written(path: Path) -> bool:
    """True while another process holds HDF5's lock, so that a run that goes on is told from one whose process died.

    Asked only of files marked running and untouched for seconds: a run engine keeps such a file locked, so that the
    microseconds for which this question holds the lock cannot come between it and its file.
    """
    try:
        import fcntl
    except ImportError:  # Windows: a file that is being written does not open in the first place
        return False
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _is_hdf5(path: Path) -> bool:
    """By content; an HDF5 file whose beginning is destroyed, by name."""
    with path.open("rb") as stream:
        if stream.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE:
            return True
    return path.suffix.lower() in {".h5", ".hdf5"}


def _describe_hdf5(path: Path, name: str, stamp: Stamp) -> Description:
    from runfile.errors import RunFileError

    try:
        return _describe_run(path, name, stamp)
    except RunFileError as error:
        if "not a run file" not in str(error):
            raise
    return _describe_photons(path, name, stamp)  # Photon-HDF5, or refused with the reason


def _unreadable(name: str, stamp: Stamp, problem: str) -> Description:
    line = " ".join(problem.split())
    return Description(
        Summary(name, Kind.UNREADABLE, stamp.size_bytes, problem=line), stamp, words=_words(name, "unreadable", line)
    )


def _describe_run(path: Path, name: str, stamp: Stamp) -> Description:
    from runfile.encoding import results_to_json
    from runfile.reader import RunFile

    with RunFile(path) as run:
        analysis = run.analysis()
        parameters, units, conditions = run.parameters, run.parameter_units, run.conditions
        sample = str(run.sample.get("name", ""))
        summary = Summary(
            name=name,
            kind=Kind.RUN,
            size_bytes=stamp.size_bytes,
            procedure=run.procedure,
            title=run.title,
            sample=sample,
            started_at=_epoch_s(run.start_time),
            duration_s=_finite(run.duration_s),
            exit_status=run.exit_status,
            passed=None if analysis is None else analysis.verdict.passed,
            reason="" if analysis is None else analysis.verdict.reason,
            seed=run.seed,
            headline="" if analysis is None else headline(analysis.results),
        )
    results = {} if analysis is None else analysis.results
    facts = [
        *(_fact("parameter", key, value, units.get(key, "")) for key, value in parameters.items()),
        *(_fact("condition", key, value, _condition_unit(key)) for key, value in conditions.items()),
        *(
            Fact("result", key, _finite(result.value), unit=result.unit, stderr=_finite(result.stderr))
            for key, result in results.items()
        ),
    ]
    warnings = () if analysis is None else analysis.warnings
    checks = () if analysis is None else tuple(check.detail for check in analysis.verdict.checks)
    return Description(
        summary,
        stamp,
        facts=tuple(facts),
        parameters=json.dumps({key: {"value": value, "unit": units.get(key, "")} for key, value in parameters.items()}),
        results=results_to_json(results),
        words=_words(
            name,
            summary.procedure,
            summary.title,
            sample,
            summary.exit_status,
            *checks,
            *warnings,
            " ".join(results),
            " ".join(f"{key} {value}" for key, value in parameters.items() if isinstance(value, str)),
        ),
    )


def headline(results: dict[str, Result]) -> str:
    """The first result that has a value and an error, ``lifetime 15.06 ± 0.03 ns``; "" without any."""
    for name, result in results.items():
        if math.isfinite(result.value) and math.isfinite(result.stderr) and result.stderr > 0.0:
            return f"{name.replace('_', ' ')} {with_error(result).split('  [')[0]}"
    return ""


def _describe_photons(path: Path, name: str, stamp: Stamp) -> Description:
    """What a photon file's header says; its photons are not read."""
    from analysis import tag_files
    from analysis.errors import AnalysisError

    try:
        kind = tag_files.kind_of(path)
        head = None if kind == "sdt" else tag_files.open_stream(path).head
    except AnalysisError as error:
        return _unreadable(name, stamp, str(error).replace(str(path), name))
    if head is None:
        summary = Summary(name, Kind.PHOTONS, stamp.size_bytes, procedure="sdt", title="decay histograms")
        return Description(summary, stamp, words=_words(name, "sdt", summary.title))
    summary = Summary(
        name=name,
        kind=Kind.PHOTONS,
        size_bytes=stamp.size_bytes,
        procedure=head.kind,
        title=_photon_title(head),
        started_at=_ptu_start_s(path) if head.kind == "ptu" else None,
        duration_s=_finite(head.stated_duration_s or head.elapsed_s),
        headline="" if head.stated_rate_hz is None else f"stated rate {head.stated_rate_hz:.4g} 1/s",
    )
    plain = {str(key): value for key, value in head.metadata.items() if isinstance(value, str | int | float | bool)}
    facts = tuple(_fact("parameter", key, value, "") for key, value in plain.items())
    parameters = {key: {"value": _json_number(value), "unit": ""} for key, value in plain.items()}
    return Description(
        summary,
        stamp,
        facts=facts,
        parameters=json.dumps(parameters, allow_nan=False),
        words=_words(name, head.kind, summary.title, *head.warnings),
    )


def _photon_title(head: "Head") -> str:
    period_ps = head.sync_period_ps
    how = "continuous or not related to pulses" if period_ps is None else f"pulses every {period_ps / 1e3:.4g} ns"
    remark = next((str(head.metadata[key]) for key in ("File_Comment", "description") if head.metadata.get(key)), "")
    return " ".join(f"{head.kind} photon file, {how}{': ' if remark else ''}{remark}".split())[:200]


def _ptu_start_s(path: Path) -> float | None:
    """Start as the header states it: a date without a zone, taken as local time."""
    import ptufile

    with path.open("rb") as stream, ptufile.PtuFile(stream) as file:
        stated = file.datetime
    return None if stated is None else _epoch_s(stated.isoformat())


def _fact(family: Family, name: str, value: object, unit: str) -> Fact:
    if isinstance(value, bool):
        return Fact(family, name, None, text="true" if value else "false", unit=unit)
    if isinstance(value, int | float):
        return Fact(family, name, _finite(float(value)), unit=unit)
    return Fact(family, name, None, text=str(value), unit=unit)


def _condition_unit(name: str) -> str:
    """Conditions carry their unit in the name: ``temperature_k``, ``field_t``."""
    return {"k": "K", "t": "T"}.get(name.rpartition("_")[2], "")


def _epoch_s(text: str) -> float | None:
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _json_number(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _words(*texts: str) -> str:
    return "\n".join(text for text in texts if text).casefold()
