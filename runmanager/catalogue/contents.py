"""All that the viewer shows of one file, read in one go; meant to be called in a process of its own."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analysis.views import View
from runfile.results import Analysis
from runmanager.catalogue.describe import DAMAGE
from runmanager.errors import BadInputError
from runmanager.numbers import duration

if TYPE_CHECKING:
    from runfile.reader import RunFile

_LARGEST_PHOTON_FILE = 400_000_000
"""Bytes; a larger photon file is not drawn here, because all its photons must be in memory for that."""
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Contents:
    """One file, complete. ``facts``: short lines about the run, name → text. ``parameters``: name → (value, unit).

    ``remarks``: what could not be shown, and why. For a photon file ``parameters`` is what its header says.
    """

    path: Path
    title: str
    facts: dict[str, str]
    parameters: dict[str, tuple[Any, str]]
    analysis: Analysis | None = None
    log: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)
    snapshot: dict[str, Any] = field(default_factory=dict)
    station: str = ""
    sample_sheet: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_contents(path: Path) -> Contents:
    """Everything but the plots; BadInputError with one line for a file that cannot be read."""
    return guarded(path, lambda: _contents_of_run(path) if is_run_file(path) else _contents_of_photons(path))


def read_views(path: Path, *, with_fit: bool = True) -> tuple[View, ...]:
    """The plots of a run file or photon file; BadInputError with one line for a file that cannot be read."""
    return guarded(path, lambda: _views(path, with_fit))


def is_run_file(path: Path) -> bool:
    """True for a run file; False for photon files of other programs. Raises AnalysisError for anything else."""
    from analysis import tag_files

    return tag_files.kind_of(path) == "run"


def guarded(path: Path, read: Callable[[], _Found]) -> _Found:
    """``read()``; whatever is wrong with the file becomes a BadInputError of one line."""
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError

    try:
        return read()
    except (RunFileError, AnalysisError) as error:
        raise BadInputError(" ".join(str(error).split())) from error
    except (*DAMAGE, MemoryError) as error:
        raise BadInputError(f"{path}: it is damaged or not of this kind ({type(error).__name__}: {error})") from error


def _contents_of_run(path: Path) -> Contents:
    from runfile.reader import RunFile

    with RunFile(path) as run:
        units = run.parameter_units
        return Contents(
            path=path,
            title=run.title,
            facts=_facts(run),
            parameters={name: (value, units.get(name, "")) for name, value in run.parameters.items()},
            analysis=run.analysis(),
            log=run.log,
            notes=run.notes,
            snapshot=run.snapshot,
            station=run.station,
            sample_sheet=run.sample_sheet,
            versions=run.versions,
        )


def _facts(run: "RunFile") -> dict[str, str]:
    conditions = ", ".join(f"{name} = {value:g}" for name, value in run.conditions.items())
    return {
        "procedure": run.procedure,
        "sample": str(run.sample.get("name", "")),
        "started": local_time(run.start_time),
        "ended": local_time(run.end_time) if run.end_time else "never properly",
        "duration": f"{duration(run.duration_s)} on the bench's clock",
        "exit status": "interrupted: its process died" if run.exit_status == "running" else run.exit_status,
        "bench": "real hardware" if run.seed is None else f"twin, seed {run.seed}",
        "conditions": conditions,
    }


def _contents_of_photons(path: Path) -> Contents:
    from analysis import tag_files

    kind = tag_files.kind_of(path)
    if kind == "sdt":
        return Contents(
            path, path.name, {"file": "SDT, decay histograms"}, {}, remarks=("SDT files are not drawn here",)
        )
    head = tag_files.open_stream(path).head
    period = "none" if head.sync_period_ps is None else f"{head.sync_period_ps / 1e3:.6g} ns"
    rate = "not stated" if head.stated_rate_hz is None else f"{head.stated_rate_hz:.6g} 1/s"
    length_s = head.stated_duration_s or head.elapsed_s
    return Contents(
        path=path,
        title=path.name,
        facts={
            "file": f"{head.kind}, photons of another program",
            "pulse period": period,
            "stated rate": rate,
            "stated duration": "not stated" if length_s is None else duration(length_s),
        },
        parameters={str(name): (value, "") for name, value in head.metadata.items()},
        remarks=head.warnings,
    )


def _views(path: Path, with_fit: bool) -> tuple[View, ...]:
    from analysis import tag_files, views
    from runfile.reader import RunFile

    kind = tag_files.kind_of(path)
    if kind == "run":
        with RunFile(path) as run:
            return views.views(run, with_fit=with_fit)
    n_bytes = path.stat().st_size
    if kind == "sdt" or n_bytes > _LARGEST_PHOTON_FILE:
        why = "SDT files hold decay histograms" if kind == "sdt" else f"{n_bytes / 1e6:.0f} MB of photons are too many"
        raise BadInputError(f"{path}: not drawn here: {why}; use 'solotron analyze --report'")
    return views.views_of_photons(tag_files.read(path), with_fit=with_fit)


def local_time(text: str) -> str:
    """An ISO 8601 time for people, in local time: ``2026-11-20 23:14:05``; what is no time stays as it is."""
    try:
        return f"{datetime.datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return text
