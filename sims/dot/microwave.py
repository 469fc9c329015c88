"""A microwave pulse on the dopant's ground states.

The nucleus is at a random projection and does not move, so every electron transition is split into its
hyperfine lines and each is met with probability 1/(2I+1). On one line the flip probability is Rabi's formula,
damped with the spin's T2 and averaged over the Gaussian inhomogeneous width. Lines are taken as well
separated: where a microwave meets several at once, their flips are applied one after the other.

Coherence does not outlive a segment. In a segment with light the scattered photons destroy it at once, and the
microwave acts as a rate (strong-dephasing limit). Excitons do not answer: exchange moves their resonances away.
"""

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.basics.spins import FloatArray, dimension
from sims.dot.coupled_resonance import coupled_lines
from sims.dot.exciton import ground_dimensions, has_coupled_ground
from sims.dot.ground import ResonanceLines, resonance_lines
from sims.dot.lineshape import FWHM_PER_SIGMA
from sims.dot.sample import Dopant, Sample
from sims.dot.stimulus import Environment, Microwave

N_INHOMOGENEOUS = 601
WEAKEST_ELEMENT = 0.05
CUT_SIGMA = 4.0


def microwave_map(sample: Sample, environment: Environment, microwave: Microwave, duration_ns: float) -> FloatArray:
    """Column-stochastic map of the ground populations over a dark segment, shape (n_g, n_g)."""
    if has_coupled_ground(sample):
        return _coupled_map(sample, environment, microwave, duration_ns)
    result = np.eye(1)
    for dopant in sample.dopants:
        one = _dopant_map(sample, dopant, environment, microwave, duration_ns)
        result = np.asarray(np.kron(result, one), dtype=np.float64)
    return result


def lit_microwave_rates(sample: Sample, environment: Environment, microwave: Microwave) -> FloatArray:
    """Symmetric rates (to, from) per ns while light is on: (pi/2) Omega^2 g(omega) for each hyperfine line."""
    if has_coupled_ground(sample):
        return _coupled_lit_rates(sample, environment, microwave)
    sizes = [dimension(dopant.spin) for dopant in sample.dopants]
    total = np.zeros((int(np.prod(sizes)),) * 2)
    for number, dopant in enumerate(sample.dopants):
        before, after = int(np.prod(sizes[:number])), int(np.prod(sizes[number + 1 :]))
        one = _dopant_lit_rates(sample, dopant, environment, microwave)
        total += np.kron(np.kron(np.eye(before), one), np.eye(after))
    return total


def rabi_frequency_mhz(dopant: Dopant, field_mt: float, matrix_element: FloatArray) -> FloatArray:
    """Omega/2pi = g mu_B B1 <S_perp> / h in MHz for a linear field of peak amplitude B1 (rotating-wave).

    Shape as ``matrix_element``. ValueError for a field that is negative or not finite.
    """
    checks.not_negative("field_mt", field_mt)
    energy_mev = dopant.g_factor * BOHR_MAGNETON_MEV_PER_T * 1e-3 * field_mt
    return np.asarray(1e3 * energy_mev / PLANCK_MEV_PER_GHZ * matrix_element, dtype=np.float64)


def flip_probability(
    rabi_mhz: FloatArray, detuning_mhz: FloatArray, duration_ns: float, width_mhz: float, t2_us: float
) -> FloatArray:
    """Rabi's formula averaged over a Gaussian of FWHM ``width_mhz`` around each detuning; 0...1, shape (n,).

    P = Omega^2/(2 W^2) [1 - cos(W t) exp(-t/T2)], W^2 = Omega^2 + delta^2. ValueError for a negative duration or width,
    a T2 not above 0, or anything that is not finite.
    """
    checks.not_negative("duration_ns", duration_ns)
    checks.not_negative("width_mhz", width_mhz)
    checks.positive("t2_us", t2_us)
    checks.all_finite("rabi_mhz", rabi_mhz)
    checks.all_finite("detuning_mhz", detuning_mhz)
    sigma = width_mhz / FWHM_PER_SIGMA
    offset = np.linspace(-CUT_SIGMA, CUT_SIGMA, N_INHOMOGENEOUS)
    weight = np.exp(-(offset**2) / 2)
    rabi = np.asarray(rabi_mhz)[:, None]
    generalised = np.hypot(rabi, np.asarray(detuning_mhz)[:, None] + sigma * offset)
    time_us = 1e-3 * duration_ns
    contrast = (rabi / np.maximum(generalised, 1e-12)) ** 2
    flip = contrast / 2 * (1 - np.cos(2 * np.pi * generalised * time_us) * np.exp(-time_us / t2_us))
    return np.asarray(flip @ weight / np.sum(weight), dtype=np.float64)


