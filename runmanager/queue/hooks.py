"""What happens when an entry ends: a command of the user's, a desktop notification, the terminal's bell.

All of it in a thread of its own, with a time limit: whatever goes wrong here is logged and never hurts the queue.
"""

import json
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from runmanager.errors import BadInputError
from runmanager.queue.entries import Entry
from runmanager.queue.job_text import entry_document

log = logging.getLogger(__name__)

HOOK_VARIABLE = "SOLOTRON_HOOK"
"""Environment variable with the command to run when an entry has ended."""
TIMEOUT_S = 60.0
NOTIFIER = "notify-send"
NOTIFY_TIMEOUT_S = 5.0
LAST_WORDS_S = 1.0


class HookRunner:
    """Calls the hooks of ended entries, one after the other; a context manager that waits for them at its end.

    ``command``: split as a shell would, but run without one (write ``sh -c '…'`` for a shell); it gets the entry
    as one JSON object on its standard input, and its number and status as SOLOTRON_ENTRY and SOLOTRON_STATUS.
    None: what SOLOTRON_HOOK says; an empty text: no command. ``desktop``: a notification, where the desktop has
    ``notify-send``. ``bell``: the sound of a terminal.
    """

    def __init__(
        self, command: str | None = None, *, desktop: bool = False, bell: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        """BadInputError for a command that cannot be split, or whose program does not exist."""
        self._words = split_command(os.environ.get(HOOK_VARIABLE, "") if command is None else command)
        self._desktop, self._bell, self._timeout_s = desktop, bell, timeout_s
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hook")

    def __call__(self, entry: Entry) -> None:
        """The entry has ended: call all hooks, without waiting for them. Never raises."""
        try:
            self._pool.submit(self._all, entry)
        except RuntimeError as error:
            log.warning("the hook of entry %d was not called: %s", entry.id, error)

    def close(self) -> None:
        """Wait for the hooks that were called; each has its time limit."""
        self._pool.shutdown(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _all(self, entry: Entry) -> None:
        if self._bell:
            ring()
        if self._desktop:
            notify(entry)
        if self._words:
            run_command(self._words, entry, timeout_s=self._timeout_s)


def split_command(command: str) -> list[str]:
    """A command's words, as a shell would split it; BadInputError if that or its program is wrong. Empty: none."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise BadInputError(f"the hook {command!r} cannot be split into words ({error}); check its quotes") from error
    if words and shutil.which(words[0]) is None:
        raise BadInputError(f"the hook's program '{words[0]}' was not found or may not be run; give its full path")
    return words


def run_command(words: list[str], entry: Entry, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Run a hook's command with the entry on its standard input; whether it ended well. Never raises."""
    environment = {**os.environ, "SOLOTRON_ENTRY": str(entry.id), "SOLOTRON_STATUS": entry.status.value}
    try:
        with tempfile.TemporaryFile() as told:
            told.write(json.dumps(entry_document(entry), allow_nan=False).encode())
            told.seek(0)
            process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                words,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
    except (OSError, ValueError) as error:
        log.warning("the hook of entry %d could not be run: %s", entry.id, error)
        return False
    return _ended_well(process, entry, timeout_s)


def _ended_well(process: "subprocess.Popen[bytes]", entry: Entry, timeout_s: float) -> bool:
    said = _LastWords(process)
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        _kill(process)
        log.warning("the hook of entry %d was ended: it took longer than %g s", entry.id, timeout_s)
        return False
    if code != 0:
        log.warning("the hook of entry %d ended with code %d: %s", entry.id, code, said.text() or "(said nothing)")
    return code == 0


def notify(entry: Entry) -> bool:
    """A desktop notification; whether one was shown. Never raises."""
    program = shutil.which(NOTIFIER)
    if program is None:
        return False
    urgency = "critical" if entry.ending is not None and entry.ending.unsafe else "normal"
    title = f"solotron: {entry.job.procedure} {entry.status.value}"
    words = [program, "--app-name=solotron", f"--urgency={urgency}", "--", title, summary(entry)]
    try:
        done = subprocess.run(words, capture_output=True, timeout=NOTIFY_TIMEOUT_S, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError) as error:
        log.info("no notification of entry %d: %s", entry.id, error)
        return False
    return done.returncode == 0


def ring() -> None:
    """The bell of the terminal, where there is one."""
    if sys.stderr.isatty():
        sys.stderr.write("\a")
        sys.stderr.flush()


def summary(entry: Entry) -> str:
    """One line on how an entry ended, what must be done by hand first."""
    ending = entry.ending
    if ending is None:
        return f"entry {entry.id} is {entry.status.value}"
    if ending.unsafe:
        return f"entry {entry.id}: SAFE STATE NOT CONFIRMED: {ending.unsafe}"
    verdict = {None: "", True: "verdict passed", False: "verdict failed"}[ending.passed]
    parts = [part for part in (verdict, ending.message) if part]
    return f"entry {entry.id}: " + (" – ".join(parts) or entry.status.value)


class _LastWords:
    """The end of what a program says; all before it is read and dropped: a chatty hook must not fill the disk."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._tail = process, b""
        self._thread = threading.Thread(target=self._read, name="what the hook says", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """One line of at most 500 bytes. Waits a second at most: what the hook left behind may still hold the pipe."""
        self._thread.join(LAST_WORDS_S)
        return " ".join(self._tail.decode(errors="replace").split())

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        with stream:
            while piece := os.read(stream.fileno(), 65536):
                self._tail = (self._tail + piece)[-500:]


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the hook and what it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
