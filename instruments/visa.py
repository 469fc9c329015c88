"""The wire of every VISA instrument: terminators, one lock, one clock, errors that name the culprit.

QCoDeS gives parameters, snapshots and the station; this class adds what a night alone with the bench needs:
transactions that threads cannot interleave, finite timeouts, ASCII checked, late replies thrown away.
"""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypedDict

import pyvisa
from pyvisa import constants, errors
from qcodes.instrument import VisaInstrument  # noqa: TID253 - the class statement needs it
from qcodes.utils import DelayedKeyboardInterrupt  # noqa: TID253 - as above

from instruments.clock import WALL_CLOCK, Clock
from instruments.errors import LimitError, NotReadyError, WireError

LONGEST_LINE = 65536  # bytes; a device that never sends its terminator is broken, not slow
DRAIN_TIMEOUT_MS = 100.0


def require_within(who: str, what: str, value: float, low: float, high: float, unit: str, remedy: str) -> float:
    """Return ``value`` if ``low <= value <= high``; LimitError otherwise (NaN too), never a clipped value."""
    if low <= value <= high:
        return value
    raise LimitError(f"{who}: {what} {value:g} {unit} is outside {low:g} to {high:g} {unit}; {remedy}".rstrip())


def limit_pair(who: str, what: str, limits: Sequence[float], unit: str) -> tuple[float, float]:
    """The (lowest, highest) pair of a station file; LimitError unless it is two finite numbers in this order."""
    numbers = [float(each) for each in limits if isinstance(each, int | float) and math.isfinite(each)]
    if len(limits) != 2 or len(numbers) != 2 or numbers[0] > numbers[1]:
        shown = limits if isinstance(limits, str) else list(limits)
        raise LimitError(
            f"{who}: {what} = {shown} must be [lowest, highest] in {unit}; correct init in the station file"
        )
    return numbers[0], numbers[1]


def positive(who: str, what: str, value: float, unit: str) -> float:
    """``value`` as a number; LimitError unless it is finite and above 0."""
    if not isinstance(value, int | float) or not 0.0 < value < math.inf:
        raise LimitError(f"{who}: {what} = {value!r} must be a number above 0 {unit}; correct init in the station file")
    return float(value)


def wait_until(
    who: str, clock: Clock, condition: Callable[[], bool], *, timeout_s: float, poll_s: float, what: str
) -> None:
    """Poll ``condition`` every ``poll_s`` seconds of the bench's clock; NotReadyError after ``timeout_s``."""
    deadline_s = clock.now_s() + timeout_s
    while not condition():
        if clock.now_s() >= deadline_s:
            raise NotReadyError(f"{who}: {what} did not happen within {timeout_s:g} s; look at the instrument")
        clock.sleep_s(poll_s)


class VisaOptions(TypedDict, total=False):
    """Keywords every driver hands on: how to wait, how long, through which VISA library."""

    clock: Clock
    timeout: float
    visalib: str | None
    resource: Any
    label: str | None
    metadata: Mapping[Any, Any] | None


