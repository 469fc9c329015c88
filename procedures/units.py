"""Photon energy and wavelength (vacuum)."""

from scipy import constants

HC_MEV_NM = constants.h * constants.c / constants.e * 1e12
"""hc in meV nm: 1 239 841.98."""


def energy_mev(wavelength_nm: float) -> float:
    """Photon energy, meV."""
    return HC_MEV_NM / wavelength_nm


def wavelength_nm(energy_mev: float) -> float:
    """Vacuum wavelength, nm."""
    return HC_MEV_NM / energy_mev


def width_mev(wavelength_nm: float, width_nm: float) -> float:
    """Spectral width in meV of light ``width_nm`` wide at ``wavelength_nm`` (width << wavelength)."""
    return HC_MEV_NM * width_nm / wavelength_nm**2
