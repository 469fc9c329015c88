"""What a laser sends out, in the terms of the optical table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LaserOutput:
    """A beam. ``repetition_rate_hz`` is None for continuous light; wavelengths are in vacuum."""

    wavelength_nm: float
    fwhm_nm: float
    average_power_w: float
    repetition_rate_hz: float | None = None
