"""What watchers and signals ask of the process that runs a queue, and which entry is meant by it."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from runmanager.errors import QueueError
from runmanager.interrupt import StopRequest
from runmanager.queue.events import Command
from runmanager.run_control import PauseRequest

log = logging.getLogger(__name__)


class Desk:
    """Takes commands from any thread; the thread that runs the entries reads them.

    ``quit``: end the process in order, soon (a signal); ``stop_after``: end it when the present entry has ended.
    """

    def __init__(self, store_path: Path, changed: Callable[[], None]) -> None:
        """``changed`` is called when the queue was paused or goes on."""
        self._store_path, self._changed = store_path, changed
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stop: StopRequest | None = None
        self.entry_id: int | None = None
        self.pause = PauseRequest()
        self.quit = StopRequest()
        self.stop_after = False

    def begin(self, entry_id: int, stop: StopRequest) -> None:
        """From now on an abort means this entry."""
        with self._lock:
            self.entry_id, self._stop = entry_id, stop

    def end(self) -> None:
        """No entry runs."""
        with self._lock:
            self.entry_id, self._stop = None, None

    def wait(self, timeout_s: float) -> None:
        """Until somebody asks for something, or for ``timeout_s``."""
        self._woken.wait(timeout_s)
        self._woken.clear()

    def obey(self, command: Command) -> None:
        """Do what was asked; nothing here takes time or raises."""
        if command is Command.PAUSE:
            self.set_paused(True)
        elif command is Command.RESUME:
            self.set_paused(False)
        elif command is Command.ABORT:
            with self._lock:
                if self._stop is not None:
                    self._stop.set()
        elif command is Command.STOP_AFTER:
            self.stop_after = True
        self._woken.set()

    def is_paused(self) -> bool:
        """Whether the entry that runs shall pause, or the queue was left paused by an earlier process."""
        from runmanager.queue.store import QueueStore

        if self.pause.is_set():
            return True
        try:
            with QueueStore(self._store_path) as store:
                return store.is_paused()
        except QueueError as error:
            log.info("whether the queue is paused is not known: %s", error)
            return False

    def set_paused(self, paused: bool) -> None:
        """Pause the entry that runs at its next checkpoint, and the queue; or let both go on."""
        from runmanager.queue.store import QueueStore

        if paused:
            self.pause.set()
        else:
            self.pause.clear()
        try:
            with QueueStore(self._store_path) as store:
                store.set_paused(paused)
        except QueueError as error:
            log.warning("that the queue is %s was not kept: %s", "paused" if paused else "to go on", error)
        self._changed()
