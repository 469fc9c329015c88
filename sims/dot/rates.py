"""Rate matrices: what moves populations during a segment of the cycle.

A generator G has shape (n, n), acts on column populations (dp/dt = G p, per ns), has non-negative off-diagonal
entries and columns that sum to zero. Light is treated incoherently: the lines are far broader than the
lifetime allows, so no Rabi oscillation survives.
"""

import numpy as np

from sims.basics.constants import JOULE_PER_MEV
from sims.basics.spins import FloatArray
from sims.dot.levels import LevelScheme, Lines
from sims.dot.lineshape import polarisation_coupling, spectral_overlap
from sims.dot.microwave import lit_microwave_rates
from sims.dot.relaxation import exciton_relaxation, ground_relaxation
from sims.dot.stimulus import ContinuousLight, Environment, Segment


def emission_rates_per_ns(scheme: LevelScheme) -> tuple[FloatArray, FloatArray]:
    """Photon rates per unit population, light along +z only: of scheme.exciton_lines, of scheme.biexciton_lines."""
    sample = scheme.sample
    exciton = scheme.radiative_rate_per_ns * scheme.exciton_lines.stokes[:, 0]
    radiative = sample.biexciton_quantum_yield / sample.biexciton_lifetime_ns
    biexciton = radiative * _normalised_by_upper(scheme.biexciton_lines, scheme.n_states)
    return exciton, biexciton


def dark_generator(scheme: LevelScheme) -> FloatArray:
    """Generator without light: recombination, spin relaxation, relaxation of the ground manifold."""
    sample, temperature = scheme.sample, scheme.temperature_k
    rates = np.zeros((scheme.n_states, scheme.n_states))
    ground, exciton, biexciton = scheme.ground_slice, scheme.exciton_slice, scheme.biexciton_slice
    lines = scheme.exciton_lines
    np.add.at(rates, (lines.lower, lines.upper), scheme.radiative_rate_per_ns * lines.total_weight)
    relaxation = exciton_relaxation(sample, scheme.exciton_energies_mev, scheme.exciton_vectors, temperature)
    rates[ground, exciton] += scheme.dopant_overlap * _non_radiative_rates(scheme, relaxation)
    upper = scheme.biexciton_lines
    np.add.at(rates, (upper.lower, upper.upper), emission_rates_per_ns(scheme)[1])
    auger = (1 - sample.biexciton_quantum_yield) / sample.biexciton_lifetime_ns
    rates[exciton, biexciton] += auger * scheme.capture
    rates[exciton, exciton] += relaxation
    rates[ground, ground] += ground_relaxation(sample, scheme.ground, temperature, 1e3 * sample.dark_t1_us)
    _add_energy_transfer(scheme, rates)
    return closed(rates)


def segment_generator(
    scheme: LevelScheme, environment: Environment, segment: Segment, dark: FloatArray | None = None
) -> FloatArray:
    """Generator during a segment. A microwave counts here only when light is on too (see microwave.py)."""
    result = dark_generator(scheme) if dark is None else dark.copy()
    saturation = 0.0
    for light in segment.lights:
        if light.energy_mev > scheme.absorption_edge_mev:
            result += pair_generator(scheme, pair_rate_per_ns(scheme, light))
        else:
            result += resonant_generator(scheme, light)
            saturation += saturation_parameter(scheme, light.power_w)
    sample = scheme.sample
    if saturation > 0 and sample.light_on_mixing_ns is not None:
        mixing = ground_relaxation(sample, scheme.ground, np.inf, sample.light_on_mixing_ns)
        result += saturation / (1 + saturation) * _on_ground(scheme, mixing)
    if segment.microwave is not None and segment.lights:
        result += _on_ground(scheme, lit_microwave_rates(sample, environment, segment.microwave))
    return result


def saturation_parameter(scheme: LevelScheme, power_w: float) -> float:
    """Power over the saturation power: s = P/P_sat."""
    return power_w / scheme.sample.resonant_saturation_power_w


def resonant_generator(scheme: LevelScheme, light: ContinuousLight) -> FloatArray:
    """Absorption and stimulated emission on every zero-phonon line.

    W = s/(2 tau) * spectral overlap * polarisation coupling, so that a closed two-level line on resonance
    holds n_X = s/(2(1 + s)); tau is the bright exciton's lifetime.
    """
    rates = np.zeros((scheme.n_states, scheme.n_states))
    base = saturation_parameter(scheme, light.power_w) / (2 * scheme.sample.lifetime_ns)
    for lines in (scheme.exciton_lines, scheme.biexciton_lines):
        overlap = spectral_overlap(light.energy_mev - lines.energy_mev, scheme.line_fwhm_mev, light.fwhm_mev)
        rate = base * overlap * polarisation_coupling(lines.stokes, light.stokes)
        np.add.at(rates, (lines.upper, lines.lower), rate)
        np.add.at(rates, (lines.lower, lines.upper), rate)
    return closed(rates)