def _dopant_map(
    sample: Sample, dopant: Dopant, environment: Environment, microwave: Microwave, duration_ns: float
) -> FloatArray:
    lines, rabi, detuning = _driven_lines(dopant, environment, microwave)
    chance = flip_probability(rabi, detuning, duration_ns, sample.esr_inhomogeneous_width_mhz, sample.spin_t2_us)
    swaps = np.eye(lines.projection_weights.shape[1])
    for a, b, p in zip(lines.lower, lines.upper, chance, strict=True):
        swaps[[a, b]] = (1 - p) * swaps[[a, b]] + p * swaps[[b, a]]
    change = _on_projections(lines, swaps - np.eye(len(swaps)))
    # Cutting negative entries can, under a very strong drive, leave more flow out of a level than it holds.
    return np.eye(len(change)) + change / max(1.0, float(np.max(-np.diag(change))))


def _coupled_map(sample: Sample, environment: Environment, microwave: Microwave, duration_ns: float) -> FloatArray:
    lines = coupled_lines(sample, environment)
    rabi, detuning = lines.rabi_mhz(microwave), 1e3 * (microwave.frequency_ghz - lines.frequency_ghz)
    size = int(np.prod(ground_dimensions(sample)))
    reach_mhz = 5 * sample.esr_inhomogeneous_width_mhz + 30 * float(rabi.max(initial=0.0))
    total = np.zeros((size, size))
    for row in detuning:  # one set of nuclear projections after the other
        near = np.flatnonzero(np.abs(row) < reach_mhz)
        chance = flip_probability(
            rabi[near], row[near], duration_ns, sample.esr_inhomogeneous_width_mhz, sample.spin_t2_us
        )
        swaps = np.eye(size)
        for a, b, p in zip(lines.lower[near], lines.upper[near], chance, strict=True):
            swaps[[a, b]] = (1 - p) * swaps[[a, b]] + p * swaps[[b, a]]
        total += (swaps + swaps.T) / 2  # the order of the lines must not matter
    return total / len(detuning)


def _coupled_lit_rates(sample: Sample, environment: Environment, microwave: Microwave) -> FloatArray:
    lines = coupled_lines(sample, environment)
    detuning = 1e3 * (microwave.frequency_ghz - lines.frequency_ghz)
    size = int(np.prod(ground_dimensions(sample)))
    rates = np.zeros((size, size))
    mean = _lit_rate_per_ns(sample, lines.rabi_mhz(microwave), detuning).mean(axis=0)
    rates[lines.lower, lines.upper] = rates[lines.upper, lines.lower] = mean
    return rates


def _lit_rate_per_ns(sample: Sample, rabi_mhz: FloatArray, detuning_mhz: FloatArray) -> FloatArray:
    """(pi/2) Omega^2 g(omega), with Omega = 2 pi rabi and g(omega) = density/(2 pi); MHz = 1e-3 / ns."""
    sigma = sample.esr_inhomogeneous_width_mhz / FWHM_PER_SIGMA
    density_per_mhz = np.exp(-((detuning_mhz / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
    return np.asarray(1e-3 * np.pi**2 * rabi_mhz**2 * density_per_mhz, dtype=np.float64)


def _dopant_lit_rates(sample: Sample, dopant: Dopant, environment: Environment, microwave: Microwave) -> FloatArray:
    lines, rabi, detuning = _driven_lines(dopant, environment, microwave)
    rate_per_ns = _lit_rate_per_ns(sample, rabi, detuning)
    levels = np.zeros((lines.projection_weights.shape[1],) * 2)
    levels[lines.lower, lines.upper] = levels[lines.upper, lines.lower] = rate_per_ns
    result = _on_projections(lines, levels - np.diag(levels.sum(axis=0)))
    return result - np.diag(np.diag(result))


def _driven_lines(
    dopant: Dopant, environment: Environment, microwave: Microwave
) -> tuple[ResonanceLines, FloatArray, FloatArray]:
    """Lines, Rabi frequencies and detunings (MHz)."""
    lines = resonance_lines(dopant, environment.field_t, WEAKEST_ELEMENT)
    rabi = rabi_frequency_mhz(dopant, microwave.field_mt, lines.matrix_element)
    return lines, rabi, 1e3 * (microwave.frequency_ghz - lines.frequency_ghz)


def _on_projections(lines: ResonanceLines, change: FloatArray) -> FloatArray:
    """Change (to, from) among electron-nuclear levels -> among electron levels, for a random nucleus.

    Symmetric, so an unpolarised dopant stays so. A flow between two levels that share projections moves only the
    difference of their weights; the small negative off-diagonal entries which that leaves are cut, so
    populations stay positive.
    """
    weights = lines.projection_weights
    nuclear_states = weights.shape[1] // weights.shape[0]
    flow = weights @ (change + change.T) / 2 @ weights.T / nuclear_states
    result = np.maximum(flow - np.diag(np.diag(flow)), 0.0)
    return np.asarray(result - np.diag(result.sum(axis=0)), dtype=np.float64)
