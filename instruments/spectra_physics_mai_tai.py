"""Spectra-Physics Mai Tai titanium-sapphire laser on RS-232; plays PulsedSource and TunableLaser.

Wire: 9600 8N1, XON/XOFF; settings are answered by nothing, so each is confirmed by a query; values carry units
(``820nm``, ``050%``, ``1.20W``). ``SHUT?`` tells the old position for about a second after a move: a read-back
younger than that proves nothing and is waited for. ``ON`` is refused by the laser below 100 % warm-up, ``OFF`` leaves
the shutter open. The meaning of ``*STB?`` depends on the firmware: ``status_byte`` "emission" (bit 0 emission,
1 mode-locked) or "errors" (bit 5 system error, 6 emission; mode lock is not reported). The watchdog is a safety
device: left alone. Source: Mai Tai user's manual, RS-232 commands. Firmware seen: none.
"""

import re
from typing import ClassVar, Unpack

import pyvisa
from pyvisa import constants

from instruments.errors import InterlockError, LimitError, NotReadyError
from instruments.pulses import sech2_width_nm
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

SHUTTER_STALE_S = 1.2
EMISSION, MODE_LOCKED = 1 << 0, 1 << 1
OLD_EMISSION, OLD_SYSTEM_ERROR = 1 << 6, 1 << 5
STATUS_BYTES = ("emission", "errors")
_VALUE = re.compile(r"\s*([+-]?\d+(?:\.\d*)?)\s*(nm|%|W)?\s*")


