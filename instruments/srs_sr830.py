"""Stanford Research Systems SR830 lock-in amplifier on GPIB (or RS-232); plays LockIn.

pymeasure's and QCoDeS' drivers are not used: the first clips values silently to the nearest setting, both hand out a
reading without looking whether the input overloads or the reference is unlocked.

Wire: LF (GPIB) behind commands and replies. ``SNAP?1,2,9``: X, Y and reference frequency of one instant. ``SENS``,
``OFLT``, ``OFSL`` take indices. ``LIAS?``: 0 input or 1 filter or 2 output overload, 3 reference unlocked; reading
clears it. ``*ESR?`` tells refused commands (bits 4 and 5).
Source: SR830 manual, remote programming. Firmware seen: none.
"""

import math
from typing import ClassVar, Unpack

from instruments.errors import NotReadyError, WireError
from instruments.roles import LockInReading
from instruments.visa import LabInstrument, VisaOptions

SENSITIVITIES_V = tuple(float(f"{m}e{e}") for e in range(-9, 1) for m in (1, 2, 5))[1:-2]
TIME_CONSTANTS_S = tuple(float(f"{m}e{e}") for e in range(-5, 5) for m in (1, 3))
SLOPES_DB_PER_OCTAVE = (6, 12, 18, 24)
SETTLING = (5.0, 7.0, 9.0, 10.0)  # time constants to 99 % for one to four poles, as the manual's table
STATUS = {0: "input overload", 1: "filter overload", 2: "output overload", 3: "reference unlocked"}
REFUSED = 0b0011_0000


class Sr830(LabInstrument):
    """Voltages are root mean square, V; the phase is in degrees.

    ``external_reference``: the reference comes from the chopper or modulator (else from the internal oscillator).
    """

    MODEL: ClassVar[str] = "sr830"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        external_reference: bool = True,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._external_reference = bool(external_reference)
        self.sensitivity = self.add_parameter(
            "sensitivity",
            unit="V",
            get_cmd=lambda: self._from_table("SENS?", SENSITIVITIES_V),
            set_cmd=lambda value: self._set_from_table("SENS", SENSITIVITIES_V, "sensitivity", value, "V"),
            docstring="Control the full scale, V: 1, 2 or 5 times a power of ten from 2e-9 to 1.",
        )
        self.time_constant = self.add_parameter(
            "time_constant",
            unit="s",
            get_cmd=lambda: self._from_table("OFLT?", TIME_CONSTANTS_S),
            set_cmd=lambda value: self._set_from_table("OFLT", TIME_CONSTANTS_S, "time constant", value, "s"),
            docstring="Control the time constant, s: 1 or 3 times a power of ten from 1e-5 to 3e4.",
        )
        self.slope = self.add_parameter(
            "slope",
            unit="dB/oct",
            get_cmd=lambda: self._from_table("OFSL?", SLOPES_DB_PER_OCTAVE),
            set_cmd=lambda value: self._set_from_table("OFSL", SLOPES_DB_PER_OCTAVE, "slope", value, "dB/oct"),
            docstring="Control the slope of the output filter, dB/oct: 6, 12, 18 or 24.",
        )
        self.frequency = self.add_parameter(
            "frequency",
            unit="Hz",
            get_cmd=lambda: self.ask_float("FREQ?"),
            docstring="Measure the reference frequency, Hz, from 0.001 to 102000.",
        )
        self.phase = self.add_parameter(
            "phase",
            unit="deg",
            get_cmd=lambda: self.ask_float("PHAS?"),
            set_cmd=self._set_phase,
            docstring="Control the reference phase, deg, from -180 to 180.",
        )

    # LockIn

    def prepare(self, sensitivity_v: float, time_constant_s: float) -> tuple[float, float]:
        """Set reference source, full scale (V) and time constant (s), rounded up; returns both as read back."""
        with self.lock:
            source = 0 if self._external_reference else 1
            self._setting(f"FMOD {source}")
            if self.ask_int("FMOD?") != source:
                raise NotReadyError(f"{self.name}: reference source {source} was not taken; check the panel")
            self.sensitivity(sensitivity_v)
            self.time_constant(time_constant_s)
            return float(self.sensitivity()), float(self.time_constant())

    def reading(self) -> LockInReading:
        """Wait until the filter has settled, then read; NotReadyError on an overload or an unlocked reference."""
        poles = SLOPES_DB_PER_OCTAVE.index(round(float(self.slope())))
        with self.lock:
            self.ask_int("LIAS?")  # what has happened before does not count
        self.clock.sleep_s(SETTLING[poles] * float(self.time_constant()))
        cmd = "SNAP?1,2,9"
        with self.lock:
            reply = self.ask(cmd)
            status = self.ask_int("LIAS?")
        problems = [text for bit, text in STATUS.items() if status >> bit & 1]
        if problems:
            raise NotReadyError(
                f"{self.name}: {' and '.join(problems)} (LIAS? reads {status}); take a larger full scale or check the "
                "reference cable"
            )
        x_v, y_v, frequency_hz = self._numbers(cmd, reply, 3)
        return LockInReading(x_v, y_v, frequency_hz)

    # Inside

    def _numbers(self, cmd: str, reply: str, count: int) -> list[float]:
        try:
            numbers = [float(field) for field in reply.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != count or not all(math.isfinite(each) for each in numbers):
            raise self.bad_reply(cmd, reply, f"{count} finite numbers separated by commas")
        return numbers

    def _setting(self, cmd: str) -> None:
        with self.lock:
            self.write(cmd)
            events = self.ask_int("*ESR?")
        if events & REFUSED:
            raise WireError(f"{self.name}: '{cmd}' was refused (*ESR? reads {events}); check the value")

    def _from_table(self, cmd: str, table: tuple[float, ...]) -> float:
        index = self.ask_int(cmd)
        if not 0 <= index < len(table):
            raise self.bad_reply(cmd, str(index), f"an index from 0 to {len(table) - 1}")
        return table[index]

    def _set_from_table(self, word: str, table: tuple[float, ...], what: str, value: float, unit: str) -> None:
        """The smallest setting that is not below ``value``, confirmed."""
        self.require_within(what, value, table[0], table[-1], unit)
        index = next(i for i, each in enumerate(table) if each >= value * (1.0 - 1e-9))
        with self.lock:
            self._setting(f"{word} {index}")
            reached = self._from_table(f"{word}?", table)
        if reached != table[index]:
            raise NotReadyError(f"{self.name}: {what} {table[index]:g} {unit} was not taken, it is {reached:g} {unit}")

    def _set_phase(self, phase_deg: float) -> None:
        self.require_within("phase", phase_deg, -180.0, 180.0, "deg")
        self._setting(f"PHAS {phase_deg:.2f}")
