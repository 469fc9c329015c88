"""A table that grows by one row per recorded point, each row handed to the operating system before the call returns.

Room is made in advance (:mod:`runfile.column`), so that recording a point changes nothing but the row's own bytes: no
list, no length, nothing that a killed process could leave half-written. Columns are written first, the ``point``
counter last; a reader takes the rows whose counter was written, so a half-written row is never seen. What was made
in advance and not used is given back at the end of the run.
"""

from collections.abc import Mapping, Sequence

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.chunk_plan import NODE_CHUNKS, next_chunk_count, rows_per_chunk
from runfile.column import StoredColumn
from runfile.disk import CAN_PLACE, OpenFile
from runfile.errors import RunFileError
from runfile.records import Column, FixedAxis

_LISTED_CHUNK_BYTES = 256
"""More than one chunk takes in HDF5's list of chunks."""


class PointTable:
    """One ``NXdata`` group of growing columns; made by :meth:`runfile.writer.RunWriter.table`."""

    def __init__(
        self,
        store: OpenFile,
        group: h5py.Group,
        title: str,
        signal: str,
        axes: Sequence[str],
        columns: Sequence[Column],
        fixed_axes: Sequence[FixedAxis],
        errors: Mapping[str, str],
    ) -> None:
        self._name = str(group.name)
        self._store = store
        self._n_points = 0
        counter = Column(layout.POINT, "", "recorded point", dtype="i8")
        self._chunk_rows = rows_per_chunk([*columns, counter])
        self._columns = [StoredColumn(group, column, self._chunk_rows) for column in columns]
        self._counter = StoredColumn(group, counter, self._chunk_rows)
        self._capacity = 0
        self._names = {column.name for column in columns}
        first_axis = axes[0] if axes[0] in self._names else layout.POINT
        for axis in fixed_axes:
            dataset = group.create_dataset(axis.name, data=np.asarray(axis.values, dtype=np.float64))
            layout.set_attributes(dataset, units=axis.unit, long_name=axis.long_name)
            dataset.make_scale(axis.name)
        self._attach_scales(group, first_axis)
        _describe_plot(group, title, signal, (first_axis, *axes[1:]), columns, errors)

    @property
    def n_points(self) -> int:
        """Rows recorded so far."""
        return self._n_points

    def append(self, **values: npt.ArrayLike) -> None:
        """Record one row; it survives the death of this process when this returns.

        Raises RunFileError, before anything is written, when a column is missing, unknown or of the wrong
        shape or kind, and when the disk is full.
        """
        self._check_names(values)
        row = self._n_points
        pieces = [(column, column.encode_row(values[column.name], self._name)) for column in self._columns]
        if not CAN_PLACE:
            self._record_through_hdf5(pieces, 1)
            return
        if row >= self._capacity:
            self._make_room(row + 1)
        put = self._store.put
        for column, content in pieces:
            put(column.place(row), content, self._name)
        put(self._counter.place(row), self._counter.encode_row(row, self._name), self._name)
        self._n_points = row + 1

    def extend(self, **values: npt.ArrayLike) -> None:
        """Record several rows: every value has the rows as its first dimension. Errors as :meth:`append`."""
        self._check_names(values)
        lengths = {np.shape(value)[0] if np.ndim(value) else -1 for value in values.values()}
        if len(lengths) != 1 or min(lengths) < 0:
            raise RunFileError(f"{self._name}: extend() needs the same number of rows in every column")
        n_rows = lengths.pop()
        if not n_rows:
            return
        pieces = [(column, column.encode_rows(values[column.name], n_rows, self._name)) for column in self._columns]
        if not CAN_PLACE:
            self._record_through_hdf5(pieces, n_rows)
            return
        first = self._n_points
        if first + n_rows > self._capacity:
            self._make_room(first + n_rows)
        for column, content in [*pieces, (self._counter, self._numbers(n_rows))]:
            for place, part in column.pieces(first, content):
                self._store.put(place, part, self._name)
        self._n_points = first + n_rows

    def trim(self) -> None:
        """Give back the room that was made but not used: the datasets end with the last point."""
        with self._store.writing(None, f"ending {self._name}"):
            for column in [*self._columns, self._counter]:
                column.trim(self._n_points)
        self._capacity = self._n_points

    def _make_room(self, n_rows: int) -> None:
        """Let HDF5 make the chunks for ``n_rows`` rows and more, and put its lists of them on the disk."""
        everything = [*self._columns, self._counter]
        chunk_bytes = self._chunk_rows * sum(column.row_bytes for column in everything)
        n_needed = -(-n_rows // self._chunk_rows)
        n_chunks = next_chunk_count(self._capacity // self._chunk_rows, n_needed, chunk_bytes)
        capacity = n_chunks * self._chunk_rows
        n_listed = max(n_chunks, NODE_CHUNKS + 1) * len(everything)
        room = (n_chunks - self._capacity // self._chunk_rows) * chunk_bytes + n_listed * _LISTED_CHUNK_BYTES
        with self._store.writing(room, f"making room for point {n_rows - 1} of {self._name}"):
            for column in everything:
                column.lengthen(capacity)
            unmeasured = [column.unmeasured_chunk() for column in everything]
            # chunk by chunk, not column by column: what is not used in the end is then the end of the file
            for number in range(max(self._capacity // self._chunk_rows, 1), n_chunks):
                for column, content in zip(everything, unmeasured, strict=True):
                    column.make_chunk(number, content)
        for column in everything:
            column.locate()
        self._capacity = capacity

    def _record_through_hdf5(self, pieces: list[tuple[StoredColumn, bytes]], n_rows: int) -> None:
        """The same rows in the same order, ten times slower, where files have no positioned write."""
        first = self._n_points
        if first + n_rows > self._capacity:
            self._make_room(first + n_rows)
        with self._store.writing(None, f"recording point {first} of {self._name}"):
            for column, content in [*pieces, (self._counter, self._numbers(n_rows))]:
                column.write_through_hdf5(first, content)
        self._n_points = first + n_rows

    def _numbers(self, n_rows: int) -> bytes:
        return np.arange(self._n_points, self._n_points + n_rows, dtype=np.int64).tobytes()

    def _check_names(self, values: Mapping[str, object]) -> None:
        if values.keys() != self._names:
            missing, unknown = self._names - values.keys(), values.keys() - self._names
            raise RunFileError(f"{self._name}: missing columns {sorted(missing)}, unknown columns {sorted(unknown)}")

    def _attach_scales(self, group: h5py.Group, first_axis: str) -> None:
        """Tell HDF5 (and so xarray) which dataset is the coordinate of which dimension."""
        group[first_axis].make_scale(first_axis)
        for column in [*self._columns, self._counter]:
            if column.column.name != first_axis:
                column.dataset.dims[0].attach_scale(group[first_axis])
            for position, axis in enumerate(column.column.axes, start=1):
                column.dataset.dims[position].attach_scale(group[axis])


def check_table(
    where: str,
    signal: str,
    axes: Sequence[str],
    columns: Sequence[Column],
    fixed_axes: Sequence[FixedAxis],
    errors: Mapping[str, str],
) -> None:
    """Refuse a table that could not be plotted or read back; RunFileError names what is wrong."""
    by_name = {column.name: column for column in columns}
    fixed = {axis.name: np.asarray(axis.values) for axis in fixed_axes}
    names = [column.name for column in columns] + list(fixed)
    if len(set(names)) != len(names) or {"title", layout.POINT} & set(names):
        raise RunFileError(f"{where}: names of columns and axes must differ and not be 'title' or 'point': {names}")
    if signal not in by_name:
        raise RunFileError(f"{where}: the signal {signal!r} is not one of its columns {sorted(by_name)}")
    for column in columns:
        lengths = tuple(fixed[name].size if name in fixed else -1 for name in column.axes)
        if 0 in column.shape:
            raise RunFileError(f"{where}, column {column.name!r}: shape {column.shape} has no entries")
        if lengths != column.shape:
            raise RunFileError(
                f"{where}, column {column.name!r}: shape {column.shape} needs fixed axes of these lengths, "
                f"but its axes are {column.axes} with lengths {lengths}"
            )
        if np.dtype(column.dtype).kind not in "iuf":
            raise RunFileError(f"{where}, column {column.name!r}: {column.dtype!r} is not a kind of number")
    if not axes or tuple(axes[1:]) != by_name[signal].axes:
        raise RunFileError(f"{where}: axes must be the point axis and then {by_name[signal].axes}, got {tuple(axes)}")
    if axes[0] in by_name and by_name[axes[0]].shape:
        raise RunFileError(f"{where}: the point axis {axes[0]!r} must hold one number per row")
    for name, error_name in errors.items():
        if name not in by_name or error_name not in by_name or by_name[name].shape != by_name[error_name].shape:
            raise RunFileError(f"{where}: errors {name!r} -> {error_name!r} must be two columns of one shape")


def _describe_plot(
    group: h5py.Group,
    title: str,
    signal: str,
    axes: tuple[str, ...],
    columns: Sequence[Column],
    errors: Mapping[str, str],
) -> None:
    """The NeXus attributes from which a viewer makes the default plot."""
    by_name = {column.name: column for column in columns}
    main = by_name[signal]
    comparable = [
        c.name
        for c in columns
        if c.name not in {signal, *axes, *errors.values()} and (c.shape, c.unit) == (main.shape, main.unit)
    ]
    layout.put_text(group, "title", title)
    layout.set_attributes(group, signal=signal, axes=list(axes), columns=[c.name for c in columns])
    if comparable:
        layout.set_attributes(group, auxiliary_signals=comparable)
    for position, axis in enumerate(axes):
        group.attrs[f"{axis}_indices"] = position
    linear = '["' + '", "'.join(["linear"] * len(axes)) + '"]'
    # silx reads axes_scale_types, h5web axes_scale_type
    group.attrs["SILX_style"] = f'{{"axes_scale_types": {linear}, "axes_scale_type": {linear}}}'
    group[signal].attrs["interpretation"] = "spectrum"
    for name, error_name in errors.items():
        group[name].attrs["uncertainties"] = error_name
