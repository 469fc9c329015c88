"""The queue is run entry by entry; whatever one entry does, the queue survives it and says how it ended."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from procedures.errors import RefusedError
from runfile.reader import RunFile
from runmanager import engine
from runmanager.engine import RunOutcome
from runmanager.errors import BadInputError, QueueError
from runmanager.queue import events, persistence, runner
from runmanager.queue.client import QueueClient, connect
from runmanager.queue.entries import Entry, Job, Prediction, Status, Target
from runmanager.queue.events import Command
from runmanager.queue.runner import WorkerBusyError, run_queue
from runmanager.queue.store import QueueStore
from runmanager.queue.worker_lock import worker_lock

Run = Callable[[], RunOutcome]
pytestmark = pytest.mark.usefixtures("run")


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A queue of two fake runs."""
    path = tmp_path / "queue.sqlite"
    add(path, 2)
    return path


def add(path: Path, n: int, **options: Any) -> None:
    with QueueStore(path) as store:
        for _ in range(n):
            store.add(Job("fake", out=path.parent / "runs", **options))


def entries(path: Path) -> list[Entry]:
    """All, in the order of their numbers."""
    with QueueStore(path) as store:
        return sorted(store.entries(), key=lambda entry: entry.id)


def statuses(path: Path) -> list[Status]:
    return [entry.status for entry in entries(path)]


def watch(path: Path, see: Callable[[QueueClient, events.Event], None]) -> threading.Thread:
    """Attach in another thread as soon as somebody runs the queue, and show ``see`` each event."""

    def look() -> None:
        with connect(path, wait_s=10.0) as client:
            for event in client.events():
                see(client, event)

    thread = threading.Thread(target=look)
    thread.start()
    return thread


def test_all_entries_are_run_in_order_and_their_ends_kept(queue: Path) -> None:
    ended: list[int] = []
    assert run_queue(queue, hook=lambda entry: ended.append(entry.id)) == 0
    assert ended == [1, 2]
    first, second = entries(queue)
    assert first.status is second.status is Status.COMPLETED
    assert first.ending is not None
    assert (first.ending.exit_code, first.ending.passed) == (0, True)
    assert first.ending.results["answer"].value == 42.0
    assert first.ending.checks[0].detail == "it answers"
    assert first.run_file != second.run_file
    for entry in (first, second):
        assert entry.run_file is not None
        with RunFile(entry.run_file) as recorded:
            assert recorded.exit_status == "completed"


def test_empty_queue_ends_at_once(tmp_path: Path) -> None:
    assert run_queue(tmp_path / "queue.sqlite") == 0


def test_once_runs_one_entry(queue: Path) -> None:
    run_queue(queue, once=True)
    assert statuses(queue) == [Status.COMPLETED, Status.QUEUED]


def test_events_of_an_entry_are_told(queue: Path) -> None:
    told: list[events.Event] = []
    run_queue(queue, once=True, tell=told.append)
    kinds = [type(event) for event in told]
    assert kinds.index(events.Started) < kinds.index(events.Progress) < kinds.index(events.Finished)
    assert events.Finished(1, "completed", 0) in told


def test_listener_that_fails_does_not_hurt_the_queue(queue: Path) -> None:
    def fail(event: events.Event) -> None:
        raise ValueError("no terminal")

    assert run_queue(queue, tell=fail) == 0


def test_refused_entry_is_marked_and_the_next_one_runs(queue: Path, experiment: Any) -> None:
    refusals = ["no light"]

    def refuse() -> None:
        if refusals:
            raise RefusedError(refusals.pop())

    experiment.refuse = refuse
    assert run_queue(queue) == 2
    assert statuses(queue) == [Status.REFUSED, Status.COMPLETED]
    ending = entries(queue)[0].ending
    assert ending is not None
    assert "no light" in ending.message


def test_failed_entry_keeps_its_data_and_the_next_one_runs(queue: Path, experiment: Any) -> None:
    failures = [OSError("the camera is gone")]

    def fail(self: Any) -> None:
        if failures:
            raise failures.pop()

    experiment.then = fail
    assert run_queue(queue) == 3
    assert statuses(queue) == [Status.FAILED, Status.COMPLETED]
    failed = entries(queue)[0]
    assert failed.run_file is not None
    assert failed.ending is not None
    assert "the camera is gone" in failed.ending.message
    with RunFile(failed.run_file) as recorded:
        assert recorded.table().n_points == 2


