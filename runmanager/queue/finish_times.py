"""When each entry will be done, from the forecasts."""

import math
from collections.abc import Sequence

from runmanager.queue.entries import Entry, Job, Prediction, Status


def finish_times(running_then_queued: Sequence[Entry], now: float) -> dict[int, float | None]:
    """When each entry ends, as seconds since 1970, if nothing pauses and all that can run does; by entry number.

    A run on a real bench takes the forecast bench seconds, one on the twin the wall seconds that its dry run took;
    what runs already takes the part that is left. None: the forecast is not there yet, and for all behind it.
    Entries that are skipped (``Entry.blocked``) take no time and have None, too. Nothing is scaled: what ends early
    at a target uncertainty, or continues an earlier run of a real bench, is ready before this time.
    """
    finished: dict[int, float | None] = {}
    at: float | None = now
    for entry in running_then_queued:
        if entry.blocked:
            finished[entry.id] = None
            continue
        left_s = seconds_left(entry)
        at = None if at is None or left_s is None else at + left_s
        finished[entry.id] = at
    return finished


def seconds_left(entry: Entry) -> float | None:
    """What an entry still takes (wall seconds); None without a forecast."""
    if entry.prediction is None:
        return None
    whole_s = seconds_taken(entry.job, entry.prediction)
    if not math.isfinite(whole_s):
        return None
    running = entry.status in (Status.RUNNING, Status.PAUSED)
    return whole_s * (1.0 - min(max(entry.fraction, 0.0), 1.0)) if running else whole_s


def seconds_taken(job: Job, prediction: Prediction) -> float:
    """Wall seconds that the whole job takes: a real bench's clock is the wall's, the twin's is not."""
    return prediction.wall_s if runs_on_twin(job) else prediction.duration_s


def runs_on_twin(job: Job) -> bool:
    """True when no real instrument is touched (``jobs.checked`` sets ``twin`` where the station file says so)."""
    return job.twin or job.station is None
