"""The panel's end of the pipe: starts the process that holds the bench, sends what is pressed, collects what it says.

No Qt here: a window calls ``poll`` from a timer, a script may do the same.
"""

import itertools
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from runmanager.manual import messages
from runmanager.manual.messages import Act, Ended, FromService, Leave, MakeSafe, ToService

LEAVE_S = 30.0
"""How long the safe state may take before a caller that waits for it gives up waiting; the process goes on with it."""
LAST_LINES = 20


class ManualClient:
    """One manual control. Made by :func:`start`; ``close`` it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._received: queue.SimpleQueue[FromService] = queue.SimpleQueue()
        self._last_words: deque[str] = deque(maxlen=LAST_LINES)
        self._sending = threading.Lock()
        self.ended: Ended | None = None
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the process has no pipes: start it with stdin, stdout and stderr as pipes")
        self._stdin: IO[bytes] = process.stdin
        self._errors = threading.Thread(target=self._read_errors, args=(process.stderr,), daemon=True)
        self._errors.start()
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id of the service."""
        return self._process.pid

    def act(self, row: str, verb: str, values: Mapping[str, messages.Value]) -> int:
        """Press a button of a row ("role.row"); returns the number that Begun, Done or Refused will carry."""
        number = next(self._numbers)
        self._send(Act(number=number, row=row, verb=verb, values=dict(values)))
        return number

    def make_safe(self) -> None:
        """Ask for the safe state, also out of a wait."""
        self._send(MakeSafe())

    def leave(self) -> None:
        """Ask it to reach the safe state and end; Ended comes when it has."""
        self._send(Leave())

    def poll(self) -> list[FromService]:
        """What came since the last time; does not wait."""
        found: list[FromService] = []
        while True:
            try:
                found.append(self._received.get_nowait())
            except queue.Empty:
                return found

    def wait(self, timeout_s: float) -> FromService | None:
        """The next message, None when none came within ``timeout_s``."""
        try:
            return self._received.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self, timeout_s: float = LEAVE_S) -> Ended | None:
        """Ask it to leave and wait for its end; None when that did not come in time (it goes on without us)."""
        self.leave()
        self._reader.join(timeout_s)
        return None if self._reader.is_alive() else self.ended

    def _send(self, message: ToService) -> None:
        """A process that is gone tells so by itself: its last word is on its way."""
        with self._sending:
            try:
                self._stdin.write(messages.encode(message))
                self._stdin.flush()
            except (OSError, ValueError):
                return

    def _read(self, stream: IO[bytes]) -> None:
        for line in iter(lambda: stream.readline(messages.LONGEST_LINE + 1), b""):
            try:
                message = messages.decode_from_service(line)
            except messages.MessageError as error:
                self._last_words.append(str(error))
                continue
            if isinstance(message, Ended):
                self.ended = message
            self._received.put(message)
        code = self._process.wait()
        self._errors.join()
        if self.ended is None:
            self.ended = _died(code, "; ".join(self._last_words))
            self._received.put(self.ended)
        with self._sending:
            _close_quietly(self._stdin)
        _close_quietly(stream)

    def _read_errors(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._last_words.append(line.decode(errors="replace").strip())


def start(
    station: Path | None, *, twin: bool, sample: str | None = None, seed: int = 1, without: tuple[str, ...] = ()
) -> ManualClient:
    """Start manual control of a station in a process of its own; what it says comes by ``poll``."""
    command = [sys.executable, "-m", "runmanager.manual", "--seed", str(seed)]
    command += ["--station", str(station)] if station is not None else []
    command += ["--twin"] if twin else []
    command += ["--sample", sample] if sample is not None else []
    command += [word for role in without for word in ("--without", role)]
    pipe = subprocess.PIPE
    return ManualClient(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe))  # noqa: S603 - our own module


def _died(code: int, last_words: str) -> Ended:
    return Ended(
        why=f"manual control died (exit code {code}) without a last word: {last_words or 'it said nothing'}",
        by_hand="the bench may be as it was left: press SAFE STATE, or run 'solotron station safe', then look at it",
        failed=True,
    )


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:  # a broken pipe still has bytes nobody will read
        return
