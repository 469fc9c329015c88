"""Starting the queue's process: never forgotten, never for ever, never while manual control has the bench."""

import time

import pytest

from runmanager.gui import service as services
from runmanager.gui.running_bar import RunningBar
from runmanager.gui.service import QueueService
from runmanager.queue.entries import Job, Prediction
from runmanager.queue.events import Command, CountRates, LogLine, Progress
from runmanager.queue.store import QueueStore
from runmanager.queue.worker_lock import worker_lock


@pytest.fixture
def said():
    return []


@pytest.fixture
def service(qtbot, tmp_path, monkeypatch, started, said):
    """A service on a queue of one entry; its worker is never really started."""
    monkeypatch.setattr(services, "LOOK_AGAIN_MS", 20)
    monkeypatch.setattr(services, "STARTED_MS", 40)
    path = tmp_path / "queue.sqlite"
    with QueueStore(path) as store:
        store.add(Job("g2", twin=True))
    made = QueueService(path, starter=lambda store, hook: started.append(hook))
    made.said.connect(lambda level, text: said.append((level, text)))
    made.start(forecasts=False)
    qtbot.waitUntil(lambda: len(made.snapshot.queue) == 1)
    yield made
    made.stop()


def test_a_worker_that_is_just_ending_is_followed_by_another(qtbot, service, started):
    with worker_lock(service.path):
        service.run_queue()
        qtbot.wait(150)
        assert started == []
    qtbot.waitUntil(lambda: started != [])


def test_a_worker_that_dies_at_every_start_is_not_started_for_ever(qtbot, service, started, said):
    service.run_queue()
    qtbot.waitUntil(lambda: any(level == "ERROR" for level, _ in said))
    assert len(started) == services.MOST_STARTS
    assert "queue.sqlite.worker.log" in said[-1][1]
    service.run_queue()
    qtbot.waitUntil(lambda: len(started) == services.MOST_STARTS + 1)


def test_nothing_is_started_while_manual_control_keeps_the_bench(qtbot, service, started, said):
    service.free_bench = lambda: False
    service.run_queue()
    qtbot.waitUntil(lambda: said != [])
    assert said[0][0] == "WARNING"
    assert "manual control does not give the bench back" in said[0][1]
    qtbot.wait(150)
    assert started == []
    service.free_bench = lambda: True
    service.run_queue()
    qtbot.waitUntil(lambda: started != [])


def test_stop_after_this_run_takes_the_wish_back(qtbot, service, started, said):
    with worker_lock(service.path):
        service.run_queue()
        service.command(Command.STOP_AFTER)
    qtbot.wait(150)
    assert started == []


@pytest.mark.parametrize("spoil", ["hold", "block", "remove"])
def test_nothing_is_started_where_nothing_may_run(qtbot, service, started, spoil):
    with QueueStore(service.path) as store:
        entry = store.queued()[0]
        if spoil == "hold":
            store.set_paused(True)
        elif spoil == "block":
            store.put_prediction(entry.id, entry.job, Prediction(1.0, 1, {}, passed=False, violations=("too hot",)))
        else:
            store.remove(entry.id)
    service.run_queue()
    qtbot.wait(150)
    assert started == []


def test_many_events_at_once_leave_the_event_loop_its_turns(qtbot, service):
    for n in range(500):
        service.buffer.put(LogLine(1, "INFO", str(n)))
        service.buffer.put(CountRates(1, float(n), {"detector 1": 1.0}))
    seen = []

    def slow(event):
        seen.append(event)
        until_s = time.perf_counter() + 0.001
        while time.perf_counter() < until_s:
            pass

    service.happened.connect(slow)
    service._hand_out()
    assert 0 < len(seen) < 100
    qtbot.waitUntil(lambda: len(seen) == 1000)
    assert [event.text for event in seen if isinstance(event, LogLine)] == [str(n) for n in range(500)]


def test_the_bar_says_that_an_entry_waits_for_its_forecast(qtbot, monkeypatch):
    monkeypatch.setattr("runmanager.gui.running_bar.TOLD_MS", 50)
    bar = RunningBar([])
    qtbot.addWidget(bar)
    bar.show_entry(None, waiting=2, held=False)
    bar.show_progress(Progress(7, 0.0, "forecasting on the twin", 0.0))
    bar.show_entry(None, waiting=2, held=False)
    assert "7" in bar.title.text()
    assert "forecasting on the twin" in bar.what.text()
    qtbot.waitUntil(lambda: "2 waiting" in bar.what.text())
    bar.show_progress(Progress(7, 0.0, "forecasting on the twin", 0.0))
    bar.show_entry(None, waiting=2, held=True)
    assert "held" in bar.title.text()


def test_a_queue_that_cannot_be_read_in_a_way_nobody_foresaw_is_told(qtbot, service, monkeypatch):
    def fail(store):
        raise OverflowError("too much")

    with qtbot.waitSignal(service.broken) as told:
        monkeypatch.setattr(QueueStore, "change_counter", fail)
    assert "is shown no more: OverflowError: too much" in told.args[0]
