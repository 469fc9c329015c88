"""American Magnetics Model 430: power supply programmer of the superconducting solenoid, one field axis."""

import math
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from sims.bench.clock import VirtualClock

_QUENCH_TIME_S = 2.0
_CLOSE_A = 1e-9


class MagnetState(IntEnum):
    """States (the numbers on the wire)."""

    RAMPING = 1
    HOLDING = 2
    PAUSED = 3
    MANUAL_UP = 4
    MANUAL_DOWN = 5
    ZEROING = 6
    QUENCH = 7
    AT_ZERO = 8
    HEATING_SWITCH = 9
    COOLING_SWITCH = 10


@dataclass(frozen=True)
class RampSegment:
    """Ramp at ``rate_a_per_s`` while the current's magnitude is below ``upper_a``."""

    rate_a_per_s: float
    upper_a: float


class Ami430:
    """At construction: no current, paused, no persistent switch fitted, one ramp segment at 0.05 A/s.

    Everything inside is in ampere and seconds; what units the front panel uses belongs to the wire.
    """

    highest_rate_a_per_s = 10.0
    highest_current_limit_a = 80.0

    def __init__(self, clock: VirtualClock, coil_constant_t_per_a: float = 0.1125) -> None:
        self._clock = clock
        self.coil_constant_t_per_a = coil_constant_t_per_a
        self._current_limit_a = 80.0
        self.voltage_limit_v = 5.0
        self._target_a = 0.0
        self._segments = [RampSegment(0.05, 80.0)]
        self._path: list[tuple[float, float]] = [(0.0, 0.0)]  # (bench time, s; supply current, A), corners of the ramp
        self._state = MagnetState.PAUSED
        self._quenched_at_s: float | None = None
        self._switch = PersistentSwitch(clock)
        self._stuck = False
        self._frozen_a: float | None = None  # magnet current while a cold switch shorts the magnet

    # --- currents and field -----------------------------------------------------------------------------------------

    def supply_current_a(self) -> float:
        """Current of the supply now."""
        now_s = self._clock.now_s()
        if self._quenched_at_s is not None:
            return self._path[-1][1] * math.exp(-(now_s - self._quenched_at_s) / _QUENCH_TIME_S)
        return _current_on_path(self._path, now_s)

    def magnet_current_a(self) -> float:
        """Current of the magnet: the supply's, or the frozen one behind a cold persistent switch."""
        self._settle_switch()
        return self.supply_current_a() if self._frozen_a is None else self._frozen_a

    def field_t(self) -> float:
        """Field of the magnet now."""
        return self.magnet_current_a() * self.coil_constant_t_per_a

    def magnet_voltage_v(self) -> float:
        """Inductive voltage of a ramp (10 H)."""
        return 10.0 * self._rate_at(abs(self.supply_current_a())) if self.state() is MagnetState.RAMPING else 0.0

    # --- settings ---------------------------------------------------------------------------------------------------

    @property
    def target_a(self) -> float:
        """Current it ramps to."""
        return self._target_a

    def set_target(self, target_a: float) -> None:
        """Set the target; ValueError beyond the current limit. A supply in ramp mode starts for it at once."""
        if abs(target_a) > self._current_limit_a + _CLOSE_A:
            raise ValueError(f"AMI430: target {target_a} A is above the current limit {self._current_limit_a} A")
        self._target_a = target_a
        if self.state() in (MagnetState.RAMPING, MagnetState.HOLDING):
            self.ramp()

    @property
    def current_limit_a(self) -> float:
        """Largest current that is accepted as a target."""
        return self._current_limit_a

    def set_current_limit(self, limit_a: float) -> None:
        """Set the limit, 0-80 A; ValueError beyond."""
        if not 0.0 <= limit_a <= self.highest_current_limit_a:
            raise ValueError(f"AMI430: current limit {limit_a} A is not between 0 and {self.highest_current_limit_a} A")
        self._current_limit_a = limit_a

    @property
    def segments(self) -> tuple[RampSegment, ...]:
        """The ramp's segments, from low current to high."""
        return tuple(self._segments)

    def set_segment_count(self, count: int) -> None:
        """Number of ramp segments, 1-10 (ValueError beyond); new ones repeat the last."""
        if not 1 <= count <= 10:
            raise ValueError(f"AMI430: {count} ramp segments; there are 1 to 10")
        self._segments = (self._segments + [self._segments[-1]] * count)[:count]

    def set_segment(self, number: int, rate_a_per_s: float, upper_a: float | None) -> None:
        """Set segment ``number`` (from 1); ``upper_a`` None keeps the bound. ValueError for a bad rate or number."""
        if not 1 <= number <= len(self._segments):
            raise ValueError(f"AMI430: no ramp segment {number}")
        if not 0.0 < rate_a_per_s <= self.highest_rate_a_per_s:
            raise ValueError(f"AMI430: rate {rate_a_per_s} A/s is not between 0 and {self.highest_rate_a_per_s} A/s")
        bound_a = self._segments[number - 1].upper_a if upper_a is None else abs(upper_a)
        self._segments[number - 1] = RampSegment(rate_a_per_s, bound_a)
        if self.state() is MagnetState.RAMPING:
            self._head_for(self._target_a)
        elif self.state() is MagnetState.ZEROING:
            self._head_for(0.0)

    def _rate_at(self, magnitude_a: float) -> float:
        """Rate at a current: that of the first segment reaching it; above all bounds the last one's."""
        for segment in self._segments:
            if magnitude_a < segment.upper_a - _CLOSE_A:
                return segment.rate_a_per_s
        return self._segments[-1].rate_a_per_s

    # --- what it does -----------------------------------------------------------------------------------------------

    def state(self) -> MagnetState:
        """What it is doing now."""
        self._settle_switch()
        if self._quenched_at_s is not None:
            return MagnetState.QUENCH
        busy_switch = self._switch.transition()
        if busy_switch is not None:
            return busy_switch
        if self._clock.now_s() >= self._path[-1][0] and not self._stuck:
            if self._state is MagnetState.RAMPING:
                self._state = MagnetState.HOLDING
            elif self._state is MagnetState.ZEROING:
                self._state = MagnetState.AT_ZERO
        return self._state

    def _may_move(self) -> bool:
        return self.state() not in (MagnetState.QUENCH, MagnetState.HEATING_SWITCH, MagnetState.COOLING_SWITCH)

    def ramp(self) -> None:
        """Ramp to the target; ignored in a quench and while the switch heats or cools."""
        if self._may_move():
            self._head_for(self._target_a)
            self._state = MagnetState.RAMPING

    def zero(self) -> None:
        """Ramp to zero current; ignored as ramp() is."""
        if self._may_move():
            self._head_for(0.0)
            self._state = MagnetState.ZEROING

    def pause(self) -> None:
        """Stop where it is."""
        if self._may_move():
            self._path = [(self._clock.now_s(), self.supply_current_a())]
            self._state = MagnetState.PAUSED

    def stick(self) -> None:
        """Stay in "ramping" for ever from the next ramp on: the supply hangs."""
        self._stuck = True

    def quench(self) -> None:
        """The magnet quenches: its current decays within seconds and the state is latched."""
        if self._quenched_at_s is None:
            now_s = self._clock.now_s()
            self._path = [(now_s, self.magnet_current_a())]
            self._quenched_at_s, self._frozen_a = now_s, None

    def is_quenched(self) -> bool:
        """True from the quench until a person resets it."""
        return self._quenched_at_s is not None

    def reset_quench(self) -> None:
        """A person has dealt with the quench: back to paused with whatever current is left."""
        if self._quenched_at_s is not None:
            left_a = self.supply_current_a()
            self._path, self._quenched_at_s = [(self._clock.now_s(), left_a)], None
            self._state = MagnetState.PAUSED

    def _head_for(self, goal_a: float) -> None:
        now_s, here_a = self._clock.now_s(), self.supply_current_a()
        corners_a = {segment.upper_a * sign for segment in self._segments for sign in (1.0, -1.0)} | {0.0}
        low_a, high_a = sorted((here_a, goal_a))
        between = sorted(each for each in corners_a if low_a + _CLOSE_A < each < high_a - _CLOSE_A)
        stops = [*(between if goal_a > here_a else reversed(between)), goal_a]
        self._path = [(now_s, here_a)]
        for stop_a in stops:
            time_s, from_a = self._path[-1]
            rate = self._rate_at(abs(from_a + stop_a) / 2.0)
            self._path.append((time_s + abs(stop_a - from_a) / rate, stop_a))

    # --- persistent switch ------------------------------------------------------------------------------------------

    @property
    def switch(self) -> "PersistentSwitch":
        """The persistent switch's settings."""
        return self._switch

    def fit_switch(self, fitted: bool) -> None:
        """Configure whether there is a persistent switch; one that is fitted starts heated (open)."""
        if fitted != self._switch.fitted:
            self._switch.fitted = fitted
            self._switch.heater_on = fitted

    def heat_switch(self, on: bool) -> None:
        """Heat (open) or cool (close) the persistent switch; ignored unless one is fitted and the supply rests."""
        resting = self.state() in (MagnetState.HOLDING, MagnetState.PAUSED, MagnetState.AT_ZERO)
        if self._switch.fitted and resting and on != self._switch.heater_on:
            self._switch.set_heater(on)
            self._path = [(self._clock.now_s(), self.supply_current_a())]
            self._state = MagnetState.PAUSED

    def _settle_switch(self) -> None:
        cold = self._switch.is_cold()
        if cold and self._frozen_a is None and self._quenched_at_s is None:
            self._frozen_a = self.supply_current_a()
        elif not cold:
            self._frozen_a = None

    def is_persistent(self) -> bool:
        """True when the magnet carries a current behind a cold switch."""
        self._settle_switch()
        return self._frozen_a is not None and abs(self._frozen_a) > _CLOSE_A


