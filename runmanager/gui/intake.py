"""Events from the process that runs the queue: received in a thread, handed over thinned out, for the window."""

import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.queue.events import (
    BenchStatus,
    Command,
    CountRates,
    Event,
    LogLine,
    Progress,
    RunningResults,
    Views,
)

if TYPE_CHECKING:
    from runmanager.queue.client import QueueClient

RETRY_S = 0.5
POLL_S = 0.2
MOST_WAITING = 2000
LATEST_ONLY = (Progress, Views, RunningResults, BenchStatus)
CONNECTION_LOST = (BadInputError, OSError, EOFError)


class EventBuffer:
    """What has come and was not shown yet. Of states only the latest is kept; old lines go when too many wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[type[Event], Event] = {}
        self._all: deque[Event] = deque(maxlen=MOST_WAITING)

    def put(self, event: Event) -> None:
        """Add an event, from any thread. What a start or an end makes obsolete keeps its order by being flushed."""
        with self._lock:
            if isinstance(event, LATEST_ONLY):
                self._latest[type(event)] = event
                return
            if not isinstance(event, LogLine | CountRates):  # Started, Finished, ...: states before it stay before it
                self._all.extend(self._latest.values())
                self._latest.clear()
            self._all.append(event)

    def take(self) -> list[Event]:
        """All that waits, in order; the buffer is empty then."""
        with self._lock:
            found = [*self._all, *self._latest.values()]
            self._all.clear()
            self._latest.clear()
        return found


class Intake(QThread):
    """Watches the worker of a queue, whenever there is one. ``connected(bool)`` tells when one came or went."""

    connected = Signal(bool)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queue events")
        self.buffer = EventBuffer()
        self._path = path
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._client: QueueClient | None = None

    def send(self, command: Command) -> bool:
        """Ask the worker; False when there is none."""
        with self._lock:
            client = self._client
        if client is None:
            return False
        try:
            client.send(command)
        except CONNECTION_LOST:
            return False
        return True

    def finish(self) -> None:
        """Stop watching (the worker goes on); waits for the thread."""
        self._ending.set()
        self.wait()

    def run(self) -> None:
        """The thread: connect, receive until the worker goes, connect again."""
        from runmanager.queue.client import connect

        while not self._ending.is_set():
            try:
                client = connect(self._path)
            except CONNECTION_LOST:
                self._ending.wait(RETRY_S)
                continue
            with self._lock:
                self._client = client
            self.connected.emit(True)
            self._receive(client)
            with self._lock:
                self._client = None
            client.close()
            self.connected.emit(False)

    def _receive(self, client: "QueueClient") -> None:
        while not self._ending.is_set():
            try:
                event = client.poll(POLL_S)
            except CONNECTION_LOST:
                return
            if event is not None:
                self.buffer.put(event)
                time.sleep(0)  # let the window have its turn
