"""Radial BenDaniel-Duke problem of one carrier in a sphere of shells.

    [-(hbar^2/2) div (1/m(r)) grad + V(r)] psi = E psi,   psi = R(r) Y_lm

(D. J. BenDaniel and C. B. Duke, Phys. Rev. 152, 683 (1966)), solved in its variational form: E makes

    int [hbar^2/(2 m) (R'^2 + l(l+1) R^2/r^2) + V R^2] r^2 dr   stationary while   int R^2 r^2 dr = 1.

The form contains the matching conditions (R and R'/m continuous), so abrupt and graded interfaces are treated alike.
R is a polynomial of order 10 on each of some twenty intervals whose borders lie on the interfaces; the error falls
exponentially with the order, and energies agree with the analytic finite well to 1e-9 (tests).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from sims.basics import checks
from sims.basics.constants import HBAR2_OVER_2M0_MEV_NM2
from sims.envelope.mesh import Mesh, build_mesh, lagrange_basis
from sims.envelope.profile import CarrierProfile

FloatArray = npt.NDArray[np.float64]

INTERVALS_ACROSS_THE_DOT = 8
FLOOR_MARGIN_MEV = 100.0
LARGEST_TAIL = 1e-9
"""Probability allowed in the outermost interval outside; a state that leaks further gets a wider mesh."""


class NotBoundError(ValueError):
    """The dot does not hold as many bound states of this angular momentum."""


@dataclass(frozen=True, eq=False)
class RadialState:
    """One bound state, normalised to one carrier: int 4 pi r^2 density dr = 1.

    ``energy_mev`` on the scale of the profile's edges; ``angular_momentum`` l; ``number`` n = 1, 2, ... of this l.
    ``node_values`` of R(r) in nm^-3/2 on ``mesh``.
    """

    energy_mev: float
    angular_momentum: int
    number: int
    profile: CarrierProfile
    mesh: Mesh
    node_values: FloatArray

    def radial_function(self, radius_nm: FloatArray) -> FloatArray:
        """R(r) (k,) in nm^-3/2 at radii (k,) in nm >= 0; positive at its first maximum."""
        return self.mesh.evaluate(self.node_values, radius_nm)

    def density_per_nm3(self, radius_nm: float) -> float:
        """|psi|^2 in nm^-3 at a distance from the centre, averaged over direction (R^2 / 4 pi)."""
        checks.not_negative("radius_nm", radius_nm)
        return float(self.densities_per_nm3(np.array([radius_nm]))[0])

    def densities_per_nm3(self, radius_nm: FloatArray) -> FloatArray:
        """|psi|^2 (k,) in nm^-3 at radii (k,), averaged over direction."""
        return np.asarray(self.radial_function(radius_nm) ** 2 / (4 * np.pi), dtype=np.float64)

    def probability_within(self, inner_nm: float, outer_nm: float) -> float:
        """Probability to find the carrier between two radii; ``outer_nm`` may be inf."""
        checks.not_negative("inner_nm", inner_nm)
        if not outer_nm >= inner_nm:
            raise ValueError(f"outer_nm = {outer_nm}: must not be below inner_nm = {inner_nm}")
        basis = lagrange_basis()
        start = np.clip(self.mesh.borders_nm[:-1], inner_nm, outer_nm)
        stop = np.clip(self.mesh.borders_nm[1:], inner_nm, outer_nm)
        radius = start[:, None] + 0.5 * (basis.points + 1) * (stop - start)[:, None]
        values = self.radial_function(radius.ravel()).reshape(radius.shape)
        return float(np.sum(0.5 * (stop - start)[:, None] * basis.weights * values**2 * radius**2))

    def layer_fractions(self) -> tuple[float, ...]:
        """Probability in each layer, from the centre outwards; the rest to 1 is outside."""
        borders = (0.0, *self.profile.borders_nm)
        return tuple(self.probability_within(a, b) for a, b in pairwise(borders))


def ground_state(profile: CarrierProfile) -> RadialState:
    """Lowest s state. Raises NotBoundError when the dot does not bind it."""
    return radial_states(profile)[0]


def radial_states(profile: CarrierProfile, angular_momentum: int = 0, count: int = 1) -> tuple[RadialState, ...]:
    """The ``count`` lowest bound states with angular momentum l (0..12), lowest first.

    Raises ValueError for an l or count out of range and NotBoundError when the dot binds fewer.
    """
    if angular_momentum not in range(13):
        raise ValueError(f"angular_momentum = {angular_momentum}: must be an integer from 0 to 12")
    if count not in range(1, 21):
        raise ValueError(f"count = {count}: must be an integer from 1 to 20")
    states: tuple[RadialState, ...] = ()
    for widening in (0, 2, 4, 6):
        states = _solve(profile, angular_momentum, count, widening)
        if all(_tail(state) <= LARGEST_TAIL for state in states):
            break
    for state in states:
        if state.energy_mev >= profile.outside_edge_mev:
            raise NotBoundError(
                f"state n = {state.number}, l = {angular_momentum}: not bound; the dot of radius "
                f"{profile.radius_nm:g} nm binds {state.number - 1} such states below {profile.outside_edge_mev:g} meV"
            )
        if _tail(state) > LARGEST_TAIL:
            raise NotBoundError(
                f"state n = {state.number}, l = {angular_momentum}: lies only "
                f"{profile.outside_edge_mev - state.energy_mev:.3g} meV below the outside and cannot be resolved"
            )
    return states


def _solve(profile: CarrierProfile, momentum: int, count: int, widening: int) -> tuple[RadialState, ...]:
    mesh = _mesh(profile, count, widening)
    energy, overlap = _matrices(profile, mesh, momentum)
    first = 0 if momentum == 0 else 1
    inner = slice(first, energy.shape[0] - 1)
    # Turned round (overlap against energy above a floor no state can reach): the lowest states are then the largest
    # eigenvalues, which keeps eight digits even with an interval of a thousandth of a nanometre.
    floor_mev = profile.floor_mev - FLOOR_MARGIN_MEV
    size = energy[inner, inner].shape[0]
    inverse, columns = eigh(
        overlap[inner, inner],
        energy[inner, inner] - floor_mev * overlap[inner, inner],
        subset_by_index=(size - count, size - 1),
    )
    energies, vectors = floor_mev + 1 / inverse[::-1], columns[:, ::-1]
    states = []
    for number in range(count):
        values = np.zeros(energy.shape[0])
        column = vectors[:, number]
        values[inner] = column / np.sqrt(column @ overlap[inner, inner] @ column)
        # Sign: positive where |R| first reaches half its maximum.
        values *= np.sign(values[np.argmax(np.abs(values) > 0.5 * np.max(np.abs(values)))])
        states.append(RadialState(float(energies[number]), momentum, number + 1, profile, mesh, values))
    return tuple(states)


def _mesh(profile: CarrierProfile, count: int, widening: int) -> Mesh:
    longest_nm = profile.radius_nm / (INTERVALS_ACROSS_THE_DOT + 2 * (count - 1))
    if math.isinf(profile.outside_edge_mev):
        return build_mesh(profile.breakpoints_nm(), longest_nm)
    height_mev = profile.outside_edge_mev - profile.lowest_edge_mev
    decay_nm = math.sqrt(HBAR2_OVER_2M0_MEV_NM2 / (profile.outside_mass * height_mev))
    outside = [decay_nm * 2.0**step for step in range(6 + widening)]
    return build_mesh(profile.breakpoints_nm(), longest_nm, outside)


def _matrices(profile: CarrierProfile, mesh: Mesh, momentum: int) -> tuple[FloatArray, FloatArray]:
    """Energy and overlap matrices of the variational form in the polynomials' node values."""
    basis = lagrange_basis()
    radius = mesh.map(basis.points)
    inside = radius <= profile.radius_nm
    mass = np.where(inside, profile.mass(radius.ravel()).reshape(radius.shape), profile.outside_mass)
    edge = np.where(inside, profile.edge_mev(radius.ravel()).reshape(radius.shape), profile.outside_edge_mev)
    half = 0.5 * mesh.lengths_nm[:, None]
    weight = basis.weights * half
    kinetic = HBAR2_OVER_2M0_MEV_NM2 / mass
    slope_weight = weight * kinetic * (radius / half) ** 2
    value_weight = weight * (kinetic * momentum * (momentum + 1) + edge * radius**2)
    energy_blocks = np.einsum("eq,qi,qj->eij", slope_weight, basis.slopes, basis.slopes, optimize=True)
    energy_blocks += np.einsum("eq,qi,qj->eij", value_weight, basis.values, basis.values, optimize=True)
    overlap_blocks = np.einsum("eq,qi,qj->eij", weight * radius**2, basis.values, basis.values, optimize=True)
    return _assemble(mesh, energy_blocks), _assemble(mesh, overlap_blocks)


def _assemble(mesh: Mesh, blocks: FloatArray) -> FloatArray:
    numbers = mesh.node_numbers()
    size = int(numbers[-1, -1]) + 1
    matrix = np.zeros((size, size))
    for block, where in zip(blocks, numbers, strict=True):
        matrix[np.ix_(where, where)] += block
    return matrix


def _tail(state: RadialState) -> float:
    """Probability in the outermost interval outside; nothing for a hard wall."""
    if math.isinf(state.profile.outside_edge_mev):
        return 0.0
    return state.probability_within(float(state.mesh.borders_nm[-2]), math.inf)
