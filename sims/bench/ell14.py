"""Thorlabs ELL14: rotation mounts on one serial bus, told apart by their address."""

from collections.abc import Sequence
from enum import IntEnum

from sims.bench.clock import VirtualClock
from sims.bench.motion import at_rest, begin

PULSES_PER_TURN = 143_360
_FULL_SPEED_PULSES_PER_S = 430.0 / 360.0 * PULSES_PER_TURN
_SETTLE_S = 0.05
_LARGEST_POSITION = 10 * PULSES_PER_TURN


class MountStatus(IntEnum):
    """Status and error codes of the mount."""

    OK = 0x0
    MECHANICAL_TIMEOUT = 0x2
    NOT_SUPPORTED = 0x3
    OUT_OF_RANGE = 0x4
    BUSY = 0x9
    SENSOR_ERROR = 0xA
    OVER_CURRENT = 0xD


class RotationMount:
    """One mount. Positions are encoder pulses, 143 360 a turn; it starts at its home position."""

    def __init__(self, clock: VirtualClock, serial_number: int = 11_400_517) -> None:
        self._clock = clock
        self._travel = at_rest(0.0)
        self.serial_number = serial_number
        self.speed_percent = 100
        self.home_offset_pulses = 0
        self.jog_pulses = PULSES_PER_TURN // 8
        self.jammed = False

    def position_pulses(self) -> int:
        """Where it is now."""
        return round(self._travel.at(self._clock.now_s()))

    def angle_deg(self) -> float:
        """Where it is now, degrees."""
        return self._travel.at(self._clock.now_s()) * 360.0 / PULSES_PER_TURN

    def destination_pulses(self) -> int:
        """Where the present or last move ends."""
        return round(self._travel.target)

    def remaining_s(self) -> float:
        """Time until the present move ends, 0 at rest."""
        return max(0.0, self._travel.end_s - self._clock.now_s())

    def is_moving(self) -> bool:
        """True until the move has ended."""
        return not self._travel.is_done(self._clock.now_s())

    def move_to(self, position_pulses: int) -> MountStatus:
        """Begin a move; the status says why not."""
        if self.is_moving():
            return MountStatus.BUSY
        if self.jammed:
            return MountStatus.MECHANICAL_TIMEOUT
        if abs(position_pulses) > _LARGEST_POSITION:
            return MountStatus.OUT_OF_RANGE
        speed = _FULL_SPEED_PULSES_PER_S * self.speed_percent / 100.0
        here, now_s = float(self.position_pulses()), self._clock.now_s()
        self._travel = begin(here, float(position_pulses), now_s, speed, _SETTLE_S)
        return MountStatus.OK

    def move_by(self, pulses: int) -> MountStatus:
        """Begin a relative move."""
        return self.move_to(self.position_pulses() + pulses)

    def home(self) -> MountStatus:
        """Begin the move to the home position."""
        return self.move_to(self.home_offset_pulses)

    def stop(self) -> None:
        """Stay where it is."""
        self._travel = at_rest(float(self.position_pulses()))


class Ell14:
    """The bus: a mount an address (one hexadecimal digit)."""

    def __init__(self, clock: VirtualClock, addresses: Sequence[str] = ("0", "1", "2")) -> None:
        self.mounts = {address: RotationMount(clock, 11_400_517 + int(address, 16)) for address in addresses}

    def angle_deg(self, address: str) -> float:
        """Angle of the mount at ``address``, degrees from its home mark."""
        return self.mounts[address].angle_deg()
