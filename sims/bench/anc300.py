"""attocube ANC300: three open-loop piezo steppers under the objective: 1 and 2 move the sample, 3 the focus.

The controller knows steps, never positions. What a step is worth in µm is the positioner's secret: it grows with the
voltage, is nothing below a threshold, and downwards it is smaller than upwards.
"""

import math
from dataclasses import dataclass, field

from sims.bench.clock import VirtualClock
from sims.bench.motion import Travel, at_rest, begin

AXES = (1, 2, 3)
MODES = ("gnd", "inp", "cap", "stp", "off", "stp+", "stp-")
STEPPING_MODES = ("stp", "stp+", "stp-")
HIGHEST_VOLTAGE_V = 150.0
FREQUENCY_RANGE_HZ = (1, 10_000)
PATTERN_LENGTH = 256
_CAPACITANCE_TIME_S = 1.0
_THRESHOLD_V = 10.0
_UM_PER_STEP_AND_V = 0.0012
_DOWN_TO_UP = 0.85
_HALF_TRAVEL_UM = 2500.0

_WAIST_UM = 0.6
_RAYLEIGH_UM = 1.5


@dataclass
class Axis:
    """One ANM300 module and the positioner on it."""

    serial: str
    mode: str = "gnd"
    voltage_v: float = 30.0
    offset_v: float = 0.0
    frequency_hz: int = 200
    capacitance_nf: float = 0.0
    true_capacitance_nf: float = 1050.0
    triggers: dict[str, str] = field(default_factory=lambda: {"tu": "off", "td": "off"})
    inputs: dict[str, str] = field(default_factory=lambda: {"aci": "off", "dci": "off"})
    patterns: dict[str, list[int]] = field(
        default_factory=lambda: {"pu": list(range(PATTERN_LENGTH)), "pd": list(range(PATTERN_LENGTH))[::-1]}
    )
    travel_um: Travel = field(default_factory=lambda: at_rest(0.0))
    endless: bool = False
    measured_at_s: float = -1e9


class Anc300:
    """At construction: all axes grounded, 30 V, 200 Hz, the dot in the focus."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.axes = {number: Axis(serial=f"ANM300-{4700 + number}") for number in AXES}

    def set_mode(self, number: int, mode: str) -> None:
        """Switch the mode; leaving the stepping modes ends a motion. ValueError for an unknown mode."""
        if mode not in MODES:
            raise ValueError(f"ANC300: mode {mode!r} is none of {', '.join(MODES)}")
        axis = self.axes[number]
        if mode not in STEPPING_MODES:
            self.stop(number)
        if mode == "cap":
            axis.measured_at_s = self._clock.now_s() + _CAPACITANCE_TIME_S
            axis.capacitance_nf = axis.true_capacitance_nf
        axis.mode = mode

    def mode(self, number: int) -> str:
        """Mode now: a measurement of the capacitance ends in ground."""
        axis = self.axes[number]
        if axis.mode == "cap" and self._clock.now_s() >= axis.measured_at_s:
            axis.mode = "gnd"
        return axis.mode

    def measuring_s(self, number: int) -> float:
        """How long a measurement of the capacitance still takes."""
        return max(0.0, self.axes[number].measured_at_s - self._clock.now_s())

    def step(self, number: int, steps: int) -> None:
        """Begin so many steps (up positive); ValueError outside the stepping modes."""
        if self.mode(number) not in STEPPING_MODES:
            raise ValueError(f"ANC300: axis {number} is in mode {self.mode(number)}; stepping needs stp")
        axis = self.axes[number]
        here_um = self._position_um(number)
        size_um = step_size_um(axis.voltage_v, upwards=steps > 0)
        goal_um = min(max(here_um + steps * size_um, -_HALF_TRAVEL_UM), _HALF_TRAVEL_UM)
        now_s = self._clock.now_s()
        axis.travel_um = Travel(here_um, goal_um, now_s, abs(steps) / axis.frequency_hz)
        axis.endless = False

    def step_endlessly(self, number: int, upwards: bool) -> None:
        """Begin to step until stopped, or until the end of the travel holds the positioner."""
        self.step(number, 0)
        axis = self.axes[number]
        size_um = step_size_um(axis.voltage_v, upwards=upwards)
        here_um = axis.travel_um.start
        if size_um > 0.0:
            goal_um = _HALF_TRAVEL_UM if upwards else -_HALF_TRAVEL_UM
            axis.travel_um = begin(here_um, goal_um, self._clock.now_s(), size_um * axis.frequency_hz)
        axis.endless = True

    def stop(self, number: int) -> None:
        """End a motion where it is."""
        self.axes[number].travel_um = at_rest(self._position_um(number))
        self.axes[number].endless = False

    def is_stepping(self, number: int) -> bool:
        """True while the axis steps."""
        axis = self.axes[number]
        return axis.endless or not axis.travel_um.is_done(self._clock.now_s())

    def remaining_s(self, number: int) -> float | None:
        """How long the motion still takes; None for an endless one."""
        axis = self.axes[number]
        return None if axis.endless else max(0.0, axis.travel_um.end_s - self._clock.now_s())

    def output_v(self, number: int) -> float:
        """Voltage on the piezo now: the amplitude while it steps, the offset in the offset modes."""
        axis = self.axes[number]
        offset_v = axis.offset_v if self.mode(number) in ("off", "stp+", "stp-") else 0.0
        return min(offset_v + (axis.voltage_v if self.is_stepping(number) else 0.0), HIGHEST_VOLTAGE_V)

    def _position_um(self, number: int) -> float:
        return self.axes[number].travel_um.at(self._clock.now_s())

    def coupling(self) -> float:
        """Share of the dot's light that the objective still collects, 1 with the dot in the focus.

        Gaussian across the axis, Lorentzian along it (Gaussian beam of waist 0.6 µm and Rayleigh range 1.5 µm).
        """
        x_um, y_um, z_um = (self._position_um(number) for number in AXES)
        across = math.exp(-2.0 * (x_um**2 + y_um**2) / _WAIST_UM**2)
        return across / (1.0 + (z_um / _RAYLEIGH_UM) ** 2)


def step_size_um(voltage_v: float, *, upwards: bool) -> float:
    """Distance of one step: proportional to the voltage above a threshold, smaller downwards."""
    size_um = _UM_PER_STEP_AND_V * max(0.0, voltage_v - _THRESHOLD_V)
    return size_um if upwards else _DOWN_TO_UP * size_um
