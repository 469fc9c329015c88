"""Refusals by name: every number that enters a protocol is checked here before anything is computed."""

import math

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray


class UnphysicalInputError(ValueError):
    """A number no dot can have; the message is: name, value, limit."""


def finite(name: str, value: float) -> float:
    """The value itself; UnphysicalInputError when it is NaN or infinite."""
    if not math.isfinite(value):
        raise UnphysicalInputError(f"{name} = {value}: must be a finite number")
    return value


def positive(name: str, value: float) -> float:
    """The value itself; UnphysicalInputError unless it is finite and above zero."""
    if not finite(name, value) > 0:
        raise UnphysicalInputError(f"{name} = {value:g}: must be above 0")
    return value


def not_negative(name: str, value: float) -> float:
    """The value itself; UnphysicalInputError unless it is finite and at least zero."""
    if finite(name, value) < 0:
        raise UnphysicalInputError(f"{name} = {value:g}: must not be negative")
    return value


def fraction(name: str, value: float) -> float:
    """The value itself; UnphysicalInputError unless it lies between 0 and 1, both included."""
    if not 0.0 <= finite(name, value) <= 1.0:
        raise UnphysicalInputError(f"{name} = {value:g}: must lie between 0 and 1")
    return value


def field_vector(field_t: tuple[float, float, float]) -> tuple[float, float, float]:
    """The field in T as given; UnphysicalInputError unless it has three finite components."""
    if len(field_t) != 3:
        raise UnphysicalInputError(f"field_t = {field_t}: must have three components (x, y, z) in T")
    for axis, component in zip("xyz", field_t, strict=True):
        finite(f"field_t.{axis}", component)
    return field_t


def finite_array(name: str, values: npt.ArrayLike, dimensions: int = 1) -> FloatArray:
    """Real array with that many dimensions; UnphysicalInputError when it is empty, misshapen or not finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or array.size == 0:
        raise UnphysicalInputError(
            f"{name}: shape {array.shape}; must be a non-empty array of {dimensions} dimension(s)"
        )
    if not np.all(np.isfinite(array)):
        raise UnphysicalInputError(f"{name}: holds a value that is not finite")
    return array


def half_integer_spin(name: str, spin: float) -> float:
    """The spin itself; UnphysicalInputError unless it is 1/2, 1, 3/2, ..."""
    if not positive(name, spin) or abs(2 * spin - round(2 * spin)) > 1e-9:
        raise UnphysicalInputError(f"{name} = {spin:g}: must be a positive multiple of 1/2")
    return spin


def projection_index(spin: float, m: float) -> int:
    """Index of |m> in the basis +S ... -S; UnphysicalInputError when m is no projection of that spin."""
    index = spin - finite("m", m)
    if abs(index - round(index)) > 1e-9 or not -0.5 < index < 2 * spin + 0.5:
        raise UnphysicalInputError(
            f"m = {m:g}: is no projection of a spin {spin:g} (+{spin:g} ... -{spin:g} in steps of 1)"
        )
    return round(index)
