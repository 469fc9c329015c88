"""Where the catalogue keeps what is its own: beside the data, or in the user's folders when it may not."""

import hashlib
import os
import sys
from pathlib import Path

INDEX_NAME = ".solotron-catalogue.sqlite"


def cache_folder() -> Path:
    """The user's folder for what can be made again: ``SOLOTRON_CACHE_FOLDER``, or the system's usual place."""
    return _user_folder("SOLOTRON_CACHE_FOLDER", "XDG_CACHE_HOME", ".cache", "Library/Caches")


def data_folder() -> Path:
    """The user's folder for what must last: ``SOLOTRON_DATA_FOLDER``, or the system's usual place."""
    return _user_folder("SOLOTRON_DATA_FOLDER", "XDG_DATA_HOME", ".local/share", "Library/Application Support")


def index_beside(folder: Path) -> Path:
    """The index in the folder itself."""
    return folder / INDEX_NAME


def index_elsewhere(folder: Path) -> Path:
    """The index of a folder that may not be written, in the user's cache folder."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "catalogue" / f"{digest}.sqlite"


def _user_folder(own: str, xdg: str, unix: str, mac: str) -> Path:
    if os.environ.get(own):
        return Path(os.environ[own])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "solotron"
    if sys.platform == "darwin":
        return Path.home() / mac / "solotron"
    return Path(os.environ.get(xdg) or Path.home() / unix) / "solotron"
