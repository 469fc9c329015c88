"""The dots of the validation table: shipped samples with the changes that a row states."""

from typing import Any

import numpy as np

from sims.basics.spins import FloatArray
from sims.dot.levels import level_scheme
from sims.dot.line_lists import absorption_lines
from sims.dot.sample import Sample, load_sample
from sims.dot.sample_parts import Dopant
from sims.dot.stimulus import Environment
from sims.envelope.placement import placement_statistics
from sims.envelope.profile import hard_sphere
from sims.envelope.radial import ground_state

HEAVY_HOLES_ONLY_MEV = 1e6
"""Heavy-light splitting that leaves heavy holes alone (24 exciton states with Mn)."""
UEV_PER_INVERSE_CM = 123.9841984
HOT_K = 300.0
"""Temperature at which all ground states are populated alike, so that every line is seen in absorption."""


def cdte(*, heavy_holes_only: bool, crystal_field: bool = True) -> Sample:
    """Mn in CdTe/ZnTe: I_e = -0.07 meV, I_h = +0.15 meV, delta_0 = 1 meV, g_e = -0.5, kappa = 0.2, g_Mn = 2."""
    sample = load_sample("mn-cdte-znte")
    changes: dict[str, Any] = {}
    if heavy_holes_only:
        changes["hh_lh_splitting_mev"] = HEAVY_HOLES_ONLY_MEV
    if not crystal_field:
        changes["dopants"] = (_without_crystal_field(sample.dopants[0]),)
    return sample.model_copy(update=changes)


def axial_cdte() -> Sample:
    """The same dot without the cubic term: a field along z conserves the total projection. Pumping uses it."""
    sample = load_sample("mn-cdte-znte")
    dopant = sample.dopants[0].model_copy(update={"cubic_a_uev": 0.0})
    return sample.model_copy(update={"dopants": (dopant,)})


def centred_cdse(hh_lh_splitting_mev: float = 20.0) -> Sample:
    """Mn at the centre of a bare CdSe sphere of 2 nm radius, by default with the holes split by 20 meV."""
    sample = load_sample("mn-cdse-cds")
    dopant = _without_crystal_field(sample.dopants[0]).model_copy(
        update={"position_nm": 0.0, "electron_exchange_mev": None, "hole_exchange_mev": None}
    )
    return sample.model_copy(
        update={
            "core_radius_nm": 2.0,
            "shell": "none",
            "shell_thickness_nm": 0.0,
            "hh_lh_splitting_mev": hh_lh_splitting_mev,
            "dopants": (dopant,),
        }
    )


def average_cdse() -> Sample:
    """The centred CdSe dot with both exchange constants divided by 6.58: Mn at the volume-average position."""
    from sims.dot.exchange import exchange_constants

    sample = centred_cdse()
    centre = exchange_constants(sample, sample.dopants[0])
    ratio = placement_statistics(ground_state(hard_sphere(2.0, 0.13))).centre_to_volume_average
    dopant = sample.dopants[0].model_copy(
        update={"electron_exchange_mev": centre.electron_mev / ratio, "hole_exchange_mev": centre.hole_mev / ratio}
    )
    return sample.model_copy(update={"dopants": (dopant,)})


def circular_lines(
    sample: Sample,
    *,
    sigma_plus: bool,
    field_z_t: float = 0.0,
    window_mev: float = 1e3,
    merge_mev: float = 0.02,
    least_share: float = 0.02,
) -> tuple[FloatArray, FloatArray]:
    """Energies (n,) in meV, rising, and strengths (n,) of the absorption lines of one helicity, ground states alike.

    Lines closer than ``merge_mev`` are one; those below ``least_share`` of the strongest, and those further than
    ``window_mev`` from the undoped bright exciton, are left out.
    """
    scheme = level_scheme(sample, Environment(HOT_K, (0.0, 0.0, field_z_t)), keep_light_holes=True)
    lines = absorption_lines(scheme, np.full(scheme.n_ground, 1 / scheme.n_ground))
    strength = lines.strength("sigma+" if sigma_plus else "sigma-")
    near = np.abs(lines.energy_mev - scheme.emission_mev) < window_mev
    order = np.argsort(lines.energy_mev[near])
    energy, strength = lines.energy_mev[near][order], strength[near][order]
    group = np.concatenate([[0], np.cumsum(np.diff(energy) > merge_mev)])
    total = np.bincount(group, weights=strength)
    centre = np.bincount(group, weights=strength * energy) / np.maximum(total, 1e-300)
    kept = total >= least_share * total.max()
    return centre[kept], total[kept]


def resonance_dopant(g_factor: float, hyperfine_per_cm: float) -> Dopant:
    """Mn with the given g and A (cm^-1) and no crystal field."""
    dopant = _without_crystal_field(load_sample("mn-cdse-cds").dopants[0])
    return dopant.model_copy(
        update={"g_factor": g_factor, "hyperfine_uev": hyperfine_per_cm * UEV_PER_INVERSE_CM, "nuclear_spin": 2.5}
    )


def _without_crystal_field(dopant: Dopant) -> Dopant:
    return dopant.model_copy(update={"zero_field_d_uev": 0.0, "zero_field_e_uev": 0.0, "cubic_a_uev": 0.0})
