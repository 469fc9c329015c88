"""Newport ESP301: three rotation stages on one controller, with software limits and an error buffer.

The stages carry the same three wave plates as the ELL14 mounts, each standing on its mount: the plate's angle is the
sum of both, and whichever is not used stays at its home position, 0°.
"""

from collections import deque
from enum import IntEnum

from sims.bench.clock import VirtualClock
from sims.bench.motion import at_rest, begin

RESOLUTION_DEG = 0.001
DEGREE_UNITS = 7
AXES = (1, 2, 3)
HIGHEST_VELOCITY = 40.0
_SETTLE_S = 0.1
_MOST_ERRORS = 10


class AxisFault(IntEnum):
    """Axis-specific error codes (axis number times 100 is added)."""

    OUT_OF_RANGE = 1
    POSITIVE_SOFTWARE_LIMIT = 6
    NEGATIVE_SOFTWARE_LIMIT = 7
    MOTOR_NOT_ENABLED = 13


class StageError(ValueError):
    """The axis refuses; ``fault`` is its code."""

    def __init__(self, fault: AxisFault) -> None:
        super().__init__(fault.name)
        self.fault = fault


class RotationStage:
    """One axis; degrees, motor on and at 0 at construction."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._travel = at_rest(0.0)
        self._motor_on = True
        self._zero_deg = 0.0
        self.velocity_deg_per_s = 20.0
        self.lower_limit_deg = -720.0
        self.upper_limit_deg = 720.0
        self.units = DEGREE_UNITS

    def plate_deg(self) -> float:
        """Angle of the stage from its home mark, degrees."""
        return self._travel.at(self._clock.now_s())

    def position_deg(self, ahead_s: float = 0.0) -> float:
        """What the encoder reads (from the defined home) in ``ahead_s``, degrees in steps of the resolution."""
        return _quantised(self._travel.at(self._clock.now_s() + ahead_s) - self._zero_deg)

    def target_deg(self) -> float:
        """Where the present or last move ends, as the encoder will read it."""
        return _quantised(self._travel.target - self._zero_deg)

    def is_moving(self, ahead_s: float = 0.0) -> bool:
        """True unless the move will have ended in ``ahead_s``."""
        return not self._travel.is_done(self._clock.now_s() + ahead_s)

    def remaining_s(self) -> float:
        """Time until the present move ends, 0 at rest."""
        return max(0.0, self._travel.end_s - self._clock.now_s())

    def move_to(self, position_deg: float) -> None:
        """Begin a move; StageError with the motor off or beyond the software limits."""
        if not self._motor_on:
            raise StageError(AxisFault.MOTOR_NOT_ENABLED)
        if position_deg > self.upper_limit_deg:
            raise StageError(AxisFault.POSITIVE_SOFTWARE_LIMIT)
        if position_deg < self.lower_limit_deg:
            raise StageError(AxisFault.NEGATIVE_SOFTWARE_LIMIT)
        target_deg = _quantised(position_deg) + self._zero_deg
        self._travel = begin(self.plate_deg(), target_deg, self._clock.now_s(), self.velocity_deg_per_s, _SETTLE_S)

    def search_home(self) -> None:
        """Begin the move to the home mark, which becomes 0."""
        self._zero_deg = 0.0
        self.move_to(0.0)

    def define_position(self, position_deg: float) -> None:
        """Let the present place read ``position_deg``."""
        self._zero_deg = self.plate_deg() - position_deg

    def stop(self) -> None:
        """Stay where it is."""
        self._travel = at_rest(self.plate_deg())

    @property
    def motor_on(self) -> bool:
        """Whether the motor holds and moves."""
        return self._motor_on

    def set_motor(self, on: bool) -> None:
        """Switch the motor; off ends a motion."""
        if not on:
            self.stop()
        self._motor_on = on


class Esp301:
    """The controller. ``errors`` holds (code, time of the controller in ms), oldest first."""

    identity = "ESP301 Version 3.0.1 6/1/99"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.axes = {number: RotationStage(clock) for number in AXES}
        self.errors: deque[tuple[int, int]] = deque(maxlen=_MOST_ERRORS)

    def angle_deg(self, axis: int) -> float:
        """Angle of the stage of that axis from its home mark, degrees."""
        return self.axes[axis].plate_deg()

    def note_error(self, code: int) -> None:
        """Put an error into the buffer."""
        self.errors.append((code, round(self._clock.now_s() * 1000)))

    def abort(self) -> None:
        """Emergency stop: every axis stops and its motor is off."""
        for stage in self.axes.values():
            stage.set_motor(False)


def _quantised(angle_deg: float) -> float:
    return round(angle_deg / RESOLUTION_DEG) * RESOLUTION_DEG
