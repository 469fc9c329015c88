"""The NKT Interbus: binary telegrams with a checksum, a laser at address 15 and a VARIA filter at 16.

A telegram is 0D, then destination, source, type, register, data and CRC with 0A, 0D and 5E escaped, then 0A.
Source: NKT Photonics SDK instruction manual and register files 60h and 68h.
"""

import struct
from binascii import crc_hqx
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sims.bench.superk import EMISSION_ON, SuperK
from sims.wire.line import Device, Reply, serial

START, END, ESCAPE = 0x0D, 0x0A, 0x5E
ESCAPED_BY = 0x40
NACK, CRC_ERROR, ACK, READ, WRITE, DATAGRAM = 0, 1, 3, 4, 5, 8
LASER_ADDRESS, FILTER_ADDRESS = 15, 16
LASER_TYPE, FILTER_TYPE = 0x60, 0x68
_HEAD = 4  # destination, source, type, register
_LONGEST = 600


def framed(body: bytes) -> bytes:
    """Telegram on the wire of destination, source, type, register and data."""
    checked = body + crc_hqx(body, 0).to_bytes(2, "big")
    escaped = bytearray()
    for byte in checked:
        escaped += bytes((ESCAPE, byte + ESCAPED_BY)) if byte in (START, END, ESCAPE) else bytes((byte,))
    return bytes((START,)) + bytes(escaped) + bytes((END,))


def unframed(telegram: bytes) -> bytes | None:
    """What stands between start and end, escapes undone, checksum still on it; None when an escape is wrong."""
    body = bytearray()
    inner = iter(telegram[1:-1])
    for byte in inner:
        if byte != ESCAPE:
            body.append(byte)
            continue
        escaped = next(inner, None)
        if escaped is None or escaped - ESCAPED_BY not in (START, END, ESCAPE):
            return None
        body.append(escaped - ESCAPED_BY)
    return bytes(body)


@dataclass(frozen=True)
class Register:
    """How to read it (bytes, little-endian) and write it (False: refused); None where that cannot be done."""

    read: Callable[[], bytes] | None = None
    write: Callable[[bytes], bool] | None = None


def _u8(value: int) -> bytes:
    return struct.pack("<B", value)


def _u16(value: int) -> bytes:
    return struct.pack("<H", value)


