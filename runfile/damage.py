"""What h5py does with a damaged file, said in one line that names the file and the part of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from runfile.errors import RunFileError

DAMAGE = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    MemoryError,
)
"""What h5py and the JSON reader raise on damaged files, as experience shows."""

_HIGHEST_COMPRESSION = 1100
"""Deflate packs at most 1032:1; a data set that claims more than that is damaged."""
_ALWAYS_ALLOWED_BYTES = 1 << 24
"""A killed process may leave a dataset that is longer than the chunks it had made."""


@contextmanager
def damage_named(path: Path, what: str) -> Iterator[None]:
    """Turn what h5py raises into a RunFileError that says ``what`` of the run file cannot be read."""
    try:
        yield
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunFileError(f"run file {path}: {what} cannot be read ({reason}); the file is damaged") from error


def refuse_impossible_claim(dataset: h5py.Dataset, path: Path) -> None:
    """RunFileError when a dataset claims to hold far more than the file does: it would only fill the memory."""
    claimed = int(dataset.size) * dataset.dtype.itemsize
    if claimed <= _ALWAYS_ALLOWED_BYTES:
        return
    try:
        stored = int(dataset.id.get_storage_size())
    except (OSError, RuntimeError):  # killed while the list of chunks grew
        stored = path.stat().st_size
    if claimed > stored * (_HIGHEST_COMPRESSION if dataset.compression else 1) + _ALWAYS_ALLOWED_BYTES:
        raise RunFileError(
            f"run file {path}: {dataset.name} claims {claimed} bytes where {stored} are stored; the file is damaged"
        )
