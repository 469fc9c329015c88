"""Coulomb energy of an electron and a hole from their radial densities, to first order.

Both densities are taken spherical, so Gauss's law gives the fields: with Q(r) the charge within r,

    E_C = e^2/(4 pi eps0) int_0^inf Q_e(r) Q_h(r) / (eps(r) r^2) dr ,

exact for any radial permittivity. For two ground states in a hard sphere it is Brus's 1.786 e^2/(eps R)
(L. E. Brus, J. Chem. Phys. 80, 4403 (1984)).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from sims.basics import checks
from sims.basics.constants import COULOMB_MEV_NM
from sims.envelope.radial import RadialState

FloatArray = npt.NDArray[np.float64]

POINTS = 12
PIECES = 4


def coulomb_energy_mev(
    electron: RadialState, hole: RadialState, borders_nm: tuple[float, ...], permittivities: tuple[float, ...]
) -> float:
    """Attraction (positive number, meV) of the pair.

    ``permittivities`` of the layers that end at ``borders_nm``; the last one also holds outside, because the
    surface charge the pair induces as a whole cancels against the carriers' own (see ``polarisation_energy_mev``).
    Raises ValueError for numbers of borders and permittivities that differ or a permittivity <= 0.
    """
    if len(borders_nm) != len(permittivities):
        raise ValueError(f"{len(permittivities)} permittivities for {len(borders_nm)} layers: give one for each layer")
    for value in permittivities:
        checks.positive("permittivity", value)
    edges = _common_edges(electron, hole, borders_nm)
    points, weights, integrator = _gauss()
    half = 0.5 * np.diff(edges)[:, None]
    radius = edges[:-1, None] + (points + 1) * half
    inside_e = _enclosed(electron.densities_per_nm3, radius, half, weights, integrator)
    inside_h = _enclosed(hole.densities_per_nm3, radius, half, weights, integrator)
    layer = np.minimum(np.searchsorted(np.array(borders_nm), radius), len(borders_nm) - 1)
    eps = np.array(permittivities)[layer]
    within = float(np.sum(half * weights * inside_e * inside_h / (eps * radius**2)))
    beyond = 1.0 / (permittivities[-1] * float(edges[-1]))
    return COULOMB_MEV_NM * (within + beyond)


def polarisation_energy_mev(
    electron: RadialState,
    hole: RadialState,
    radius_nm: float,
    permittivity: float,
    outside_permittivity: float,
    shortest_nm: float = 0.3,
) -> float:
    """Energy (meV, > 0 in a weaker medium) of the surface charge that the pair induces, for two s states.

    (e^2/2R) sum_{n>=1} a_n <(r/R)^2n>_e + the same for the hole, a_n = (k - 1)(n + 1)/[eps (k n + n + 1)] and
    k = eps/eps_out (Brus 1984; the n = 0 terms of self and mutual energy cancel for a neutral pair). Only the density
    inside R counts, and the sum ends at n = pi R / ``shortest_nm``: below a bond length a continuum surface has no
    meaning.
    """
    for name, value in (("permittivity", permittivity), ("outside_permittivity", outside_permittivity)):
        checks.positive(name, value)
    checks.positive("shortest_nm", shortest_nm)
    checks.positive("radius_nm", radius_nm)
    ratio = permittivity / outside_permittivity
    orders = np.arange(1, max(2, int(np.pi * radius_nm / shortest_nm)) + 1)
    strength = (ratio - 1) * (orders + 1) / (permittivity * (ratio * orders + orders + 1))
    points, weights, _ = _gauss()
    edges = np.linspace(0, radius_nm, 41)
    half = 0.5 * np.diff(edges)[:, None]
    radius = (edges[:-1, None] + (points + 1) * half).ravel()
    both = electron.densities_per_nm3(radius) + hole.densities_per_nm3(radius)
    moments = ((radius / radius_nm)[None, :] ** (2 * orders[:, None])) @ (
        (half * weights).ravel() * both * 4 * np.pi * radius**2
    )
    return float(COULOMB_MEV_NM / (2 * radius_nm) * np.sum(strength * moments))


def _common_edges(electron: RadialState, hole: RadialState, borders_nm: tuple[float, ...]) -> FloatArray:
    """Borders of both meshes and of the layers, each interval cut into equal pieces."""
    farthest = max(electron.mesh.borders_nm[-1], hole.mesh.borders_nm[-1], borders_nm[-1])
    coarse = np.unique(np.concatenate([electron.mesh.borders_nm, hole.mesh.borders_nm, np.array(borders_nm)]))
    coarse = coarse[np.append(np.diff(coarse) > 1e-9, True)]
    fine = np.interp(np.arange(PIECES * (coarse.size - 1) + 1) / PIECES, np.arange(coarse.size), coarse)
    return np.asarray(fine[fine <= farthest], dtype=np.float64)


def _gauss() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gauss points, weights (POINTS,) and the matrix that integrates point values from -1 to each point."""
    points, weights = legendre.leggauss(POINTS)
    to_legendre = np.linalg.inv(legendre.legvander(points, POINTS - 1))
    antiderivative = legendre.legint(np.eye(POINTS), axis=0, lbnd=-1)
    return points, weights, legendre.legvander(points, POINTS) @ antiderivative @ to_legendre


def _enclosed(
    density: Callable[[FloatArray], FloatArray],
    radius: FloatArray,
    half: FloatArray,
    weights: FloatArray,
    integrator: FloatArray,
) -> FloatArray:
    """Charge within every radius (n, POINTS) of the grid."""
    shell = 4 * np.pi * radius**2 * density(radius.ravel()).reshape(radius.shape)
    whole = np.sum(half * weights * shell, axis=1)
    before = np.concatenate([[0.0], np.cumsum(whole)[:-1]])
    return np.asarray(before[:, None] + half * (shell @ integrator.T), dtype=np.float64)
