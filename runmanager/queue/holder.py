"""Who runs an entry: a lock file that its process holds. The operating system frees the lock when the process dies.

A process id would not do: ids are used again, and after a power failure another program may have it.
"""

import glob
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from runmanager.errors import QueueError

SWEPT_AFTER_S = 3600.0


class Holder:
    """The proof that this process lives and runs entries of a queue; a context manager. ``name`` is unique for ever.

    A process forked from this one would hold the lock, too: start others with exec (subprocess, spawn).
    """

    def __init__(self, store: Path) -> None:
        """Take a new lock beside the queue's file. QueueError when the folder cannot be written."""
        clear_away(store)
        self.name = f"{os.getpid()}-{uuid.uuid4().hex}"
        self._path = lock_path(store, self.name)
        self._lock = FileLock(self._path, is_singleton=False, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except (OSError, Timeout) as error:
            raise QueueError(
                f"queue {store}: the lock {self._path.name} cannot be taken beside it ({error})"
            ) from error

    def release(self) -> None:
        """Give the lock back: what this process still runs then counts as interrupted."""
        self._lock.release()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock_path(store: Path, name: str) -> Path:
    """The lock file of the holder ``name``, beside the queue's file."""
    return store.with_name(f"{store.name}-holder-{name}.lock")


def clear_away(store: Path) -> None:
    """Remove the lock files that dead holders have left. Young ones stay: theirs may just be about to take them."""
    for path in store.parent.glob(f"{glob.escape(store.name)}-holder-*.lock"):
        with suppress(OSError):  # gone meanwhile, or another user's
            if time.time() - path.stat().st_mtime > SWEPT_AFTER_S:
                is_alive(store, _name(store, path))


def has_living(store: Path, pid: int) -> bool:
    """True when the process ``pid`` lives and holds a lock of this queue."""
    locks = store.parent.glob(f"{glob.escape(store.name)}-holder-{pid}-*.lock")
    return any(is_alive(store, _name(store, path)) for path in locks)


def _name(store: Path, path: Path) -> str:
    return path.name.removeprefix(f"{store.name}-holder-").removesuffix(".lock")


def is_alive(store: Path, name: str) -> bool:
    """True while the holder's process lives. Clears the lock file of a dead one away."""
    path = lock_path(store, name)
    if not path.is_file():
        return False
    lock = FileLock(path, is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # not ours to look into (another user's): take it for alive rather than run an entry twice
        return True
    lock.release()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return False
