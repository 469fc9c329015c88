"""How fast the catalogue is with many runs: first index, reopening, searching, a look for changes.

    python benchmarks/catalogue_speed.py [--runs 10000] [--folder FOLDER] [--window]

Run files are made once (from a few written as a run engine writes them, each copied with its own start time and seed)
and kept in FOLDER. ``--window`` opens the catalogue's widget on them, offscreen, and measures the longest stall of
the event loop while the folder is indexed and while it is searched.
"""

import argparse
import datetime
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import h5py
import numpy as np

from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import Column, Parameter, RunWriter
from runmanager.catalogue import places
from runmanager.catalogue.index import Index
from runmanager.catalogue.indexing import refresh
from runmanager.catalogue.reading_process import ReadingProcesses

SEARCHES = (
    "", "sample:dot-3", "procedure:esr verdict:failed", "lifetime>15.2", "field_t:0.1..0.2 -verdict:passed",
    "date:2026-03 duration>100", "linewidth", "resonance_frequency.stderr<0.0021 status:completed",
)  # fmt: skip
N_ORIGINALS = 120
T = TypeVar("T")


def main() -> int:
    """Make the runs if need be, measure, print; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "solotron-catalogue-speed")
    parser.add_argument("--window", action="store_true", help="also the widget's stalls (needs PySide6)")
    options = parser.parse_args()
    make_runs(options.folder, options.runs)
    places.index_beside(options.folder).unlink(missing_ok=True)
    with Index(options.folder) as index, ReadingProcesses() as readers:
        took, found = timed(lambda: refresh(index, readers=readers))
    print(f"first index of {found.n_new} runs: {took:.1f} s, {found.n_new / took:.0f} files/s")
    print(f"index: {places.index_beside(options.folder).stat().st_size / 1e6:.1f} MB")
    took, n_rows = timed(lambda: reopen(options.folder))
    print(f"reopen, all {n_rows} rows: {took * 1e3:.0f} ms")
    with Index(options.folder) as index:
        took, _ = timed(lambda: refresh(index))
        print(f"look for changes (none): {took * 1e3:.0f} ms")
        for search in SEARCHES:
            took, rows = timed(lambda search=search: index.find(search))
            print(f"search {search!r}: {len(rows)} rows in {took * 1e3:.0f} ms")
    if options.window:
        measure_window(options.folder)
    return 0


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Wall time in s, and the result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def reopen(folder: Path) -> int:
    """What opening the catalogue takes before rows can be shown."""
    with Index(folder) as index:
        return len(index.find())


def make_runs(folder: Path, n_runs: int) -> None:
    """Fill the folder with run files, a fifth of them in subfolders; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workshop:
        originals: list[Path] = []
        for number in range(n_runs):
            path = folder / (f"night-{number % 10}" if number % 5 == 0 else ".") / f"run-{number:05d}.h5"
            if path.exists():
                continue
            if not originals:
                originals = [write_original(Path(workshop) / f"{k}.h5", k) for k in range(N_ORIGINALS)]
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(originals[number % N_ORIGINALS], path)
            make_own(path, number)


def make_own(path: Path, number: int) -> None:
    """Its own start and seed, and a time of change that is past."""
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=41 * number)
    with h5py.File(path, "r+") as file:
        file["entry/start_time"][()] = start.isoformat(timespec="milliseconds")
        file["entry/process/seed"][()] = number
    os.utime(path, (start.timestamp(), start.timestamp()))


def write_original(path: Path, number: int) -> Path:
    """One run as the engine writes it, with 26 parameters and 14 results."""
    random = np.random.default_rng(number)
    procedure = ("spin-pumping", "polarised-pl", "g2", "esr")[number % 4]
    parameters = {f"setting_{k}": Parameter(float(random.uniform(0, 100)), "ns") for k in range(24)}
    parameters |= {"duration": Parameter(float(random.integers(1, 9) * 30), "s"), "line": Parameter("highest")}
    writer = RunWriter.create(
        path,
        procedure=procedure,
        title=f"{procedure} on dot-{number % 7}",
        parameters=parameters,
        station="twin: true\n" + "# a comment as stations have them\n" * 100,
        snapshot={f"instrument_{k}": {"value": k, "note": "x" * 200} for k in range(200)},
        sample_sheet=f"name: dot-{number % 7}\n",
        sample={"name": f"dot-{number % 7}"},
        conditions={"temperature_k": 4.0, "field_t": float(number % 5) * 0.1},
        versions={"solotron": "0.1.0"},
        seed=0,
    )
    columns = (Column("frequency", "GHz", "frequency (GHz)"), Column("counts", "counts", "counts", dtype="i8"))
    table = writer.table("data", title="sweep", signal="counts", axes=["frequency"], columns=columns)
    for k in range(40):
        table.append(frequency=9.0 + 0.01 * k, counts=int(random.poisson(500)))
    writer.finish("aborted" if number % 11 == 0 else "completed", float(random.uniform(60, 9000)))
    results = {f"result_{k}": Result(float(random.normal()), 0.1, "1", "fit") for k in range(11)}
    results |= {
        "lifetime": Result(float(random.normal(15.0, 0.2)), 0.03, "ns", "fit"),
        "resonance_frequency": Result(
            float(random.normal(9.0, 0.01)), float(random.uniform(1, 3)) * 1e-3, "GHz", "fit"
        ),
        "linewidth": Result(48.0, 4.0, "MHz", "fit"),
    }
    checks = (Check("fit", number % 3 != 0, "deviance/dof of the fit is 74/76"), Check("lines", True, "found 6 lines"))
    writer.write_analysis(Analysis(results, Verdict(checks)))
    return path


def measure_window(folder: Path) -> None:
    """Longest stall of the event loop while the widget opens, indexes and searches the folder."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from catalogue_stalls import watch

    places.index_beside(folder).unlink(missing_ok=True)
    for line in watch(folder, SEARCHES):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
