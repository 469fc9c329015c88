"""What the window asks of the queue and hears from it. No widget here; nothing here blocks."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui.intake import Intake
from runmanager.gui.queue_model import QueueSnapshot
from runmanager.gui.store_thread import StoreThread
from runmanager.queue.entries import Entry, Job, Status
from runmanager.queue.events import Command, Event
from runmanager.queue.store import QueueStore

SHOW_EVERY_MS = 50  # 20 times a second at most
HAND_OUT_S = 0.01  # of events at a time
LOOK_AGAIN_MS = 1000  # after the end of a worker: is there work still, and another worker?
STARTED_MS = 15_000  # so long a worker's process may take from its start to its lock, on a busy computer, too
MOST_STARTS = 3  # for one wish of the user: a worker that dies at every start must not be started for ever
Starter = Callable[[Path, str], object]


class QueueService(QObject):
    """The queue of one file. ``snapshot_changed(QueueSnapshot)``, ``happened(Event)``, ``said(level, text)``.

    The worker is a process of its own; it is started when something may run, and lives on when the window dies.
    """

    snapshot_changed = Signal(object)
    happened = Signal(object)
    said = Signal(str, str)
    broken = Signal(str)
    worker_changed = Signal(bool)

    def __init__(self, path: Path, *, starter: Starter | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.snapshot = QueueSnapshot()
        self.watching = False
        self.hook = ""  # the user's command at the end of a run
        self.free_bench: Callable[[], bool] = lambda: True  # asked before a worker is started; False: do not
        self._wanted = False  # the user wants the queue to run: a worker that ends before its time is started again
        self._n_starts = 0  # for this wish
        self._freeing = False
        self._forecaster: object | None = None
        self._store = StoreThread(path, self)
        self._store.changed.connect(self._take_snapshot)
        self._store.answered.connect(self._answer)
        self._store.refused.connect(self._refused)
        self._store.broken.connect(self.broken)
        self._launcher = _Launcher(path, starter or _start_worker, self)
        self._launcher.failed.connect(self._refused)
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.timeout.connect(self._look_after_worker)
        self._launcher.finished.connect(lambda: self._look_again.start(STARTED_MS))
        self._intake = Intake(path, self)
        self._intake.connected.connect(self._worker_came_or_went)
        self.buffer = self._intake.buffer  # what was received and not shown yet
        self._coming: deque[Event] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(SHOW_EVERY_MS)
        self._timer.timeout.connect(self._hand_out)

    def start(self, *, forecasts: bool = True) -> None:
        """Open the queue, watch its worker if there is one, and let dry runs tell what to expect."""
        self._store.start()
        self._intake.start()
        self._timer.start()
        if forecasts:
            self._store.submit(lambda store: self._start_forecaster())

    def stop(self) -> None:
        """Let go of the queue; a run goes on in its own process."""
        self._timer.stop()
        self._wanted = False
        self._look_again.stop()
        self._launcher.wait()
        self._intake.finish()
        self._store.submit(lambda store: self._stop_forecaster())
        self._store.finish()

    # --- wishes -----------------------------------------------------------------------------------------------

    def add(self, jobs: Sequence[Job], *, run: bool) -> None:
        """Queue jobs; ``run``: and let the queue run."""
        wanted = tuple(jobs)
        self._store.submit(
            lambda store: store.add_many(_all_checked(wanted)), lambda found: self._added(found, run=run)
        )

    def _added(self, found: object, *, run: bool) -> None:
        entries = found if isinstance(found, list) else []
        numbers = ", ".join(str(entry.id) for entry in entries[:5]) + (" …" if len(entries) > 5 else "")
        self.said.emit("INFO", f"queued as {numbers}")
        if run:
            self.run_queue()

    def remove(self, ids: Sequence[int]) -> None:
        """Take entries out of the queue or the history; run files stay."""
        self._each(ids, lambda store, entry_id: store.remove(entry_id))

    def move(self, ids: Sequence[int], before: int | None) -> None:
        """Put queued entries, in this order, in front of ``before`` (None: at the end)."""
        self._each(ids, lambda store, entry_id: store.move(entry_id, before))

    def edit(self, entry_id: int, job: Job) -> None:
        """Give a queued entry another job."""
        self._store.submit(
            lambda store: store.edit(entry_id, _all_checked((job,))[0]),
            lambda _: self.said.emit("INFO", f"entry {entry_id} changed"),
        )

    def duplicate(self, ids: Sequence[int]) -> None:
        """Queue the same jobs once more."""
        self._each(ids, lambda store, entry_id: store.duplicate(entry_id))

    def repeat(self, ids: Sequence[int]) -> None:
        """Queue ended entries once more, from their start."""
        self._each(ids, lambda store, entry_id: store.repeat(entry_id))

    def resume(self, ids: Sequence[int]) -> None:
        """Go on with interrupted entries where their run files end."""
        self._each(ids, lambda store, entry_id: store.resume(entry_id))

    def confirm(self, ids: Sequence[int]) -> None:
        """Run entries although their forecast names violations."""
        self._each(ids, lambda store, entry_id: store.confirm(entry_id))

    def hold(self, held: bool) -> None:
        """Start nothing new while held; what runs goes on."""
        self._store.submit(lambda store: store.set_paused(held))

    def _each(self, ids: Sequence[int], do: Callable[[QueueStore, int], object]) -> None:
        """One work an entry: a refused one must not keep the others from being done."""
        for entry_id in ids:
            self._store.submit(lambda store, wanted=entry_id: do(store, wanted))  # type: ignore[misc]

    def command(self, command: Command) -> None:
        """Ask the worker; says so when there is none."""
        if command is Command.STOP_AFTER:
            self._wanted = False
        if not self._intake.send(command):
            self.said.emit("WARNING", f"{command.value}: nothing runs the queue")

    def run_queue(self) -> None:
        """Let the queue run: wake the worker, or start one."""
        self._wanted, self._n_starts = True, 0
        if not self.watching or not self._intake.send(Command.WAKE):
            self._look_after_worker()

    # --- what is there ----------------------------------------------------------------------------------------

    @property
    def running(self) -> Entry | None:
        """What runs or is paused now."""
        return next((e for e in self.snapshot.queue if e.status is not Status.QUEUED), None)

    def runnable(self) -> tuple[Entry, ...]:
        """Queued entries that nothing keeps from running."""
        return tuple(e for e in self.snapshot.queue if e.status is Status.QUEUED and not e.blocked)

    def duration_of(self, job: Job) -> float | None:
        """Bench seconds that a dry run found for the same job, else for the latest of the same experiment."""
        alike: float | None = None
        for entry in (*self.snapshot.queue, *self.snapshot.history):
            if entry.prediction is None or entry.job.procedure != job.procedure or entry.prediction.violations:
                continue
            if entry.job.settings == job.settings:
                return entry.prediction.duration_s
            alike = entry.prediction.duration_s if alike is None else alike
        return alike

    # --- inside -----------------------------------------------------------------------------------------------

    @Slot(object)
    def _take_snapshot(self, snapshot: QueueSnapshot) -> None:
        self.snapshot = snapshot
        self.snapshot_changed.emit(snapshot)

    @Slot(object, object)
    def _answer(self, then: Callable[[object], None], result: object) -> None:
        then(result)

    @Slot(str)
    def _refused(self, text: str) -> None:
        self.said.emit("WARNING", text)

    @Slot(bool)
    def _worker_came_or_went(self, here: bool) -> None:
        self.watching = here
        self._hand_out()
        self.worker_changed.emit(here)
        if not here and self._wanted:  # it may have ended just when something was queued
            self._look_again.start(LOOK_AGAIN_MS)

    @Slot()
    def _hand_out(self) -> None:
        """Show what has come; after a while the event loop has its turn first, however much there is."""
        self._coming.extend(self.buffer.take())
        until_s = time.perf_counter() + HAND_OUT_S
        while self._coming:
            self.happened.emit(self._coming.popleft())
            if time.perf_counter() > until_s:
                QTimer.singleShot(0, self, self._hand_out)
                return

    @Slot()
    def _look_after_worker(self) -> None:
        """See to it that a worker runs as long as the user wants it and something may run."""
        if self._wanted and not self.watching:
            self._store.submit(_needs_worker, self._start_worker)

    def _start_worker(self, needed: object) -> None:
        """Start one where it is ``needed``; where one is just coming or ending, look again."""
        if self.watching or self._freeing or self._launcher.isRunning() or not self._wanted:
            return
        if needed is Needed.NOTHING_TO_DO:
            self._wanted = False
        elif needed is Needed.ONE_RUNS:
            self._look_again.start(LOOK_AGAIN_MS)
        elif self._n_starts >= MOST_STARTS:
            self._wanted = False
            self.said.emit("ERROR", f"the queue's process ended at once, {MOST_STARTS} times; see {self._its_log()}")
        elif self._bench_is_free():
            self._n_starts += 1
            self._launcher.launch(self.hook)

    def _bench_is_free(self) -> bool:
        self._freeing = True  # freeing the bench turns the event loop: no second start from in there
        try:
            free = self.free_bench()
        finally:
            self._freeing = False
        if not free:
            self._wanted = False
            self.said.emit(
                "WARNING",
                "not started: manual control does not give the bench back. Disconnect it in the panel Instruments "
                "(SAFE STATE if it does not answer), then Start (F5)",
            )
        return free

    def _its_log(self) -> str:
        from runmanager.queue.client import log_path

        return log_path(self.path).name

    def _start_forecaster(self) -> None:
        from runmanager.queue.forecasting import start_forecaster

        self._forecaster = start_forecaster(self.path)

    def _stop_forecaster(self) -> None:
        if self._forecaster is not None:
            self._forecaster.stop()  # type: ignore[attr-defined]
            self._forecaster = None


class Needed(Enum):
    """What a look at the queue says about starting a worker."""

    NOTHING_TO_DO = "nothing may run"
    ONE_RUNS = "a worker runs"
    START = "something may run, and no worker runs"


def _needs_worker(store: QueueStore) -> Needed:
    from runmanager.queue.client import is_running

    if store.is_paused() or all(entry.blocked for entry in store.queued()):
        return Needed.NOTHING_TO_DO
    return Needed.ONE_RUNS if is_running(store.path) else Needed.START


class _Launcher(QThread):
    """Starts the worker's process, which takes seconds, without anybody waiting for it."""

    failed = Signal(str)

    def __init__(self, path: Path, starter: Starter, parent: QObject) -> None:
        super().__init__(parent)
        self._path, self._starter, self._hook = path, starter, ""

    def launch(self, hook: str) -> None:
        """Begin; does nothing while a start is under way."""
        self._hook = hook
        self.start()

    def run(self) -> None:
        try:
            self._starter(self._path, self._hook)
        except BadInputError as error:
            self.failed.emit(str(error))


def _all_checked(jobs: tuple[Job, ...]) -> list[Job]:
    """All that can be wrong in itself is refused now. The jobs of a scan differ in one checked parameter only."""
    from runmanager.queue.jobs import checked

    first = checked(jobs[0])
    alike = replace(jobs[0], settings=())
    rest = (
        replace(each, twin=first.twin, out=first.out, sample=first.sample, station=first.station) for each in jobs[1:]
    )
    if all(replace(each, settings=()) == alike for each in jobs):
        return [first, *rest]
    return [checked(each) for each in jobs]


def _start_worker(path: Path, hook: str) -> object:
    from runmanager.queue.client import start_worker

    return start_worker(path, hook_command=hook or None)
