"""Exchange constants between carriers and one dopant.

H = I_e S.s + I_h S.J with I_e = -alpha |psi_e(R)|^2 and I_h = (|beta|/3) |psi_h(R)|^2 (beta < 0), where
alpha = N0alpha V0. The electron fills core and shell (infinite well at the outer radius), the hole the core.
"""

from dataclasses import dataclass

from sims.dot.sample import Dopant, Sample
from sims.envelope.sphere import electron_density_per_nm3, hole_density_per_nm3
from sims.matter.hosts import MATERIALS


@dataclass(frozen=True)
class Exchange:
    """Constants of I_e S.s and I_h S.J."""

    electron_mev: float
    hole_mev: float


def exchange_constants(sample: Sample, dopant: Dopant) -> Exchange:
    """Exchange of one dopant: the overrides of the sample file, else computed from its position."""
    material = MATERIALS[sample.host]
    electron, hole = dopant.electron_exchange_mev, dopant.hole_exchange_mev
    if electron is None:
        outer_nm = sample.core_radius_nm + sample.shell_thickness_nm
        density = electron_density_per_nm3(dopant.position_nm, outer_nm)
        electron = -dopant.n0_alpha_mev * material.cation_volume_nm3 * density
    if hole is None:
        density = hole_density_per_nm3(dopant.position_nm, sample.core_radius_nm, material.light_to_heavy_mass_ratio)
        hole = -dopant.n0_beta_mev / 3.0 * material.cation_volume_nm3 * density
    return Exchange(electron, hole)


def mean_field_electron_splitting_mev(
    spin: float, n0_alpha_mev: float, cation_volume_nm3: float, density_per_nm3: float
) -> float:
    """Splitting of the electron by a fully aligned dopant in mean field: S N0alpha V0 |psi|^2."""
    return spin * n0_alpha_mev * cation_volume_nm3 * density_per_nm3


def exact_electron_splitting_mev(
    spin: float, n0_alpha_mev: float, cation_volume_nm3: float, density_per_nm3: float
) -> float:
    """Exact splitting between total spin S+1/2 and S-1/2 of I_e S.s: (S + 1/2) |I_e|."""
    return (spin + 0.5) * n0_alpha_mev * cation_volume_nm3 * density_per_nm3
