"""How many rows a chunk holds, and how many chunks are made at once so that a kill can hurt no recorded row.

HDF5 lists the chunks of a dataset in a B-tree (the only list that the default file format has). A node takes 64
chunks. When it is full HDF5 keeps 57 of them, moves 7 and the new one into a new node, and writes the changed
nodes in the order of their place in the file: parent, old node, new node. A process killed in between leaves the
moved chunks unreadable. Two rules keep recorded rows out of this:

- The root becomes a node of nodes before the first row (:mod:`runfile.column`).
- Chunks are never made so that the last node ends with more than 57: the moved ones are then always new.

All columns of a table have chunks of as many rows, so one count serves them all. (Found by replaying every system
call of a writer: tests/runfile/test_torn_growth.py. The root itself is full at some 3,700 chunks; that moment, some
ten system calls long, remains.)
"""

from collections.abc import Sequence

import numpy as np

from runfile import layout
from runfile.records import Column

NODE_CHUNKS = 64
"""Twice the default of H5Pset_istore_k."""
_KEPT = 57
"""Of a full node: 0.9 of 64, the default split ratio of H5Pset_btree_ratios for the last node of a level."""
_MAX_CHUNK_ROWS = 1024
_LARGEST_STEP_BYTES = 4_194_304
"""Room made at once: a fast table doubles up to this, a slow one never gets far beyond what it needs."""


def row_bytes(column: Column) -> int:
    """Size of one row's entry in ``column``, bytes."""
    return np.dtype(column.dtype).itemsize * int(np.prod(column.shape, dtype=np.int64))


def rows_per_chunk(columns: Sequence[Column]) -> int:
    """Rows in one chunk of every column: the widest column's chunk has layout.TABLE_CHUNK_BYTES at most, or one row."""
    widest = max(row_bytes(column) for column in columns)
    return min(max(layout.TABLE_CHUNK_BYTES // widest, 1), _MAX_CHUNK_ROWS)


def next_chunk_count(n_chunks: int, n_needed: int, chunk_bytes: int) -> int:
    """Chunks of each column to have next, when there are ``n_chunks`` and at least ``n_needed`` are wanted.

    ``chunk_bytes`` is the size of one chunk of all columns together, bytes.
    """
    step = min(max(n_chunks, 1), max(_LARGEST_STEP_BYTES // chunk_bytes, 1))
    count = max(n_chunks + step, n_needed)
    in_last_node = _in_last_node(count)
    return count if in_last_node <= _KEPT else count + NODE_CHUNKS + 1 - in_last_node


def _in_last_node(n_chunks: int) -> int:
    """How many of ``n_chunks`` chunks, made one after the other, stand in the last node."""
    if n_chunks <= NODE_CHUNKS:
        return n_chunks
    moved = NODE_CHUNKS - _KEPT
    return moved + 1 + (n_chunks - NODE_CHUNKS - 1) % _KEPT
