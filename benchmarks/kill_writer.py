"""Kill a writing process at random moments, 200 times; every point and tag reported before must be in the file.

Three kinds of writer take turns: short rows and time tags, short rows alone, spectra of 1,024 points.

python benchmarks/kill_writer.py [number of kills]
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter

PIXELS = {"tags": 16, "points": 2, "spectra": 1024}
"""Kind of writer -> entries in a row."""


def new_writer(path: Path) -> RunWriter:
    """A run file without anything in it."""
    return RunWriter.create(
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


def write_for_ever(path: Path, kind: str) -> None:
    """Record points (and tags) as fast as possible, report each on stdout after it is recorded."""
    writer = new_writer(path)
    n_pixels = PIXELS[kind]
    table = writer.table(
        "data",
        title="counts",
        signal="counts",
        axes=["step", "pixel"],
        columns=[Column("step", "", "step"), Column("counts", "", "counts", (n_pixels,), axes=("pixel",))],
        fixed_axes=[FixedAxis("pixel", "", "pixel", np.arange(n_pixels))],
    )
    rng = np.random.default_rng(1)
    n_tags = step = 0
    while True:
        table.append(step=float(step), counts=np.full(n_pixels, step))
        step += 1
        os.write(1, f"points {step}\n".encode())
        if kind == "tags" and step % 20 == 0:
            batch = int(rng.integers(1, 100_000))
            writer.append_tags(np.arange(n_tags, n_tags + batch), np.ones(batch, dtype=np.uint8))
            n_tags += batch
            os.write(1, f"tags {n_tags}\n".encode())


def kill_once(folder: Path, delay_s: float, kind: str = "tags") -> tuple[int, int]:
    """Start a writer, kill it ``delay_s`` after its first point, check the file; returns points and tags found."""
    path = folder / f"killed_{time.monotonic_ns()}.h5"
    reports = path.with_suffix(".txt")  # a file, not a pipe: the writer never waits for its reader
    command = [sys.executable, __file__, "--write", str(path), kind]
    with reports.open("wb") as stream, subprocess.Popen(command, stdout=stream) as writer:
        while not reports.stat().st_size:
            if writer.poll() is not None:
                raise RuntimeError(f"the writer of {kind} ended by itself")
            time.sleep(0.001)
        time.sleep(delay_s)
        writer.kill()
    reported = {"points": 0, "tags": 0} | dict(_reports(reports))
    found = check(path, reported)
    path.unlink()
    reports.unlink()
    return found


def _reports(path: Path) -> Iterator[tuple[str, int]]:
    """What the writer said it had recorded; a line cut by the kill does not count."""
    for line in path.read_text(encoding="ascii").splitlines(keepends=True):
        if line.endswith("\n"):
            name, number = line.split()
            yield name, int(number)


def check(path: Path, reported: dict[str, int]) -> tuple[int, int]:
    """Points and tags in the file; AssertionError when one that was reported is missing or wrong."""
    with RunFile(path) as run:
        table = run.table()
        n_tags = run.tags().timestamps_ps.size if run.has_tags() else 0
        assert run.exit_status == "running"
        assert table.n_points >= reported["points"], f"{table.n_points} of {reported['points']} points in {path}"
        assert n_tags >= reported["tags"], f"{n_tags} of {reported['tags']} tags in {path}"
        step, counts = table.column("step"), table.column("counts")
        np.testing.assert_array_equal(step, np.arange(table.n_points))
        assert (counts == step[:, np.newaxis]).all()
        if n_tags:
            np.testing.assert_array_equal(run.tags().timestamps_ps, np.arange(n_tags))
        return table.n_points, n_tags


def main() -> None:
    """Kill, check, report."""
    if sys.argv[1:2] == ["--write"]:
        write_for_ever(Path(sys.argv[2]), sys.argv[3])
    n_kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    moments = random.Random(20)
    found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in PIXELS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(n_kills):
            kind = list(PIXELS)[number % len(PIXELS)]
            found[kind].append(kill_once(Path(folder), moments.uniform(0.0, 0.6), kind))
    print(f"{n_kills} kills: every file opened and held all that was reported")
    for kind, each in found.items():
        if each:
            points, tags = zip(*each, strict=True)
            print(f"{kind}: {len(each)} kills, {min(points)} to {max(points)} points, {min(tags)} to {max(tags)} tags")


if __name__ == "__main__":
    main()
