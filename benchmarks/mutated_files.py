"""Damaged photon files: every reader answers with TagFileError or with photons that make sense.

    python benchmarks/mutated_files.py [--files 100000] [--kinds ptu-t3,sdt] [--out docs/reference/mutated-files.md]

Each kind's small file is damaged in ``--files`` ways (bits, bytes, extreme numbers, cuts, repeats; the seed of every
file is its number) and read twice, whole and as a stream, by two processes with limited memory (RLIMIT_AS) and time.
Counted: typed refusals, results (checked: sorted, equal lengths, finite, stream equals whole), and failures: any
other exception, a wrong result, memory beyond the limit, more than five seconds, a crash of the process.
"""

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import photon_files

from analysis import tag_files
from analysis.tag_files import OutOfOrderError, ReadOptions, SpcFormat, TagFileError, TextFormat
from analysis.tags import PhotonRecord
from runfile.errors import RunFileError
from runfile.reader import RunFile

OPTIONS = ReadOptions(text=TextFormat(time_unit_ps=1.0), spc=SpcFormat(tac_window_ns=12.5))
SECONDS_EACH = 5.0
SECONDS_UNTIL_KILLED = 20.0
"""A reader that hangs inside a library of C hears no alarm: its process is killed and the file counts as failed."""
HEADROOM_BYTES = 96 << 20
"""What a process may take beyond what it has after its imports; the files have some kB."""
_EXTREMES = (0, 1, -1, 0x7F, 0xFF, 0x7FFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, -(2**63), 10**12)


WHOLE_RUN = "run-whole"
"""A run file read by its own reader, with tables, notes and results; "run" is one read for its photons."""
_FACTS = tuple(name for name, kind in vars(RunFile).items() if isinstance(kind, property) and not name.startswith("_"))


class TooLongError(Exception):
    """The reader did not come back."""


def mutated(content: bytes, number: int) -> bytes:
    """``content`` damaged in the way that belongs to ``number``."""
    rng = np.random.default_rng(number)
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        _damage(data, rng)
    return bytes(data)


def _damage(data: bytearray, rng: np.random.Generator) -> None:
    if not data:
        return
    # Headers are short and matter most: half of the damage goes to the first kilobyte.
    reach = len(data) if rng.random() < 0.5 else min(len(data), 1024)
    at = int(rng.integers(reach))
    way = int(rng.integers(6))
    if way == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif way == 1:
        data[at] = int(rng.integers(256))
    elif way == 2:
        size = int(rng.choice([2, 4, 8]))
        value = _EXTREMES[int(rng.integers(len(_EXTREMES)))] % (1 << 8 * size)
        data[at : at + size] = value.to_bytes(size, "little")
    elif way == 3:
        del data[at:]
    elif way == 4:
        size = int(rng.integers(1, 64))
        data[at:at] = data[at : at + size]
    else:
        size = int(rng.integers(1, 64))
        data[at : at + size] = rng.bytes(min(size, len(data) - at))


def outcome(path: Path, kind: str) -> str:
    """What came of reading a file of ``kind``: "refused", "read", or what went wrong."""
    try:
        if kind == WHOLE_RUN:
            return _all_of_run(path)
        if tag_files.kind_of(path) == "sdt":
            curves = tag_files.read_decays(path)
            return "read" if all(curve.counts.ndim == 1 and curve.bin_width_ps > 0 for curve in curves) else "wrong"
        record = tag_files.read(path, OPTIONS)
        wrong = _nonsense(record)
        return wrong or _stream_differs(path, record) or "read"
    except TagFileError as error:
        return "refused" if "\n" not in str(error) else "refusal of more than one line"
    except TooLongError:
        return "too long"
    except MemoryError:
        return "too much memory"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"{type(error).__name__}: {error}"[:100]


def _all_of_run(path: Path) -> str:
    """Everything a run file holds: "read", "refused", or what went wrong."""
    try:
        with RunFile(path) as run:
            for name in _FACTS:
                getattr(run, name)
            for table in map(run.table, run.tables()):
                _ = table.title, table.signal, table.axes
                for name in (*table.columns, *table.fixed_axes):
                    _ = table.unit(name), table.long_name(name)
                    length = table.column(name).shape[0]
                    if name in table.columns and length != table.n_points:
                        return f"column of {length} rows in a table of {table.n_points}"
            if run.has_tags():
                tags = run.tags()
                if tags.timestamps_ps.shape != tags.channel.shape:
                    return "columns of different length"
            run.analysis()
    except RunFileError as error:
        return "refused" if "\n" not in str(error) else "refusal of more than one line"
    return "read"


