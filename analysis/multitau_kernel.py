"""The compiled loops of :mod:`analysis.multitau`; imported only when needed, because numba loads slowly.

Up to some tens of partners a start, its pairs are counted one by one. For longer delays that would take 10¹² pairs;
there the number of pairs with t_stop − t_start < τ is the sum over the starts of the number of stops before
t_start + τ: one merge of the two lists an edge τ (Laurence, Fore and Huser, Optics Letters 31, 829 (2006)). The merge
takes no branch a tag and walks four stretches side by side, as in :mod:`analysis.correlation_kernel`.
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

from analysis.correlation_order import first_not_before

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.uint64]
U = np.uint64

_LANES = 4
_PIECE = 32_768
"""Starts that stay in the second-level cache while all the edges are applied to them."""


@njit(cache=True, nogil=True)
def count_near(
    t_start: IntArray,
    t_stop: IntArray,
    begin: int,
    end: int,
    edges: IntArray,
    bin_of_cell: npt.NDArray[np.int32],
    cell_shift: np.uint64,
    counts: IntArray,
) -> None:
    """Add the pairs of t_start[begin:end] with edges[0] <= delay < edges[-1] to ``counts``, bin by bin of ``edges``.

    ``bin_of_cell[c]``: the bin in which the cell of delays edges[0] + [c, c + 1)·2^cell_shift begins; no cell holds
    more than one edge, so the right bin is this one or the next.
    """
    if begin == end:
        return
    n_stop, first, reach = len(t_stop), first_not_before(t_stop, t_start[begin] + edges[0], 0, len(t_stop)), edges[-1]
    for start in t_start[begin:end]:
        while first < n_stop and t_stop[first] - start < edges[0]:
            first += 1
        j = first
        while j < n_stop:
            delay = t_stop[j] - start
            if delay >= reach:
                break
            guess = bin_of_cell[U(delay - edges[0]) >> cell_shift]
            counts[guess + np.int64(delay >= edges[guess + 1])] += 1
            j += 1


@njit(cache=True, nogil=True)
def add_ranks(t_start: IntArray, t_stop: IntArray, begin: int, end: int, edges: IntArray, sums: IndexArray) -> None:
    """Add to sums[k] the number of pairs of t_start[begin:end] with t_stop − t_start < edges[k], modulo 2^64."""
    lower, upper = np.empty(_LANES, np.uint64), np.empty(_LANES, np.uint64)
    stop, place = np.empty(_LANES, np.uint64), np.empty(_LANES, np.int64)
    while begin < end:
        last = min(begin + _PIECE, end)
        place[:] = 0
        stop[:] = U(0)
        for k in range(len(edges)):
            for lane in range(_LANES):
                first = begin + (last - begin) * lane // _LANES
                lower[lane], upper[lane] = U(first), U(begin + (last - begin) * (lane + 1) // _LANES)
                if first < last:
                    wanted = t_start[first] + edges[k]
                    place[lane] = first_not_before(t_stop, wanted, place[lane], len(t_stop))
                    stop[lane] = U(place[lane])
            sums[k] += _ranks(t_start, t_stop, lower, upper, stop, edges[k])
        begin = last


@njit(cache=True, nogil=True)
def _ranks(
    t_start: IntArray, t_stop: IntArray, lower: IndexArray, upper: IndexArray, stop: IndexArray, delay: int
) -> np.uint64:
    """Sum over the starts of the four stretches of the number of stops before start + ``delay``."""
    n_stop, total = U(len(t_stop)), U(0)
    i0, i1, i2, i3 = lower[0], lower[1], lower[2], lower[3]
    j0, j1, j2, j3 = stop[0], stop[1], stop[2], stop[3]
    while True:
        steps = min(upper[0] - i0, upper[1] - i1, upper[2] - i2, upper[3] - i3, n_stop - max(j0, j1, j2, j3))
        if steps == U(0):
            break
        for _ in range(steps):
            i0, j0, total = _rank_step(t_start, t_stop, i0, j0, total, delay)
            i1, j1, total = _rank_step(t_start, t_stop, i1, j1, total, delay)
            i2, j2, total = _rank_step(t_start, t_stop, i2, j2, total, delay)
            i3, j3, total = _rank_step(t_start, t_stop, i3, j3, total, delay)
    lower[0], lower[1], lower[2], lower[3] = i0, i1, i2, i3
    ends = (j0, j1, j2, j3)
    for lane in range(_LANES):
        i, j = lower[lane], ends[lane]
        while i < upper[lane] and j < n_stop:
            for _ in range(min(upper[lane] - i, n_stop - j)):
                i, j, total = _rank_step(t_start, t_stop, i, j, total, delay)
        total += (upper[lane] - i) * n_stop
    return total


@njit(cache=True, nogil=True)
def _rank_step(
    t_start: IntArray, t_stop: IntArray, i: np.uint64, j: np.uint64, total: np.uint64, delay: int
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """One step of the merge: stop j comes before start i + delay (next stop), or j is the rank of start i."""
    done = U(t_stop[j] - t_start[i] >= delay)
    return i + done, j + U(1) - done, total + done * j
