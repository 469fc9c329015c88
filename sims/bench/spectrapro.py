"""Acton SpectraPro SP-2500: grating spectrograph, camera at the front exit, slit at the side exit."""

import math
from dataclasses import dataclass

from sims.bench.clock import VirtualClock
from sims.bench.motion import at_rest, begin

FOCAL_LENGTH_MM = 500.0
INCLUDE_ANGLE_DEG = 17.18  # angle between the arms of this model
HALF_ANGLE_RAD = math.radians(INCLUDE_ANGLE_DEG / 2.0)
_FAST_NM_PER_S = 100.0
_SETTLE_S = 0.2
_GRATING_CHANGE_S = 20.0
_MIRROR_S = 1.5
_SLIT_S = 1.0
SLIT_RANGE_UM = (10, 3000)


@dataclass(frozen=True)
class Grating:
    """A ruled grating on the turret."""

    groove_per_mm: int
    blaze_nm: int

    @property
    def longest_nm(self) -> float:
        """The drive's limit: 1400 nm with 1200 grooves/mm."""
        return 1400.0 * 1200.0 / self.groove_per_mm


class SpectraPro:
    """Grating 1 at 560 nm and the front exit at construction; slits 100 µm (entrance) and 3000 µm (side exit)."""

    gratings = (Grating(1200, 500), Grating(300, 500), Grating(1800, 500))
    serial_number = "25513579"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._travel = at_rest(560.0)
        self._grating_number = 1
        self._exit = "front"
        self._busy_until_s = 0.0
        self.scan_nm_per_min = 100.0
        self.entrance_slit_um = 100
        self.side_slit_um = 3000

    @property
    def centre_nm(self) -> float:
        """Wavelength in the middle of the exit now; 0 nm is the zero order (all light passes undispersed)."""
        return self._travel.at(self._clock.now_s())

    @property
    def grating_number(self) -> int:
        """Grating in use, from 1."""
        return self._grating_number

    @property
    def grating(self) -> Grating:
        """Grating in use."""
        return self.gratings[self._grating_number - 1]

    @property
    def groove_per_mm(self) -> int:
        """Groove density of the grating in use."""
        return self.grating.groove_per_mm

    @property
    def exit(self) -> str:
        """``"front"`` or ``"side"``."""
        return self._exit

    def is_moving(self) -> bool:
        """True while the grating turns."""
        return not self._travel.is_done(self._clock.now_s())

    def remaining_s(self) -> float:
        """Time until everything that moves has arrived, 0 at rest."""
        return max(0.0, max(self._travel.end_s, self._busy_until_s) - self._clock.now_s())

    def go_to(self, wavelength_nm: float) -> None:
        """Begin a move at full speed; ValueError beyond the drive's range (0 nm to the grating's limit)."""
        self._move(wavelength_nm, _FAST_NM_PER_S)

    def scan_to(self, wavelength_nm: float) -> None:
        """Begin a move at the scan rate."""
        self._move(wavelength_nm, self.scan_nm_per_min / 60.0)

    def _move(self, wavelength_nm: float, speed_nm_per_s: float) -> None:
        if not 0.0 <= wavelength_nm <= self.grating.longest_nm:
            raise ValueError(f"SpectraPro: {wavelength_nm} nm is not between 0 and {self.grating.longest_nm:.0f} nm")
        here_nm, now_s = self.centre_nm, self._clock.now_s()
        self._travel = begin(here_nm, wavelength_nm, now_s, speed_nm_per_s, _SETTLE_S)

    def stop(self) -> None:
        """Stop turning: it stays where it is."""
        self._travel = at_rest(self.centre_nm)

    def stick(self) -> None:
        """Never arrive anywhere again (a year is for ever)."""
        self._occupy(3.15e7)

    def select_grating(self, number: int) -> None:
        """Change the grating (from 1), keeping the wavelength if it reaches it; ValueError if there is none."""
        if not 1 <= number <= len(self.gratings):
            raise ValueError(f"SpectraPro: no grating {number}, there are {len(self.gratings)}")
        if number != self._grating_number:
            self._grating_number = number
            self._travel = at_rest(min(self.centre_nm, self.grating.longest_nm))
            self._occupy(_GRATING_CHANGE_S)

    def select_exit(self, name: str) -> None:
        """``"front"`` or ``"side"``."""
        if name not in ("front", "side"):
            raise ValueError(f"SpectraPro: no exit {name!r}, there are front and side")
        if name != self._exit:
            self._exit = name
            self._occupy(_MIRROR_S)

    def set_entrance_slit(self, width_um: int) -> None:
        """Width of the entrance slit, 10-3000 µm (ValueError beyond)."""
        self.entrance_slit_um = self._slit_width(width_um)

    def set_side_slit(self, width_um: int) -> None:
        """Width of the side exit slit, 10-3000 µm (ValueError beyond)."""
        self.side_slit_um = self._slit_width(width_um)

    def _slit_width(self, width_um: int) -> int:
        low_um, high_um = SLIT_RANGE_UM
        if not low_um <= width_um <= high_um:
            raise ValueError(f"SpectraPro: slit width {width_um} µm is not between {low_um} and {high_um} µm")
        self._occupy(_SLIT_S)
        return width_um

    def _occupy(self, duration_s: float) -> None:
        self._busy_until_s = max(self._busy_until_s, self._clock.now_s() + duration_s)

    # --- optics -----------------------------------------------------------------------------------------------------

    def _angles_rad(self) -> tuple[float, float]:
        """Angles of incidence and diffraction in the middle of the exit, first order.

        sin α + sin β = g λ with α - β fixed to the angle between the arms. This sign gives the 1.7 nm/mm that the
        maker states for this model at 435.8 nm and 1200/mm (the other would give 1.5).
        """
        turn = math.asin(self.groove_per_mm * self.centre_nm * 1e-6 / (2.0 * math.cos(HALF_ANGLE_RAD)))
        return turn + HALF_ANGLE_RAD, turn - HALF_ANGLE_RAD

    def dispersion_nm_per_mm(self) -> float:
        """dλ/dx = cos β / (g f) in the middle of the exit."""
        _, diffraction_rad = self._angles_rad()
        return math.cos(diffraction_rad) * 1e6 / (self.groove_per_mm * FOCAL_LENGTH_MM)

    def wavelength_nm_at(self, position_mm: float) -> float:
        """Wavelength that falls ``position_mm`` beside the middle of the exit (positive towards the red)."""
        incidence_rad, diffraction_rad = self._angles_rad()
        there_rad = diffraction_rad + math.atan2(position_mm, FOCAL_LENGTH_MM)
        return (math.sin(incidence_rad) + math.sin(there_rad)) * 1e6 / self.groove_per_mm