def _nonsense(record: PhotonRecord) -> str:
    times = record.timestamps_ps
    columns = [record.channel, record.nanotimes_ps, record.sync_index]
    if any(column is not None and column.shape != times.shape for column in columns):
        return "columns of different length"
    if not times.size or not np.all(times[1:] >= times[:-1]):
        return "not sorted, or empty"
    return "" if np.isfinite(record.duration_s) and record.duration_s >= 0.0 else f"lasts {record.duration_s} s"


def _stream_differs(path: Path, record: PhotonRecord) -> str:
    stream = tag_files.open_stream(path, OPTIONS)
    try:
        chunks = list(stream.iter_chunks())
    except OutOfOrderError:
        return ""
    same = np.array_equal(np.concatenate([chunk.timestamps_ps for chunk in chunks]), record.timestamps_ps)
    return "" if same and stream.summary().duration_s == record.duration_s else "stream differs from whole"


def _work(kind: str, numbers: range, to_parent: Connection) -> None:
    """Read the damaged files; sends each outcome, so that a crash is known by the one that is missing."""
    signal.signal(signal.SIGALRM, _too_long)
    suffix, write = photon_files.SAMPLES[kind]
    with tempfile.TemporaryDirectory() as folder:
        content = write(Path(folder) / f"sound{suffix}").read_bytes()
        path = Path(folder) / f"damaged{suffix}"
        path.write_bytes(content)
        outcome(path, kind)  # what is imported late is imported now
        _limit_memory()
        for number in numbers:
            path.write_bytes(mutated(content, number))
            signal.setitimer(signal.ITIMER_REAL, SECONDS_EACH)
            result = outcome(path, kind)
            signal.setitimer(signal.ITIMER_REAL, 0)
            to_parent.send((number, result))
    to_parent.close()


def sound(kind: str) -> str:
    """Why the undamaged file cannot be read here; empty when it can."""
    suffix, write = photon_files.SAMPLES[kind]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"sound{suffix}")
        try:
            if tag_files.kind_of(path) == "sdt":
                tag_files.read_decays(path)
            else:
                tag_files.read(path, OPTIONS)
        except TagFileError as error:
            return str(error)
    return ""


def _too_long(*_: object) -> None:
    raise TooLongError


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + HEADROOM_BYTES, resource.RLIM_INFINITY))


def examine(kind: str, numbers: range) -> tuple[Counter[str], dict[str, int]]:
    """How often each outcome, and the first file number of each, for one kind; starts again after a crash."""
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    context = multiprocessing.get_context("spawn")
    while len(numbers):
        receiver, sender = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(kind, numbers, sender))
        worker.start()
        sender.close()
        done = numbers.start
        hung = False
        while True:
            if not receiver.poll(SECONDS_UNTIL_KILLED):
                hung = True
                worker.kill()
                break
            try:
                number, result = receiver.recv()
            except EOFError:
                break
            counts[result] += 1
            first.setdefault(result, number)
            done = number + 1
        worker.join()
        if done < numbers.stop:
            died = "hung" if hung else f"process died (exit code {worker.exitcode})"
            counts[died] += 1
            first.setdefault(died, done)
            done += 1
        numbers = range(done, numbers.stop)
    return counts, first


def _examine_half(task: tuple[str, int, int]) -> tuple[Counter[str], dict[str, int]]:
    return examine(task[0], range(task[1], task[2]))


def main() -> int:
    """Examine all kinds; 1 when something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="damaged files of each kind")
    parser.add_argument("--kinds", default=",".join(photon_files.SAMPLES), help="comma between them")
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--out", type=Path, help="write the table there, too")
    options = parser.parse_args()
    lines = ["| file | damaged | refused | read | failed | s |", "|---|---|---|---|---|---|"]
    failures = []
    half = options.first + options.files // 2
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        for kind in options.kinds.split(","):
            if missing := sound(kind):
                failures.append(f"{kind}: {missing}")
                continue
            start = time.monotonic()
            parts = [(kind, options.first, half), (kind, half, options.first + options.files)]
            counts: Counter[str] = Counter()
            for part, first in pool.map(_examine_half, parts):
                counts += part
                failures += [f"{kind} {n}: {what}" for what, n in first.items() if what not in ("refused", "read")]
            failed = sum(counts.values()) - counts["refused"] - counts["read"]
            took_s = time.monotonic() - start
            numbers = [sum(counts.values()), counts["refused"], counts["read"], failed, round(took_s)]
            lines.append(f"| {kind} | {' | '.join(map(str, numbers))} |")
            print(lines[-1], flush=True)
    print("\n".join(failures))
    if options.out:
        usage = (__doc__ or "").strip()
        options.out.write_text(f"# Damaged photon files\n\n{usage}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
