"""From an old run file back to a job: the same parameters, for the queue or the form."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runmanager.catalogue import places
from runmanager.errors import BadInputError
from runmanager.queue.entries import Job

if TYPE_CHECKING:
    from runfile.reader import RunFile

_MISSING = object()


@dataclass(frozen=True)
class JobFound:
    """The job, and what a person should know before it is queued: what could not be taken over, and why."""

    job: Job
    remarks: tuple[str, ...] = ()


def job_from_run_file(path: Path, *, station: Path | None = None, out: Path | None = None) -> Job:
    """The job of a run file; see :func:`read_job`."""
    return read_job(path, station=station, out=out).job


def read_job(path: Path, *, station: Path | None = None, out: Path | None = None) -> JobFound:
    """The job that would do a recorded run again with today's program.

    ``station``: today's station file. A run on real hardware never brings its own station back: limits, addresses and
    calibrations of that day may be wrong today. On the twin the recorded station and sample are used; where they are
    not the built-in ones they are written, once, into the user's data folder. ``out``: output folder (default: the
    run file's own). Parameters that the procedure no longer has, or whose value it now refuses, are left out and told.
    BadInputError when the file cannot be read or its procedure is unknown.
    """
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    path = Path(path)
    try:
        with RunFile(path) as run:
            return _job(run, path, station, out)
    except RunFileError as error:
        raise BadInputError(str(error)) from error
    except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise BadInputError(f"{path}: its parameters cannot be read ({type(error).__name__}: {error})") from error


def _job(run: "RunFile", path: Path, station: Path | None, out: Path | None) -> JobFound:
    settings, remarks = _settings(run.procedure, run.parameters, path)
    on_twin = run.seed is not None
    if on_twin:
        of_run = _recorded_station(run.station)
    else:
        of_run = None if station is None else station.resolve()
        remarks += (
            ("it ran on real hardware: choose the station file; until then the job is for the twin",)
            if station is None
            else ("it ran on real hardware: today's station file is used, not the recorded one",)
        )
    if "continues" in run.notes:
        remarks += ("it continued an earlier run; this job measures everything anew",)
    if "ended_early" in run.notes:
        remarks += ("it ended early, at its target; this job has the whole plan and no target",)
    job = Job(
        procedure=run.procedure,
        settings=settings,
        station=of_run,
        twin=on_twin or station is None,
        sample=_recorded_sample(run),
        seed=1 if run.seed is None else run.seed,
        out=(out or path.parent).resolve(),
    )
    return JobFound(job, remarks)


def _settings(
    procedure: str, recorded: dict[str, Any], path: Path
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Recorded parameters as settings that today's procedure takes, and what it does not."""
    from procedures import registry
    from procedures.errors import ParameterError

    if procedure not in registry.PROCEDURES:
        raise BadInputError(
            f"{path}: its procedure '{procedure}' is unknown to this program; there are: "
            f"{', '.join(registry.PROCEDURES)}"
        )
    experiment = registry.load(procedure)()
    settings: list[tuple[str, str]] = []
    remarks: list[str] = []
    for name, value in recorded.items():
        try:
            experiment.set_parameter(name, value)
        except ParameterError as error:
            remarks.append(f"left out: {error}")
        else:
            settings.append((name, _text(value)))
    for name in experiment.parameters():
        if recorded.get(name, _MISSING) is _MISSING:
            remarks.append(
                f"the run had no parameter '{name}' yet: today's default {getattr(experiment, name)} is used"
            )
    return tuple(settings), tuple(remarks)


def _text(value: object) -> str:
    """As on the command line; numbers with every digit they have."""
    return repr(value) if isinstance(value, float) else str(value)


def _recorded_station(text: str) -> Path | None:
    """None for the built-in station, else a file that holds the recorded text."""
    from instruments.station import TEMPLATE

    return None if text == TEMPLATE.read_text(encoding="utf-8") else _kept("station", text)


def _recorded_sample(run: "RunFile") -> str:
    """The name of a built-in sample whose sheet is the recorded one, else a file that holds the recorded sheet."""
    from sims.dot.sample import SampleError, sample_path

    name = str(run.sample.get("name", ""))
    try:
        if name and sample_path(name).read_text(encoding="utf-8") == run.sample_sheet:
            return name
    except (SampleError, OSError):
        pass
    return str(_kept("sample", run.sample_sheet))


def _kept(what: str, text: str) -> Path:
    """A file with this text in the user's data folder; its name is made of its content, so it never changes."""
    import hashlib

    folder = places.data_folder() / "from-run-files"
    path = folder / f"{what}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInputError(
            f"the recorded {what} cannot be written to {path} ({error.strerror or error}); set SOLOTRON_DATA_FOLDER"
        ) from error
    return path.resolve()
