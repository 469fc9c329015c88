"""A synthesis batch: how many dopants a dot gets, where they sit, how large the dots are.

Dopants per dot follow Poisson's law with mean lambda (Barrett and Binks, Mater. Quantum Technol. (2023), section 2.2):
P(n) = lambda^n e^-lambda / n!. Two dopants on neighbouring cation sites couple antiferromagnetically and are silent;
more distant pairs are not, their dot shows more than one dopant's lines and must not be counted as undoped.

Not modelled: self-purification (dopants driven to the surface), correlation of size and dopant number beyond
``dopants_follow_volume``, shapes other than spheres.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sims.basics import checks
from sims.dot.emission import confined_gap_mev
from sims.dot.sample import Sample, parse_sample
from sims.dot.sample_parts import Dopant
from sims.matter.hosts import material
from sims.matter.lattice import sites_in_sphere

FloatArray = npt.NDArray[np.float64]
Placement = Literal["lattice", "volume", "radius", "centred"]

LONGEST_DEVIATION = 3.0
"""Sizes are drawn from a normal law cut at this many standard deviations."""

NEIGHBOUR_TOLERANCE = 1.05
"""Two cations closer than this many nearest-neighbour distances are neighbours (the next shell is at 1.41)."""


@dataclass(frozen=True)
class Batch:
    """What comes out of one synthesis.

    ``template``: the Sample whose core radius is the mean; its first dopant gives the ion (positions and exchange
    overrides are drawn anew). ``mean_dopants`` lambda >= 0 for the mean core; ``size_spread`` standard deviation of
    the core radius relative to its mean (0..0.3). ``placement`` of dopants in the core: "lattice" on random cation
    sites (two never share one), "volume" anywhere with even density, "radius" evenly in distance (the unphysical
    choice some averages make), "centred" on the cation sites closest to the centre, the first one at it.
    ``confined_fraction`` f keeps them within r < f R. ``dopants_follow_volume`` lets lambda grow with the core's
    volume. Raises ValueError by the field's name.
    """

    template: Sample
    mean_dopants: float = 1.0
    placement: Placement = "lattice"
    confined_fraction: float = 1.0
    size_spread: float = 0.0
    dopants_follow_volume: bool = False

    def __post_init__(self) -> None:
        checks.not_negative("mean_dopants", self.mean_dopants)
        checks.fraction("confined_fraction", self.confined_fraction)
        checks.positive("confined_fraction", self.confined_fraction)
        checks.not_negative("size_spread", self.size_spread)
        if self.size_spread > 0.3:
            raise ValueError(f"size_spread = {self.size_spread}: above 0.3 the cut normal law reaches radius 0")
        if self.placement not in ("lattice", "volume", "radius", "centred"):
            raise ValueError(f"placement {self.placement!r}: must be lattice, volume, radius or centred")
        if self.mean_dopants > 0 and not self.template.dopants:
            raise ValueError("template: has no dopant to tell which ion is doped; give it one or set mean_dopants = 0")


@dataclass(frozen=True, eq=False)
class DrawnDot:
    """One dot of a batch.

    ``positions_nm`` (n, 3) of all its dopants from the centre; ``silent`` (n,) marks those with a dopant on a
    neighbouring cation site.
    """

    batch: Batch
    core_radius_nm: float
    positions_nm: FloatArray
    silent: npt.NDArray[np.bool_]

    @property
    def active_count(self) -> int:
        """Dopants that show in spectra."""
        return int(np.sum(~self.silent))

    def sample(self, name: str = "drawn dot") -> Sample:
        """The dot as a Sample.

        ValueError when it has more dopants than a sample sheet holds, SampleError (one line) when another limit of the
        sheet is passed, for instance by a very small dot.

        Size acts on the core radius, on ``emission_mev`` (by the change of ``confined_gap_mev``) and on the bright-dark
        splitting (as R^-3: A. L. Efros et al., Phys. Rev. B 54, 4843 (1996)). Everything else is the template's.
        """
        template = self.batch.template
        for field, count in (("dopants", self.active_count), ("silent_dopants", int(np.sum(self.silent)))):
            limit = _longest(field)
            if count > limit:
                raise ValueError(f"{count} {field}: a sample sheet holds at most {limit}; leave this dot out")
        sized = template.model_copy(
            update={"core_radius_nm": self.core_radius_nm, "dopants": (), "dopant_exchange": ()}
        )
        emission = template.emission_mev
        if emission is not None and self.core_radius_nm != template.core_radius_nm:
            emission += confined_gap_mev(sized) - confined_gap_mev(template)
        scale = (template.core_radius_nm / self.core_radius_nm) ** 3
        drawn = sized.model_copy(
            update={
                "name": name,
                "emission_mev": emission,
                "bright_dark_splitting_mev": template.bright_dark_splitting_mev * scale,
                "dopants": tuple(self._dopant(place) for place in self.positions_nm[~self.silent]),
                "silent_dopants": tuple(self._dopant(place) for place in self.positions_nm[self.silent]),
            }
        )
        return parse_sample(drawn.model_dump(), name)

    def _dopant(self, place: FloatArray) -> Dopant:
        distance = float(np.linalg.norm(place))
        direction = None if distance == 0 else (float(place[0]), float(place[1]), float(place[2]))
        return self.batch.template.dopants[0].model_copy(
            update={
                "position_nm": distance,
                "direction": direction,
                "electron_exchange_mev": None,
                "hole_exchange_mev": None,
            }
        )


def draw_dots(batch: Batch, count: int, rng: np.random.Generator) -> Iterator[DrawnDot]:
    """``count`` dots of the batch, one after the other, from a seeded generator; ValueError for a negative count."""
    checks.at_least("count", count, 0)
    for _ in range(count):
        yield draw_dot(batch, rng)


def draw_dot(batch: Batch, rng: np.random.Generator) -> DrawnDot:
    """One dot of the batch."""
    mean_nm = batch.template.core_radius_nm
    radius_nm = mean_nm * (1 + batch.size_spread * _cut_normal(rng))
    mean_dopants = batch.mean_dopants * ((radius_nm / mean_nm) ** 3 if batch.dopants_follow_volume else 1.0)
    number = int(rng.poisson(mean_dopants))
    positions = place_dopants(batch, radius_nm, number, rng)
    return DrawnDot(batch, radius_nm, positions, neighbours(positions, _neighbour_distance_nm(batch.template)))


def place_dopants(batch: Batch, radius_nm: float, number: int, rng: np.random.Generator) -> FloatArray:
    """Positions (number, 3) in nm of dopants in a core of that radius, by the batch's placement.

    Raises ValueError for a negative number, and when "lattice" has fewer cation sites within reach than dopants.
    """
    checks.at_least("number", number, 0)
    reach_nm = checks.positive("radius_nm", radius_nm) * batch.confined_fraction
    if number == 0:
        return np.zeros((0, 3))
    if batch.placement in ("lattice", "centred"):
        lattice = material(batch.template.host).lattice
        if batch.placement == "centred":
            sites = sites_in_sphere(lattice, reach_nm, "cation", centre_on="cation")
            chosen = np.argsort(np.linalg.norm(sites, axis=1), kind="stable")[:number]
        else:
            sites = sites_in_sphere(lattice, reach_nm, "cation", offset_nm=rng.random(3) @ lattice.vectors_nm)
            chosen = rng.choice(len(sites), number, replace=False) if number <= len(sites) else np.arange(0)
        if len(sites) < number:
            raise ValueError(f"{number} dopants: only {len(sites)} cation sites within {reach_nm:.3g} nm")
        return np.asarray(sites[chosen], dtype=np.float64)
    draw = rng.random(number)
    distance = reach_nm * (draw ** (1 / 3) if batch.placement == "volume" else draw)
    direction = rng.normal(size=(number, 3))
    return np.asarray(
        distance[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True), dtype=np.float64
    )


def neighbours(positions_nm: FloatArray, neighbour_distance_nm: float) -> npt.NDArray[np.bool_]:
    """Mask (n,) of dopants that have another within 1.05 of the nearest cation-cation distance.

    Positions (n, 3) and distance in nm; ValueError for a position that is not finite or a distance not above 0.
    """
    checks.all_finite("positions_nm", positions_nm)
    checks.positive("neighbour_distance_nm", neighbour_distance_nm)
    apart = np.linalg.norm(positions_nm[:, None, :] - positions_nm[None, :, :], axis=-1)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.any(apart < NEIGHBOUR_TOLERANCE * neighbour_distance_nm, axis=1), dtype=np.bool_)


def poisson_probability(number: int, mean_dopants: float) -> float:
    """Probability of exactly ``number`` dopants for a mean of ``mean_dopants``."""
    checks.not_negative("mean_dopants", mean_dopants)
    checks.at_least("number", number, 0)
    return math.exp(-mean_dopants) * mean_dopants**number / math.factorial(number)


def single_among_doped(mean_dopants: float) -> float:
    """Share of dots with one dopant among those with any: lambda e^-lambda/(1 - e^-lambda); 1 for lambda -> 0."""
    checks.not_negative("mean_dopants", mean_dopants)
    if mean_dopants == 0:
        return 1.0
    return mean_dopants / math.expm1(mean_dopants)


def neighbour_probability(host: str, radius_nm: float) -> float:
    """Exact probability that two dopants on random cation sites of a sphere are nearest neighbours.

    Counted over all pairs of sites, averaged over eight positions of the lattice under the sphere. Slow above 6 nm.
    """
    checks.positive("radius_nm", radius_nm)
    if radius_nm > 6:
        raise ValueError(f"radius_nm = {radius_nm}: the count over all pairs is kept to 6 nm; larger dots have < 0.1 %")
    lattice = material(host).lattice
    reach = NEIGHBOUR_TOLERANCE * lattice.nearest_cation_distance_nm
    shares = []
    for corner in np.ndindex(2, 2, 2):
        offset = (np.array(corner) / 2 + 0.11) @ lattice.vectors_nm
        shares.append(_neighbour_share(sites_in_sphere(lattice, radius_nm, "cation", offset_nm=offset), reach))
    return float(np.mean(shares))


def _neighbour_share(sites: FloatArray, reach_nm: float) -> float:

    pairs = len(cKDTree(sites).query_pairs(reach_nm))
    return pairs / (len(sites) * (len(sites) - 1) / 2)


def _neighbour_distance_nm(template: Sample) -> float:
    return material(template.host).lattice.nearest_cation_distance_nm


def _cut_normal(rng: np.random.Generator) -> float:
    while True:
        value = float(rng.normal())
        if abs(value) <= LONGEST_DEVIATION:
            return value


def _longest(field: str) -> int:
    """Longest list a sample sheet takes in that field."""
    limits = [entry.max_length for entry in Sample.model_fields[field].metadata if hasattr(entry, "max_length")]
    return int(min(limits))
