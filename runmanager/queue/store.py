"""The queue on the disk. Several processes may use it at once; a kill or a power failure loses nothing of it.

Every change is one transaction, on the disk before the call returns. A store is used by the thread that opened it:
each thread opens its own. Keep the file on a local disk, as SQLite's write-ahead log needs it.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from runmanager.errors import QueueError
from runmanager.queue import ordering, recovery, rows, schema
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status
from runmanager.queue.holder import Holder
from runmanager.queue.job_text import absolute, ending_text, job_text, prediction_text

STORE_VARIABLE = "SOLOTRON_QUEUE"
"""Environment variable that names the queue's file."""
DEFAULT_NAME = "solotron-queue.sqlite"

MAX_FORECAST_ATTEMPTS = 3
PROGRESS_EVERY_S = 1.0
HURRIED_BUSY_MS = 50


def default_path() -> Path:
    """The queue's file: what SOLOTRON_QUEUE names, else solotron-queue.sqlite in the current folder."""
    return Path(os.environ.get(STORE_VARIABLE) or DEFAULT_NAME).absolute()


@dataclass(frozen=True)
class Changes:
    """What changed since a counter: the new counter, the changed entries, and the numbers of all that exist now."""

    counter: int
    entries: tuple[Entry, ...]
    ids: frozenset[int]


@dataclass(frozen=True)
class WorkerAddress:
    """Where the process that runs the queue listens, and the key that proves a watcher may speak to it."""

    pid: int
    address: str
    authkey: bytes


