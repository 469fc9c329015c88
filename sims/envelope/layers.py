"""A dot as a stack of hosts: which material, how thick, how graded, and what surrounds it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sims.basics import checks
from sims.envelope.profile import CarrierLayer, CarrierProfile, GradingShape
from sims.matter.alloys import bowing_mev
from sims.matter.hosts import conduction_band_minimum_mev, gap_mev, material
from sims.matter.material import Material

MASS_TEMPERATURE_K = 300.0


@dataclass(frozen=True)
class Layer:
    """One shell given by its numbers.

    Masses in units of the free mass; ``conduction_mev`` and ``valence_mev`` are band edges on one common scale;
    ``interface_nm`` is the width of the transition to the next layer outwards and ``bowing_mev`` the gap's bowing
    inside it (it lowers the conduction band). ``mirror_bands``: the valence band is the conduction band's mirror image
    (PbS, perovskites), so that the hole's mass grows with energy as the electron's does. Raises ValueError by name.
    """

    thickness_nm: float
    electron_mass: float
    hole_mass: float
    conduction_mev: float
    valence_mev: float
    permittivity: float
    interface_nm: float = 0.0
    shape: GradingShape = "linear"
    bowing_mev: float = 0.0
    mirror_bands: bool = False

    def __post_init__(self) -> None:
        for name in ("thickness_nm", "electron_mass", "hole_mass", "permittivity"):
            checks.positive(name, getattr(self, name))
        for name in ("conduction_mev", "valence_mev", "bowing_mev"):
            checks.finite(name, getattr(self, name))
        checks.not_negative("interface_nm", self.interface_nm)
        if self.conduction_mev <= self.valence_mev:
            raise ValueError(
                f"conduction_mev = {self.conduction_mev}: must lie above valence_mev = {self.valence_mev} (no gap)"
            )


@dataclass(frozen=True)
class Outside:
    """What surrounds the dot: barriers above (electron) and below (hole) the *outermost* layer's band edges, in meV.

    inf makes a hard wall. ``permittivity`` enters only the polarisation energy. The 4 eV and the free mass are the
    usual stand-in for ligands and vacuum; nobody has measured them.
    """

    electron_barrier_mev: float = 4000.0
    hole_barrier_mev: float = 4000.0
    mass: float = 1.0
    permittivity: float = 2.0

    def __post_init__(self) -> None:
        for name in ("electron_barrier_mev", "hole_barrier_mev"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)}: must be above 0 (inf for a hard wall)")
        checks.positive("mass", self.mass)
        checks.positive("permittivity", self.permittivity)


VACUUM = Outside()
HARD_WALL = Outside(math.inf, math.inf)


@dataclass(frozen=True)
class HostLayer:
    """One shell given by its host (name or Material, so that alloys fit), thickness and outer interface width.

    ValueError for an unknown host, a thickness not above 0 or a negative interface.
    """

    host: str | Material
    thickness_nm: float
    interface_nm: float = 0.0
    shape: GradingShape = "linear"

    def __post_init__(self) -> None:
        checks.positive("thickness_nm", self.thickness_nm)
        checks.not_negative("interface_nm", self.interface_nm)
        self.material  # noqa: B018 - an unknown host is refused here, by name

    @property
    def material(self) -> Material:
        """The host's record; ValueError for an unknown name."""
        return material(self.host) if isinstance(self.host, str) else self.host


def layers_at(stack: Sequence[HostLayer], temperature_k: float) -> tuple[Layer, ...]:
    """Numbers of a stack of hosts at a temperature in K >= 0, centre first.

    The gap follows each host's law with the whole shift in the conduction band. Where the bands mirror each other their
    masses follow the gap (two-band model), the tabulated ones holding at 300 K; else masses are constant. Graded
    interfaces take the bowing of ``sims.matter.alloys`` (NotEstablishedError for a pair without one). Raises
    NotEstablishedError for a host without masses or band edge, ValueError for an empty stack.
    """
    if not stack:
        raise ValueError("layers: a dot needs at least one")
    numbers = []
    for layer, following in zip(stack, [*stack[1:], None], strict=True):
        graded = following is not None and layer.interface_nm > 0
        bowing = 0.0
        if following is not None and graded:
            pair = f"{layer.material.name}/{following.material.name}"
            bowing = bowing_mev(layer.material.name, following.material.name).required(pair, "bowing")
        numbers.append(_numbers(layer, temperature_k, bowing))
    return tuple(numbers)


def electron_profile(layers: Sequence[Layer], outside: Outside = VACUUM) -> CarrierProfile:
    """What the electron sees: conduction-band edges, in meV on the layers' scale."""
    carriers = tuple(
        CarrierLayer(
            layer.thickness_nm,
            layer.electron_mass,
            layer.conduction_mev,
            layer.interface_nm,
            layer.shape,
            layer.bowing_mev,
        )
        for layer in layers
    )
    return _profile(carriers, outside.electron_barrier_mev, outside.mass)


def hole_profile(layers: Sequence[Layer], outside: Outside = VACUUM) -> CarrierProfile:
    """What the hole sees: minus the valence-band edges, in meV. A single parabolic band."""
    carriers = tuple(
        CarrierLayer(layer.thickness_nm, layer.hole_mass, -layer.valence_mev, layer.interface_nm, layer.shape)
        for layer in layers
    )
    return _profile(carriers, outside.hole_barrier_mev, outside.mass)


def _profile(carriers: tuple[CarrierLayer, ...], barrier_mev: float, mass: float) -> CarrierProfile:
    if not carriers:
        raise ValueError("layers: a dot needs at least one")
    return CarrierProfile(carriers, carriers[-1].edge_mev + barrier_mev, mass)


def _numbers(layer: HostLayer, temperature_k: float, bowing: float) -> Layer:
    host = layer.material
    mirror = host.quantity("light_to_heavy_mass_ratio").value is None
    growth = gap_mev(host, temperature_k) / gap_mev(host, MASS_TEMPERATURE_K) if mirror else 1.0
    return Layer(
        thickness_nm=layer.thickness_nm,
        electron_mass=host.electron_mass * growth,
        hole_mass=host.hole_mass * growth,
        conduction_mev=conduction_band_minimum_mev(host, temperature_k),
        valence_mev=host.valence_band_maximum_mev,
        permittivity=host.exciton_permittivity,
        interface_nm=layer.interface_nm,
        shape=layer.shape,
        bowing_mev=bowing,
        mirror_bands=mirror,
    )
