"""``solotron runs``: the measurements of a folder, found as in the window's catalogue."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runmanager.catalogue.search_syntax import HELP

if TYPE_CHECKING:
    import datetime

    from runmanager.catalogue.index import Index
    from runmanager.catalogue.records import Summary
    from runmanager.catalogue.search import Search

_WORTH_PROCESSES = 100


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``solotron runs``."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs"), metavar="FOLDER", help="default: runs")
    parser.add_argument("--search", default="", metavar="TEXT", help="what to find; the syntax is below")
    parser.add_argument("--limit", type=int, metavar="N", help="the newest N only")
    parser.add_argument("--rebuild", action="store_true", help="forget the index and read every file again")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.epilog = f"search:\n{HELP}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def run(options: argparse.Namespace) -> int:
    """Bring the index up to date, search it, print; returns 0. BadInputError for a wrong folder or search."""
    from runmanager.catalogue import search
    from runmanager.catalogue.reading_process import read_without_locks

    read_without_locks()  # before anything imports h5py: a look must not come between a run and its file
    found = search.parse(options.search)
    if options.limit is not None and options.limit < 1:
        from runmanager.errors import BadInputError

        raise BadInputError(f"--limit must be 1 or more, not {options.limit}")
    rows, closed, n_all = _look(options.folder, found, options.limit, rebuild=options.rebuild)
    for folder in closed:
        print(f"solotron: the subfolder {folder} cannot be listed; what is known of it may be old", file=sys.stderr)
    if options.json:
        document = {
            "folder": str(options.folder),
            "search": found.in_words(),
            "measurements": [as_object(options.folder, row) for row in rows],
        }
        print(json.dumps(document, allow_nan=False))
        return 0
    for line in lines(rows):
        print(line)
    told = f"{len(rows)} of {n_all} measurements in {options.folder}"
    print(told if not options.search else f"{told}: {found.in_words()}", file=sys.stderr)
    return 0


def _look(
    folder: Path, found: "Search", limit: int | None, *, rebuild: bool
) -> "tuple[tuple[Summary, ...], tuple[str, ...], int]":
    from runmanager.catalogue.index import DamagedIndexError, Index, discard
    from runmanager.catalogue.indexing import refresh
    from runmanager.catalogue.reading_process import ReadingProcesses
    from runmanager.progress import progress_bar

    if rebuild:
        discard(folder)
    for last_try in (False, True):
        try:
            with Index(folder) as index, ReadingProcesses() as readers, progress_bar(f"reading {folder}") as report:
                few = _few_are_new(index)
                seen = refresh(index, report=report, readers=None if few else readers)
                return index.find(found, limit=limit), seen.closed_folders, index.count()
        except DamagedIndexError:
            if last_try:
                raise
            discard(folder)
    raise AssertionError("the second try returns or raises")


def _few_are_new(index: "Index") -> bool:
    """Starting processes takes as long as reading some hundred files."""
    from runmanager.catalogue.scan_folder import scan

    return len(scan(index.folder).files.keys() - index.stamps().keys()) < _WORTH_PROCESSES


def lines(rows: "Sequence[Summary]") -> list[str]:
    """One line a measurement: when, what, on what, how it ended, its first number, its file."""
    table = [_cells(row) for row in rows]
    widths = [max((len(cells[k]) for cells in table), default=0) for k in range(6)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), cells[-1]]).rstrip()
        for cells in table
    ]


def _cells(row: "Summary") -> tuple[str, ...]:
    started = "" if row.started_at is None else f"{_local(row.started_at):%Y-%m-%d %H:%M}"
    if row.problem:
        return started, "unreadable", "", "", "", row.problem, row.name
    return started, row.procedure, row.sample, row.exit_status, row.verdict or "-", row.headline, row.name


def as_object(folder: Path, row: "Summary") -> dict[str, Any]:
    """A row for scripts: plain values, null for what is not known."""
    return {
        "run_file": str(folder / row.name),
        "kind": row.kind.value,
        "procedure": row.procedure,
        "title": row.title,
        "sample": row.sample,
        "started": None if row.started_at is None else _local(row.started_at).isoformat(timespec="seconds"),
        "duration_s": row.duration_s,
        "exit_status": row.exit_status,
        "verdict": None if row.passed is None else {"passed": row.passed, "reason": row.reason},
        "seed": row.seed,
        "headline": row.headline,
        "size_bytes": row.size_bytes,
        "problem": row.problem,
    }


def _local(epoch_s: float) -> "datetime.datetime":
    import datetime

    return datetime.datetime.fromtimestamp(epoch_s).astimezone()
