"""Point-dipole couplings: dopant electron to bath spin, bath spin to bath spin.

The dopant's spin is quantised along the field axis b (Zeeman energy above zero-field splitting); the qubit is one of
its transitions m -> m - 1. In level m the electron acts on nucleus i as m A_i . I_i with
A = T [3 (b.r) r - b] + a b,   T = (mu_0/4 pi) g mu_B gamma / r^3, r the unit vector and a the contact coupling;
nuclei act on each other as D [I1.I2 - 3 (I1.r)(I2.r)], D = (mu_0/4 pi) hbar gamma_1 gamma_2 / r^3
(Slichter, Principles of Magnetic Resonance, ch. 3). Left out: nuclear quadrupole coupling (zero at cubic sites of a
perfect lattice, not at a strained interface), the electron's transverse components and the nuclear couplings they
mediate, both of order A^2/(electron Zeeman frequency).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sims.basics import checks
from sims.coherence.bath import SpinBath
from sims.coherence.checks import lower_projection, unit_vector

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

BOHR_MAGNETON_FIELD_T_NM3 = 9.2740100783e-4
"""(mu_0/4 pi) mu_B: field of one Bohr magneton at 1 nm, in T nm^3."""
NUCLEAR_DIPOLE_S_T2_NM3 = 1.054571817e-14
"""(mu_0/4 pi) hbar: times gamma_1 gamma_2 / r^3 it is rad/s for gamma in rad/(s T) and r in nm."""
ELECTRON_RAD_PER_S_PER_T = 8.794100059e10
"""mu_B/hbar: the gyromagnetic ratio of an electron with g = 1."""


@dataclass(frozen=True)
class Qubit:
    """Transition m -> m - 1 of a spin; default the central transition of Mn2+ with g = 2.00.

    ValueError when the spin is no half-integer, the level does not exist or g is not positive.
    """

    spin: float = 2.5
    upper_projection: float = 0.5
    g: float = 2.0

    def __post_init__(self) -> None:
        lower_projection(self.spin, self.upper_projection)
        checks.positive("g", self.g)

    @property
    def projections(self) -> tuple[float, float]:
        """(m, m - 1)."""
        return self.upper_projection, lower_projection(self.spin, self.upper_projection)


@dataclass(frozen=True)
class Field:
    """Magnetic field: magnitude in tesla (>= 0) and its direction, which is also the electron's quantisation axis.

    ValueError for a negative or infinite magnitude or a zero direction. The model needs a field well above the
    hyperfine fields and zero-field splitting over g mu_B; it is for the caller to keep it there.
    """

    magnitude_t: float
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        checks.not_negative("magnitude_t", self.magnitude_t)
        unit_vector("axis", self.axis)

    @property
    def direction(self) -> FloatArray:
        """Unit vector, shape (3,)."""
        return unit_vector("axis", self.axis)


def hyperfine_vectors(bath: SpinBath, qubit: Qubit, field: Field) -> FloatArray:
    """A_i in rad/s, shape (N, 3): the electron in level m acts on nucleus i as m A_i . I_i."""
    b = field.direction
    distances = np.linalg.norm(bath.positions_nm, axis=1)
    unit = bath.positions_nm / distances[:, None]
    strength = electron_coupling_rad_per_s(bath.gammas_rad_per_s_per_t, qubit.g, distances)
    dipolar = strength[:, None] * (3 * (unit @ b)[:, None] * unit - b)
    return np.asarray(dipolar + bath.contact_rad_per_s[:, None] * b, dtype=np.float64)


def electron_coupling_rad_per_s(
    gammas_rad_per_s_per_t: npt.ArrayLike, g: float, distance_nm: npt.ArrayLike
) -> FloatArray:
    """T = (mu_0/4 pi) g mu_B gamma / r^3 in rad/s; the prefactor of 3 cos^2 - 1. Proton, g = 2, 1 nm: 2 pi 79.0 kHz."""
    gamma = np.asarray(gammas_rad_per_s_per_t, dtype=np.float64)
    distance = np.asarray(distance_nm, dtype=np.float64)
    return np.asarray(BOHR_MAGNETON_FIELD_T_NM3 * checks.finite("g", g) * gamma / distance**3, dtype=np.float64)


def pair_tensors(bath: SpinBath, pairs: IndexArray) -> FloatArray:
    """D (1 - 3 r r) in rad/s of each pair, shape (P, 3, 3), for ``pairs`` (P, 2) of indices."""
    separation = bath.positions_nm[pairs[:, 1]] - bath.positions_nm[pairs[:, 0]]
    distances = np.linalg.norm(separation, axis=1)
    unit = separation / distances[:, None]
    gammas = bath.gammas_rad_per_s_per_t
    strength = NUCLEAR_DIPOLE_S_T2_NM3 * gammas[pairs[:, 0]] * gammas[pairs[:, 1]] / distances**3
    angular = np.eye(3) - 3 * unit[:, :, None] * unit[:, None, :]
    return np.asarray(strength[:, None, None] * angular, dtype=np.float64)


def secular_pair_couplings(bath: SpinBath, pairs: IndexArray, field: Field) -> FloatArray:
    """Coupling c = D (1 - 3 cos^2) in rad/s, shape (P,), of c [I1z I2z - (I1+ I2- + I1- I2+)/4] for equal isotopes."""
    b = field.direction
    return np.asarray(np.einsum("i,pij,j->p", b, pair_tensors(bath, pairs), b), dtype=np.float64)


def close_pairs(bath: SpinBath, cutoff_nm: float, *, same_isotope: bool) -> IndexArray:
    """Pairs of spins nearer to each other than ``cutoff_nm``, shape (P, 2), ordered; optionally of one isotope only."""
    checks.positive("cutoff_nm", cutoff_nm)
    if not same_isotope:
        return _ordered(_pairs_among(bath, np.arange(len(bath)), cutoff_nm))
    return _ordered(np.concatenate([_pairs_among(bath, one, cutoff_nm) for one in _by_isotope(bath)]))


def default_pairs(bath: SpinBath, n_neighbours: int, *, same_isotope: bool) -> IndexArray:
    """Pairs of one isotope within reach of each other, shape (P, 2), ordered.

    The reach is the median distance to the ``n_neighbours``-th nearest spin of the isotope (to the farthest when there
    are fewer), so that a dilute isotope gets a long reach and a dense one a short one. Unlike isotopes, when asked
    for: within the shortest of these reaches. ValueError for ``n_neighbours`` < 1.
    """
    if n_neighbours < 1:
        raise ValueError(f"n_neighbours is {n_neighbours}: at least one is needed")
    members = [one for one in _by_isotope(bath) if len(one) > 1]
    reaches = [_reach_nm(bath.positions_nm[one], n_neighbours) for one in members]
    found = [_pairs_among(bath, one, reach) for one, reach in zip(members, reaches, strict=True)]
    if not same_isotope and reaches:
        found.append(_pairs_among(bath, np.arange(len(bath)), min(reaches)))
    return _ordered(np.concatenate([np.zeros((0, 2), dtype=np.int64), *found]))


def pair_distances_nm(bath: SpinBath, pairs: IndexArray) -> FloatArray:
    """Distances in nm, shape (P,), of ``pairs`` (P, 2)."""
    return np.asarray(
        np.linalg.norm(bath.positions_nm[pairs[:, 1]] - bath.positions_nm[pairs[:, 0]], axis=1), dtype=np.float64
    )


def _by_isotope(bath: SpinBath) -> list[IndexArray]:
    names = np.array(bath.names, dtype=str)
    return [np.flatnonzero(names == name) for name in np.unique(names)] or [np.zeros(0, dtype=np.int64)]


def _pairs_among(bath: SpinBath, members: IndexArray, cutoff_nm: float) -> IndexArray:
    if len(members) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    local = cKDTree(bath.positions_nm[members]).query_pairs(cutoff_nm, output_type="ndarray")
    return np.asarray(members[local], dtype=np.int64).reshape(-1, 2)


def _ordered(pairs: IndexArray) -> IndexArray:
    return np.asarray(np.unique(np.sort(pairs, axis=1), axis=0), dtype=np.int64)


def _reach_nm(positions_nm: FloatArray, n_neighbours: int) -> float:
    rank = min(n_neighbours, len(positions_nm) - 1)
    distances = np.asarray(cKDTree(positions_nm).query(positions_nm, k=[rank + 1])[0], dtype=np.float64)
    if rank < n_neighbours:
        return float(np.max(distances)) * (1 + 1e-9)
    return float(np.median(distances)) * (1 + 1e-9)