class LabInstrument(VisaInstrument):
    """A QCoDeS VISA instrument with a lock per transaction. ``with instrument.lock`` spans several.

    Subclasses name their front-panel ``MODEL``, their terminators (bytes; empty means none) and, for serial
    ports, ``BAUD_RATE`` (8 data bits, no parity, 1 stop bit). Constructing one sends nothing.
    """

    MODEL: ClassVar[str] = ""
    WRITE_TERMINATOR: ClassVar[bytes] = b"\n"
    READ_TERMINATOR: ClassVar[bytes] = b"\n"
    BAUD_RATE: ClassVar[int | None] = None

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        clock: Clock = WALL_CLOCK,
        timeout: float = 5.0,
        visalib: str | None = None,
        resource: Any = None,  # noqa: ANN401 - an open pyvisa resource, or a stand-in in tests
        **qcodes_options: Any,  # noqa: ANN401 - label, metadata; a parallel base class takes more
    ) -> None:
        """``timeout``: seconds to wait for a reply (finite, > 0). LimitError for anything else."""
        if not (0.0 < timeout < math.inf):
            raise LimitError(f"{name}: timeout {timeout!r} s; give a finite time above 0 s")
        self.lock = threading.RLock()
        self.clock = clock
        self._late_reply_possible = False
        # A device clear would swallow the banner of some socket instruments and is unknown to serial ones.
        super().__init__(
            name,
            address,
            timeout=timeout,
            device_clear=False,
            visalib=visalib,
            resource=resource,
            **qcodes_options,
        )

    def set_terminator(self, terminator: str | None) -> None:
        """Apply the terminators and serial settings of this model (QCoDeS calls it on connection)."""
        handle = self.visa_handle
        handle.write_termination = self.WRITE_TERMINATOR.decode("ascii")
        handle.read_termination = self.READ_TERMINATOR.decode("ascii") or None
        if self.BAUD_RATE is not None and isinstance(handle, pyvisa.resources.SerialInstrument):
            handle.baud_rate = self.BAUD_RATE
            handle.data_bits = 8
            handle.parity = constants.Parity.none
            handle.stop_bits = constants.StopBits.one

    def connect_message(self, idn_param: str = "IDN", begin_time: float | None = None) -> None:
        """Log the connection; standard output belongs to the program that uses the driver."""
        self.log.info("connected to %s", self.address)

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial and firmware from ``*IDN?``; WireError if there is no proper answer."""
        reply = self.ask("*IDN?")
        parts: list[str | None] = [part.strip() for part in reply.split(",", 3)]
        if len(parts) < 2:
            raise self.bad_reply("*IDN?", reply, "vendor, model, serial and firmware separated by commas")
        vendor, model, serial, firmware = [*parts, None, None][:4]
        return {"vendor": vendor, "model": model, "serial": serial, "firmware": firmware}

    # Transactions

    def write_raw(self, cmd: str) -> None:
        """Send one command under the lock. Raises WireError."""
        with self.lock, DelayedKeyboardInterrupt():
            self.send(cmd)

    def ask_raw(self, cmd: str) -> str:
        """Send one command and return its reply line, without terminator. Raises WireError."""
        with self.lock, DelayedKeyboardInterrupt():
            self.send(cmd)
            return self.receive_line(cmd)

    def send(self, cmd: str) -> None:
        """Send ``cmd`` and the write terminator; the caller holds the lock."""
        if self._late_reply_possible:
            self._discard_late_replies()
        self.visa_log.debug("Writing: %s", cmd)
        try:
            self.visa_handle.write_raw(cmd.encode("ascii") + self.WRITE_TERMINATOR)
        except (errors.VisaIOError, errors.InvalidSession, OSError) as error:
            raise self._wire_failed(cmd, "could not be sent", error) from error

    def receive_line(self, cmd: str) -> str:
        """Read up to the read terminator and strip carriage return and line feed. ``cmd`` is for messages."""
        try:
            raw = bytes(self.visa_handle.read_raw())
        except (errors.VisaIOError, errors.InvalidSession, OSError) as error:
            raise self._wire_failed(cmd, "got no complete reply", error) from error
        return self._text(cmd, raw).strip("\r\n")

    def receive_bytes(self, cmd: str, count: int) -> bytes:
        """Read exactly ``count`` bytes. ``cmd`` is for messages."""
        try:
            return bytes(self.visa_handle.read_bytes(count))
        except (errors.VisaIOError, errors.InvalidSession, OSError) as error:
            raise self._wire_failed(cmd, "got no complete reply", error) from error

    def receive_until(self, cmd: str, ends: bytes) -> str:
        """Read byte by byte up to and including any one byte of ``ends``; returns the text before it."""
        received = bytearray()
        while len(received) < LONGEST_LINE:
            byte = self.receive_bytes(cmd, 1)
            if byte in ends:
                return self._text(cmd, bytes(received))
            received += byte
        raise self.bad_reply(cmd, bytes(received[:80]), f"an end of reply within {LONGEST_LINE} bytes")

    # Parsing

    def bad_reply(self, cmd: str, reply: str | bytes, expected: str) -> WireError:
        """Build the WireError for a reply that cannot be understood."""
        self._late_reply_possible = True
        return WireError(f"{self.name}: '{cmd}' was answered {reply!r}, expected {expected}; check model and cable")

    def ask_float(self, cmd: str) -> float:
        """Ask for one number. WireError for anything else, including NaN and infinity."""
        reply = self.ask(cmd)
        try:
            value = float(reply)
        except ValueError:
            raise self.bad_reply(cmd, reply, "a number") from None
        if not math.isfinite(value):
            raise self.bad_reply(cmd, reply, "a finite number")
        return value

    def ask_int(self, cmd: str) -> int:
        """Ask for one whole number (``2`` or ``2.0``). WireError for anything else."""
        value = self.ask_float(cmd)
        if value != int(value):
            raise self.bad_reply(cmd, str(value), "a whole number")
        return int(value)

    def ask_flag(self, cmd: str) -> bool:
        """Ask for 0 or 1 (also ON, OFF). WireError for anything else."""
        reply = self.ask(cmd)
        try:
            return {"0": False, "1": True, "OFF": False, "ON": True}[reply.strip().upper()]
        except KeyError:
            raise self.bad_reply(cmd, reply, "0 or 1") from None

    # Limits and waits

    def require_within(
        self,
        what: str,
        value: float,
        low: float,
        high: float,
        unit: str,
        remedy: str = "choose a value inside",
    ) -> float:
        """Return ``value`` when inside the limits, else raise LimitError before a byte goes out."""
        return require_within(self.name, what, value, low, high, unit, remedy)

    def wait_until(self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float, what: str) -> None:
        """Poll ``condition`` through the bench's clock; NotReadyError names ``what`` after ``timeout_s``."""
        wait_until(self.name, self.clock, condition, timeout_s=timeout_s, poll_s=poll_s, what=what)

    # Inside

    def _text(self, cmd: str, raw: bytes) -> str:
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError:
            raise self.bad_reply(cmd, raw, "ASCII text") from None

    def _wire_failed(self, cmd: str, what: str, error: Exception) -> WireError:
        self._late_reply_possible = True
        code = getattr(error, "abbreviation", type(error).__name__)
        return WireError(
            f"{self.name}: '{cmd}' {what} ({code}) within {self.visa_handle.timeout / 1000:g} s; "
            "check power, cable and address"
        )

    def _discard_late_replies(self) -> None:
        """A late reply would answer the next question: read until the line is silent."""
        handle = self.visa_handle
        usual_timeout_ms = handle.timeout
        handle.timeout = DRAIN_TIMEOUT_MS
        try:
            for _ in range(LONGEST_LINE):
                handle.read_bytes(1)
        except errors.VisaIOError as error:
            if error.error_code != constants.StatusCode.error_timeout:
                raise self._wire_failed("(clearing late replies)", "failed", error) from error
        finally:
            handle.timeout = usual_timeout_ms
        self._late_reply_possible = False