def test_what_nobody_foresaw_fails_the_entry_only(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object, **options: object) -> RunOutcome:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(engine, "run", crash)
    assert run_queue(queue) == 3
    assert statuses(queue) == [Status.FAILED, Status.FAILED]


def test_unsafe_end_pauses_the_queue(queue: Path, bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench.unsafe_from_call = 2

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.Finished):
            client.send(Command.STOP_AFTER)

    watcher = watch(queue, see)
    assert run_queue(queue) == 4
    watcher.join()
    assert statuses(queue) == [Status.COMPLETED, Status.QUEUED]
    with QueueStore(queue) as store:
        assert store.is_paused()
    assert "block the beam by hand" in caplog.text


def test_three_failures_in_a_row_pause_the_queue(queue: Path, experiment: Any) -> None:
    add(queue, 2)

    def fail(self: Any) -> None:
        raise OSError("the bench has no power")

    experiment.then = fail

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.StateChanged) and event.paused:
            client.send(Command.STOP_AFTER)

    watcher = watch(queue, see)
    assert run_queue(queue) == 3
    watcher.join()
    assert statuses(queue) == [*[Status.FAILED] * 3, Status.QUEUED]


def test_signal_aborts_the_entry_and_ends_the_queue(queue: Path, experiment: Any) -> None:
    def interrupted(self: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        self.checkpoint(0.5, "measuring")

    experiment.then = interrupted
    before = signal.getsignal(signal.SIGINT)
    assert run_queue(queue, forever=True) == 3
    assert statuses(queue) == [Status.ABORTED, Status.QUEUED]
    assert signal.getsignal(signal.SIGINT) is before


def test_abort_ends_the_entry_and_the_next_one_begins(queue: Path, experiment: Any) -> None:
    asked, begun = threading.Event(), []

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.Started) and event.entry_id == 1 and not asked.is_set():
            client.send(Command.ABORT)
            asked.set()

    def until_aborted(self: Any) -> None:
        begun.append(self)
        while len(begun) == 1:  # the first entry never ends by itself
            threading.Event().wait(0.01)
            self.checkpoint(0.5, "measuring")

    experiment.then = until_aborted
    watcher = watch(queue, see)
    assert run_queue(queue) == 3
    watcher.join()
    assert statuses(queue) == [Status.ABORTED, Status.COMPLETED]


def test_pause_is_dark_and_seen_in_the_queue_and_resume_goes_on(queue: Path, experiment: Any) -> None:
    seen: list[Status] = []
    asked = threading.Event()
    experiment.darken_for_pause = lambda: None
    experiment.brighten_after_pause = lambda: None

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.Started) and not asked.is_set():
            client.send(Command.PAUSE)
            asked.set()
        if isinstance(event, events.StateChanged) and event.paused and entries(queue)[0].status is Status.PAUSED:
            seen.append(entries(queue)[0].status)
            client.send(Command.RESUME)

    def until_paused(self: Any) -> None:
        while not seen:
            asked.wait(0.01)
            self.checkpoint(0.5, "measuring")

    experiment.then = until_paused
    watcher = watch(queue, see)
    code = run_queue(queue)
    watcher.join()
    assert code == 0, entries(queue)
    assert seen[0] is Status.PAUSED
    assert statuses(queue) == [Status.COMPLETED, Status.COMPLETED]


def test_paused_queue_starts_nothing_until_it_goes_on(queue: Path) -> None:
    with QueueStore(queue) as store:
        store.set_paused(True)
    before: list[list[Status]] = []

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.Hello):
            assert event.paused  # as it was left by an earlier process
            before.append(statuses(queue))
            client.send(Command.RESUME)

    watcher = watch(queue, see)
    run_queue(queue)
    watcher.join()
    assert before == [[Status.QUEUED, Status.QUEUED]]
    assert statuses(queue) == [Status.COMPLETED, Status.COMPLETED]


