"""An old run analysed with today's code, beside what is stored in its file. Nothing is written unless asked."""

import datetime
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis, Result
from runmanager.catalogue.contents import guarded, is_run_file
from runmanager.catalogue.records import Stamp
from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from runfile.reader import RunFile


@dataclass(frozen=True)
class Line:
    """One result, stored and today; None where there is none.

    ``difference``: (today − stored) / √(stderr² + stderr²); NaN where it has no meaning. Both come from the same data,
    so their errors are not independent: a difference of 0.3 already says that the analysis has changed.
    """

    name: str
    stored: Result | None
    today: Result | None
    difference: float


@dataclass(frozen=True)
class Reanalysis:
    """Both analyses of one file. ``stored`` is None for a run without one, and for photon files.

    ``stored_by``: version that recorded the run. ``stamp``: the file as it was read.
    """

    path: Path
    stored: Analysis | None
    today: Analysis
    stored_by: str
    today_by: str
    stamp: Stamp
    can_store: bool

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every result of either, in today's order, then those that are no longer found."""
        before = {} if self.stored is None else self.stored.results
        now = self.today.results
        return tuple(compare(name, before.get(name), now.get(name)) for name in dict.fromkeys((*now, *before)))

    @property
    def largest_difference(self) -> float:
        """The largest difference in units of the combined error; 0 when nothing can be compared."""
        return max((abs(line.difference) for line in self.lines if math.isfinite(line.difference)), default=0.0)


def compare(name: str, stored: Result | None, today: Result | None) -> Line:
    """One line of the table; values in different units are not compared."""
    difference = math.nan
    if stored is not None and today is not None and stored.unit == today.unit:
        step = today.value - stored.value
        errors = [error for error in (stored.stderr, today.stderr) if math.isfinite(error) and error > 0.0]
        if step == 0.0:
            difference = 0.0
        elif errors:
            difference = step / math.hypot(*errors)
    return Line(name, stored, today, difference)


def reanalyse(path: Path) -> Reanalysis:
    """Analyse a run file or photon file with today's code; BadInputError with one line if that cannot be done."""
    return guarded(path, lambda: _of_run(path) if is_run_file(path) else _of_photons(path))


def store(found: Reanalysis) -> Path | None:
    """Put today's analysis into the run file; the earlier one is kept as JSON beside it (its path, or None).

    BadInputError when the file was changed since it was read, cannot be written, or is not a run file.
    """
    from runfile.errors import RunFileError
    from runfile.writer import store_analysis

    if not found.can_store:
        raise BadInputError(f"{found.path}: results are stored in run files that have ended, not in this one")
    if _stamp(found.path) != found.stamp:
        raise BadInputError(f"{found.path} was changed since it was analysed; analyse it again")
    kept = None if found.stored is None else _keep_earlier(found)
    try:
        store_analysis(found.path, found.today)
    except RunFileError as error:
        raise BadInputError(str(error)) from error
    return kept


def _of_run(path: Path) -> Reanalysis:
    from analysis import registry
    from runfile.reader import RunFile

    stamp = _stamp(path)
    with RunFile(path) as run:
        return Reanalysis(
            path=path,
            stored=run.analysis(),
            today=registry.analyse(run),
            stored_by=_version_of(run),
            today_by=_version(),
            stamp=stamp,
            can_store=True,
        )


def _of_photons(path: Path) -> Reanalysis:
    from runmanager.offline import analyse_file

    today = analyse_file(path).analysis
    return Reanalysis(path, None, today, "", _version(), _stamp(path), can_store=False)


def _keep_earlier(found: Reanalysis) -> Path:
    """Never over another one: the name carries the time."""
    from runmanager.output import analysis_document

    assert found.stored is not None  # noqa: S101 - the caller has looked
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    path = found.path.with_name(f"{found.path.stem}-earlier-analysis-{stamp}.json")
    document = {
        "run_file": found.path.name,
        "replaced": stamp,
        "recorded_with": found.stored_by,
        **analysis_document(found.stored),
    }
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(json.dumps(document, allow_nan=False, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadInputError(
            f"the earlier analysis cannot be kept as {path} ({error.strerror or error}); nothing was stored"
        ) from error
    return path


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return Stamp(status.st_size, status.st_mtime_ns)


def _version_of(run: "RunFile") -> str:
    return run.versions.get("solotron", "")


def _version() -> str:
    from importlib import metadata

    return metadata.version("solotron")
