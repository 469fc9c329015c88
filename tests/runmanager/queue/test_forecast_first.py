"""On a real bench nothing starts before its dry run is done; on the twin, or once confirmed, nothing waits."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments import station
from runmanager.queue import events, forecast_first, runner
from runmanager.queue.client import connect
from runmanager.queue.entries import Entry, Job, Prediction, Status
from runmanager.queue.events import Command
from runmanager.queue.forecasting import start_forecaster, the_only_one
from runmanager.queue.runner import run_queue
from runmanager.queue.store import QueueStore

pytestmark = pytest.mark.usefixtures("run")
GOOD = Prediction(60.0, 1000, {}, passed=True)
BAD = Prediction(60.0, 1000, {}, passed=False, violations=("the field would exceed 5 T",))


class DryRun:
    """Stands for the forecaster's process; ``answer``: what it finds (None: it dies without a word)."""

    def __init__(self, path: Path, entry_id: int, answer: Prediction | None, *, busy: bool) -> None:
        self.busy, self.stopped = busy, False
        with QueueStore(path) as store:
            if answer is not None and not busy:
                store.put_prediction(entry_id, store.entry(entry_id).job, answer)

    def is_alive(self) -> bool:
        return self.busy and not self.stopped

    def stop(self, timeout_s: float) -> None:
        self.stopped = True


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A queue of two entries of a real bench, without forecasts."""
    monkeypatch.setattr(runner, "FORECAST_LOOK_S", 0.01)
    monkeypatch.setattr(runner, "_ask_manual_control", lambda entry: None)
    queue = tmp_path / "queue.sqlite"
    (tmp_path / "lab.yaml").write_text(station.TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    with QueueStore(queue) as store:
        store.add_many([Job("fake", station=tmp_path / "lab.yaml", sample="mn-cdse-cds", out=tmp_path / "runs")] * 2)
    return queue


@pytest.fixture
def dry_runs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the dry runs answer, by entry; those that were begun follow in ``begun``."""

    class Script:
        def __init__(self) -> None:
            self.answers: dict[int, Prediction | None] = {1: GOOD, 2: GOOD}
            self.busy = False
            self.begun: list[tuple[int, DryRun]] = []

    script = Script()

    def start(store_path: Path, *, entry_id: int) -> DryRun:
        made = DryRun(store_path, entry_id, script.answers[entry_id], busy=script.busy)
        script.begun.append((entry_id, made))
        return made

    monkeypatch.setattr(forecast_first, "start_forecaster", start)
    return script


def entries(path: Path) -> list[Entry]:
    with QueueStore(path) as store:
        return sorted(store.entries(), key=lambda entry: entry.id)


def statuses(path: Path) -> list[Status]:
    return [entry.status for entry in entries(path)]


def listen(path: Path, see: Callable[[Any, events.Event], None]) -> threading.Thread:
    def look() -> None:
        with connect(path, wait_s=10.0) as client:
            for event in client.events():
                see(client, event)

    thread = threading.Thread(target=look)
    thread.start()
    return thread


def test_every_entry_of_a_real_bench_has_its_dry_run_before_it_starts(path: Path, dry_runs: Any) -> None:
    told: list[events.Event] = []
    assert run_queue(path, tell=told.append) == 0
    assert statuses(path) == [Status.COMPLETED] * 2
    assert [number for number, _ in dry_runs.begun] == [1, 2]
    kinds = [type(event) for event in told]
    first_line = kinds.index(events.LogLine)
    assert "starts when its dry run is done" in told[first_line].text  # type: ignore[attr-defined]
    assert events.Progress(1, 0.0, "forecasting on the twin", 0.0) in told[: kinds.index(events.Started)]


def test_a_violation_blocks_the_entry_before_anything_runs(path: Path, dry_runs: Any, bench: Any) -> None:
    dry_runs.answers[1] = BAD
    assert run_queue(path) == 0
    assert statuses(path) == [Status.QUEUED, Status.COMPLETED]
    assert entries(path)[0].blocked
    assert bench.events.count("execute") == 1


def test_a_dry_run_that_dies_again_and_again_blocks_the_entry_with_a_reason(path: Path, dry_runs: Any) -> None:
    dry_runs.answers = {1: None, 2: None}
    assert run_queue(path) == 0
    assert [number for number, _ in dry_runs.begun] == [1, 1, 2, 2]
    for entry in entries(path):
        assert entry.blocked
        assert entry.prediction is not None
        assert "confirm the entry to run it without" in entry.prediction.violations[0]


def test_a_confirmed_entry_does_not_wait(path: Path, dry_runs: Any) -> None:
    with QueueStore(path) as store:
        store.confirm(1)
        store.remove(2)
    assert run_queue(path) == 0
    assert statuses(path) == [Status.COMPLETED]
    assert dry_runs.begun == []


