"""The queue's order, its history, and what may be done to an entry in which state."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfile.results import Check, Result
from runmanager.errors import BadInputError, QueueError
from runmanager.queue import ordering
from runmanager.queue import store as stores
from runmanager.queue.entries import Ending, Job, Prediction, Status
from runmanager.queue.holder import Holder
from runmanager.queue.store import QueueStore

VIOLATED = Prediction(1.0, 2, {}, passed=False, violations=("too hot",))
FINE = Prediction(60.0, 10, {"lifetime": Result(15.0, 0.1, "ns", "fit")}, passed=True, wall_s=3.0)
ENDED = Ending(0, 1000.0, 60.0, {}, (Check("a", True, "good"),), True)


@pytest.fixture
def queue(tmp_path: Path):
    with QueueStore(tmp_path / "queue.sqlite") as opened:
        yield opened


@pytest.fixture
def holder(queue: QueueStore):
    with queue.hold() as held:
        yield held


def ids(queue: QueueStore) -> list[int]:
    return [entry.id for entry in queue.queued()]


def fill(queue: QueueStore, n: int) -> list[int]:
    return [entry.id for entry in queue.add_many([Job("g2", seed=k) for k in range(n)])]


def run_one(queue: QueueStore, holder: Holder, status: Status = Status.COMPLETED, ending: Ending = ENDED) -> int:
    entry = queue.claim_next(holder)
    assert entry is not None
    queue.finish(entry.id, status, ending)
    return entry.id


def test_jobs_run_in_the_order_in_which_they_were_added(queue: QueueStore) -> None:
    first, second = queue.add(Job("g2")), queue.add(Job("esr"))
    assert queue.queued() == [first, second]


def test_an_entry_comes_back_as_it_was_added(queue: QueueStore, tmp_path: Path) -> None:
    job = Job("esr", (("a", "1 s"), ("b", "laser blocked")), tmp_path / "s.yaml", False, "mn-cdse-cds", 7, tmp_path)
    added = queue.add(job)
    assert queue.entry(added.id) == added
    assert added.job == job
    assert added.status is Status.QUEUED


def test_relative_paths_are_made_absolute(queue: QueueStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = queue.add(Job("g2", station=Path("s.yaml"), sample="dot.yaml", out=Path("x"), faults=Path("f.yaml"))).job
    assert (job.station, job.out, job.faults) == (tmp_path / "s.yaml", tmp_path / "x", tmp_path / "f.yaml")
    assert job.sample == str(tmp_path / "dot.yaml")


def test_a_built_in_sample_is_not_taken_for_a_path(queue: QueueStore) -> None:
    assert queue.add(Job("g2", sample="mn-cdse-cds")).job.sample == "mn-cdse-cds"


def test_added_behind_another(queue: QueueStore) -> None:
    a, b = fill(queue, 2)
    c = queue.add(Job("g2"), after=a).id
    assert ids(queue) == [a, c, b]


def test_added_behind_the_running_one_is_next(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 2)
    running = queue.claim_next(holder)
    assert running is not None
    c = queue.add(Job("g2"), after=running.id).id
    assert ids(queue) == [c, 2]


def test_nothing_is_added_behind_what_has_ended(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 1)
    done = run_one(queue, holder)
    with pytest.raises(QueueError, match=f"entry {done} is completed"):
        queue.add(Job("g2"), after=done)
    assert ids(queue) == []


def test_moved_in_front_of_another_and_to_the_end(queue: QueueStore) -> None:
    a, b, c = fill(queue, 3)
    queue.move(c, before=a)
    assert ids(queue) == [c, a, b]
    queue.move(c)
    assert ids(queue) == [a, b, c]
    queue.move(b, before=b)
    assert ids(queue) == [a, b, c]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), max_size=80))
def test_any_moves_give_the_order_of_a_list(tmp_path_factory: pytest.TempPathFactory, moves: list) -> None:
    with (
        pytest.MonkeyPatch.context() as patched,
        QueueStore(tmp_path_factory.mktemp("q") / "queue.sqlite") as queue,
    ):
        patched.setattr(ordering, "SMALLEST_GAP", 0.3)  # places are numbered anew after two moves
        queue._connection.execute("PRAGMA synchronous = OFF")
        expected = fill(queue, 6)
        names = list(expected)
        for moved, before in moves:
            one, other = names[moved], None if before is None else names[before]
            queue.move(one, other)
            if one != other:
                expected.remove(one)
                expected.insert(len(expected) if other is None else expected.index(other), one)
        assert ids(queue) == expected


def test_hundreds_of_moves_between_the_same_two_keep_the_order(queue: QueueStore) -> None:
    a, b, c, d = fill(queue, 4)
    for k in range(200):
        first, second = ((b, a), (a, b))[k % 2]
        queue.move(second, before=c)
        assert ids(queue) == [first, second, c, d]


def test_removed_numbers_are_never_used_again(queue: QueueStore) -> None:
    queue.remove(fill(queue, 2)[1])
    assert queue.add(Job("g2")).id == 3
    assert ids(queue) == [1, 3]


def test_what_runs_is_neither_removed_nor_moved_nor_edited(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 1)
    entry = queue.claim_next(holder)
    assert entry is not None
    with pytest.raises(QueueError, match="abort it first"):
        queue.remove(entry.id)
    with pytest.raises(QueueError, match="is running and cannot be moved"):
        queue.move(entry.id)
    with pytest.raises(QueueError, match="is running and cannot be edited"):
        queue.edit(entry.id, Job("esr"))


def test_an_edit_drops_forecast_and_confirmation(queue: QueueStore) -> None:
    (a,) = fill(queue, 1)
    queue.put_prediction(a, queue.entry(a).job, VIOLATED)
    queue.confirm(a)
    edited = queue.edit(a, Job("esr"))
    assert (edited.job.procedure, edited.prediction, edited.confirmed) == ("esr", None, False)


def test_an_edit_that_changes_nothing_keeps_the_forecast(queue: QueueStore) -> None:
    (a,) = fill(queue, 1)
    queue.put_prediction(a, queue.entry(a).job, FINE)
    assert queue.edit(a, queue.entry(a).job).prediction == FINE


def test_a_duplicate_stands_behind_its_original_and_starts_afresh(queue: QueueStore, tmp_path: Path) -> None:
    original = queue.add(Job("g2", continues=tmp_path / "old.h5"))
    last = queue.add(Job("esr"))
    copy = queue.duplicate(original.id)
    assert ids(queue) == [original.id, copy.id, last.id]
    assert copy.job.continues is None
    assert copy.job.procedure == "g2"


def test_an_ended_entry_is_repeated_at_the_end(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 2)
    done = run_one(queue, holder)
    again = queue.repeat(done)
    assert (again.repeats, again.job) == (done, queue.entry(done).job)
    assert ids(queue)[-1] == again.id
    with pytest.raises(QueueError, match="cannot be repeated yet"):
        queue.repeat(again.id)


def test_the_first_is_claimed_and_runs(queue: QueueStore, holder: Holder) -> None:
    a, b = fill(queue, 2)
    before = time.time()
    entry = queue.claim_next(holder)
    assert entry is not None
    assert (entry.id, entry.status) == (a, Status.RUNNING)
    assert entry.started_at is not None
    assert before <= entry.started_at <= time.time()
    assert queue.running() == [entry]
    assert ids(queue) == [b]


def test_an_empty_queue_gives_nothing(queue: QueueStore, holder: Holder) -> None:
    assert queue.claim_next(holder) is None


def test_a_paused_queue_gives_nothing_even_to_the_next_process(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 1)
    queue.set_paused(True)
    with QueueStore(queue.path) as other:
        assert other.is_paused()
        assert other.claim_next(holder) is None
        other.set_paused(False)
    assert queue.claim_next(holder) is not None


def test_violations_block_an_entry_until_confirmed(queue: QueueStore, holder: Holder) -> None:
    a, b = fill(queue, 2)
    assert queue.put_prediction(a, queue.entry(a).job, VIOLATED)
    assert queue.entry(a).blocked
    first = queue.claim_next(holder)
    assert first is not None
    assert first.id == b
    assert queue.claim_next(holder) is None
    assert not queue.confirm(a).blocked
    second = queue.claim_next(holder)
    assert second is not None
    assert second.id == a


def test_a_forecast_of_another_job_is_not_kept(queue: QueueStore) -> None:
    (a,) = fill(queue, 1)
    old = queue.entry(a).job
    queue.edit(a, Job("esr"))
    assert not queue.put_prediction(a, old, FINE)
    assert queue.entry(a).prediction is None
    queue.remove(a)
    assert not queue.put_prediction(a, old, FINE)


def test_a_running_entry_still_gets_its_forecast_an_ended_one_does_not(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 1)
    entry = queue.claim_next(holder)
    assert entry is not None
    assert queue.put_prediction(entry.id, entry.job, FINE)
    assert queue.entry(entry.id).prediction == FINE
    queue.finish(entry.id, Status.COMPLETED, ENDED)
    assert not queue.put_prediction(entry.id, entry.job, VIOLATED)


def test_a_forecast_is_tried_three_times(queue: QueueStore) -> None:
    a, b = fill(queue, 2)
    claimed = [queue.claim_forecast() for _ in range(7)]
    assert [entry and entry.id for entry in claimed] == [a, b, a, b, a, b, None]


def test_a_released_forecast_does_not_count(queue: QueueStore) -> None:
    (a,) = fill(queue, 1)
    for _ in range(5):
        entry = queue.claim_forecast()
        assert entry is not None
        queue.release_forecast(entry.id)
    assert [entry.id for entry in queue.without_forecast()] == [a]
    assert queue.without_forecast(frozenset({99})) == []


def test_progress_is_written_once_a_second(queue: QueueStore, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(queue, 1)
    entry = queue.claim_next(holder)
    assert entry is not None
    now = [100.0]
    monkeypatch.setattr(stores.time, "monotonic", lambda: now[0])
    assert queue.set_progress(entry.id, 0.25, "sweep 1 \udcff")
    assert not queue.set_progress(entry.id, 0.5, "sweep 2")
    assert queue.entry(entry.id).fraction == 0.25
    now[0] += 1.0
    assert queue.set_progress(entry.id, 7.0, "sweep 3")
    assert (queue.entry(entry.id).fraction, queue.entry(entry.id).what) == (1.0, "sweep 3")


def test_progress_never_waits_for_another_writer(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 1)
    entry = queue.claim_next(holder)
    assert entry is not None
    with QueueStore(queue.path) as other, other._write():
        began = time.perf_counter()
        assert not queue.set_progress(entry.id, 0.25, "sweep 1")
        assert time.perf_counter() - began < 2.0
    queue._progress_at_s = 0.0
    assert queue.set_progress(entry.id, 0.5, "sweep 2")
    assert queue._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert queue._connection.execute("PRAGMA busy_timeout").fetchone() == (15000,)


def test_paused_and_running_in_turns(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 2)
    entry = queue.claim_next(holder)
    assert entry is not None
    assert queue.set_status(entry.id, Status.PAUSED).status is Status.PAUSED
    assert queue.running()[0].status is Status.PAUSED
    assert queue.set_status(entry.id, Status.RUNNING).status is Status.RUNNING
    with pytest.raises(QueueError, match="is queued and cannot be set to paused"):
        queue.set_status(2, Status.PAUSED)
    with pytest.raises(QueueError, match="only running and paused can be set"):
        queue.set_status(entry.id, Status.COMPLETED)


def test_an_ending_comes_back_as_it_was(queue: QueueStore, holder: Holder, tmp_path: Path) -> None:
    fill(queue, 1)
    entry = queue.claim_next(holder)
    assert entry is not None
    queue.set_run_file(entry.id, tmp_path / "run \udce9.h5")
    results = {"lifetime": Result(15.0, 0.1, "ns", "fit", (14.8, 15.3), 0.68)}
    ending = Ending(1, 1234.5, 60.0, results, (Check("a", False, "bad"),), False, "why", "by hand")
    queue.finish(entry.id, Status.FAILED, ending)
    (ended,) = queue.history()
    assert (ended.ending, ended.status) == (ending, Status.FAILED)
    assert ended.run_file == tmp_path / "run \udce9.h5"


def test_only_what_runs_can_end_and_only_once(queue: QueueStore, holder: Holder) -> None:
    (a,) = fill(queue, 1)
    with pytest.raises(QueueError, match="is queued and cannot be ended"):
        queue.finish(a, Status.COMPLETED, ENDED)
    run_one(queue, holder)
    with pytest.raises(QueueError, match="is completed and cannot be ended"):
        queue.finish(a, Status.FAILED, ENDED)
    with pytest.raises(QueueError, match="cannot end as queued"):
        queue.finish(a, Status.QUEUED, ENDED)


def test_history_is_newest_first_and_limited(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 3)
    for at in (30.0, 10.0, 20.0):
        run_one(queue, holder, ending=Ending(0, at))
    assert [entry.id for entry in queue.history()] == [1, 3, 2]
    assert [entry.id for entry in queue.history(2)] == [1, 3]
    assert len(queue.history(10**30)) == 3


def test_all_entries_running_then_queued_then_ended(queue: QueueStore, holder: Holder) -> None:
    fill(queue, 4)
    run_one(queue, holder)
    queue.claim_next(holder)
    queue.move(4, before=3)
    assert [entry.id for entry in queue.entries()] == [2, 4, 3, 1]


def test_the_counter_tells_every_change_and_nothing_else(queue: QueueStore, holder: Holder) -> None:
    seen = [queue.change_counter()]

    def changed() -> bool:
        seen.append(queue.change_counter())
        return seen[-1] > seen[-2]

    (a,) = fill(queue, 1)
    assert changed()
    queue.entries(), queue.recover(), queue.entry(a)
    assert not changed()
    with QueueStore(queue.path) as other:
        other.set_paused(False)
    assert changed()
    queue.claim_next(holder)
    assert changed()
    assert queue.claim_forecast() is None
    assert not changed()


def test_changes_since_a_counter(queue: QueueStore) -> None:
    fill(queue, 3)
    before = queue.change_counter()
    assert queue.changed_since(before).entries == ()
    queue.edit(2, Job("esr"))
    queue.remove(1)
    changes = queue.changed_since(before)
    assert [entry.id for entry in changes.entries] == [2]
    assert changes.ids == {2, 3}
    assert changes.counter == queue.change_counter()
    assert len(queue.changed_since(0).entries) == 2


def test_renumbered_places_count_as_changes(queue: QueueStore) -> None:
    a, b, c = fill(queue, 3)
    before = queue.change_counter()
    for k in range(60):
        queue.move((a, b)[k % 2], before=c)
    assert {entry.id for entry in queue.changed_since(before).entries} == {a, b, c}


def test_the_worker_says_where_it_listens(queue: QueueStore) -> None:
    assert queue.worker() is None
    queue.set_worker(12, "pipe-x", b"\x00key")
    assert queue.worker() == stores.WorkerAddress(12, "pipe-x", b"\x00key")
    queue.clear_worker()
    assert queue.worker() is None


@pytest.mark.parametrize("entry_id", [0, -1, 99, 10**30])
def test_an_unknown_number_is_refused(queue: QueueStore, entry_id: int) -> None:
    for action in (queue.entry, queue.move, queue.remove, queue.confirm, queue.repeat, queue.resume, queue.duplicate):
        with pytest.raises(QueueError, match=f"there is no entry {entry_id}"):
            action(entry_id)


def test_a_refusal_changes_nothing_and_leaves_the_queue_usable(queue: QueueStore) -> None:
    a, b = fill(queue, 2)
    before = queue.change_counter()
    with pytest.raises(QueueError):
        queue.move(a, before=99)
    with pytest.raises(QueueError):
        queue.add(Job("g2"), after=99)
    assert (ids(queue), queue.change_counter()) == ([a, b], before)


def test_what_cannot_be_written_as_a_whole_is_not_written_at_all(queue: QueueStore) -> None:
    bad = Job("g2", seed=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        queue.add_many([Job("g2"), bad])
    assert ids(queue) == []


def test_an_error_of_the_queue_is_bad_input() -> None:
    assert issubclass(QueueError, BadInputError)


def test_the_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(stores.STORE_VARIABLE, raising=False)
    assert stores.default_path() == tmp_path / "solotron-queue.sqlite"
    monkeypatch.setenv(stores.STORE_VARIABLE, "lab/q.sqlite")
    assert stores.default_path() == tmp_path / "lab" / "q.sqlite"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def test_the_file_is_its_owners_alone(queue: QueueStore) -> None:
    queue.set_worker(os.getpid(), "x", b"secret")
    for path in queue.path.parent.glob("queue.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
