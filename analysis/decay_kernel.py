"""The compiled loops of :mod:`analysis.decay_histogram`; imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

U = np.uint64


@njit(cache=True, nogil=True)
def count_words(words: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint32]) -> None:
    """Count the four uint16 values in each 64-bit word into ``counts``, shape (4, 65536), a row for each place.

    One read fetches four values. Neighbouring values are often equal, and a counter that was written a moment ago can
    be read again only some cycles later; with four rows nobody waits.
    """
    mask, one = U(0xFFFF), np.uint32(1)
    for word in words:
        counts[0, word & mask] += one
        counts[1, (word >> U(16)) & mask] += one
        counts[2, (word >> U(32)) & mask] += one
        counts[3, word >> U(48)] += one


@njit(cache=True, nogil=True)
def count_integers(values: npt.NDArray[np.integer], width: np.uint64, counts: npt.NDArray[np.int64]) -> None:
    """Count values // width; negative ones and those beyond the last-but-one bin go to the last, the dump."""
    dump = U(len(counts) - 1)
    for k in range(len(values)):
        counts[min(U(values[k]) // width, dump)] += 1
