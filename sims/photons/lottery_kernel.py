"""Compiled: building lotteries. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

HIGHEST = np.uint64(2**64 - 1)
WHOLE = 2.0**64
ALMOST_WHOLE = 2.0**64 - 2.0**11


@njit(cache=True, nogil=True)
def fill_slots(
    share: npt.NDArray[np.float64], ticket: npt.NDArray[np.int64], bits: int, slots: npt.NDArray[np.uint64]
) -> None:
    """Write the slots (n << bits, 2) of the lotteries with weights ``share`` (n, m) over outcomes ``ticket`` (n, m).

    In each row the most likely ticket may stand anywhere; a row without weight is left empty.
    """
    n, m = share.shape
    size = 1 << bits
    level, outcome = np.empty(size), np.empty(size, np.int64)
    small, large = np.empty(size, np.int64), np.empty(size, np.int64)
    for row in range(n):
        total, heaviest = 0.0, 0
        for i in range(m):
            total += share[row, i]
            if share[row, i] > share[row, heaviest]:
                heaviest = i
        if total <= 0.0:
            continue
        n_small, n_large = 0, 0
        for i in range(size):
            weight = share[row, i] if i < m else 0.0
            level[i] = weight * size / total
            # What rounding leaves over becomes a full slot; a ticket without weight must not be drawn from it.
            outcome[i] = ticket[row, i] if weight > 0.0 else ticket[row, heaviest]
            slots[(row << bits) + i, 0] = HIGHEST
            slots[(row << bits) + i, 1] = (np.uint64(outcome[i]) << np.uint64(32)) | np.uint64(outcome[i])
            if level[i] < 1.0:
                small[n_small] = i
                n_small += 1
            else:
                large[n_large] = i
                n_large += 1
        # A slot that is too low is filled up by one that is too high, which may become too low itself.
        while n_small > 0 and n_large > 0:
            n_small -= 1
            low, high = small[n_small], large[n_large - 1]
            limit = level[low] * WHOLE
            slots[(row << bits) + low, 0] = HIGHEST if limit >= ALMOST_WHOLE else np.uint64(limit)
            slots[(row << bits) + low, 1] = (np.uint64(outcome[low]) << np.uint64(32)) | np.uint64(outcome[high])
            level[high] -= 1.0 - level[low]
            if level[high] < 1.0:
                n_large -= 1
                small[n_small] = high
                n_small += 1
