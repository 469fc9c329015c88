"""The compiled loops of :mod:`analysis.multitau_coarse`; imported only when needed, because numba loads slowly.

At each level the stops are counted in bins [j, j + 1)·Δ and the starts in bins [i − ½, i + ½)·Δ; a stop in j and a
start in i = j − k are then (k + ½)·Δ apart on the average, the middle of the bin [k, k + 1)·Δ of the delay axis. The
starts of half a bin ("halves") make both the shifted bins of this level and the halves of the next one.
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
CountArray = npt.NDArray[np.float32]

_LAGS = 8
_BACK = 16
"""Bins of the past that a level needs: lags go from 8 to 15."""
_TILE = 1024
"""Bins multiplied at a time: they stay in the first-level cache, and their sum exact in 32 bits."""


@njit(cache=True, nogil=True)
def correlate_blocks(
    t_start: IntArray,
    t_stop: IntArray,
    begin_ps: int,
    width: int,
    n: int,
    blocks: tuple[int, int],
    counts: FloatArray,
    halves_left: FloatArray,
    wholes_left: FloatArray,
) -> None:
    """Add the pairs of all stops in the blocks blocks[0] … blocks[1] − 1 to ``counts`` (levels, 8).

    A block is ``n`` bins of ``width`` ps from ``begin_ps`` on. What is left above the last level goes to
    ``halves_left`` and ``wholes_left``. One block earlier is read to know the past: long enough for all levels.
    """
    n_levels = counts.shape[0]
    starts = np.zeros((n_levels, _BACK + n), np.float32)
    last_half = np.zeros(n_levels, np.float32)
    halves, wholes = np.zeros(2 * n, np.float32), np.zeros(n, np.float32)
    for block in range(max(blocks[0] - 1, 0), blocks[1]):
        since = begin_ps + block * n * width
        _bin(t_start, since, 2 * n, 0.5 * width, halves)
        _bin(t_stop, since, n, 1.0 * width, wholes)
        size = n
        for level in range(n_levels):
            _shifted(halves, size, starts[level], last_half, level)
            if block >= blocks[0]:
                _products(starts[level], wholes, size, counts[level])
            for k in range(_BACK):  # the past of the next block
                starts[level, k] = starts[level, size + k]
            for k in range(size):
                halves[k] = halves[2 * k] + halves[2 * k + 1]
            size //= 2
            for k in range(size):
                wholes[k] = wholes[2 * k] + wholes[2 * k + 1]
        if block >= blocks[0]:
            for k in range(size):
                wholes_left[block * size + k] = wholes[k]
            for k in range(2 * size):
                halves_left[block * 2 * size + k] = halves[k]


@njit(cache=True, nogil=True)
def correlate_levels(halves: FloatArray, wholes: FloatArray, counts: FloatArray) -> None:
    """The levels above those of the blocks, on the whole record: fill ``counts`` (levels, 8)."""
    size = len(wholes)
    for level in range(counts.shape[0]):
        for j in range(size):
            for lag in range(_LAGS):
                i = j - _LAGS - lag
                if i >= 0:
                    shifted = halves[2 * i] + (halves[2 * i - 1] if i > 0 else 0.0)
                    counts[level, lag] += shifted * wholes[j]
        if 2 * size > len(halves) or size < 2:
            break
        for k in range(size):
            halves[k] = halves[2 * k] + halves[2 * k + 1]
        if size % 2:
            halves[size] = 0.0
        for k in range(size // 2):
            wholes[k] = wholes[2 * k] + wholes[2 * k + 1]
        if size % 2:
            wholes[size // 2] = wholes[size - 1]
        size = (size + 1) // 2


@njit(cache=True, nogil=True)
def _bin(times: IntArray, since: int, n: int, width: float, counts: CountArray) -> None:
    """Photons in ``n`` bins of ``width`` ps from ``since`` on."""
    counts[:n] = 0.0
    first = np.searchsorted(times, since)
    until = since + np.int64(n * width)
    per_ps = 1.0 / width
    for k in range(first, len(times)):
        if times[k] >= until:
            break
        counts[np.uint64((times[k] - since + 0.25) * per_ps)] += np.float32(1.0)


@njit(cache=True, nogil=True)
def _shifted(halves: CountArray, size: int, starts: CountArray, last_half: CountArray, level: int) -> None:
    """Starts in bins that begin half a bin earlier, behind the past in ``starts``."""
    before = last_half[level]
    for k in range(size):
        starts[_BACK + k] = before + halves[2 * k]
        before = halves[2 * k + 1]
    last_half[level] = before


@njit(cache=True, nogil=True, fastmath=True)
def _products(starts: CountArray, stops: CountArray, size: int, counts: FloatArray) -> None:
    """Add Σ_j starts[j − k]·stops[j] for k = 8 … 15."""
    for begin in range(0, size, _TILE):
        end = min(begin + _TILE, size)
        for lag in range(_LAGS):
            offset = _BACK - _LAGS - lag
            first, second = starts[offset + begin : offset + end], stops[begin:end]
            total = np.float32(0.0)
            for j in range(len(second)):
                total += first[j] * second[j]
            counts[lag] += total
