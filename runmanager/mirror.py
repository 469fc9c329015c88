"""A run file that is written and shown: each record goes to the disk first and to the observer after it."""

from collections.abc import Mapping, Sequence

import numpy.typing as npt

from runfile.disk import OpenFile
from runfile.encoding import JSON
from runfile.records import Column, FixedAxis
from runfile.writer import PointTable, RunWriter
from runmanager.observer import Announcer, TableFacts


class MirroredTable(PointTable):
    """A point table whose rows are told to the observer once they are recorded."""

    def __init__(self, table: PointTable, group: str, announcer: Announcer) -> None:
        # The recording is all done by ``table``: this object has no file of its own.
        self._table, self._group, self._announcer = table, group, announcer

    @property
    def n_points(self) -> int:
        """Rows recorded so far."""
        return self._table.n_points

    def append(self, **values: npt.ArrayLike) -> None:
        """Record one row, then show it. Errors as :meth:`runfile.point_table.PointTable.append`."""
        self._table.append(**values)
        self._announcer.tell(lambda observer: observer.row_recorded(self._group, values))

    def extend(self, **values: npt.ArrayLike) -> None:
        """Record several rows, then show them. Errors as :meth:`runfile.point_table.PointTable.extend`."""
        self._table.extend(**values)
        self._announcer.tell(lambda observer: observer.rows_recorded(self._group, values))

    def trim(self) -> None:
        """Give back the room that was made but not used."""
        self._table.trim()


class MirroredWriter(RunWriter):
    """A run file being written that tells ``announcer`` of every record after it is on the disk.

    Made by ``MirroredWriter.create(...)`` as a RunWriter; silent until ``announcer`` is set.
    """

    def __init__(self, store: OpenFile) -> None:
        super().__init__(store)
        self.announcer = Announcer(None)

    def table(
        self,
        group: str,
        *,
        title: str,
        signal: str,
        axes: Sequence[str],
        columns: Sequence[Column],
        fixed_axes: Sequence[FixedAxis] = (),
        errors: Mapping[str, str] | None = None,
    ) -> PointTable:
        """Make a point table. Arguments and errors as :meth:`runfile.writer.RunWriter.table`."""
        made = super().table(
            group, title=title, signal=signal, axes=axes, columns=columns, fixed_axes=fixed_axes, errors=errors
        )
        facts = TableFacts(group, title, signal, tuple(axes), tuple(columns), tuple(fixed_axes), dict(errors or {}))
        self.announcer.tell(lambda observer: observer.table_made(facts))
        return MirroredTable(made, group, self.announcer)

    def note(self, name: str, value: JSON) -> None:
        """Store a small structured fact, then show it."""
        super().note(name, value)
        self.announcer.tell(lambda observer: observer.noted(name, value))

    def append_tags(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Append time tags, then show them."""
        super().append_tags(timestamps_ps, channel)
        self.announcer.tell(lambda observer: observer.tags_recorded(timestamps_ps, channel))

    def set_tag_metadata(self, *, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of all tags so far and what is connected to which channel."""
        super().set_tag_metadata(duration_s=duration_s, channels=channels)
        self.announcer.tell(lambda observer: observer.tags_described(duration_s, channels))

    def log(self, message: str) -> None:
        """Add a line to the run's log, then show it."""
        super().log(message)
        self.announcer.tell(lambda observer: observer.logged(message))
