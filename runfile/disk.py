"""An HDF5 file open for writing, and the room it needs on the disk.

HDF5 keeps the file's length in its header and writes the header before it extends the file. A process killed
between the two, or a disk that fills up there, would leave a file that no HDF5 library opens. The file is
therefore kept longer than HDF5 needs, by real blocks: a full disk shows here, before anything is touched.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py

from runfile.errors import RunFileError

CAN_PLACE = hasattr(os, "pwrite")
"""Whether the operating system writes at a given place of a file in one call; Windows does not."""

PATIENCE_S = 10.0
"""How long a writer waits for readers of a finished file, s."""
_PAUSE_S = 0.05
_METADATA_SLACK_BYTES = 131_072
_STEP_BYTES = 1_048_576


class OpenFile:
    """An HDF5 file that is written under guard: through HDF5 (:meth:`writing`) or past it (:meth:`put`)."""

    def __init__(self, path: Path, mode: str) -> None:
        self.path = path
        self.h5: Any = _open_patiently(path, mode)
        self._descriptor = int(self.h5.id.get_vfd_handle())
        self._broken = ""

    @contextmanager
    def writing(self, n_bytes: int | None, doing: str) -> Iterator[Any]:
        """Reserve room for ``n_bytes`` (None: written in place, no room needed), let the caller write, flush.

        Raises RunFileError when the disk is full (before anything is written), when writing fails, and after
        a failure: then the file is left as it is on the disk, with all that was recorded before.
        """
        self._refuse_when_broken(doing)
        if n_bytes is not None:
            self._reserve(n_bytes)
        try:
            yield self.h5
            self.flush()
        except (OSError, RuntimeError) as error:
            raise self._give_up(doing, error) from error

    def put(self, place: int, content: bytes | memoryview, doing: str) -> None:
        """Write ``content`` at byte ``place``, where HDF5 has made room for it; needs :data:`CAN_PLACE`.

        Only for rows of chunks that HDF5 does not keep in memory. When this returns the operating system has the
        bytes: they survive the death of this process. Raises RunFileError as :meth:`writing` does.
        """
        if self._broken:
            self._refuse_when_broken(f"recording in {doing}")
        try:
            n_written = os.pwrite(self._descriptor, content, place)
            while n_written < len(content):  # the system took a part: go on, or learn from it why not
                n_written += os.pwrite(self._descriptor, content[n_written:], place + n_written)
        except OSError as error:
            raise self._give_up(f"recording in {doing}", error) from error

    def flush(self) -> None:
        """Hand everything to the operating system: it survives the death of this process."""
        h5py.h5f.flush(self.h5.id)

    def close(self) -> None:
        """Close the file and give back the room that was reserved but not used."""
        length = int(self.h5.id.get_filesize())
        if self._broken:
            with suppress(OSError, RuntimeError):
                self.h5.close()
            return
        # the number of the descriptor may soon belong to another file: nothing may be put there any more
        self._broken = "the file is closed"
        try:
            self.h5.close()
            os.truncate(self.path, length)
        except (OSError, RuntimeError) as error:
            raise RunFileError(f"run file {self.path}: closing failed: {reason(error)}") from error

    def _refuse_when_broken(self, doing: str) -> None:
        if self._broken:
            raise RunFileError(f"run file {self.path}: {doing} refused: {self._broken}")

    def _give_up(self, doing: str, error: OSError | RuntimeError) -> RunFileError:
        """After a failed write nothing more is written; the error to raise."""
        self._broken = f"an earlier write failed ({reason(error)})"
        self._detach()
        return RunFileError(f"run file {self.path}: {doing} failed: {reason(error)}")

    def _reserve(self, n_bytes: int) -> None:
        """Keep the file longer than what HDF5 has allocated in it, by ``n_bytes`` and some metadata."""
        needed = int(self.h5.id.get_filesize()) + n_bytes + _METADATA_SLACK_BYTES
        size = os.fstat(self._descriptor).st_size
        if size >= needed:
            return
        try:
            self._extend(size, needed + _STEP_BYTES)
        except OSError:
            self._extend_exactly_to(size, needed)

    def _extend_exactly_to(self, old_size: int, size: int) -> None:
        try:
            self._extend(old_size, size)
        except OSError as error:
            raise RunFileError(
                f"run file {self.path}: the disk has no room for {size} bytes ({reason(error)}); "
                "free some space there; everything recorded so far is readable"
            ) from error

    def _extend(self, old_size: int, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, old_size, size - old_size)
        else:
            os.ftruncate(self._descriptor, size)

    def _detach(self) -> None:
        """Let all further writes of HDF5 go nowhere.

        After a failed write HDF5 would still write the header that describes the part that is missing.
        """
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self._descriptor)
        os.close(null)


def _open_patiently(path: Path, mode: str) -> Any:  # noqa: ANN401 - h5py has no types
    """Open; while somebody else reads the file (an analysis of the whole folder, a viewer) wait for him for a while."""
    give_up_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            # default libver: the only mode in which a killed writer leaves a file that everybody opens
            return h5py.File(path, mode)
        except BlockingIOError:
            if mode == "w" or time.monotonic() >= give_up_s:
                raise
            time.sleep(_PAUSE_S)


def reason(error: BaseException) -> str:
    """The first line of what went wrong, from the operating system if it said it."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error).split("\n", maxsplit=1)[0]
