"""Thorlabs PM100D: optical power meter at the pick-off before the objective."""

from collections.abc import Callable

import numpy as np

WAVELENGTH_RANGE_NM = (400.0, 1100.0)
_RELATIVE_NOISE = 1e-3
_NOISE_FLOOR_W = 50e-12


class Pm100d:
    """Power meter with an S120C photodiode. It reads what ``incident_power_w`` says falls on it, with noise."""

    sensor_fields = ("S120C", "21051412", "14-May-2021", "1", "18", "289")
    """Name, serial number, calibration, type, subtype, flags (1 power + 32 wavelength settable + 256 thermometer)."""

    def __init__(self, incident_power_w: Callable[[], float], rng: np.random.Generator) -> None:
        self._incident_power_w = incident_power_w
        self._rng = rng
        self._wavelength_nm = 635.0
        self.averages = 1

    @property
    def wavelength_nm(self) -> float:
        """Wavelength the reading is corrected for."""
        return self._wavelength_nm

    def set_wavelength(self, wavelength_nm: float) -> None:
        """Set the wavelength of the correction, 400-1100 nm (ValueError beyond)."""
        low_nm, high_nm = WAVELENGTH_RANGE_NM
        if not low_nm <= wavelength_nm <= high_nm:
            raise ValueError(f"PM100D: {wavelength_nm} nm is not between {low_nm:g} and {high_nm:g} nm")
        self._wavelength_nm = wavelength_nm

    def power_w(self) -> float:
        """One reading."""
        incident_w = self._incident_power_w()
        noise_w = np.hypot(_RELATIVE_NOISE * incident_w, _NOISE_FLOOR_W) / np.sqrt(self.averages)
        return float(incident_w + self._rng.normal(0.0, noise_w))
