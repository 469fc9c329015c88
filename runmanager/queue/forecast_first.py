"""A forecast before anything runs: what is queued for a real bench waits for its dry run on the twin.

On the twin the run is its own dry run, and nothing waits. The dry run is made in a process of its own, at low priority;
the runner only looks after it, and goes on hearing what it is asked.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from runmanager.errors import QueueError
from runmanager.queue.entries import Entry, Prediction
from runmanager.queue.events import Event, LogLine, Progress
from runmanager.queue.finish_times import runs_on_twin
from runmanager.queue.forecasting import ForecasterBusyError, ForecasterHandle, start_forecaster, the_only_one
from runmanager.queue.store import QueueStore

log = logging.getLogger(__name__)

WHAT = "forecasting on the twin"
OTHER_S = 60.0
"""So long another forecaster (a window's) is left to make the forecast; then it is made here."""
MOST_ATTEMPTS = 2
STOP_S = 2.0
TELL_EVERY_S = 1.0

Tell = Callable[[Event], None]


def may_start(entry: Entry) -> bool:
    """False for an entry of a real bench that has no forecast yet and was not confirmed to run all the same."""
    return entry.confirmed or entry.prediction is not None or runs_on_twin(entry.job)


@dataclass
class _Wait:
    """One entry's wait: since when, how often its dry run was begun here, when the watchers were last told."""

    entry_id: int
    since_s: float
    n_attempts: int = 0
    told_s: float = -math.inf


class ForecastFirst:
    """Sees to the forecast of the entry whose turn it is. ``look_after`` again and again, ``close`` at the end."""

    def __init__(self, store: QueueStore, tell: Tell) -> None:
        self._store, self._tell = store, tell
        self._wait: _Wait | None = None
        self._process: ForecasterHandle | None = None

    def look_after(self, entry: Entry) -> None:
        """Have the forecast of ``entry`` made and tell the watchers that it waits; returns at once."""
        if self._wait is None or self._wait.entry_id != entry.id:
            self.close()
            self._wait = _Wait(entry.id, time.monotonic())
            text = f"entry {entry.id} ({entry.job.procedure}) is for a real bench: it starts when its dry run is done"
            self._tell(LogLine(entry.id, "INFO", text))
        wait, now_s = self._wait, time.monotonic()
        if now_s - wait.told_s >= TELL_EVERY_S:
            wait.told_s = now_s
            self._tell(Progress(entry.id, 0.0, WHAT, 0.0))
        if self._process is not None and self._process.is_alive():
            return
        if wait.n_attempts >= MOST_ATTEMPTS:
            self._give_up(entry)
        elif now_s - wait.since_s >= OTHER_S or not _another_is_at_it(self._store):
            self._begin(entry, wait)

    def close(self) -> None:
        """End the dry run, if there is one; further calls do nothing."""
        self._wait = None
        process, self._process = self._process, None
        if process is not None:
            process.stop(STOP_S)

    def _begin(self, entry: Entry, wait: _Wait) -> None:
        wait.n_attempts += 1
        try:
            self._process = start_forecaster(self._store.path, entry_id=entry.id)
        except QueueError as error:
            log.warning("entry %d: %s", entry.id, error)

    def _give_up(self, entry: Entry) -> None:
        """No forecast can be had: that is a violation like any other, for a person to look at."""
        why = (
            f"no forecast: the dry run on the twin failed {MOST_ATTEMPTS} times (see {self._store.path.name}"
            ".forecaster.log); confirm the entry to run it without"
        )
        nothing = Prediction(math.nan, 0, {}, passed=False, violations=(why,))
        try:
            current = self._store.entry(entry.id)
            if current.prediction is None and self._store.put_prediction(entry.id, entry.job, nothing):
                log.error("entry %d: %s", entry.id, why)
        except QueueError as error:  # removed meanwhile, or the disk is full: another look soon
            log.warning("%s", error)
        self.close()


def _another_is_at_it(store: QueueStore) -> bool:
    try:
        with the_only_one(store.path):
            return False
    except ForecasterBusyError:
        return True
    except QueueError:
        return False
