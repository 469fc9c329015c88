"""Compiled loops over tags: channels apart, T3 to T2. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

IntArray = npt.NDArray[np.int64]
U = np.uint64


@njit(cache=True, nogil=True)
def split_channels(
    times: IntArray,
    channel: npt.NDArray[np.uint8],
    is_start: npt.NDArray[np.uint64],
    is_stop: npt.NDArray[np.uint64],
    starts: IntArray,
    stops: IntArray,
) -> tuple[np.int64, np.int64]:
    """Write the times of starts and of stops to two arrays one longer than ``times``; returns how many of each.

    ``is_start`` and ``is_stop`` hold 0 or 1 for each of the 256 channels. Every time is written to both arrays and
    kept or overwritten, because a branch a tag would cost more than the write.
    """
    n_start, n_stop = U(0), U(0)
    for k in range(len(times)):
        starts[n_start] = times[k]
        stops[n_stop] = times[k]
        n_start += is_start[channel[k]]
        n_stop += is_stop[channel[k]]
    return np.int64(n_start), np.int64(n_stop)


@njit(cache=True, nogil=True)
def add_pulse_times(
    sync_index: IntArray,
    nanotime: npt.NDArray[np.integer],
    whole_period: int,
    period_fraction: float,
    nanotime_unit: int,
    times: IntArray,
) -> None:
    """Fill times = sync_index·period + nanotime·nanotime_unit, whole and fractional part of the period apart."""
    for k in range(len(times)):
        fraction = np.int64(np.rint(sync_index[k] * period_fraction))
        times[k] = sync_index[k] * whole_period + fraction + np.int64(nanotime[k]) * nanotime_unit
