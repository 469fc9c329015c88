"""Processes in which files are read, so that no reader ever holds up a window, a run, or brings down either.

HDF5 locks a file while it is open, for reading, too: a catalogue that looks into a file at the wrong moment would make
the run engine's own opening of it fail. In these processes HDF5 therefore locks nothing (and writes nothing). They
give way to everything else on the computer, and end when they are told to or when their parent is gone. A damaged file
that kills its reader costs that one answer.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

_Answer = TypeVar("_Answer")
_Words = ParamSpec("_Words")
_NICENESS = 5
_writing = threading.Lock()


def read_without_locks() -> None:
    """HDF5 files opened from now on are not locked. Must be called before h5py is first imported."""
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"


class ReadingProcesses:
    """Processes that read; started when first needed, renewed when one has died. A context manager; any thread."""

    def __init__(self, n_processes: int | None = None) -> None:
        self.n_processes = max(1, n_processes or min(os.cpu_count() or 1, 8))
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False
        self._context = get_context("spawn")  # a copy of this process would inherit threads and an h5py that locks
        # The readers hold one end; it tells them when the other is closed, or gone with this process.
        self._told, self._end = self._context.Pipe(duplex=False)
        self._lock = threading.Lock()

    def submit(
        self, work: Callable[_Words, _Answer], *arguments: _Words.args, **options: _Words.kwargs
    ) -> Future[_Answer]:
        """Have ``work(*arguments)`` done; its future raises BrokenProcessPool when the process died of it.

        RuntimeError after :meth:`close`.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the reading processes are closed")
            if self._pool is None:
                self._pool = self._new_pool()
            try:
                return self._pool.submit(work, *arguments, **options)
            except BrokenProcessPool:
                self._pool = self._new_pool()
                return self._pool.submit(work, *arguments, **options)

    def close(self) -> None:
        """End the processes, also in the middle of reading; what waits is cancelled."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            self._end.close()
            pool.shutdown(wait=True, cancel_futures=True)
            self._told.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.n_processes, mp_context=self._context, initializer=_begin, initargs=(self._told,)
        )


@contextmanager
def uninterrupted() -> Iterator[None]:
    """In a reading process: the end waits until this is through, for the few that write a page beside a file."""
    with _writing:
        yield


def _begin(told: Connection) -> None:
    read_without_locks()
    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_wait_for_end, args=(told,), daemon=True).start()


def _wait_for_end(told: Connection) -> None:
    """Leave at once when the window closes its end or has died: a reader has nothing to put in order."""
    told.poll(None)
    with _writing:
        os._exit(0)
