"""A microwave pulse on the dopant's ground states.

The nucleus is at a random projection and does not move, so every electron transition is split into its
hyperfine lines and each is met with probability 1/(2I+1). On one line the flip probability is Rabi's formula,
damped with the spin's T2 and averaged over the Gaussian inhomogeneous width. Lines are taken as well
separated: where a microwave meets several at once, their flips are applied one after the other.

Coherence does not outlive a segment. In a segment with light the scattered photons destroy it at once, and the
microwave acts as a rate (strong-dephasing limit). Excitons do not answer: exchange moves their resonances away.
"""

from functools import reduce

import numpy as np

from sims.dot.constants import BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.dot.ground import dopant_levels, resonance_lines
from sims.dot.lineshape import FWHM_PER_SIGMA
from sims.dot.sample import Dopant, Sample
from sims.dot.spins import FloatArray, dimension, projections
from sims.dot.stimulus import Environment, Microwave

N_INHOMOGENEOUS = 601
CUT_SIGMA = 4.0


def microwave_map(
    sample: Sample, environment: Environment, microwave: Microwave, duration_ns: float
) -> FloatArray:
    """Column-stochastic map of the ground populations over a dark segment, shape (n_g, n_g)."""
    maps = [_dopant_map(sample, d, environment, microwave, duration_ns) for d in sample.dopants]
    return reduce(np.kron, maps, np.eye(1))


def lit_microwave_rates(sample: Sample, environment: Environment, microwave: Microwave) -> FloatArray:
    """Symmetric rates (to, from) per ns while light is on: (pi/2) Omega^2 g(omega) for each hyperfine line."""
    sizes = [dimension(dopant.spin) for dopant in sample.dopants]
    total = np.zeros((int(np.prod(sizes)),) * 2)
    for number, dopant in enumerate(sample.dopants):
        before, after = int(np.prod(sizes[:number])), int(np.prod(sizes[number + 1 :]))
        one = _dopant_lit_rates(sample, dopant, environment, microwave)
        total += np.kron(np.kron(np.eye(before), one), np.eye(after))
    return total


def rabi_frequency_mhz(dopant: Dopant, field_mt: float, matrix_element: FloatArray) -> FloatArray:
    """Omega/2pi = g mu_B B1 <S_perp> / h for a linear field of peak amplitude B1 (rotating-wave)."""
    energy_mev = dopant.g_factor * BOHR_MAGNETON_MEV_PER_T * 1e-3 * field_mt
    return np.asarray(1e3 * energy_mev / PLANCK_MEV_PER_GHZ * matrix_element, dtype=np.float64)


def flip_probability(
    rabi_mhz: float, detuning_mhz: float, duration_ns: float, width_mhz: float, t2_us: float
) -> float:
    """Rabi's formula averaged over a Gaussian of FWHM ``width_mhz`` around the detuning; between 0 and 1."""
    sigma = width_mhz / FWHM_PER_SIGMA
    offset = np.linspace(-CUT_SIGMA, CUT_SIGMA, N_INHOMOGENEOUS)
    weight = np.exp(-(offset**2) / 2)
    generalised = np.sqrt(rabi_mhz**2 + (detuning_mhz + sigma * offset) ** 2)
    time_us = 1e-3 * duration_ns
    contrast = (rabi_mhz / np.maximum(generalised, 1e-12)) ** 2
    flip = contrast / 2 * (1 - np.cos(2 * np.pi * generalised * time_us) * np.exp(-time_us / t2_us))
    return float(np.sum(weight * flip) / np.sum(weight))


def _dopant_map(
    sample: Sample, dopant: Dopant, environment: Environment, microwave: Microwave, duration_ns: float
) -> FloatArray:
    lines = resonance_lines(dopant, environment.field_t)
    rabi = rabi_frequency_mhz(dopant, microwave.field_mt, lines.matrix_element)
    detuning = 1e3 * (microwave.frequency_ghz - lines.frequency_ghz)
    index = _level_index(dopant, environment)
    nuclear = projections(dopant.nuclear_spin)
    size = dimension(dopant.spin)
    result = np.zeros((size, size))
    for m_i in nuclear:
        step = np.eye(size)
        for k in np.flatnonzero(lines.lower_m_i == m_i):
            a, b = index[float(lines.lower_m_s[k])], index[float(lines.upper_m_s[k])]
            p = flip_probability(
                float(rabi[k]),
                float(detuning[k]),
                duration_ns,
                sample.esr_inhomogeneous_width_mhz,
                sample.spin_t2_us,
            )
            step = _swap(size, a, b, p) @ step
        result += step / nuclear.size
    return result


def _dopant_lit_rates(
    sample: Sample, dopant: Dopant, environment: Environment, microwave: Microwave
) -> FloatArray:
    lines = resonance_lines(dopant, environment.field_t)
    rabi = rabi_frequency_mhz(dopant, microwave.field_mt, lines.matrix_element)
    detuning = 1e3 * (microwave.frequency_ghz - lines.frequency_ghz)
    sigma = sample.esr_inhomogeneous_width_mhz / FWHM_PER_SIGMA
    density_per_mhz = np.exp(-((detuning / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
    # (pi/2) Omega^2 g(omega), with Omega = 2 pi rabi and g(omega) = density/(2 pi); MHz = 1e-3 / ns
    rate_per_ns = 1e-3 * np.pi**2 * rabi**2 * density_per_mhz
    index = _level_index(dopant, environment)
    size = dimension(dopant.spin)
    result = np.zeros((size, size))
    for k in range(rabi.size):
        a, b = index[float(lines.lower_m_s[k])], index[float(lines.upper_m_s[k])]
        share = rate_per_ns[k] / dimension(dopant.nuclear_spin)
        result[a, b] += share
        result[b, a] += share
    return result


def _level_index(dopant: Dopant, environment: Environment) -> dict[float, int]:
    """Which electron level each projection dominates; levels are in order of falling <Sz>."""
    levels = dopant_levels(dopant, environment.field_t)
    dominant = np.argmax(np.abs(levels.vectors) ** 2, axis=0)
    return {float(projections(dopant.spin)[m]): i for i, m in enumerate(dominant)}


def _swap(size: int, first: int, second: int, probability: float) -> FloatArray:
    result = np.eye(size)
    result[first, first] = result[second, second] = 1 - probability
    result[first, second] = result[second, first] = probability
    return result
