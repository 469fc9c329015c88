"""The compiled inner loop of :mod:`analysis.correlation`; imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253


@njit(cache=True, nogil=True)
def count_pairs(
    t_start: npt.NDArray[np.int64],
    t_stop: npt.NDArray[np.int64],
    bin_width: int,
    max_delay: int,
    counts: npt.NDArray[np.int64],
) -> None:
    """Add every pair with −max_delay <= t_stop − t_start < max_delay to ``counts``. Both arrays sorted.

    The first stop that can belong to a start only moves forward, so each start looks at its own pairs only.
    """
    first = 0
    n_stop = len(t_stop)
    for start in t_start:
        while first < n_stop and t_stop[first] - start < -max_delay:
            first += 1
        j = first
        while j < n_stop:
            delay = t_stop[j] - start
            if delay >= max_delay:
                break
            counts[(delay + max_delay) // bin_width] += 1
            j += 1
