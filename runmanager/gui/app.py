"""``solotron gui``: the window of one queue."""

import gc
import signal
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QTimer  # noqa: TID253
from PySide6.QtWidgets import QApplication  # noqa: TID253

from runmanager.gui.layout import open_settings
from runmanager.gui.main_window import MainWindow
from runmanager.gui.service import QueueService

LOOK_FOR_SIGNALS_MS = 200
WINDOW_TURN_S = 0.0005
"""A busy thread (Python's default: 5 ms) gives way to the window this often: each call of Qt waits for its turn."""


def make_application(arguments: list[str] | None = None) -> QApplication:
    """The one QApplication of this process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    sys.setswitchinterval(WINDOW_TURN_S)
    application = QApplication(sys.argv[:1] if arguments is None else arguments)
    application.setApplicationName("solotron")
    application.setDesktopFileName("solotron")
    return application


def open_window(store: Path, *, forecasts: bool = True) -> MainWindow:
    """A window on the queue ``store``, shown. ``forecasts``: dry runs of what waits, in the background."""
    window = MainWindow(QueueService(store), open_settings(), forecasts=forecasts)
    window.service.snapshot_changed.connect(_settle, Qt.ConnectionType.SingleShotConnection)
    window.show()
    return window


def _settle() -> None:
    """Keep what was loaded out of later garbage collections: with 10,000 entries each would stop all for 0.2 s."""
    gc.collect()
    gc.freeze()


def run(store: Path, *, forecasts: bool = True) -> int:
    """Show the window until it is closed; 0. Ctrl-C in the terminal closes it, too; a run goes on without it."""
    application = make_application()
    window = open_window(store, forecasts=forecasts)
    signal.signal(signal.SIGINT, lambda number, frame: window.leave())
    signal.signal(signal.SIGTERM, lambda number, frame: window.leave())
    heartbeat = QTimer()  # Python looks at signals only when it runs
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(LOOK_FOR_SIGNALS_MS)
    return int(application.exec())
