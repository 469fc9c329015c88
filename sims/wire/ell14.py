"""The ELL14 bus: no terminator from the computer, CR LF from the mounts, hexadecimal numbers."""

import re
from collections.abc import Callable, Sequence

from sims.bench.ell14 import PULSES_PER_TURN, Ell14, MountStatus, RotationMount
from sims.wire.line import Device, Reply, serial

_ADDRESSES = b"0123456789ABCDEFabcdef"
_HEADER = 3  # address and two letters
_PARAMETER_LENGTH = {"ma": 8, "mr": 8, "so": 8, "sj": 8, "ho": 1, "sv": 2}
_HEX = re.compile(r"[0-9A-Fa-f]+")


class Ell14Wire(Device):
    """All mounts of the bus. A request is as long as its letters say; an address where nobody sits is silent.

    A move is answered with the position when it has ended; what comes meanwhile is answered "busy" at once.
    A request that is not complete after 2 s is dropped (Thorlabs ELLx protocol: communication time-out).
    """

    speed = serial(9600)
    answers_in_order = False
    forgets_after_s = 2.0

    def __init__(self, bus: Ell14) -> None:
        self._bus = bus

    def split(self, received: bytearray) -> list[bytes]:
        """Take the complete requests; bytes that cannot begin one (CR, LF, noise) are skipped."""
        requests = []
        while received:
            if received[0] not in _ADDRESSES:
                del received[:1]
                continue
            letters = bytes(received[1:_HEADER]).decode("ascii", "replace")
            length = _HEADER + _PARAMETER_LENGTH.get(letters, 0)
            if len(received) < length:
                break
            requests.append(bytes(received[:length]))
            del received[:length]
        return requests

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Answer one request."""
        text = message.decode("ascii", "replace")
        address, letters, parameter = text[0].upper(), text[1:_HEADER], text[_HEADER:]
        mount = self._bus.mounts.get(address)
        if mount is None:
            return []
        body = _answer(mount, letters, parameter)
        delay_s = mount.remaining_s() if body is None else 0.0
        if body is None:  # a move has begun: its end is its answer
            body = f"PO{_hex(mount.destination_pulses())}"
        return [Reply(f"{address}{body}\r\n".encode("ascii"), delay_s)]


def _answer(mount: RotationMount, letters: str, parameter: str) -> str | None:
    """What the mount says, None when it has begun to move."""
    if letters == "gs":
        return _status(MountStatus.BUSY if mount.is_moving() else MountStatus.OK)
    if letters == "st":
        mount.stop()
        return f"PO{_hex(mount.position_pulses())}"
    reading = _READINGS.get(letters)
    if reading is not None:
        return reading(mount)
    if letters not in _ACTIONS:
        return _status(MountStatus.NOT_SUPPORTED)
    if mount.is_moving():
        return _status(MountStatus.BUSY)
    if parameter and _HEX.fullmatch(parameter) is None:
        return _status(MountStatus.OUT_OF_RANGE)
    value = int(parameter, 16) if parameter else 0
    status = _ACTIONS[letters](mount, value)
    begun = letters in _MOVES and status is MountStatus.OK
    return None if begun else _status(status)


def _identity(mount: RotationMount) -> str:
    """ELL14 (0E), serial number, year 2023, firmware 17, hardware 01, travel 360° (0168), pulses."""
    return f"IN0E{mount.serial_number:08d}20231701" + f"0168{_hex(PULSES_PER_TURN)}"


def _set_speed(mount: RotationMount, percent: int) -> MountStatus:
    if not 25 <= percent <= 100:
        return MountStatus.OUT_OF_RANGE
    mount.speed_percent = percent
    return MountStatus.OK


def _set_jog(mount: RotationMount, value: int) -> MountStatus:
    mount.jog_pulses = _signed(value)
    return MountStatus.OK


def _set_home_offset(mount: RotationMount, value: int) -> MountStatus:
    mount.home_offset_pulses = _signed(value)
    return MountStatus.OK


def _home(mount: RotationMount, direction: int) -> MountStatus:
    return mount.home() if direction in (0, 1) else MountStatus.OUT_OF_RANGE


_READINGS: dict[str, Callable[[RotationMount], str]] = {
    "in": _identity,
    "gp": lambda mount: f"PO{_hex(mount.position_pulses())}",
    "gv": lambda mount: f"GV{mount.speed_percent:02X}",
    "gj": lambda mount: f"GJ{_hex(mount.jog_pulses)}",
    "go": lambda mount: f"HO{_hex(mount.home_offset_pulses)}",
}
_ACTIONS: dict[str, Callable[[RotationMount, int], MountStatus]] = {
    "ma": lambda mount, value: mount.move_to(_signed(value)),
    "mr": lambda mount, value: mount.move_by(_signed(value)),
    "fw": lambda mount, _: mount.move_by(mount.jog_pulses),
    "bw": lambda mount, _: mount.move_by(-mount.jog_pulses),
    "ho": _home,
    "sv": _set_speed,
    "sj": _set_jog,
    "so": _set_home_offset,
}
_MOVES = ("ma", "mr", "fw", "bw", "ho")


def _status(status: MountStatus) -> str:
    return f"GS{status:02X}"


def _hex(value: int) -> str:
    """32-bit two's complement, eight digits."""
    return f"{value & 0xFFFFFFFF:08X}"


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
