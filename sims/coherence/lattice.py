"""Where the nuclei of a spherical core/multishell dot sit, and which of the sites hold an isotope with a spin.

Every layer keeps its own bulk lattice, centred on a cation (the dot's centre); shell sites that would come too close to
an atom further inside are left empty. Ideal positions: no strain, no reconstruction, no vacancies.
A dopant takes a cation site.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sims.basics import checks
from sims.coherence.bath import SpinBath
from sims.matter.hosts import material
from sims.matter.lattice import Lattice, sites_in_sphere
from sims.matter.material import Material
from sims.matter.nuclei import NuclearSpecies, nuclear_species

FloatArray = npt.NDArray[np.float64]

CLOSEST_BOND_FRACTION = 0.7
"""Shell sites nearer to an inner atom than this fraction of the shell's bond length stay empty."""
SAME_SITE_NM = 1e-6
BEYOND_THE_EDGE_NM = 1e-9


@dataclass(frozen=True)
class Layer:
    """One layer: host (name or Material, possibly isotopically enriched) up to ``outer_radius_nm``.

    ValueError for an unknown host or a radius that is not positive.
    """

    host: str | Material
    outer_radius_nm: float

    def __post_init__(self) -> None:
        checks.positive("outer_radius_nm", self.outer_radius_nm)
        if isinstance(self.host, str):
            material(self.host)

    @property
    def material(self) -> Material:
        """The host's record."""
        return material(self.host) if isinstance(self.host, str) else self.host


def dopant_site_nm(layers: Sequence[Layer], wanted_nm: npt.ArrayLike) -> FloatArray:
    """Cation site nearest to a wanted position (3,) relative to the dot's centre, in the layer that holds it.

    ValueError when the position is outside the dot or not finite.
    """
    wanted = np.asarray(wanted_nm, dtype=np.float64)
    if wanted.shape != (3,):
        raise ValueError(f"wanted_nm has shape {wanted.shape}: give x, y, z")
    distance = checks.finite("wanted_nm", float(np.linalg.norm(wanted)))
    _check_layers(layers)
    if distance > layers[-1].outer_radius_nm:
        raise ValueError(f"dopant at {distance:g} nm: outside the dot's radius of {layers[-1].outer_radius_nm:g} nm")
    index = next(k for k, layer in enumerate(layers) if distance <= layer.outer_radius_nm)
    cations = _layer_sites(layers, index)["cation"]
    if not len(cations):
        raise ValueError(f"layer {index} holds no cation site: it is thinner than the lattice")
    return np.asarray(cations[np.argmin(np.linalg.norm(cations - wanted, axis=1))], dtype=np.float64)


def nuclear_bath(layers: Sequence[Layer], dopant_nm: npt.ArrayLike, rng: np.random.Generator) -> SpinBath:
    """Nuclear spins of the dot, isotopes drawn by abundance, positions relative to the dopant.

    ``dopant_nm`` (3,) is the dopant's place relative to the dot's centre (see ``dopant_site_nm``); the host atom it
    replaces is left out. Layers from the inside out. ValueError for layers that do not grow outwards.
    """
    _check_layers(layers)
    dopant = np.asarray(dopant_nm, dtype=np.float64)
    positions: list[FloatArray] = []
    chosen: list[NuclearSpecies] = []
    for index, layer in enumerate(layers):
        species = nuclear_species(layer.material)
        for sublattice, sites in _layer_sites(layers, index).items():
            candidates = [one for one in species if one.sublattice == sublattice]
            kinds = _draw_isotopes(candidates, len(sites), rng)
            keep = (kinds >= 0) & (np.linalg.norm(sites - dopant, axis=1) > SAME_SITE_NM)
            positions.append(sites[keep] - dopant)
            chosen.extend(candidates[int(kind)] for kind in kinds[keep])
    return SpinBath(
        np.concatenate(positions),
        np.array([one.spin for one in chosen]),
        np.array([one.gyromagnetic_ratio_rad_per_s_per_t for one in chosen]),
        tuple(one.isotope for one in chosen),
    )


def _draw_isotopes(species: Sequence[NuclearSpecies], n_sites: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Index into ``species`` for every site, -1 where the nucleus has no spin."""
    edges = np.cumsum([one.abundance for one in species])
    found = np.searchsorted(edges, rng.random(n_sites), side="right").astype(np.int64)
    return np.where(found < len(species), found, -1)


def _check_layers(layers: Sequence[Layer]) -> None:
    radii = [layer.outer_radius_nm for layer in layers]
    if not radii or any(b <= a for a, b in zip([0.0, *radii[:-1]], radii, strict=True)):
        raise ValueError(f"layers end at {radii} nm: give at least one, from the inside out, each wider than the last")


def _layer_sites(layers: Sequence[Layer], index: int) -> dict[str, FloatArray]:
    """Sites (n, 3) of every sublattice of one layer, relative to the dot's centre."""
    lattice = layers[index].material.lattice
    inner = layers[index - 1].outer_radius_nm if index else -1.0
    radius = layers[index].outer_radius_nm + BEYOND_THE_EDGE_NM
    occupied = _inner_surface(layers, index)
    result = {}
    for sublattice in dict.fromkeys(lattice.sublattices):
        sites = sites_in_sphere(lattice, radius, sublattice, centre_on="cation")
        sites = sites[np.linalg.norm(sites, axis=1) > inner + BEYOND_THE_EDGE_NM]
        if occupied is not None and len(sites):
            distances, _ = occupied.query(sites)
            sites = sites[np.asarray(distances) > CLOSEST_BOND_FRACTION * bond_length_nm(lattice)]
        result[sublattice] = sites
    return result


def _inner_surface(layers: Sequence[Layer], index: int) -> cKDTree | None:
    """Atoms of the next inner layer; None for the core. Only the neighbour matters: layers are wider than a bond."""
    if index == 0:
        return None
    return cKDTree(np.concatenate(list(_layer_sites(layers, index - 1).values())))


def bond_length_nm(lattice: Lattice) -> float:
    """Shortest distance between two atoms of the crystal in nm."""
    around = np.concatenate(
        [
            sites_in_sphere(lattice, lattice.a_nm, name, centre_on="cation")
            for name in dict.fromkeys(lattice.sublattices)
        ]
    )
    distances = np.linalg.norm(around, axis=1)
    return float(np.min(distances[distances > SAME_SITE_NM]))
