"""The Mai Tai's RS-232: ASCII lines, silent settings, values with their units, LF behind every reply.

Source: Mai Tai user's manual, RS-232 commands.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from sims.bench.chameleon import ModeLock
from sims.bench.mai_tai import MaiTai, NotExecutableError
from sims.wire.line import Device, Reply, serial
from sims.wire.scpi import ScpiSpelling
from sims.wire.values import RefusedError, flag, number, whole

StatusByte = Literal["emission", "errors"]
"""Meaning of ``*STB?``: bit 0 emission, 1 mode-locked, 2 shutter, 4 fault; or (older) error bits and bit 6 emission."""

_SPELLING = ScpiSpelling(
    [
        "WAVelength",
        "MIN",
        "MAX",
        "READ",
        "POWer",
        "PCTWarmedup",
        "PLASer",
        "ERRCode",
        "SHUTter",
        "TIMer",
        "WATChdog",
        "SYSTem",
        "ERR",
        "CONTrol",
        "MLENable",
        "ON",
        "OFF",
    ]
)
_CMD_ERROR, _EXE_ERROR, _SYS_ERROR, _LASER_ON, _ANY_ERROR = 1, 2, 32, 64, 128


class MaiTaiWire(Device):
    """A setting is answered by nothing; an error sets a bit and waits in the buffer that ``SYST:ERR?`` empties."""

    speed = serial(9600)

    def __init__(self, laser: MaiTai, status_byte: StatusByte = "emission") -> None:
        self._laser = laser
        self._status_byte = status_byte
        self._error_bits = 0
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: laser.identity,
            "*STB?": self._status,
            "WAV?": lambda: f"{laser.commanded_nm}nm",
            "WAV:MIN?": lambda: f"{laser.minimum_nm}nm",
            "WAV:MAX?": lambda: f"{laser.maximum_nm}nm",
            "READ:WAV?": lambda: f"{laser.wavelength_nm:.0f}nm",
            "READ:POW?": lambda: f"{laser.power_w():.3f}W",
            "READ:PCTW?": lambda: f"{laser.warm_up_percent():03d}%",
            "READ:PLAS:POW?": lambda: f"{5.0 if laser.laser_on else 0.0:.2f}W",
            "SHUT?": lambda: str(int(laser.shutter_read_back())),
            "CONT:MLEN?": lambda: str(int(laser.laser_on)),
            "TIM:WATC?": lambda: str(laser.watchdog_s),
            "PLAS:ERRC?": lambda: "26" if laser.interlock_open else "0",
            "SYST:ERR?": self._next_error,
        }

    def answer(self, message: bytes) -> Sequence[Reply]:
        """A query's value, or nothing."""
        command = _SPELLING.canonical(message.decode("ascii", "replace"))
        try:
            query = self._queries.get(command)
            if query is None:
                self._set(command)
            self._laser.contact()
        except RefusedError:
            self._failed(_CMD_ERROR, "Command error")
            return []
        except NotExecutableError:
            self._laser.contact()
            self._failed(_EXE_ERROR, "Execution error")
            return []
        return [] if query is None else [Reply(query().encode("ascii") + b"\n")]

    def _set(self, command: str) -> None:
        name, _, value = command.partition(" ")
        if command == "ON":
            self._laser.switch_on()
        elif command == "OFF":
            self._laser.switch_off()
        elif name == "WAV":
            self._laser.set_wavelength(round(number(value, {"NM": 1.0})))
        elif name == "SHUT":
            self._laser.set_shutter(flag(value))
        elif name == "TIM:WATC":
            self._laser.watchdog_s = whole(value, 0, 65_535)
        elif name == "CONT:MLEN":
            flag(value)  # the mode locker follows the pump by itself
        else:
            raise RefusedError("command")

    def _failed(self, bit: int, text: str) -> None:
        self._error_bits |= bit
        self._laser.errors.append((bit, text))

    def _next_error(self) -> str:
        if not self._laser.errors:
            self._error_bits = 0
            return '0,"No error"'
        code, text = self._laser.errors.popleft()
        return f'{code},"{text}"'

    def _status(self) -> str:
        laser = self._laser
        if self._status_byte == "emission":
            locked = laser.mode_lock() is ModeLock.LOCKED
            fault = laser.interlock_open << 4
            return str(int(laser.laser_on) | locked << 1 | laser.shutter_read_back() << 2 | fault)
        bits = self._error_bits | (_SYS_ERROR if laser.interlock_open else 0)
        self._error_bits = 0
        return str(bits | (_ANY_ERROR if bits else 0) | (_LASER_ON if laser.laser_on else 0))
