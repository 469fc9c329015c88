"""Thorlabs Elliptec ELL14 rotation mounts, several on one serial bus; each mount plays Rotator.

Wire: 9600 8N1; commands without terminator (``0ma00004600``), replies ``0PO00004600`` CR LF. The first character
is the mount's address (hexadecimal 0-F). Positions are pulses, 32-bit two's complement; ``in`` tells how many make
a turn. A reply may be a status (``0GS09`` busy) instead, and button messages (``BO``, ``BS``) come unasked.
Source: Thorlabs ELLx modules protocol manual. Firmware seen: none.
"""

import math
from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar, Unpack

from qcodes.instrument import InstrumentModule  # noqa: TID253 - the class statement needs it

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions

MOTOR_TYPE_ELL14 = 0x0E
UNASKED = ("BO", "BS")
REPLIES_BEFORE_GIVING_UP = 10
ARRIVED_WITHIN_DEG = 0.2  # the mount's accuracy class; a larger miss means it did not move freely


class Status(IntEnum):
    """Status codes of the ``GS`` reply, the manual's words."""

    OK = 0x00
    COMMUNICATION_TIMEOUT = 0x01
    MECHANICAL_TIMEOUT = 0x02
    COMMAND_NOT_SUPPORTED = 0x03
    VALUE_OUT_OF_RANGE = 0x04
    MODULE_ISOLATED = 0x05
    MODULE_OUT_OF_ISOLATION = 0x06
    INITIALISING_ERROR = 0x07
    THERMAL_ERROR = 0x08
    BUSY = 0x09
    SENSOR_ERROR = 0x0A
    MOTOR_ERROR = 0x0B
    OUT_OF_RANGE = 0x0C
    OVERCURRENT = 0x0D


def pulses_from_degrees(angle_deg: float, pulses_per_turn: int) -> int:
    """Nearest pulse of a mount angle, within one turn."""
    return round(angle_deg / 360.0 * pulses_per_turn) % pulses_per_turn


def signed_from_hex(text: str) -> int:
    """Value of eight hexadecimal digits in two's complement. ValueError for anything else."""
    if len(text) != 8:
        raise ValueError(text)
    value = int(text, 16)
    return value - (1 << 32) if value >= 1 << 31 else value


def wrapped_deg(angle_deg: float, near_deg: float = 0.0) -> float:
    """The angle modulo a turn that lies within half a turn of ``near_deg``."""
    return near_deg + (angle_deg - near_deg + 180.0) % 360.0 - 180.0


class Ell14Mount(InstrumentModule["Ell14"]):
    """One mount. Angles of the fast axis from horizontal; ``offset_deg`` is the mount angle when it is horizontal."""

    def __init__(self, bus: "Ell14", name: str, address: str, offset_deg: float) -> None:
        super().__init__(bus, name)
        self._bus = bus
        self._address = address
        self._offset_deg = offset_deg
        self._pulses_per_turn: int | None = None
        self.angle = self.add_parameter(
            "angle",
            unit="deg",
            get_cmd=self.angle_deg,
            set_cmd=self.rotate_to,
            docstring="Control the angle of the fast axis from horizontal, deg, from -720 to 720.",
        )

    def angle_deg(self) -> float:
        """Angle of the fast axis, degrees, in [-180, 180)."""
        with self._bus.lock:
            return self._angle_from(self._position())

    def rotate_to(self, angle_deg: float) -> float:
        """Rotate, wait until done; returns the angle read back, degrees (the turn nearest to the target)."""
        who = self.full_name
        if not abs(angle_deg) <= 720.0:
            raise LimitError(f"{who}: angle {angle_deg:g} deg is outside -720 to 720 deg; choose a value inside")
        with self._bus.lock:
            target = pulses_from_degrees(angle_deg + self._offset_deg, self.pulses_per_turn())
            self._move(f"ma{target & 0xFFFFFFFF:08X}")
            reached_deg = wrapped_deg(self._angle_from(self._position()), angle_deg)
        if abs(reached_deg - angle_deg) > ARRIVED_WITHIN_DEG:
            raise NotReadyError(
                f"{who}: asked for {angle_deg:.3f} deg, stands at {reached_deg:.3f} deg; check that it turns freely"
            )
        return reached_deg

    def home(self) -> None:
        """Search the reference mark clockwise; needed once after power-on."""
        with self._bus.lock:
            self._move("ho0")

    def identity(self) -> str:
        """Module information as the mount sends it, e.g. ``0IN0E1140051720231701016800023000``."""
        with self._bus.lock:
            return self._address + "IN" + self._bus.exchange(self._address, "in", "IN")

    def pulses_per_turn(self) -> int:
        """Pulses in 360 degrees, read once. WireError if the module is not an ELL14."""
        if self._pulses_per_turn is None:
            information = self._bus.exchange(self._address, "in", "IN")
            try:
                motor_type, travel_deg = int(information[0:2], 16), int(information[18:22], 16)
                pulses = signed_from_hex(information[22:30])
            except ValueError:
                raise self._bus.bad_reply(f"{self._address}in", information, "30 hexadecimal digits") from None
            if motor_type != MOTOR_TYPE_ELL14 or travel_deg != 360 or pulses <= 0:
                raise WireError(
                    f"{self.full_name}: module information {information!r} is not that of an ELL14; "
                    "check the address of the mount"
                )
            self._pulses_per_turn = pulses
        return self._pulses_per_turn

    # Inside

    def _angle_from(self, pulses: int) -> float:
        return wrapped_deg(pulses / self.pulses_per_turn() * 360.0 - self._offset_deg)

    def _position(self) -> int:
        text = self._bus.exchange(self._address, "gp", "PO")
        try:
            return signed_from_hex(text)
        except ValueError:
            raise self._bus.bad_reply(f"{self._address}gp", text, "eight hexadecimal digits") from None

    def _move(self, command: str) -> None:
        """Start a motion and wait for its end: the position reply, or a status that is no longer busy."""
        if self._bus.exchange(self._address, command, "PO", busy_is="GS") == "GS":
            self._bus.wait_until(
                lambda: self._bus.exchange(self._address, "gs", "GS") != f"{Status.BUSY:02X}",
                timeout_s=30.0,
                poll_s=0.1,
                what=f"end of motion of mount {self._address}",
            )


