"""Effective mass and band edge against radius, for one carrier: shells, graded interfaces, the world outside."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from sims.basics import checks

FloatArray = npt.NDArray[np.float64]
GradingShape = Literal["linear", "erf"]

ERF_REACH = 2.0
"""An error-function interface of width w is followed over +-2 w; beyond, it is within 4e-7 of its ends."""


@dataclass(frozen=True)
class CarrierLayer:
    """One shell as a carrier sees it.

    ``mass`` in units of the free mass; ``edge_mev`` potential energy of the carrier (for a hole: minus the
    valence-band energy). ``interface_nm`` is the width of the transition to the next layer outwards (0: abrupt) and
    ``bowing_mev`` lowers the edge inside it by b x (1 - x). Raises ValueError by the field's name.
    """

    thickness_nm: float
    mass: float
    edge_mev: float
    interface_nm: float = 0.0
    shape: GradingShape = "linear"
    bowing_mev: float = 0.0

    def __post_init__(self) -> None:
        checks.positive("thickness_nm", self.thickness_nm)
        checks.positive("mass", self.mass)
        checks.finite("edge_mev", self.edge_mev)
        checks.not_negative("interface_nm", self.interface_nm)
        checks.finite("bowing_mev", self.bowing_mev)
        if self.shape not in ("linear", "erf"):
            raise ValueError(f"shape {self.shape!r}: must be 'linear' or 'erf'")

    @property
    def interface_reach_nm(self) -> float:
        """How far the interface to the next layer reaches to either side."""
        return self.interface_nm * (0.5 if self.shape == "linear" else ERF_REACH)


@dataclass(frozen=True)
class CarrierProfile:
    """Shells from the centre outwards, then the outside with ``outside_edge_mev`` (inf: hard wall) and mass.

    Raises ValueError for no layer, an outside below the lowest layer, or graded zones that overlap.
    """

    layers: tuple[CarrierLayer, ...]
    outside_edge_mev: float = math.inf
    outside_mass: float = 1.0

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("layers: a dot needs at least one")
        checks.positive("outside_mass", self.outside_mass)
        lowest = min(layer.edge_mev for layer in self.layers)
        if math.isnan(self.outside_edge_mev) or self.outside_edge_mev <= lowest:
            raise ValueError(
                f"outside_edge_mev = {self.outside_edge_mev}: must lie above the lowest layer's edge ({lowest:g} meV)"
            )
        if self.layers[-1].interface_nm > 0:
            raise ValueError("interface_nm of the outermost layer: the surface is abrupt, it must be 0")
        for number, (inner_nm, outer_nm) in enumerate(self._free_zones()):
            if outer_nm < inner_nm - 1e-12:
                raise ValueError(
                    f"layer {number}: the graded interfaces on its two sides overlap by {inner_nm - outer_nm:.3g} nm; "
                    "make them narrower or the layer thicker"
                )

    @property
    def borders_nm(self) -> tuple[float, ...]:
        """Outer radius of every layer."""
        return tuple(float(radius) for radius in np.cumsum([layer.thickness_nm for layer in self.layers]))

    @property
    def radius_nm(self) -> float:
        """Outer radius of the dot."""
        return self.borders_nm[-1]

    @property
    def lowest_edge_mev(self) -> float:
        """Edge of the deepest layer; bowing may dip slightly below it."""
        return min(layer.edge_mev for layer in self.layers)

    @property
    def floor_mev(self) -> float:
        """An energy that no state can lie below: the lowest edge less what the bowings can take (b/4 each)."""
        return self.lowest_edge_mev - sum(max(layer.bowing_mev, 0.0) for layer in self.layers) / 4

    def breakpoints_nm(self) -> tuple[float, ...]:
        """Radii inside the dot, 0 and the surface included, between which mass and edge are smooth functions."""
        points = {0.0, self.radius_nm}
        for layer, border in zip(self.layers[:-1], self.borders_nm, strict=False):
            reach = layer.interface_reach_nm
            steps = (0.0,) if reach == 0 else (-reach, 0.0, reach)
            points.update(border + step for step in steps)
        ordered = sorted(points)
        return tuple(p for p, q in zip(ordered, [*ordered[1:], math.inf], strict=True) if q - p > 1e-9)

    def edge_mev(self, radius_nm: FloatArray) -> FloatArray:
        """Potential energy (n,) at radii (n,) within the dot."""
        bowing = np.zeros_like(radius_nm)
        for layer, x in self._fractions(radius_nm):
            bowing += layer.bowing_mev * x * (1 - x)
        return self._graded(radius_nm, lambda layer: layer.edge_mev) - bowing

    def mass(self, radius_nm: FloatArray) -> FloatArray:
        """Effective mass (n,) at radii (n,) within the dot, linear in the composition of a graded interface."""
        return self._graded(radius_nm, lambda layer: layer.mass)

    def _graded(self, radius_nm: FloatArray, of: Callable[[CarrierLayer], float]) -> FloatArray:
        values = np.full_like(radius_nm, of(self.layers[0]))
        for (layer, x), following in zip(self._fractions(radius_nm), self.layers[1:], strict=True):
            values += (of(following) - of(layer)) * x
        return values

    def _fractions(self, radius_nm: FloatArray) -> list[tuple[CarrierLayer, FloatArray]]:
        """For every inner interface its inner layer and the share (n,) of the outer material at each radius."""
        return [
            (layer, _share(radius_nm - border, layer))
            for layer, border in zip(self.layers[:-1], self.borders_nm[:-1], strict=True)
        ]

    def _free_zones(self) -> list[tuple[float, float]]:
        inner, zones = 0.0, []
        for layer, border in zip(self.layers, self.borders_nm, strict=True):
            zones.append((inner, border - layer.interface_reach_nm))
            inner = border + layer.interface_reach_nm
        return zones


def _share(distance_nm: FloatArray, layer: CarrierLayer) -> FloatArray:
    """Composition step at a signed distance from the interface; both shapes have slope 1/width in the middle."""
    if layer.interface_nm == 0:
        return np.asarray(distance_nm > 0, dtype=np.float64)
    z = distance_nm / layer.interface_nm
    if layer.shape == "linear":
        return np.clip(0.5 + z, 0.0, 1.0)
    return np.asarray(0.5 * (1 + erf(np.sqrt(np.pi) * z)), dtype=np.float64)


def hard_sphere(radius_nm: float, mass: float) -> CarrierProfile:
    """A sphere with infinite walls: E = hbar^2 pi^2 / (2 m R^2) for the ground state."""
    return CarrierProfile((CarrierLayer(radius_nm, mass, 0.0),))


def shells(layers: Sequence[CarrierLayer], outside_edge_mev: float, outside_mass: float = 1.0) -> CarrierProfile:
    """Profile from layers given as any sequence."""
    return CarrierProfile(tuple(layers), outside_edge_mev, outside_mass)
