"""How a run gets the bench from a person: it asks, manual control reaches the safe state and leaves.

Manual control of a real bench puts a note beside the instruments' locks (``instruments.ownership``): which addresses
it holds. A run that needs one of them puts a second file beside the note and waits until the note's lock is free. The
operating system frees that lock however its holder ends, so a killed process is never waited for.
"""

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from instruments.ownership import FOLDER_NAME, FOLDER_VARIABLE
from instruments.station_file import StationConfig

WAIT_S = 60.0
POLL_S = 0.1
_NOTE = "manual-control"


class Presence:
    """The note of one manual control; a context manager. Nothing on the twin: its instruments are nobody else's."""

    def __init__(self, config: StationConfig, folder: Path | None = None) -> None:
        self._addresses = [] if config.twin else sorted(_addresses(config))
        stem = _folder(folder) / f"{_NOTE}.{os.getpid()}"
        self._note, self._wanted = stem.with_suffix(f"{stem.suffix}.note"), stem.with_suffix(f"{stem.suffix}.wanted")
        self._lock = FileLock(_lock_of(self._note), mode=0o666, is_singleton=False, thread_local=False)

    def __enter__(self) -> Self:
        if self._addresses:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._wanted.unlink(missing_ok=True)
            self._lock.acquire(timeout=0)
            self._note.write_text(json.dumps(self._addresses), encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._addresses:
            _remove(self._note)
            self._lock.release()
            with suppress(OSError):
                _lock_of(self._note).unlink()

    def is_wanted(self) -> bool:
        """True when a run has asked for the bench."""
        return bool(self._addresses) and self._wanted.exists()


def ask_for_bench(config: StationConfig, *, timeout_s: float = WAIT_S, folder: Path | None = None) -> str:
    """Ask every manual control that holds an instrument of ``config`` to leave, and wait.

    Returns "" when none is left (at once, if there was none, and on the twin), else one sentence that says who stays.
    """
    if config.twin:
        return ""
    wanted = _addresses(config)
    deadline_s = time.monotonic() + timeout_s
    for note in sorted(_folder(folder).glob(f"{_NOTE}.*.note")):
        if not wanted & _noted(note):
            continue
        with suppress(OSError):
            note.with_suffix(".wanted").write_text("a run", encoding="utf-8")
        while _is_held(note):
            if time.monotonic() > deadline_s:
                return (
                    f"manual control (process {note.name.split('.')[1]}) holds the bench and did not leave within "
                    f"{timeout_s:g} s: press SAFE STATE there and close it"
                )
            time.sleep(POLL_S)
        _remove(note)
    return ""


def _folder(given: Path | None) -> Path:
    if given is not None:
        return given
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(tempfile.gettempdir()) / FOLDER_NAME)


def _lock_of(note: Path) -> Path:
    return note.with_suffix(".lock")


def _is_held(note: Path) -> bool:
    if not note.exists():
        return False
    lock = FileLock(_lock_of(note), mode=0o666, is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _noted(note: Path) -> set[str]:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {str(each) for each in content} if isinstance(content, list) else set()


def _remove(note: Path) -> None:
    for path in (note, note.with_suffix(".wanted")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _addresses(config: StationConfig) -> set[str]:
    """Where the instruments are, in one spelling; a device behind a library is known by its class and serial number."""
    return {
        (entry.address or f"{entry.type}::{entry.init.get('sdk', '')}::{entry.init.get('serial', 0)}").strip().upper()
        for entry in config.instruments.values()
    }
