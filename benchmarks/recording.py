"""What recording a point costs: the run file beside plain peers, all in one run on one machine.

Every writer hands each point to the operating system before it goes on, so that a killed process loses none. Rounds of
all writers alternate. Each figure is the best of the rounds (rate) or the median of the rounds (times of one call),
so that other load on the machine disturbs as little as it can.

python benchmarks/recording.py [--points 20000] [--rounds 5] [--out docs/reference/recording-speed.md]
"""

import argparse
import csv
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter

N_PIXELS = 1024
NAMES = ("frequency", "counts", "reference", "monitor", "field")
Append = Callable[[int], None]


@dataclass(frozen=True)
class Peer:
    """One way to record: a name, whether rows are spectra, a context that opens a file and yields the append."""

    name: str
    spectra: bool
    open: Callable[[Path], "contextmanager[Append]"]  # type: ignore[valid-type]
    check: Callable[[Path, int], bool]


@dataclass(frozen=True)
class Round:
    """Rate, 1/s; median, 99 % point and longest of one call, µs."""

    rate: float
    median_us: float
    p99_us: float
    longest_us: float


def _spectrum() -> np.ndarray:
    return np.random.default_rng(1).poisson(400.0, N_PIXELS).astype(float)


def _new_run(path: Path) -> RunWriter:
    return RunWriter.create(
        path,
        procedure="benchmark",
        title="benchmark",
        parameters={},
        station="",
        snapshot={},
        sample_sheet="",
        sample={},
        conditions={},
        versions={},
        seed=None,
    )


@contextmanager
def run_file_numbers(path: Path) -> Iterator[Append]:
    """The run engine's recorder, five numbers a point."""
    with _new_run(path) as writer:
        columns = [Column(name, "", name) for name in NAMES]
        table = writer.table("data", title="t", signal="counts", axes=["frequency"], columns=columns)
        yield lambda i: table.append(frequency=float(i), counts=2.0, reference=3.0, monitor=4.0, field=5.0)
        writer.finish("completed", 1.0)


@contextmanager
def run_file_spectra(path: Path) -> Iterator[Append]:
    """The run engine's recorder, a spectrum and one number a point."""
    spectrum = _spectrum()
    with _new_run(path) as writer:
        table = writer.table(
            "data",
            title="t",
            signal="counts",
            axes=["field", "wavelength"],
            columns=[Column("counts", "", "counts", (N_PIXELS,), axes=("wavelength",)), Column("field", "T", "field")],
            fixed_axes=[FixedAxis("wavelength", "nm", "wavelength", np.arange(N_PIXELS))],
        )
        yield lambda i: table.append(counts=spectrum, field=float(i))
        writer.finish("completed", 1.0)


@contextmanager
def csv_numbers(path: Path) -> Iterator[Append]:
    """A text file as PyMeasure writes it: one line a point, flushed."""
    with path.open("w", newline="", encoding="ascii") as stream:
        write = csv.writer(stream).writerow

        def append(i: int) -> None:
            write((float(i), 2.0, 3.0, 4.0, 5.0))
            stream.flush()

        yield append


@contextmanager
def csv_spectra(path: Path) -> Iterator[Append]:
    """A text file, one line of 1,025 numbers a spectrum, flushed."""
    spectrum = _spectrum().tolist()
    with path.open("w", newline="", encoding="ascii") as stream:
        write = csv.writer(stream).writerow

        def append(i: int) -> None:
            write([float(i), *spectrum])
            stream.flush()

        yield append


@contextmanager
def h5py_numbers(path: Path) -> Iterator[Append]:
    """h5py as its manual shows it: resize, assign, flush; one dataset a column."""
    with h5py.File(path, "w") as file:
        columns = [file.create_dataset(name, (0,), maxshape=(None,), chunks=(1024,), dtype="f8") for name in NAMES]

        def append(i: int) -> None:
            for column, value in zip(columns, (float(i), 2.0, 3.0, 4.0, 5.0), strict=True):
                column.resize((i + 1,))
                column[i] = value
            file.flush()

        yield append


@contextmanager
def h5py_spectra(path: Path) -> Iterator[Append]:
    """h5py as its manual shows it, one row of a two-dimensional dataset a spectrum."""
    spectrum = _spectrum()
    with h5py.File(path, "w") as file:
        spectra = file.create_dataset("counts", (0, N_PIXELS), "f8", maxshape=(None, N_PIXELS), chunks=(16, N_PIXELS))
        field = file.create_dataset("field", (0,), maxshape=(None,), chunks=(1024,), dtype="f8")

        def append(i: int) -> None:
            spectra.resize((i + 1, N_PIXELS))
            spectra[i] = spectrum
            field.resize((i + 1,))
            field[i] = float(i)
            file.flush()

        yield append


