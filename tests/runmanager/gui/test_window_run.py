"""The window with a real worker on the twin: queued, watched, finished; aborted, paused; left alone and found again."""

import contextlib
import os
import signal
import time

import pytest
from PySide6.QtCore import Qt  # noqa: TID253

from runmanager.gui.closing import Choice
from runmanager.gui.layout import open_settings
from runmanager.gui.main_window import MainWindow
from runmanager.gui.service import QueueService
from runmanager.queue.client import is_running
from runmanager.queue.entries import Job, Status
from runmanager.queue.store import QueueStore

PATIENCE_MS = 60_000
CTRL = Qt.KeyboardModifier.ControlModifier
pytestmark = pytest.mark.end_to_end


@pytest.fixture
def path(tmp_path):
    """A queue whose worker is gone when the test is."""
    queue = tmp_path / "queue.sqlite"
    yield queue
    until_s = time.monotonic() + 20.0
    while is_running(queue) and time.monotonic() < until_s:
        with QueueStore(queue) as store:
            worker = store.worker()
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)
        time.sleep(0.05)
    assert not is_running(queue)


@pytest.fixture
def open_window(qtbot, path, monkeypatch):
    """Opens windows on the one queue; they are left, not closed with questions, at the end."""
    monkeypatch.chdir(path.parent)

    def make():
        window = MainWindow(QueueService(path), open_settings(), forecasts=False)
        qtbot.addWidget(window, before_close_func=lambda _: window.leave())
        window.show()
        qtbot.waitUntil(lambda: window.service.snapshot.taken_s > 0.0, timeout=PATIENCE_MS)
        return window

    return make


def queue_g2(window, seconds):
    window.explorer.select("g2")
    window.editor.form.rows["duration"].set_text(str(seconds))
    window.editor.form.rows["batch"].set_text("0.5")
    window.actions_by_name["queue"].trigger()


def wait_running(qtbot, window):
    """Something runs, and the window hears of it."""
    qtbot.waitUntil(
        lambda: window.service.running is not None and window.running_bar.what.text() != "", timeout=PATIENCE_MS
    )
    qtbot.waitUntil(lambda: window.service.watching, timeout=PATIENCE_MS)


def wait_ended(qtbot, window, n=1):
    qtbot.waitUntil(lambda: len(window.service.snapshot.history) == n, timeout=PATIENCE_MS)


def test_from_launch_to_a_watched_and_finished_experiment(qtbot, open_window):
    window = open_window()
    heard = []
    window.service.happened.connect(lambda event: heard.append(type(event).__name__))
    queue_g2(window, 5)
    wait_ended(qtbot, window)
    entry = window.service.snapshot.history[0]
    assert entry.status is Status.COMPLETED
    assert entry.run_file.is_file()
    qtbot.waitUntil(lambda: window.notifier.last != "", timeout=PATIENCE_MS)
    assert "g2_zero" in window.notifier.last
    assert {"Started", "Progress", "Finished"} <= set(heard)
    assert "g2 begins" in window.log_view.toPlainText()
    qtbot.waitUntil(lambda: "Nothing runs" in window.running_bar.title.text())


def test_ctrl_backspace_aborts_at_once_and_keeps_the_data(qtbot, open_window):
    window = open_window()
    queue_g2(window, 20000)
    wait_running(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_Backspace, CTRL)
    assert "safe state" in window.statusBar().currentMessage()
    wait_ended(qtbot, window)
    entry = window.service.snapshot.history[0]
    assert entry.status is Status.ABORTED
    assert entry.run_file.is_file()


def test_pause_and_go_on(qtbot, open_window):
    window = open_window()
    queue_g2(window, 20000)
    wait_running(qtbot, window)
    pause = window.actions_by_name["pause"]
    pause.trigger()
    qtbot.waitUntil(lambda: window.service.running.status is Status.PAUSED, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "paused" in window.running_bar.what.text())
    pause.trigger()
    qtbot.waitUntil(lambda: window.service.running.status is Status.RUNNING, timeout=PATIENCE_MS)
    window.actions_by_name["abort"].trigger()
    wait_ended(qtbot, window)


def test_closing_may_leave_the_run_and_the_next_window_finds_it(qtbot, open_window, path):
    window = open_window()
    queue_g2(window, 20000)
    wait_running(qtbot, window)
    window.ask_on_close = lambda parent, entry: Choice.STAY
    window.close()
    assert window.isVisible()
    window.ask_on_close = lambda parent, entry: Choice.LEAVE
    window.close()
    assert not window.isVisible()
    assert is_running(path)
    second = open_window()
    wait_running(qtbot, second)
    second.actions_by_name["abort"].trigger()
    wait_ended(qtbot, second)


def test_closing_with_abort_waits_for_the_safe_state(qtbot, open_window, path):
    window = open_window()
    queue_g2(window, 20000)
    wait_running(qtbot, window)
    window.ask_on_close = lambda parent, entry: Choice.ABORT
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE_MS)
    with QueueStore(path) as store:
        assert [entry.status for entry in store.history()] == [Status.ABORTED]


def test_a_killed_worker_leaves_an_interrupted_entry_that_can_be_resumed_or_repeated(qtbot, open_window, path):
    window = open_window()
    done = []
    window.service.happened.connect(lambda event: done.append(getattr(event, "fraction", 0.0)))
    queue_g2(window, 20000)
    wait_running(qtbot, window)
    some_rows = 5 * 0.5 / 20000
    qtbot.waitUntil(lambda: max(done, default=0.0) > some_rows, timeout=PATIENCE_MS)  # something to go on from
    with QueueStore(path) as store:
        os.kill(store.worker().pid, signal.SIGKILL)
        wait_ended(qtbot, window)
        entry = store.history()[0]
        assert entry.status is Status.INTERRUPTED
        window.appearance.set_run_at_once(False)
        store.set_paused(True)  # what is resumed here shall not run
        window.docks["history"].raise_()
        window.history_view.setFocus()
        window.history_view.select_ids([entry.id])
        window.actions_by_name["resume"].trigger()
        qtbot.waitUntil(lambda: [e.job.continues for e in store.queued()] == [entry.run_file], timeout=PATIENCE_MS)


def test_a_window_that_opens_after_a_crash_marks_what_was_interrupted(qtbot, open_window, path):
    with QueueStore(path) as store, store.hold() as holder:
        store.add(Job("g2", twin=True))
        entry = store.claim_next(holder)
    window = open_window()
    wait_ended(qtbot, window)
    assert window.service.snapshot.history[0].id == entry.id
    assert window.service.snapshot.history[0].status is Status.INTERRUPTED
