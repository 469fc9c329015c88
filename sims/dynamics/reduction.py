"""Only the unknowns that can be reached from the start, and their evolution.

With an axial field most coherences are never reached from populations: 50 of 900 unknowns (24 exciton and 6 ground
states), 378 of 2,916 (48 and 6). Leaving the others out is exact: the reachable unknowns span an invariant subspace.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from sims.basics.spins import FloatArray
from sims.dynamics.spectral import Spectrum, spectrum

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

LARGEST_REDUCED = 6000
"""Most unknowns followed (each matrix then takes 290 MB)."""

LARGEST_CACHE_BYTES = 200_000_000
"""Memory for the propagators kept of one generator; the oldest make room."""


def reachable(generators: tuple[sparse.csr_array, ...], start: BoolArray) -> IntArray:
    """Sorted indices of the unknowns that any of the generators can reach from those of ``start`` (N,)."""
    patterns = [
        sparse.csr_array((np.ones(g.nnz, dtype=np.int8), g.indices, g.indptr), shape=g.shape) for g in generators
    ]
    reached = start.copy()
    newest = start
    while np.any(newest):
        touched = np.zeros_like(start)
        for pattern in patterns:
            touched |= (pattern @ newest.astype(np.int64)) > 0
        newest = touched & ~reached
        reached = reached | newest
    return np.flatnonzero(reached).astype(np.int64)


@dataclass(frozen=True)
class ReducedGenerator:
    """A generator restricted to k reachable unknowns: ``indices`` (k,) into the full vector, ``matrix`` (k, k) in 1/ns.

    Its eigen-decomposition and its propagators are worked out when first asked for and then kept.
    """

    indices: IntArray
    matrix: FloatArray
    _propagators: dict[float, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.indices.size

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """Eigen-decomposition; None where the matrix is (close to) defective and it cannot be trusted."""
        return spectrum(self.matrix)

    def propagator(self, duration_ns: float) -> FloatArray:
        """exp(L t), real (k, k), by scaling and squaring; kept for the next call with the same duration."""
        known = self._propagators.get(duration_ns)
        if known is None:
            known = np.asarray(linalg.expm(self.matrix * duration_ns), dtype=np.float64)
            while self._propagators and (len(self._propagators) + 1) * known.nbytes > LARGEST_CACHE_BYTES:
                self._propagators.pop(next(iter(self._propagators)))  # the oldest
            self._propagators[duration_ns] = known
        return known

    def project(self, rows: FloatArray, start: FloatArray, times_ns: FloatArray) -> FloatArray:
        """The product rows @ exp(L t) @ start for every time, (n_t, n_rows).

        ``rows`` (n_rows, k), ``start`` (k,), times ≥ 0.

        An even grid needs one propagator, which is quicker than the decomposition; any other grid the decomposition;
        where that cannot be trusted, a propagator for each distinct step.
        """
        already_decomposed = "spectrum" in self.__dict__ and self.spectrum is not None
        if not already_decomposed and is_even(times_ns):
            return self._marched(rows, start, times_ns)
        decomposition = self.spectrum
        if decomposition is not None:
            return decomposition.project(rows, start, times_ns)
        return self._stepped(rows, start, times_ns)

    def _marched(self, rows: FloatArray, start: FloatArray, times_ns: FloatArray) -> FloatArray:
        """An even grid: one propagator to its first time and one from each time to the next."""
        result = np.empty((times_ns.size, rows.shape[0]))
        first = float(times_ns[0])
        state = self.propagator(first) @ start if first > 0 else start
        result[0] = rows @ state
        if times_ns.size == 1:
            return result
        step = self.propagator((float(times_ns[-1]) - first) / (times_ns.size - 1))
        for index in range(1, times_ns.size):
            state = step @ state
            result[index] = rows @ state
        return result

    def _stepped(self, rows: FloatArray, start: FloatArray, times_ns: FloatArray) -> FloatArray:
        """Any grid: one propagator for each distinct step between the sorted times."""
        result = np.empty((times_ns.size, rows.shape[0]))
        state, now = start, 0.0
        for index in np.argsort(times_ns, kind="stable"):
            step = float(times_ns[index]) - now
            if step > 0:
                state = self.propagator(step) @ state
                now = float(times_ns[index])
            result[index] = rows @ state
        return result


def is_even(times_ns: FloatArray) -> bool:
    """Whether the times rise in equal steps to within rounding (one time counts as even, none does not)."""
    if times_ns.size == 0 or np.any(np.diff(times_ns) <= 0):
        return False
    even = np.linspace(times_ns[0], times_ns[-1], times_ns.size)
    return bool(np.all(np.abs(times_ns - even) <= 4 * np.finfo(np.float64).eps * times_ns[-1]))


def reduce_to(generator: sparse.csr_array, indices: IntArray) -> ReducedGenerator:
    """The generator (N, N) on the unknowns ``indices``, as a dense matrix.

    ValueError above LARGEST_REDUCED unknowns: the dense matrices would not fit into a workstation's memory.
    """
    if indices.size > LARGEST_REDUCED:
        raise ValueError(
            f"{indices.size} reachable unknowns; at most {LARGEST_REDUCED} are followed. Use an axial field, leave out "
            "the light holes or the nuclei, or start from populations"
        )
    matrix = generator[indices][:, indices].toarray()
    return ReducedGenerator(indices, np.asarray(matrix, dtype=np.float64))
