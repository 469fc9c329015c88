"""Run every procedure under seeded faults on the twin and say what became of each run.

python benchmarks/fault_campaign.py [--runs 2000] [--processes 2] [--seed 1] [--folder build/fault-campaign]
                                    [--summary docs/reference/fault-campaign.md]

Resumable: runs that stand in the folder's table are not repeated. Exit code 1 when a run was lost, left unsafe,
stated a wrong number, hung or crashed. Every number comes from the run engine and the twin that a user has; only
the figure is not drawn.
"""

import argparse
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from campaign import summary
from campaign.cases import PROCEDURES, STATIONS, Baseline, case
from campaign.judge import Judgement, fault_free, judge
from campaign.stations import PATIENT_S, write_stations

from runmanager import engine

HANG_S = 180.0
"""Real seconds after which a run counts as hung: its process ends itself with a trace."""
HUNG_EXIT = 1
RUNS_PER_PROCESS = 50
"""A new process now and then: what the libraries keep of so many benches is given back."""
SHIFT_ENDED = 75
TABLE = "runs.jsonl"
BASELINES = "fault-free.json"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("build/fault-campaign"))
    parser.add_argument("--stations", nargs="+", default=list(STATIONS), choices=STATIONS)
    parser.add_argument("--summary", type=Path, help="write the summary for the documentation here")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    engine.draw = lambda path: None  # type: ignore[assignment] # a figure costs as much as the run
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.worker is not None:
        return work(options)
    baselines = fault_free_runs(options.folder, options.stations)
    supervise(options)
    rows = table(options.folder, options.runs)
    if options.summary:
        options.summary.write_text(summary.page(rows, baselines, options.seed), encoding="utf-8")
    print(summary.counts_line(rows))
    return 1 if any(row.verdict in summary.FORBIDDEN for row in rows) else 0


def fault_free_runs(folder: Path, names: Sequence[str] = STATIONS) -> list[Baseline]:
    """One run of every procedure on these stations without faults, or those of an earlier start."""
    path = folder / BASELINES
    if not path.exists():
        with tempfile.TemporaryDirectory() as scratch:
            stations = write_stations(Path(scratch), PATIENT_S)
            found = [fault_free(s, p, stations[s], Path(scratch)) for s in names for p in PROCEDURES]
        path.write_text(json.dumps([each.as_json() for each in found], indent=1), encoding="utf-8")
    content = json.loads(path.read_text(encoding="utf-8"))
    return [Baseline(**{**each, "results": {k: tuple(v) for k, v in each["results"].items()}}) for each in content]


def table(folder: Path, runs: int) -> list[Judgement]:
    """The judgements so far, one a run, in the order of their numbers."""
    path = folder / TABLE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = {row.number: row for row in (Judgement(**json.loads(line)) for line in lines)}
    return [rows[number] for number in sorted(rows) if number < runs]


def supervise(options: argparse.Namespace) -> None:
    """Keep the workers going until every run is in the table; one that hung is started again behind its run."""
    running = {k: start_worker(options, k) for k in range(options.processes)}
    while running:
        time.sleep(0.2)
        for k, worker in list(running.items()):
            code = worker.poll()
            if code is None:
                continue
            del running[k]
            begun = options.folder / f"begun-{k}.txt"
            if code == SHIFT_ENDED:
                running[k] = start_worker(options, k)
            elif code != 0 and begun.exists():
                note_hung(options, int(begun.read_text(encoding="utf-8")), code)
                begun.unlink()
                running[k] = start_worker(options, k)
            elif code != 0:
                raise RuntimeError(f"worker {k} ended with {code} before its first run")


def start_worker(options: argparse.Namespace, k: int) -> "subprocess.Popen[bytes]":
    """A process for every ``processes``-th run, beginning with ``k``."""
    names = ("runs", "processes", "seed", "folder")
    arguments = [text for name in names for text in (f"--{name}", str(getattr(options, name)))]
    return subprocess.Popen([sys.executable, __file__, *arguments, "--worker", str(k)])


def note_hung(options: argparse.Namespace, number: int, code: int) -> None:
    """Enter a run whose process had to be ended."""
    what = case(number, options.seed, fault_free_runs(options.folder))
    place = (number, what.station, what.procedure, what.kind, what.instrument)
    verdict = "hung" if code == HUNG_EXIT else "crashed"
    append(options.folder, Judgement(*place, verdict, code, 1, 0, 0.0, f"{what.plan.model_dump_json()}"))


def work(options: argparse.Namespace) -> int:
    """Run this worker's share of the cases that are not in the table yet; exit code of the process."""
    baselines = fault_free_runs(options.folder)
    done = {row.number for row in table(options.folder, options.runs)}
    begun = options.folder / f"begun-{options.worker}.txt"
    mine = [number for number in range(options.worker, options.runs, options.processes) if number not in done]
    with tempfile.TemporaryDirectory() as scratch:
        stations = write_stations(Path(scratch))
        for number in mine[:RUNS_PER_PROCESS]:
            begun.write_text(str(number), encoding="utf-8")
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            what = case(number, options.seed, baselines)
            baseline = next(b for b in baselines if (b.station, b.procedure) == (what.station, what.procedure))
            append(options.folder, judge(what, baseline, stations[what.station], Path(scratch)))
    begun.unlink(missing_ok=True)
    return SHIFT_ENDED if len(mine) > RUNS_PER_PROCESS else 0


def append(folder: Path, judgement: Judgement) -> None:
    """Add one row to the table; several processes may do so."""
    with (folder / TABLE).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(judgement.as_json()) + "\n")


if __name__ == "__main__":
    sys.exit(main())
