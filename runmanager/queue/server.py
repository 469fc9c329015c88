"""Where watchers attach to the process that runs the queue: a socket in a private folder, on this computer only.

Each watcher has two threads and an outbox: nobody waits for a slow or frozen watcher, and one that goes away is
forgotten. Messages are bytes of JSON (:mod:`runmanager.queue.codec`); nothing is pickled. Who wants to attach must
know the key that is in the queue's file.
"""

import logging
import os
import secrets
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from types import TracebackType
from typing import Self

from runmanager.queue import codec
from runmanager.queue.events import (
    BenchStatus,
    Command,
    CountRates,
    Event,
    Finished,
    Hello,
    LogLine,
    Progress,
    RunningResults,
    Started,
    Views,
)
from runmanager.queue.outbox import Outbox

log = logging.getLogger(__name__)

LATEST = (Started, Progress, Views, RunningResults, BenchStatus)
"""Kinds of which a new watcher is told the last one, in this order."""
KEPT = {LogLine: 200, CountRates: 600}
"""Kinds of which a new watcher is told the last so many."""
CLOSING_S = 2.0


class WatchServer:
    """Tells every watcher every event and passes their commands to ``obey``; a context manager.

    ``hello`` makes the first message; ``joined`` is called when somebody has attached. Both, and ``obey``, are called
    in threads of the server.
    """

    def __init__(
        self, hello: Callable[[], Hello], obey: Callable[[Command], None], joined: Callable[[], None] = lambda: None
    ) -> None:
        self._hello, self._obey, self._joined = hello, obey, joined
        self.authkey = secrets.token_bytes(32)
        self._folder = tempfile.TemporaryDirectory(prefix="solotron-")  # mode 0700
        self._lock = threading.Lock()
        self._watchers: set[_Watcher] = set()
        self._latest: dict[type, tuple[str, bytes]] = {}
        self._kept: dict[type, deque[tuple[str, bytes]]] = {kind: deque(maxlen=n) for kind, n in KEPT.items()}
        self._closing = False
        windows = sys.platform == "win32"
        name = rf"\\.\pipe\solotron-{secrets.token_hex(16)}" if windows else str(Path(self._folder.name) / "queue")
        self._listener = Listener(name, family="AF_PIPE" if windows else "AF_UNIX")
        self.address = name
        self._thread = threading.Thread(target=self._accept, name="queue server", daemon=True)
        self._thread.start()

    @property
    def is_watched(self) -> bool:
        """True when somebody is attached."""
        return bool(self._watchers)

    def tell(self, event: Event) -> None:
        """Tell every watcher, from any thread; takes microseconds. An event that cannot be sent is left out."""
        try:
            message = codec.encode(event)
        except codec.CodecError as error:
            log.warning("watchers are not told: %s", error)
            return
        kind = type(event).__name__
        with self._lock:
            self._remember(event, kind, message)
            lost = [watcher for watcher in self._watchers if not watcher.outbox.put(kind, message)]
            self._watchers.difference_update(lost)
        for watcher in lost:
            if not watcher.outbox.is_closed:  # closed: it has gone by itself, as a command line does
                log.warning("a watcher that did not read was given up")
            watcher.drop()

    def close(self) -> None:
        """Let the watchers read what waits, for two seconds at most, and let them go."""
        if self._closing:
            return
        self._closing = True
        with suppress(OSError, EOFError):  # accept() is woken by a last connection
            Client(self.address).close()
        self._thread.join(CLOSING_S)
        self._listener.close()
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.finish(CLOSING_S)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, event: Event, kind: str, message: bytes) -> None:
        if isinstance(event, Started | Finished):  # what was shown of an ended entry is in the store
            self._latest.clear()
            self._kept[CountRates].clear()
        if isinstance(event, LATEST):
            self._latest[type(event)] = (kind, message)
        elif type(event) in self._kept:
            self._kept[type(event)].append((kind, message))

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection = self._listener.accept()
            except (OSError, EOFError):
                continue
            if self._closing:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), name="queue watcher", daemon=True).start()

    def _serve(self, connection: "Connection") -> None:
        """One watcher, from its proof of the key to its end."""
        try:
            deliver_challenge(connection, self.authkey)
            answer_challenge(connection, self.authkey)
        except (OSError, EOFError, AuthenticationError) as error:
            log.debug("a watcher did not know the key: %s", error)
            connection.close()
            return
        watcher = _Watcher(connection)
        hello = codec.encode(self._hello())  # may look into the queue's file: nobody must wait for that
        with self._lock:
            self._greet(watcher, hello)
            self._watchers.add(watcher)
        self._joined()
        try:
            watcher.listen(self._obey)
        finally:
            with self._lock:
                self._watchers.discard(watcher)
            watcher.drop()

    def _greet(self, watcher: "_Watcher", hello: bytes) -> None:
        watcher.outbox.put(Hello.__name__, hello)
        for kind in LATEST:
            if kind in self._latest:
                watcher.outbox.put(*self._latest[kind])
        for waiting in self._kept.values():
            for kind_name, message in waiting:
                watcher.outbox.put(kind_name, message)


class _Watcher:
    """One connection with its outbox, written to in a thread of its own."""

    def __init__(self, connection: "Connection") -> None:
        self.outbox = Outbox()
        self._connection = connection
        self._thread = threading.Thread(target=self._write, name="queue watcher, outgoing", daemon=True)
        self._thread.start()

    def listen(self, obey: Callable[[Command], None]) -> None:
        """Read commands until the watcher goes away or sends what is none."""
        while True:
            try:
                obey(codec.decode_command(self._connection.recv_bytes(codec.MAX_COMMAND_BYTES)))
            except (OSError, EOFError):
                return
            except codec.CodecError as error:
                log.warning("a watcher was sent away: %s", error)
                return

    def drop(self) -> None:
        """Forget it, whatever still waits."""
        self.outbox.close()
        _hang_up(self._connection)

    def finish(self, timeout_s: float) -> None:
        """Let it read what waits, for ``timeout_s`` at most."""
        self.outbox.close()
        self._thread.join(timeout_s)
        _hang_up(self._connection)

    def _write(self) -> None:
        try:
            while (message := self.outbox.take()) is not None:
                self._connection.send_bytes(message)
        except (OSError, ValueError):  # it went away
            self.outbox.close()


def _hang_up(connection: "Connection") -> None:
    """End a connection that other threads may be reading and writing: shut down first, so that they wake."""
    if sys.platform != "win32":
        import socket

        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as both_ways:
            both_ways.shutdown(socket.SHUT_RDWR)
        return  # closed when its last thread lets it go: a number closed early could be another file's
    with suppress(OSError):
        connection.close()
