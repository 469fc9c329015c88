"""The virtual clock of one simulated bench. It moves only when somebody waits, exposes, records or talks."""

import threading

_NS_PER_S = 1_000_000_000


class VirtualClock:
    """Time in whole nanoseconds since the bench was switched on; safe to use from several threads."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """Seconds since the bench was switched on."""
        return self.now_ns() / _NS_PER_S

    def now_ns(self) -> int:
        """Nanoseconds since the bench was switched on, exact."""
        with self._lock:
            return self._now_ns

    def sleep_s(self, duration_s: float) -> None:
        """Wait: the clock moves on by ``duration_s`` (>= 0, else ValueError) and returns at once."""
        self.advance(duration_s)

    def advance(self, duration_s: float) -> None:
        """Move on by ``duration_s`` seconds; raises ValueError for a negative, infinite or undefined duration."""
        if not 0.0 <= duration_s < 1e9:
            raise ValueError(f"the clock cannot move by {duration_s} s; give a finite duration of at least 0 s")
        with self._lock:
            self._now_ns += round(duration_s * _NS_PER_S)

    def advance_to_ns(self, time_ns: int) -> None:
        """Move on to ``time_ns``; does nothing when that moment has passed."""
        with self._lock:
            self._now_ns = max(self._now_ns, time_ns)
