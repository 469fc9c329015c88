"""The Lindblad master equation of any finite system: evolution, propagators, steady state.

>>> liouvillian = Liouvillian(hamiltonian_mev, collapse)          # meV, 1/√ns
>>> rho = liouvillian.evolve(rho0, times_ns)                      # (n_t, n, n)
>>> steady = liouvillian.steady_state()

Exact: no secular approximation. Only unknowns reachable from the start are followed (see reduction).
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.hermitian_basis import from_real, population_support, to_real
from sims.dynamics.reduction import BoolArray, ReducedGenerator, reachable, reduce_to
from sims.dynamics.steady_state import solve_steady_state, solve_sweep
from sims.dynamics.superoperator import commutator_generator, real_generator

STATE_TOLERANCE = 1e-8
"""How far a density matrix may be from Hermitian, unit trace and positive before it is refused."""


class Liouvillian:
    """dρ/dt = −(i/ħ)[H, ρ] + Σ (C ρ C† − ½{C†C, ρ}) − γ_ij ρ_ij for an n-level system.

    ``hamiltonian_mev`` (n, n) Hermitian, meV; ``collapse``: operators (n, n) in 1/√ns; ``dephasing_per_ns`` (n, n):
    extra decay rates of coherences. ValueError, by name, for wrong shapes, NaN or infinity, or a Hamiltonian that is
    not Hermitian.
    """

    def __init__(
        self,
        hamiltonian_mev: ComplexArray,
        collapse: Sequence[ComplexArray] = (),
        dephasing_per_ns: FloatArray | None = None,
    ) -> None:
        self.generator: sparse.csr_array = real_generator(hamiltonian_mev, collapse, dephasing_per_ns)
        self.dimension = int(np.shape(hamiltonian_mev)[0])
        self._parts: dict[bytes, ReducedGenerator] = {}

    def reduced(self, start: BoolArray) -> ReducedGenerator:
        """The part reachable from the unknowns ``start`` (n²,) (see hermitian_basis.support); kept once built."""
        key = start.tobytes()
        if key not in self._parts:
            self._parts[key] = reduce_to(self.generator, reachable((self.generator,), start))
        return self._parts[key]

    def evolve(self, rho0: ComplexArray, times_ns: FloatArray) -> ComplexArray:
        """Density matrices (n_t, n, n) at the times (n_t,) ≥ 0 ns (any order) after ``rho0`` (n, n).

        ValueError when ``rho0`` is not a density matrix or a time is negative or not finite.
        """
        state, times = to_real(checked_state(rho0, self.dimension)), checked_times(times_ns)
        part = self.reduced(np.abs(state) > 0)
        result = np.zeros((times.size, state.size))
        result[:, part.indices] = part.project(np.eye(part.size), state[part.indices], times)
        return from_real(result, self.dimension)

    def expectations(self, rho0: ComplexArray, times_ns: FloatArray, operators: Sequence[ComplexArray]) -> FloatArray:
        """Tr(A ρ(t)) for Hermitian operators A (n, n), shape (n_t, n_operators). ValueError as evolve."""
        state, times = to_real(checked_state(rho0, self.dimension)), checked_times(times_ns)
        rows = np.stack([to_real(checked_observable(a, self.dimension)) for a in operators])
        part = self.reduced(np.abs(state) > 0)
        return part.project(rows[:, part.indices], state[part.indices], times)

    def propagator(self, duration_ns: float) -> FloatArray:
        """exp(L t) for all n² unknowns in the real basis of hermitian_basis, (n², n²).

        ``from_real(propagator @ to_real(rho), n)`` is the state after the duration. ValueError for a negative time.
        """
        duration = float(checked_times(np.array([duration_ns]))[0])
        return self.reduced(np.ones(self.dimension**2, dtype=np.bool_)).propagator(duration)

    def steady_state(self) -> ComplexArray:
        """The stationary density matrix (n, n). ValueError when there is more than one.

        Found among the unknowns reachable from populations: a unique stationary state is the long-time limit of any
        start, so of a diagonal one.
        """
        part = self.reduced(population_support(self.dimension))
        result = np.zeros(self.dimension**2)
        result[part.indices] = solve_steady_state(part.matrix, part.indices < self.dimension)
        return from_real(result, self.dimension)


def steady_state_sweep(
    liouvillian: Liouvillian, perturbation_hamiltonian_mev: ComplexArray, values: FloatArray
) -> ComplexArray:
    """Stationary states (n_v, n, n) for H + v·P at every v in ``values`` (n_v,); P (n, n) Hermitian, v·P in meV.

    For a detuning sweep P is minus the number of excitons and v the detuning in meV. One factorisation serves all
    points. ValueError when P is not Hermitian, a value is not finite, or a stationary state is not unique.
    """
    size = liouvillian.dimension
    if np.shape(perturbation_hamiltonian_mev) != (size, size):
        raise ValueError(
            f"perturbation_hamiltonian_mev has shape {np.shape(perturbation_hamiltonian_mev)}; "
            f"the Hamiltonian's is {(size, size)}"
        )
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 1 or points.size == 0 or not np.all(np.isfinite(points)):
        raise ValueError("values must be a one-dimensional array of finite numbers, at least one")
    change = commutator_generator(perturbation_hamiltonian_mev)
    indices = reachable((liouvillian.generator, change), population_support(size))
    part, moved = reduce_to(liouvillian.generator, indices), reduce_to(change, indices)
    result = np.zeros((points.size, size * size))
    result[:, indices] = solve_sweep(part.matrix, moved.matrix, points, indices < size)
    return from_real(result, size)


def checked_state(rho: ComplexArray, size: int) -> ComplexArray:
    """A density matrix (size, size); ValueError saying what is wrong with it."""
    matrix = np.asarray(rho, dtype=np.complex128)
    if matrix.shape != (size, size):
        raise ValueError(f"rho0 has shape {matrix.shape}; the Hamiltonian's is {(size, size)}")
    if not np.all(np.isfinite(matrix)):
        raise ValueError("rho0 holds NaN or infinity")
    if np.max(np.abs(matrix - matrix.conj().T)) > STATE_TOLERANCE:
        raise ValueError("rho0 is not Hermitian")
    trace, lowest = float(np.trace(matrix).real), float(np.linalg.eigvalsh(matrix)[0])
    if abs(trace - 1) > STATE_TOLERANCE or lowest < -STATE_TOLERANCE:
        raise ValueError(f"rho0 is not a density matrix: trace {trace:.9g}, lowest eigenvalue {lowest:.3g}")
    return matrix


def checked_times(times_ns: FloatArray) -> FloatArray:
    """Times (n_t,) in ns; ValueError unless finite and not negative."""
    times = np.asarray(times_ns, dtype=np.float64)
    if times.ndim != 1 or not np.all(np.isfinite(times)) or np.any(times < 0):
        raise ValueError("times_ns must be a one-dimensional array of finite times that are not negative")
    return times


def checked_observable(operator: ComplexArray, size: int) -> ComplexArray:
    """A Hermitian operator (size, size); ValueError otherwise."""
    matrix = np.asarray(operator, dtype=np.complex128)
    if matrix.shape != (size, size) or not np.all(np.isfinite(matrix)):
        raise ValueError(f"observable: shape {matrix.shape}; it must be {(size, size)} and finite")
    if np.max(np.abs(matrix - matrix.conj().T)) > STATE_TOLERANCE * max(1.0, float(np.max(np.abs(matrix)))):
        raise ValueError("observable is not Hermitian")
    return matrix
