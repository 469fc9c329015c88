"""Running a queue: entry after entry, in this process, until nothing is left to run.

One process runs a queue at a time. The entries run in the main thread, which alone speaks to the instruments;
watchers are served by threads. A kill at any moment loses nothing of the queue: the entry counts as interrupted.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from procedures.errors import StoppedError
from runmanager.engine import RunOutcome
from runmanager.errors import BadInputError, QueueError
from runmanager.interrupt import StopRequest, stop_on_signals
from runmanager.queue import events
from runmanager.queue.bench_wait import run_when_free
from runmanager.queue.desk import Desk
from runmanager.queue.entries import Ending, Entry, Status
from runmanager.queue.event_log import events_of_log
from runmanager.queue.events import Event
from runmanager.queue.forecast_first import ForecastFirst, may_start
from runmanager.queue.holder import Holder
from runmanager.queue.live import LiveFeed
from runmanager.queue.persistence import finish_in_the_end
from runmanager.queue.progress_saver import ProgressSaver
from runmanager.queue.server import WatchServer
from runmanager.queue.store import QueueStore
from runmanager.queue.targets import TargetWatch
from runmanager.queue.worker_lock import worker_lock
from runmanager.run_control import RunControl

log = logging.getLogger(__name__)

IDLE_S = 1.0
FORECAST_LOOK_S = 0.3
MOST_IN_A_ROW = 3
"""So many entries in a row that did not complete pause the queue: something is wrong that the next will meet, too."""

Tell = Callable[[Event], None]
Hook = Callable[[Entry], None]


class WorkerBusyError(QueueError):
    """Another process runs this queue."""


def run_queue(
    store_path: Path,
    *,
    once: bool = False,
    forever: bool = False,
    hook: Hook | None = None,
    tell: Tell | None = None,
) -> int:
    """Run the entries of a queue in their order; the worst exit code among them (0 when there was none).

    ``once``: one entry only; ``forever``: wait for more when there is none. ``hook`` is called with each entry that
    has ended, ``tell`` with every event. SIGINT, SIGTERM and SIGHUP abort the running entry in order and end this.
    WorkerBusyError when another process runs this queue, QueueError when its file cannot be used.
    """
    path = Path(store_path).absolute()
    worst = 0
    while True:
        with QueueStore(path) as store, _only_worker(path), store.hold() as holder:
            runner = _Runner(store, holder, hook or (lambda entry: None), tell or (lambda event: None))
            worst = max(worst, runner.run(once=once, forever=forever))
        # What was added between the last look and here was added to a queue that seemed to be run.
        if once or runner.told_to_end or not _has_work(path):
            return worst


@contextmanager
def _only_worker(path: Path) -> Iterator[None]:
    lock = worker_lock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WorkerBusyError(
            f"another process runs the queue {path} already; 'solotron queue list' shows it"
        ) from None
    except OSError as error:
        raise QueueError(f"the lock of the queue {path} cannot be taken beside it ({error})") from error
    try:
        yield
    finally:
        lock.release()


def _has_work(path: Path) -> bool:
    with QueueStore(path) as store:
        return not store.is_paused() and any(not entry.blocked for entry in store.queued())


class _Runner:
    """The loop over the entries, with all that is attached to it."""

    def __init__(self, store: QueueStore, holder: Holder, hook: Hook, tell: Tell) -> None:
        self._store, self._holder, self._hook, self._also_tell = store, holder, hook, tell
        self._desk = Desk(store.path, self._state_changed)
        self._server: WatchServer | None = None
        self._feed: LiveFeed | None = None
        self._forecast_first = ForecastFirst(store, self._tell)
        self._dark = False
        self._n_incomplete = 0

    @property
    def told_to_end(self) -> bool:
        """A signal or a watcher asked for the end of this process."""
        return self._desk.quit.is_set() or self._desk.stop_after

    def run(self, *, once: bool, forever: bool) -> int:
        """Until nothing is left, or it is told to end; the worst exit code."""
        with (
            stop_on_signals(self._desk.quit),
            WatchServer(self._hello, self._desk.obey, self._joined) as server,
            events_of_log(self._tell, lambda: self._desk.entry_id),
        ):
            self._server = server
            self._store.set_worker(os.getpid(), server.address, server.authkey)
            try:
                self._recover()
                return self._loop(once=once, forever=forever)
            finally:
                self._forecast_first.close()
                self._store.clear_worker()

    def _loop(self, *, once: bool, forever: bool) -> int:
        worst, seen = 0, -1
        while not self.told_to_end:
            counter = self._store.change_counter()
            entry = self._claim() if counter != seen else None
            seen = counter
            if entry is not None:
                worst = max(worst, self._run_entry(entry))
                if once:
                    break
                continue
            awaited = self._store.next_to_run()
            if awaited is not None and not may_start(awaited):
                self._await_forecast(awaited)
                continue
            waiting = self._store.is_paused() and any(not each.blocked for each in self._store.queued())
            if not forever and not waiting:
                if self._store.change_counter() == seen:
                    break
                continue
            self._desk.wait(IDLE_S)
        self._tell_of_blocked()
        return worst

    def _tell_of_blocked(self) -> None:
        blocked = [str(entry.id) for entry in self._store.queued() if entry.blocked]
        if blocked:
            log.warning(
                "not run, because their forecasts name violations that nobody confirmed: %s", ", ".join(blocked)
            )

    def _claim(self) -> Entry | None:
        if self._store.is_paused() or all(entry.blocked for entry in self._store.queued()):
            return None  # a look changes nothing; only a claim does
        entry = self._store.claim_next(self._holder, may_start)
        if entry is not None:
            self._forecast_first.close()
        return entry

    def _await_forecast(self, entry: Entry) -> None:
        """For a moment: an abort meanwhile holds the queue, since nothing runs that could be aborted."""
        stop = StopRequest()
        self._desk.begin(entry.id, stop)
        try:
            self._forecast_first.look_after(entry)
            self._desk.wait(FORECAST_LOOK_S)
        finally:
            self._desk.end()
        if stop.is_set():
            log.warning("entry %d was not begun (its dry run was under way); the queue is held", entry.id)
            self._desk.set_paused(True)

    def _recover(self) -> None:
        for entry in self._store.recover():
            log.warning("entry %d was interrupted: the process that ran it died; resume or repeat it", entry.id)
            if entry.ending is not None and entry.ending.unsafe:
                log.critical("entry %d: %s", entry.id, entry.ending.unsafe)

    # --- one entry ----------------------------------------------------------------------------------------

    def _run_entry(self, entry: Entry) -> int:
        stop = StopRequest()
        saver = ProgressSaver(self._store.path, entry.id)
        feed = LiveFeed(
            entry.id,
            self._tell,
            wanted=lambda: self._server is not None and self._server.is_watched,
            opened=lambda run_file: self._keep_run_file(entry.id, run_file),
            is_paused=lambda dark: self._show_pause(entry.id, dark),
            save_progress=saver.save,
        )
        control = RunControl(
            stop=stop,
            pause=self._desk.pause,
            enough=TargetWatch(entry.job.until, feed.snapshot) if entry.job.until else None,
            quit=self._desk.quit,
        )
        self._feed = feed
        self._desk.begin(entry.id, stop)
        self._state_changed()
        feed.start()
        try:
            status, ending = measure(entry, feed, control)
        finally:
            self._desk.end()
            feed.close()
            self._feed, self._dark = None, False
        ended = finish_in_the_end(self._store, entry.id, status, ending, give_up=self._desk.quit)
        self._tell(events.Finished(entry.id, status.value, ending.exit_code))
        self._look_back(ended, ending, asked=stop.is_set())
        self._hook(ended)
        return ending.exit_code

    def _look_back(self, entry: Entry, ending: Ending, *, asked: bool) -> None:
        """Pause the queue when nobody should go on without having looked at the bench."""
        complete = ending.exit_code in (0, 1)
        self._n_incomplete = 0 if complete or asked else self._n_incomplete + 1
        if ending.unsafe:
            log.critical(
                "the queue is paused: the bench is not confirmed to be safe. Do this by hand: %s", ending.unsafe
            )
        elif self._n_incomplete >= MOST_IN_A_ROW:
            log.error(
                "the queue is paused: %d entries in a row did not complete; the last said: %s",
                self._n_incomplete,
                ending.message,
            )
        else:
            return
        self._n_incomplete = 0
        self._desk.set_paused(True)

    def _keep_run_file(self, entry_id: int, run_file: Path) -> None:
        try:
            self._store.set_run_file(entry_id, run_file)
        except QueueError as error:
            log.warning("the run file %s of entry %d is not in the queue: %s", run_file, entry_id, error)

    def _show_pause(self, entry_id: int, dark: bool) -> None:
        self._dark = dark
        try:
            self._store.set_status(entry_id, Status.PAUSED if dark else Status.RUNNING)
        except QueueError as error:
            log.warning("%s", error)
        self._state_changed()

    # --- watchers -----------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if self._server is not None:
            self._server.tell(event)
        try:
            self._also_tell(event)
        except Exception:
            self._also_tell = lambda event: None
            log.warning("a listener in this process failed and is told no more", exc_info=True)

    def _hello(self) -> events.Hello:
        return events.Hello(os.getpid(), self._desk.entry_id, self._desk.is_paused())

    def _joined(self) -> None:
        feed = self._feed
        if feed is not None:
            feed.refresh()

    def _state_changed(self) -> None:
        self._tell(events.StateChanged(self._desk.entry_id, self._dark or self._desk.pause.is_set()))


def measure(entry: Entry, feed: LiveFeed, control: RunControl) -> tuple[Status, Ending]:
    """Run one entry; how it ended. Whatever happens, the queue can go on."""
    try:
        _ask_manual_control(entry)
        outcome = run_when_free(entry.job.request(), feed, control)
    except StoppedError as error:
        return Status.ABORTED, Ending(exit_code=3, finished_at=time.time(), message=str(error))
    except BadInputError as error:
        log.warning("refused: %s", error)
        return Status.REFUSED, Ending(exit_code=2, finished_at=time.time(), message=str(error))
    except Exception as error:
        log.exception("entry %d failed in a way nobody foresaw", entry.id)
        return Status.FAILED, Ending(exit_code=3, finished_at=time.time(), message=f"{type(error).__name__}: {error}")
    return Status(outcome.exit_status), ending_of(outcome)


def _ask_manual_control(entry: Entry) -> None:
    """Let a person's manual control give the bench back; if it stays, the entry waits for it."""
    from runmanager.assemble import read_station
    from runmanager.manual.handover import ask_for_bench

    who_stays = ask_for_bench(read_station(entry.job.station, twin=entry.job.twin))
    if who_stays:
        log.warning("entry %d: %s", entry.id, who_stays)


def ending_of(outcome: RunOutcome) -> Ending:
    """What the queue keeps of a run's outcome; its notes go with the message."""
    verdict = outcome.analysis.verdict
    return Ending(
        exit_code=outcome.exit_code,
        finished_at=time.time(),
        duration_s=outcome.duration_s,
        results=outcome.analysis.results,
        checks=verdict.checks,
        passed=verdict.passed,
        message="; ".join(text for text in (outcome.message, *outcome.notes) if text),
        unsafe=outcome.unsafe,
    )
