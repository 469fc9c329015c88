"""Spin operators and their places in a product space."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import isfinite, prod

import numpy as np
import numpy.typing as npt

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SpinOperators:
    """Matrices (2S+1, 2S+1) of one spin in units of hbar; the basis runs from m = +S down to m = -S."""

    x: ComplexArray
    y: ComplexArray
    z: ComplexArray
    plus: ComplexArray
    minus: ComplexArray

    @property
    def vector(self) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        """The three Cartesian components."""
        return self.x, self.y, self.z


def projections(spin: float) -> FloatArray:
    """Magnetic quantum numbers +S ... -S, shape (2S+1,)."""
    return np.asarray(spin - np.arange(dimension(spin)), dtype=np.float64)


def dimension(spin: float) -> int:
    """2S+1; ValueError unless ``spin`` is a non-negative half-integer."""
    if not isfinite(spin):
        raise ValueError(f"spin {spin} is not a non-negative multiple of 1/2")
    doubled = round(2 * spin)
    if doubled < 0 or abs(2 * spin - doubled) > 1e-9:
        raise ValueError(f"spin {spin} is not a non-negative multiple of 1/2")
    return doubled + 1


@cache
def spin_operators(spin: float) -> SpinOperators:
    """Operators of a spin S with Condon-Shortley phases."""
    m = projections(spin)
    raising = np.zeros((m.size, m.size), dtype=np.complex128)
    raising[np.arange(m.size - 1), np.arange(1, m.size)] = np.sqrt(spin * (spin + 1) - m[1:] * (m[1:] + 1))
    lowering = raising.conj().T
    return SpinOperators(
        x=(raising + lowering) / 2,
        y=(raising - lowering) / 2j,
        z=np.diag(m).astype(np.complex128),
        plus=raising,
        minus=lowering,
    )


def place(operator: ComplexArray, position: int, dimensions: tuple[int, ...]) -> ComplexArray:
    """Operator of factor ``position`` in the product space with the given dimensions."""
    before, after = prod(dimensions[:position]), prod(dimensions[position + 1 :])
    return np.kron(np.kron(np.eye(before), operator), np.eye(after)).astype(np.complex128)


def placed_scalar_product(
    first: tuple[float, int], second: tuple[float, int], dimensions: tuple[int, ...]
) -> ComplexArray:
    """S1.S2 of two different factors, each given as (spin, position), in the product space."""
    size = prod(dimensions)
    result = np.zeros((size, size), dtype=np.complex128)
    for one, other in zip(spin_operators(first[0]).vector, spin_operators(second[0]).vector, strict=True):
        factors: list[ComplexArray] = [np.eye(d, dtype=np.complex128) for d in dimensions]
        factors[first[1]], factors[second[1]] = one, other
        result += product(factors)
    return result


def product(factors: Iterable[ComplexArray]) -> ComplexArray:
    """Kronecker product of matrices; the unit matrix of one state when there is none."""
    result: ComplexArray = np.eye(1, dtype=np.complex128)
    for factor in factors:
        result = np.kron(result, factor).astype(np.complex128)
    return result


def eigenstates(hamiltonian: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Energies (n,) and column vectors (n, n) of a Hermitian matrix; faster when it is real."""
    if not np.any(hamiltonian.imag):
        energies, real = np.linalg.eigh(hamiltonian.real)
        return energies, real.astype(np.complex128)
    energies, vectors = np.linalg.eigh(hamiltonian)
    return energies, vectors
