"""Kill a writing process at random moments, 40 times; every point and tag reported before must be in the file.

python benchmarks/kill_writer.py [number of kills]
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter


def write_for_ever(path: Path) -> None:
    """Record points and tags as fast as possible, report each on stdout after it is recorded."""
    writer = RunWriter.create(
        path,
        procedure="kill",
        title="to be killed",
        parameters={},
        station="",
        snapshot={},
        sample_sheet="",
        sample={},
        conditions={},
        versions={},
        seed=None,
    )
    table = writer.table(
        "data",
        title="counts",
        signal="counts",
        axes=["step", "pixel"],
        columns=[Column("step", "", "step"), Column("counts", "", "counts", (16,), axes=("pixel",))],
        fixed_axes=[FixedAxis("pixel", "", "pixel", np.arange(16))],
    )
    rng = np.random.default_rng(1)
    n_tags = step = 0
    while True:
        table.append(step=float(step), counts=np.full(16, step))
        step += 1
        print("points", step, flush=True)
        if step % 20 == 0:
            batch = int(rng.integers(1, 100_000))
            writer.append_tags(np.arange(n_tags, n_tags + batch), np.ones(batch, dtype=np.uint8))
            n_tags += batch
            print("tags", n_tags, flush=True)


def kill_once(folder: Path, delay_s: float) -> tuple[int, int]:
    """Start a writer, kill it ``delay_s`` after its first point, check the file; returns points and tags found."""
    path = folder / f"killed_{time.monotonic_ns()}.h5"
    command = [sys.executable, __file__, "--write", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(delay_s)
        writer.kill()
        lines = [
            line.split() for line in (first + writer.stdout.read()).splitlines(keepends=True) if line.endswith("\n")
        ]
    reported = {"points": 0, "tags": 0} | {kind: int(number) for kind, number in lines}
    with RunFile(path) as run:
        table = run.table()
        n_tags = run.tags().timestamps_ps.size if run.has_tags() else 0
        assert run.exit_status == "running"
        assert table.n_points >= reported["points"], f"{table.n_points} of {reported['points']} points in {path}"
        assert n_tags >= reported["tags"], f"{n_tags} of {reported['tags']} tags in {path}"
        np.testing.assert_array_equal(table.column("step"), np.arange(table.n_points))
        np.testing.assert_array_equal(table.column("counts").T, np.tile(table.column("step"), (16, 1)))
        if n_tags:
            np.testing.assert_array_equal(run.tags().timestamps_ps, np.arange(n_tags))
    path.unlink()
    return table.n_points, n_tags


def main() -> None:
    """Kill, check, report."""
    if sys.argv[1:2] == ["--write"]:
        write_for_ever(Path(sys.argv[2]))
    n_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    moments = random.Random(20)
    with tempfile.TemporaryDirectory() as folder:
        found = [kill_once(Path(folder), moments.uniform(0.0, 0.8)) for _ in range(n_kills)]
    points, tags = zip(*found, strict=True)
    print(f"{n_kills} kills: every file opened and held all that was reported")
    print(f"points per file {min(points)} to {max(points)}, tags {min(tags)} to {max(tags)}")


if __name__ == "__main__":
    main()
