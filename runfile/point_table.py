"""A table that grows by one row per recorded point, each row on disk before the call returns.

Order on disk matters when the process is killed: columns first, the ``point`` counter last. A reader takes the
rows that every column has and whose counter was written, so a half-written row is never seen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.disk import OpenFile
from runfile.errors import RunFileError
from runfile.records import Column, FixedAxis

_MIN_CHUNK_ROWS, _MAX_CHUNK_ROWS = 16, 1024


class _GrowingColumn:
    """One dataset that grows along its first dimension; writes go straight to the file, uncached."""

    def __init__(self, group: h5py.Group, column: Column) -> None:
        self.column = column
        self.dtype = np.dtype(column.dtype)
        self.row_bytes = self.dtype.itemsize * int(np.prod(column.shape, dtype=np.int64))
        rows = layout.TABLE_CHUNK_BYTES * 4 // max(self.row_bytes, 1)
        self.chunk_rows = min(max(rows, _MIN_CHUNK_ROWS), _MAX_CHUNK_ROWS)
        fill = np.nan if self.dtype.kind == "f" else layout.NO_POINT if column.name == layout.POINT else 0
        self.dataset = group.create_dataset(
            column.name,
            shape=(0, *column.shape),
            maxshape=(None, *column.shape),
            chunks=(self.chunk_rows, *column.shape),
            dtype=self.dtype,
            fillvalue=fill,
            rdcc_nbytes=1,  # no chunk cache: HDF5 would write a whole chunk for each row
        )
        layout.set_attributes(self.dataset, units=column.unit, long_name=column.long_name)
        self._id = self.dataset.id
        self._zeros = (0,) * len(column.shape)

    def checked(self, value: npt.ArrayLike, n_rows: int, where: str) -> npt.NDArray[Any]:
        """``value`` as an array of shape (n_rows, *shape); RunFileError when it does not fit."""
        array = np.asarray(value)
        wanted = (n_rows, *self.column.shape)
        if array.shape != wanted:
            raise RunFileError(
                f"{where}, column {self.column.name!r}: got shape {array.shape[1:]} per row, needs {self.column.shape}"
            )
        if array.dtype.kind not in "biuf":
            raise RunFileError(f"{where}, column {self.column.name!r}: {array.dtype} is not a number")
        if array.dtype == self.dtype:
            return np.ascontiguousarray(array)
        with np.errstate(invalid="ignore", over="ignore"):
            converted = np.ascontiguousarray(array, dtype=self.dtype)
        if self.dtype.kind in "iu" and not np.array_equal(converted, array):
            raise RunFileError(
                f"{where}, column {self.column.name!r}: a value does not fit into {self.dtype} unchanged"
            )
        return converted

    def starts_chunk(self, first: int, n_rows: int) -> bool:
        """True when rows first … first+n_rows−1 need a chunk that does not exist yet."""
        return first % self.chunk_rows == 0 or first // self.chunk_rows != (first + n_rows - 1) // self.chunk_rows

    def write(self, first: int, block: npt.NDArray[Any]) -> None:
        self._id.set_extent((first + len(block), *self.column.shape))
        space = self._id.get_space()
        space.select_hyperslab((first, *self._zeros), block.shape)
        self._id.write(h5py.h5s.create_simple(block.shape), space, block)


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
        self._columns = [_GrowingColumn(group, column) for column in columns]
        self._counter = _GrowingColumn(group, counter)
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
        """Record one row; on disk when this returns.

        Raises RunFileError, before anything is written, when a column is missing, unknown or of the wrong
        shape or kind, and when the disk is full.
        """
        self._check_names(values)
        self._write(
            [c.checked(np.asarray(values[c.column.name])[np.newaxis], 1, self._name) for c in self._columns],
            1,
        )

    def extend(self, **values: npt.ArrayLike) -> None:
        """Record several rows with one flush: every value has the rows as its first dimension."""
        self._check_names(values)
        lengths = {np.shape(value)[0] if np.ndim(value) else -1 for value in values.values()}
        if len(lengths) != 1 or min(lengths) < 0:
            raise RunFileError(f"{self._name}: extend() needs the same number of rows in every column")
        n_rows = lengths.pop()
        if n_rows:
            blocks = [c.checked(values[c.column.name], n_rows, self._name) for c in self._columns]
            self._write(blocks, n_rows)

    def _write(self, blocks: list[npt.NDArray[Any]], n_rows: int) -> None:
        first = self._n_points
        everything = [*self._columns, self._counter]
        new_chunks = [c for c in everything if c.starts_chunk(first, n_rows)]
        chunk_bytes = sum((n_rows // c.chunk_rows + 2) * c.chunk_rows * c.row_bytes for c in new_chunks)
        with self._store.writing(chunk_bytes, f"recording point {first} of {self._name}"):
            for column, block in zip(self._columns, blocks, strict=True):
                column.write(first, block)
            if new_chunks:  # a new chunk is listed elsewhere than the table's length: put it on disk first
                self._store.flush()
            self._counter.write(first, np.arange(first, first + n_rows, dtype=np.int64))
        self._n_points = first + n_rows

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
