"""The compiled loops of :mod:`analysis.decay_histogram`; imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

U = np.uint64


@njit(cache=True, nogil=True)
def count_words(words: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint32]) -> None:
    """Count the four uint16 values in each 64-bit word into ``counts``, shape (65536,).

    One read fetches four values. One row of 32-bit counters: that of a usual decay stays in the first-level cache,
    which several rows (so that equal neighbours need not wait for each other) or wider counters do not. Measured with
    exponential decays over 4096 channels: 3.4·10⁹ values a second with one row, 2.4·10⁹ with four; where all
    values fall into a few channels 2.1 against 3.0.
    """
    mask, one = U(0xFFFF), np.uint32(1)
    for word in words:
        counts[word & mask] += one
        counts[(word >> U(16)) & mask] += one
        counts[(word >> U(32)) & mask] += one
        counts[word >> U(48)] += one


@njit(cache=True, nogil=True)
def count_integers(values: npt.NDArray[np.integer], width: np.uint64, counts: npt.NDArray[np.int64]) -> None:
    """Count values // width; negative ones and those beyond the last-but-one bin go to the last, the dump."""
    dump = U(len(counts) - 1)
    for k in range(len(values)):
        counts[min(U(values[k]) // width, dump)] += 1
