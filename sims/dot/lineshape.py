"""Widths of the lines and how strongly light of a given spectrum and polarisation addresses a line."""

import numpy as np
from scipy.special import voigt_profile

from sims.basics import checks
from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray
from sims.dot.sample import Linewidth

FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))


def linewidth_mev(width: Linewidth, temperature_k: float) -> float:
    """Homogeneous FWHM in meV: gamma0 + acoustic T + lo / (exp(lo_energy/kT) - 1).

    The usual law of line broadening by acoustic and optical phonons (S. Rudin et al., Phys. Rev. B 42, 11218 (1990)).
    ValueError unless the temperature is finite and above 0 K.
    """
    checks.positive("temperature_k", temperature_k)
    ratio = width.lo_energy_mev / (BOLTZMANN_MEV_PER_K * temperature_k)
    phonons = np.exp(-ratio) / -np.expm1(-ratio)  # 1/(exp(ratio) - 1) without overflow near 0 K
    return float(width.gamma0_mev + width.acoustic_mev_per_k * temperature_k + width.lo_mev * phonons)


def spectral_overlap(detuning_mev: FloatArray, line_fwhm_mev: float, light_fwhm_mev: float) -> FloatArray:
    """Absorption of Gaussian light by a Lorentzian line, relative to narrow light on resonance.

    1/(1 + (2 delta/Gamma)^2) for narrow light; in general the Voigt profile over the line's own peak. Detunings and
    widths (FWHM) in meV, any shape. ValueError unless the line has a width above 0 and the light none below 0.
    """
    gamma = line_fwhm_mev / 2
    checks.positive("line_fwhm_mev", line_fwhm_mev)
    checks.not_negative("light_fwhm_mev", light_fwhm_mev)
    profile = voigt_profile(detuning_mev, light_fwhm_mev / FWHM_PER_SIGMA, gamma)
    return np.asarray(profile * np.pi * gamma, dtype=np.float64)


def polarisation_coupling(line_stokes: FloatArray, light_stokes: tuple[float, float, float]) -> FloatArray:
    """|e_light* . d|^2 = (S0 + S.s)/2 for lines with Stokes vectors (n, 4) and light of unit intensity."""
    s = np.asarray(light_stokes, dtype=np.float64)
    return np.maximum(0.0, (line_stokes[:, 0] + line_stokes[:, 1:] @ s) / 2)
