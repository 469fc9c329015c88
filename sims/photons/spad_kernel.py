"""Compiled: the detectors, click by click. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt

from sims.photons.compiled import compiled, inlined
from sims.photons.stream_kernel import draw, uniform

MOST_PENDING = 16
"""Afterpulses that can wait in one detector; a further one is dropped (chance below 1e-25 at 2 %)."""

# Columns of the detectors' properties.
DARK_MEAN, AFTERPULSE = 0, 1
DEAD, CABLE, RESOLUTION, EARLIEST, UNIT = 0, 1, 2, 3, 4

FAST_SHARE, FAST_PS, SLOW_PS = 0.65, 15e3, 500e3
NO_PHOTON = 2**16 - 1


@compiled
def move_down(
    time_ps: npt.NDArray[np.int64], detector: npt.NDArray[np.uint8], transition: npt.NDArray[np.uint16], n: int
) -> None:
    """Move tag number ``n`` to its place among those before it, which are sorted; few have to make way."""
    t, d, k = time_ps[n], detector[n], transition[n]
    while n > 0 and time_ps[n - 1] > t:
        time_ps[n], detector[n], transition[n] = time_ps[n - 1], detector[n - 1], transition[n - 1]
        n -= 1
    time_ps[n], detector[n], transition[n] = t, d, k


@inlined
def stamped(
    now: int,
    d: int,
    whole: npt.NDArray[np.int64],
    slots: npt.NDArray[np.uint64],
    table: npt.NDArray[np.int64],
    generator: npt.NDArray[np.uint64],
) -> int:
    """Time tag of a click of detector ``d`` at ``now``, ps: jitter, cable, resolution."""
    unit = whole[d, UNIT]
    error = draw(slots, table, d, 0, generator) * unit
    if unit > 1:
        error += int(uniform(generator) * unit)
    stamp: int = now + whole[d, CABLE] + whole[d, EARLIEST] + error
    if whole[d, RESOLUTION] > 1:  # the division costs as much as all the rest
        stamp = stamp // whole[d, RESOLUTION] * whole[d, RESOLUTION]
    return stamp


@compiled
def place_of_lowest(values: npt.NDArray[np.float64]) -> int:
    """Index of the lowest value."""
    place = 0
    for i in range(values.size):
        if values[i] < values[place]:
            place = i
    return place


@compiled
def leave_trap(
    d: int,
    real: npt.NDArray[np.float64],
    next_dark: npt.NDArray[np.float64],
    pending: npt.NDArray[np.float64],
    generator: npt.NDArray[np.uint64],
) -> None:
    """The dark count or afterpulse of detector ``d`` that is due has come: draw the next dark count, or strike it."""
    if next_dark[d] <= pending[d, place_of_lowest(pending[d])]:
        next_dark[d] -= np.log(1.0 - uniform(generator)) * real[d, DARK_MEAN]
    else:
        pending[d, place_of_lowest(pending[d])] = np.inf


@compiled
def fill_trap(d: int, live_from: int, pending: npt.NDArray[np.float64], generator: npt.NDArray[np.uint64]) -> None:
    """An avalanche of detector ``d`` has filled a trap: one more afterpulse waits."""
    mean = FAST_PS if uniform(generator) < FAST_SHARE else SLOW_PS
    for i in range(pending.shape[1]):
        if pending[d, i] == np.inf:
            pending[d, i] = live_from - np.log(1.0 - uniform(generator)) * mean
            return


@compiled
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
    own: npt.NDArray[np.float64],
    n: int,
    time_ps: npt.NDArray[np.int64],
    detector: npt.NDArray[np.uint8],
    transition: npt.NDArray[np.uint16],
) -> tuple[int, bool]:
    """Clicks of the photons from number done[0] on and of all detectors up to ``until_ps``.

    They are sorted in behind the first ``n`` tags of the arrays. Stops early when the arrays are full: (number of
    tags, finished). Jitter: table d holds the law of the timing error in units of whole[d, UNIT] ps from
    whole[d, EARLIEST] on. ``done``, ``live_from``, ``next_dark``, ``pending`` (n_detectors, MOST_PENDING; infinite:
    none) and ``generator`` are updated. ``own`` (n_detectors,) holds the next dark count or afterpulse of each.
    """
    for d in range(live_from.size):
        own[d] = min(next_dark[d], pending[d, place_of_lowest(pending[d])])
    soonest = own[place_of_lowest(own)]
    i = done[0]
    while n < time_ps.size:
        now = photon_ps[i] if i < photon_ps.size else until_ps
        made_by = NO_PHOTON
        if soonest <= now:
            d = place_of_lowest(own)
            now = int(own[d])
            leave_trap(d, real, next_dark, pending, generator)
            own[d] = min(next_dark[d], pending[d, place_of_lowest(pending[d])])
            soonest = own[place_of_lowest(own)]
        elif i < photon_ps.size:
            d = int(photon_detector[i])
            made_by = int(photon_transition[i])
            i += 1
        else:
            done[0] = i
            return n, True
        if now < live_from[d]:
            continue
        live_from[d] = now + whole[d, DEAD]
        if real[d, AFTERPULSE] > 0.0 and uniform(generator) < real[d, AFTERPULSE]:
            fill_trap(d, live_from[d], pending, generator)
            own[d] = min(next_dark[d], pending[d, place_of_lowest(pending[d])])
            soonest = min(soonest, own[d])
        stamp = stamped(now, d, whole, slots, table, generator)
        time_ps[n], detector[n], transition[n] = stamp, d, made_by
        if n > 0 and time_ps[n - 1] > stamp:
            move_down(time_ps, detector, transition, n)
        n += 1
    done[0] = i
    return n, False