@contextmanager
def h5py_blocks(path: Path) -> Iterator[Append]:
    """h5py's low level: one dataset of five-number rows, made longer 4,096 rows at a time, flushed each row."""
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("rows", (0, 5), maxshape=(None, 5), chunks=(1024, 5), dtype="f8", rdcc_nbytes=1).id
        row = np.array([[0.0, 2.0, 3.0, 4.0, 5.0]])
        memory = h5py.h5s.create_simple((1, 5))
        spaces = []

        def append(i: int) -> None:
            if i % 4096 == 0:
                rows.set_extent((i + 4096, 5))
                spaces[:] = [rows.get_space()]
            spaces[0].select_hyperslab((i, 0), (1, 5))
            row[0, 0] = i
            rows.write(memory, spaces[0], row)
            h5py.h5f.flush(file.id)

        yield append


def _run_file_ok(path: Path, n_points: int) -> bool:
    with RunFile(path) as run:
        table = run.table()
        first = table.column(table.axes[0])
        whole = table.column("counts")[-1] == (_spectrum() if "wavelength" in table.axes else 2.0)
        return table.n_points == n_points and bool((first == np.arange(n_points)).all() and np.all(whole))


def _text_ok(path: Path, n_points: int) -> bool:
    with path.open(encoding="ascii") as stream:
        return sum(1 for _ in stream) == n_points


def _h5_ok(path: Path, n_points: int) -> bool:
    with h5py.File(path) as file:
        first = file[NAMES[0]][()] if NAMES[0] in file else file["field"][()] if "field" in file else file["rows"][:, 0]
        return bool((first[:n_points] == np.arange(n_points)).all())


PEERS = (
    Peer("run file: five numbers", False, run_file_numbers, _run_file_ok),
    Peer("text file (CSV): five numbers", False, csv_numbers, _text_ok),
    Peer("h5py, block-wise low level, one dataset: five numbers", False, h5py_blocks, _h5_ok),
    Peer("h5py, plain, five columns: five numbers", False, h5py_numbers, _h5_ok),
    Peer("run file: spectrum of 1,024 and a number", True, run_file_spectra, _run_file_ok),
    Peer("text file (CSV): spectrum of 1,024 and a number", True, csv_spectra, _text_ok),
    Peer("h5py, plain: spectrum of 1,024 and a number", True, h5py_spectra, _h5_ok),
)


def measure(peer: Peer, folder: Path, n_points: int) -> Round:
    """One round; AssertionError when the file does not hold what was recorded."""
    path = folder / "recorded"
    times = np.empty(n_points + 1)
    with peer.open(path) as append:
        for i in range(n_points):
            times[i] = time.perf_counter()
            append(i)
        times[n_points] = time.perf_counter()
    assert peer.check(path, n_points), f"{peer.name}: the file does not hold what was recorded"
    path.unlink()
    each_us = np.diff(times) * 1e6
    return Round(
        n_points / (times[-1] - times[0]), float(np.median(each_us)), float(np.quantile(each_us, 0.99)), each_us.max()
    )


def report(results: dict[str, list[Round]], n_points: int, n_rounds: int) -> str:
    """The page, Markdown."""
    usage = (__doc__ or "").strip().replace("\n\npython ", "\n\n    python ")
    lines = [
        "# Recording speed",
        "",
        usage,
        "",
        "| writer | points/s | median, µs | 99 % below, µs | longest, ms |",
        "|---|---|---|---|---|",
    ]
    for name, rounds in results.items():
        best = max(r.rate for r in rounds)
        median, p99 = (statistics.median(getattr(r, key) for r in rounds) for key in ("median_us", "p99_us"))
        longest = min(r.longest_us for r in rounds) / 1e3
        lines.append(f"| {name} | {best:,.0f} | {median:.1f} | {p99:.0f} | {longest:.1f} |")
    load = f"{os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else "unknown"
    lines += [
        "",
        f"{n_points:,} points a round (plain h5py and spectra as text: a quarter), {n_rounds} rounds; "
        f"{os.cpu_count()} cores with a load of {load} from everything that ran; {platform.system()}, "
        f"Python {platform.python_version()}, "
        f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}. The longest call is the first, the one in which "
        "room is made for the next 4 MB, or one in which another process had the core; the least of the rounds is "
        "given.",
        "",
        "The run file checks every row and keeps five columns and a counter with units, which viewers understand; the "
        "block-wise writer keeps a bare matrix. How the run file does it: "
        "[decision 7](../decisions/0007-rows-straight-to-their-place.md).",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results: dict[str, list[Round]] = {peer.name: [] for peer in PEERS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for peer in PEERS:
                slow = peer.open in (csv_spectra, h5py_spectra, h5py_numbers)
                results[peer.name].append(measure(peer, Path(folder), options.points // (4 if slow else 1)))
    page = report(results, options.points, options.rounds)
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
