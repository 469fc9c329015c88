"""Where the dot emits: gap, confinement, Coulomb energy, temperature; and the hand-over of energy to the dopant."""

import numpy as np

from sims.basics.constants import COULOMB_MEV_NM, HBAR2_OVER_2M0_MEV_NM2
from sims.dot.exchange import sample_pair
from sims.dot.sample import Sample
from sims.matter.hosts import MATERIALS, gap_mev

REFERENCE_TEMPERATURE_K = 4.0


def emission_energy_mev(sample: Sample, temperature_k: float) -> float:
    """Centre of the bright multiplet: the sample's value at 4 K, shifted as the gap of the host."""
    material = MATERIALS[sample.host]
    at_reference = sample.emission_mev
    if at_reference is None:
        at_reference = confined_gap_mev(sample)
    shift = gap_mev(material, temperature_k) - gap_mev(material, REFERENCE_TEMPERATURE_K)
    return at_reference + shift


def confined_gap_mev(sample: Sample) -> float:
    """Lowest transition at 4 K in meV, by the sample's ``envelope_model``.

    "infinite-walls": gap plus confinement minus 1.786 e^2/(eps R) (Brus, J. Chem. Phys. 80, 4403; good to ~100 meV),
    the electron confined by the outer radius, the hole by the core, R the mean of the two. "effective-mass": the
    radial solver over core and shells. NotEstablishedError where the host lacks a number: state ``emission_mev`` then.
    """
    if sample.envelope_model == "effective-mass":
        return float(sample_pair(sample).transition_mev)
    material = MATERIALS[sample.host]
    hole_nm = sample.core_radius_nm
    electron_nm = sample.outer_radius_nm
    confinement = (
        HBAR2_OVER_2M0_MEV_NM2
        * np.pi**2
        * (1 / (material.electron_mass * electron_nm**2) + 1 / (material.hole_mass * hole_nm**2))
    )
    coulomb = 1.786 * COULOMB_MEV_NM / (material.exciton_permittivity * (electron_nm + hole_nm) / 2)
    return float(gap_mev(material, REFERENCE_TEMPERATURE_K) + confinement - coulomb)


def transfer_rate_per_ns(sample: Sample, emission_mev: float) -> float:
    """Rate at which an exciton of that energy hands it to the dopant; 0 below the dopant's inner transition.

    Above it the dopant takes the energy whatever its spin and keeps it for its own, long lifetime (1-100 ps and
    0.1-2 ms for Mn2+: Barrett and Binks, Mater. Quantum Technol. 2023, and references there).
    """
    inner = sample.inner_emission
    if not sample.dopants or sample.energy_transfer_ps is None or inner is None:
        return 0.0
    return 1e3 / sample.energy_transfer_ps if emission_mev > inner.energy_mev else 0.0
