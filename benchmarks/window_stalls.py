"""The window under load: the longest stall of its event loop, and its memory over many runs. Needs no screen.

    python benchmarks/window_stalls.py [--seconds 20] [--points 1000000] [--rows 1000] [--runs 1000]
                                       [--out docs/reference/window-speed.md]

First part: ``rows`` queued entries, a plot of ``points`` points that changes three times a second, ten progress
messages, count rates and log lines a second, and the queue's file changed ten times a second by another thread, as a
run would do. Second part: the events of ``runs`` whole runs; the resident memory after each tenth of them.
"""

import argparse
import os
import platform
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtTest import QTest  # noqa: TID253

from analysis.views import Curve, View
from runfile.results import Result
from runmanager.gui import app
from runmanager.gui.main_window import MainWindow
from runmanager.gui.stalls import StallRecorder
from runmanager.queue import events
from runmanager.queue.entries import Ending, Job, Prediction, Status
from runmanager.queue.store import QueueStore


def fill(store: QueueStore, rows: int) -> int:
    """A full queue with forecasts, one entry running; its number."""
    jobs = [Job("g2", settings=(("duration", str(n + 1)),), twin=True) for n in range(rows)]
    entries = store.add_many(jobs)
    result = {"g2_zero": Result(0.1, 0.02, "1", "")}
    for entry in entries[: min(rows, 50)]:
        store.put_prediction(entry.id, entry.job, Prediction(60.0, 1000, result, passed=True))
    return entries[0].id


def feed(window: MainWindow, path: Path, entry_id: int, points: int, stop: threading.Event) -> None:
    """What a worker would send and write, from a thread of its own."""
    rng = np.random.default_rng(1)
    x = np.linspace(0.0, 2000.0, points)
    y = rng.poisson(20.0, points).astype(float)
    put = window.service.buffer.put
    put(events.Started(entry_id, "g2", "run.h5"))
    with QueueStore(path) as store:
        for tick in range(10**9):
            if stop.wait(0.1):
                return
            put(events.Progress(entry_id, tick % 100 / 100, f"batch {tick}", tick / 10))
            put(events.LogLine(entry_id, "INFO", f"line {tick}"))
            put(events.CountRates(entry_id, tick / 10, {"detector 1": 1e4 + tick, "detector 2": 9e3}))
            store.set_progress(entry_id, tick % 100 / 100, f"batch {tick}")
            if tick % 3 == 0:
                curve = Curve("coincidences", x, y + tick, kind="line")
                put(events.Views(entry_id, (View("coincidences", "Coincidences", "delay (ns)", "pairs", (curve,)),)))
                put(events.RunningResults(entry_id, {"g2_zero": Result(0.1, 0.02, "1", "")}))


