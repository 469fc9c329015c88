"""Sums of 1/r^6 over shells and surfaces seen from a dopant anywhere inside a spherical dot, in closed form.

With the dopant at distance d from the centre, averaged over nothing: the integral of |r - d|^-6 over the sphere of
radius a is 4 pi a^2 (a^2 + d^2)/(a^2 - d^2)^4, and over the shell a_1 ... a_2
(4 pi/3) [a_1^3/(a_1^2 - d^2)^3 - a_2^3/(a_2^2 - d^2)^3] (elementary; d = 0 gives 4 pi/a^4 and the like).
"""

import numpy as np

from sims.basics import checks

MEDIAN_OF_UNIT_SPHERE = 0.5 ** (1 / 3)
"""Distance from the centre that half of the volume of a unit sphere stays below."""


def surface_inverse_sixth_per_nm4(surface_radius_nm: float, dopant_distance_nm: float = 0.0) -> float:
    """Integral of dA/r^6 over the surface, in nm^-4; ValueError when the dopant is not inside."""
    a, d = _inside("surface_radius_nm", surface_radius_nm, dopant_distance_nm)
    return float(4 * np.pi * a**2 * (a**2 + d**2) / (a**2 - d**2) ** 4)


def shell_inverse_sixth_per_nm3(inner_radius_nm: float, thickness_nm: float, dopant_distance_nm: float = 0.0) -> float:
    """Integral of dV/r^6 over a shell, in nm^-3; the thickness may be infinite; ValueError for a dopant outside."""
    a, d = _inside("inner_radius_nm", inner_radius_nm, dopant_distance_nm)
    inner = a**3 / (a**2 - d**2) ** 3
    if np.isinf(thickness_nm) and thickness_nm > 0:
        return float(4 * np.pi / 3 * inner)
    outer = a + checks.not_negative("thickness_nm", thickness_nm)
    return float(4 * np.pi / 3 * (inner - outer**3 / (outer**2 - d**2) ** 3))


def median_surface_inverse_sixth_per_nm4(core_radius_nm: float, shell_thickness_nm: float) -> float:
    """Median over a dopant anywhere in the core of the surface integral of dA/r^6, in nm^-4.

    The integral rises with the dopant's distance from the centre, so its median is its value at the median distance,
    core radius x 2^(-1/3). ValueError unless core and shell are positive.
    """
    core = checks.positive("core_radius_nm", core_radius_nm)
    surface = core + checks.positive("shell_thickness_nm", shell_thickness_nm)
    return surface_inverse_sixth_per_nm4(surface, MEDIAN_OF_UNIT_SPHERE * core)


def _inside(name: str, radius_nm: float, dopant_distance_nm: float) -> tuple[float, float]:
    radius = checks.positive(name, radius_nm)
    distance = checks.not_negative("dopant_distance_nm", dopant_distance_nm)
    if distance >= radius:
        raise ValueError(f"dopant_distance_nm is {distance}: the dopant must lie inside {name} = {radius}")
    return radius, distance