class QueueStore:
    """The queue of one file; a context manager. Every method raises QueueError for what cannot be done."""

    def __init__(self, path: Path | str | None = None) -> None:
        """Open the queue, made first where there is none (None: ``default_path()``)."""
        self.path = default_path() if path is None else Path(path).absolute()
        self._connection = schema.connect(self.path)
        self._progress_at_s = 0.0

    def close(self) -> None:
        """Close the file; further calls do nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- reading ----------------------------------------------------------------------------------------

    def entry(self, entry_id: int) -> Entry:
        """One entry."""
        with schema.told(self.path):
            return rows.one(self._connection, entry_id, self.path)

    def entries(self) -> list[Entry]:
        """All: the running one, the queued ones in their order, the ended ones, newest first."""
        return self._some("1")

    def queued(self) -> list[Entry]:
        """What waits, in the order in which it will run."""
        return self._some("status = 'queued'")

    def running(self) -> list[Entry]:
        """What runs or is paused."""
        return self._some("status IN ('running', 'paused')")

    def history(self, limit: int | None = None) -> list[Entry]:
        """What has ended, newest first; at most ``limit`` of it."""
        order = f"{rows.IN_ORDER} LIMIT ?"
        condition = "status NOT IN ('queued', 'running', 'paused')"
        return self._some(condition, (-1 if limit is None else min(limit, rows.LARGEST_ID),), order)

    def change_counter(self) -> int:
        """A number that grows with every change by whatever process; cheap to ask for (some 10 µs)."""
        return self._state("changes")

    def changed_since(self, counter: int) -> Changes:
        """The entries changed after ``counter`` (0: all), read in one transaction."""
        with self._transaction("BEGIN"):  # all three of one moment
            changed = rows.some(self._connection, self.path, "changed > ?", (counter,))
            ids = frozenset(number for (number,) in self._connection.execute("SELECT id FROM entries"))
            return Changes(int(self._state("changes")), tuple(changed), ids)

    # --- what people do ---------------------------------------------------------------------------------

    def add(self, job: Job, *, after: int | None = None, repeats: int | None = None) -> Entry:
        """Put a job at the end, or behind the queued entry ``after`` (the running one: in front of all).

        The job is kept as it is, with its paths made absolute; ``jobs.checked`` finds out whether it can run.
        """
        with self._write() as counter:
            return self._insert(counter, job, ordering.position_after(self._connection, after, self.path), repeats)

    def add_many(self, jobs: Iterable[Job]) -> list[Entry]:
        """Put jobs at the end: all of them or, where one cannot be added, none."""
        with self._write() as counter:
            last = ordering.last_position(self._connection)
            return [self._insert(counter, job, last + number, None) for number, job in enumerate(jobs)]

    def move(self, entry_id: int, before: int | None = None) -> Entry:
        """Put a queued entry in front of the queued entry ``before`` (None: at the end)."""
        with self._write() as counter:
            self._must_be(entry_id, "moved", Status.QUEUED)
            if before == entry_id:
                return rows.one(self._connection, entry_id, self.path)
            position = ordering.position_before(self._connection, before, self.path, moving=entry_id)
            return self._update(entry_id, counter, position=position)

    def remove(self, entry_id: int) -> None:
        """Take an entry out of the queue or the history; its run file stays. Refused for what runs."""
        with self._write():
            entry = rows.one(self._connection, entry_id, self.path)
            if entry.status in (Status.RUNNING, Status.PAUSED):
                raise QueueError(f"entry {entry_id} is {entry.status}: abort it first ('solotron queue abort')")
            self._connection.execute("DELETE FROM entries WHERE id = ?", (entry_id,))

    def edit(self, entry_id: int, job: Job) -> Entry:
        """Give a queued entry another job; its forecast and its confirmation are dropped when the job is another."""
        with self._write() as counter:
            entry = self._must_be(entry_id, "edited", Status.QUEUED)
            text = job_text(absolute(job))
            if text == job_text(entry.job):
                return entry
            return self._update(entry_id, counter, job=text, prediction=None, confirmed=0, forecast_attempts=0)

    def duplicate(self, entry_id: int) -> Entry:
        """The same job once more, from its start: behind the original, or at the end if that is not queued."""
        entry = self.entry(entry_id)
        after = entry_id if entry.status is Status.QUEUED else None
        return self.add(replace(entry.job, continues=None), after=after)

    def repeat(self, entry_id: int) -> Entry:
        """An ended entry's job once more, from its start, at the end of the queue."""
        entry = self.entry(entry_id)
        if not entry.status.ended:
            raise QueueError(f"entry {entry_id} is {entry.status} and cannot be repeated yet; duplicate it")
        return self.add(replace(entry.job, continues=None), repeats=entry_id)

    def resume(self, entry_id: int) -> Entry:
        """Go on with an interrupted, aborted or failed entry where its run file ends, in front of the queue.

        Refused when there is no readable run file, and when the queue has such an entry already.
        """
        old = self.entry(entry_id)
        run_file = recovery.resumable_file(old)
        with self._write() as counter:
            for other in rows.some(self._connection, self.path, "status IN ('queued', 'running', 'paused')"):
                if other.job.continues == run_file:
                    raise QueueError(f"entry {other.id} continues {run_file} already")
            first = ordering.first_position(self._connection)
            return self._insert(counter, replace(old.job, continues=run_file), first, entry_id)

    def confirm(self, entry_id: int) -> Entry:
        """Let a queued entry run although its forecast names violations."""
        with self._write() as counter:
            self._must_be(entry_id, "confirmed", Status.QUEUED)
            return self._update(entry_id, counter, confirmed=1)

    def is_paused(self) -> bool:
        """True while nothing new shall start."""
        return bool(self._state("paused"))

    def set_paused(self, paused: bool) -> None:
        """Stop or let go the queue as a whole: while paused, ``claim_next`` gives nothing. Survives the processes."""
        with self._write():
            self._connection.execute("UPDATE queue SET paused = ?", (int(paused),))

    # --- what the runner does ---------------------------------------------------------------------------

    def hold(self) -> Holder:
        """A lock that says this process lives; what it claims counts as interrupted once the lock is free."""
        return Holder(self.path)

    def next_to_run(self) -> Entry | None:
        """The entry that ``claim_next`` would take; None when there is none or the queue is paused."""
        return self._next_to_run()

    def claim_next(self, holder: Holder, may_start: Callable[[Entry], bool] = lambda entry: True) -> Entry | None:
        """Take the first entry that may run and mark it running; None when there is none or the queue is paused.

        Skips entries whose forecast names violations that nobody has confirmed. No entry is ever given out twice.
        None, too, when the one whose turn it is must not start yet, says ``may_start``: none overtakes it.
        """
        entry = self._next_to_run()
        if entry is None or not may_start(entry):  # an idle runner asks again and again: change nothing then
            return None
        with self._write() as counter:
            entry = self._next_to_run()
            if entry is None or not may_start(entry):
                return None
            status = Status.RUNNING.value
            return self._update(entry.id, counter, status=status, holder=holder.name, started_at=time.time())

    def set_run_file(self, entry_id: int, run_file: Path) -> None:
        """Say where the running entry records."""
        with self._write() as counter:
            self._must_be(entry_id, "given a run file", Status.RUNNING, Status.PAUSED)
            self._update(entry_id, counter, run_file=rows.path_text(run_file.absolute()))

    def set_progress(self, entry_id: int, fraction: float, what: str) -> bool:
        """Say how far the running entry is (0-1); whether it was written.

        At most one a second is, and none while another process writes or the disk is full: a run never waits for
        its progress bar. Not forced to the disk: a power failure may lose the last ones.
        """
        now_s = time.monotonic()
        if now_s - self._progress_at_s < PROGRESS_EVERY_S:
            return False
        self._progress_at_s = now_s
        values = (min(max(fraction, 0.0), 1.0), what.encode(errors="replace").decode())
        try:
            with self._in_a_hurry(), self._write() as counter:
                self._connection.execute(
                    "UPDATE entries SET fraction = ?, what = ?, changed = ? "
                    "WHERE id = ? AND status IN ('running', 'paused')",
                    (*values, counter, entry_id),
                )
        except QueueError:
            return False
        return True

    def set_status(self, entry_id: int, status: Status) -> Entry:
        """Between running and paused; everything else is ``finish``'s."""
        if status not in (Status.RUNNING, Status.PAUSED):
            raise QueueError(f"entry {entry_id} cannot be set to {status}; only running and paused can be set")
        with self._write() as counter:
            self._must_be(entry_id, f"set to {status}", Status.RUNNING, Status.PAUSED)
            return self._update(entry_id, counter, status=status.value)

    def finish(self, entry_id: int, status: Status, ending: Ending) -> Entry:
        """The end of a running entry, into the history."""
        if not status.ended:
            raise QueueError(f"entry {entry_id} cannot end as {status}")
        with self._write() as counter:
            self._must_be(entry_id, f"ended as {status}", Status.RUNNING, Status.PAUSED)
            return self._finish(entry_id, counter, status, ending)

    def recover(self) -> list[Entry]:
        """Mark as interrupted what a dead process was running; these entries. Safe while other runners live."""
        if not self._lost():  # nothing to do is the rule: change nothing then
            return []
        with self._write() as counter:
            lost = [rows.one(self._connection, entry_id, self.path) for entry_id in self._lost()]
            status = Status.INTERRUPTED
            return [self._finish(entry.id, counter, status, recovery.interrupted(entry)) for entry in lost]

    def worker(self) -> WorkerAddress | None:
        """Where the process that runs the queue listens; None: there is none, or it has not said."""
        query = "SELECT worker_pid, worker_address, worker_authkey FROM queue"
        with schema.told(self.path):
            pid, address, authkey = self._connection.execute(query).fetchone()
        return None if pid is None else WorkerAddress(int(pid), str(address), bytes(authkey))

    def set_worker(self, pid: int, address: str, authkey: bytes) -> None:
        """Say where the process that runs the queue listens."""
        self._set_worker(pid, address, authkey)

    def clear_worker(self) -> None:
        """Nobody listens any more."""
        self._set_worker(None, None, None)

    # --- what the forecaster does -----------------------------------------------------------------------

    def without_forecast(self, only: frozenset[int] | None = None) -> list[Entry]:
        """The queued entries (of ``only``) that still get a forecast, in the order in which they do."""
        condition = "status = 'queued' AND prediction IS NULL AND forecast_attempts < ?"
        found = self._some(condition, (MAX_FORECAST_ATTEMPTS,), "forecast_attempts, position")
        return [entry for entry in found if only is None or entry.id in only]

    def claim_forecast(self, only: frozenset[int] | None = None) -> Entry | None:
        """The next queued entry (of ``only``) without a forecast, its attempt counted; None when there is none.

        After three attempts that gave nothing (the dry run broke the forecaster) an entry is left without.
        """
        if not self.without_forecast(only):  # nothing to do is the rule: change nothing then
            return None
        with self._write() as counter:
            found = self.without_forecast(only)
            if not found:
                return None
            self._connection.execute(
                "UPDATE entries SET forecast_attempts = forecast_attempts + 1, changed = ? WHERE id = ?",
                (counter, found[0].id),
            )
            return found[0]

    def release_forecast(self, entry_id: int) -> None:
        """The forecast was given up for a reason that is not the entry's: the attempt does not count."""
        with self._write():
            self._connection.execute(
                "UPDATE entries SET forecast_attempts = max(forecast_attempts - 1, 0) WHERE id = ?", (entry_id,)
            )

    def put_prediction(self, entry_id: int, job: Job, prediction: Prediction) -> bool:
        """Keep the forecast made of ``job``; False, and nothing kept, if the entry has gone, changed or ended."""
        with self._write() as counter:
            try:
                entry = rows.one(self._connection, entry_id, self.path)
            except QueueError:
                return False
            if entry.status.ended or job_text(entry.job) != job_text(absolute(job)):
                return False
            self._update(entry_id, counter, prediction=prediction_text(prediction))
            return True

    # --- inside -----------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        connection = self._connection
        with schema.told(self.path):
            connection.execute(begin)
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled it back already; the first error is told
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_a_hurry(self) -> Iterator[None]:
        """While inside, give up soon where another writes, and do not wait for the disk."""
        with schema.told(self.path):
            self._connection.execute(f"PRAGMA busy_timeout = {HURRIED_BUSY_MS}")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                yield
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute(f"PRAGMA busy_timeout = {int(1000 * schema.BUSY_S)}")

    @contextmanager
    def _write(self) -> Iterator[int]:
        """One transaction that changes something; yields the counter that its rows are marked with."""
        with self._transaction("BEGIN IMMEDIATE"):
            self._connection.execute("UPDATE queue SET changes = changes + 1")
            yield self._state("changes")

    def _next_to_run(self) -> Entry | None:
        if self._state("paused"):
            return None
        found = rows.each(self._connection, self.path, "status = 'queued'", order="position")
        with schema.told(self.path), closing(found) as waiting:
            return next((entry for entry in waiting if not entry.blocked), None)

    def _lost(self) -> list[int]:
        query = "SELECT id, holder FROM entries WHERE status IN ('running', 'paused') ORDER BY id"
        with schema.told(self.path):
            found = self._connection.execute(query).fetchall()
        return [int(entry_id) for entry_id, holder in found if recovery.is_lost(self.path, holder)]

    def _set_worker(self, *values: object) -> None:
        with self._write():
            query = "UPDATE queue SET worker_pid = ?, worker_address = ?, worker_authkey = ?"
            self._connection.execute(query, values)

    def _state(self, column: str) -> int:
        with schema.told(self.path):
            return int(self._connection.execute(f"SELECT {column} FROM queue").fetchone()[0])  # noqa: S608

    def _some(self, condition: str, values: tuple[object, ...] = (), order: str = rows.IN_ORDER) -> list[Entry]:
        with schema.told(self.path):
            return rows.some(self._connection, self.path, condition, values, order)

    def _must_be(self, entry_id: int, done: str, *allowed: Status) -> Entry:
        entry = rows.one(self._connection, entry_id, self.path)
        if entry.status not in allowed:
            wanted = " or ".join(allowed)
            raise QueueError(f"entry {entry_id} is {entry.status} and cannot be {done}; only what is {wanted} can")
        return entry

    def _insert(self, counter: int, job: Job, position: float, repeats: int | None) -> Entry:
        made = self._connection.execute(
            "INSERT INTO entries (status, position, job, added_at, repeats, changed) VALUES ('queued', ?, ?, ?, ?, ?)",
            (position, job_text(absolute(job)), time.time(), repeats, counter),
        )
        return rows.one(self._connection, int(made.lastrowid or 0), self.path)

    def _finish(self, entry_id: int, counter: int, status: Status, ending: Ending) -> Entry:
        text, at = ending_text(ending), ending.finished_at
        return self._update(entry_id, counter, status=status.value, ending=text, finished_at=at, holder=None)

    def _update(self, entry_id: int, counter: int, **values: object) -> Entry:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(
            f"UPDATE entries SET {columns}, changed = ? WHERE id = ?",  # noqa: S608 - column names are our own
            (*values.values(), counter, entry_id),
        )
        return rows.one(self._connection, entry_id, self.path)