class Ell14(LabInstrument):
    """The bus; its mounts are the submodules ``address_0``, ``address_1`` and so on.

    ``offset_deg``: submodule name to the mount angle (degrees) at which its plate's fast axis is horizontal.
    """

    MODEL: ClassVar[str] = "ell14"
    WRITE_TERMINATOR = b""
    READ_TERMINATOR = b"\r\n"
    BAUD_RATE = 9600

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        mounts: str = "012",
        offset_deg: Mapping[str, float] | None = None,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        offsets = dict(offset_deg or {})
        for mount_address in mounts:
            mount_name = f"address_{mount_address}"
            offset = float(offsets.pop(mount_name, 0.0))
            if not math.isfinite(offset) or mount_address not in "0123456789ABCDEF":
                raise LimitError(f"{name}: mount {mount_name} with offset {offset} deg; address 0-F, finite offset")
            self.add_submodule(mount_name, Ell14Mount(self, mount_name, mount_address, offset))
        if offsets:
            raise LimitError(f"{name}: offset_deg names {sorted(offsets)}; the mounts are address_{'/'.join(mounts)}")

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity of all mounts; WireError if one does not answer."""
        mounts = [module for module in self.submodules.values() if isinstance(module, Ell14Mount)]
        serial = " ".join(mount.identity() for mount in mounts)
        return {"vendor": "Thorlabs", "model": "ELL14", "serial": serial, "firmware": None}

    def exchange(self, address: str, command: str, wanted: str, busy_is: str | None = None) -> str:
        """Send ``address + command``; returns what follows ``address + wanted`` in the reply.

        With ``busy_is`` a busy status returns that text. Other mounts' and button messages are skipped.
        WireError for no or a foreign answer, NotReadyError for a status that is an error.
        """
        sent = address + command
        with self.lock:
            self.send(sent)
            for _ in range(REPLIES_BEFORE_GIVING_UP):
                reply = self.receive_line(sent).strip()
                if reply[:1] != address or reply[1:3] in UNASKED:
                    continue
                kind, content = reply[1:3], reply[3:]
                if kind == wanted:
                    return content
                if kind == "GS":
                    status = self._status(sent, content)
                    if status in (Status.OK, Status.BUSY) and busy_is is not None:
                        return busy_is
                    if status is not Status.OK:
                        word = status.name.lower().replace("_", " ")
                        raise NotReadyError(f"{self.name}: '{sent}' failed: {word}; free the mount and home it")
                # A late position reply to an earlier motion is skipped, too.
        raise self.bad_reply(sent, reply, f"'{address}{wanted}…'")

    def _status(self, sent: str, content: str) -> Status:
        try:
            return Status(int(content, 16))
        except ValueError:
            raise self.bad_reply(sent, content, "a status code 00 to 0D") from None
