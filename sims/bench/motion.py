"""Something that moves at constant speed from one value to another, computed from the clock when it is looked at."""

from dataclasses import dataclass

_CLOCK_STEP_S = 1e-9


@dataclass(frozen=True)
class Travel:
    """A move from ``start`` to ``target`` beginning at ``start_s`` and lasting ``duration_s`` (>= 0)."""

    start: float
    target: float
    start_s: float
    duration_s: float

    @property
    def end_s(self) -> float:
        """When the target is reached."""
        return self.start_s + self.duration_s

    def at(self, now_s: float) -> float:
        """Where it is at ``now_s``."""
        if self.is_done(now_s):
            return self.target
        fraction = max(0.0, now_s - self.start_s) / self.duration_s
        return self.start + fraction * (self.target - self.start)

    def is_done(self, now_s: float) -> bool:
        """True once the target is reached, to within a step of the clock."""
        return now_s >= self.end_s - _CLOCK_STEP_S


def at_rest(value: float) -> Travel:
    """A move that is over: the thing stands at ``value``."""
    return Travel(value, value, 0.0, 0.0)


def begin(start: float, target: float, now_s: float, speed_per_s: float, settle_s: float = 0.0) -> Travel:
    """A move beginning now at ``speed_per_s`` (> 0, the unit of the value per second) plus a settling time."""
    return Travel(start, target, now_s, abs(target - start) / speed_per_s + settle_s)
