"""Cr2+ (S = 2): strain levels and dark relaxation.

H = D0 Sz^2 + E (Sx^2 - Sy^2) + g mu_B B.S with D0 and E linear in strain (Cr2+ keeps an orbital moment, so strain
couples strongly): D0 of 1-3 meV leaves Sz = 0, +-1 thermally populated (Lafuente-Sampietro et al., PRB 93, 161301
(2016), arXiv:1606.04221). Relaxation: acoustic strain modulates the quadrupole operators, so the direct one-phonon
process couples levels at rate ~ |Delta|^3 (n(|Delta|) + 1) |<f|Q|i>|^2. The prefactor is not predicted: it is set by
the measured T1 of about 2 us at 5 K (Lafuente-Sampietro et al., resonant pumping of a Cr spin), a calibration.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from sims.basics.checks import UnphysicalInputError, field_vector, finite, finite_array, positive
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K
from sims.basics.spins import ComplexArray, FloatArray, eigenstates, spin_operators

CHROMIUM_SPIN = 2.0
MEASURED_T1_US = 2.0
MEASURED_AT_K = 5.0


@dataclass(frozen=True)
class Chromium:
    """Levels' constants: D0 and E in meV (E at most D0/3 by choice of axes), g."""

    zero_field_d_mev: float
    zero_field_e_mev: float = 0.0
    g_factor: float = 2.0

    def __post_init__(self) -> None:
        finite("zero_field_d_mev", self.zero_field_d_mev), finite("zero_field_e_mev", self.zero_field_e_mev)
        positive("g_factor", self.g_factor)


@dataclass(frozen=True)
class ChromiumRelaxation:
    """Dark relaxation: ``energies_mev`` (5,), ``vectors`` (5, 5), ``generator_per_us`` (5, 5) (to, from)."""

    energies_mev: FloatArray
    vectors: ComplexArray
    generator_per_us: FloatArray

    def populations(self, start: FloatArray, times_us: FloatArray) -> FloatArray:
        """Populations (n_t, 5) in the dark at times (n_t,) us from ``start`` (5,)."""
        times, p0 = finite_array("times_us", times_us), finite_array("start", start)
        if p0.shape != (5,) or np.any(p0 < 0) or abs(p0.sum() - 1) > 1e-9 or np.any(times < 0):
            raise UnphysicalInputError("start: must be 5 populations that add up to 1; times_us: must not be negative")
        return np.asarray(expm(times[:, None, None] * self.generator_per_us) @ p0)

    @property
    def t1_us(self) -> float:
        """Slowest relaxation time."""
        rates = np.sort(-np.linalg.eigvals(self.generator_per_us).real)
        return float(1 / rates[1])


def d0_from_strain_mev(strain_in_plane: float, strain_along_z: float, coupling_mev: float) -> float:
    """D0 = coupling (e_parallel - e_zz): linear in biaxial strain; the coupling (meV per unit strain) is the host's."""
    difference = finite("strain_in_plane", strain_in_plane) - finite("strain_along_z", strain_along_z)
    return finite("coupling_mev", coupling_mev) * difference


def chromium_levels(ion: Chromium, field_t: tuple[float, float, float]) -> tuple[FloatArray, ComplexArray]:
    """Energies (5,) meV in rising order and eigenvectors (5, 5) as columns in the basis m = +2 ... -2."""
    field_vector(field_t)
    spin = spin_operators(CHROMIUM_SPIN)
    hamiltonian = ion.zero_field_d_mev * spin.z @ spin.z
    hamiltonian = hamiltonian + ion.zero_field_e_mev * (spin.x @ spin.x - spin.y @ spin.y)
    for component, operator in zip(field_t, spin.vector, strict=True):
        hamiltonian = hamiltonian + ion.g_factor * BOHR_MAGNETON_MEV_PER_T * component * operator
    return eigenstates(hamiltonian)


def projection_populations(ion: Chromium, field_t: tuple[float, float, float], temperature_k: float) -> FloatArray:
    """Thermal populations (5,) of S_z = +2, +1, 0, -1, -2."""
    energies, vectors = chromium_levels(ion, field_t)
    weights = _boltzmann(energies, temperature_k)
    return np.asarray(np.abs(vectors) ** 2 @ weights)


def dark_relaxation(
    ion: Chromium,
    field_t: tuple[float, float, float],
    temperature_k: float,
    *,
    t1_us: float = MEASURED_T1_US,
    t1_at_k: float = MEASURED_AT_K,
) -> ChromiumRelaxation:
    """Relaxation without exciton. The prefactor makes the slowest time ``t1_us`` at ``t1_at_k`` in this field.

    UnphysicalInputError when the levels are degenerate throughout (no strain, no field): nothing to calibrate.
    """
    positive("t1_us", t1_us)
    energies, vectors = chromium_levels(ion, field_t)
    if energies[-1] - energies[0] < 1e-6:
        raise UnphysicalInputError("Cr2+: without strain and field all levels coincide; give D0 or a field")
    reference = ChromiumRelaxation(energies, vectors, _unit_generator(energies, vectors, t1_at_k))
    scale = reference.t1_us / t1_us
    return ChromiumRelaxation(energies, vectors, scale * _unit_generator(energies, vectors, temperature_k))


def _unit_generator(energies_mev: FloatArray, vectors: ComplexArray, temperature_k: float) -> FloatArray:
    kt = BOLTZMANN_MEV_PER_K * positive("temperature_k", temperature_k)
    s = spin_operators(CHROMIUM_SPIN)
    quadrupoles = (
        s.x @ s.x - s.y @ s.y,
        s.x @ s.y + s.y @ s.x,
        s.x @ s.z + s.z @ s.x,
        s.y @ s.z + s.z @ s.y,
        (3 * s.z @ s.z - 6 * np.eye(5)) / np.sqrt(3),
    )
    strength = sum((np.abs(vectors.conj().T @ q @ vectors) ** 2 for q in quadrupoles), np.zeros((5, 5)))
    rise = energies_mev[:, None] - energies_mev[None, :]  # (to, from)
    gap = np.abs(rise)
    # |gap|^3 n(gap) -> kT gap^2 for nearly degenerate levels
    phonons = np.where(gap > 1e-9, gap**3 / np.expm1(np.maximum(gap, 1e-9) / kt), kt * gap**2)
    rates = strength * (phonons + np.where(rise < 0, gap**3, 0.0))
    np.fill_diagonal(rates, 0.0)
    return np.asarray(rates - np.diag(rates.sum(axis=0)))


def _boltzmann(energies_mev: FloatArray, temperature_k: float) -> FloatArray:
    weights = np.exp(-(energies_mev - energies_mev.min()) / (BOLTZMANN_MEV_PER_K * positive("T", temperature_k)))
    return np.asarray(weights / weights.sum())
