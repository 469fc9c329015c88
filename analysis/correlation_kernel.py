"""The compiled loops of :mod:`analysis.correlation`; imported only when needed, because numba loads slowly.

Random arrival times make every "is the next tag a start or a stop?" a coin toss, and a processor that guesses such a
branch wrong loses about fifteen cycles. So no decision about a single tag is a branch here: a comparison gives 0 or 1,
and that number is added to an index. Four stretches of the record are walked side by side, because one walk
waits for memory at every step. Indices are unsigned: numba would test signed ones for "counted from the end".
"""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

from analysis.correlation_order import ascending, first_not_before

IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.uint64]
U = np.uint64

LANES = 4
_PIECE = 65_536
"""Starts walked together: with their stops they stay in the second-level cache."""
_BLOCK = 256
"""Steps of a lane between two histogram passes: the waiting pairs stay in the first-level cache."""
_PASSES = 16
"""Passes over the waiting starts before the few with many partners are finished one by one."""


@njit(cache=True, nogil=True)
def count_pairs(
    t_start: IntArray,
    t_stop: IntArray,
    start_range: tuple[int, int],
    stop_range: tuple[int, int],
    max_delay: int,
    width: np.uint64,
    factor: np.uint64,
    shift: np.uint64,
    counts: IntArray,
) -> bool:
    """Add every pair with −max_delay <= t_stop − t_start < max_delay to ``counts``, for the starts of ``start_range``.

    ``stop_range``: from the first stop not before the window of the first start, to that of the first start of
    the next range (or to the end). Bin = (delay · factor) >> shift, or delay // width where ``factor`` is 0.
    Returns False, with ``counts`` worthless, when the times are not ascending; every tag from one range to the
    next is looked at. Never reads outside the arrays, sorted or not.
    """
    lower, upper = np.empty(LANES, np.uint64), np.empty(LANES, np.uint64)
    stop = np.empty(LANES, np.uint64)
    window, first_stop = np.empty(LANES * _BLOCK + 1, np.int64), np.empty(LANES * _BLOCK + 1, np.uint64)
    begin, n_start = start_range[0], len(t_start)
    begin_stop, n_stop = stop_range[0], len(t_stop)
    while begin < start_range[1]:
        end = min(begin + _PIECE, start_range[1])
        end_stop = stop_range[1]
        if end < start_range[1]:
            end_stop = first_not_before(t_stop, t_start[end] - max_delay, begin_stop, n_stop)
        if not (ascending(t_start, begin, min(end + 1, n_start)) and begin_stop <= end_stop):
            return False
        if not ascending(t_stop, begin_stop, min(end_stop + 1, n_stop)):
            return False
        for lane in range(LANES):
            first = begin + (end - begin) * lane // LANES
            lower[lane], upper[lane] = U(first), U(begin + (end - begin) * (lane + 1) // LANES)
            stop[lane] = U(first_not_before(t_stop, t_start[first] - max_delay, begin_stop, n_stop))
        _walk_lanes(t_start, t_stop, lower, upper, stop, max_delay, width, factor, shift, window, first_stop, counts)
        begin, begin_stop = end, end_stop
    return True


@njit(cache=True, nogil=True)
def _walk_lanes(
    t_start: IntArray,
    t_stop: IntArray,
    lower: IndexArray,
    upper: IndexArray,
    stop: IndexArray,
    max_delay: int,
    width: np.uint64,
    factor: np.uint64,
    shift: np.uint64,
    window: IntArray,
    first_stop: IndexArray,
    counts: IntArray,
) -> None:
    """Walk the four stretches lower[k] <= start < upper[k] together, then what is left of each alone."""
    reach, n_stop = U(2 * max_delay), U(len(t_stop))
    i0, i1, i2, i3 = lower[0], lower[1], lower[2], lower[3]
    j0, j1, j2, j3 = stop[0], stop[1], stop[2], stop[3]
    while True:
        steps = min(U(_BLOCK), upper[0] - i0, upper[1] - i1, upper[2] - i2, upper[3] - i3)
        steps = min(steps, n_stop - max(j0, j1, j2, j3))  # a step moves one index by one: none can run out
        if steps == U(0):
            break
        n = U(0)
        for _ in range(steps):
            i0, j0, n = _step(t_start, t_stop, i0, j0, n, max_delay, reach, window, first_stop)
            i1, j1, n = _step(t_start, t_stop, i1, j1, n, max_delay, reach, window, first_stop)
            i2, j2, n = _step(t_start, t_stop, i2, j2, n, max_delay, reach, window, first_stop)
            i3, j3, n = _step(t_start, t_stop, i3, j3, n, max_delay, reach, window, first_stop)
        _count_waiting(window, first_stop, n, t_stop, max(j0, j1, j2, j3), reach, width, factor, shift, counts)
    lower[0], lower[1], lower[2], lower[3] = i0, i1, i2, i3
    stop[0], stop[1], stop[2], stop[3] = j0, j1, j2, j3
    for lane in range(LANES):
        i, j = lower[lane], stop[lane]
        while i < upper[lane] and j < n_stop:
            n = U(0)
            for _ in range(min(U(_BLOCK), upper[lane] - i, n_stop - j)):
                i, j, n = _step(t_start, t_stop, i, j, n, max_delay, reach, window, first_stop)
            _count_waiting(window, first_stop, n, t_stop, j, reach, width, factor, shift, counts)


@njit(cache=True, nogil=True)
def _step(
    t_start: IntArray,
    t_stop: IntArray,
    i: np.uint64,
    j: np.uint64,
    n: np.uint64,
    max_delay: int,
    reach: np.uint64,
    window: IntArray,
    first_stop: IndexArray,
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """One step of the merge: stop j lies before the window of start i (next stop), or start i is done (next start).

    Start and stop are always written down, and kept (n moves on) if the stop lies in the window.
    """
    opens = t_start[i] - max_delay
    delay = t_stop[j] - opens
    window[n] = opens
    first_stop[n] = j
    done = U(delay >= 0)
    return i + done, j + U(1) - done, n + U(U(delay) < reach)


@njit(cache=True, nogil=True)
def _count_waiting(
    window: IntArray,
    next_stop: IndexArray,
    n: np.uint64,
    t_stop: IntArray,
    highest: np.uint64,
    reach: np.uint64,
    width: np.uint64,
    factor: np.uint64,
    shift: np.uint64,
    counts: IntArray,
) -> None:
    """Count the pair of each waiting start, keep those whose next stop lies in the window too, and again.

    ``highest``: no entry of ``next_stop`` is above it, so ``highest`` + 1 + pass tells when the end is near.
    """
    n_stop, one = U(len(t_stop)), U(1)
    passes = 0
    while n > U(0) and highest + one < n_stop and passes < _PASSES:
        kept = U(0)
        for q in range(n):
            j, opens = next_stop[q], window[q]
            counts[_bin(U(t_stop[j] - opens), width, factor, shift)] += 1
            j += one
            window[kept] = opens
            next_stop[kept] = j
            kept += U(U(t_stop[j] - opens) < reach)
        n = kept
        highest += one
        passes += 1
    for q in range(n):
        j, opens = next_stop[q], window[q]
        while j < n_stop and U(t_stop[j] - opens) < reach:
            counts[_bin(U(t_stop[j] - opens), width, factor, shift)] += 1
            j += one


@njit(cache=True, nogil=True)
def _bin(delay: np.uint64, width: np.uint64, factor: np.uint64, shift: np.uint64) -> np.uint64:
    """The bin, delay // width; by multiplication where the caller found a factor that is exact for all delays."""
    if factor == U(0):
        return delay // width
    return (delay * factor) >> shift
