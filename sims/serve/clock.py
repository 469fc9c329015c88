"""A bench clock that runs by itself: real time, at a chosen speed-up."""

import math
import time

from sims.bench.clock import VirtualClock

_NS_PER_S = 1_000_000_000
_SHORTEST_WAIT_S = 1e-4
"""Shorter waits than this are not slept: the operating system would make them longer."""


class PacedClock(VirtualClock):
    """Bench time = real time since the start × ``speed``. Waiting on it takes real time."""

    def __init__(self, speed: float) -> None:
        """``speed``: bench seconds per real second, > 0 and finite; ValueError otherwise."""
        if not (math.isfinite(speed) and 0 < speed <= 1e4):
            raise ValueError(f"speed-up {speed}: must be above 0 and at most 10000")
        super().__init__()
        self.speed = speed
        self._zero_ns = time.monotonic_ns()

    def now_ns(self) -> int:
        """Bench nanoseconds since the start."""
        return round((time.monotonic_ns() - self._zero_ns) * self.speed)

    def advance(self, duration_s: float) -> None:
        """Wait ``duration_s`` of bench time. ValueError for a negative, infinite or undefined duration."""
        if not 0.0 <= duration_s < 1e9:
            raise ValueError(f"the clock cannot wait for {duration_s} s; give a finite duration of at least 0 s")
        wait_s = duration_s / self.speed
        if wait_s >= _SHORTEST_WAIT_S:
            time.sleep(wait_s)

    def advance_to_ns(self, time_ns: int) -> None:
        """Wait until ``time_ns``; returns at once when that moment has passed."""
        self.advance(max(0, time_ns - self.now_ns()) / _NS_PER_S)

    def real_seconds_until(self, time_ns: int) -> float:
        """Real time until bench time ``time_ns``; 0 when it has passed."""
        return max(0, time_ns - self.now_ns()) / _NS_PER_S / self.speed
