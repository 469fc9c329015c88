"""Which measurements a folder and its subfolders hold, with size and time of change; opens none of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from runmanager.batch import SUFFIXES
from runmanager.catalogue.records import Stamp
from runmanager.errors import BadInputError


@dataclass(frozen=True)
class Scan:
    """``files``: name relative to the folder (forward slashes) → stamp. ``closed``: subfolders that refused."""

    files: dict[str, Stamp]
    closed: tuple[str, ...] = ()


def scan(folder: Path) -> Scan:
    """Look at a folder and its subfolders; hidden ones, and links to folders, are left out.

    Raises BadInputError when the folder itself cannot be listed: a share that is away is not an empty folder.
    """
    files: dict[str, Stamp] = {}
    closed: list[str] = []
    waiting = [("", str(folder))]
    while waiting:
        prefix, path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    _take(entry, prefix, files, waiting)
        except OSError as error:
            if not prefix:
                raise BadInputError(f"the folder {folder} cannot be listed ({error.strerror or error})") from error
            closed.append(prefix.rstrip("/"))
    return Scan(files, tuple(sorted(closed)))


def _take(entry: os.DirEntry[str], prefix: str, files: dict[str, Stamp], waiting: list[tuple[str, str]]) -> None:
    if entry.name.startswith("."):
        return
    try:
        if entry.is_dir(follow_symlinks=False):
            waiting.append((f"{prefix}{entry.name}/", entry.path))
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES and entry.is_file():  # noqa: PTH122 - 10,000 times
            status = entry.stat()
            files[prefix + entry.name] = Stamp(status.st_size, status.st_mtime_ns)
    except OSError:  # it went while we looked
        return
