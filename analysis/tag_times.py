"""From T3 records (pulse number and time since the pulse) to absolute arrival times (T2), fast and exact."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_WORTH_THREADS = 500_000
_LARGEST_TIME_PS = 2**62
_LARGEST_EXACT_FLOAT = 2**53


def t3_to_t2(
    sync_index: npt.ArrayLike,
    nanotime: npt.ArrayLike,
    sync_period_ps: float,
    *,
    nanotime_unit_ps: int = 1,
    threads: int = 2,
) -> IntArray:
    """Arrival times in ps, int64: pulse number × period + nanotime × unit, as ``analysis.tags.absolute_times_ps``.

    ``sync_index`` and ``nanotime``: integers of the same length, any integer type (uint16 nanotimes are not widened
    first). Whole and fractional ps of the period are multiplied apart, so that hours of pulses stay exact to the ps.

    Raises ValueError for arrays that are not integers or differ in length, periods or units that are not positive,
    and records whose last time would exceed 2^62 ps.
    """
    index, nano = _integers(sync_index, "sync_index").astype(np.int64, copy=False), _integers(nanotime, "nanotime")
    if index.shape != nano.shape:
        raise ValueError(f"sync_index and nanotime differ in length: {index.size} and {nano.size}")
    if not (math.isfinite(sync_period_ps) and sync_period_ps > 0) or nanotime_unit_ps <= 0:
        raise ValueError(f"period and unit must be positive, got {sync_period_ps} and {nanotime_unit_ps} ps")
    if not index.size:
        return np.zeros(0, dtype=np.int64)
    highest = max(abs(int(index.min())), abs(int(index.max())))
    longest = max(abs(int(nano.min())), abs(int(nano.max())))
    if highest > _LARGEST_EXACT_FLOAT or highest * (sync_period_ps + 1) + longest * nanotime_unit_ps > _LARGEST_TIME_PS:
        raise ValueError(
            f"pulse {highest} of {sync_period_ps} ps with a nanotime of {longest * nanotime_unit_ps} ps exceeds 2^62 ps"
        )

    from analysis.tag_kernels import add_pulse_times

    times = np.empty(index.size, dtype=np.int64)
    whole = int(sync_period_ps)

    def work(part: slice) -> None:
        add_pulse_times(index[part], nano[part], whole, sync_period_ps - whole, nanotime_unit_ps, times[part])

    if index.size < _WORTH_THREADS or threads == 1:
        work(slice(None))
        return times
    limits = [index.size * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, (slice(a, b) for a, b in pairwise(limits))))
    return times


def _integers(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    array = np.ascontiguousarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a one-dimensional array of integers, got {array.dtype}, {array.shape}")
    return array
