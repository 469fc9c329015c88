"""The queue as text: tables for people, one JSON object for scripts."""

import json
import math
import time
from collections.abc import Sequence
from typing import Any

from runfile.results import Result, Verdict
from runmanager.numbers import duration, with_error
from runmanager.queue.entries import Ending, Entry, Job, Prediction, Status
from runmanager.queue.finish_times import finish_times
from runmanager.queue.hooks import summary
from runmanager.queue.job_text import entry_document

QUEUE_COLUMNS = ("ID", "STATUS", "EXPERIMENT", "PARAMETERS", "FINISHES", "EXPECTED ERROR", "FORECAST")
HISTORY_COLUMNS = ("ID", "STATUS", "EXPERIMENT", "PARAMETERS", "ENDED", "CODE", "VERDICT")
WIDEST = 48  # of a cell, so that a line stays readable


def queue_table(entries: Sequence[Entry], now: float) -> list[str]:
    """Lines of the running and queued entries, in order; ``now`` in seconds since 1970."""
    times = finish_times(entries, now)
    return table(QUEUE_COLUMNS, [_queue_row(entry, times[entry.id], now) for entry in entries])


def history_table(entries: Sequence[Entry], now: float) -> list[str]:
    """Lines of the ended entries, as given; ``now`` in seconds since 1970."""
    return table(HISTORY_COLUMNS, [_history_row(entry, now) for entry in entries])


def queue_json(path: object, entries: Sequence[Entry], now: float, *, paused: bool, worker: int | None) -> str:
    """Running and queued entries as one JSON object; ``finishes_at`` in seconds since 1970, null where unknown."""
    times = finish_times(entries, now)
    documents = [{**entry_document(entry), "finishes_at": times[entry.id]} for entry in entries]
    return _json({"queue": str(path), "paused": paused, "worker_pid": worker, "entries": documents})


def entries_json(entries: Sequence[Entry]) -> str:
    """Entries as one JSON object."""
    return _json({"entries": [entry_document(entry) for entry in entries]})


def entry_json(entry: Entry) -> str:
    """One entry as one JSON object."""
    return _json(entry_document(entry))


def details(entry: Entry) -> list[str]:
    """All that is known of an entry, in lines."""
    job = entry.job
    lines = [
        f"entry {entry.id}: {entry.job.procedure}, {entry.status.value}",
        f"added     {_clock(entry.added_at, math.inf)}",
        f"bench     {'the built-in station' if job.station is None else job.station}{', as a twin' * job.twin}",
        f"sample    {job.sample or 'the built-in one'}",
        f"seed      {job.seed}",
        f"output    {job.out}",
        *(f"set       {name} = {value}" for name, value in job.settings),
        *(f"until     the error of {target.result} is at most {target.stderr:g}" for target in job.until),
    ]
    optional = (("faults", job.faults), ("continues", job.continues), ("repeats", entry.repeats))
    lines += [f"{name:<9} {value}" for name, value in optional if value is not None]
    lines += _started(entry)
    if entry.prediction is not None:
        lines += _forecast(entry, entry.prediction)
    if entry.ending is not None:
        bench_s = entry.ending.duration_s
        took = f", {duration(bench_s)} of bench time" if math.isfinite(bench_s) else ""
        lines.append(f"ended     {_clock(entry.ending.finished_at, math.inf)}{took}")
        lines.append(f"          code {entry.ending.exit_code}, {summary(entry)}")
        lines += _results(entry.ending.results)
        lines += [f"  {'✓' if check.passed else '✗'} {check.name}: {check.detail}" for check in entry.ending.checks]
    return lines


def parameters(job: Job) -> str:
    """What is set, in one cell: ``duration=60 control=laser blocked``."""
    set_ones = [f"{name}={value}" for name, value in job.settings]
    targets = [f"until ±{target.stderr:g} {target.result}" for target in job.until]
    return " ".join([*set_ones, *targets])


def expected(prediction: Prediction, job: Job) -> tuple[str, Result] | None:
    """The result whose standard error a row shows: the first target's, else the first one with an error."""
    targets = [target.result for target in job.until if target.result in prediction.results]
    for name in (*targets, *prediction.results):
        result = prediction.results[name]
        if math.isfinite(result.stderr) and result.stderr > 0.0:
            return name, result
    return None


