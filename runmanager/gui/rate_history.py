"""Count rates of a run as they come, in bounded memory however long the run is."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_POINTS = 20_000
"""Of one detector. When they are full, neighbours are averaged in pairs: old and new points get half as many."""


class RateHistory:
    """Times (bench seconds) and rates (counts per second) of one detector."""

    def __init__(self, most_points: int = MOST_POINTS) -> None:
        if most_points < 2 or most_points % 2:
            raise ValueError(f"most_points = {most_points}: must be even and at least 2")
        self._time_s = np.empty(most_points)
        self._rate_cps = np.empty(most_points)
        self._n = 0
        self._per_point = 1
        self._pending: list[tuple[float, float]] = []

    @property
    def n_averaged(self) -> int:
        """How many readings one kept point is the mean of."""
        return self._per_point

    def add(self, time_s: float, rate_cps: float) -> None:
        """One reading. Readings that are not finite are left out: a strip has gaps rather than nonsense."""
        if not (np.isfinite(time_s) and np.isfinite(rate_cps)):
            return
        self._pending.append((time_s, rate_cps))
        if len(self._pending) < self._per_point:
            return
        if self._n == self._time_s.size:
            self._halve()
            return
        self._time_s[self._n], self._rate_cps[self._n] = np.mean(self._pending, axis=0)
        self._n += 1
        self._pending.clear()

    def points(self, since_s: float = -np.inf) -> tuple[Floats, Floats]:
        """Times and rates, each (n,), from ``since_s`` on."""
        first = int(np.searchsorted(self._time_s[: self._n], since_s))
        return self._time_s[first : self._n].copy(), self._rate_cps[first : self._n].copy()

    def _halve(self) -> None:
        """Average in pairs; the reading just taken waits for its partners."""
        half = self._n // 2
        for values in (self._time_s, self._rate_cps):
            values[:half] = values[: 2 * half].reshape(half, 2).mean(axis=1)
        self._n = half
        self._per_point *= 2
