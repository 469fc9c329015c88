"""A microwave on a dot whose dark spins are coupled: a resident carrier, or exchange between dopants.

The states are then no product states of single dopants, so every pair of dark eigenstates is a line of its own, driven
through the total magnetic moment. Nuclei stand still at random projections and shift each line to first order, by
A m_I times the change of the dopant's <S> along the field; see microwave.py for what is common to both cases.
"""

from dataclasses import dataclass
from itertools import product as combinations

import numpy as np
import numpy.typing as npt

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray, place, projections, spin_operators
from sims.dot.carriers import ELECTRON, HOLE, resident_carriers
from sims.dot.dopant import biased
from sims.dot.exciton import ground_dimensions, ground_manifold
from sims.dot.sample import Sample
from sims.dot.stimulus import Environment, Microwave

MAX_NUCLEAR_STATES = 216


@dataclass(frozen=True)
class CoupledLines:
    """Lines between dark eigenstates of the dot (indices as in its ground manifold), arrays of shape (n,).

    ``frequency_ghz`` is (n_nuclear, n): one row a set of nuclear projections, all equally likely.
    ``moment`` is sqrt((|<u|M_x|l>|^2 + |<u|M_y|l>|^2)/2) with M in Bohr magnetons.
    """

    lower: npt.NDArray[np.int64]
    upper: npt.NDArray[np.int64]
    frequency_ghz: FloatArray
    moment: FloatArray

    def rabi_mhz(self, microwave: Microwave) -> FloatArray:
        """Omega/2pi = mu_B B1 <M> / h of each line for the linear field of that amplitude, (n,)."""
        scale = 1e3 * BOHR_MAGNETON_MEV_PER_T * 1e-3 * microwave.field_mt / PLANCK_MEV_PER_GHZ
        return np.asarray(scale * self.moment, dtype=np.float64)


def coupled_lines(sample: Sample, environment: Environment, least_moment: float = 0.05) -> CoupledLines:
    """Every line with at least that moment. The microwave field is perpendicular to z."""
    ground = ground_manifold(sample, environment.field_t)
    vectors = ground.vectors
    strength = np.zeros(2 * (ground.energies_mev.size,))
    for moment in _moments(sample)[:2]:
        strength += np.abs(vectors.conj().T @ moment @ vectors) ** 2 / 2
    first, second = np.triu_indices(ground.energies_mev.size, 1)
    keep = np.sqrt(strength[first, second]) >= least_moment
    first, second = first[keep], second[keep]
    rising = ground.energies_mev[second] >= ground.energies_mev[first]
    lower, upper = np.where(rising, first, second), np.where(rising, second, first)
    frequency = (ground.energies_mev[upper] - ground.energies_mev[lower]) / PLANCK_MEV_PER_GHZ
    shifts = _nuclear_shifts_ghz(sample, environment, vectors)
    return CoupledLines(
        lower=lower.astype(np.int64),
        upper=upper.astype(np.int64),
        frequency_ghz=np.abs(frequency + shifts[:, upper] - shifts[:, lower]),
        moment=np.sqrt(strength[lower, upper]),
    )


def _moments(sample: Sample) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Total magnetic moment of the dark dot in Bohr magnetons: g S of every dopant, g_e s or -2 kappa J."""
    dimensions, carriers = ground_dimensions(sample), resident_carriers(sample)
    spins = [(carriers.electron, ELECTRON, sample.electron_g), (carriers.hole, HOLE, -2 * sample.hole_kappa)]
    spins += [(dopant.spin, number, dopant.g_factor) for number, dopant in enumerate(sample.dopants, start=2)]
    total = [np.zeros(2 * (int(np.prod(dimensions)),), dtype=np.complex128) for _ in range(3)]
    for spin, position, g_factor in spins:
        for component, operator in enumerate(spin_operators(spin).vector):
            total[component] = total[component] + g_factor * place(operator, position, dimensions)
    return total[0], total[1], total[2]


def _nuclear_shifts_ghz(sample: Sample, environment: Environment, vectors: ComplexArray) -> FloatArray:
    """Hyperfine shift of each eigenstate, (n_nuclear, n_g), for every set of nuclear projections along the field."""
    axis = np.asarray(biased(environment.field_t))
    axis = axis / np.linalg.norm(axis)
    dimensions = ground_dimensions(sample)
    means = []
    for number, dopant in enumerate(sample.dopants, start=2):
        along = sum((c * s for c, s in zip(axis, spin_operators(dopant.spin).vector, strict=True)))
        placed = place(np.asarray(along, dtype=np.complex128), number, dimensions)
        mean = np.einsum("ai,ab,bi->i", vectors.conj(), placed, vectors, optimize=True).real
        means.append(1e-3 * dopant.hyperfine_uev / PLANCK_MEV_PER_GHZ * mean)
    choices = [projections(d.nuclear_spin) if d.hyperfine_uev else np.zeros(1) for d in sample.dopants]
    if np.prod([choice.size for choice in choices]) > MAX_NUCLEAR_STATES:
        raise ValueError(
            f"sample {sample.name}: more than {MAX_NUCLEAR_STATES} nuclear states; lower the dopants' number"
        )
    rows = [
        sum((m_i * mean for m_i, mean in zip(chosen, means, strict=True)), np.zeros(vectors.shape[1]))
        for chosen in combinations(*choices)
    ]
    return np.array(rows)
