"""Density matrices as real vectors.

A Hermitian (n, n) matrix has n² real unknowns. The basis is orthonormal under Tr(A B): first the n populations,
then for every pair i < j (row by row) √2 Re ρ_ij, then for the same pairs √2 Im ρ_ij. In it the generator of a
Lindblad equation is a real matrix, which costs a quarter of the complex one.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sims.basics.spins import ComplexArray, FloatArray

IntArray = npt.NDArray[np.int64]


@cache
def pairs(size: int) -> tuple[IntArray, IntArray]:
    """Rows and columns (i < j) of the pairs of a (size, size) matrix, each of shape (size (size - 1)/2,)."""
    rows, columns = np.triu_indices(size, 1)
    return rows.astype(np.int64), columns.astype(np.int64)


def to_real(matrices: ComplexArray) -> FloatArray:
    """Real vectors (..., n²) of Hermitian matrices (..., n, n); the anti-Hermitian part is not looked at."""
    size = matrices.shape[-1]
    i, j = pairs(size)
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1).real
    upper = np.sqrt(2) * matrices[..., i, j]
    return np.concatenate([diagonal, upper.real, upper.imag], axis=-1)


def from_real(vectors: FloatArray, size: int) -> ComplexArray:
    """Hermitian matrices (..., size, size) of real vectors (..., size²)."""
    i, j = pairs(size)
    result = np.zeros((*vectors.shape[:-1], size, size), dtype=np.complex128)
    n_pairs = i.size
    upper = (vectors[..., size : size + n_pairs] + 1j * vectors[..., size + n_pairs :]) / np.sqrt(2)
    result[..., i, j] = upper
    result[..., j, i] = upper.conj()
    index = np.arange(size)
    result[..., index, index] = vectors[..., :size]
    return result


def support(matrix: ComplexArray, tolerance: float = 0.0) -> npt.NDArray[np.bool_]:
    """Which of the n² real unknowns of a Hermitian matrix exceed ``tolerance`` in magnitude."""
    return np.asarray(np.abs(to_real(matrix)) > tolerance, dtype=np.bool_)


def population_support(size: int) -> npt.NDArray[np.bool_]:
    """The unknowns of a diagonal density matrix: the first ``size`` of size²."""
    return np.arange(size * size) < size


@cache
def matrix_from_real(size: int) -> sparse.csr_array:
    """Sparse complex (size², size²): takes a real vector to the row-major entries of its Hermitian matrix."""
    i, j = pairs(size)
    diagonal = np.arange(size)
    real, imaginary = size + np.arange(i.size), size + i.size + np.arange(i.size)
    half = np.full(i.size, np.sqrt(0.5))
    rows = np.concatenate([diagonal * (size + 1), i * size + j, j * size + i, i * size + j, j * size + i])
    columns = np.concatenate([diagonal, real, real, imaginary, imaginary])
    values = np.concatenate([np.ones(size), half, half, 1j * half, -1j * half])
    return sparse.csr_array((values, (rows, columns)), shape=(size * size, size * size))
