"""Names for levels: total angular momentum F of the exciton with its dopants, and the bright-dark crossings.

Without heavy-light splitting (a zinc-blende sphere) every term of the Hamiltonian is a scalar product of spins, so at
zero field the levels are multiplets of F = s + J + S: eight of them for one Mn2+. With an axial field only the
projection is kept, and a bright line meets the dark one that a flip-flop of electron and dopant leads to.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sims.basics.spins import ComplexArray, FloatArray, eigenstates, place, projections, spin_operators
from sims.dot.carriers import excited_carriers
from sims.dot.dopant import BIAS_FIELD_T
from sims.dot.exciton import (
    ExcitonManifold,
    dipole_rows,
    exciton_hamiltonian,
    exciton_manifold,
    ground_manifold,
    pair_amplitudes,
    space_dimensions,
)
from sims.dot.sample import Sample

N_FIELDS = 241


@dataclass(frozen=True)
class Multiplet:
    """A degenerate level: energy (meV, relative to the bright exciton without dopant), degeneracy, mean F.

    ``total_spin`` solves F(F+1) = <F^2>; it is a half-integer only where F is a good quantum number, and then
    ``degeneracy`` is 2F+1.
    """

    energy_mev: float
    degeneracy: int
    total_spin: float


@dataclass(frozen=True)
class Crossing:
    """Anticrossing of a bright and a dark exciton: field (T), smallest distance (meV), <S_z> of the dopant below."""

    field_t: float
    gap_mev: float
    dopant_projection: float


def exciton_multiplets(sample: Sample, tolerance_mev: float = 1e-4) -> tuple[Multiplet, ...]:
    """Levels of the excited dot at zero field, grouped where closer than ``tolerance_mev``, lowest first."""
    if not (np.isfinite(tolerance_mev) and tolerance_mev > 0):
        raise ValueError(f"tolerance_mev = {tolerance_mev}: must be finite and above 0")
    manifold = exciton_manifold(sample, (0.0, 0.0, 0.0))
    squares = _total_spin_squares(sample, manifold.vectors)
    borders = np.flatnonzero(np.diff(manifold.energies_mev) > tolerance_mev) + 1
    groups = np.split(np.arange(manifold.energies_mev.size), borders)
    return tuple(
        Multiplet(
            energy_mev=float(manifold.energies_mev[group].mean()),
            degeneracy=group.size,
            total_spin=float((np.sqrt(1 + 4 * squares[group].mean()) - 1) / 2),
        )
        for group in groups
    )


def bright_dark_crossings(
    sample: Sample, maximum_field_t: float = 12.0, helicity: int = -1, least_share: float = 0.3
) -> tuple[Crossing, ...]:
    """Fields along +z at which a line of that helicity (+1, -1) shares its strength equally with a dark one.

    Bright and dark partner are those two transitions from one ground level that are strongest in this helicity;
    both must hold at least ``least_share`` of the level's strength. Sorted by field. Crossings narrower than
    ``maximum_field_t`` / 240 can be missed. ValueError for a helicity other than +1, -1, or a field not above 0.
    """
    if helicity not in (1, -1):
        raise ValueError(f"helicity = {helicity}: must be +1 (sigma plus) or -1 (sigma minus)")
    if not (np.isfinite(maximum_field_t) and maximum_field_t > 0):
        raise ValueError(f"maximum_field_t = {maximum_field_t}: must be finite and above 0")
    sweep = _AxialSweep(sample, helicity)
    fields = np.linspace(0.0, maximum_field_t, N_FIELDS)
    balance = np.array([sweep.balances(field)[0] for field in fields])
    found: list[Crossing] = []
    for n, level in np.argwhere(balance[:-1] * balance[1:] < 0):
        left, right, number = float(fields[n]), float(fields[n + 1]), int(level)
        field = float(brentq(sweep.balance_of, left, right, args=(number,), xtol=1e-7))
        _, gap, weaker, mean_z = sweep.balances(field)
        if weaker[number] >= least_share:  # otherwise the weaker line only changed its identity
            found.append(Crossing(field, float(gap[number]), float(mean_z[number])))
    return tuple(sorted(found, key=lambda crossing: crossing.field_t))


class _AxialSweep:
    """Strengths and energies of one dot in a field along z; the Hamiltonian is linear in the field."""

    def __init__(self, sample: Sample, helicity: int) -> None:
        self._sample = sample
        self._row = dipole_rows()[0 if helicity == 1 else 1]
        self._zero = exciton_hamiltonian(sample, (0.0, 0.0, 0.0))
        self._slope = exciton_hamiltonian(sample, (0.0, 0.0, 1.0)) - self._zero

    def balances(self, field_t: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Balance (lower - upper)/total of the two strongest lines of each ground level, (n_g,), and three more.

        These are: the distance of the two in meV, the weaker one's share, and <S_z> of the dopants.
        """
        ground = ground_manifold(self._sample, (0.0, 0.0, field_t))
        biased_t = field_t + BIAS_FIELD_T
        exciton = ExcitonManifold(*eigenstates(self._zero + biased_t * self._slope))
        amplitudes = pair_amplitudes(self._sample, ground, exciton)
        strength = np.abs(np.einsum("c,cgi->gi", self._row, amplitudes)) ** 2
        pair = np.sort(np.argsort(strength, axis=1)[:, -2:], axis=1)  # exciton states come in order of energy
        lower, upper = (np.take_along_axis(strength, pair[:, k : k + 1], axis=1)[:, 0] for k in (0, 1))
        total = np.maximum(strength.sum(axis=1), 1e-12)
        gap = exciton.energies_mev[pair[:, 1]] - exciton.energies_mev[pair[:, 0]]
        return (lower - upper) / total, gap, np.minimum(lower, upper) / total, _mean_z(self._sample, ground.vectors)

    def balance_of(self, field_t: float, level: int) -> float:
        """First of :meth:`balances` for one ground level."""
        return float(self.balances(field_t)[0][level])


def _mean_z(sample: Sample, vectors: ComplexArray) -> FloatArray:
    """Summed <S_z> of the dopants in ground states (columns)."""
    total = np.zeros(1)
    for dopant in sample.dopants:
        total = np.add.outer(total, projections(dopant.spin)).ravel()
    carriers = vectors.shape[0] // total.size
    return np.asarray(np.tile(total, carriers) @ np.abs(vectors) ** 2, dtype=np.float64)


def _total_spin_squares(sample: Sample, vectors: ComplexArray) -> FloatArray:
    """<F^2> of each column."""
    dimensions, carriers = space_dimensions(sample), excited_carriers(sample)
    spins = (carriers.electron, carriers.hole, *(dopant.spin for dopant in sample.dopants))
    result = np.zeros(vectors.shape[1])
    for component in range(3):
        turned = np.zeros_like(vectors)
        for number, spin in enumerate(spins):
            turned += place(spin_operators(spin).vector[component], number, dimensions) @ vectors
        result += np.sum(np.abs(turned) ** 2, axis=0)
    return result
