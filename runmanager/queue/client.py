"""Watching the process that runs a queue, and asking something of it. No Qt here."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import Timeout

from runmanager.errors import QueueError
from runmanager.queue import codec
from runmanager.queue.events import Command, Event
from runmanager.queue.worker_lock import worker_lock

ANSWER_S = 5.0
"""A process that does not answer within this time is taken for hung."""
START_S = 30.0
RETRY_S = 0.05


class NoWorkerError(QueueError):
    """Nobody runs this queue, or whoever does cannot be reached."""


class WorkerGoneError(QueueError):
    """The process that ran the queue has ended, or has given this watcher up."""


class QueueClient:
    """One watcher's connection; a context manager. Read by one thread; ``send`` may be called from another."""

    def __init__(self, connection: "Connection") -> None:
        """Made by :func:`connect`."""
        self._connection = connection
        self._sending = threading.Lock()
        self._closed = False

    def poll(self, timeout_s: float = 0.0) -> Event | None:
        """The next event, waited for at most ``timeout_s``; None when there is none. WorkerGoneError at the end."""
        try:
            if not self._connection.poll(timeout_s):
                return None
            return codec.decode(self._connection.recv_bytes(codec.MAX_EVENT_BYTES))
        except (OSError, EOFError) as error:
            raise WorkerGoneError("the process that ran the queue has gone") from error
        except codec.CodecError as error:
            raise WorkerGoneError(f"the process that runs the queue speaks another version: {error}") from error

    def events(self) -> Iterator[Event]:
        """Every event as it comes, until the process has ended or this client is closed."""
        with suppress(WorkerGoneError):
            while not self._closed:
                event = self.poll(0.1)
                if event is not None:
                    yield event

    def send(self, command: Command) -> None:
        """Ask something; WorkerGoneError when nobody is there to hear it."""
        try:
            with self._sending:
                self._connection.send_bytes(codec.encode_command(command))
        except (OSError, EOFError) as error:
            raise WorkerGoneError(f"'{command}' was not heard: the process that ran the queue has gone") from error

    def close(self) -> None:
        """Watch no more; the run goes on. Further calls do nothing."""
        self._closed = True
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(store_path: Path, *, wait_s: float = 0.0) -> QueueClient:
    """Attach to the process that runs the queue ``store_path``; NoWorkerError when none answers within ``wait_s``."""
    until_s = time.monotonic() + wait_s
    while True:
        try:
            return _connect(Path(store_path))
        except NoWorkerError:
            if time.monotonic() >= until_s:
                raise
        time.sleep(RETRY_S)


def _connect(store_path: Path) -> QueueClient:
    from runmanager.queue.store import QueueStore

    with QueueStore(store_path) as store:
        worker = store.worker()
    if worker is None:
        raise NoWorkerError(f"nobody runs the queue {store_path}: start it with 'solotron queue run'")
    try:
        connection = Client(worker.address)
    except (OSError, EOFError) as error:
        raise NoWorkerError(f"process {worker.pid}, which ran the queue {store_path}, is gone") from error
    problem = _introduce(connection, worker.authkey)
    if problem:
        connection.close()
        raise NoWorkerError(f"process {worker.pid}, which runs the queue {store_path}, {problem}")
    return QueueClient(connection)


def _introduce(connection: "Connection", authkey: bytes) -> str:
    """Each side proves to the other that it knows the key; "" or what went wrong."""
    try:
        if not connection.poll(ANSWER_S):
            return "does not answer"
        answer_challenge(connection, authkey)
        deliver_challenge(connection, authkey)
    except (OSError, EOFError, AuthenticationError) as error:
        return f"does not let this watcher in: {error}"
    return ""


def is_running(store_path: Path) -> bool:
    """True when a process runs this queue (it holds the lock)."""
    if not Path(store_path).exists():
        return False  # taking the lock would make the folder
    lock = worker_lock(store_path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def start_worker(store_path: Path, *, forever: bool = False, hook_command: str | None = None) -> int:
    """Start the process that runs the queue, detached from this one; its pid (of the one that runs already, if any).

    It outlives this process and ends when the queue is empty, unless ``forever``. What it says goes to a log file
    beside the queue (:func:`log_path`). ``hook_command`` is called when an entry has ended.
    """
    from runmanager.queue.store import QueueStore

    store_path = Path(store_path).absolute()
    if is_running(store_path):
        with QueueStore(store_path) as store:
            worker = store.worker()
        if worker is not None:
            return worker.pid
    options = ["--forever"] * forever + (["--hook", hook_command] if hook_command is not None else [])
    command = [sys.executable, "-m", "runmanager.queue.worker", str(store_path), "--detach", *options]
    try:
        told = subprocess.run(  # noqa: S603 - our own program
            command, check=True, capture_output=True, text=True, timeout=START_S, stdin=subprocess.DEVNULL
        )
        return int(told.stdout)
    except subprocess.CalledProcessError as error:
        raise QueueError(f"the process that runs the queue was not started: {error.stderr.strip()}") from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise QueueError(f"the process that runs the queue was not started: {error}") from error


def log_path(store_path: Path) -> Path:
    """What a detached process says, beside the queue's file."""
    path = Path(store_path).absolute()
    return path.with_name(path.name + ".worker.log")
