"""The two ends of the service's pipe, each with a thread of its own: no instrument ever waits for a window."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import BinaryIO

from runmanager.manual import messages
from runmanager.manual.interruption import Interruption
from runmanager.manual.messages import Act, Leave, MakeSafe

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""Lines on their way to the panel; while it hangs, further ones are dropped."""
FLUSH_S = 2.0


class Outbox:
    """Lines for the panel. ``stream``: unbuffered, so that no lock is held when the process ends."""

    def __init__(self, stream: BinaryIO, on_broken: Callable[[], None]) -> None:
        self._stream, self._on_broken = stream, on_broken
        self._lines: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
        self._thread.start()

    def send(self, message: messages.FromService) -> None:
        """Queue a message; dropped when the panel has not read for long."""
        try:
            self._lines.put_nowait(messages.encode(message))
        except queue.Full:
            log.debug("the panel does not read: %s dropped", message.what)

    def close(self) -> None:
        """Write what is queued, for at most two seconds."""
        try:
            self._lines.put(None, timeout=FLUSH_S)
        except queue.Full:
            return
        self._thread.join(FLUSH_S)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write_all(line)
            except (OSError, ValueError):
                self._on_broken()
                return

    def _write_all(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            left = left[self._stream.write(left) or 0 :]


class Inbox:
    """What the panel says. ``stream``: unbuffered, as that of the outbox."""

    def __init__(self, stream: BinaryIO, interruption: Interruption) -> None:
        self._interruption = interruption
        self.acts: queue.SimpleQueue[Act | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, args=(stream,), name="inbox", daemon=True)
        self._thread.start()

    def forget_acts(self) -> None:
        """After an interruption nothing that was asked before is done any more."""
        while True:
            try:
                self.acts.get_nowait()
            except queue.Empty:
                return

    def _read(self, stream: BinaryIO) -> None:
        for line in iter(lambda: stream.readline(messages.LONGEST_LINE + 1), b""):
            try:
                message = messages.decode_to_service(line)
            except messages.MessageError as error:
                log.warning("%s", error)
                self._interruption.leave("the panel sent something that is no message")
                break
            if isinstance(message, Leave):
                break
            if isinstance(message, MakeSafe):
                self._interruption.make_safe()
                self.acts.put(None)  # wakes the main thread
            else:
                self.acts.put(message)
        self._interruption.leave("the panel was closed")
        self.acts.put(None)
