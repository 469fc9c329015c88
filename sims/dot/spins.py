"""Spin operators and their places in a product space."""

from dataclasses import dataclass
from functools import cache
from math import prod

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
    return spin - np.arange(dimension(spin))


def dimension(spin: float) -> int:
    """2S+1; ValueError unless ``spin`` is a non-negative half-integer."""
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


def dot_product(
    first: tuple[ComplexArray, ComplexArray, ComplexArray],
    second: tuple[ComplexArray, ComplexArray, ComplexArray],
) -> ComplexArray:
    """Scalar product of two vector operators of the same space."""
    return sum((a @ b for a, b in zip(first, second, strict=True)), np.zeros_like(first[0]))
