"""A bench in another program's hands costs the queue no entry: it waits, hears a stop, and begins when it is free."""

import threading
from pathlib import Path
from typing import Any

import pytest

from runmanager.errors import BenchInUseError
from runmanager.queue import bench_wait, runner
from runmanager.queue.entries import Entry, Job, Status
from runmanager.queue.store import QueueStore

pytestmark = pytest.mark.usefixtures("run")
IN_USE = "the instrument at COM1 is in use by process 7 of eva"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bench_wait, "LOOK_S", 0.02)
    monkeypatch.setattr(bench_wait, "SLICE_S", 0.01)
    path = tmp_path / "queue.sqlite"
    with QueueStore(path) as store:
        store.add_many([Job("fake", out=tmp_path / "runs")] * 2)
    return path


def entries(path: Path) -> list[Entry]:
    with QueueStore(path) as store:
        return sorted(store.entries(), key=lambda entry: entry.id)


class InUse:
    """Refuses the bench ``n`` times; ``then`` is done at the third attempt."""

    def __init__(self, n: int, then: Any = None) -> None:
        self.left, self.then, self.n_asked = n, then, 0

    def __call__(self) -> None:
        self.n_asked += 1
        if self.n_asked == 3 and self.then is not None:
            self.then()
        if self.n_asked <= self.left:
            raise BenchInUseError(IN_USE)


def test_the_entry_begins_when_the_bench_is_free(
    queue: Path, experiment: Any, caplog: pytest.LogCaptureFixture
) -> None:
    experiment.refuse = InUse(5)
    assert runner.run_queue(queue) == 0
    assert [entry.status for entry in entries(queue)] == [Status.COMPLETED] * 2
    assert caplog.text.count(f"waits for the bench: {IN_USE}") == 1  # one line, not one every few seconds


def test_a_stop_ends_the_wait_and_the_entry_can_be_repeated(queue: Path, experiment: Any, stop: dict[str, Any]) -> None:
    experiment.refuse = InUse(10**6, then=lambda: stop["request"].set())
    runner.run_queue(queue, once=True)
    first, second = entries(queue)
    assert (first.status, second.status) == (Status.ABORTED, Status.QUEUED)
    assert first.ending is not None
    assert first.ending.exit_code == 3
    assert IN_USE in first.ending.message


def test_while_a_pause_is_wanted_the_bench_is_not_taken(queue: Path, experiment: Any) -> None:
    from runmanager.queue.client import connect
    from runmanager.queue.events import Command

    asked_in_pause: list[int] = []

    def pause() -> None:
        with connect(queue, wait_s=5.0) as watcher:
            watcher.send(Command.PAUSE)
            while not entry_is_paused(queue):
                pass

    def go_on() -> None:
        asked_in_pause.append(experiment.refuse.n_asked)
        with connect(queue, wait_s=5.0) as watcher:
            watcher.send(Command.RESUME)

    experiment.refuse = InUse(3, then=pause)
    threading.Timer(0.5, go_on).start()
    runner.run_queue(queue, once=True)
    assert asked_in_pause == [3]
    assert entries(queue)[0].status is Status.COMPLETED


def entry_is_paused(queue: Path) -> bool:
    with QueueStore(queue) as store:
        return store.is_paused()
