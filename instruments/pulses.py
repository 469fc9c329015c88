"""The spectrum of a mode-locked pulse."""

SPEED_OF_LIGHT_NM_PER_FS = 299.792458
SECH2_TIME_BANDWIDTH = 0.315


def sech2_width_nm(wavelength_nm: float, pulse_width_fs: float) -> float:
    """Full width at half maximum, nm, of a transform-limited sech² pulse: 0.315 λ² / (c τ)."""
    return SECH2_TIME_BANDWIDTH * wavelength_nm**2 / (SPEED_OF_LIGHT_NM_PER_FS * pulse_width_fs)