def test_the_twin_is_its_own_dry_run(path: Path, dry_runs: Any) -> None:
    with QueueStore(path) as store:
        for entry in store.queued():
            store.remove(entry.id)
        store.add(Job("fake", out=path.parent / "runs"))
        store.add(Job("fake", station=path.parent / "lab.yaml", twin=True, out=path.parent / "runs"))
    assert run_queue(path) == 0
    assert statuses(path) == [Status.COMPLETED] * 2
    assert dry_runs.begun == []


def test_nobody_overtakes_the_one_that_waits(path: Path, dry_runs: Any) -> None:
    with QueueStore(path) as store:
        store.put_prediction(2, store.entry(2).job, GOOD)
        with store.hold() as holder:
            assert store.claim_next(holder, forecast_first.may_start) is None
            store.put_prediction(1, store.entry(1).job, GOOD)
            claimed = store.claim_next(holder, forecast_first.may_start)
    assert claimed is not None
    assert claimed.id == 1


def test_another_forecaster_that_is_at_it_is_waited_for(path: Path, dry_runs: Any) -> None:
    with the_only_one(path):
        told = 0

        def deliver(event: events.Event) -> None:
            nonlocal told
            if isinstance(event, events.Progress) and not told:
                told += 1
                with QueueStore(path) as store:
                    for entry in store.queued():
                        store.put_prediction(entry.id, entry.job, GOOD)

        assert run_queue(path, tell=deliver) == 0
    assert dry_runs.begun == []
    assert statuses(path) == [Status.COMPLETED] * 2


def test_another_forecaster_that_never_comes_to_it_is_not_waited_for_for_ever(
    path: Path, dry_runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast_first, "OTHER_S", 0.05)
    with the_only_one(path):
        assert run_queue(path) == 0
    assert [number for number, _ in dry_runs.begun] == [1, 2]


@pytest.mark.parametrize("command", [Command.ABORT, Command.PAUSE])
def test_an_abort_or_a_pause_meanwhile_holds_the_queue_and_it_goes_on_from_there(
    path: Path, dry_runs: Any, command: Command
) -> None:
    dry_runs.busy = True
    held: list[bool] = []

    def see(client: Any, event: events.Event) -> None:
        if isinstance(event, events.Progress) and event.what == forecast_first.WHAT and not held:
            client.send(command)
            held.append(True)
        if isinstance(event, events.StateChanged) and event.paused and len(held) == 1:
            held.append(statuses(path) == [Status.QUEUED] * 2)
            with QueueStore(path) as store:
                for entry in store.queued():
                    store.put_prediction(entry.id, entry.job, GOOD)
            client.send(Command.RESUME)

    watcher = listen(path, see)
    assert run_queue(path) == 0
    watcher.join()
    assert held == [True, True]
    assert statuses(path) == [Status.COMPLETED] * 2


def test_stop_and_signal_end_the_wait_and_the_dry_run(path: Path, dry_runs: Any) -> None:
    dry_runs.busy = True
    told: list[str] = []

    def interrupt(event: events.Event) -> None:
        if isinstance(event, events.Progress) and not told:
            told.append(event.what)
            os.kill(os.getpid(), signal.SIGINT)

    assert run_queue(path, tell=interrupt, forever=True) == 0
    assert statuses(path) == [Status.QUEUED] * 2
    assert dry_runs.begun[0][1].stopped


def test_an_entry_that_is_removed_meanwhile_lets_the_next_one_have_its_turn(path: Path, dry_runs: Any) -> None:
    dry_runs.busy = True
    removed: list[int] = []

    def remove(event: events.Event) -> None:
        if isinstance(event, events.Progress) and not removed:
            removed.append(event.entry_id)
            dry_runs.busy = False
            with QueueStore(path) as store:
                store.remove(event.entry_id)

    assert run_queue(path, tell=remove) == 0
    assert dry_runs.begun[-1][0] == 2
    assert statuses(path) == [Status.COMPLETED]


@pytest.mark.end_to_end
def test_the_process_makes_the_forecast_of_one_entry_and_ends(tmp_path: Path) -> None:
    queue = tmp_path / "queue.sqlite"
    with QueueStore(queue) as store:
        store.add_many([Job("g2", settings=(("duration", "-2"),), twin=True, out=tmp_path)] * 2)
        with the_only_one(queue):  # another forecaster lives
            process = start_forecaster(queue, entry_id=2)
            try:
                assert process._process.wait(60.0) == 0
            finally:
                process.stop()
        first, second = store.queued()
        assert first.prediction is None
        assert second.blocked
