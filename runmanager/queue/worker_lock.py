"""One process runs a queue: it holds this lock as long as it lives, and the system takes it back when it dies."""

from pathlib import Path

from filelock import FileLock


def worker_lock(store_path: Path) -> FileLock:
    """The lock of the queue ``store_path``, not yet taken. Whoever gets it knows that nobody runs the queue."""
    path = Path(store_path).absolute()
    return FileLock(path.with_name(path.name + ".worker.lock"), timeout=0)