class PersistentSwitch:
    """A heated switch across the magnet. Not fitted at construction."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.fitted = False
        self.heater_on = False
        self.heater_current_ma = 50.0
        self.heating_time_s = 20
        self.cooling_time_s = 20
        self._changed_at_s = -1e9

    def set_heater(self, on: bool) -> None:
        """Switch the heater."""
        self.heater_on = on
        self._changed_at_s = self._clock.now_s()

    def transition(self) -> MagnetState | None:
        """Heating or cooling, None when settled."""
        if not self.fitted:
            return None
        elapsed_s = self._clock.now_s() - self._changed_at_s
        if elapsed_s >= (self.heating_time_s if self.heater_on else self.cooling_time_s):
            return None
        return MagnetState.HEATING_SWITCH if self.heater_on else MagnetState.COOLING_SWITCH

    def is_cold(self) -> bool:
        """True when fitted, not heated, and cooled down: the magnet is shorted."""
        return self.fitted and not self.heater_on and self.transition() is None


def _current_on_path(path: list[tuple[float, float]], now_s: float) -> float:
    """Current at ``now_s`` on a polygon of (time, current) corners."""
    for (begin_s, from_a), (end_s, to_a) in pairwise(path):
        if now_s < end_s:
            fraction = max(0.0, now_s - begin_s) / (end_s - begin_s)
            return from_a + fraction * (to_a - from_a)
    return path[-1][1]
