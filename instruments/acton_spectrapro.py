"""Acton (Princeton Instruments) SpectraPro SP-2500 monochromator on RS-232; plays Spectrograph.

Wire: 9600 8N1, commands end in CR, words after numbers (``700.000 GOTO``); the reply repeats the command on the
same line and ends ``ok`` CR LF. A bad command is answered with a ``?``. ``GOTO`` and ``GRATING`` answer when done
(``>NM`` would not block, but moves at the slow scan rate).
Source: SpectraPro 2500i user manual, command list; public drivers for the mirror and slit words. Firmware: none.

Optics. Czerny-Turner with include angle 2K: entrance angle a = p + K, exit angle b = p - K, and

    sin a + sin b = 2 cos K sin p = m g w                                                    (1)

with grating angle p, order m = 1, groove density g, wavelength w. A focal-plane position x off the axis is
seen at b + atan(x / f):  w(x) = (sin a + sin(b + atan(x / f))) / g,  dw/dx (0) = cos b / (g f).
"""

import math
import re
from typing import ClassVar, Unpack

import numpy as np

from instruments.errors import LimitError, NotReadyError
from instruments.roles import FloatArray
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

NM_PER_MM = 1e6
SLIT_LIMITS_UM = (10.0, 3000.0)
ARRIVED_WITHIN_NM = 0.05
GRATING_LINE = re.compile(r"^\s*\x1a?\s*(\d+)\s+(\d+)\s*g/mm", re.IGNORECASE)


def grating_angles(wavelength_nm: float, grooves_per_mm: float, include_angle_deg: float) -> tuple[float, float]:
    """Entrance and exit angle (radians) at a centre wavelength, eq. (1)."""
    half = math.radians(include_angle_deg) / 2
    grating = math.asin(grooves_per_mm * wavelength_nm / NM_PER_MM / (2 * math.cos(half)))
    return grating + half, grating - half


