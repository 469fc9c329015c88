"""Coherent Chameleon Ultra titanium-sapphire laser on RS-232; plays PulsedSource and TunableLaser.

Wire: 19200 8N1, ASCII, CR LF both ways; queries ``?VW``, settings ``SHUTTER=1`` answered by an empty line
once echo and prompt are off. The laser clamps a wavelength out of range in silence: refused here, and checked
by read-back. The heartbeat (``HB``, laser off when the computer falls silent) is a safety device: left alone.
Source: Coherent Chameleon Ultra operator's manual, host command appendix. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.pulses import sech2_width_nm
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

FAULTS = {1: "laser head interlock", 2: "external interlock", 3: "power supply interlock"}
TUNING = {0: "ready", 1: "tuning", 2: "searching for mode lock", 3: "recovering"}


class Chameleon(LabInstrument):
    """Wavelength in nm (vacuum, whole numbers), power in W. ``repetition_rate_hz`` and ``pulse_width_fs``
    are the head's data sheet: the laser does not report them.
    """

    MODEL: ClassVar[str] = "chameleon"
    WRITE_TERMINATOR = b"\r\n"
    READ_TERMINATOR = b"\r\n"
    BAUD_RATE = 19200

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (690.0, 1040.0),
        repetition_rate_hz: float = 80e6,
        pulse_width_fs: float = 140.0,
        tune_timeout_s: float = 120.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._repetition_rate_hz = positive(name, "repetition_rate_hz", repetition_rate_hz, "Hz")
        self._pulse_width_fs = positive(name, "pulse_width_fs", pulse_width_fs, "fs")
        self._tune_timeout_s = tune_timeout_s
        self._talks_plainly = False
        low, high = self._wavelength_limits_nm
        self.wavelength = self.add_parameter(
            "wavelength",
            unit="nm",
            get_cmd=lambda: self.ask_int("?VW"),
            set_cmd=self._set_wavelength,
            docstring=f"Control the wavelength, nm, whole numbers from {low:g} to {high:g}; tunes afterwards.",
        )
        self.shutter = self.add_parameter(
            "shutter",
            get_cmd=lambda: self.ask_flag("?S"),
            set_cmd=lambda is_open: self._setting(f"SHUTTER={int(bool(is_open))}"),
            docstring="Control the laser's own shutter: True open, False closed (no unit).",
        )
        self.power = self.add_parameter(
            "power",
            unit="W",
            get_cmd=lambda: self.ask_float("?UF") * 1e-3,
            docstring="Measure the average output power, W, from 0 to about 4.",
        )
        self.mode_lock = self.add_parameter(
            "mode_lock",
            get_cmd=lambda: self.ask_int("?MDLK"),
            docstring="Get the mode-lock state: 0 off, 1 mode-locked, 2 continuous wave (no unit).",
        )
        self.tuning = self.add_parameter(
            "tuning",
            get_cmd=lambda: self.ask_int("?TS"),
            docstring="Get the tuning state: 0 ready, 1 tuning, 2 mode-lock search, 3 recovering (no unit).",
        )
        self.emission = self.add_parameter(
            "emission",
            get_cmd=lambda: self.ask_int("?L") == 1,
            docstring="Get whether the pump is lasing: True or False (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity; the laser reports its serial number only."""
        return {"vendor": "Coherent", "model": "Chameleon Ultra", "serial": self.ask("?SN"), "firmware": None}

    # PulsedSource

    def repetition_rate_hz(self) -> float:
        """Pulse repetition rate, Hz (from the data sheet)."""
        return self._repetition_rate_hz

    def assert_mode_locked(self) -> None:
        """Raise NotReadyError unless lasing, mode-locked and not tuning; InterlockError on a fault."""
        self._require_no_fault()
        if not self.emission():
            raise NotReadyError(f"{self.name}: emission is off; switch the laser on and wait until it is warm")
        mode_lock, tuning = self.mode_lock(), self.tuning()
        if mode_lock != 1 or tuning != 0:
            state = TUNING.get(tuning, f"state {tuning}")
            raise NotReadyError(
                f"{self.name}: not mode-locked (mode lock {mode_lock}, {state}); wait, or search at the laser"
            )

    # TunableLaser

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest wavelength, nm: the station's limits."""
        return self._wavelength_limits_nm

    def wavelength_nm(self) -> float:
        """Wavelength set, nm, as the laser reports it."""
        return float(self.wavelength())

    def spectral_width_nm(self) -> float:
        """Full width at half maximum of a transform-limited sech² pulse: 0.315 λ² / (c τ), nm."""
        return sech2_width_nm(self.wavelength_nm(), self._pulse_width_fs)

    def tune(self, wavelength_nm: float) -> float:
        """Close the shutter, tune, wait for mode lock; returns the wavelength reached, nm."""
        self._check_wavelength(wavelength_nm)
        with self.lock:
            self._require_no_fault()
            self.close_output()
            self.wavelength(wavelength_nm)
        self.wait_until(
            lambda: self.tuning() == 0 and self.mode_lock() == 1,
            timeout_s=self._tune_timeout_s,
            poll_s=1.0,
            what=f"mode lock at {wavelength_nm:g} nm",
        )
        return self.wavelength_nm()

    def open_output(self) -> None:
        """Open the laser's shutter; refused while a fault is set, unlocked or tuning."""
        with self.lock:
            if self.ask_int("?K") != 1:
                raise InterlockError(f"{self.name}: key switch is off; turn the key before opening the shutter")
            self.assert_mode_locked()
            self.shutter(True)
        self._wait_for_shutter(True)

    def close_output(self) -> None:
        """Close the laser's shutter and confirm it."""
        self.shutter(False)
        self._wait_for_shutter(False)

    def output_is_open(self) -> bool:
        """Read the laser's shutter."""
        return bool(self.shutter())

    # Inside

    def ask_raw(self, cmd: str) -> str:
        """Ask with echo and prompt off; they are switched off before the very first command."""
        with self.lock:
            if not self._talks_plainly:
                self._talk_plainly()
            return super().ask_raw(cmd)

    def _talk_plainly(self) -> None:
        # With the echo still on, the first replies carry the command: they are read and thrown away.
        replies = [super(Chameleon, self).ask_raw(cmd) for cmd in ("ECHO=0", "PROMPT=0")]
        self._late_reply_possible = any(replies)
        self._talks_plainly = True

    def _setting(self, cmd: str) -> None:
        reply = self.ask(cmd)
        if reply.strip():
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply!r}; an empty line was expected")

    def _check_wavelength(self, wavelength_nm: float) -> None:
        low, high = self._wavelength_limits_nm
        self.require_within("wavelength", wavelength_nm, low, high, "nm", "choose another or change the station")

    def _set_wavelength(self, wavelength_nm: float) -> None:
        self._check_wavelength(wavelength_nm)
        target_nm = round(wavelength_nm)
        with self.lock:
            self._setting(f"WAVELENGTH={target_nm}")
            reached_nm = self.ask_int("?VW")
        if reached_nm != target_nm:
            raise LimitError(
                f"{self.name}: wavelength {target_nm} nm was clamped to {reached_nm} nm by the laser; "
                "choose one inside its range (?TMIN, ?TMAX)"
            )

    def _require_no_fault(self) -> None:
        reply = self.ask("?F")
        try:
            codes = [int(code) for code in reply.split("&")]
        except ValueError:
            raise self.bad_reply("?F", reply, "fault numbers joined by '&'") from None
        active = [FAULTS.get(code, f"fault {code}") for code in codes if code != 0]
        if active:
            raise InterlockError(f"{self.name}: {', '.join(active)} is set; clear it at the laser")

    def _wait_for_shutter(self, is_open: bool) -> None:
        word = "open" if is_open else "closed"
        self.wait_until(lambda: self.shutter() is is_open, timeout_s=3.0, poll_s=0.1, what=f"shutter {word}")