class MaiTai(LabInstrument):
    """Wavelength in nm (vacuum, whole numbers), power in W. ``repetition_rate_hz`` and ``pulse_width_fs`` are the
    data sheet's. ``settle_s``: wait after tuning with the firmware that does not report mode lock.
    """

    MODEL: ClassVar[str] = "maitai"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"
    BAUD_RATE = 9600

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (690.0, 1020.0),
        repetition_rate_hz: float = 80e6,
        pulse_width_fs: float = 100.0,
        status_byte: str = "emission",
        settle_s: float = 10.0,
        tune_timeout_s: float = 120.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        if status_byte not in STATUS_BYTES:
            raise LimitError(f"{name}: status_byte = {status_byte!r}; choose one of {', '.join(STATUS_BYTES)}")
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._repetition_rate_hz = positive(name, "repetition_rate_hz", repetition_rate_hz, "Hz")
        self._pulse_width_fs = positive(name, "pulse_width_fs", pulse_width_fs, "fs")
        self._reports_mode_lock = status_byte == "emission"
        self._settle_s = positive(name, "settle_s", settle_s, "s")
        self._tune_timeout_s = positive(name, "tune_timeout_s", tune_timeout_s, "s")
        self._shutter_settled_s = 0.0
        low, high = self._wavelength_limits_nm
        self.wavelength = self.add_parameter(
            "wavelength",
            unit="nm",
            get_cmd=lambda: round(self.ask_value("READ:WAV?", "nm")),
            set_cmd=self._set_wavelength,
            docstring=f"Control the wavelength, nm, whole numbers from {low:g} to {high:g}; tunes afterwards.",
        )
        self.shutter = self.add_parameter(
            "shutter",
            get_cmd=self._read_shutter,
            set_cmd=self._move_shutter,
            docstring="Control the laser's own shutter: True open, False closed (no unit).",
        )
        self.power = self.add_parameter(
            "power",
            unit="W",
            get_cmd=lambda: self.ask_value("READ:POW?", "W"),
            docstring="Measure the average output power, W, from 0 to about 3.",
        )
        self.warm_up = self.add_parameter(
            "warm_up",
            unit="%",
            get_cmd=lambda: self.ask_value("READ:PCTW?", "%"),
            docstring="Get the progress of the warm-up, %, from 0 (cold) to 100 (ready).",
        )
        self.emission = self.add_parameter(
            "emission",
            get_cmd=lambda: bool(self._status() & (EMISSION if self._reports_mode_lock else OLD_EMISSION)),
            docstring="Get whether the pump is lasing: True or False (no unit).",
        )

    def set_terminator(self, terminator: str | None) -> None:
        """Apply terminators and serial settings, with XON/XOFF as the manual asks."""
        super().set_terminator(terminator)
        if isinstance(self.visa_handle, pyvisa.resources.SerialInstrument):
            self.visa_handle.flow_control = constants.ControlFlow.xon_xoff

    # PulsedSource

    def repetition_rate_hz(self) -> float:
        """Pulse repetition rate, Hz (from the data sheet)."""
        return self._repetition_rate_hz

    def assert_mode_locked(self) -> None:
        """Raise NotReadyError unless warm, lasing, at its wavelength and (if reported) mode-locked.

        InterlockError for an error of the pump laser. Firmware that does not report mode lock cannot be checked for it.
        """
        self._require_no_fault()
        warm_percent = float(self.warm_up())
        if warm_percent < 100.0:
            raise NotReadyError(f"{self.name}: warmed up to {warm_percent:g} %; wait for 100 %, then switch it on")
        status = self._status()
        if not status & (EMISSION if self._reports_mode_lock else OLD_EMISSION):
            raise NotReadyError(f"{self.name}: emission is off; switch the laser on at its panel")
        if self._reports_mode_lock and not status & MODE_LOCKED:
            raise NotReadyError(f"{self.name}: not mode-locked (*STB? {status}); wait, or tune away and back")
        if not self._has_arrived():
            raise NotReadyError(f"{self.name}: still tuning; wait until READ:WAV? equals WAV?")

    # TunableLaser

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest wavelength, nm: the station's limits."""
        return self._wavelength_limits_nm

    def wavelength_nm(self) -> float:
        """Wavelength where the laser stands, nm, as it reports it."""
        return float(self.wavelength())

    def spectral_width_nm(self) -> float:
        """Full width at half maximum of a transform-limited sech² pulse: 0.315 λ² / (c τ), nm."""
        return sech2_width_nm(self.wavelength_nm(), self._pulse_width_fs)

    def tune(self, wavelength_nm: float) -> float:
        """Close the shutter, tune, wait for mode lock (or the settling time); returns the wavelength reached, nm."""
        self._check_wavelength(wavelength_nm)
        with self.lock:
            self._require_no_fault()
            self.close_output()
            self.wavelength(wavelength_nm)
        self.wait_until(
            self._is_settled,
            timeout_s=self._tune_timeout_s,
            poll_s=1.0,
            what=f"mode lock at {wavelength_nm:g} nm",
        )
        if not self._reports_mode_lock:
            self.clock.sleep_s(self._settle_s)
        return self.wavelength_nm()

    def open_output(self) -> None:
        """Open the laser's shutter; refused while cold, faulty, dark, tuning or not mode-locked."""
        with self.lock:
            self.assert_mode_locked()
            self.shutter(True)
        self._confirm_shutter(True)

    def close_output(self) -> None:
        """Close the laser's shutter and confirm it by a read-back that is old enough."""
        self.shutter(False)
        self._confirm_shutter(False)

    def output_is_open(self) -> bool:
        """Read the laser's shutter (after a move: once the read-back is old enough)."""
        return bool(self.shutter())

    # Inside

    def ask_value(self, cmd: str, unit: str) -> float:
        """Ask for a number followed by ``unit`` (some firmware leaves it out). WireError for anything else."""
        reply = self.ask(cmd)
        match = _VALUE.fullmatch(reply)
        if match is None or match[2] not in (unit, None):
            raise self.bad_reply(cmd, reply, f"a number in {unit}")
        return float(match[1])

    def _status(self) -> int:
        status = self.ask_int("*STB?")
        if not 0 <= status <= 255:
            raise self.bad_reply("*STB?", str(status), "a byte")
        return status

    def _require_no_fault(self) -> None:
        code = self.ask_int("PLAS:ERRC?")
        # An error code of the pump laser (interlock, diode, temperature) asks for a person.
        if code != 0:
            raise InterlockError(f"{self.name}: the pump laser reports error code {code}; see the manual, table 6-2")
        if not self._reports_mode_lock and self._status() & OLD_SYSTEM_ERROR:
            raise InterlockError(f"{self.name}: system error (open interlock or diagnostic); look at the laser")

    def _has_arrived(self) -> bool:
        return abs(self.ask_value("READ:WAV?", "nm") - self.ask_value("WAV?", "nm")) < 0.5

    def _is_settled(self) -> bool:
        return self._has_arrived() and (not self._reports_mode_lock or bool(self._status() & MODE_LOCKED))

    def _check_wavelength(self, wavelength_nm: float) -> None:
        low, high = self._wavelength_limits_nm
        self.require_within("wavelength", wavelength_nm, low, high, "nm", "choose another or change the station")

    def _set_wavelength(self, wavelength_nm: float) -> None:
        self._check_wavelength(wavelength_nm)
        target_nm = round(wavelength_nm)
        with self.lock:
            self.write(f"WAV {target_nm}")
            accepted_nm = self.ask_value("WAV?", "nm")
        if accepted_nm != target_nm:
            raise LimitError(
                f"{self.name}: wavelength {target_nm} nm was not accepted, it is set to {accepted_nm:g} nm; "
                "choose one inside its range (WAV:MIN?, WAV:MAX?)"
            )

    def _move_shutter(self, is_open: bool) -> None:
        with self.lock:
            self.write(f"SHUT {int(bool(is_open))}")
            self._shutter_settled_s = self.clock.now_s() + SHUTTER_STALE_S

    def _read_shutter(self) -> bool:
        with self.lock:
            still_stale_s = self._shutter_settled_s - self.clock.now_s()
            if still_stale_s > 0.0:
                self.clock.sleep_s(still_stale_s)
            return self.ask_flag("SHUT?")

    def _confirm_shutter(self, is_open: bool) -> None:
        word = "open" if is_open else "closed"
        self.wait_until(lambda: self.shutter() is is_open, timeout_s=4.0, poll_s=0.2, what=f"shutter {word}")
