"""Spectra of one dot: absorption, photoluminescence (PL) and its excitation spectrum (PLE).

Field of any direction, any temperature, any polarisation; exciton or trion. Energies in meV, spectra per meV: a line
of strength 1 (a fully bright heavy-hole exciton in its own polarisation) has the area 1. The homogeneous line is a
Lorentzian of the sample's width at that temperature; spectral jumps, seen over a time long against the waiting
time, widen it with a Gaussian (Voigt profile).
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import voigt_profile

from sims.basics.spins import FloatArray
from sims.dot.levels import level_scheme
from sims.dot.line_lists import (
    STOKES,
    LineList,
    Polarisation,
    Thermalisation,
    absorption_lines,
    emission_from,
    emission_lines,
    stokes_of,
    thermal_populations,
    yield_per_pair,
)
from sims.dot.lineshape import FWHM_PER_SIGMA
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment

__all__ = [
    "STOKES",
    "LineList",
    "Polarisation",
    "Thermalisation",
    "absorption",
    "absorption_lines",
    "broadened",
    "copper_mixture",
    "emission_lines",
    "field_map",
    "photoluminescence",
    "photoluminescence_excitation",
    "thermal_populations",
]


def absorption(
    sample: Sample,
    environment: Environment,
    energy_mev: FloatArray,
    polarisation: Polarisation = "none",
    ground: FloatArray | None = None,
) -> FloatArray:
    """Absorption per meV on the energies (n,), of light of that polarisation ("none": unpolarised, half of each).

    ``ground``: populations of the ground states, thermal where None. Light-hole lines included. ValueError for an
    energy that is not finite, an unknown polarisation, a bad population.
    """
    energies = _checked_energies(energy_mev)
    stokes_of(polarisation)
    lines = absorption_lines(level_scheme(sample, environment, keep_light_holes=True), ground)
    weight = lines.strength(polarisation) / (2 if polarisation == "none" else 1)
    return broadened(lines, weight, energies)


def photoluminescence(
    sample: Sample,
    environment: Environment,
    energy_mev: FloatArray,
    analyser: Polarisation = "none",
    thermalisation: Thermalisation = "boltzmann",
    ground: FloatArray | None = None,
) -> FloatArray:
    """PL per meV on the energies (n,) behind an analyser ("none": without): photons along +z per pair created.

    See :func:`emission_lines`. Integrated over all energies it is the fraction of pairs that give a photon.
    """
    energies = _checked_energies(energy_mev)
    stokes_of(analyser)
    scheme = level_scheme(sample, environment, keep_light_holes=True)
    lines = emission_lines(scheme, thermalisation, ground)
    return broadened(lines, lines.strength(analyser), energies)


def photoluminescence_excitation(
    sample: Sample,
    environment: Environment,
    energy_mev: FloatArray,
    detection_mev: float,
    detection_fwhm_mev: float,
    excitation: Polarisation = "none",
    analyser: Polarisation = "none",
    thermalisation: Thermalisation = "rates",
    ground: FloatArray | None = None,
) -> FloatArray:
    """PLE: photons in a Gaussian detection band per unit of light absorbed resonantly, on the energies (n,).

    Every line absorbs with its profile; the pairs spread as ``thermalisation`` says, so PLE shows which excited
    states feed the detected ones. Absorption above the absorption edge is not included.
    """
    energies = _checked_energies(energy_mev)
    if not (np.isfinite(detection_mev) and np.isfinite(detection_fwhm_mev) and detection_fwhm_mev > 0):
        raise ValueError(
            f"detection_mev = {detection_mev}, detection_fwhm_mev = {detection_fwhm_mev}: must be finite, the width > 0"
        )
    scheme = level_scheme(sample, environment, keep_light_holes=True)
    lines = absorption_lines(scheme, ground)
    weight = lines.strength(excitation) / (2 if excitation == "none" else 1)
    absorbed = _profiles(lines, energies) * weight  # (n_energy, n_lines)
    created = np.zeros((energies.size, scheme.n_exciton))
    np.add.at(created.T, lines.upper - scheme.n_ground, absorbed.T)
    emitted = emission_from(scheme, np.ones(scheme.n_exciton))
    seen = emitted.strength(analyser) * _in_band(emitted, detection_mev, detection_fwhm_mev)
    own = emitted.kind != "dopant"
    detected = np.zeros(scheme.n_exciton)
    np.add.at(detected, emitted.upper[own] - scheme.n_ground, seen[own])
    detected += seen[~own].sum() / scheme.n_exciton  # any exciton excites the dopant at the same rate
    reached = yield_per_pair(scheme, detected, thermalisation)
    return np.asarray(created @ reached, dtype=np.float64)


def field_map(
    sample: Sample,
    temperature_k: float,
    fields_t: Sequence[tuple[float, float, float]],
    energy_mev: FloatArray,
    analyser: Polarisation = "none",
    thermalisation: Thermalisation = "boltzmann",
) -> FloatArray:
    """PL against field: shape (n_fields, n_energies). Arguments as :func:`photoluminescence`."""
    rows = [
        photoluminescence(sample, Environment(temperature_k, field_t), energy_mev, analyser, thermalisation)
        for field_t in fields_t
    ]
    return np.array(rows)


def broadened(lines: LineList, weight: FloatArray, energy_mev: FloatArray) -> FloatArray:
    """Sum of Voigt profiles of areas ``weight`` (n_lines,) on the energies (n,), per meV."""
    return np.asarray(_profiles(lines, energy_mev) @ weight, dtype=np.float64)


def copper_mixture(sample: Sample, paramagnetic_fraction: float) -> tuple[tuple[float, Sample], tuple[float, Sample]]:
    """Weights and samples of a dot whose Cu is Cu2+ for this share of the time and Cu+ (no spin) otherwise.

    A spectrum of the switching dot is the weighted sum of the two. ValueError for a share outside 0..1 or a sample
    without Cu2+.
    """
    if not 0 <= paramagnetic_fraction <= 1:
        raise ValueError(f"paramagnetic_fraction = {paramagnetic_fraction}: must lie between 0 and 1")
    copper = tuple(dopant for dopant in sample.dopants if dopant.element == "Cu")
    if not copper:
        raise ValueError(f"sample {sample.name}: has no Cu2+ dopant; only Cu changes between Cu+ and Cu2+")
    reduced = tuple(dopant.model_copy(update={"oxidation_state": 1}) for dopant in copper)
    others = tuple(dopant for dopant in sample.dopants if dopant.element != "Cu")
    dark = sample.model_copy(update={"dopants": others, "silent_dopants": sample.silent_dopants + reduced})
    return (paramagnetic_fraction, sample), (1 - paramagnetic_fraction, dark)


def _profiles(lines: LineList, energy_mev: FloatArray) -> FloatArray:
    """Voigt profiles of area 1, (n_energy, n_lines), per meV."""
    detuning = np.asarray(energy_mev, dtype=np.float64)[:, None] - lines.energy_mev
    sigma = lines.gauss_fwhm_mev / FWHM_PER_SIGMA
    return np.asarray(voigt_profile(detuning, sigma, lines.lorentz_fwhm_mev / 2), dtype=np.float64)


def _in_band(lines: LineList, centre_mev: float, fwhm_mev: float) -> FloatArray:
    """Share of each line that passes a Gaussian band of transmission 1 at its centre."""
    sigma = np.hypot(lines.gauss_fwhm_mev, fwhm_mev) / FWHM_PER_SIGMA
    band = voigt_profile(centre_mev - lines.energy_mev, sigma, lines.lorentz_fwhm_mev / 2)
    return np.asarray(band * np.sqrt(2 * np.pi) * fwhm_mev / FWHM_PER_SIGMA, dtype=np.float64)


def _checked_energies(energy_mev: FloatArray) -> FloatArray:
    energies = np.atleast_1d(np.asarray(energy_mev, dtype=np.float64))
    if energies.ndim != 1 or not np.all(np.isfinite(energies)):
        raise ValueError("energy_mev: must be one row of finite energies")
    return energies
