"""Reading a point table of a run file."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.damage import damage_named, refuse_impossible_claim
from runfile.errors import RunFileError

Array = npt.NDArray[Any]


class Table:
    """A point table: rows that were completely recorded, and the fixed axes of its columns."""

    def __init__(self, group: h5py.Group, path: Path, *, killed: bool) -> None:
        self._group = group
        self._path = path
        with self._readable("its list of columns"):
            self._list_columns(group)
            n_rows = min(item.shape[0] for item in self._columns.values())
            point = read_rows(self._columns[layout.POINT], n_rows, path, killed=killed)
        written = point != layout.NO_POINT
        self.n_points = len(point) if written.all() else int(np.argmin(written))

    def _list_columns(self, group: h5py.Group) -> None:
        datasets = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset) and item.shape}
        self._columns = {name: item for name, item in datasets.items() if item.maxshape[0] is None}
        self._fixed = {name: item for name, item in datasets.items() if item.maxshape[0] is not None}

    @property
    def title(self) -> str:
        """Title of the plot."""
        with self._readable("its title"):
            return str(self._group["title"].asstr()[()])

    @property
    def signal(self) -> str:
        """Name of the column that is plotted."""
        with self._readable("its signal"):
            return str(self._group.attrs["signal"])

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the signal's axes; the first runs over the points."""
        with self._readable("its axes"):
            return tuple(str(name) for name in self._group.attrs["axes"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without the counter ``point``."""
        with self._readable("its list of columns"):
            return tuple(str(name) for name in self._group.attrs["columns"])

    @property
    def fixed_axes(self) -> tuple[str, ...]:
        """Names of the fixed axes."""
        return tuple(self._fixed)

    def column(self, name: str) -> Array:
        """Column ``name``, shape (n_points, …), or the fixed axis of that name. RunFileError when there is none."""
        if name in self._fixed:
            return read_rows(self._fixed[name], self._fixed[name].shape[0], self._path)
        return read_rows(self._find(name), self.n_points, self._path)

    def unit(self, name: str) -> str:
        """Unit of a column or fixed axis, "" for none."""
        with self._readable(f"units of {name}"):
            return str(self._find(name).attrs["units"])

    def long_name(self, name: str) -> str:
        """Axis label of a column or fixed axis, unit included."""
        with self._readable(f"long_name of {name}"):
            return str(self._find(name).attrs["long_name"])

    def _readable(self, what: str) -> AbstractContextManager[None]:
        return damage_named(self._path, f"table {self._group.name}, {what},")

    def _find(self, name: str) -> h5py.Dataset:
        if name in self._columns:
            return self._columns[name]
        if name in self._fixed:
            return self._fixed[name]
        known = ", ".join([*self.columns, *self.fixed_axes])
        raise RunFileError(f"run file {self._path}, table {self._group.name}: no column {name!r}; it has {known}")


def read_rows(dataset: h5py.Dataset, n_rows: int, path: Path, *, killed: bool = False) -> Array:
    """The first ``n_rows`` rows; RunFileError when the bytes on disk are damaged, or claim more than the file holds.

    ``killed``: the file's process may have died while it made a new chunk; then the rows before that chunk.
    """
    with damage_named(path, str(dataset.name)):
        refuse_impossible_claim(dataset, path)
        try:
            return np.asarray(dataset[:n_rows])
        except OSError:
            if not killed:
                raise
        return _rows_before_damage(dataset, n_rows)


def _rows_before_damage(dataset: h5py.Dataset, n_rows: int) -> Array:
    step = dataset.chunks[0]
    blocks = [np.empty((0, *dataset.shape[1:]), dtype=dataset.dtype)]
    for start in range(0, n_rows, step):
        try:
            blocks.append(np.asarray(dataset[start : min(start + step, n_rows)]))
        except OSError:
            break
    return np.concatenate(blocks)
