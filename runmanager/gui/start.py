"""The door to the window: says what is missing before Qt is looked for."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from runmanager.errors import BadInputError

NEEDED = ("PySide6", "pyqtgraph")


def start(queue: Path | None) -> int:
    """Open the window on a queue's file (None: the default one); returns when it is closed.

    BadInputError when the packages or the screen it needs are missing.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise BadInputError(f"the window needs {' and '.join(missing)}: pip install 'solotron[gui]'")
    if not has_screen():
        raise BadInputError(
            "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set): use 'solotron queue' here, or log in "
            "with 'ssh -X'"
        )
    from runmanager.gui import app
    from runmanager.queue.store import default_path

    return app.run(queue.absolute() if queue is not None else default_path())


def has_screen() -> bool:
    """False on a Unix without a display, where Qt would end the process without a word of its own."""
    if sys.platform in {"win32", "darwin"} or os.environ.get("QT_QPA_PLATFORM", "") not in {"", "xcb", "wayland"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
