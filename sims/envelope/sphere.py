"""Envelope functions of electron and hole in a sphere with infinite walls.

Electron: one band, psi = sin(pi r/R) / (sqrt(2 pi R) r).
Hole: 1S3/2 state of the spherical Luttinger model (Xia 1989; Efros and Rosen, Annu. Rev. Mater. Sci. 30, 475):
R0 = C [j0(kr) - c j0(sqrt(b) kr)], R2 = C [j2(kr) + c j2(sqrt(b) kr)], c = j0(kR)/j0(sqrt(b) kR),
with b = m_lh/m_hh and k from j0(kR) j2(sqrt(b) kR) + j2(kR) j0(sqrt(b) kR) = 0. Its density is averaged over
the direction; the anisotropy that R2 gives an off-centre dopant's exchange is left out.
"""

from functools import cache

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import spherical_jn

from sims.basics import checks


def electron_density_per_nm3(distance_nm: float, radius_nm: float) -> float:
    """|psi_e|^2 in nm^-3 at a distance from the centre; zero outside. ValueError for distance < 0 or radius <= 0."""
    _require_place(distance_nm, radius_nm)
    if distance_nm >= radius_nm:
        return 0.0
    return float(np.pi / (2 * radius_nm**3) * np.sinc(distance_nm / radius_nm) ** 2)


def hole_density_per_nm3(distance_nm: float, radius_nm: float, mass_ratio: float) -> float:
    """Direction-averaged |psi_h|^2 in nm^-3 of the 1S3/2 hole; zero outside.

    ``mass_ratio`` is m_lh/m_hh, 0.01 to 0.99. ValueError for a ratio beyond, a negative distance or a radius <= 0.
    """
    _require_place(distance_nm, radius_nm)
    if distance_nm >= radius_nm:
        return 0.0
    norm = _hole_norm(mass_ratio)
    return _hole_radial_square(distance_nm / radius_nm, mass_ratio) / (4 * np.pi * norm * radius_nm**3)


@cache
def hole_wave_number(mass_ratio: float) -> float:
    """Lowest root kR of the 1S3/2 condition; ValueError for m_lh/m_hh outside 0.01 to 0.99."""
    if not 0.01 <= mass_ratio <= 0.99:
        raise ValueError(f"mass_ratio = {mass_ratio}: m_lh/m_hh must lie between 0.01 and 0.99")
    root = np.sqrt(mass_ratio)

    def condition(x: float) -> float:
        return float(spherical_jn(0, x) * spherical_jn(2, root * x) + spherical_jn(2, x) * spherical_jn(0, root * x))

    grid = np.linspace(1.0, 10.0, 400)
    values = np.array([condition(x) for x in grid])
    first = int(np.flatnonzero(values[:-1] * values[1:] < 0)[0])
    return float(brentq(condition, grid[first], grid[first + 1], xtol=1e-13))


def _require_place(distance_nm: float, radius_nm: float) -> None:
    checks.not_negative("distance_nm", distance_nm)
    checks.positive("radius_nm", radius_nm)


def _hole_radial_square(x: float, mass_ratio: float) -> float:
    """R0^2 + R2^2 without normalisation at r = x R."""
    k = hole_wave_number(mass_ratio)
    light = np.sqrt(mass_ratio) * k
    c = spherical_jn(0, k) / spherical_jn(0, light)
    r0 = spherical_jn(0, k * x) - c * spherical_jn(0, light * x)
    r2 = spherical_jn(2, k * x) + c * spherical_jn(2, light * x)
    return float(r0**2 + r2**2)


@cache
def _hole_norm(mass_ratio: float) -> float:
    value, _ = quad(lambda x: _hole_radial_square(x, mass_ratio) * x**2, 0.0, 1.0, epsabs=1e-12)
    return float(value)
