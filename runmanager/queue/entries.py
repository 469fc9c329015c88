"""What the queue holds: a job (what was asked for) and an entry (the job, its place, its forecast and its end)."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from runfile.results import Check, Result
from runmanager.engine import RunRequest


class Status(StrEnum):
    """Where an entry stands. The first three are in the queue, the others in the history."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    ABORTED = "aborted"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"

    @property
    def ended(self) -> bool:
        """True for the history."""
        return self not in (Status.QUEUED, Status.RUNNING, Status.PAUSED)


@dataclass(frozen=True)
class Target:
    """Stop as soon as the standard error of ``result`` is at most ``stderr`` (in the result's unit)."""

    result: str
    stderr: float


@dataclass(frozen=True)
class Job:
    """What was asked for. ``until``: end early once every target is met; ``continues``: the run file to go on from.

    Paths are absolute: the queue may be run from another folder.
    """

    procedure: str
    settings: tuple[tuple[str, str], ...] = ()
    station: Path | None = None
    twin: bool = False
    sample: str | None = None
    seed: int = 1
    out: Path = Path("runs")
    faults: Path | None = None
    until: tuple[Target, ...] = ()
    continues: Path | None = None

    def request(self) -> RunRequest:
        """The run engine's request of this job."""
        return RunRequest(
            procedure=self.procedure,
            station=self.station,
            twin=self.twin,
            sample=self.sample,
            seed=self.seed,
            settings=self.settings,
            out=self.out,
            faults=self.faults,
            continues=self.continues,
        )


@dataclass(frozen=True)
class Prediction:
    """What the dry run on the twin says: bench time, photons, expected results, what would go wrong.

    ``wall_s``: how long the dry run itself took; a job on the twin takes about as long.
    """

    duration_s: float
    photons: int
    results: dict[str, Result]
    passed: bool
    violations: tuple[str, ...] = ()
    wall_s: float = float("nan")


@dataclass(frozen=True)
class Ending:
    """How an entry ended: as RunOutcome, without the heavy parts. ``finished_at``: wall clock, seconds since 1970."""

    exit_code: int
    finished_at: float
    duration_s: float = float("nan")
    results: dict[str, Result] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    passed: bool | None = None
    message: str = ""
    unsafe: str = ""


@dataclass(frozen=True)
class Entry:
    """One row of the queue or of the history. Times are wall clock, seconds since 1970.

    ``position`` orders the queued ones. ``confirmed``: run it although its forecast names violations.
    """

    id: int
    status: Status
    position: float
    job: Job
    added_at: float
    started_at: float | None = None
    run_file: Path | None = None
    fraction: float = 0.0
    what: str = ""
    prediction: Prediction | None = None
    ending: Ending | None = None
    repeats: int | None = None
    confirmed: bool = False

    @property
    def blocked(self) -> bool:
        """True for a queued entry that is skipped: its forecast names violations, and nobody has confirmed it."""
        return (
            self.status is Status.QUEUED
            and not self.confirmed
            and self.prediction is not None
            and bool(self.prediction.violations)
        )
