"""The NKT Interbus: binary telegrams to modules on one serial line.

Wire: 115200 8N1. A telegram is 0D, destination, source, type, register, data, CRC (CCITT, start 0, high byte first),
0A; the bytes 0A, 0D and 5E between are sent as 5E and the byte plus 40h. Numbers are little-endian. Every telegram is
answered: 8 datagram, 3 acknowledged, 0 not acknowledged, 1 checksum wrong, 2 busy. An absent module is silent.
Source: NKT Photonics SDK instruction manual, chapter on the Interbus.
"""

from binascii import crc_hqx
from enum import IntEnum
from typing import ClassVar

from pyvisa import errors
from qcodes.utils import DelayedKeyboardInterrupt  # noqa: TID253 - as the class it extends

from instruments.errors import WireError
from instruments.visa import LabInstrument

START, END, ESCAPE = 0x0D, 0x0A, 0x5E
ESCAPE_OFFSET = 0x40
HEADER_BYTES = 4
CHECKSUM_BYTES = 2
HOST_ADDRESS = 0x42
ATTEMPTS = 3
BUSY_PAUSE_S = 0.05


class Telegram(IntEnum):
    """Types of telegrams."""

    NOT_ACKNOWLEDGED = 0
    CHECKSUM_WRONG = 1
    BUSY = 2
    ACKNOWLEDGED = 3
    READ = 4
    WRITE = 5
    DATAGRAM = 8


def encode(body: bytes) -> bytes:
    """Telegram for ``body`` (destination, source, type, register, data): checksum, escapes, start and end."""
    telegram = bytearray((START,))
    for byte in body + crc_hqx(body, 0).to_bytes(CHECKSUM_BYTES, "big"):
        if byte in (START, END, ESCAPE):
            telegram += bytes((ESCAPE, byte + ESCAPE_OFFSET))
        else:
            telegram.append(byte)
    telegram.append(END)
    return bytes(telegram)


def decode(telegram: bytes) -> bytes:
    """The body of a telegram: the inverse of ``encode``. ValueError says what is wrong with it."""
    if len(telegram) < 2 or telegram[0] != START or telegram[-1] != END:
        raise ValueError("a telegram from 0D to 0A")
    body = bytearray()
    is_escaped = False
    for byte in telegram[1:-1]:
        if byte == ESCAPE and not is_escaped:
            is_escaped = True
            continue
        plain = byte - ESCAPE_OFFSET if is_escaped else byte
        if not 0 <= plain <= 0xFF or (is_escaped and plain not in (START, END, ESCAPE)):
            raise ValueError("a known escape sequence")
        body.append(plain)
        is_escaped = False
    if is_escaped or len(body) < HEADER_BYTES + CHECKSUM_BYTES:
        raise ValueError("a complete telegram")
    if crc_hqx(bytes(body), 0) != 0:
        raise ValueError("a telegram with the right checksum")
    return bytes(body[:-CHECKSUM_BYTES])


class InterbusInstrument(LabInstrument):
    """Registers of modules, read and written. ``read_number`` and ``write_number`` are unsigned."""

    WRITE_TERMINATOR: ClassVar[bytes] = b""
    READ_TERMINATOR: ClassVar[bytes] = b"\n"  # 0A ends a telegram and is escaped inside
    BAUD_RATE: ClassVar[int | None] = 115_200

    def read_register(self, module: int, register: int) -> bytes:
        """Data of a register. WireError when the module is silent or refuses."""
        return self._exchange(module, Telegram.READ, register, b"", Telegram.DATAGRAM)

    def write_register(self, module: int, register: int, data: bytes) -> None:
        """Write a register and wait for the acknowledgement. WireError when the module is silent or refuses."""
        self._exchange(module, Telegram.WRITE, register, data, Telegram.ACKNOWLEDGED)

    def read_number(self, module: int, register: int, n_bytes: int) -> int:
        """Unsigned number of a register of ``n_bytes`` bytes."""
        data = self.read_register(module, register)
        if len(data) != n_bytes:
            raise self.bad_reply(f"read register {register:02X}h of module {module}", data, f"{n_bytes} bytes")
        return int.from_bytes(data, "little")

    def write_number(self, module: int, register: int, value: int, n_bytes: int) -> None:
        """Write an unsigned number of ``n_bytes`` bytes."""
        self.write_register(module, register, value.to_bytes(n_bytes, "little"))

    def read_text(self, module: int, register: int) -> str:
        """Text of a register."""
        return self._text(f"read register {register:02X}h of module {module}", self.read_register(module, register))

    # Inside

    def _exchange(self, module: int, kind: Telegram, register: int, data: bytes, wanted: Telegram) -> bytes:
        what = f"{kind.name.lower()} register {register:02X}h of module {module}"
        request = encode(bytes((module, HOST_ADDRESS, kind, register)) + data)
        with self.lock, DelayedKeyboardInterrupt():
            for _ in range(ATTEMPTS):
                answered, content = self._answer(what, request, module, register)
                if answered == wanted:
                    return content
                if answered == Telegram.BUSY:
                    self.clock.sleep_s(BUSY_PAUSE_S)
                elif answered != Telegram.CHECKSUM_WRONG:
                    break
        words = {int(each): each.name.lower().replace("_", " ") for each in Telegram}
        raise WireError(
            f"{self.name}: '{what}' with data {data!r} was answered {words.get(answered, f'type {answered}')} "
            f"{content!r}; check the value, the module's address and its firmware"
        )

    def _answer(self, what: str, request: bytes, module: int, register: int) -> tuple[int, bytes]:
        """Send once; (type, data) of the answer, checked for sender and register."""
        if self._late_reply_possible:
            self._discard_late_replies()
        self.visa_log.debug("Writing: %s", request.hex(" "))
        try:
            self.visa_handle.write_raw(request)
            reply = bytes(self.visa_handle.read_raw())
        except (errors.VisaIOError, errors.InvalidSession, OSError) as error:
            raise self._wire_failed(what, "got no complete reply", error) from error
        try:
            body = decode(reply)
        except ValueError as error:
            raise self.bad_reply(what, reply, str(error)) from None
        destination, source, kind, answered_register = body[:HEADER_BYTES]
        if (destination, source, answered_register) != (HOST_ADDRESS, module, register):
            raise self.bad_reply(what, reply, f"an answer of module {module} about this register")
        return kind, body[HEADER_BYTES:]
