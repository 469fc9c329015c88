"""Spins round the dot: protons of the ligands, unpaired electrons on the surface."""

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sims.basics import checks
from sims.coherence.bath import SpinBath, of_one_isotope
from sims.coherence.dipolar import ELECTRON_RAD_PER_S_PER_T
from sims.coherence.noise_sources import SurfaceSpins
from sims.matter.isotopes import spin_isotopes

FloatArray = npt.NDArray[np.float64]

LARGEST_PACKING = 0.35
"""Hard spheres thrown at random cannot fill more of the volume than about 0.38."""


def ligand_protons(
    dot_radius_nm: float,
    dopant_nm: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    thickness_nm: float = 1.0,
    density_per_nm3: float = 60.0,
    closest_nm: float = 0.15,
) -> SpinBath:
    """Protons at random in a shell round the dot, positions relative to the dopant.

    Density 60 nm^-3 is that of alkyl chains (volume of a CH2 group about 0.03 nm^3); no two come closer than
    ``closest_nm`` (two protons of a CH2 group: 0.18 nm). The chains' motion is left out: at room temperature it
    averages part of the couplings. ValueError when the spheres of that size cannot be packed or the dopant is outside.
    """
    inner = checks.positive("dot_radius_nm", dot_radius_nm)
    outer = inner + checks.positive("thickness_nm", thickness_nm)
    density = checks.not_negative("density_per_nm3", density_per_nm3)
    closest = checks.not_negative("closest_nm", closest_nm)
    if density * np.pi / 6 * closest**3 > LARGEST_PACKING:
        raise ValueError(
            f"density_per_nm3 {density} with closest_nm {closest}: too dense to place at random; lower either"
        )
    dopant = _inside(dopant_nm, inner)
    wanted = int(rng.poisson(density * 4 / 3 * np.pi * (outer**3 - inner**3)))
    placed = np.zeros((0, 3))
    while len(placed) < wanted:
        placed = _apart(
            np.concatenate((placed, _in_shell(wanted - len(placed), inner, outer, rng))), len(placed), closest
        )
    return of_one_isotope(placed - dopant, spin_isotopes("H")[0])


def surface_spin_bath(
    spins: SurfaceSpins, surface_radius_nm: float, dopant_nm: npt.ArrayLike, rng: np.random.Generator
) -> SpinBath:
    """Electron spins at random on the sphere, Poisson in number, positions relative to the dopant.

    Their gyromagnetic ratio is -g mu_B/hbar. For explicit dynamics; ``noise_sources`` gives their classical noise.
    """
    radius = checks.positive("surface_radius_nm", surface_radius_nm)
    dopant = _inside(dopant_nm, radius)
    count = int(rng.poisson(spins.density_per_nm2 * 4 * np.pi * radius**2))
    directions = rng.standard_normal((count, 3))
    positions = radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    gamma = -spins.g * ELECTRON_RAD_PER_S_PER_T
    return SpinBath(
        positions - dopant, np.full(count, spins.spin), np.full(count, gamma), ("surface electron",) * count
    )


def _inside(dopant_nm: npt.ArrayLike, radius_nm: float) -> FloatArray:
    dopant = np.asarray(dopant_nm, dtype=np.float64)
    if dopant.shape != (3,) or not np.all(np.isfinite(dopant)) or np.linalg.norm(dopant) >= radius_nm:
        raise ValueError(f"dopant_nm is {dopant.tolist()}: it must lie inside the radius of {radius_nm} nm")
    return dopant


def _in_shell(count: int, inner_nm: float, outer_nm: float, rng: np.random.Generator) -> FloatArray:
    directions = rng.standard_normal((count, 3))
    radii = np.cbrt(rng.uniform(inner_nm**3, outer_nm**3, count))
    return np.asarray(radii[:, None] * directions / np.linalg.norm(directions, axis=1, keepdims=True), dtype=np.float64)


def _apart(positions: FloatArray, n_settled: int, closest_nm: float) -> FloatArray:
    """Drop newcomers (rows from ``n_settled`` on) that are too close to any earlier row."""
    if closest_nm == 0:
        return positions
    pairs = cKDTree(positions).query_pairs(closest_nm, output_type="ndarray")
    later = pairs.max(axis=1) if len(pairs) else np.zeros(0, dtype=np.int64)
    keep = np.ones(len(positions), dtype=bool)
    keep[later[later >= n_settled]] = False
    return positions[keep]
