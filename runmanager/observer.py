"""Who looks on while a run is made: told of everything after it is on the disk, and never able to hurt the run."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy.typing as npt

from runfile.encoding import JSON
from runfile.live_run import RunFacts
from runfile.records import Column, FixedAxis
from runfile.results import Analysis
from runmanager.queue.events import RoleStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableFacts:
    """A point table as it was made (:meth:`runfile.writer.RunWriter.table`)."""

    group: str
    title: str
    signal: str
    axes: tuple[str, ...]
    columns: tuple[Column, ...]
    fixed_axes: tuple[FixedAxis, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


class Observer(Protocol):
    """Called in the thread of the run, so every method returns soon (microseconds) and keeps copies of arrays."""

    def run_opened(self, facts: RunFacts) -> None:
        """The run file exists; nothing is measured yet."""
        ...

    def table_made(self, facts: TableFacts) -> None:
        """An empty table was made."""
        ...

    def rows_recorded(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """Rows were recorded: every value has the rows as its first dimension."""
        ...

    def row_recorded(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """One row was recorded."""
        ...

    def tags_recorded(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Time tags were recorded."""
        ...

    def tags_described(self, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of all tags so far, and what is connected to which channel."""
        ...

    def noted(self, name: str, value: JSON) -> None:
        """A structured fact was noted; a second of the same name replaces the first."""
        ...

    def logged(self, text: str) -> None:
        """A line was written to the run's log."""
        ...

    def progressed(self, fraction: float, what: str, bench_s: float) -> None:
        """Fraction done (0-1), what is going on, bench seconds since the start."""
        ...

    def bench_read(self, roles: Sequence[RoleStatus]) -> None:
        """The roles of the bench as read at a checkpoint."""
        ...

    def paused(self, paused: bool) -> None:
        """The run was paused, dark (True), or goes on (False)."""
        ...

    def finished(self, exit_status: str, duration_s: float) -> None:
        """Safe state reached, file complete: "completed", "aborted" or "failed", and the bench time it took."""
        ...

    def analysed(self, analysis: Analysis) -> None:
        """The final analysis; it is in the file."""
        ...


class Announcer:
    """Tells an observer (or nobody). One that fails is left out from then on, with a warning: the run goes on."""

    def __init__(self, observer: Observer | None) -> None:
        self._observer = observer

    @property
    def is_heard(self) -> bool:
        """True while somebody looks on."""
        return self._observer is not None

    def tell(self, call: Callable[[Observer], None]) -> None:
        """``call`` the observer, if there is one."""
        if self._observer is None:
            return
        try:
            call(self._observer)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a watcher, the measurement goes on
            self._observer = None
            log.warning("nobody watches this run any more (%s: %s); it goes on", type(error).__name__, error)
