"""Several processes on one queue, some of which are killed: nothing lost, nothing run twice."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runmanager.errors import QueueError
from runmanager.queue.entries import Ending, Job, Status
from runmanager.queue.holder import is_alive, lock_path
from runmanager.queue.store import QueueStore

PREAMBLE = """
import sys, time
from pathlib import Path
from runmanager.queue.entries import Ending, Job, Status
from runmanager.queue.holder import is_alive, lock_path
from runmanager.queue.store import QueueStore
path = Path(sys.argv[1])
"""
CLAIM_ALL = """
with QueueStore(path) as queue, queue.hold() as holder:
    print("ready", flush=True)
    sys.stdin.readline()
    while (entry := queue.claim_next(holder)) is not None:
        print(entry.id, flush=True)
        queue.finish(entry.id, Status.COMPLETED, Ending(0, time.time()))
"""
ADD_SOME = """
with QueueStore(path) as queue:
    print("ready", flush=True)
    sys.stdin.readline()
    for seed in range(int(sys.argv[2]), int(sys.argv[2]) + 40):
        queue.add(Job("g2", seed=seed))
"""
CLAIM_ONE_AND_WAIT = """
with QueueStore(path) as queue, queue.hold() as holder:
    entry = queue.claim_next(holder)
    queue.set_progress(entry.id, 0.4, "sweep 4")
    print(entry.id, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def process(program: str, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    words = [sys.executable, "-c", PREAMBLE + textwrap.dedent(program), *arguments]
    started = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def line(started: "subprocess.Popen[str]") -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def let_go(*all_started: "subprocess.Popen[str]") -> list[str]:
    for started in all_started:
        assert started.stdin is not None
        started.stdin.write("\n")
        started.stdin.flush()
    return [started.communicate(timeout=30)[0] for started in all_started]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def test_two_runners_share_a_queue_and_run_nothing_twice(path: Path) -> None:
    with QueueStore(path) as queue:
        wanted = [entry.id for entry in queue.add_many([Job("g2")] * 60)]
    with process(CLAIM_ALL, str(path)) as one, process(CLAIM_ALL, str(path)) as other:
        assert [line(one), line(other)] == ["ready", "ready"]
        ran = [int(word) for said in let_go(one, other) for word in said.split()]
    assert sorted(ran) == wanted
    with QueueStore(path) as queue:
        assert {entry.id for entry in queue.history()} == set(wanted)


def test_two_writers_lose_no_entry(path: Path) -> None:
    with process(ADD_SOME, str(path), "0") as one, process(ADD_SOME, str(path), "100") as other:
        assert [line(one), line(other)] == ["ready", "ready"]  # both have just made the file, or found it
        let_go(one, other)
    with QueueStore(path) as queue:
        seeds = [entry.job.seed for entry in queue.queued()]
    assert sorted(seeds) == [*range(40), *range(100, 140)]
    assert [seed for seed in seeds if seed < 100] == list(range(40))


def test_what_a_killed_process_ran_is_interrupted_and_nothing_else_is_touched(path: Path) -> None:
    with QueueStore(path) as queue:
        queue.add_many([Job("g2", seed=seed) for seed in range(4)])
        with process(CLAIM_ONE_AND_WAIT, str(path)) as lives, process(CLAIM_ONE_AND_WAIT, str(path)) as dies:
            living, dying = int(line(lives)), int(line(dies))
            assert queue.recover() == []
            dies.send_signal(signal.SIGKILL)
            dies.wait()
            (found,) = queue.recover()
            assert (found.id, found.status, found.fraction) == (dying, Status.INTERRUPTED, 0.4)
            assert found.ending is not None
            assert "killed" in found.ending.message
            assert [entry.id for entry in queue.running()] == [living]
            assert [entry.id for entry in queue.queued()] == [3, 4]
            assert queue.recover() == []
    assert not list(path.parent.glob(f"*-holder-{dies.pid}-*"))


def test_a_paused_run_whose_process_died_is_interrupted_too(path: Path) -> None:
    with QueueStore(path) as queue:
        queue.add(Job("g2"))
        with queue.hold() as holder:
            entry = queue.claim_next(holder)
            assert entry is not None
            queue.set_status(entry.id, Status.PAUSED)
        assert [found.id for found in queue.recover()] == [entry.id]
        with pytest.raises(QueueError, match="is interrupted"):  # the dead one's late word is not heard
            queue.finish(entry.id, Status.COMPLETED, Ending(0, 0.0))


def test_a_kill_in_the_middle_of_a_change_leaves_the_queue_as_it_was(path: Path) -> None:
    program = """
    queue = QueueStore(path)
    queue._connection.execute("BEGIN IMMEDIATE")
    queue._connection.execute("DELETE FROM entries")
    print("half-way", flush=True)
    sys.stdin.readline()
    """
    with QueueStore(path) as queue:
        before = queue.add_many([Job("g2")] * 5)
    with process(program, str(path)) as dies:
        assert line(dies) == "half-way"
        dies.send_signal(signal.SIGKILL)
        dies.wait()
    with QueueStore(path) as queue:
        assert queue.queued() == before
        assert queue.add(Job("g2")).id == 6


def test_a_killed_real_bench_must_be_made_safe_by_hand(path: Path) -> None:
    with QueueStore(path) as queue:
        queue.add_many([Job("g2", station=Path("lab.yaml")), Job("g2", station=Path("lab.yaml"), twin=True)])
        with queue.hold() as holder:
            queue.claim_next(holder), queue.claim_next(holder)
        real, twin = (entry.ending for entry in queue.recover())
    assert real is not None
    assert twin is not None
    assert (real.exit_code, twin.exit_code) == (4, 3)
    assert "solotron station safe --station" in real.unsafe
    assert twin.unsafe == ""


def test_lock_files_of_the_dead_are_cleared_away_those_of_the_living_stay(path: Path) -> None:
    long_ago = time.time() - 7200.0
    dead, young, foreign = (
        path.with_name(f"{path.name}-{name}.lock") for name in ("holder-1-a", "holder-2-b", "something")
    )
    with QueueStore(path) as queue, queue.hold() as living:
        for lock in (dead, young, foreign):
            lock.touch()
        for lock in (dead, foreign, lock_path(path, living.name)):
            os.utime(lock, (long_ago, long_ago))
        with queue.hold():
            pass
        assert [lock.exists() for lock in (dead, young, foreign)] == [False, True, True]
        assert is_alive(path, living.name)
    assert not is_alive(path, living.name)


def test_several_may_make_the_same_queue_at_once(tmp_path: Path) -> None:
    refused: list[str] = []

    def open_it(path: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            with QueueStore(path) as store:
                store.changed_since(0)
        except QueueError as error:
            refused.append(str(error))

    for number in range(60):
        together = threading.Barrier(2)
        path = tmp_path / f"{number}.sqlite"
        threads = [threading.Thread(target=open_it, args=(path, together)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refused == []
