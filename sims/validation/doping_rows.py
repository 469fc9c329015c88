"""A batch of doped dots: how many dopants, how often neighbours. Monte Carlo rows are in standard errors."""

import math
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from sims.dot.ensemble import Batch, draw_dots, neighbour_probability, neighbours, place_dopants, poisson_probability
from sims.dot.ensemble import single_among_doped as single_share
from sims.dot.sample import load_sample
from sims.matter.hosts import material
from sims.validation.check import Check, within
from sims.validation.sources import CLOSED, SCRIPT

row = partial(Check, "Doping")

DRAWN_DOTS, DRAWN_PAIRS = 4000, 1500


@cache
def drawn_numbers(mean: float) -> npt.NDArray[np.int64]:
    """Dopants in each of DRAWN_DOTS dots, seed 3."""
    batch = Batch(load_sample("mn-cdse-cds"), mean, placement="volume")
    return np.array([len(dot.positions_nm) for dot in draw_dots(batch, DRAWN_DOTS, np.random.default_rng(3))])


def deviation_sigma(found: float, chance: float, trials: int) -> float:
    """Found minus expected share in binomial standard errors."""
    return (found - chance) / math.sqrt(chance * (1 - chance) / trials)


def number_sigma(mean: float, number: int, chance: float) -> float:
    """Share of dots with that many dopants."""
    return deviation_sigma(float(np.mean(drawn_numbers(mean) == number)), chance, DRAWN_DOTS)


def single_sigma(mean: float, chance: float) -> float:
    """Share of singly doped dots among the doped."""
    doped = drawn_numbers(mean)[drawn_numbers(mean) > 0]
    return deviation_sigma(float(np.mean(doped == 1)), chance, doped.size)


def neighbour_percent(radius_nm: float) -> float:
    """Chance that two dopants on random cation sites are nearest neighbours."""
    return 100 * neighbour_probability("CdSe", radius_nm)


def pairs_sigma(chance: float) -> float:
    """Share of neighbours among pairs placed in a CdSe sphere of 1.5 nm, seed 11."""
    batch = Batch(load_sample("mn-cdse-cds").model_copy(update={"core_radius_nm": 1.5}))
    rng = np.random.default_rng(11)
    distance_nm = material("CdSe").lattice.nearest_cation_distance_nm
    near = [bool(neighbours(place_dopants(batch, 1.5, 2, rng), distance_nm).all()) for _ in range(DRAWN_PAIRS)]
    return deviation_sigma(float(np.mean(near)), chance, DRAWN_PAIRS)


POISSON = tuple(
    row(f"Poisson, mean {mean:g}: P({number})", "", within(expected, 5e-5), "analytic", CLOSED,
        partial(poisson_probability, number, mean))
    for number, mean, expected in ((0, 1.0, 0.36788), (1, 1.0, 0.36788), (2, 1.0, 0.18394), (1, 0.3, 0.22225))
)  # fmt: skip

DRAWN = tuple(
    row(f"Drawn batch, mean 1: share of dots with {number}", "sigma", within(0.0, 3.0), "analytic",
        "Monte Carlo of 4000 dots, seed 3", partial(number_sigma, 1.0, number, chance))
    for number, chance in enumerate((0.36788, 0.36788, 0.18394, 0.06131))
)  # fmt: skip

NEIGHBOURS = tuple(
    row(f"CdSe, R = {radius:g} nm: two Mn are nearest neighbours", "%", within(expected, 0.06),
        "independent computation", SCRIPT, partial(neighbour_percent, radius))
    for radius, expected in ((1.5, 3.8), (2.0, 1.7), (2.5, 0.9))
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *POISSON,
    row("Single among doped, mean 1", "", within(0.582, 5e-4), "analytic", CLOSED, partial(single_share, 1.0)),
    row("Single among doped, mean 0.3", "", within(0.857, 5e-4), "analytic", CLOSED, partial(single_share, 0.3)),
    *DRAWN,
    row("Drawn batch, mean 1: single among doped", "sigma", within(0.0, 3.0), "analytic",
        "Monte Carlo of 4000 dots, seed 3", partial(single_sigma, 1.0, 0.58198)),
    *NEIGHBOURS,
    row("Drawn pairs in CdSe, R = 1.5 nm: share of neighbours", "sigma", within(0.0, 3.0), "analytic",
        "Monte Carlo of 1500 pairs, seed 11; expected 3.75 %", partial(pairs_sigma, 0.0375)),
)  # fmt: skip
