"""Intervals of radius with a polynomial on each: the basis the radial problem is written in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from sims.basics import checks

FloatArray = npt.NDArray[np.float64]

ORDER = 10
"""Order of the polynomial on one interval."""

GAUSS_POINTS = 16


@dataclass(frozen=True)
class Basis:
    """Lagrange polynomials on one interval mapped to -1..1.

    ``nodes`` (p + 1,); ``points``, ``weights`` (q,) of Gauss's rule; ``values``, ``slopes`` (q, p + 1) of the
    polynomials there; ``to_legendre`` (p + 1, p + 1) turns node values into Legendre coefficients.
    """

    nodes: FloatArray
    points: FloatArray
    weights: FloatArray
    values: FloatArray
    slopes: FloatArray
    to_legendre: FloatArray


@cache
def lagrange_basis(order: int = ORDER, gauss_points: int = GAUSS_POINTS) -> Basis:
    """The basis of one interval; its nodes cluster at the ends (Chebyshev-Lobatto) and keep it well conditioned."""
    nodes = -np.cos(np.pi * np.arange(order + 1) / order)
    points, weights = legendre.leggauss(gauss_points)
    to_legendre: FloatArray = np.linalg.inv(legendre.legvander(nodes, order)).astype(np.float64)
    derivative = legendre.legder(np.eye(order + 1), axis=0)
    slopes = legendre.legvander(points, order - 1) @ derivative
    return Basis(
        nodes, points, weights, legendre.legvander(points, order) @ to_legendre, slopes @ to_legendre, to_legendre
    )


@dataclass(frozen=True, eq=False)
class Mesh:
    """Borders (n + 1,) in nm of n intervals starting at 0."""

    borders_nm: FloatArray

    @property
    def lengths_nm(self) -> FloatArray:
        """Length (n,) of each interval."""
        return np.diff(self.borders_nm)

    def map(self, reference: FloatArray) -> FloatArray:
        """Radii (n, k) of points (k,) of -1..1 on every interval."""
        return np.asarray(
            self.borders_nm[:-1, None] + 0.5 * (reference[None, :] + 1) * self.lengths_nm[:, None], dtype=np.float64
        )

    def node_numbers(self) -> npt.NDArray[np.int64]:
        """Global number (n, p + 1) of every interval's nodes; neighbours share the one on their border."""
        return np.arange(self.lengths_nm.size)[:, None] * ORDER + np.arange(ORDER + 1)[None, :]

    def evaluate(self, node_values: FloatArray, radius_nm: FloatArray) -> FloatArray:
        """The piecewise polynomial with these values (n p + 1,) at the nodes, at radii (k,); zero beyond the mesh."""
        radius = np.asarray(radius_nm, dtype=np.float64)
        where = np.clip(np.searchsorted(self.borders_nm, radius, side="right") - 1, 0, self.lengths_nm.size - 1)
        z = 2 * (radius - self.borders_nm[where]) / self.lengths_nm[where] - 1
        coefficients = node_values[self.node_numbers()] @ lagrange_basis().to_legendre.T
        inside = radius <= self.borders_nm[-1]
        vander = legendre.legvander(np.where(inside, z, 0.0), ORDER)
        return np.asarray(np.where(inside, np.sum(vander * coefficients[where], axis=1), 0.0), dtype=np.float64)


def build_mesh(breakpoints_nm: Sequence[float], longest_nm: float, outside_nm: Sequence[float] = ()) -> Mesh:
    """Mesh with borders at the breakpoints, no interval longer than ``longest_nm``, then ``outside_nm`` lengths."""
    checks.finite("longest_nm", longest_nm)
    borders = [breakpoints_nm[0]]
    for start, stop in pairwise(breakpoints_nm):
        pieces = max(1, int(np.ceil((stop - start) / longest_nm - 1e-9)))
        borders.extend(start + (stop - start) * np.arange(1, pieces + 1) / pieces)
    for length in outside_nm:
        borders.append(borders[-1] + length)
    return Mesh(np.array(borders, dtype=np.float64))
