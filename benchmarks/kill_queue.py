"""Kill the process that runs a queue at random moments, 200 times; nothing of the queue may be lost or run twice.

A queue full of short runs on the twin is run by one process after another. Each is killed (SIGKILL) somewhere between
its first step and the end of some entry; then the queue is recovered as the next process would, and looked at. The
processes are forked from one that has imported everything, so that the kills hit work and not imports.

python benchmarks/kill_queue.py [number of kills [page to write]]
"""

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runfile.reader import RunFile
from runmanager.queue.entries import Entry, Job, Status
from runmanager.queue.runner import run_queue
from runmanager.queue.store import QueueStore

SETTINGS = (("duration", "0.1"), ("batch", "0.1"), ("maximum_delay", "100"))
"""Of a g2 run: the shortest there is, some 0.7 s with its analysis and its figure."""
LATEST_S = 4.0
"""A process is killed at most so long after its start."""
EXPECTED = frozenset({Status.QUEUED, Status.INTERRUPTED, Status.COMPLETED})


def fill(queue: Path, n_entries: int) -> None:
    """A queue of short runs on the twin, each with a folder of its own for its run file."""
    with QueueStore(queue) as store:
        store.add_many(
            Job("g2", SETTINGS, twin=True, seed=number, out=queue.parent / "runs" / str(number))
            for number in range(1, n_entries + 1)
        )


def run_and_kill(queue: Path, delay_s: float) -> None:
    """Run the queue in a process of its own and kill that after ``delay_s``."""
    child = os.fork()
    if child == 0:
        try:
            run_queue(queue, forever=True)
        finally:
            os._exit(1)  # never back into the parent's code
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process that ran the queue ended by itself"


def check(queue: Path, n_entries: int, earlier: dict[int, Status]) -> list[Entry]:
    """Recover and look at everything; the entries. AssertionError when something was lost, torn or run twice."""
    with closing(sqlite3.connect(queue)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with QueueStore(queue) as store:
        lost = store.recover()
        assert len(lost) <= 1, f"{len(lost)} entries ran at once"
        entries = store.entries()
        queued = [entry.id for entry in store.queued()]
    assert sorted(entry.id for entry in entries) == list(range(1, n_entries + 1)), "an entry was lost"
    assert queued == sorted(queued), "the order was lost"
    for entry in entries:
        assert entry.status in EXPECTED, f"entry {entry.id} is {entry.status}: {entry.ending}"
        before = earlier.get(entry.id, Status.QUEUED)
        assert before is Status.QUEUED or before is entry.status, f"entry {entry.id} was {before}, is {entry.status}"
        if before is not entry.status:  # the others were looked at before
            look_at_files(entry)
    return entries


def look_at_files(entry: Entry) -> None:
    """One run file at most, readable, and complete when the entry is."""
    files = list(entry.job.out.glob("*.h5"))
    assert len(files) <= 1, f"entry {entry.id} was run twice: {files}"
    assert entry.run_file is None or files == [entry.run_file], f"entry {entry.id}: {entry.run_file} is not {files}"
    if entry.status is Status.QUEUED:
        assert not files, f"entry {entry.id} has run, and would run again"
    for path in files:
        with RunFile(path) as recorded:
            n_points = sum(recorded.table(name).n_points for name in recorded.tables())
            if entry.status is Status.COMPLETED:
                assert (recorded.exit_status, n_points) == ("completed", 1)
                assert recorded.analysis() is not None
    assert files or entry.status is not Status.COMPLETED


def main() -> None:
    """Kill, recover, look; report."""
    n_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    n_entries = 10 * n_kills
    moments = random.Random(6)
    statuses: dict[int, Status] = {}
    stages: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLOTRON_LOCK_FOLDER"] = str(Path(folder) / "locks")
        queue = Path(folder) / "queue.sqlite"
        fill(queue, n_entries)
        warm_up(Path(folder))
        for _ in range(n_kills):
            run_and_kill(queue, moments.uniform(0.0, LATEST_S))
            entries = check(queue, n_entries, statuses)
            stages[stage(entries, statuses)] += 1
            statuses = {entry.id: entry.status for entry in entries}
    ended = Counter(status.value for status in statuses.values())
    print(f"{n_kills} kills: no entry lost, none run twice, every run file readable")
    print(f"entries: {listed(ended)}")
    print(f"killed: {listed(stages)}")
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(page(n_kills, ended, stages), encoding="utf-8")


def listed(numbers: Counter[str]) -> str:
    """The counts in one line."""
    return ", ".join(f"{n} {what}" for what, n in sorted(numbers.items()))


def page(n_kills: int, ended: Counter[str], stages: Counter[str]) -> str:
    """What ran, for the documentation."""
    return f"""# Killing the process that runs the queue

Written by `python benchmarks/kill_queue.py {n_kills} docs/reference/kill-queue.md` from what really ran; do not edit.

A queue of {10 * n_kills} short g2 runs on the twin was run by one process after another. Each was killed (SIGKILL) at a
random moment within {LATEST_S:g} s of its start; then the queue was recovered as the next process would, and looked at:
the database's integrity check, every entry's number, order and status, every run file.

| | |
|---|---|
| kills | {n_kills} |
| where they hit | {listed(stages)} |
| entries at the end | {listed(ended)} |
| entries lost, or out of order | 0 |
| entries run twice (a second run file, or a status that went back) | 0 |
| run files that could not be read | 0 |

The benchmark ends with an error at the first entry or file that is not as it should be. An interrupted entry stays in
the history with its run file; `solotron queue resume` goes on from there, `repeat` begins anew. A killed process cannot
switch off a real bench: such an entry ends with code 4 and says what to do by hand.
"""


def stage(entries: list[Entry], earlier: dict[int, Status]) -> str:
    """Where the kill hit: between entries, or in a run before or after its file was made."""
    for entry in entries:
        if entry.status is Status.INTERRUPTED and earlier.get(entry.id, Status.QUEUED) is Status.QUEUED:
            if not list(entry.job.out.glob("*.h5")):
                return "before the run file was made"
            return "with a run file"
    return "between two entries"


def warm_up(folder: Path) -> None:
    """One run in this process: everything is imported and compiled before the first kill."""
    queue = folder / "warm.sqlite"
    with QueueStore(queue) as store:
        store.add(Job("g2", SETTINGS, twin=True, out=folder / "warm"))
    run_queue(queue)


if __name__ == "__main__":
    main()
