"""Exact coherence of the dopant's spin with a handful of nuclei: the reference the expansion is judged by."""

from math import prod

import numpy as np
import numpy.typing as npt

from sims.basics.spins import place, spin_operators
from sims.coherence.bath import SpinBath
from sims.coherence.checks import times
from sims.coherence.dipolar import Field, Qubit, hyperfine_vectors, pair_tensors
from sims.coherence.propagation import conditional_coherence
from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

LARGEST_DIMENSION = 1024
"""Ten spins 1/2; beyond, the matrices take minutes."""
_NUMBERS_AT_ONCE = 1_000_000


def exact_coherence(
    bath: SpinBath, qubit: Qubit, field: Field, sequence: Sequence, total_times_s: npt.ArrayLike
) -> ComplexArray:
    """Coherence L(T), complex (times,), in the full product space of all nuclei; Hamiltonian as in ``dipolar``.

    ValueError above 1024 dimensions or for times that are negative or not finite.
    """
    instants = times("total_times_s", total_times_s)
    upper, lower = (conditional_hamiltonian(bath, qubit, field, m) for m in qubit.projections)
    chunks = np.array_split(instants, max(1, -(-instants.size * upper.size // _NUMBERS_AT_ONCE)))
    parts = [conditional_coherence(upper[None], lower[None], sequence, chunk)[0] for chunk in chunks if chunk.size]
    return np.concatenate(parts)


def conditional_hamiltonian(bath: SpinBath, qubit: Qubit, field: Field, projection: float) -> ComplexArray:
    """Hamiltonian of all nuclei in rad/s, (d, d), with the electron in level ``projection``; ValueError if d > 1024."""
    dimensions = tuple(round(2 * spin) + 1 for spin in bath.spins)
    if prod(dimensions) > LARGEST_DIMENSION:
        raise ValueError(
            f"{len(bath)} nuclei span {prod(dimensions)} dimensions: at most {LARGEST_DIMENSION} are exact"
        )
    operators = [
        [place(component, k, dimensions) for component in spin_operators(float(spin)).vector]
        for k, spin in enumerate(bath.spins)
    ]
    local = projection * hyperfine_vectors(bath, qubit, field)
    local -= bath.gammas_rad_per_s_per_t[:, None] * field.magnitude_t * field.direction
    hamiltonian = np.zeros((prod(dimensions), prod(dimensions)), dtype=np.complex128)
    for k in range(len(bath)):
        for axis in range(3):
            hamiltonian += local[k, axis] * operators[k][axis]
    pairs = np.array([(i, j) for i in range(len(bath)) for j in range(i + 1, len(bath))], dtype=np.int64).reshape(-1, 2)
    for (i, j), tensor in zip(pairs, pair_tensors(bath, pairs), strict=True):
        for a in range(3):
            for b in range(3):
                hamiltonian += tensor[a, b] * (operators[i][a] @ operators[j][b])
    return hamiltonian