class SpectraPro(LabInstrument):
    """Centre wavelength in nm (vacuum axis as calibrated by the lab), slit in µm.

    ``focal_length_mm`` and ``include_angle_deg`` are the model's optics; adjust them with a calibration lamp.
    """

    MODEL: ClassVar[str] = "spectrapro"
    WRITE_TERMINATOR = b"\r"
    READ_TERMINATOR = b"\r\n"
    BAUD_RATE = 9600

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        wavelength_limits_nm: tuple[float, float] = (0.0, 1100.0),
        focal_length_mm: float = 500.0,
        include_angle_deg: float = 17.18,
        move_timeout_s: float = 60.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._wavelength_limits_nm = limit_pair(name, "wavelength_limits_nm", wavelength_limits_nm, "nm")
        self._focal_length_mm = positive(name, "focal_length_mm", focal_length_mm, "mm")
        self._include_angle_deg = float(include_angle_deg)
        self._move_timeout_s = move_timeout_s
        self._grooves_per_mm: dict[int, float] | None = None
        self._add_parameters()

    def _add_parameters(self) -> None:
        low, high = self._wavelength_limits_nm
        self.wavelength = self.add_parameter(
            "wavelength",
            unit="nm",
            get_cmd=lambda: self._number("?NM", "nm"),
            set_cmd=self._set_wavelength,
            docstring=f"Control the centre wavelength, nm, from {low:g} to {high:g}.",
        )
        self.grating = self.add_parameter(
            "grating",
            get_cmd=lambda: int(self._number("?GRATING", "")),
            set_cmd=self._set_grating,
            docstring="Control which grating is in the beam, 1 to 9 (no unit); turning takes tens of seconds.",
        )
        self.exit_mirror = self.add_parameter(
            "exit_mirror",
            get_cmd=lambda: self.ask("EXIT-MIRROR ?MIRROR").lower(),
            set_cmd=self.select_exit,
            docstring="Control the exit: 'front' (camera) or 'side' (slit) (no unit).",
        )
        self.exit_slit = self.add_parameter(
            "exit_slit",
            unit="um",
            get_cmd=lambda: self._number("SIDE-EXIT-SLIT ?MICRONS", "um"),
            set_cmd=self._set_slit,
            docstring="Control the width of the side exit slit, um, from 10 to 3000.",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get model and serial number."""
        return {"vendor": "Acton", "model": self.ask("MODEL"), "serial": self.ask("SERIAL"), "firmware": None}

    # Spectrograph

    def centre_wavelength_nm(self) -> float:
        """Wavelength at the centre of the exits, nm."""
        return float(self.wavelength())

    def set_centre_wavelength(self, wavelength_nm: float) -> float:
        """Turn the grating, wait until done; returns the wavelength read back, nm."""
        self.wavelength(wavelength_nm)
        reached_nm = self.centre_wavelength_nm()
        if abs(reached_nm - wavelength_nm) > ARRIVED_WITHIN_NM:
            raise NotReadyError(
                f"{self.name}: asked for {wavelength_nm:.3f} nm, stands at {reached_nm:.3f} nm; "
                "check the grating's range"
            )
        return reached_nm

    def select_grating(self, groove_per_mm: int) -> int:
        """Turn to the grating with this groove density; returns the density read back, 1/mm.

        Raises LimitError, naming the gratings on the turret, when there is none.
        """
        with self.lock:
            numbers = [number for number, density in self._gratings().items() if density == groove_per_mm]
            if not numbers:
                fitted = ", ".join(f"{density:g}" for density in self._gratings().values())
                raise LimitError(
                    f"{self.name}: no grating with {groove_per_mm} grooves/mm; choose one of those fitted: {fitted}"
                )
            if self.grating() not in numbers:
                self.grating(numbers[0])
        return round(self.grooves_per_mm())

    def select_exit(self, name: str) -> None:
        """``"front"`` (camera) or ``"side"`` (slit); confirmed by read-back."""
        wanted = name.lower()
        if wanted not in ("front", "side"):
            raise ValueError(f"{self.name}: exit '{name}' does not exist; choose 'front' or 'side'")
        with self.lock:
            self._slow(f"EXIT-MIRROR {wanted.upper()}")
            reached = self.ask("EXIT-MIRROR ?MIRROR").lower()
        if reached != wanted:
            raise NotReadyError(f"{self.name}: exit mirror stands at '{reached}', not '{wanted}'; check the mirror")

    def set_exit_slit_um(self, width_um: float) -> float:
        """Set the side exit slit; returns the width read back, µm."""
        self.exit_slit(width_um)
        return float(self.exit_slit())

    def dispersion_nm_per_mm(self) -> float:
        """Linear dispersion at the present centre wavelength, nm/mm: cos b / (g f)."""
        grooves_per_mm = self.grooves_per_mm()
        _, exit_angle = grating_angles(self.centre_wavelength_nm(), grooves_per_mm, self._include_angle_deg)
        return NM_PER_MM * math.cos(exit_angle) / (grooves_per_mm * self._focal_length_mm)

    def wavelength_axis_nm(self, n_pixels: int, pixel_um: float) -> FloatArray:
        """Wavelength at the centre of each pixel, shape (n_pixels,), increasing; the axis is the middle."""
        grooves_per_mm = self.grooves_per_mm()
        entrance, exit_angle = grating_angles(self.centre_wavelength_nm(), grooves_per_mm, self._include_angle_deg)
        x_mm = (np.arange(n_pixels) - (n_pixels - 1) / 2) * pixel_um * 1e-3
        seen_at = exit_angle + np.arctan(x_mm / self._focal_length_mm)
        return np.asarray(NM_PER_MM * (math.sin(entrance) + np.sin(seen_at)) / grooves_per_mm, dtype=np.float64)

    def grooves_per_mm(self) -> float:
        """Groove density of the grating in the beam, 1/mm. WireError if the instrument does not list it."""
        with self.lock:
            number, fitted = int(self.grating()), self._gratings()
        if number not in fitted:
            raise self.bad_reply("?GRATINGS", repr(fitted), f"a line for grating {number}")
        return fitted[number]

    # Inside

    def ask_raw(self, cmd: str) -> str:
        """Send one command; returns what stands between its echo and ``ok``."""
        with self.lock:
            self.send(cmd)
            return self._value(cmd, self.receive_line(cmd))

    def _value(self, cmd: str, line: str) -> str:
        text = line.strip()
        rest = text[len(cmd) :] if text.startswith(cmd) else text
        if "?" in rest or not rest.rstrip().endswith("ok"):
            raise self.bad_reply(cmd, line, "the command's echo, its value and 'ok'")
        return rest.rstrip()[: -len("ok")].strip()

    def _number(self, cmd: str, unit: str) -> float:
        reply = self.ask(cmd)
        words = reply.split()
        try:
            value = float(words[0])
        except (IndexError, ValueError):
            raise self.bad_reply(cmd, reply, f"a number with '{unit}'") from None
        if (unit and words[1:] != [unit]) or not math.isfinite(value):
            raise self.bad_reply(cmd, reply, f"a number with '{unit}'")
        return value

    def _slow(self, cmd: str) -> None:
        """Send a command that answers only when the motion has ended."""
        with self.lock:
            usual_timeout_ms = self.visa_handle.timeout
            self.visa_handle.timeout = self._move_timeout_s * 1000
            try:
                self.ask(cmd)
            finally:
                self.visa_handle.timeout = usual_timeout_ms

    def _gratings(self) -> dict[int, float]:
        """Gratings on the turret (number: grooves per mm), read once."""
        if self._grooves_per_mm is None:
            self._grooves_per_mm = self._read_gratings()
        return self._grooves_per_mm

    def _read_gratings(self) -> dict[int, float]:
        cmd = "?GRATINGS"
        found: dict[int, float] = {}
        with self.lock:
            self.send(cmd)
            for _ in range(20):
                line = self.receive_line(cmd)
                match = GRATING_LINE.match(line.removeprefix(cmd))
                if match:
                    found[int(match[1])] = float(match[2])
                if line.rstrip().endswith("ok"):
                    return found
        raise self.bad_reply(cmd, line, "a list ending with 'ok'")

    def _set_wavelength(self, wavelength_nm: float) -> None:
        low, high = self._wavelength_limits_nm
        self.require_within("centre wavelength", wavelength_nm, low, high, "nm")
        self._slow(f"{wavelength_nm:.3f} GOTO")

    def _set_grating(self, number: int) -> None:
        self.require_within("grating", number, 1, 9, "")
        self._slow(f"{int(number)} GRATING")

    def _set_slit(self, width_um: float) -> None:
        self.require_within("exit slit", width_um, *SLIT_LIMITS_UM, "um")
        self._slow(f"SIDE-EXIT-SLIT {round(width_um)} MICRONS")
