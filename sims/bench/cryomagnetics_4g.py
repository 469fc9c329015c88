"""Cryomagnetics 4G: power supply of the superconducting solenoid, one field axis."""

import math
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from sims.bench.ami430 import PersistentSwitch
from sims.bench.clock import VirtualClock

N_RANGES = 5
FAST = 5
"""Index of the fast rate behind the rates of the five current ranges."""
HIGHEST_CURRENT_A = 100.0
HIGHEST_RATE_A_PER_S = 10.0
_QUENCH_TIME_S = 2.0
_CLOSE_A = 1e-9
_MISMATCH_A = 1.0
"""Heating the persistent switch while magnet and leads differ by more than this quenches the magnet."""


class Sweep(Enum):
    """What the supply does (the words of ``SWEEP?``)."""

    STANDBY = "Standby"
    UP = "sweep up"
    DOWN = "sweep down"
    PAUSED = "sweep paused"
    ZEROING = "zeroing"


class Cryomagnetics4g:
    """At construction: no current, standby, no persistent switch fitted, 0.05 A/s in every range.

    Everything inside is in ampere and seconds; what units the front panel uses belongs to the wire.
    """

    def __init__(self, clock: VirtualClock, coil_constant_t_per_a: float = 0.1125) -> None:
        self._clock = clock
        self.coil_constant_t_per_a = coil_constant_t_per_a
        self.upper_limit_a = 80.0
        self.lower_limit_a = -80.0
        self.voltage_limit_v = 5.0
        self._range_limits_a = [50.0, 70.0, 80.0, 90.0, HIGHEST_CURRENT_A]
        self._rates_a_per_s = [0.05] * N_RANGES + [0.1]
        self._path: list[tuple[float, float]] = [(0.0, 0.0)]  # (bench time, s; supply current, A), corners of the sweep
        self._sweep = Sweep.STANDBY
        self._is_fast = False
        self._quenched_at_s: float | None = None
        self.module_failed = False
        self._switch = PersistentSwitch(clock)
        self._frozen_a: float | None = None  # magnet current while a cold switch shorts the magnet

    # --- currents and field -----------------------------------------------------------------------------------------

    def supply_current_a(self) -> float:
        """Current of the supply now."""
        now_s = self._clock.now_s()
        if self._quenched_at_s is not None:
            return self._path[-1][1] * math.exp(-(now_s - self._quenched_at_s) / _QUENCH_TIME_S)
        return current_on_path(self._path, now_s)

    def magnet_current_a(self) -> float:
        """Current of the magnet: the supply's, or the frozen one behind a cold persistent switch."""
        self._settle_switch()
        return self.supply_current_a() if self._frozen_a is None else self._frozen_a

    def field_t(self) -> float:
        """Field of the magnet now."""
        return self.magnet_current_a() * self.coil_constant_t_per_a

    def magnet_voltage_v(self) -> float:
        """Inductive voltage of a sweep (10 H)."""
        moving = self._clock.now_s() < self._path[-1][0] and self._quenched_at_s is None
        direction = math.copysign(1.0, self._path[-1][1] - self._path[0][1])
        return 10.0 * direction * self.rate_now_a_per_s() if moving else 0.0

    # --- settings ---------------------------------------------------------------------------------------------------

    def set_limit(self, upper: bool, current_a: float) -> None:
        """Set the upper or lower end of the sweeps; ValueError beyond the supply. A sweep towards it follows."""
        if abs(current_a) > HIGHEST_CURRENT_A + _CLOSE_A:
            raise ValueError(f"4G: sweep limit {current_a} A is beyond the supply's {HIGHEST_CURRENT_A:g} A")
        if upper:
            self.upper_limit_a = current_a
        else:
            self.lower_limit_a = current_a
        self._follow()

    def range_limit_a(self, index: int) -> float:
        """Upper current of range ``index`` (0-4)."""
        return self._range_limits_a[index]

    def set_range_limit(self, index: int, current_a: float) -> None:
        """Set it; ValueError for an unknown range or a current beyond the supply."""
        if not (0 <= index < N_RANGES and 0.0 <= current_a <= HIGHEST_CURRENT_A):
            raise ValueError(f"4G: range {index} up to {current_a} A; there are 0-4, up to {HIGHEST_CURRENT_A:g} A")
        self._range_limits_a[index] = current_a
        self._follow()

    def rate_a_per_s(self, index: int) -> float:
        """Rate of range ``index`` (0-4), or the fast rate (5)."""
        return self._rates_a_per_s[index]

    def set_rate(self, index: int, rate_a_per_s: float) -> None:
        """Set it; ValueError for an unknown range or a rate the supply cannot do."""
        if not (0 <= index <= FAST and 0.0 < rate_a_per_s <= HIGHEST_RATE_A_PER_S):
            raise ValueError(f"4G: rate {rate_a_per_s} A/s of range {index}; 0 to {HIGHEST_RATE_A_PER_S:g} A/s in 0-5")
        self._rates_a_per_s[index] = rate_a_per_s
        self._follow()

    def rate_now_a_per_s(self) -> float:
        """Rate at the present current."""
        return self._rate_at(abs(self.supply_current_a()))

    def _rate_at(self, magnitude_a: float) -> float:
        if self._is_fast:
            return self._rates_a_per_s[FAST]
        for limit_a, rate in zip(self._range_limits_a[:-1], self._rates_a_per_s, strict=False):
            if magnitude_a < limit_a - _CLOSE_A:
                return rate
        return self._rates_a_per_s[N_RANGES - 1]

    # --- what it does -----------------------------------------------------------------------------------------------

    def sweep(self) -> Sweep:
        """What it is doing now. A sweep that has arrived stays a sweep until it is paused; zeroing ends in standby."""
        if self._sweep is Sweep.ZEROING and self._clock.now_s() >= self._path[-1][0]:
            self._sweep = Sweep.STANDBY
        return self._sweep

    def is_sweeping(self) -> bool:
        """The status byte's bit: a sweep is on, even if it has arrived."""
        return self.sweep() in (Sweep.UP, Sweep.DOWN, Sweep.ZEROING)

    def start(self, sweep: Sweep, fast: bool = False) -> None:
        """Sweep to the upper or lower limit or to zero; ValueError in a quench or with a failed module."""
        if self.is_quenched() or self.module_failed:
            raise ValueError("4G: no sweep in a quench or with a failed power module")
        self._sweep, self._is_fast = sweep, fast
        self._follow()

    def pause(self) -> None:
        """Stay where it is."""
        if not self.is_quenched():
            self._path = [(self._clock.now_s(), self.supply_current_a())]
            self._sweep = Sweep.PAUSED

    def quench(self) -> None:
        """The magnet quenches: its current decays within seconds and the status bit is latched."""
        if self._quenched_at_s is None:
            now_s = self._clock.now_s()
            self._path = [(now_s, self.magnet_current_a())]
            self._quenched_at_s, self._frozen_a = now_s, None
            self._sweep = Sweep.STANDBY

    def is_quenched(self) -> bool:
        """True from the quench until a person resets it."""
        return self._quenched_at_s is not None

    def reset_quench(self) -> None:
        """A person has dealt with the quench: standby with whatever current is left."""
        if self._quenched_at_s is not None:
            left_a = self.supply_current_a()
            self._path, self._quenched_at_s = [(self._clock.now_s(), left_a)], None
            self._sweep = Sweep.STANDBY

    def _follow(self) -> None:
        """Lay out the path of the sweep that is on from where the current is now."""
        self._settle_switch()  # a switch that became cold meanwhile keeps the current from before this sweep
        goals_a = {Sweep.UP: self.upper_limit_a, Sweep.DOWN: self.lower_limit_a, Sweep.ZEROING: 0.0}
        goal_a = goals_a.get(self._sweep)
        if goal_a is None or self.is_quenched():
            return
        here_a = self.supply_current_a()
        corners_a = {limit * sign for limit in self._range_limits_a[:-1] for sign in (1.0, -1.0)} | {0.0}
        stops_a = [*stops_between(here_a, goal_a, corners_a), goal_a]
        self._path = [(self._clock.now_s(), here_a)]
        for stop_a in stops_a:
            time_s, from_a = self._path[-1]
            rate = self._rate_at(abs(from_a + stop_a) / 2.0)
            self._path.append((time_s + abs(stop_a - from_a) / rate, stop_a))

    # --- persistent switch ------------------------------------------------------------------------------------------

    @property
    def switch(self) -> PersistentSwitch:
        """The persistent switch's settings."""
        return self._switch

    def fit_switch(self) -> None:
        """A magnet with a persistent switch, cold: the magnet keeps the current it has."""
        self._switch.fitted = True

    def heat_switch(self, on: bool) -> None:
        """Heat (open) or cool (close) the persistent switch. Heated with unequal currents, the magnet quenches."""
        self._settle_switch()
        if not self._switch.fitted or on == self._switch.heater_on or self.is_quenched():
            return
        mismatch_a = self.magnet_current_a() - self.supply_current_a()
        self._switch.set_heater(on)
        if on and abs(mismatch_a) > _MISMATCH_A:
            self.quench()

    def _settle_switch(self) -> None:
        cold = self._switch.is_cold()
        if cold and self._frozen_a is None and self._quenched_at_s is None:
            self._frozen_a = self.supply_current_a()
        elif not cold and (self._switch.heater_on or not self._switch.fitted):
            self._frozen_a = None


def stops_between(here_a: float, goal_a: float, corners_a: set[float]) -> Sequence[float]:
    """Those of ``corners_a`` strictly between here and the goal, in the order in which they are passed."""
    low_a, high_a = sorted((here_a, goal_a))
    between = sorted(each for each in corners_a if low_a + _CLOSE_A < each < high_a - _CLOSE_A)
    return between if goal_a > here_a else between[::-1]


def current_on_path(path: list[tuple[float, float]], now_s: float) -> float:
    """Current at ``now_s`` on a polygon of (time, current) corners."""
    for (begin_s, from_a), (end_s, to_a) in pairwise(path):
        if now_s < end_s:
            fraction = max(0.0, now_s - begin_s) / (end_s - begin_s)
            return from_a + fraction * (to_a - from_a)
    return path[-1][1]
