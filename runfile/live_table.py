"""A point table in memory: columns that grow by doubling, and pictures of it that cost no copy.

Rows are only ever added. A picture (:class:`TableSnapshot`) is a read-only view of the rows that were complete when
it was taken; when a column outgrows its room it moves, and the picture keeps the old place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from runfile.errors import RunFileError
from runfile.records import Column, FixedAxis

Array = npt.NDArray[Any]

POINT = "point"
"""Name of the counter of the rows, as in the file."""
_FIRST_ROOM = 16
_PLAIN_NUMBERS = frozenset({float, int, np.float64, np.int64})
"""What can be put into a column without a look at its shape."""


@dataclass(frozen=True)
class TableSnapshot:
    """A table as it was at one moment, a :class:`runfile.reading.RecordedTable`; arrays are read-only.

    ``described``: every column and fixed axis; ``arrays``: their values, columns with ``n_points`` rows.
    """

    title: str
    signal: str
    axes: tuple[str, ...]
    n_points: int
    described: Mapping[str, Column | FixedAxis]
    arrays: Mapping[str, Array]
    where: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(name for name, item in self.described.items() if isinstance(item, Column) and name != POINT)

    @property
    def fixed_axes(self) -> tuple[str, ...]:
        """Names of the fixed axes."""
        return tuple(name for name, item in self.described.items() if isinstance(item, FixedAxis))

    def column(self, name: str) -> Array:
        """Column ``name``, shape (n_points, …), or the fixed axis of that name; RunFileError when there is none."""
        self._find(name)
        return self.arrays[name]

    def unit(self, name: str) -> str:
        """Unit of a column or fixed axis, "" for none; RunFileError when there is none of that name."""
        return self._find(name).unit

    def long_name(self, name: str) -> str:
        """Axis label of a column or fixed axis, unit included; RunFileError when there is none of that name."""
        return self._find(name).long_name

    def _find(self, name: str) -> Column | FixedAxis:
        if name not in self.described:
            known = ", ".join([*self.columns, *self.fixed_axes])
            raise RunFileError(f"{self.where}: no column {name!r}; it has {known}")
        return self.described[name]


class LiveTable:
    """A growing table. One thread appends, any other takes pictures.

    ``most_bytes``: room the rows may take; rows beyond it are counted in :attr:`n_left_out`, not kept.
    """

    def __init__(
        self,
        where: str,
        *,
        title: str,
        signal: str,
        axes: Sequence[str],
        columns: Sequence[Column],
        fixed_axes: Sequence[FixedAxis] = (),
        most_bytes: int,
    ) -> None:
        names = {column.name for column in columns}
        self._where = where
        self._title = title
        self._signal = signal
        self._axes = (axes[0] if axes[0] in names else POINT, *axes[1:])
        self._columns = tuple(columns)
        self._fixed = tuple(fixed_axes)
        self._lock = Lock()
        self._n_points = 0
        self.n_left_out = 0
        row_bytes = sum(_row_bytes(column) for column in columns)
        self._most_rows = max(1, most_bytes // max(row_bytes, 1))
        self._room: dict[str, Array] = {column.name: _empty(column, _FIRST_ROOM) for column in columns}
        self._axis_values = {axis.name: _read_only(np.array(axis.values, dtype=np.float64)) for axis in fixed_axes}

    @property
    def n_points(self) -> int:
        """Rows kept so far."""
        return self._n_points

    def append(self, **values: npt.ArrayLike) -> None:
        """Add one row, in constant time on average. RunFileError when a column is missing, unknown or misshapen."""
        self._check_names(values)
        row = self._n_points
        if row >= self._most_rows:
            self.n_left_out += 1
            return
        self._make_room(row + 1)
        for column in self._columns:
            value = values[column.name]
            if type(value) in _PLAIN_NUMBERS and not column.shape:
                self._room[column.name][row] = value
            else:
                self._put(column, slice(row, row + 1), np.asarray(value)[np.newaxis])
        with self._lock:
            self._n_points = row + 1

    def extend(self, **values: npt.ArrayLike) -> None:
        """Add several rows: every value has the rows as its first dimension. Errors as :meth:`append`."""
        self._check_names(values)
        lengths = {np.shape(value)[0] if np.ndim(value) else -1 for value in values.values()}
        if len(lengths) != 1 or min(lengths) < 0:
            raise RunFileError(f"{self._where}: extend() needs the same number of rows in every column")
        first, n_rows = self._n_points, lengths.pop()
        kept = min(n_rows, self._most_rows - first)
        self.n_left_out += n_rows - kept
        self._make_room(first + kept)
        for column in self._columns:
            self._put(column, slice(first, first + kept), np.asarray(values[column.name])[:kept])
        with self._lock:
            self._n_points = first + kept

    def snapshot(self) -> TableSnapshot:
        """The table as it is now, without a copy of its rows."""
        with self._lock:
            n_points = self._n_points
            arrays = {name: room[:n_points] for name, room in self._room.items()}
        described: dict[str, Column | FixedAxis] = {column.name: column for column in self._columns}
        described |= {axis.name: axis for axis in self._fixed}
        described[POINT] = Column(POINT, "", "recorded point", dtype="i8")
        return TableSnapshot(
            title=self._title,
            signal=self._signal,
            axes=self._axes,
            n_points=n_points,
            described=described,
            arrays={name: _read_only(array) for name, array in arrays.items()}
            | self._axis_values
            | {POINT: np.arange(n_points)},
            where=self._where,
        )

    def _check_names(self, values: Mapping[str, object]) -> None:
        if values.keys() != self._room.keys():
            missing, unknown = self._room.keys() - values.keys(), values.keys() - self._room.keys()
            raise RunFileError(f"{self._where}: missing columns {sorted(missing)}, unknown columns {sorted(unknown)}")

    def _put(self, column: Column, rows: slice, values: Array) -> None:
        if values.shape != (rows.stop - rows.start, *column.shape):
            raise RunFileError(
                f"{self._where}, column {column.name!r}: got shape {values.shape[1:]} per row, needs {column.shape}"
            )
        self._room[column.name][rows] = values

    def _make_room(self, n_rows: int) -> None:
        """Room for ``n_rows`` rows: columns double, so that a row costs the same however many there are."""
        room = next(iter(self._room.values())).shape[0]
        if n_rows <= room:
            return
        larger = max(n_rows, min(2 * room, self._most_rows))
        grown = {}
        for column in self._columns:
            moved = _empty(column, larger)
            moved[: self._n_points] = self._room[column.name][: self._n_points]
            grown[column.name] = moved
        with self._lock:
            self._room = grown


def _row_bytes(column: Column) -> int:
    return np.dtype(column.dtype).itemsize * int(np.prod(column.shape, dtype=np.int64))


def _empty(column: Column, n_rows: int) -> Array:
    return np.empty((n_rows, *column.shape), dtype=np.dtype(column.dtype))


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
