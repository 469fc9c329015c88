"""Bulk numbers of the hosts, textbook values good to about 10 %."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Material:
    """One bulk semiconductor.

    gap: Eg(T) = gap_0k_mev - varshni_mev_per_k T^2 / (T + varshni_k). Masses in units of the free mass.
    ``light_to_heavy_mass_ratio`` is beta of the spherical Luttinger model, (g1 - 2g)/(g1 + 2g).
    ``cation_volume_nm3`` is the volume per cation, V0 = 1/N0.
    """

    gap_0k_mev: float
    varshni_mev_per_k: float
    varshni_k: float
    electron_mass: float
    hole_mass: float
    light_to_heavy_mass_ratio: float
    permittivity: float
    cation_volume_nm3: float


# The mass ratios follow from tabulated Luttinger parameters; only the one of CdSe has been checked here.
MATERIALS: dict[str, Material] = {
    "CdSe": Material(1834.0, 0.424, 118.0, 0.13, 0.45, 0.28, 9.5, 0.0561),
    "CdS": Material(2580.0, 0.402, 147.0, 0.20, 0.70, 0.28, 8.9, 0.0499),
    "ZnSe": Material(2825.0, 0.49, 190.0, 0.16, 0.60, 0.21, 8.9, 0.0455),
    "ZnS": Material(3840.0, 0.53, 240.0, 0.28, 0.60, 0.28, 8.3, 0.0396),
    "CdTe": Material(1606.0, 0.31, 108.0, 0.10, 0.40, 0.17, 10.4, 0.0680),
}


def gap_mev(material: Material, temperature_k: float) -> float:
    """Gap by Varshni's formula."""
    shift = material.varshni_mev_per_k * temperature_k**2 / (temperature_k + material.varshni_k)
    return material.gap_0k_mev - shift
