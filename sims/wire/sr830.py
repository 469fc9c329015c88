"""The SR830's wire: four-letter commands, LF behind replies, errors only in the event status byte."""

import math
import re
import struct
from collections.abc import Callable, Sequence

from sims.bench.sr830 import (
    FREQUENCY_RANGE_HZ,
    SAMPLE_RATES_HZ,
    SENSITIVITIES_V,
    TIME_CONSTANTS_S,
    Sr830,
)
from sims.wire.line import Device, Reply, WireSpeed
from sims.wire.values import RefusedError, number, whole

_IDENTITY = "Stanford_Research_Systems,SR830,s/n70321,ver1.07"
_COMMAND = re.compile(r"(\*?[A-Z]{3,4})\s*(\??)\s*(.*)", re.DOTALL)
_COMMAND_ERROR, _EXECUTION_ERROR = 1 << 5, 1 << 4
_INPUT_OVERLOAD, _OUTPUT_OVERLOAD = 1, 4
_NO_COMMAND_IN_PROGRESS = 1 << 1
_AUX_HIGHEST_V = 10.5
_GPIB = WireSpeed(2e-3)

Arguments = list[str]
Handler = Callable[[Arguments], str | bytes | None]


class Sr830Wire(Device):
    """As on GPIB: LF replies, CR or LF behind commands; also through an adapter to a serial line or a network."""

    speed = _GPIB

    def __init__(self, lock_in: Sr830) -> None:
        self._lock_in = lock_in
        self._events = 0
        self._mask = 0
        self._reset_inert()
        self._queries = self._query_table()
        self._sets = self._set_table()

    def _reset_inert(self) -> None:
        """Settings by command that do not act on the simulated signal: value, lowest, highest."""
        self._inert = {
            "ISRC": (0, 0, 3),
            "IGND": (0, 0, 1),
            "ICPL": (0, 0, 1),
            "ILIN": (0, 0, 3),
            "RMOD": (1, 0, 2),
            "SYNC": (0, 0, 1),
            "RSLP": (1, 0, 2),
            "OUTX": (1, 0, 1),
            "OVRM": (1, 0, 1),
            "TSTR": (0, 0, 1),
            "FAST": (0, 0, 2),
            "KCLK": (1, 0, 1),
            "ALRM": (1, 0, 1),
        }
        self._displays = {1: (0, 0), 2: (0, 0)}
        self._offsets = {1: (0.0, 0), 2: (0.0, 0), 3: (0.0, 0)}
        self._aux_v = dict.fromkeys((1, 2, 3, 4), 0.0)

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line, joined by ``;``."""
        replies = []
        for command in message.decode("ascii", "replace").split(";"):
            if not command.strip():
                continue
            try:
                value = self._carry_out(command.strip().upper())
            except RefusedError as refusal:
                self._events |= _COMMAND_ERROR if refusal.kind == "undefined" else _EXECUTION_ERROR
            else:
                if isinstance(value, bytes):
                    replies.append(Reply(value))
                elif value is not None:
                    replies.append(Reply(f"{value}\n".encode("ascii")))
        return replies

    def _carry_out(self, command: str) -> str | bytes | None:
        match = _COMMAND.fullmatch(command)
        if match is None:
            raise RefusedError("undefined")
        word, query, rest = match.groups()
        args = [each.strip() for each in rest.split(",")] if rest.strip() else []
        if word in self._inert:
            return self._inert_setting(word, bool(query), args)
        table = self._queries if query else self._sets
        if word not in table:
            raise RefusedError("undefined")
        return table[word](args)

    def _inert_setting(self, word: str, query: bool, args: Arguments) -> str | None:
        value, low, high = self._inert[word]
        if query:
            return str(value)
        self._inert[word] = (_index(args, low, high), low, high)
        return None

    # --- queries --------------------------------------------------------------------------------------------------

    def _query_table(self) -> dict[str, Handler]:
        lock_in = self._lock_in
        return {
            "*IDN": lambda _: _IDENTITY,
            "*TST": lambda _: "0",
            "*STB": lambda args: _bits(_NO_COMMAND_IN_PROGRESS, args),
            "*ESR": self._read_events,
            "*SRE": lambda _: "0",
            "*ESE": lambda _: "0",
            "ERRS": lambda args: _bits(0, args),
            "LIAS": self._read_status,
            "LIAE": lambda args: _bits(self._mask, args),
            "PHAS": lambda _: f"{lock_in.phase_deg:.2f}",
            "FMOD": lambda _: str(int(not lock_in.external_reference)),
            "FREQ": lambda _: f"{lock_in.frequency_hz():.6g}",
            "HARM": lambda _: str(lock_in.harmonic),
            "SLVL": lambda _: f"{lock_in.sine_v:.3f}",
            "SENS": lambda _: str(lock_in.sensitivity_index),
            "OFLT": lambda _: str(lock_in.time_constant_index),
            "OFSL": lambda _: str(lock_in.slope_index),
            "SRAT": lambda _: str(lock_in.sample_rate_index),
            "SEND": lambda _: str(int(lock_in.buffer_loops)),
            "SPTS": lambda _: str(len(lock_in.buffer())),
            "OUTP": lambda args: _shown(self._quantity(whole(_only(args), 1, 4))),
            "OUTR": lambda args: _shown(self._quantity(whole(_only(args), 1, 2))),
            "SNAP": self._snap,
            "OAUX": lambda args: _shown(0.0 * whole(_only(args), 1, 4)),
            "AUXV": lambda args: f"{self._aux_v[whole(_only(args), 1, 4)]:.3f}",
            "DDEF": lambda args: "{},{}".format(*self._displays[whole(_only(args), 1, 2)]),
            "OEXP": lambda args: "{:g},{}".format(*self._offsets[whole(_only(args), 1, 3)]),
            "TRCA": lambda args: "".join(f"{value:.6e}," for value in self._trace(args)),
            "TRCB": lambda args: b"".join(struct.pack("<f", value) for value in self._trace(args)),
            "TRCL": lambda args: b"".join(_mantissa_exponent(value) for value in self._trace(args)),
        }

    def _quantity(self, code: int) -> float:
        """1 X, 2 Y, 3 R (V), 4 θ (degrees), 5-8 auxiliary inputs (V), 9 reference frequency (Hz), 10, 11 displays."""
        if code in (5, 6, 7, 8):
            return 0.0
        if code == 9:
            return self._lock_in.frequency_hz()
        value = self._lock_in.output_v()
        if code in (1, 10):
            return value.real
        if code in (2, 11):
            return value.imag
        return abs(value) if code == 3 else math.degrees(math.atan2(value.imag, value.real))

    def _snap(self, args: Arguments) -> str:
        codes = [whole(text, 1, 11) for text in args]
        if not 2 <= len(codes) <= 6:
            raise RefusedError("bad_value")
        value = self._lock_in.output_v()  # all of one instant
        of_vector = {
            1: value.real,
            2: value.imag,
            3: abs(value),
            4: math.degrees(math.atan2(value.imag, value.real)),
            10: value.real,
            11: value.imag,
        }
        return ",".join(_shown(of_vector[code] if code in of_vector else self._quantity(code)) for code in codes)

    def _trace(self, args: Arguments) -> list[float]:
        if len(args) != 3:
            raise RefusedError("bad_value")
        points = self._lock_in.buffer()
        channel, start = whole(args[0], 1, 2), whole(args[1], 0, len(points))
        count = whole(args[2], 1)
        if start + count > len(points):
            raise RefusedError("out_of_range")
        return [point[channel - 1] for point in points[start : start + count]]

    def _read_status(self, args: Arguments) -> str:
        """The lock-in status byte as it is now."""
        overload = _INPUT_OVERLOAD if self._lock_in.input_overloaded() else 0
        return _bits(overload | (_OUTPUT_OVERLOAD if self._lock_in.output_overloaded() else 0), args)

    def _read_events(self, args: Arguments) -> str:
        text = _bits(self._events, args)
        self._events = 0
        return text

    # --- sets -----------------------------------------------------------------------------------------------------

    def _set_table(self) -> dict[str, Handler]:
        lock_in = self._lock_in
        return {
            "*RST": lambda _: self._reset(),
            "*CLS": lambda _: self._clear(),
            "*SRE": _checked(0, 255),
            "*ESE": _checked(0, 255),
            "LIAE": self._set_mask,
            "PHAS": self._set_phase,
            "FMOD": lambda args: self._assign("external_reference", _index(args, 0, 1) == 0),
            "FREQ": self._set_frequency,
            "HARM": lambda args: self._assign("harmonic", _index(args, 1, 19999)),
            "SLVL": lambda args: self._assign("sine_v", _within(number(_only(args)), 0.004, 5.0)),
            "SENS": lambda args: self._assign("sensitivity_index", _index(args, 0, len(SENSITIVITIES_V) - 1)),
            "OFLT": self._set_time_constant,
            "OFSL": lambda args: self._assign("slope_index", _index(args, 0, 3)),
            "SRAT": lambda args: self._assign("sample_rate_index", _index(args, 0, len(SAMPLE_RATES_HZ))),
            "SEND": lambda args: self._assign("buffer_loops", _index(args, 0, 1) == 1),
            "STRT": lambda _: lock_in.start_buffer(),
            "STRD": lambda _: lock_in.start_buffer(),
            "PAUS": lambda _: lock_in.pause_buffer(),
            "REST": lambda _: lock_in.reset_buffer(),
            "TRIG": lambda _: None,
            "AGAN": lambda _: lock_in.auto_gain(),
            "ARSV": lambda _: None,
            "APHS": lambda _: lock_in.auto_phase(),
            "AOFF": _checked(1, 3),
            "AUXV": self._set_aux,
            "DDEF": self._set_display,
            "OEXP": self._set_offset,
            "SSET": _checked(1, 9),
            "RSET": _checked(1, 9),
        }

    def _assign(self, name: str, value: object) -> None:
        setattr(self._lock_in, name, value)

    def _reset(self) -> None:
        self._lock_in.preset()
        self._reset_inert()
        self._clear()

    def _clear(self) -> None:
        self._events = 0

    def _set_mask(self, args: Arguments) -> None:
        if len(args) == 2:
            bit, on = whole(args[0], 0, 7), whole(args[1], 0, 1)
            self._mask = self._mask & ~(1 << bit) | (on << bit)
        else:
            self._mask = _index(args, 0, 255)

    def _set_phase(self, args: Arguments) -> None:
        degrees = _within(number(_only(args)), -360.0, 729.99)
        self._lock_in.phase_deg = round((degrees + 180.0) % 360.0 - 180.0, 2)

    def _set_frequency(self, args: Arguments) -> None:
        """Only the internal oscillator can be set."""
        frequency_hz = _within(number(_only(args)), *FREQUENCY_RANGE_HZ)
        if self._lock_in.external_reference:
            raise RefusedError("not_now")
        self._lock_in.internal_frequency_hz = float(f"{frequency_hz:.5g}")

    def _set_time_constant(self, args: Arguments) -> None:
        self._lock_in.time_constant_index = _index(args, 0, len(TIME_CONSTANTS_S) - 1)

    def _set_aux(self, args: Arguments) -> None:
        if len(args) != 2:
            raise RefusedError("bad_value")
        channel = whole(args[0], 1, 4)
        self._aux_v[channel] = round(_within(number(args[1]), -_AUX_HIGHEST_V, _AUX_HIGHEST_V), 3)

    def _set_display(self, args: Arguments) -> None:
        if len(args) != 3:
            raise RefusedError("bad_value")
        self._displays[whole(args[0], 1, 2)] = (whole(args[1], 0, 4), whole(args[2], 0, 2))

    def _set_offset(self, args: Arguments) -> None:
        if len(args) != 3:
            raise RefusedError("bad_value")
        percent = _within(number(args[1]), -105.0, 105.0)
        self._offsets[whole(args[0], 1, 3)] = (round(percent, 2), whole(args[2], 0, 2))


def _only(args: Arguments) -> str:
    if len(args) != 1:
        raise RefusedError("bad_value")
    return args[0]


def _index(args: Arguments, low: int, high: int) -> int:
    """A whole number, also written as ``8.000000``."""
    value = number(_only(args))
    if value != int(value) or not low <= value <= high:
        raise RefusedError("out_of_range")
    return int(value)


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise RefusedError("out_of_range")
    return value


def _checked(low: int, high: int) -> Handler:
    """A command with one whole number that does not act on the simulated signal."""

    def handler(args: Arguments) -> None:
        _index(args, low, high)

    return handler


def _bits(byte: int, args: Arguments) -> str:
    """The whole byte, or one bit of it."""
    return str(byte) if not args else str(byte >> whole(_only(args), 0, 7) & 1)


def _shown(value: float) -> str:
    return f"{value:.6g}"


def _mantissa_exponent(value: float) -> bytes:
    """The lock-in's own binary form: 16-bit mantissa and exponent, value = m · 2^(e - 124)."""
    fraction, exponent = math.frexp(value)
    return struct.pack("<hh", round(fraction * 2**14), exponent - 14 + 124)
