"""The queue's file, read and written in a thread of its own: a slow disk never freezes the window."""

import logging
import queue
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui.queue_model import QueueSnapshot
from runmanager.queue.entries import Entry, Status
from runmanager.queue.finish_times import finish_times
from runmanager.queue.store import QueueStore

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
RECOVER_EVERY_S = 2.0
HISTORY_SHOWN = 2000

Work = Callable[[QueueStore], object]
Then = Callable[[object], None]


class StoreThread(QThread):
    """Does what it is given in order; ``changed(QueueSnapshot)`` after every change of the queue, by whomever.

    ``answered(then, result)`` when a work with a sequel is done, ``refused(text)`` when one was refused,
    ``broken(text)`` when the queue cannot be opened or read at all.
    """

    changed = Signal(object)
    answered = Signal(object, object)
    refused = Signal(str)
    broken = Signal(str)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queue store")
        self._path = path
        self._work: queue.SimpleQueue[tuple[Work, Then | None] | None] = queue.SimpleQueue()
        self._entries: dict[int, Entry] = {}
        self._counter = -1  # nothing read yet
        self._recovered_at_s = 0.0

    def submit(self, work: Work, then: Then | None = None) -> None:
        """Do ``work(store)`` in the thread; ``then(result)`` is handed back through ``answered``."""
        self._work.put((work, then))

    def finish(self) -> None:
        """Do what was submitted, then end; waits for it."""
        self._work.put(None)
        self.wait()

    def run(self) -> None:
        """The thread: one store, opened and used here only."""
        try:
            with QueueStore(self._path) as store:
                self._serve(store)
        except BadInputError as error:
            self.broken.emit(str(error))
        except Exception as error:  # a thread that ends without a word would leave a window that shows the past
            log.exception("the thread of the queue's file ended")
            self.broken.emit(f"the queue {self._path} is shown no more: {type(error).__name__}: {error}")

    def _serve(self, store: QueueStore) -> None:
        while True:
            self._look(store)
            try:
                task = self._work.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                continue
            if task is None:
                return
            self._do(store, *task)

    def _do(self, store: QueueStore, work: Work, then: Then | None) -> None:
        try:
            result = work(store)
        except BadInputError as error:
            self.refused.emit(str(error))
            return
        except Exception as error:  # the window lives on, and the user is told
            log.exception("a wish of the window failed")
            self.refused.emit(f"{type(error).__name__}: {error}")
            return
        if then is not None:
            self.answered.emit(then, result)

    def _look(self, store: QueueStore) -> None:
        """Read what changed. Dead runners' entries are marked here, too."""
        now_s = time.monotonic()
        if now_s - self._recovered_at_s >= RECOVER_EVERY_S:
            self._recovered_at_s = now_s
            if any(not e.status.ended and e.status is not Status.QUEUED for e in self._entries.values()) or (
                self._counter < 0
            ):
                store.recover()
        if store.change_counter() == self._counter:
            return
        changes = store.changed_since(max(self._counter, 0))
        self._counter = changes.counter
        self._entries = {n: entry for n, entry in self._entries.items() if n in changes.ids}
        self._entries.update({entry.id: entry for entry in changes.entries})
        self.changed.emit(snapshot(self._entries.values(), paused=store.is_paused()))


def snapshot(entries: Iterable[Entry], *, paused: bool) -> QueueSnapshot:
    """The entries in the order people see them, with finish times; the history newest first, at most 2,000."""
    now_s = time.time()
    alive = [entry for entry in entries if not entry.status.ended]
    ended = [entry for entry in entries if entry.status.ended]
    alive.sort(key=lambda entry: (entry.status is Status.QUEUED, entry.position, entry.id))
    ended.sort(key=lambda entry: (entry.ending.finished_at if entry.ending else 0.0, entry.id), reverse=True)
    return QueueSnapshot(
        queue=tuple(alive),
        history=tuple(ended[:HISTORY_SHOWN]),
        finish_s=finish_times(alive, now_s),
        paused=paused,
        taken_s=now_s,
    )
