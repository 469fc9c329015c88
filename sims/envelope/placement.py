"""How much exchange a dopant's place costs: |psi|^2 at the centre against its value at random places."""

from dataclasses import dataclass

import numpy as np

from sims.basics import checks
from sims.envelope.radial import RadialState

GRID = 20001


@dataclass(frozen=True)
class PlacementStatistics:
    """|psi|^2 at the centre divided by ... ; all numbers, for dopants within ``confined_fraction`` of the radius.

    ``centre_to_volume_average``: random in volume (hard sphere, whole volume: 2 pi^2/3 = 6.580, the "6" of Barrett and
    Binks). ``centre_to_radius_average``: even in distance (2.22), not how atoms are placed. ``centre_to_median``: the
    median dot (17.1). ``share_above_half``: share of dots whose |psi|^2 exceeds half of the centre's (0.087).
    """

    confined_fraction: float
    centre_to_volume_average: float
    centre_to_radius_average: float
    centre_to_median: float
    share_above_half: float


def placement_statistics(state: RadialState, confined_fraction: float = 1.0) -> PlacementStatistics:
    """Statistics over dopants placed at random within f times the dot's radius, 0 < f <= 1, for an s state."""
    checks.fraction("confined_fraction", checks.positive("confined_fraction", confined_fraction))
    if state.angular_momentum != 0:
        raise ValueError(f"angular_momentum = {state.angular_momentum}: has no density at the centre; give an s state")
    reach_nm = confined_fraction * state.profile.radius_nm
    centre = state.density_per_nm3(0.0)
    volume_average = state.probability_within(0.0, reach_nm) / (4 / 3 * np.pi * reach_nm**3)
    # Even in volume: radii at the middles of equal shares of r^3; even in distance: of equal shares of r.
    share = (np.arange(GRID) + 0.5) / GRID
    by_volume = state.densities_per_nm3(reach_nm * np.cbrt(share))
    by_radius = state.densities_per_nm3(reach_nm * share)
    return PlacementStatistics(
        confined_fraction=confined_fraction,
        centre_to_volume_average=float(centre / volume_average),
        centre_to_radius_average=float(centre / np.mean(by_radius)),
        centre_to_median=float(centre / np.median(by_volume)),
        share_above_half=float(np.mean(by_volume > centre / 2)),
    )
