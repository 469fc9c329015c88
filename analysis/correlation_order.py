"""Compiled: questions about ascending times. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def ascending(times: IntArray, begin: int, end: int) -> bool:
    """Whether times[begin:end] never falls. Looks at all of them without stopping early: that is what vectorises."""
    part = times[begin:end]
    falls = 0
    for k in range(len(part) - 1):
        falls += part[k] > part[k + 1]
    return falls == 0


@njit(cache=True, nogil=True)
def first_not_before(times: IntArray, time: int, begin: int, end: int) -> int:
    """Index of the first of the ascending times[begin:end] that is not before ``time``; ``end`` if none."""
    while begin < end:
        middle = (begin + end) // 2
        if times[middle] < time:
            begin = middle + 1
        else:
            end = middle
    return begin
