"""Hübner C-WAVE tunable continuous-wave laser on TCP; plays FineTunableLaser.

Wire: port 10001, commands end in CR, replies ``name:value`` end in CR or LF and may take seconds; a reply
beginning with ``?`` is a refusal. The wavelength cannot be asked: reported is what was last dialled here and
confirmed by the lock bits. The dialled wavelength is the visible one (half the oscillator's). In
``get_log?`` a status bit of 0 means OK.
Source: a public driver of the C-WAVE 2.0; the command list of the vendor's library. Firmware seen: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

STATUS_BITS = (
    "OPO stepper",
    "OPO temperature",
    "SHG stepper",
    "SHG temperature",
    "etalon coarse",
    "OPO lock",
    "SHG lock",
    "etalon lock",
    "laser emission",
    "reference temperature",
    "OPO stable",
)
DIAL_DONE = ("OPO lock", "SHG lock")
LOCKED = ("OPO lock", "SHG lock", "etalon lock")
EMISSION = "laser emission"
LOG_FIELDS = 11
SPECTRAL_WIDTH_NM = 1e-6  # < 1 MHz at 600 nm is 1.2e-6 nm


class CWave(LabInstrument):
    """Visible wavelength in nm, dialled in steps of 0.01 nm, shifted in steps of 0.001 nm."""

    MODEL: ClassVar[str] = "cwave"
    WRITE_TERMINATOR = b"\r"
    READ_TERMINATOR = b""  # CR or LF: read byte by byte

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (450.0, 650.0),
        shift_limit_nm: float = 1.0,
        tune_timeout_s: float = 600.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        """``shift_limit_nm``: largest total shift since the last tune."""
        visa.setdefault("timeout", 10.0)  # through its own control program the laser answers late
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._shift_limit_nm = positive(name, "shift_limit_nm", shift_limit_nm, "nm")
        self._tune_timeout_s = tune_timeout_s
        self._dialled_nm: float | None = None
        self._shifted_pm = 0
        self.emission = self.add_parameter(
            "emission",
            get_cmd=lambda: self.ask("laser_en?") == "1",
            set_cmd=lambda on: self.ask(f"laser_en:{int(bool(on))}"),
            docstring="Control the internal pump laser: True on, False off (no unit).",
        )
        self.output_shutter = self.add_parameter(
            "output_shutter",
            get_cmd=lambda: self._shutter_state("shtter_shg_out?"),
            set_cmd=lambda is_open: self.ask(f"shtter_shg_out:{int(bool(is_open))}"),
            docstring="Control the shutter of the visible output: True open, False closed (no unit).",
        )
        self.status = self.add_parameter(
            "status",
            get_cmd=lambda: ", ".join(self._not_ok()) or "OK",
            docstring="Get the names of the status bits that are not OK, or OK (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity; WireError if it is not a C-WAVE."""
        info = self.ask("info?")
        if not info.startswith("CWave"):
            raise self.bad_reply("info?", info, "a text beginning with CWave")
        return {
            "vendor": "Hübner Photonics",
            "model": info,
            "serial": self.ask("uniqueid?"),
            "firmware": None,
        }

    # TunableLaser

    def wavelength_range_nm(self) -> tuple[float, float]:
        """Shortest and longest visible wavelength, nm: the station's limits."""
        return self._wavelength_limits_nm

    def wavelength_nm(self) -> float:
        """Wavelength last dialled plus the shifts since, nm; NotReadyError before the first tune()."""
        if self._dialled_nm is None:
            raise NotReadyError(f"{self.name}: the wavelength is unknown (the laser cannot be asked); tune() first")
        return self._dialled_nm + self._shifted_pm * 1e-3

    def spectral_width_nm(self) -> float:
        """Full width at half maximum, nm (data sheet: below 1 MHz)."""
        return SPECTRAL_WIDTH_NM

    def tune(self, wavelength_nm: float) -> float:
        """Close the output, dial, wait for the OPO and SHG locks; returns the dialled wavelength, nm."""
        low, high = self._wavelength_limits_nm
        self.require_within("wavelength", wavelength_nm, low, high, "nm", "choose another or change the station")
        dial = round(wavelength_nm * 100)
        self._require_emission()
        self.close_output()
        self._dialled_nm, self._shifted_pm = None, 0
        self.ask(f"opo_lambda:{dial}")
        self._wait_for_lock(DIAL_DONE, self._tune_timeout_s, f"OPO and SHG lock at {dial / 100:g} nm")
        self.ask("regeta_catch")
        self._wait_for_lock(LOCKED, self._tune_timeout_s, f"etalon lock at {dial / 100:g} nm")
        self._dialled_nm = dial / 100
        return self._dialled_nm

    def open_output(self) -> None:
        """Open the visible output; InterlockError without emission, NotReadyError unless all locks hold."""
        self._require_emission()
        missing = [name for name in self._not_ok() if name in LOCKED]
        if missing:
            raise NotReadyError(f"{self.name}: {', '.join(missing)} not reached; tune() again before opening")
        self.output_shutter(True)
        self._wait_for_shutter(True)

    def close_output(self) -> None:
        """Close the visible output and confirm it."""
        self.output_shutter(False)
        self._wait_for_shutter(False)

    def output_is_open(self) -> bool:
        """Read the shutter of the visible output."""
        return bool(self.output_shutter())

    # FineTunableLaser

    def shift(self, delta_nm: float) -> float:
        """Shift by ``delta_nm`` (whole picometres), wait for lock; returns the total since tune(), nm."""
        step_pm = round(delta_nm * 1000)
        total_pm = self._shifted_pm + step_pm
        limit = self._shift_limit_nm
        self.require_within("total shift", total_pm * 1e-3, -limit, limit, "nm", "tune() to the new wavelength")
        low, high = self._wavelength_limits_nm
        if not low <= self.wavelength_nm() + step_pm * 1e-3 <= high:
            raise LimitError(f"{self.name}: shifting by {delta_nm:g} nm leaves {low:g} to {high:g} nm; tune() instead")
        if step_pm != 0:
            self.ask(f"thicketa_rel_hr:{step_pm}")
            self._shifted_pm = total_pm
            self._wait_for_lock(LOCKED, self._tune_timeout_s, f"lock after a shift of {step_pm} pm")
        return self._shifted_pm * 1e-3

    # Inside

    def ask_raw(self, cmd: str) -> str:
        """Send one command; returns the value after ``name:`` (empty when there is none)."""
        with self.lock:
            self.send(cmd)
            reply = self.receive_until(cmd, b"\r\n")
            if not reply:  # the second half of a CR LF
                reply = self.receive_until(cmd, b"\r\n")
        if reply.startswith("?"):
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply!r}; check command and value")
        name = cmd.split(":")[0].rstrip("?")
        answered, _, value = reply.replace("?", ":", 1).partition(":")
        if answered != name:
            raise self.bad_reply(cmd, reply, f"a reply beginning with '{name}:'")
        return value.lstrip(":").strip()

    def _shutter_state(self, query: str) -> bool:
        reply = self.ask(query)
        if reply not in ("0", "1"):
            raise self.bad_reply(query, reply, "0 or 1")
        return reply == "1"

    def _not_ok(self) -> list[str]:
        reply = self.ask("get_log?")
        try:
            numbers = [int(field) for field in reply.split(":")]
        except ValueError:
            numbers = []
        if len(numbers) != LOG_FIELDS:
            raise self.bad_reply("get_log?", reply, f"{LOG_FIELDS} whole numbers joined by ':'")
        return [name for bit, name in enumerate(STATUS_BITS) if numbers[-1] >> bit & 1]

    def _wait_for_lock(self, needed: tuple[str, ...], timeout_s: float, what: str) -> None:
        self.wait_until(lambda: not set(needed) & set(self._not_ok()), timeout_s=timeout_s, poll_s=1.0, what=what)

    def _require_emission(self) -> None:
        if EMISSION in self._not_ok():
            raise InterlockError(f"{self.name}: no laser emission (key, interlock or laser_en); switch it on first")

    def _wait_for_shutter(self, is_open: bool) -> None:
        word = "open" if is_open else "closed"
        self.wait_until(
            lambda: self.output_shutter() is is_open, timeout_s=5.0, poll_s=0.2, what=f"output shutter {word}"
        )
