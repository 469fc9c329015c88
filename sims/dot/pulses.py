"""What a picosecond pulse does to the populations: a column-stochastic matrix, applied in an instant."""

import numpy as np
from scipy.special import gammainc

from sims.basics.spins import FloatArray
from sims.dot.levels import LevelScheme
from sims.dot.propagation import step_chain
from sims.dot.rates import pairs_per_joule, resonant_generator
from sims.dot.stimulus import ContinuousLight, PulsedLight


def pulse_map(scheme: LevelScheme, pulse: PulsedLight) -> FloatArray:
    """Populations after = map @ populations before, shape (n, n).

    Above the absorption edge the number of pairs is Poisson distributed; below, the pulse drives the lines
    incoherently with its energy (the light-matter coherence of a picosecond pulse is left out).
    """
    if pulse.energy_mev > scheme.absorption_edge_mev:
        return pair_map(scheme, mean_pairs(scheme, pulse))
    # The absorbed dose is power x time; one nanosecond at the mean power stands for it.
    light = ContinuousLight(pulse.energy_mev, pulse.fwhm_mev, 1e9 * pulse.energy_j, pulse.stokes)
    return step_chain(resonant_generator(scheme, light), 1.0, 0)[0].whole


def mean_pairs(scheme: LevelScheme, pulse: PulsedLight) -> float:
    """<N> = sigma fluence / (h nu) of a pulse above the absorption edge; 0 below it."""
    if pulse.energy_mev <= scheme.absorption_edge_mev:
        return 0.0
    return pairs_per_joule(scheme, pulse.energy_mev) * pulse.energy_j


def pair_map(scheme: LevelScheme, mean_number: float) -> FloatArray:
    """0, 1, 2 or more new pairs: the dot keeps at most two (more are lost to Auger at once)."""
    none, some = np.exp(-mean_number), -np.expm1(-mean_number)
    one, more = mean_number * none, float(gammainc(2, mean_number))
    ground, exciton, biexciton = scheme.ground_slice, scheme.exciton_slice, scheme.biexciton_slice
    result = np.zeros((scheme.n_states, scheme.n_states))
    result[ground, ground] = none * np.eye(scheme.n_ground)
    result[exciton, ground] = one * scheme.capture
    result[biexciton, ground] = more * np.eye(scheme.n_ground)
    result[exciton, exciton] = none * np.eye(scheme.n_exciton)
    result[biexciton, exciton] = some * scheme.dopant_overlap
    result[biexciton, biexciton] = np.eye(scheme.n_ground)
    result[scheme.inner_slice, scheme.inner_slice] = np.eye(scheme.n_inner)
    return result