def stalls(seconds: float, points: int, rows: int) -> StallRecorder:
    """The stalls of a window under load."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLOTRON_GUI_SETTINGS"] = str(Path(folder) / "settings.ini")
        path = Path(folder) / "queue.sqlite"
        with QueueStore(path) as store:
            entry_id = fill(store, rows)
            with store.hold() as holder:
                store.claim_next(holder)
                return _watched(path, entry_id, seconds, points)


def _watched(path: Path, entry_id: int, seconds: float, points: int) -> StallRecorder:
    window = app.open_window(path, forecasts=False)
    window.resize(1920, 1080)
    stop = threading.Event()
    feeder = threading.Thread(target=feed, args=(window, path, entry_id, points, stop))
    feeder.start()
    QTest.qWait(3000)  # the first drawing of each plot is no part of a run
    recorder = StallRecorder(window)
    recorder.start()
    QTest.qWait(round(1000 * seconds))
    recorder.stop()
    stop.set()
    feeder.join()
    window.leave()
    return recorder


def resident_mib() -> float:
    """Resident memory of this process in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory(runs: int) -> list[float]:
    """Resident memory in MiB after each tenth of ``runs`` runs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLOTRON_GUI_SETTINGS"] = str(Path(folder) / "settings.ini")
        path = Path(folder) / "queue.sqlite"
        window = app.open_window(path, forecasts=False)
        with QueueStore(path) as store, store.hold() as holder:
            for run in range(1, runs + 1):
                _one_run(window, store, holder, run)
                if run % max(runs // 10, 1) == 0:
                    QTest.qWait(400)
                    found.append(resident_mib())
        window.leave()
    return found


def _one_run(window: MainWindow, store: QueueStore, holder: object, run: int) -> None:
    store.add(Job("g2", settings=(("duration", str(run)),), twin=True))
    entry = store.claim_next(holder)  # type: ignore[arg-type]
    assert entry is not None
    put = window.service.buffer.put
    put(events.Started(entry.id, "g2", f"run-{run}.h5"))
    x = np.linspace(0.0, 2000.0, 4000)
    for batch in range(5):
        curve = Curve("coincidences", x, np.random.default_rng(batch).poisson(20.0, x.size).astype(float))
        put(events.Views(entry.id, (View("coincidences", "Coincidences", "delay (ns)", "pairs", (curve,)),)))
        put(events.CountRates(entry.id, float(batch), {"detector 1": 1e4, "detector 2": 9e3}))
        put(events.LogLine(entry.id, "INFO", f"batch {batch}"))
        put(events.Progress(entry.id, batch / 5, "measuring", float(batch)))
        QTest.qWait(10)
    results = {"g2_zero": Result(0.1, 0.02, "1", "")}
    store.finish(entry.id, Status.COMPLETED, Ending(0, time.time(), 5.0, results, (), passed=True))
    put(events.Finished(entry.id, "completed", 0))


def page(options: argparse.Namespace, recorder: StallRecorder, found: list[float]) -> str:
    """The page of the reference, from what was measured."""
    lines = [
        "# How fast the window answers",
        "",
        "Written by `python benchmarks/window_stalls.py --out docs/reference/window-speed.md` from what ran; do not",
        "edit.",
        "",
        f"The window of 1920 × 1080 pixels, no screen (Qt's platform `offscreen`), with {options.rows:,} queued",
        f"entries and a plot of {options.points:,} points that changes three times a second; ten times a second",
        "progress, a log line, count rates, and a change of the queue's file by another thread. A timer of 5 ms in the",
        f"window's event loop records the gaps between its beats for {options.seconds:.0f} s: so long a key or a click",
        "has to wait.",
        "",
        "| stall | longest, ms | 99 % below, ms | median, ms |",
        "|---|---|---|---|",
    ]
    records = (
        ("by the clock", recorder.wall_ms),
        ("as felt: without waits for a processor that other programs had", recorder.felt_ms),
        ("processor time of the window's thread", recorder.own_ms),
    )
    for name, gaps in records:
        p99, median = np.percentile(gaps, 99), np.median(gaps)
        lines.append(f"| {name} | {max(gaps):.0f} | {p99:.0f} | {median:.0f} |")
    if found:
        lines += [
            "",
            f"Resident memory of the window after each tenth of {options.runs:,} simulated runs (each with plots,",
            "count rates, log, results and a row in the history), MiB:",
            "",
            "| " + " | ".join(f"{10 * (n + 1)} %" for n in range(len(found))) + " |",
            "|" + "---|" * len(found),
            "| " + " | ".join(f"{each:.0f}" for each in found) + " |",
        ]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    lines += [
        "",
        f"{os.cpu_count()} cores with a load of {load} from everything that ran; {platform.system()}, "
        f"Python {platform.python_version()}, PySide6 {version('PySide6-Essentials')}, "
        f"pyqtgraph {version('pyqtgraph')}.",
        "The test `tests/runmanager/gui/test_window_load.py` does the same for two seconds and fails from 100 ms on.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print both tables; 1 when the longest stall as felt is 100 ms or more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=1000, help="0: leave the memory out")
    parser.add_argument("--out", type=Path, help="the page to write")
    options = parser.parse_args()
    application = app.make_application()
    recorder = stalls(options.seconds, options.points, options.rows)
    for name, gaps in (("by the clock", recorder.wall_ms), ("as felt", recorder.felt_ms), ("own", recorder.own_ms)):
        p99 = float(np.percentile(gaps, 99))
        print(f"stalls {name:<13} longest {max(gaps):6.1f} ms, 99th percentile {p99:5.1f} ms, beats {len(gaps)}")
    found = memory(options.runs) if options.runs else []
    print("resident memory, MiB, after each tenth of the runs:", " ".join(f"{each:.0f}" for each in found))
    application.processEvents()
    if options.out is not None:
        options.out.write_text(page(options, recorder, found), encoding="utf-8")
    return 0 if max(recorder.felt_ms) < 100.0 else 1


if __name__ == "__main__":
    sys.exit(main())