def pair_rate_per_ns(scheme: LevelScheme, light: ContinuousLight) -> float:
    """Pairs created per ns by continuous light above the absorption edge."""
    return 1e-9 * pairs_per_joule(scheme, light.energy_mev) * light.power_w


def pairs_per_joule(scheme: LevelScheme, energy_mev: float) -> float:
    """Mean number of pairs per joule in the focus: sigma / (area h nu), a top-hat focus of the given diameter.

    The cross-section is taken as constant above the absorption edge.
    """
    area_cm2 = np.pi / 4 * (1e-4 * scheme.sample.focus_diameter_um) ** 2
    return float(scheme.sample.absorption_cross_section_cm2 / (area_cm2 * energy_mev * JOULE_PER_MEV))


def pair_generator(scheme: LevelScheme, rate_per_ns: float) -> FloatArray:
    """Continuous creation of pairs with random spins: ground -> exciton -> biexciton."""
    rates = np.zeros((scheme.n_states, scheme.n_states))
    rates[scheme.exciton_slice, scheme.ground_slice] = rate_per_ns * scheme.capture
    rates[scheme.biexciton_slice, scheme.exciton_slice] = rate_per_ns * scheme.dopant_overlap
    return closed(rates)


def closed(rates: FloatArray) -> FloatArray:
    """Generator of non-negative rates (to, from): the diagonal makes every column sum to zero."""
    off_diagonal = rates - np.diag(np.diag(rates))
    return off_diagonal - np.diag(off_diagonal.sum(axis=0))


def inner_emission_rate_per_ns(scheme: LevelScheme) -> float:
    """Photons per ns of a dopant excited by energy transfer; 0 where there is none."""
    inner = scheme.sample.inner_emission
    if scheme.n_inner == 0 or inner is None:
        return 0.0
    return inner.quantum_yield / (1e3 * inner.lifetime_us)


def _add_energy_transfer(scheme: LevelScheme, rates: FloatArray) -> None:
    """Exciton -> excited dopant -> ground states with random spin (the inner transition forgets the spin).

    While the dopant is excited the dot takes no further pair: the dopant would quench it (Auger).
    """
    inner = scheme.sample.inner_emission
    if scheme.n_inner == 0 or inner is None:
        return
    rates[scheme.inner_slice, scheme.exciton_slice] += scheme.transfer_rate_per_ns
    rates[scheme.inner_slice, scheme.biexciton_slice] += 2 * scheme.transfer_rate_per_ns
    rates[scheme.ground_slice, scheme.inner_slice] += 1 / (1e3 * inner.lifetime_us * scheme.n_ground)


def _non_radiative_rates(scheme: LevelScheme, relaxation: FloatArray) -> FloatArray:
    """Per exciton state: what is missing to the total decay that the sample states.

    A state of bright share b decays in all at b/tau + (1-b)/tau_dark. Photons take one part, relaxation
    (to, from) to darker states another; the rest is lost without light. Where photons and relaxation alone are
    faster than the stated lifetime, nothing is added and the state decays faster.
    """
    sample = scheme.sample
    brightness = np.zeros(scheme.n_states)
    np.add.at(brightness, scheme.exciton_lines.upper, scheme.exciton_lines.total_weight)
    bright = brightness[scheme.exciton_slice]
    share = np.clip(bright, 0.0, 1.0)
    total = share / sample.lifetime_ns + (1.0 - share) / sample.dark_lifetime_ns
    darkening = np.clip(share[None, :] - share[:, None], 0.0, 1.0)  # (to, from)
    elsewhere = scheme.radiative_rate_per_ns * bright + np.sum(relaxation * darkening, axis=0)
    return np.asarray(np.maximum(0.0, total - elsewhere), dtype=np.float64)


def _normalised_by_upper(lines: Lines, n_states: int) -> FloatArray:
    total = np.zeros(n_states)
    np.add.at(total, lines.upper, lines.total_weight)
    return lines.total_weight / total[lines.upper]


def _on_ground(scheme: LevelScheme, rates: FloatArray) -> FloatArray:
    result = np.zeros((scheme.n_states, scheme.n_states))
    result[scheme.ground_slice, scheme.ground_slice] = rates
    return closed(result)
