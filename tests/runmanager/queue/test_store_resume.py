"""Going on with a run that ended too early: from its run file, once, in front of the queue."""

from pathlib import Path
from typing import Any

import pytest

from runfile.writer import Column, RunWriter
from runmanager.errors import QueueError
from runmanager.queue.entries import Ending, Entry, Job, Status
from runmanager.queue.store import QueueStore


@pytest.fixture
def queue(tmp_path: Path):
    with QueueStore(tmp_path / "queue.sqlite") as opened:
        yield opened


def record(path: Path, procedure: str = "g2", *, n_rows: int = 1, taking_over: str = "") -> Path:
    writer = RunWriter.create(
        path, procedure=procedure, title="t", parameters={}, station="", snapshot={}, sample_sheet="", sample={},
        conditions={}, versions={}, seed=1,
    )  # fmt: skip
    table = writer.table(
        "data", title="t", signal="y", axes=("x",), columns=(Column("x", "s", "x"), Column("y", "V", "y"))
    )
    for _ in range(n_rows):
        table.append(x=1.0, y=2.0)
    if taking_over:
        writer.note("continues", {"run_file": taking_over, "rows": 5, "taken_over": False})
    writer.finish("aborted", 1.0)
    return path


def ended(queue: QueueStore, job: Job, status: Status, run_file: Path | None) -> Entry:
    queue.add(job)
    with queue.hold() as holder:
        entry = queue.claim_next(holder)
        assert entry is not None
        if run_file is not None:
            queue.set_run_file(entry.id, run_file)
        return queue.finish(entry.id, status, Ending(3, 0.0))


@pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.ABORTED, Status.FAILED])
def test_resumed_in_front_from_its_run_file(queue: QueueStore, tmp_path: Path, status: Status) -> None:
    run_file = record(tmp_path / "run.h5")
    old = ended(queue, Job("g2", (("duration", "60"),)), status, run_file)
    waiting = queue.add(Job("esr"))
    new = queue.resume(old.id)
    assert (new.job.continues, new.job.settings, new.repeats) == (run_file, old.job.settings, old.id)
    assert queue.queued() == [new, waiting]


def test_resumed_once_only(queue: QueueStore, tmp_path: Path) -> None:
    old = ended(queue, Job("g2"), Status.ABORTED, record(tmp_path / "run.h5"))
    first = queue.resume(old.id)
    with pytest.raises(QueueError, match=f"entry {first.id} continues .* already"):
        queue.resume(old.id)
    queue.remove(first.id)
    assert queue.resume(old.id).repeats == old.id


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.REFUSED])
def test_what_is_complete_or_never_began_is_not_resumed(queue: QueueStore, tmp_path: Path, status: Status) -> None:
    old = ended(queue, Job("g2"), status, record(tmp_path / "run.h5"))
    with pytest.raises(QueueError, match=f"is {status} and cannot be resumed"):
        queue.resume(old.id)


def test_without_a_run_file_it_can_only_be_repeated(queue: QueueStore) -> None:
    old = ended(queue, Job("g2"), Status.INTERRUPTED, None)
    with pytest.raises(QueueError, match="recorded nothing; repeat it"):
        queue.resume(old.id)
    assert queue.repeat(old.id).job == old.job


def test_a_resumed_run_that_recorded_nothing_goes_on_from_the_first_file(queue: QueueStore, tmp_path: Path) -> None:
    run_file = record(tmp_path / "run.h5")
    old = ended(queue, Job("g2", continues=run_file), Status.FAILED, None)
    assert queue.resume(old.id).job.continues == run_file


@pytest.mark.parametrize("ended_how", [{"n_rows": 0}, {"taking_over": "run.h5"}])
def test_a_resumed_run_that_ended_before_a_row_of_its_own_goes_on_from_the_first_file(
    queue: QueueStore, tmp_path: Path, ended_how: dict[str, Any]
) -> None:
    run_file = record(tmp_path / "run.h5")
    second = record(tmp_path / "second.h5", **ended_how)
    old = ended(queue, Job("g2", continues=run_file), Status.INTERRUPTED, second)
    assert queue.resume(old.id).job.continues == run_file


def test_a_run_without_a_row_is_refused_now_and_not_at_night(queue: QueueStore, tmp_path: Path) -> None:
    old = ended(queue, Job("g2"), Status.ABORTED, record(tmp_path / "run.h5", n_rows=0))
    with pytest.raises(QueueError, match=r"cannot be resumed, repeat it: run\.h5 ended before its first complete row"):
        queue.resume(old.id)
    assert queue.queued() == []


def test_a_damaged_second_file_is_told_and_not_passed_over(queue: QueueStore, tmp_path: Path) -> None:
    broken = tmp_path / "second.h5"
    broken.write_bytes(b"not HDF5")
    old = ended(queue, Job("g2", continues=record(tmp_path / "run.h5")), Status.FAILED, broken)
    with pytest.raises(QueueError, match=r"cannot be resumed, repeat it: .*second.h5"):
        queue.resume(old.id)


def test_an_unreadable_run_file_is_refused(queue: QueueStore, tmp_path: Path) -> None:
    broken = tmp_path / "run.h5"
    broken.write_bytes(b"not HDF5")
    old = ended(queue, Job("g2"), Status.FAILED, broken)
    with pytest.raises(QueueError, match="cannot be resumed, repeat it"):
        queue.resume(old.id)


def test_another_procedures_file_is_refused(queue: QueueStore, tmp_path: Path) -> None:
    old = ended(queue, Job("g2"), Status.FAILED, record(tmp_path / "run.h5", "esr"))
    with pytest.raises(QueueError, match="recorded by esr"):
        queue.resume(old.id)


def test_a_repeat_of_a_resumed_run_starts_afresh(queue: QueueStore, tmp_path: Path) -> None:
    old = ended(queue, Job("g2", continues=tmp_path / "run.h5"), Status.COMPLETED, None)
    assert queue.repeat(old.id).job.continues is None
