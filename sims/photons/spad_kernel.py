"""Compiled: the detectors, click by click. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

from sims.photons.stream_kernel import draw, uniform

MOST_PENDING = 16
"""Afterpulses that can wait in one detector; a further one is dropped (chance below 1e-25 at 2 %)."""

# Columns of the detectors' properties.
DARK_MEAN, AFTERPULSE = 0, 1
DEAD, CABLE, RESOLUTION, EARLIEST, UNIT = 0, 1, 2, 3, 4

FAST_SHARE, FAST_PS, SLOW_PS = 0.65, 15e3, 500e3
NO_PHOTON = 2**16 - 1


@njit(cache=True, nogil=True)
def detect(
    photon_ps: npt.NDArray[np.int64],
    photon_detector: npt.NDArray[np.uint8],
    photon_transition: npt.NDArray[np.uint16],
    done: npt.NDArray[np.int64],
    until_ps: int,
    real: npt.NDArray[np.float64],
    whole: npt.NDArray[np.int64],
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    live_from: npt.NDArray[np.int64],
    next_dark: npt.NDArray[np.float64],
    pending: npt.NDArray[np.float64],
    generator: npt.NDArray[np.uint64],
    time_ps: npt.NDArray[np.int64],
    detector: npt.NDArray[np.uint8],
    transition: npt.NDArray[np.uint16],
) -> tuple[int, bool]:
    """Clicks of the photons from number done[0] on and of all detectors up to ``until_ps``.

    Jitter: table d holds the law of the timing error in units of whole[d, UNIT] ps from whole[d, EARLIEST] on.
    Stops early when the arrays are full: (number written, finished). ``done``, ``live_from``, ``next_dark``,
    ``pending`` (n_detectors, MOST_PENDING; infinite: none) and ``generator`` are updated.
    """
    n_detectors = live_from.size
    n = 0
    own = np.empty(n_detectors)  # the next dark count or afterpulse of each detector
    for d in range(n_detectors):
        own[d] = min(next_dark[d], pending[d].min())
    soonest = own.min()
    while n < time_ps.size:
        i = done[0]
        has_photon = i < photon_ps.size
        now = photon_ps[i] if has_photon else until_ps
        made_by = NO_PHOTON
        if soonest <= now:
            d = int(np.argmin(own))
            now = int(own[d])
            if next_dark[d] <= pending[d].min():
                next_dark[d] -= np.log(1.0 - uniform(generator)) * real[d, DARK_MEAN]
            else:
                pending[d, np.argmin(pending[d])] = np.inf
            own[d] = min(next_dark[d], pending[d].min())
            soonest = own.min()
        elif has_photon:
            d = int(photon_detector[i])
            made_by = int(photon_transition[i])
            done[0] += 1
        else:
            return n, True
        if now < live_from[d]:
            continue
        live_from[d] = now + whole[d, DEAD]
        if real[d, AFTERPULSE] > 0.0 and uniform(generator) < real[d, AFTERPULSE]:
            mean = FAST_PS if uniform(generator) < FAST_SHARE else SLOW_PS
            free = np.argmax(pending[d])
            if pending[d, free] == np.inf:
                pending[d, free] = live_from[d] - np.log(1.0 - uniform(generator)) * mean
                own[d] = min(own[d], pending[d, free])
                soonest = min(soonest, own[d])
        unit = whole[d, UNIT]
        error = draw(slots, table, d, 0, generator) * unit
        if unit > 1:
            error += int(uniform(generator) * unit)
        stamp = now + whole[d, CABLE] + whole[d, EARLIEST] + error
        if whole[d, RESOLUTION] > 1:  # the division costs as much as all the rest
            stamp = stamp // whole[d, RESOLUTION] * whole[d, RESOLUTION]
        time_ps[n] = stamp
        detector[n] = d
        transition[n] = made_by
        n += 1
    return n, False


@njit(cache=True, nogil=True)
def sort_tags(
    time_ps: npt.NDArray[np.int64], detector: npt.NDArray[np.uint8], transition: npt.NDArray[np.uint16]
) -> None:
    """Sort in place by time; few tags are out of order and not by far, so each is moved down to its place."""
    for i in range(1, time_ps.size):
        t, d, k = time_ps[i], detector[i], transition[i]
        j = i - 1
        while j >= 0 and time_ps[j] > t:
            time_ps[j + 1], detector[j + 1], transition[j + 1] = time_ps[j], detector[j], transition[j]
            j -= 1
        time_ps[j + 1], detector[j + 1], transition[j + 1] = t, d, k
