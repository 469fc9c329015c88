"""One owner: an instrument is driven by one process at a time, whichever station file names it.

Each address is a lock file in the computer's temporary folder, shared by all users. The operating system frees the
lock when its holder dies, however it dies. Who holds it stands in a second file beside it, for the message.
"""

import getpass
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from instruments.errors import InUseError, StationError

FOLDER_NAME = "solotron-locks"
FOLDER_VARIABLE = "SOLOTRON_LOCK_FOLDER"
"""Environment variable that names another folder; the same for everybody who shares the instruments."""


class Ownership:
    """The addresses that this process has claimed. ``release`` gives them back; dying does, too."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where the lock files are (None: one for all users of this computer)."""
        usual = os.environ.get(FOLDER_VARIABLE) or Path(tempfile.gettempdir()) / FOLDER_NAME
        self._folder = Path(usual) if folder is None else folder
        self._held: list[tuple[FileLock, Path]] = []

    def claim(self, addresses: Iterable[str]) -> None:
        """Become the only owner of every address.

        Raises InUseError that names the address and its holder, and StationError when the locks cannot be used; then
        nothing is held.
        """
        try:
            self._make_folder()
            for key, address in sorted({_canonical(each): each for each in addresses}.items()):
                self._claim_one(key, address)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give all back; further calls do nothing."""
        while self._held:
            lock, note = self._held.pop()
            with suppress(OSError):
                note.unlink()
            lock.release()

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError):  # another user made it, with these rights
                self._folder.chmod(0o777)
        except OSError as error:
            raise StationError(
                f"the folder of instrument locks {self._folder} cannot be made ({error}); without it two programs "
                "could drive one bench: make it writable for all users"
            ) from error

    def _claim_one(self, key: str, address: str) -> None:
        stem = hashlib.sha256(key.encode()).hexdigest()[:24]
        lock = FileLock(self._folder / f"{stem}.lock", mode=0o666, is_singleton=False, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InUseError(
                f"the instrument at {address} is in use by {self._holder(stem)}; let that finish, or stop it, "
                "before starting another"
            ) from None
        except OSError as error:
            raise StationError(
                f"the lock of the instrument at {address} cannot be taken ({error}); make {self._folder} and its "
                "files writable for all users"
            ) from error
        note = self._folder / f"{stem}.{os.getpid()}.{id(self)}.holder"
        self._held.append((lock, note))
        with suppress(OSError):  # the lock holds without it; only the other program's message is poorer
            note.write_text(json.dumps(_who_am_i()), encoding="utf-8")

    def _holder(self, stem: str) -> str:
        notes = sorted(self._folder.glob(f"{stem}.*.holder"), key=_age, reverse=True)
        for note in notes:
            with suppress(OSError, ValueError, KeyError, TypeError):
                who = json.loads(note.read_text(encoding="utf-8"))
                return f"process {who['pid']} of {who['user']} ({who['command']}, since {who['since']})"
        return "another program on this computer"


def _age(note: Path) -> float:
    try:
        return note.stat().st_mtime
    except OSError:
        return 0.0


def _canonical(address: str) -> str:
    """One spelling for each line: VISA ignores case, and a serial port may have links to it."""
    text = address.strip()
    port = text[4:].partition("::")[0] if text.upper().startswith("ASRL/") else ""
    if port:
        text = text.replace(port, str(Path(port).resolve()), 1)
    return text.upper()


def _who_am_i() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = f"user {os.getuid()}" if hasattr(os, "getuid") else "an unknown user"
    return {
        "pid": os.getpid(),
        "user": user,
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200],
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