def expected_error(prediction: Prediction | None, job: Job) -> str:
    """``±0.012 ns lifetime``, or nothing."""
    found = None if prediction is None else expected(prediction, job)
    if found is None:
        return ""
    name, result = found
    unit = "" if result.unit in {"1", ""} else f" {result.unit}"
    return f"±{result.stderr:.2g}{unit} {name}"


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Cells in columns; cells that are too long are cut."""
    cells = [list(heads), *([_cut(cell) for cell in line] for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _queue_row(entry: Entry, finishes_at: float | None, now: float) -> tuple[str, ...]:
    status = entry.status.value
    if entry.status in (Status.RUNNING, Status.PAUSED):
        status += f" {entry.fraction:.0%}"
    prediction = entry.prediction
    if prediction is None:
        forecast = "none yet"
    elif prediction.violations:
        forecast = ("CONFIRMED: " if entry.confirmed else "BLOCKED: ") + " ".join(prediction.violations[0].split())
    else:
        forecast = "would pass" if prediction.passed else "verdict would fail"
    when = "" if finishes_at is None else _clock(finishes_at, now)
    error = expected_error(prediction, entry.job)
    return (str(entry.id), status, entry.job.procedure, parameters(entry.job), when, error, forecast)


def _history_row(entry: Entry, now: float) -> tuple[str, ...]:
    ending = entry.ending
    if ending is None:
        return (str(entry.id), entry.status.value, entry.job.procedure, parameters(entry.job), "", "", "")
    when = _clock(ending.finished_at, now)
    code = str(ending.exit_code)
    row = (str(entry.id), entry.status.value, entry.job.procedure, parameters(entry.job), when, code)
    return (*row, _verdict(entry.status, ending))


def _verdict(status: Status, ending: Ending) -> str:
    """What a row tells of an end: first what must be done, then why it is not complete, then the verdict."""
    if ending.unsafe:
        return f"UNSAFE: {ending.unsafe}"
    if status is not Status.COMPLETED:
        return ending.message
    # The message of a completed run is a remark (where the magnet was left): it never takes the verdict's place.
    verdict = {None: "", True: "PASSED", False: f"FAILED: {Verdict(ending.checks).reason}"}[ending.passed]
    return "; ".join(text for text in (verdict, ending.message) if text)


def _started(entry: Entry) -> list[str]:
    lines = [] if entry.started_at is None else [f"started   {_clock(entry.started_at, math.inf)}"]
    if entry.status in (Status.RUNNING, Status.PAUSED):
        lines.append(f"now       {entry.fraction:.0%}, {entry.what}")
    if entry.run_file is not None:
        lines.append(f"run file  {entry.run_file}")
    return lines


def _forecast(entry: Entry, prediction: Prediction) -> list[str]:
    took = duration(prediction.duration_s)
    lines = [
        f"forecast  {took} of bench time, {prediction.photons:,} photons, {duration(prediction.wall_s)} on the twin"
    ]
    lines += [f"violation {' '.join(text.split())}" for text in prediction.violations]
    if entry.blocked:
        lines.append(f"BLOCKED   it is skipped until you edit it or say 'solotron queue confirm {entry.id}'")
    for target in entry.job.until:
        found = prediction.results.get(target.result)
        if found is not None and not found.stderr <= target.stderr:
            lines.append(
                f"target    ±{target.stderr:g} of {target.result} is not reached: ±{found.stderr:.2g} expected"
            )
    return lines + _results(prediction.results)


def _results(results: dict[str, Result]) -> list[str]:
    width = max((len(name) for name in results), default=0)
    return [f"  {name:<{width}}  {with_error(result)}" for name, result in results.items()]


def _clock(at: float, now: float) -> str:
    """Local time; with the date unless it is within half a day of ``now``."""
    if not math.isfinite(at):
        return ""
    form = "%H:%M:%S" if abs(at - now) < 12 * 3600 else "%Y-%m-%d %H:%M:%S"
    return time.strftime(form, time.localtime(at))


def _cut(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, allow_nan=False)
