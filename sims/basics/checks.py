"""Refusals by name, the same in every room: each number is checked here before anything is computed with it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class UnphysicalInputError(ValueError):
    """A number no dot can have; the message is: name, value, limit."""


def finite(name: str, value: float) -> float:
    """The value itself; UnphysicalInputError when it is no number, NaN or infinite."""
    if not isinstance(value, (int, float, np.integer, np.floating)) or not math.isfinite(value):
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


def at_least(name: str, value: int, least: int) -> int:
    """The whole number itself; UnphysicalInputError when it is not whole or below ``least``."""
    if not isinstance(value, (int, np.integer)) or value < least:
        raise UnphysicalInputError(f"{name} = {value}: must be a whole number, {least} or above")
    return value


def field_vector(field_t: Sequence[float], name: str = "field_t") -> tuple[float, float, float]:
    """The field in T as a tuple; UnphysicalInputError unless it has three finite components (x, y, z)."""
    if not np.iterable(field_t) or len(field_t) != 3:
        raise UnphysicalInputError(f"{name} = {field_t}: must have three components (x, y, z) in T")
    for axis, component in zip("xyz", field_t, strict=True):
        finite(f"{name}.{axis}", component)
    x, y, z = field_t
    return x, y, z


def stokes_vector(name: str, stokes: Sequence[float]) -> tuple[float, float, float]:
    """Normalised Stokes vector (S1, S2, S3) as a tuple; UnphysicalInputError unless finite and no longer than 1."""
    if not np.iterable(stokes) or isinstance(stokes, str) or len(stokes) != 3:
        raise UnphysicalInputError(f"{name} = {stokes}: must have three components (S1, S2, S3)")
    for number, component in enumerate(stokes, start=1):
        finite(f"{name}.S{number}", component)
    length = math.hypot(*stokes)
    if length > 1 + 1e-6:
        raise UnphysicalInputError(f"{name} = {tuple(stokes)}: length {length:.6g}; light is polarised by at most 1")
    s1, s2, s3 = stokes
    return s1, s2, s3


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


def all_finite(name: str, values: npt.ArrayLike) -> FloatArray:
    """Real array of any shape; UnphysicalInputError when one of its values is NaN or infinite."""
    array = np.asarray(values, dtype=np.float64)
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
