"""The count rate of a record against time, in bounded memory, and the parts in which it is far below the rest.

A shutter before a detector with dark counts and an emitter that is off for long give the same photons: no record tells
them apart. Such parts are told, and nothing is left out for them.

Blocks are a power of two wide and counted from the first photon; two and two are joined when they become too many, so
that chunks of any size tell the same.
"""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_SHIFT = 20
"""Blocks are 2²⁰ ps (1 µs) wide at first."""
_MOST_BLOCKS = 1 << 14
_PARTS = 100
_FEWEST_PARTS = 10
_SURE_PHOTONS = 50.0
"""A part that holds so many photons on average falls below a tenth of them by chance with p < 10⁻¹⁴."""
_DIM = 0.1


class RateTrace:
    """Takes the times of photons, ascending."""

    def __init__(self) -> None:
        self._shift = _SHIFT
        self._counts = np.zeros(_MOST_BLOCKS, dtype=np.int64)
        self._first_ps: int | None = None
        self._last_ps = 0

    def take(self, times_ps: IntArray) -> None:
        """The next photons."""
        if not times_ps.size:
            return
        if self._first_ps is None:
            self._first_ps = int(times_ps[0])
        self._last_ps = int(times_ps[-1])
        while (self._last_ps - self._first_ps) >> self._shift >= _MOST_BLOCKS:
            self._counts[: _MOST_BLOCKS // 2] = self._counts.reshape(-1, 2).sum(axis=1)
            self._counts[_MOST_BLOCKS // 2 :] = 0
            self._shift += 1
        self._counts += np.bincount((times_ps - self._first_ps) >> self._shift, minlength=_MOST_BLOCKS)

    def dim_ps(self) -> tuple[float, tuple[int, int]]:
        """How long the rate was below a tenth of that of the rest, and start and end of the longest such stretch.

        The rest: the rate at which half of the photons came, or more. Judged in a hundred parts of the time from
        first to last photon, fewer where they hold too few photons; 0 where no ten parts hold enough.
        """
        nothing = 0.0, (0, 0)
        if self._first_ps is None:
            return nothing
        n_blocks = (self._last_ps - self._first_ps) >> self._shift  # the last one is not full
        per_part = max(1, -(-n_blocks // _PARTS))
        while n_blocks // per_part >= _FEWEST_PARTS:
            n_parts = n_blocks // per_part
            counts = self._counts[: n_parts * per_part].reshape(n_parts, per_part).sum(axis=1)
            bright = _usual(counts)
            if bright >= _SURE_PHOTONS:
                width_ps = per_part << self._shift
                dim = counts < _DIM * bright
                first, stop = _longest(dim)
                return _dim_parts(counts, bright, dim) * width_ps, (
                    self._first_ps + first * width_ps,
                    self._first_ps + stop * width_ps,
                )
            per_part *= 2
        return nothing


def _usual(counts: IntArray) -> float:
    """Counts of a part such that half of the photons came in parts with as many or more."""
    ascending = np.sort(counts)
    running = np.cumsum(ascending)
    return float(ascending[int(np.searchsorted(running, running[-1] / 2.0))])


def _dim_parts(counts: IntArray, bright: float, dim: npt.NDArray[np.bool_]) -> float:
    """Number of dim parts, with the share of those beside them that the missing photons tell."""
    beside = np.zeros_like(dim)
    beside[1:] |= dim[:-1]
    beside[:-1] |= dim[1:]
    partly = np.clip(1.0 - counts[beside & ~dim] / bright, 0.0, 1.0)
    return float(np.count_nonzero(dim)) + float(partly.sum())


def _longest(dim: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First and end of the longest run of True; (0, 0) without any."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], dim, [False]]).astype(np.int8)))
    if not edges.size:
        return 0, 0
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    return int(starts[longest]), int(stops[longest])
