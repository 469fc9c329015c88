"""Exciton magnetic polaron: the exciton's exchange field aligns the dopants, which lowers the exciton.

Heavy-hole exciton of spin sigma = +-1 along its axis (electron -sigma/2, hole +3 sigma/2) and dopants of spin S:

    H = sigma sum_i e_i S_zi + g mu_B B sum_i S_zi,    e_i = |I_e,i|/2 + 3 I_h,i/2
      = (N0alpha |psi_e(R_i)|^2 - N0beta |psi_h(R_i)|^2) V0 / 2      (N0beta < 0)

so every dopant feels the exchange field B_ex,i = e_i / (g mu_B) (Dietl, Spalek, PRB 28, 1548 (1983); Bhattacharjee,
Benoit a la Guillaume, PRB 55, 10613 (1997)). For a heavy hole sigma is a good quantum number, so the thermal state is
exact: E_P = sum_i e_i S B_S(S e_i / kT_eff), without a phase transition. The self-consistent mean field, which also
averages sigma, is given beside it: it has a spurious critical temperature.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sims.basics.checks import (
    UnphysicalInputError,
    all_finite,
    finite,
    finite_array,
    fraction,
    half_integer_spin,
    not_negative,
    positive,
)
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray

NEIGHBOURS = 12
"""Cation neighbours in zinc blende and wurtzite."""


@dataclass(frozen=True)
class PolaronDot:
    """The magnetic dopants of one dot as its exciton feels them.

    ``exchange_mev`` (N,): e_i of the module's Hamiltonian for each magnetically active dopant; ``spin`` S;
    ``g_factor``; ``antiferromagnetic_k``: T_AF of T_eff = T + T_AF (paper, eq. 4).
    """

    exchange_mev: FloatArray
    spin: float = 2.5
    g_factor: float = 2.0
    antiferromagnetic_k: float = 0.0

    def __post_init__(self) -> None:
        finite_array("exchange_mev", self.exchange_mev)
        half_integer_spin("spin", self.spin)
        positive("g_factor", self.g_factor)
        not_negative("antiferromagnetic_k", self.antiferromagnetic_k)

    def exchange_fields_t(self) -> FloatArray:
        """B_ex,i in T, shape (N,)."""
        return np.asarray(self.exchange_mev / (self.g_factor * BOHR_MAGNETON_MEV_PER_T))

    def thermal_mev(self, temperature_k: float) -> float:
        """Thermal energy k (T + T_AF) in meV."""
        return BOLTZMANN_MEV_PER_K * (positive("temperature_k", temperature_k) + self.antiferromagnetic_k)


@dataclass(frozen=True)
class Formation:
    """Polaron formation: ``times_ns`` (n,), mean alignment -<S_z> (n,), exciton polarisation (n,), energy gain (n,)."""

    times_ns: FloatArray
    alignment: FloatArray
    polarisation: FloatArray
    energy_mev: FloatArray


def active_fraction(content: float) -> float:
    """Share of cations that are dopants without magnetic neighbour: x (1-x)^12; pairs are silent."""
    return fraction("content", content) * (1.0 - content) ** NEIGHBOURS


def uniform_dot(
    content: float,
    radius_nm: float,
    n0_alpha_mev: float,
    n0_beta_mev: float,
    cation_volume_nm3: float,
    *,
    spin: float = 2.5,
    antiferromagnetic_k: float = 0.0,
) -> PolaronDot:
    """Dot of the given content x with carriers spread evenly over its volume: |psi|^2 = 1/V for every dopant.

    Silent pairs are left out (active_fraction). Then e = (N0alpha - N0beta) V0 / 2V, B_ex goes as 1/V and the total
    energy of many dopants, x_eff S (N0alpha - N0beta)/2, does not depend on the size. The mean number of active
    dopants is rounded to a whole one (at least 1): this is a dot, not an ensemble.
    """
    positive("radius_nm", radius_nm)
    positive("cation_volume_nm3", cation_volume_nm3)
    finite("n0_alpha_mev", n0_alpha_mev), finite("n0_beta_mev", n0_beta_mev)
    cations = 4 / 3 * np.pi * radius_nm**3 / cation_volume_nm3
    mean_number = positive("content x cations", active_fraction(content) * cations)
    number = max(1, round(mean_number))
    step = (n0_alpha_mev - n0_beta_mev) / (2 * cations)
    return PolaronDot(np.full(number, step), spin=spin, antiferromagnetic_k=antiferromagnetic_k)


def dot_from_densities(
    electron_per_nm3: FloatArray,
    hole_per_nm3: FloatArray,
    n0_alpha_mev: float,
    n0_beta_mev: float,
    cation_volume_nm3: float,
    *,
    spin: float = 2.5,
    antiferromagnetic_k: float = 0.0,
) -> PolaronDot:
    """Dot whose dopants sit where the carriers' densities are the given ones (N,) each, 1/nm^3.

    e_i = (N0alpha |psi_e|^2 - N0beta |psi_h|^2) V0 / 2.
    """
    electron, hole = finite_array("electron_per_nm3", electron_per_nm3), finite_array("hole_per_nm3", hole_per_nm3)
    if electron.shape != hole.shape or np.any(electron < 0) or np.any(hole < 0):
        raise UnphysicalInputError("electron_per_nm3, hole_per_nm3: must have one length and no negative density")
    volume = positive("cation_volume_nm3", cation_volume_nm3)
    finite("n0_alpha_mev", n0_alpha_mev), finite("n0_beta_mev", n0_beta_mev)
    exchange = (n0_alpha_mev * electron - n0_beta_mev * hole) * volume / 2
    return PolaronDot(exchange, spin=spin, antiferromagnetic_k=antiferromagnetic_k)


def aligned_spin(spin: float, energy_mev: float | FloatArray, thermal_mev: float) -> FloatArray:
    """S B_S(S e/kT) = -<S_z> in a field that splits neighbouring m by e; any shape of e (paper, eq. 4).

    Computed from the level populations, so it neither overflows nor cancels at small or large e/kT.
    ValueError for kT not above 0 or an energy that is not finite.
    """
    positive("thermal_mev", thermal_mev)
    ratio = all_finite("energy_mev", energy_mev) / thermal_mev
    m = spin - np.arange(round(2 * spin) + 1)
    weights = np.exp(-np.multiply.outer(ratio, m) - np.abs(ratio)[..., None] * spin)
    return np.asarray(-(weights @ m) / weights.sum(axis=-1))


def exact_energy_mev(dot: PolaronDot, temperature_k: float, field_t: float = 0.0) -> float:
    """Polaron energy E_P(T, B): how far the exciton's line ends below where it was created.

    Exact thermal state of the Ising exciton and free dopants: partition function sum over sigma of
    prod_i z(sigma e_i + g mu_B B). At the moment of creation the dopants follow B alone, the line lies at
    -sum e_i S B_S(S g mu_B B/kT); the difference is returned (the lower sigma at both times).
    """
    kt = dot.thermal_mev(temperature_k)
    zeeman = dot.g_factor * BOHR_MAGNETON_MEV_PER_T * finite("field_t", field_t)
    free_energies, exchange = [], []
    for sigma in (1.0, -1.0):
        total = sigma * dot.exchange_mev + zeeman
        free_energies.append(-kt * np.sum(_log_partition(dot.spin, total / kt)))
        exchange.append(-sigma * np.sum(dot.exchange_mev * aligned_spin(dot.spin, total, kt)))
    weights = np.exp(-(np.array(free_energies) - min(free_energies)) / kt)
    relaxed = float(weights @ np.array(exchange) / weights.sum())
    created = -abs(float(np.sum(dot.exchange_mev * aligned_spin(dot.spin, zeeman, kt))))
    return created - relaxed


def mean_field_energy_mev(dot: PolaronDot, temperature_k: float) -> tuple[float, float]:
    """Self-consistent mean field at B = 0: (energy, exciton polarisation P).

    P = tanh(sum_i e_i s_i / kT), s_i = S B_S(S e_i P / kT_eff), E = P sum_i e_i s_i. Above
    mean_field_critical_k both vanish: an artefact of averaging one exciton's spin; see exact_energy_mev.
    """
    kt_spin, kt = dot.thermal_mev(temperature_k), BOLTZMANN_MEV_PER_K * temperature_k

    def exchange(polarisation: float) -> float:
        return float(np.sum(dot.exchange_mev * aligned_spin(dot.spin, dot.exchange_mev * polarisation, kt_spin)))

    def excess(polarisation: float) -> float:
        return float(np.tanh(exchange(polarisation) / kt) - polarisation)

    if excess(1e-6) <= 0:
        return 0.0, 0.0
    polarisation = float(brentq(excess, 1e-6, 1.0, xtol=1e-12)) if excess(1.0) < 0 else 1.0
    return polarisation * exchange(polarisation), polarisation


def mean_field_critical_k(dot: PolaronDot) -> float:
    """Temperature below which the mean field orders: T (T + T_AF) = S(S+1) sum e_i^2 / (3 k^2)."""
    square = dot.spin * (dot.spin + 1) / 3 * float(np.sum(dot.exchange_mev**2)) / BOLTZMANN_MEV_PER_K**2
    half = dot.antiferromagnetic_k / 2
    return float(np.sqrt(half**2 + square) - half)


def fluctuation_fwhm_mev(dot: PolaronDot) -> float:
    """Gaussian FWHM of the line at creation from random dopant spins: variance S(S+1)/3 sum e_i^2."""
    variance = dot.spin * (dot.spin + 1) / 3 * float(np.sum(dot.exchange_mev**2))
    return float(2 * np.sqrt(2 * np.log(2) * variance))


def formation(
    dot: PolaronDot,
    temperature_k: float,
    times_ns: FloatArray,
    spin_relaxation_ns: float,
    exciton_relaxation_ns: float | None = None,
    start_alignment: float | None = None,
) -> Formation:
    """Build-up of the polaron after an exciton is created polarised (sigma = 1, P = 1).

        ds_i/dt = (S B_S(S e_i P / kT_eff) - s_i) / spin_relaxation
        dP/dt   = (tanh(sum e_i s_i / kT) - P) / exciton_relaxation

    ``exciton_relaxation_ns`` None keeps the exciton polarised. ``start_alignment`` s_i(0), default that of a typical
    fluctuation sqrt(S(S+1)/3N), which decides the axis (Klopotowski et al., PRB 83, 081306 (2011)).
    The energy is P sum e_i s_i minus its start value.
    """
    times = finite_array("times_ns", times_ns)
    if np.any(np.diff(times) <= 0) or times[0] < 0:
        raise UnphysicalInputError("times_ns: must increase from 0 or later")
    positive("spin_relaxation_ns", spin_relaxation_ns)
    kt_spin, kt = dot.thermal_mev(temperature_k), BOLTZMANN_MEV_PER_K * temperature_k
    if start_alignment is None:
        start_alignment = float(np.sqrt(dot.spin * (dot.spin + 1) / (3 * dot.exchange_mev.size)))
    if abs(finite("start_alignment", start_alignment)) > dot.spin:
        raise UnphysicalInputError(f"start_alignment = {start_alignment:g}: must lie within +-S = {dot.spin:g}")
    rate = 0.0 if exciton_relaxation_ns is None else 1 / positive("exciton_relaxation_ns", exciton_relaxation_ns)

    def change(_: float, y: FloatArray) -> FloatArray:
        aligned, polarisation = y[:-1], y[-1]
        target = aligned_spin(dot.spin, dot.exchange_mev * polarisation, kt_spin)
        exchange = float(dot.exchange_mev @ aligned)
        return np.append((target - aligned) / spin_relaxation_ns, rate * (np.tanh(exchange / kt) - polarisation))

    start = np.append(np.full(dot.exchange_mev.size, start_alignment), 1.0)
    found = solve_ivp(change, (0.0, float(times[-1])), start, t_eval=times, method="LSODA", rtol=1e-8, atol=1e-10)
    if not found.success:
        raise RuntimeError(f"polaron formation: the integration stopped ({found.message})")
    aligned, polarisation = found.y[:-1], found.y[-1]
    energy = polarisation * (dot.exchange_mev @ aligned) - start_alignment * float(dot.exchange_mev.sum())
    return Formation(times, aligned.mean(axis=0), polarisation, energy)


def time_integrated_shift_mev(energy_mev: float, formation_ns: float, lifetime_ns: float) -> float:
    """Stokes shift of time-integrated PL when the polaron forms as 1 - exp(-t/tau_f): E_P tau/(tau + tau_f)."""
    positive("formation_ns", formation_ns), positive("lifetime_ns", lifetime_ns)
    return finite("energy_mev", energy_mev) * lifetime_ns / (lifetime_ns + formation_ns)


def _log_partition(spin: float, ratio: FloatArray) -> FloatArray:
    m = spin - np.arange(round(2 * spin) + 1)
    exponent = -np.multiply.outer(ratio, m)
    top = exponent.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(exponent - top).sum(axis=-1)))
