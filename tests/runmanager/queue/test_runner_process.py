"""The process that runs a queue: started free of its parent, watched, ended in order; killed without a loss."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runmanager.queue import events, worker
from runmanager.queue.client import connect, is_running, log_path, start_worker
from runmanager.queue.entries import Job, Status
from runmanager.queue.events import Command
from runmanager.queue.store import QueueStore

ROOT = Path(__file__).resolve().parents[3]
ENDLESS = (("duration", "80000"), ("batch", "1"))

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX"),
]


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    path = tmp_path / "queue.sqlite"
    with QueueStore(path) as store:
        store.add(Job("g2", ENDLESS, twin=True, out=tmp_path / "runs"))
    return path


def until(path: Path, true: Callable[[QueueStore], bool]) -> None:
    deadline_s = time.monotonic() + 60.0
    with QueueStore(path) as store:
        while not true(store):
            assert time.monotonic() < deadline_s, log_path(path).read_text()
            time.sleep(0.02)


def test_detached_process_is_watched_aborted_and_ends_with_its_queue(queue: Path) -> None:
    pid = start_worker(queue)
    assert os.getsid(pid) != os.getsid(0)
    with connect(queue, wait_s=60.0) as client:
        assert start_worker(queue) == pid  # harmless: it runs already
        seen: list[type] = []
        for event in client.events():
            seen.append(type(event))
            if isinstance(event, events.Views) and event.views:
                client.send(Command.ABORT)
        assert events.Finished in seen
    until(queue, lambda store: not is_running(queue))
    with QueueStore(queue) as store:
        assert store.entry(1).status is Status.ABORTED
        assert store.worker() is None


def test_process_that_is_killed_leaves_an_interrupted_entry_and_the_next_one_can_begin(queue: Path) -> None:
    pid = start_worker(queue)
    until(queue, lambda store: store.entry(1).run_file is not None)
    os.kill(pid, signal.SIGKILL)
    until(queue, lambda store: not is_running(queue))
    with QueueStore(queue) as store:
        assert [entry.id for entry in store.recover()] == [1]
        assert store.entry(1).status is Status.INTERRUPTED
        with store.hold() as holder:
            assert store.claim_next(holder) is None


def test_five_kills_at_random_moments_lose_nothing() -> None:
    told = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "kill_queue.py"), "5"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "5 kills: no entry lost, none run twice, every run file readable" in told.stdout


def test_worker_that_cannot_start_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main([str(tmp_path / "nowhere" / "queue.sqlite")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_worker_refuses_a_hook_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main([str(tmp_path / "queue.sqlite"), "--hook", "no-such-program-here"]) == 2
    assert "no-such-program-here" in capsys.readouterr().err
