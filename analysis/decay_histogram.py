"""Decay histogram: how many photons came how long after their laser pulse."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_WORTH_THREADS = 500_000
_LARGEST_PART = 2**31
"""Values counted at a time: a 32-bit counter cannot overflow."""


def decay_histogram(nanotime: npt.ArrayLike, n_bins: int, *, bin_width: int = 1, threads: int = 2) -> IntArray:
    """Photons by nanotime: bin k holds k·bin_width <= nanotime < (k + 1)·bin_width; int64, shape (n_bins,).

    ``nanotime``: integers, in channels of the recorder or in ps; uint16, as recorders deliver it, is fastest and is
    not widened. Exact; the counts do not depend on ``threads``.

    Raises ValueError for nanotimes that are not integers or do not lie in [0, n_bins·bin_width): a photon outside
    is a wrong header or a wrong unit, and leaving it out would hide that.
    """
    values = np.ascontiguousarray(nanotime)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"nanotime must be a one-dimensional array of integers, got {values.dtype}, {values.shape}")
    if n_bins < 1 or bin_width < 1 or threads < 1:
        raise ValueError(f"n_bins, bin_width and threads must be at least 1, got {n_bins}, {bin_width} and {threads}")
    if not values.size:
        return np.zeros(n_bins, dtype=np.int64)
    n_parts = max(threads if values.size >= _WORTH_THREADS else 1, -(-values.size // _LARGEST_PART))
    limits = [values.size * k // n_parts for k in range(n_parts + 1)]
    parts = [values[a:b] for a, b in pairwise(limits)]

    def work(part: npt.NDArray[Any]) -> IntArray:
        return _count(part, n_bins, bin_width)

    with ThreadPoolExecutor(threads) as pool:
        partial = list(pool.map(work, parts)) if n_parts > 1 else [work(parts[0])]
    counts: IntArray = np.asarray(partial, dtype=np.int64).sum(axis=0)
    if counts[-1]:
        raise ValueError(
            f"{counts[-1]} nanotimes lie outside the {n_bins} bins of {bin_width}: "
            f"they reach from {values.min()} to {values.max()}"
        )
    return np.ascontiguousarray(counts[:-1])


def _count(values: npt.NDArray[Any], n_bins: int, bin_width: int) -> IntArray:
    """Counts with one more bin at the end for all that lies outside."""
    from analysis.decay_kernel import count_integers, count_words

    counts = np.zeros(n_bins + 1, dtype=np.int64)
    if values.dtype != np.uint16:
        count_integers(values, np.uint64(bin_width), counts)
        return counts
    odd = min((-values.ctypes.data // 2) % 4, values.size)  # values before the first whole 64-bit word
    whole = odd + (values.size - odd) // 4 * 4
    fine = np.zeros(1 << 16, dtype=np.uint32)
    count_words(values[odd:whole].view(np.uint64), fine)
    used = min(n_bins * bin_width, 1 << 16)
    by_value = np.zeros(-(-used // bin_width) * bin_width, dtype=np.int64)
    by_value[:used] = fine[:used]
    in_bins = by_value.reshape(-1, bin_width).sum(axis=1)
    counts[: in_bins.size] = in_bins
    counts[-1] = whole - odd - in_bins.sum()
    for rest in (values[:odd], values[whole:]):
        count_integers(rest, np.uint64(bin_width), counts)
    return counts
