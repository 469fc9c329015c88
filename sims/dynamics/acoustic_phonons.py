"""Longitudinal acoustic phonons and the optical coherence of an exciton: a rate model with stated sources.

Deformation-potential coupling of electron and hole of equal Gaussian envelopes exp(-r^2/2d^2) gives
J(w) = alpha w^3 exp(-w^2/w_c^2), alpha = a^2 / (4 pi^2 rho hbar u^5), w_c = sqrt(2) u / d
(Nazir, McCutcheon, J. Phys.: Condens. Matter 28, 103002 (2016), section 2; a = deformation potential of the gap).
Two limits of what a pulse feels are kept, both approximations:

- slow pulse: damping while driven. Weak coupling gives Rabi damping (pi/4) J(Omega) coth(hbar Omega/2kT) (same
  review, section 3; measured by Ramsay et al., PRL 104, 017402 (2010), as A T Omega^2).
- fast pulse: the lattice relaxes after the pulse and keeps a record of which state it saw: the independent boson
  model's loss of coherence, exp(-integral J/w^2 coth(hbar w/2kT)) (Krummheuer, Axt, Kuhn, PRB 65, 195313 (2002)).
"""

import math
from dataclasses import dataclass

import numpy as np

from sims.basics.checks import all_finite, finite, not_negative, positive
from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray
from sims.dynamics.superoperator import HBAR_MEV_NS

_HBAR_SI = 1.054571817e-34
_EV_SI = 1.602176634e-19


@dataclass(frozen=True)
class PhononBath:
    """Coupling alpha (ps^2), cut-off w_c (1/ps) and temperature (K) of J(w) = alpha w^3 exp(-w^2/w_c^2)."""

    alpha_ps2: float
    cutoff_per_ps: float
    temperature_k: float

    def __post_init__(self) -> None:
        not_negative("alpha_ps2", self.alpha_ps2)
        positive("cutoff_per_ps", self.cutoff_per_ps)
        positive("temperature_k", self.temperature_k)

    def spectral_density_per_ps(self, frequency_per_ps: FloatArray) -> FloatArray:
        """J(w) in 1/ps for angular frequencies (any shape) in 1/ps."""
        w = all_finite("frequency_per_ps", frequency_per_ps)
        return np.asarray(self.alpha_ps2 * w**3 * np.exp(-((w / self.cutoff_per_ps) ** 2)))

    def rabi_damping_per_ps(self, rabi_per_ps: float) -> float:
        """Damping of Rabi oscillations at angular frequency Omega (1/ps): (pi/4) J(Omega) coth(hbar Omega/2kT)."""
        rabi = abs(finite("rabi_per_ps", rabi_per_ps))
        if rabi < 1e-9:
            return 0.0
        density = float(self.spectral_density_per_ps(np.array(rabi)))
        return math.pi / 4 * density / math.tanh(rabi / (2 * self._thermal_per_ps))

    def coherence_loss_exponent(self, pulse_fwhm_ps: float) -> float:
        """E such that a pi pulse multiplies the optical coherence, once the lattice has relaxed, by exp(-E).

        integral of J/w^2 coth(hbar w/2kT) |s(w)|^2 with s the spectrum of the rise of the exciton's population,
        taken Gaussian with the pulse's own FWHM: 1 for an instantaneous pulse, adiabatic suppression for a long one.
        """
        not_negative("pulse_fwhm_ps", pulse_fwhm_ps)
        w = np.linspace(1e-6, 8 * self.cutoff_per_ps, 4001)
        rise_ps = pulse_fwhm_ps / (2 * math.sqrt(2 * math.log(2)))
        thermal = 1 / np.tanh(w / (2 * self._thermal_per_ps))
        integrand = self.spectral_density_per_ps(w) / w**2 * thermal * np.exp(-((w * rise_ps) ** 2))
        return float(np.trapezoid(integrand, w))

    @property
    def _thermal_per_ps(self) -> float:
        return BOLTZMANN_MEV_PER_K * self.temperature_k / (1e3 * HBAR_MEV_NS)


def deformation_bath(
    gap_deformation_ev: float,
    density_kg_per_m3: float,
    sound_m_per_s: float,
    envelope_nm: float,
    temperature_k: float,
) -> PhononBath:
    """Bath of a host: deformation potential of its gap (eV), density, longitudinal sound, envelope length d (nm)."""
    positive("density_kg_per_m3", density_kg_per_m3)
    positive("sound_m_per_s", sound_m_per_s)
    positive("envelope_nm", envelope_nm)
    energy = gap_deformation_ev * _EV_SI
    alpha_s2 = energy**2 / (4 * math.pi**2 * density_kg_per_m3 * _HBAR_SI * sound_m_per_s**5)
    cutoff = math.sqrt(2) * 1e-3 * sound_m_per_s / envelope_nm
    return PhononBath(1e24 * alpha_s2, cutoff, temperature_k)


def cdte_bath(temperature_k: float, envelope_nm: float = 3.0) -> PhononBath:
    """CdTe: density 5855 kg/m^3; u = sqrt(C11/rho) with C11 = 53.8 GPa at 298 K; a = -3.4 eV (textbook, +-20 %).

    ``envelope_nm`` is a property of the dot and assumed here; alpha scales with a^2, so it is good to about 40 %.
    """
    return deformation_bath(-3.4, 5855.0, math.sqrt(53.8e9 / 5855.0), envelope_nm, temperature_k)