class SuperKWire(Device):
    """Any other address is silent. A telegram for a module is answered to whoever sent it."""

    speed = serial(115_200)

    def __init__(self, laser: SuperK) -> None:
        self._laser = laser
        self._modules: dict[int, Mapping[int, Register]] = {
            LASER_ADDRESS: _laser_registers(laser),
            FILTER_ADDRESS: _filter_registers(laser),
        }

    def split(self, received: bytearray) -> list[bytes]:
        """Take the complete telegrams; a new start within one begins anew, bytes outside are noise."""
        telegrams: list[bytes] = []
        while True:
            end = received.find(END)
            if end < 0:
                start = received.rfind(START)
                del received[: start if start >= 0 else len(received)]
                if len(received) > _LONGEST:
                    received.clear()
                return telegrams
            start = received.rfind(START, 0, end)
            if start >= 0:
                telegrams.append(bytes(received[start : end + 1]))
            del received[: end + 1]

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out one telegram: read → datagram, write → acknowledged or not, a bad checksum → told."""
        body = unframed(message)
        if body is None or len(body) < _HEAD + 2:
            return []
        destination, source, kind, number = body[:_HEAD]
        registers = self._modules.get(destination)
        if registers is None:
            return []
        if crc_hqx(body, 0) != 0:
            return [Reply(framed(bytes((source, destination, CRC_ERROR, number))))]
        self._laser.contact()
        register = registers.get(number, Register())
        kind, data = _carried_out(register, kind, body[_HEAD:-2])
        return [Reply(framed(bytes((source, destination, kind, number)) + data))]


def _carried_out(register: Register, kind: int, data: bytes) -> tuple[int, bytes]:
    if kind == READ and register.read is not None:
        return DATAGRAM, register.read()
    if kind == WRITE and register.write is not None:
        return (ACK if register.write(data) else NACK), b""
    return NACK, b""


def _number(width: str, low: int, high: int, set_to: Callable[[int], None]) -> Callable[[bytes], bool]:
    """A writer for an unsigned number of ``width`` (struct's letter); refuses another length or a value outside."""

    def write(data: bytes) -> bool:
        if len(data) != struct.calcsize(width):
            return False
        (value,) = struct.unpack(f"<{width}", data)
        if not low <= value <= high:
            return False
        set_to(value)
        return True

    return write


def _laser_registers(laser: SuperK) -> dict[int, Register]:
    def attribute(name: str) -> Callable[[int], None]:
        return lambda value: setattr(laser, name, value)

    def set_emission(data: bytes) -> bool:
        if data not in (b"\x00", bytes((EMISSION_ON,))):
            return False
        laser.set_emission(data[0] == EMISSION_ON)
        return True

    def interlock_written(value: int) -> None:
        if value:
            laser.reset_interlock()
        else:
            laser.set_emission(False)

    return {
        0x11: Register(lambda: struct.pack("<h", 243)),
        0x30: Register(lambda: _u8(EMISSION_ON if laser.emission else 0), set_emission),
        0x31: Register(lambda: _u16(laser.setup_bits), _number("H", 0, 4, attribute("setup_bits"))),
        0x32: Register(lambda: _u16(laser.interlock), _number("H", 0, 0xFFFF, interlock_written)),
        0x34: Register(lambda: _u16(laser.pulse_picker), _number("H", 1, 4096, attribute("pulse_picker"))),
        0x36: Register(lambda: _u8(laser.watchdog_s), _number("B", 0, 255, attribute("watchdog_s"))),
        0x37: Register(lambda: _u16(laser.power_permille), _number("H", 0, 1000, attribute("power_permille"))),
        0x38: Register(lambda: _u16(laser.current_permille), _number("H", 0, 1000, attribute("current_permille"))),
        0x39: Register(lambda: _u16(laser.nim_delay), _number("H", 0, 1023, attribute("nim_delay"))),
        0x61: Register(lambda: _u8(LASER_TYPE)),
        0x64: Register(lambda: _u16(0x0212)),
        0x65: Register(lambda: laser.serial_number.encode("ascii")),
        0x66: Register(lambda: _u16(_laser_status(laser))),
        0x67: Register(lambda: _u8(0)),
        0x6B: Register(lambda: _u8(1)),
    }


def _laser_status(laser: SuperK) -> int:
    """Bit 0 emission, bit 1 interlock off, bit 3 interlock loop open."""
    return int(laser.is_emitting()) | (laser.interlock != 2) << 1 | (laser.interlock == 0) << 3


def _filter_registers(laser: SuperK) -> dict[int, Register]:
    varia = laser.varia

    def status() -> int:
        neutral_density, upper, lower = varia.moving()
        return neutral_density << 12 | upper << 13 | lower << 14

    return {
        0x13: Register(lambda: _u16(round(1000 * varia.transmission_now()) if laser.is_emitting() else 0)),
        0x32: Register(
            lambda: _u16(round(varia.transmission * 1000)),
            _number("H", 0, 0xFFFF, lambda value: varia.set_transmission(value / 1000)),
        ),
        0x33: Register(
            lambda: _u16(round(varia.upper_nm * 10)), _number("H", 0, 0xFFFF, lambda value: varia.set_upper(value / 10))
        ),
        0x34: Register(
            lambda: _u16(round(varia.lower_nm * 10)), _number("H", 0, 0xFFFF, lambda value: varia.set_lower(value / 10))
        ),
        0x61: Register(lambda: _u8(FILTER_TYPE)),
        0x64: Register(lambda: _u16(0x0107)),
        0x65: Register(lambda: laser.filter_serial_number.encode("ascii")),
        0x66: Register(lambda: _u16(status())),
        0x67: Register(lambda: _u8(0)),
    }
