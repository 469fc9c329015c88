"""Bohr radii: how large a carrier or an exciton is in the bulk, the length a dot's radius is compared with."""

from sims.basics import checks
from sims.basics.constants import COULOMB_MEV_NM, HBAR2_OVER_2M0_MEV_NM2


def carrier_bohr_radius_nm(mass: float, permittivity: float) -> float:
    """Eq. (1) of Barrett and Binks (Mater. Quantum Technol., 2023): a = 4 pi eps0 eps hbar^2/(m e^2) in nm.

    ``mass`` in units of the free mass. The paper writes the formula in Gaussian units with eps_infinity but calls it
    static: the permittivity is therefore an argument. Raises ValueError for mass or permittivity <= 0.
    """
    checks.positive("mass", mass)
    checks.positive("permittivity", permittivity)
    return 2 * HBAR2_OVER_2M0_MEV_NM2 * permittivity / (mass * COULOMB_MEV_NM)


def exciton_bohr_radius_nm(electron_mass: float, hole_mass: float, permittivity: float) -> float:
    """Bohr radius of the exciton in nm: the same formula with the reduced mass, the sum of the carriers' radii."""
    electron = carrier_bohr_radius_nm(electron_mass, permittivity)
    return electron + carrier_bohr_radius_nm(hole_mass, permittivity)
