"""What watchers see of the run in progress: made from memory, in a thread of its own, beside the measurement.

The run's thread only copies each record (:class:`LiveRun`); everything that takes time happens here, decimated: views
at most four times a second, the running analysis every few seconds, each for no more than a fifth of the time.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy.typing as npt

from analysis.views import View
from runfile.encoding import JSON
from runfile.live_run import LiveRun, RunFacts, RunSnapshot
from runfile.results import Analysis
from runmanager.observer import TableFacts
from runmanager.queue import events
from runmanager.queue.count_rates import TableRates, TagRates
from runmanager.queue.events import Event, RoleStatus
from runmanager.queue.pending_rows import PendingRows
from runmanager.queue.thinning import thin

log = logging.getLogger(__name__)

TICK_S = 0.1
VIEWS_S = 0.25
RESULTS_S = 2.0
SAVE_S = 1.0
SHARE = 0.2
"""Largest share of the time that views, and that running results, may take."""


class LiveFeed:
    """An :class:`runmanager.observer.Observer` that tells ``emit`` the events of one entry.

    ``wanted``: whether somebody watches (nothing is drawn for nobody); ``opened`` gets the run file, ``is_paused``
    each pause and its end, both in the run's thread; ``save_progress`` about once a second, in the feed's.
    """

    def __init__(
        self,
        entry_id: int,
        emit: Callable[[Event], None],
        *,
        wanted: Callable[[], bool] = lambda: True,
        opened: Callable[[Path], None] = lambda path: None,
        is_paused: Callable[[bool], None] = lambda paused: None,
        save_progress: Callable[[float, str], None] = lambda fraction, what: None,
    ) -> None:
        self._entry_id, self._emit, self._wanted = entry_id, emit, wanted
        self._opened, self._is_paused, self._save_progress = opened, is_paused, save_progress
        self._run: LiveRun | None = None
        self._rows = PendingRows()
        self._small: deque[Event] = deque()
        self._progress: events.Progress | None = None
        self._revision = 0
        self._shown: events.Progress | None = None
        self._saved_s = -SAVE_S
        self._tag_rates, self._table_rates = TagRates(), TableRates()
        self._failed = False
        self._over = False
        self._final: Analysis | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"live feed of entry {entry_id}", daemon=True)
        self._picture = _Picture(entry_id, emit)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def close(self) -> None:
        """Tell the rest, with the last views, and end. Call it when the run is over."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self) -> None:
        """Draw again although nothing is new: somebody has just begun to watch."""
        self._revision += 1

    def snapshot(self) -> RunSnapshot | None:
        """The run as recorded so far, from any thread; None before it has a file."""
        if self._run is None:
            return None
        self._rows.put_away()
        return self._run.snapshot()

    # --- told by the run, in its thread -------------------------------------------------------------------

    def run_opened(self, facts: RunFacts) -> None:
        """Begin the copy in memory."""
        self._run = LiveRun(facts)
        self._opened(facts.path)
        self._small.append(events.Started(self._entry_id, facts.procedure, str(facts.path)))

    def table_made(self, facts: TableFacts) -> None:
        """Begin a table."""
        table = self._recorded.table(
            facts.group,
            title=facts.title,
            signal=facts.signal,
            axes=facts.axes,
            columns=facts.columns,
            fixed_axes=facts.fixed_axes,
            errors=facts.errors,
        )
        self._rows.begin(facts.group, table)

    def row_recorded(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """Copy one row."""
        if self._failed:
            raise RuntimeError("nobody takes the rows")  # this observer is then left out
        self._rows.append(group, values)
        self._revision += 1

    def rows_recorded(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """Copy rows."""
        self._rows.extend(group, values)
        self._revision += 1

    def tags_recorded(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Copy tags."""
        self._recorded.append_tags(timestamps_ps, channel)
        self._tag_rates.count(channel)

    def tags_described(self, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of the tags: now their rate is known, too."""
        self._recorded.set_tag_metadata(duration_s=duration_s, channels=channels)
        rates = self._tag_rates.rates_cps(duration_s, channels)
        if rates:
            self._small.append(events.CountRates(self._entry_id, self._bench_s, rates))

    def noted(self, name: str, value: JSON) -> None:
        """Keep a fact."""
        self._recorded.note(name, value)

    def logged(self, text: str) -> None:
        """Pass a line of the run's log on."""
        self._small.append(events.LogLine(self._entry_id, "INFO", text))

    def progressed(self, fraction: float, what: str, bench_s: float) -> None:
        """Keep the latest; told ten times a second at most."""
        self._progress = events.Progress(self._entry_id, fraction, what, bench_s)

    def bench_read(self, roles: Sequence[RoleStatus]) -> None:
        """Pass the status of the bench on."""
        self._small.append(events.BenchStatus(self._entry_id, tuple(roles)))

    def paused(self, paused: bool) -> None:
        """Pass it on."""
        self._is_paused(paused)

    def finished(self, exit_status: str, duration_s: float) -> None:
        """The measurement is over."""
        self._recorded.finish(exit_status, duration_s)
        self._over = True  # the processor is the final analysis's; what it finds is drawn once

    def analysed(self, analysis: Analysis) -> None:
        """Keep the final analysis: it is the last running result."""
        self._recorded.write_analysis(analysis)
        self._final = analysis

    @property
    def _recorded(self) -> LiveRun:
        if self._run is None:
            raise RuntimeError("a record came before the run was opened")
        return self._run

    @property
    def _bench_s(self) -> float:
        return self._progress.bench_s if self._progress is not None else 0.0

    # --- in the feed's own thread -------------------------------------------------------------------------

    def _loop(self) -> None:
        try:
            while not self._closing.wait(TICK_S):
                self._tick(closing=False)
            self._tick(closing=True)
        except Exception as error:  # noqa: BLE001 - the measurement goes on, unseen
            self._failed = True
            log.warning("entry %d is shown no more (%s: %s)", self._entry_id, type(error).__name__, error)

    def _tick(self, *, closing: bool) -> None:
        self._rows.put_away()
        while self._small:
            self._emit(self._small.popleft())
        progress = self._progress
        if progress is not None and progress is not self._shown:
            self._emit(progress)
            self._shown = progress
            if time.monotonic() - self._saved_s >= SAVE_S or closing:
                self._saved_s = time.monotonic()
                self._save_progress(progress.fraction, progress.what)
        if self._wanted():
            self._draw(self._table_rates)

    def _draw(self, rates: TableRates) -> None:
        revision, final = self._revision, self._final
        if (self._over and final is None) or not self._picture.is_due(revision, final):
            return
        snapshot = self.snapshot()
        if snapshot is None:
            return
        found = rates.rates_cps(snapshot)
        if found:
            self._emit(events.CountRates(self._entry_id, self._bench_s, found))
        self._picture.draw(snapshot, revision, final)


class _Picture:
    """Views and running results of one entry, each within its share of the time."""

    def __init__(self, entry_id: int, emit: Callable[[Event], None]) -> None:
        self._entry_id, self._emit = entry_id, emit
        self._drawn = self._fitted = -1
        """Revision of the run that the last views, and the last results, show."""
        self._next_views_s = self._next_results_s = 0.0
        self._fits: dict[str, View] = {}
        self._final: Analysis | None = None

    def is_due(self, revision: int, final: Analysis | None) -> bool:
        """Whether views or results are old and may be made again; the final ones at once, and once."""
        if final is not self._final:
            return True
        now_s = time.monotonic()
        return (revision != self._drawn and now_s >= self._next_views_s) or (
            revision != self._fitted and now_s >= self._next_results_s
        )

    def draw(self, snapshot: RunSnapshot, revision: int, final: Analysis | None) -> None:
        """Emit what is due; everything when there is a ``final`` analysis."""
        began_s = time.monotonic()
        if final is not self._final or (revision != self._fitted and began_s >= self._next_results_s):
            self._emit(_results(self._entry_id, snapshot, final))
            fitted = _views(snapshot, with_fit=True)
            self._fits = {view.name: view for view in fitted}
            self._emit(events.Views(self._entry_id, thin(fitted)))
            self._fitted = self._drawn = revision
            self._final = final
            self._next_results_s = _next_s(began_s, RESULTS_S)
            self._next_views_s = time.monotonic() + VIEWS_S
            return
        if revision != self._drawn and began_s >= self._next_views_s:
            plain = _views(snapshot, with_fit=False)
            self._emit(events.Views(self._entry_id, thin(with_last_fits(plain, self._fits))))
            self._drawn = revision
            self._next_views_s = _next_s(began_s, VIEWS_S)


def _next_s(began_s: float, interval_s: float) -> float:
    """When to do again what began at ``began_s`` and ends now, so that it takes at most SHARE of the time."""
    now_s = time.monotonic()
    return began_s + max(interval_s, (now_s - began_s) / SHARE)


def with_last_fits(views: Sequence[View], fits: Mapping[str, View]) -> tuple[View, ...]:
    """Data of now with the fitted curves of the last fit, some seconds older, and the views that only a fit gives."""
    merged = []
    for view in views:
        last = fits.get(view.name)
        curves = tuple(curve for curve in last.curves if curve.kind == "fit") if last is not None else ()
        merged.append(replace(view, curves=(*view.curves, *curves)) if curves else view)
    names = {view.name for view in views}
    return (*merged, *(last for name, last in fits.items() if name not in names))


def _views(snapshot: RunSnapshot, *, with_fit: bool) -> tuple[View, ...]:
    from analysis.views import views

    try:
        return tuple(views(snapshot, with_fit=with_fit))
    except Exception as error:  # noqa: BLE001 - data nobody foresaw: the measurement goes on without a picture
        log.warning("no picture of the run (%s: %s)", type(error).__name__, error)
        return ()


def _results(entry_id: int, snapshot: RunSnapshot, final: Analysis | None) -> events.RunningResults:
    from runmanager.queue.running_analysis import analyse_so_far

    if final is not None:
        return events.RunningResults(entry_id, final.results, "" if final.results else final.verdict.reason)
    found, remark = analyse_so_far(snapshot)
    return events.RunningResults(entry_id, found, remark)
