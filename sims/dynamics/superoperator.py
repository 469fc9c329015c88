"""The Lindblad generator as a sparse real matrix.

dρ/dt = −(i/ħ)[H, ρ] + Σ_k (C_k ρ C_k† − ½{C_k†C_k, ρ}) − γ_ij ρ_ij   (Lindblad, Commun. Math. Phys. 48, 119 (1976);
Gorini, Kossakowski, Sudarshan, J. Math. Phys. 17, 821 (1976)). No secular approximation.

With row-major vectors, vec(A ρ B) = (A ⊗ Bᵀ) vec(ρ). Only the rows i ≤ j are built: the others are their conjugates.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from sims.basics.constants import PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.hermitian_basis import IntArray, matrix_from_real, pairs

HBAR_MEV_NS = PLANCK_MEV_PER_GHZ / (2 * np.pi)
"""Reduced Planck constant, meV·ns."""

HERMITICITY_TOLERANCE = 1e-10
"""Largest |H − H†| accepted, relative to the largest entry of H."""

ROUNDING = 4 * np.finfo(np.float64).eps
"""Entries of an operator below this fraction of its largest one are rounding errors and count as zero."""


def checked_hamiltonian(hamiltonian_mev: ComplexArray) -> ComplexArray:
    """The Hamiltonian made exactly Hermitian and cleared of rounding errors; ValueError when it is none."""
    h = _square("hamiltonian_mev", hamiltonian_mev)
    largest = float(np.max(np.abs(h), initial=0.0))
    deviation = float(np.max(np.abs(h - h.conj().T), initial=0.0))
    if deviation > HERMITICITY_TOLERANCE * largest:
        raise ValueError(
            f"hamiltonian_mev is not Hermitian: |H - H^dagger| reaches {deviation:.3g} meV beside entries of up to "
            f"{largest:.3g} meV; put decay into the collapse operators"
        )
    return _without_rounding((h + h.conj().T) / 2)


def checked_collapse(collapse: Sequence[ComplexArray], size: int) -> tuple[ComplexArray, ...]:
    """Collapse operators (size, size) in 1/√ns; ValueError naming the first wrong one."""
    result = []
    for number, operator in enumerate(collapse):
        matrix = _square(f"collapse[{number}]", operator)
        if matrix.shape[0] != size:
            raise ValueError(f"collapse[{number}] has shape {matrix.shape}; the Hamiltonian's is {(size, size)}")
        result.append(_without_rounding(matrix))
    return tuple(result)


def checked_dephasing(dephasing_per_ns: FloatArray, size: int) -> FloatArray:
    """Extra decay rates γ_ij of coherences (size, size); ValueError unless they describe a physical process.

    γ must be symmetric with zero diagonal and −γ conditionally positive (so that exp(−γ t) is a positive matrix,
    Schur's product theorem): every Gaussian or telegraph shift of the levels has that form.
    """
    rates = np.asarray(dephasing_per_ns, dtype=np.float64)
    if rates.shape != (size, size) or not np.all(np.isfinite(rates)):
        raise ValueError(f"dephasing_per_ns: shape {rates.shape}; it must be {(size, size)} and finite")
    scale = float(np.max(np.abs(rates), initial=0.0))
    if np.any(rates < 0) or np.any(np.abs(np.diag(rates)) > 0) or np.any(np.abs(rates - rates.T) > 1e-12 * scale):
        raise ValueError("dephasing_per_ns must be symmetric, not negative, and zero on its diagonal")
    centred = np.eye(size) - np.full((size, size), 1 / size)
    if np.linalg.eigvalsh(-centred @ rates @ centred)[0] < -1e-10 * scale * size:
        raise ValueError(
            "dephasing_per_ns is not the dephasing of any physical process (-rates not conditionally positive)"
        )
    return rates


def real_generator(
    hamiltonian_mev: ComplexArray, collapse: Sequence[ComplexArray], dephasing_per_ns: FloatArray | None = None
) -> sparse.csr_array:
    """Generator L of dx/dt = L x for the real vectors of hermitian_basis, sparse (n², n²), 1/ns.

    ``hamiltonian_mev`` (n, n) Hermitian, ``collapse`` operators (n, n) in 1/√ns, ``dephasing_per_ns`` (n, n) extra
    decay rates of coherences. ValueError, by name, for wrong shapes, NaN, or a Hamiltonian that is not Hermitian.
    """
    h = checked_hamiltonian(hamiltonian_mev)
    size = h.shape[0]
    operators = checked_collapse(collapse, size)
    damped = -1j / HBAR_MEV_NS * h
    for operator in operators:
        damped = damped - _without_rounding(operator.conj().T @ operator) / 2
    result = _generator_of(damped, operators, size)
    if dephasing_per_ns is not None:
        result = result - _dephasing_part(checked_dephasing(dephasing_per_ns, size))
    result.eliminate_zeros()
    return result


def commutator_generator(hamiltonian_mev: ComplexArray) -> sparse.csr_array:
    """The coherent part alone, −(i/ħ)[H, ρ], sparse real (n², n²), 1/ns. ValueError as real_generator."""
    return real_generator(hamiltonian_mev, ())


def _generator_of(damped: ComplexArray, operators: Sequence[ComplexArray], size: int) -> sparse.csr_array:
    """Real generator of ρ → K ρ + ρ K† + Σ C ρ C†."""
    parts = [_one_sided(damped, size), *(_sandwich(operator, size) for operator in operators)]
    rows, columns, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    full = sparse.csr_array((values, (rows, columns)), shape=(size * size, size * size))
    i, j = pairs(size)
    order = np.concatenate([np.arange(size) * (size + 1), i * size + j])
    half = (full[order] @ matrix_from_real(size)).tocsr()
    off_diagonal = np.sqrt(2) * half[size:]
    return sparse.csr_array(sparse.vstack([half[:size].real, off_diagonal.real, off_diagonal.imag], format="csr"))


def _one_sided(damped: ComplexArray, size: int) -> tuple[IntArray, IntArray, ComplexArray]:
    """Entries of K ⊗ 1 + 1 ⊗ K* (row, column, value) in the row-major space, rows i ≤ j only."""
    a, b = (index[:, None] for index in np.nonzero(damped))
    other = np.arange(size)[None, :]
    values = damped[a, b]
    left, right = a <= other, other <= a
    rows = [(a * size + other)[left], (other * size + a)[right]]
    columns = [(b * size + other)[left], (other * size + b)[right]]
    entries = [np.broadcast_to(values, left.shape)[left], np.broadcast_to(values.conj(), right.shape)[right]]
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(entries)


def _sandwich(operator: ComplexArray, size: int) -> tuple[IntArray, IntArray, ComplexArray]:
    """Entries of C ⊗ C* (row, column, value) in the row-major space, rows i ≤ j only."""
    a, b = np.nonzero(operator)
    values = operator[a, b]
    upper = a[:, None] <= a[None, :]
    rows = (a[:, None] * size + a)[upper]
    columns = (b[:, None] * size + b)[upper]
    return rows, columns, np.outer(values, values.conj())[upper]


def _dephasing_part(rates: FloatArray) -> sparse.dia_array:
    i, j = pairs(rates.shape[0])
    return sparse.diags_array(np.concatenate([np.zeros(rates.shape[0]), rates[i, j], rates[i, j]]))


def _square(name: str, matrix: ComplexArray) -> ComplexArray:
    result = np.asarray(matrix, dtype=np.complex128)
    if result.ndim != 2 or result.shape[0] != result.shape[1] or result.shape[0] == 0:
        raise ValueError(f"{name} has shape {result.shape}; it must be a square matrix")
    if not np.all(np.isfinite(result)):
        raise ValueError(f"{name} holds NaN or infinity")
    return result


def _without_rounding(matrix: ComplexArray) -> ComplexArray:
    limit = ROUNDING * np.max(np.abs(matrix), initial=0.0)
    real = np.where(np.abs(matrix.real) > limit, matrix.real, 0.0)
    imaginary = np.where(np.abs(matrix.imag) > limit, matrix.imag, 0.0)
    return np.asarray(real + 1j * imaginary, dtype=np.complex128)
