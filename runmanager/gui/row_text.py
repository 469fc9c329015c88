"""What a row of the queue or of the history says, as text. No Qt, no database: pure functions of an entry."""

import math
import time
from dataclasses import replace
from functools import lru_cache

from procedures import registry
from runmanager.gui import fields
from runmanager.numbers import with_error
from runmanager.queue.entries import Entry, Job, Status
from runmanager.queue.finish_times import runs_on_twin

PLAY = "\N{BLACK RIGHT-POINTING TRIANGLE}"
SIGNS = {
    Status.QUEUED: "\N{WHITE CIRCLE}",
    Status.RUNNING: PLAY,
    Status.PAUSED: "\N{DOUBLE VERTICAL BAR}",
    Status.COMPLETED: "\N{CHECK MARK}",
    Status.ABORTED: "\N{BLACK SQUARE}",
    Status.FAILED: "\N{MULTIPLICATION X}",
    Status.INTERRUPTED: "\N{HIGH VOLTAGE SIGN}",
    Status.REFUSED: "\N{NO ENTRY}",
}
MANY = 4
SHOWN_RESULTS = 3


def status(entry: Entry) -> str:
    """``○ queued``; with a warning sign when the forecast saw something that will not work."""
    text = f"{SIGNS[entry.status]} {entry.status.value}"
    if entry.status in (Status.RUNNING, Status.PAUSED):
        text += f" {entry.fraction:.0%}"
    return f"\N{WARNING SIGN} {text}" if is_marked(entry) else text


def is_marked(entry: Entry) -> bool:
    """True when the forecast found a violation and the entry has not run yet."""
    return not entry.status.ended and entry.prediction is not None and bool(entry.prediction.violations)


@lru_cache(maxsize=8192)
def key_parameters(job: Job) -> str:
    """What makes this job what it is: changed parameters first, then those the experiment calls its key ones."""
    changed = dict(job.settings)
    if job.procedure not in registry.PROCEDURES:  # queued by another version of this software
        return ", ".join(f"{name} = {value}" for name, value in changed.items())
    names = list(changed)[:MANY]
    defaults = {field.name: field.default for field in fields.fields_of(job.procedure)}
    for name in registry.key_parameters(job.procedure):
        if len(names) < MANY and name not in names:
            names.append(name)
    shown = [fields.with_unit(n, changed.get(n, defaults.get(n, "")), job.procedure) for n in names]
    if len(changed) > MANY:
        shown.append("…")
    shown += [f"until {target.result} ± {target.stderr:g}" for target in job.until]
    if job.continues is not None:
        shown.insert(0, f"continues {job.continues.name}")
    if job.sample:
        shown.append(f"sample {job.sample.rsplit('/', 1)[-1]}")
    return ", ".join(shown)


def tells_bench(job: Job) -> str:
    """TWIN or REAL BENCH: a job without a station file is always the twin."""
    return "TWIN" if runs_on_twin(job) else "REAL BENCH"


def expected_error(entry: Entry) -> str:
    """Expected standard error of the results that matter: the targets, else the first the forecast has one for."""
    prediction = entry.prediction
    if prediction is None:
        return "" if entry.status.ended else "…"
    wanted = [target.result for target in entry.job.until if target.result in prediction.results]
    if not wanted:
        wanted = [name for name, result in prediction.results.items() if _has_error(result.stderr)][:1]
    return ", ".join(_one_error(name, entry) for name in wanted)


def _has_error(stderr: float) -> bool:
    return math.isfinite(stderr) and stderr > 0.0


def _one_error(name: str, entry: Entry) -> str:
    assert entry.prediction is not None  # noqa: S101 - the caller has looked
    result = entry.prediction.results[name]
    unit = "" if result.unit in {"", "1"} else f" {result.unit}"
    return f"{name} ± {result.stderr:.2g}{unit}" if _has_error(result.stderr) else f"{name}: no error forecast"


def verdict(entry: Entry) -> str:
    """The verdict of the run, or what the forecast says it will be."""
    ending = entry.ending
    if ending is not None:
        if ending.exit_code == 4:
            return "\N{WARNING SIGN} SAFE STATE NOT CONFIRMED"
        if entry.status is Status.COMPLETED and ending.passed is not None:
            return "\N{CHECK MARK} passed" if ending.passed else "\N{MULTIPLICATION X} failed"
        return ending.message.split("\n", 1)[0] or entry.status.value
    if is_marked(entry):
        return "\N{WARNING SIGN} forecast: would not complete"
    if entry.prediction is not None:
        return "forecast: would pass" if entry.prediction.passed else "forecast: verdict would fail"
    return ""


def clock(seconds: float | None, now_s: float) -> str:
    """``14:05``, with the day when it is not today; times in seconds since 1970, local time zone."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    then, today = time.localtime(seconds), time.localtime(now_s)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%a %d %b %H:%M" if then[0] == today[0] else "%Y-%m-%d %H:%M", then)


def results(entry: Entry) -> str:
    """The results of an ended run, first ones, on one line."""
    if entry.ending is None:
        return ""
    first = list(entry.ending.results.items())[:SHOWN_RESULTS]
    return ", ".join(f"{name} {with_error(replace(result, interval=None))}" for name, result in first)


def whole_story(entry: Entry) -> str:
    """Everything about a row, for its tooltip: what is wrong first, then the settings."""
    lines = [f"{entry.job.procedure} ({tells_bench(entry.job)}), entry {entry.id}"]
    if entry.prediction is not None:
        lines += [f"\N{WARNING SIGN} {text}" for text in entry.prediction.violations]
    if entry.ending is not None:
        lines += [text for text in (entry.ending.unsafe, entry.ending.message) if text]
        lines += [f"{'✓' if check.passed else '✗'} {check.detail}" for check in entry.ending.checks]
    lines += [f"{name} = {value}" for name, value in entry.job.settings]
    if entry.run_file is not None:
        lines.append(str(entry.run_file))
    return "\n".join(lines)
