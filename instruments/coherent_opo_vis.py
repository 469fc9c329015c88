"""Coherent Chameleon OPO-VIS optical parametric oscillator on RS-232; plays TunableLaser.

Wire: 38400 8N1, ASCII, LF. Wavelengths travel as Ångström of the *signal*; the visible beam is its second
harmonic, so 600 nm is ``OPO WAVELENGTH=12000``. ``STATUS?`` answers in words. Whether a setting is answered
differs between the units seen in public drivers: every setting is read back, and one empty or ``OK`` line before
the read-back is skipped.
Source: public drivers for OPO-VIS and Compact OPO; the manual's command list. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

ANGSTROM_OF_SIGNAL_PER_NM = 20.0  # 10 Å per nm, and the signal has twice the visible wavelength
SETTLED = "OK"
ON_THE_WAY = ("tuning", "optimizing", "wait for pump", "recover", "adjusting")


class OpoVis(LabInstrument):
    """Visible (second harmonic) wavelength in nm, quantised to 0.05 nm (1 Å of signal).

    ``spectral_width_nm``: full width at half maximum as the lab measured it; the OPO does not report it.
    """

    MODEL: ClassVar[str] = "opo-vis"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"
    BAUD_RATE = 38400

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (500.0, 750.0),
        spectral_width_nm: float = 2.5,
        tune_timeout_s: float = 300.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._spectral_width_nm = positive(name, "spectral_width_nm", spectral_width_nm, "nm")
        self._tune_timeout_s = tune_timeout_s
        low, high = self._wavelength_limits_nm
        self.wavelength = self.add_parameter(
            "wavelength",
            unit="nm",
            get_cmd=lambda: self.ask_int("OPO WAVELENGTH?") / ANGSTROM_OF_SIGNAL_PER_NM,
            set_cmd=self._set_wavelength,
            docstring=f"Control the visible wavelength, nm, from {low:g} to {high:g}; it tunes afterwards.",
        )
        self.output_shutter = self.add_parameter(
            "output_shutter",
            get_cmd=lambda: self.ask_flag("OPO OUT SHUTTER?"),
            set_cmd=lambda is_open: self._set_switch("OPO OUT SHUTTER", bool(is_open)),
            docstring="Control the OPO's output shutter: True open, False closed (no unit).",
        )
        self.harmonic_mirror = self.add_parameter(
            "harmonic_mirror",
            get_cmd=lambda: self.ask_flag("OPO SHG MIRROR?"),
            set_cmd=lambda is_in: self._set_switch("OPO SHG MIRROR", bool(is_in)),
            docstring="Control the mirror before the doubler: True visible, False infrared (no unit).",
        )
        self.bypass = self.add_parameter(
            "bypass",
            get_cmd=lambda: self.ask_flag("BEAM SPLITTER?"),
            set_cmd=lambda is_bypassed: self._set_switch("BEAM SPLITTER", bool(is_bypassed)),
            docstring="Control the pump's beam splitter: True bypasses the OPO, False pumps it (no unit).",
        )
        self.power = self.add_parameter(
            "power",
            unit="W",
            get_cmd=lambda: self.ask_float("OPO SHG POWER?") * 1e-3,
            docstring="Measure the visible average power, W, from 0 to about 1.",
        )
        self.status = self.add_parameter(
            "status",
            get_cmd=lambda: self.ask("STATUS?").strip(),
            docstring="Get the status in words: OK, tuning (nnnn nm), optimizing, no pump, … (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity (``*ID?``, not ``*IDN?``)."""
        return {"vendor": "Coherent", "model": self.ask("*ID?").strip(), "serial": None, "firmware": None}

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest visible wavelength, nm: the station's limits."""
        return self._wavelength_limits_nm

    def wavelength_nm(self) -> float:
        """Visible wavelength, nm: half the signal's."""
        return float(self.wavelength())

    def spectral_width_nm(self) -> float:
        """Full width at half maximum of the visible pulses, nm (station file)."""
        return self._spectral_width_nm

    def tune(self, wavelength_nm: float) -> float:
        """Close the output, tune, wait for status OK; returns the wavelength reached, nm."""
        self._check_wavelength(wavelength_nm)
        self.close_output()
        with self.lock:
            if not self.harmonic_mirror():
                self.harmonic_mirror(True)
            self.wavelength(wavelength_nm)
        self.wait_until(
            self._is_settled,
            timeout_s=self._tune_timeout_s,
            poll_s=2.0,
            what=f"status OK at {wavelength_nm:g} nm",
        )
        return self._confirmed(wavelength_nm)

    def open_output(self) -> None:
        """Open the output shutter; NotReadyError unless the status is OK and the harmonic mirror is in."""
        with self.lock:
            status = str(self.status())
            if status != SETTLED:
                raise NotReadyError(f"{self.name}: status is '{status}', not OK; tune again or check the pump")
            if not self.harmonic_mirror():
                raise NotReadyError(f"{self.name}: the harmonic mirror is out (infrared would leave); tune() sets it")
            self.output_shutter(True)
        self._wait_for_shutter(True)

    def close_output(self) -> None:
        """Close the output shutter and confirm it."""
        self.output_shutter(False)
        self._wait_for_shutter(False)

    def output_is_open(self) -> bool:
        """Read the output shutter."""
        return bool(self.output_shutter())

    # Inside

    def _is_settled(self) -> bool:
        status = str(self.status())
        if status == SETTLED:
            return True
        if status.startswith(ON_THE_WAY):
            return False
        raise NotReadyError(f"{self.name}: stopped tuning with status '{status}'; check pump beam and wavelength")

    def _check_wavelength(self, wavelength_nm: float) -> None:
        low, high = self._wavelength_limits_nm
        self.require_within("wavelength", wavelength_nm, low, high, "nm", "choose another or change the station")

    def _set_wavelength(self, wavelength_nm: float) -> None:
        self._check_wavelength(wavelength_nm)
        # What is read back at once may still be on its way; tune() compares when the OPO has settled.
        self._set_and_read_back("OPO WAVELENGTH", round(wavelength_nm * ANGSTROM_OF_SIGNAL_PER_NM))

    def _confirmed(self, wavelength_nm: float) -> float:
        """Wavelength reached, nm; LimitError when the settled OPO stands elsewhere than it was told to."""
        reached_nm = self.wavelength_nm()
        if abs(reached_nm - wavelength_nm) > 1.5 / ANGSTROM_OF_SIGNAL_PER_NM:
            raise LimitError(
                f"{self.name}: asked for {wavelength_nm:g} nm, the OPO settled at {reached_nm:g} nm; "
                "choose a wavelength inside its range"
            )
        return reached_nm

    def _set_switch(self, word: str, on: bool) -> None:
        # The mechanics are slow: the state reached is awaited by the caller, here only the line is read.
        self._set_and_read_back(word, int(on))

    def _set_and_read_back(self, word: str, value: int) -> int:
        """Send ``word=value`` and ask ``word?`` in one transaction; returns the answer."""
        command, query = f"{word}={value}", f"{word}?"
        with self.lock:
            self.send(command)
            self.send(query)
            reply = self.receive_line(query).strip()
            if reply in ("", "OK"):  # the setting was acknowledged: the next line is the answer
                reply = self.receive_line(query).strip()
            if "error" in reply.lower():
                self._late_reply_possible = True
                raise WireError(f"{self.name}: '{command}' was refused with {reply!r}; check the command's range")
            try:
                number = float(reply)
                whole = int(number)
            except (ValueError, OverflowError):
                raise self.bad_reply(query, reply, "a whole number") from None
            if whole != number:
                raise self.bad_reply(query, reply, "a whole number")
            return whole

    def _wait_for_shutter(self, is_open: bool) -> None:
        word = "open" if is_open else "closed"
        self.wait_until(
            lambda: self.output_shutter() is is_open, timeout_s=5.0, poll_s=0.2, what=f"output shutter {word}"
        )
