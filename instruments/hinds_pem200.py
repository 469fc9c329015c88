"""Hinds PEM-200 photoelastic modulator on USB serial; plays PolarisationModulator.

Wire: 250000 8N1; commands end with ``;`` and every one is answered ``[NAME](value)`` LF, an unknown one
``<SCPINOP>``. ``:MOD:AMP`` is the peak retardance times the wavelength, in nm; a value beyond ``:MOD:AMPR?`` is
clamped: refused here, and checked by read-back. Some firmware answers a new amplitude only while the optic is driven,
so it is driven first. Source: Hinds PEM-200 user manual, USB commands. Firmware seen: none.
"""

import re
from typing import ClassVar, Unpack

from instruments.errors import LimitError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

MOST_WAVES = 1.0
STABLE_TIMEOUT_S = 30.0
_ANSWER = re.compile(r"\s*\[([A-Z]+)\]\((.*)\)\s*")


class Pem200(LabInstrument):
    """Amplitudes in nm of path: peak retardance (waves) times wavelength (nm)."""

    MODEL: ClassVar[str] = "pem200"
    WRITE_TERMINATOR = b";"
    READ_TERMINATOR = b"\n"
    BAUD_RATE = 250_000

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (170.0, 2000.0),
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self.amplitude = self.add_parameter(
            "amplitude",
            unit="nm",
            get_cmd=lambda: self._number(":MOD:AMP?", "AMP"),
            set_cmd=self._set_amplitude,
            docstring="Control the amplitude (peak retardance times wavelength), nm, from 10 to 550 (see its range).",
        )
        self.frequency = self.add_parameter(
            "frequency",
            unit="Hz",
            get_cmd=lambda: self._number(":MOD:FREQ?", "FREQUENCY"),
            docstring="Measure the frequency of the modulation, Hz, from 20e3 to 100e3.",
        )
        self.stable = self.add_parameter(
            "stable",
            get_cmd=lambda: self._flag(":MOD:STABLE?", "STABLE"),
            docstring="Get whether the amplitude has settled: True or False (no unit).",
        )
        self.output = self.add_parameter(
            "output",
            get_cmd=lambda: self._flag(":SYS:PEMO?", "PEMOUT"),
            set_cmd=lambda on: self._value(f":SYS:PEMO {int(bool(on))}", "PEMOUT"),
            docstring="Control whether the optic is driven: True or False (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial and firmware."""
        parts: list[str | None] = [part.strip() for part in self._value("*IDN?", "IDN").split(",", 3)]
        vendor, model, serial, firmware = [*parts, None, None, None][:4]
        return {"vendor": vendor, "model": model, "serial": serial, "firmware": firmware}

    # PolarisationModulator

    def amplitude_range_nm(self) -> tuple[float, float]:
        """Lowest and highest amplitude, nm, as the controller states them."""
        reply = self._value(":MOD:AMPR?", "AMPR")
        try:
            low, high = (float(part) for part in reply.split(","))
        except ValueError:
            raise self.bad_reply(":MOD:AMPR?", reply, "lowest and highest amplitude") from None
        return low, high

    def set_retardance(self, retardance_waves: float, wavelength_nm: float) -> float:
        """Drive the optic to this peak retardance at ``wavelength_nm``, wait until stable; returns waves read back.

        Raises LimitError beyond the controller's range, NotReadyError when it does not settle.
        """
        low_nm, high_nm = self._wavelength_limits_nm
        self.require_within("wavelength", positive(self.name, "wavelength", wavelength_nm, "nm"), low_nm, high_nm, "nm")
        self.require_within("peak retardance", retardance_waves, 0.0, MOST_WAVES, "waves")
        with self.lock:
            self._check_amplitude(retardance_waves * wavelength_nm)
            self.set_output(True)
            self.amplitude(retardance_waves * wavelength_nm)
        self.wait_until(lambda: bool(self.stable()), timeout_s=STABLE_TIMEOUT_S, poll_s=0.1, what="a stable amplitude")
        return float(self.amplitude()) / wavelength_nm

    def frequency_hz(self) -> float:
        """Frequency of the modulation, Hz."""
        return float(self.frequency())

    def set_output(self, on: bool) -> None:
        """Drive the optic or let it rest; confirmed by read-back."""
        self.output(on)
        if bool(self.output()) is not on:
            raise WireError(f"{self.name}: the optic reads {'resting' if on else 'driven'} after ':SYS:PEMO {int(on)}'")

    def output_is_on(self) -> bool:
        """Read whether the optic is driven."""
        return bool(self.output())

    # Inside

    def _value(self, cmd: str, name: str) -> str:
        """What stands in the brackets behind ``[name]``. WireError for any other answer."""
        reply = self.ask(cmd)
        match = _ANSWER.fullmatch(reply)
        if match is None or match[1] != name:
            raise self.bad_reply(cmd, reply, f"'[{name}](…)'")
        return match[2].strip()

    def _number(self, cmd: str, name: str) -> float:
        value = self._value(cmd, name)
        try:
            number = float(value)
        except ValueError:
            raise self.bad_reply(cmd, value, "a number in the brackets") from None
        if not abs(number) < float("inf"):
            raise self.bad_reply(cmd, value, "a finite number")
        return number

    def _flag(self, cmd: str, name: str) -> bool:
        value = self._value(cmd, name)
        if value not in ("0", "1"):
            raise self.bad_reply(cmd, value, "0 or 1 in the brackets")
        return value == "1"

    def _check_amplitude(self, amplitude_nm: float) -> None:
        low, high = self.amplitude_range_nm()
        self.require_within("amplitude", amplitude_nm, low, high, "nm", "choose another retardance or wavelength")

    def _set_amplitude(self, amplitude_nm: float) -> None:
        with self.lock:
            self._check_amplitude(amplitude_nm)
            self._value(f":MOD:AMP {amplitude_nm:.2f}", "AMP")
            reached_nm = self._number(":MOD:AMP?", "AMP")
        if abs(reached_nm - amplitude_nm) > 0.011:  # it keeps hundredths
            raise LimitError(
                f"{self.name}: amplitude {amplitude_nm:.2f} nm was clamped to {reached_nm:g} nm; choose one in range"
            )
