"""What the status page says, as data: made from the queue's entries, without the web and without the queue's file."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from runmanager.numbers import with_error
from runmanager.queue.entries import Entry, Status
from runmanager.queue.finish_times import finish_times, runs_on_twin

SHOWN_WAITING = 20
SHOWN_ENDED = 12
SHOWN_RESULTS = 3

TWIN = "the twin"


class Safety(StrEnum):
    """What is known of the safe state (shutters closed, microwave off, magnet at rest) of one bench."""

    CONFIRMED = "confirmed"
    IN_USE = "in use"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    NOT_CONFIRMED = "not confirmed"


@dataclass(frozen=True)
class BenchSafety:
    """The safe state of one bench, in a sentence; ``by_hand``: what a person must do now ("" for nothing)."""

    bench: str
    safety: Safety
    text: str
    by_hand: str = ""


@dataclass(frozen=True)
class RunningNow:
    """The entry that is measured. ``finishes_at``: seconds since 1970; None where nothing predicts it."""

    id: int
    experiment: str
    bench: str
    paused: bool
    fraction: float
    what: str
    started_at: float
    finishes_at: float | None


@dataclass(frozen=True)
class Waiting:
    """One entry that waits; ``violations`` are what the dry run ran into."""

    id: int
    experiment: str
    bench: str
    finishes_at: float | None
    violations: tuple[str, ...]
    skipped: bool


@dataclass(frozen=True)
class Ended:
    """One entry of the history. ``passed`` is None where there is no verdict; ``results`` are lines to read."""

    id: int
    experiment: str
    bench: str
    status: str
    passed: bool | None
    reason: str
    finished_at: float
    results: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """All that the page shows. ``n_waiting`` counts those not shown, too."""

    taken_at: float
    held: bool
    running: tuple[RunningNow, ...]
    waiting: tuple[Waiting, ...]
    n_waiting: int
    ended: tuple[Ended, ...]
    benches: tuple[BenchSafety, ...]


def take(
    running: Sequence[Entry], queued: Sequence[Entry], history: Sequence[Entry], *, held: bool, now: float
) -> Snapshot:
    """What the queue looks like at ``now`` (seconds since 1970).

    ``history`` newest first; ``held``: the queue as a whole is paused and starts nothing.
    """
    finishes = _finish_times(running, queued, now)
    return Snapshot(
        taken_at=now,
        held=held,
        running=tuple(_running(entry, finishes[entry.id]) for entry in running),
        waiting=tuple(_waiting(entry, finishes[entry.id]) for entry in queued[:SHOWN_WAITING]),
        n_waiting=len(queued),
        ended=tuple(_ended(entry) for entry in history[:SHOWN_ENDED]),
        benches=_benches(running, history),
    )


def bench_of(entry: Entry) -> str:
    """The bench an entry is for; every twin is the same to a person who asks what is safe."""
    if runs_on_twin(entry.job) or entry.job.station is None:
        return TWIN
    return entry.job.station.name


def _finish_times(running: Sequence[Entry], queued: Sequence[Entry], now: float) -> dict[int, float | None]:
    """Forecast end of each entry; without a forecast, of the running one by its pace so far."""
    ends = finish_times([*running, *queued], now)
    for entry in running:
        if ends[entry.id] is None:
            ends[entry.id] = _by_pace(entry, now)
    return ends


def _by_pace(entry: Entry, now: float) -> float | None:
    if entry.started_at is None or entry.fraction <= 0.0 or now <= entry.started_at:
        return None
    fraction = min(entry.fraction, 1.0)
    return now + (now - entry.started_at) * (1.0 - fraction) / fraction


def _running(entry: Entry, finishes_at: float | None) -> RunningNow:
    return RunningNow(
        id=entry.id,
        experiment=entry.job.procedure,
        bench=bench_of(entry),
        paused=entry.status is Status.PAUSED,
        fraction=entry.fraction,
        what=entry.what,
        started_at=entry.added_at if entry.started_at is None else entry.started_at,
        finishes_at=None if entry.status is Status.PAUSED else finishes_at,
    )


def _waiting(entry: Entry, finishes_at: float | None) -> Waiting:
    violations = () if entry.prediction is None else entry.prediction.violations
    return Waiting(entry.id, entry.job.procedure, bench_of(entry), finishes_at, violations, skipped=entry.blocked)


def _ended(entry: Entry) -> Ended:
    ending = entry.ending
    if ending is None:  # its process died before it could say anything
        at = entry.added_at if entry.started_at is None else entry.started_at
        return Ended(entry.id, entry.job.procedure, bench_of(entry), entry.status, None, "ended without a word", at, ())
    failed = "; ".join(check.detail for check in ending.checks if not check.passed)
    shown = list(ending.results.items())[:SHOWN_RESULTS]
    return Ended(
        id=entry.id,
        experiment=entry.job.procedure,
        bench=bench_of(entry),
        status=entry.status,
        passed=ending.passed,
        reason=ending.message or failed,
        finished_at=ending.finished_at,
        results=tuple(f"{name.replace('_', ' ')} {with_error(result)}" for name, result in shown),
    )


def _benches(running: Sequence[Entry], history: Sequence[Entry]) -> tuple[BenchSafety, ...]:
    """The newest word on each bench; those that need a person first, the twin last."""
    found: dict[str, BenchSafety] = {}
    for entry in [*running, *history]:
        if entry.status is not Status.REFUSED:  # nothing had moved: says nothing of the bench
            found.setdefault(bench_of(entry), _safety(entry))
    order = list(Safety)
    return tuple(sorted(found.values(), key=lambda bench: (bench.bench == TWIN, -order.index(bench.safety))))


def _safety(entry: Entry) -> BenchSafety:
    bench = bench_of(entry)
    if entry.status is Status.RUNNING:
        return BenchSafety(bench, Safety.IN_USE, f"run {entry.id} is going on: light and microwave may be on")
    if entry.status is Status.PAUSED:
        return BenchSafety(bench, Safety.PAUSED, f"run {entry.id} is paused: beam shutter closed, microwave off")
    if entry.status is Status.INTERRUPTED or entry.ending is None:
        return BenchSafety(
            bench,
            Safety.UNKNOWN,
            f"the program died during run {entry.id} and could not reach the safe state",
            by_hand="run 'solotron station safe' with the station's file, or start the next run, which begins safely",
        )
    if entry.ending.unsafe:
        return BenchSafety(
            bench,
            Safety.NOT_CONFIRMED,
            f"the safe state was not confirmed after run {entry.id}",
            by_hand=entry.ending.unsafe,
        )
    return BenchSafety(bench, Safety.CONFIRMED, f"safe state confirmed at the end of run {entry.id}")
