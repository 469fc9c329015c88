"""One column of a point table: a growing HDF5 dataset whose rows are put straight into their place in the file.

HDF5 takes tens of microseconds for one small write, and again for the flush. Its chunks here are uncompressed, so a
row is nothing but its bytes at a place that never changes. HDF5 makes whole chunks in advance, filled with "not
measured", and lists them; their places are asked once; after that a row costs one system call. HDF5 keeps none of
these chunks in memory (the chunk cache is off), so what it reads is what is in the file, and it has nothing to
write over a row.
"""

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.chunk_plan import NODE_CHUNKS, row_bytes
from runfile.errors import RunFileError
from runfile.records import Column

_MAX_CHUNK_ROWS = 1024

_ROOT_CHUNKS = 64

_PLAIN_NUMBERS: dict[str, tuple[str, frozenset[type]]] = {
    "<f8": ("<d", frozenset({float, int, np.float64})),
    "<i8": ("<q", frozenset({int, np.int64})),
}
"""Numbers that need no numpy to be checked and encoded: dtype -> struct format and the Python types it takes."""


class StoredColumn:
    """One dataset that grows along its first dimension, shape (rows, *column.shape)."""

    def __init__(self, group: h5py.Group, column: Column, chunk_rows: int) -> None:
        self.column = column
        self.name = column.name
        self.dtype = np.dtype(column.dtype)
        self.row_bytes = row_bytes(column)
        self.chunk_rows = chunk_rows
        self.dataset = _make_dataset(group, column, self.dtype, self.chunk_rows)
        self._id = self.dataset.id
        self._zeros = (0,) * len(column.shape)
        self._places: list[int] = []
        """Where in the file the chunks begin, in bytes."""
        plain = _PLAIN_NUMBERS.get(self.dtype.str) if column.shape == () else None
        self._pack: Callable[[Any], bytes] | None = struct.Struct(plain[0]).pack if plain else None
        self._plain_types: frozenset[type] = plain[1] if plain else frozenset()

    def encode_row(self, value: npt.ArrayLike, where: str) -> bytes:
        """The bytes of one row; RunFileError, naming ``where``, when ``value`` does not fit (:meth:`encode_rows`)."""
        if self._pack is not None and type(value) in self._plain_types:
            try:
                return self._pack(value)
            except (struct.error, OverflowError):
                pass  # too large: the careful way below says so
        if isinstance(value, np.ndarray) and value.dtype == self.dtype and value.shape == self.column.shape:
            return value.tobytes()
        return self.encode_rows(np.asarray(value)[np.newaxis], 1, where)

    def encode_rows(self, values: npt.ArrayLike, n_rows: int, where: str) -> bytes:
        """The bytes of ``values``, shape (n_rows, *column.shape).

        Raises RunFileError when the shape differs, when they are no numbers, or when an integer column would
        change them.
        """
        array = np.asarray(values)
        if array.shape != (n_rows, *self.column.shape):
            raise RunFileError(
                f"{where}, column {self.name!r}: got shape {array.shape[1:]} per row, needs {self.column.shape}"
            )
        if array.dtype.kind not in "biuf":
            raise RunFileError(f"{where}, column {self.name!r}: {array.dtype} is not a number")
        if array.dtype == self.dtype:
            return array.tobytes()
        with np.errstate(invalid="ignore", over="ignore"):
            converted = np.ascontiguousarray(array, dtype=self.dtype)
        if self.dtype.kind in "iu" and not np.array_equal(converted, array):
            raise RunFileError(f"{where}, column {self.name!r}: a value does not fit into {self.dtype} unchanged")
        return converted.tobytes()

    def lengthen(self, n_rows: int) -> None:
        """Make the dataset ``n_rows`` rows long; the chunks are made one by one (:meth:`make_chunk`)."""
        if not self._places:
            self._prepare_list()
        self._id.set_extent((n_rows, *self.column.shape))

    def make_chunk(self, number: int, unmeasured: bytes) -> None:
        """Make chunk ``number`` with the content ``unmeasured`` (:meth:`unmeasured_chunk`)."""
        self._id.write_direct_chunk((number * self.chunk_rows, *self._zeros), unmeasured)

    def unmeasured_chunk(self) -> bytes:
        """A chunk of rows that were not measured."""
        return np.full((self.chunk_rows, *self.column.shape), _fill(self.column), dtype=self.dtype).tobytes()

    def _prepare_list(self) -> None:
        """Let HDF5 turn its list of chunks into a tree (:mod:`runfile.chunk_plan`), and make the first chunk.

        For this the list must once have been longer than one node: 64 more chunks, of a few bytes each, are made and
        given back. The root stays a root of nodes.
        """
        self._id.set_extent(((NODE_CHUNKS + 1) * self.chunk_rows, *self.column.shape))
        self.make_chunk(0, self.unmeasured_chunk())
        for number in range(1, NODE_CHUNKS + 1):
            self.make_chunk(number, bytes(8))
        self._id.set_extent((self.chunk_rows, *self.column.shape))

    def locate(self) -> None:
        """Ask HDF5 where the new chunks are; after :meth:`make_chunk` and a flush."""
        for number in range(len(self._places), self.dataset.shape[0] // self.chunk_rows):
            chunk = self._id.get_chunk_info_by_coord((number * self.chunk_rows, *self._zeros))
            if chunk.byte_offset is None or chunk.size != self.chunk_rows * self.row_bytes:
                raise RunFileError(
                    f"{self.dataset.name}: HDF5 {h5py.version.hdf5_version} made no plain chunk for row "
                    f"{number * self.chunk_rows}; nothing of it was recorded; use another version of h5py"
                )
            self._places.append(int(chunk.byte_offset))

    def place(self, row: int) -> int:
        """Where in the file row ``row`` begins, in bytes."""
        return self._places[row // self.chunk_rows] + row % self.chunk_rows * self.row_bytes

    def pieces(self, first: int, content: bytes) -> Iterator[tuple[int, memoryview]]:
        """The rows ``content`` from row ``first`` on, cut where chunks end: places in the file and bytes."""
        rest = memoryview(content)
        while rest:
            size = (self.chunk_rows - first % self.chunk_rows) * self.row_bytes
            yield self.place(first), rest[:size]
            first += len(rest[:size]) // self.row_bytes
            rest = rest[size:]

    def write_through_hdf5(self, first: int, content: bytes) -> None:
        """Write the rows ``content`` from row ``first`` on where files have no positioned write (Windows)."""
        block = np.frombuffer(content, dtype=self.dtype).reshape(-1, *self.column.shape)
        space = self._id.get_space()
        space.select_hyperslab((first, *self._zeros), block.shape)
        self._id.write(h5py.h5s.create_simple(block.shape), space, block)

    def trim(self, n_rows: int) -> None:
        """Give back the room behind ``n_rows`` rows."""
        self._id.set_extent((n_rows, *self.column.shape))
        del self._places[-(-n_rows // self.chunk_rows) :]


def _fill(column: Column) -> float | int:
    """What stands in a row that was not measured."""
    if column.name == layout.POINT:
        return layout.NO_POINT
    return math.nan if np.dtype(column.dtype).kind == "f" else 0


def _make_dataset(group: h5py.Group, column: Column, dtype: np.dtype[Any], chunk_rows: int) -> h5py.Dataset:
    dataset = group.create_dataset(
        column.name,
        shape=(0, *column.shape),
        maxshape=(None, *column.shape),
        chunks=(chunk_rows, *column.shape),
        dtype=dtype,
        fillvalue=_fill(column),
        rdcc_nbytes=1,  # no chunk cache: HDF5 must not keep, and later write, a copy of a chunk
    )
    layout.set_attributes(dataset, units=column.unit, long_name=column.long_name)
    return dataset