def test_entry_added_while_it_waits_is_run(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"

    def see(client: QueueClient, event: events.Event) -> None:
        if isinstance(event, events.Hello):
            add(path, 1)
            client.send(Command.WAKE)
        if isinstance(event, events.Finished):
            client.send(Command.STOP_AFTER)

    watcher = watch(path, see)
    run_queue(path, forever=True)
    watcher.join()
    assert statuses(path) == [Status.COMPLETED]


def test_entry_added_at_the_last_moment_is_run(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = QueueStore.clear_worker
    late = [1]

    def add_late(self: QueueStore) -> None:
        original(self)
        if late:
            add(queue, late.pop())

    monkeypatch.setattr(QueueStore, "clear_worker", add_late)
    run_queue(queue)
    assert statuses(queue) == [Status.COMPLETED] * 3


def test_two_processes_do_not_run_one_queue(queue: Path) -> None:
    with worker_lock(queue), pytest.raises(WorkerBusyError, match="another process"):
        run_queue(queue)
    assert statuses(queue) == [Status.QUEUED] * 2


def test_nobody_is_named_once_the_queue_has_ended(queue: Path) -> None:
    run_queue(queue)
    with QueueStore(queue) as store:
        assert store.worker() is None


def test_target_reaches_the_experiment(tmp_path: Path, experiment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "queue.sqlite"
    add(path, 1, until=(Target("answer", 2.0),))
    ended: list[list[bool]] = []
    monkeypatch.setattr("runmanager.queue.targets.SHARE", float("inf"))
    experiment.then = lambda self: ended.append([self.enough() for _ in range(3)])
    run_queue(path)
    assert ended == [[False, True, True]]


def test_earlier_run_that_cannot_be_read_refuses_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    add(path, 1, continues=tmp_path / "lost.h5")
    assert run_queue(path) == 2
    ending = entries(path)[0].ending
    assert ending is not None
    assert "cannot be continued" in ending.message


def test_continued_run_hands_the_earlier_file_to_the_experiment(tmp_path: Path, queue: Path, experiment: Any) -> None:
    run_queue(queue)
    earlier = entries(queue)[0].run_file
    given: list[Path] = []
    experiment.prepare_to_continue = lambda run: given.append(run.path)
    add(queue, 1, continues=earlier, seed=5)
    run_queue(queue)
    assert given == [earlier]
    last = entries(queue)[-1].run_file
    assert last is not None
    with RunFile(last) as recorded:
        assert recorded.seed == 1 + engine.NEXT_SEED  # other photons than those of the earlier run, seed 1


def test_warning_of_this_process_is_a_line_of_the_log(queue: Path, experiment: Any) -> None:
    told: list[events.Event] = []
    experiment.then = lambda self: logging.getLogger("anybody").warning("the room is warm")
    run_queue(queue, once=True, tell=told.append)
    assert events.LogLine(1, "WARNING", "the room is warm") in told


def test_entry_whose_forecast_names_violations_waits_for_a_person(
    queue: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with QueueStore(queue) as store:
        store.put_prediction(1, store.entry(1).job, Prediction(1.0, 1, {}, passed=False, violations=("no light",)))
    run_queue(queue)
    assert statuses(queue) == [Status.QUEUED, Status.COMPLETED]
    assert "nobody confirmed: 1" in caplog.text


def test_manual_control_is_asked_to_leave_before_each_entry(
    queue: Path, bench: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    def ask(config: object) -> str:
        asked.append(len(bench.events))
        return "manual control (process 7) stays"

    monkeypatch.setattr("runmanager.manual.handover.ask_for_bench", ask)
    run_queue(queue, once=True)
    assert asked == [0]  # before anything was connected
    assert "entry 1: manual control (process 7) stays" in caplog.text


def test_unusable_queue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        runner.run_queue(tmp_path / "nowhere" / "queue.sqlite")


def test_the_end_of_a_run_is_kept_as_soon_as_the_disk_has_room_again(
    queue: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    finish, failures = QueueStore.finish, [QueueError("the disk is full"), QueueError("the disk is full")]

    def finish_later(store: QueueStore, *of: Any) -> Entry:
        if failures:
            raise failures.pop()
        return finish(store, *of)

    monkeypatch.setattr(QueueStore, "finish", finish_later)
    monkeypatch.setattr(persistence, "PAUSE_S", 0.0)
    assert run_queue(queue) == 0
    assert statuses(queue) == [Status.COMPLETED, Status.COMPLETED]
    assert "cannot be kept: the disk is full" in caplog.text
