"""The bench's clock. Every wait goes through it, so the same code runs on hardware and on the twin."""

import time
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Time since an arbitrary origin; on the twin it is virtual and advances by being waited on."""

    def now_s(self) -> float:
        """Seconds since the clock's origin."""
        ...

    def sleep_s(self, duration_s: float) -> None:
        """Wait for ``duration_s`` seconds (>= 0)."""
        ...


class WallClock:
    """The clock of real hardware."""

    def now_s(self) -> float:
        """Seconds since the machine's monotonic origin."""
        return time.monotonic()

    def sleep_s(self, duration_s: float) -> None:
        """Wait for ``duration_s`` seconds (>= 0)."""
        time.sleep(duration_s)


WALL_CLOCK: Clock = WallClock()
