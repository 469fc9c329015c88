"""The window's tests run without a screen and leave the user's settings alone."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is first imported

import pytest

pytest.importorskip("PySide6")
pytest.importorskip("pytestqt")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("SOLOTRON_GUI_SETTINGS", str(tmp_path / "settings.ini"))


@pytest.fixture
def started():
    """The calls of the starter that stands for a worker's process."""
    return []


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch, started):
    """A window on an empty queue; its worker is never started, its settings are the test's own."""
    from runmanager.gui.layout import open_settings
    from runmanager.gui.main_window import MainWindow
    from runmanager.gui.service import QueueService

    monkeypatch.chdir(tmp_path)
    service = QueueService(tmp_path / "queue.sqlite", starter=lambda path, hook: started.append((path, hook)))
    made = MainWindow(service, open_settings(), forecasts=False)
    qtbot.addWidget(made, before_close_func=lambda _: made.leave())
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: made.service.snapshot.taken_s > 0.0, timeout=30_000)  # a busy disk syncs slowly
    return made


@pytest.fixture
def store(window):
    """A second opener of the window's queue, as another process would be."""
    from runmanager.queue.store import QueueStore

    with QueueStore(window.service.path) as opened:
        yield opened
