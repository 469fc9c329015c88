"""Refusals by name that only this room needs; those for plain numbers are in ``sims.basics.checks``."""

import numpy as np
import numpy.typing as npt

from sims.basics import checks

FloatArray = npt.NDArray[np.float64]


def lower_projection(spin: float, upper_projection: float) -> float:
    """Level m - 1 of the transition m -> m - 1 of a spin; ValueError unless both levels exist."""
    checks.half_integer_spin("spin", spin)
    steps = spin - checks.finite("upper_projection", upper_projection)
    if abs(steps - round(steps)) > 1e-9 or not 0 <= round(steps) <= round(2 * spin) - 1:
        allowed = ", ".join(f"{spin - k:g}" for k in range(round(2 * spin)))
        raise ValueError(f"upper_projection is {upper_projection}: for spin {spin:g} choose one of {allowed}")
    return upper_projection - 1


def times(name: str, values_s: npt.ArrayLike) -> FloatArray:
    """One-dimensional float array; ValueError naming ``name`` unless every entry is finite and >= 0."""
    array = np.atleast_1d(np.asarray(values_s, dtype=np.float64))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: give one or more times in one dimension")
    if not np.all(np.isfinite(array)) or np.any(array < 0):
        raise ValueError(f"{name} holds a negative, infinite or missing time: times count from the first pulse")
    return array


def unit_vector(name: str, direction: npt.ArrayLike) -> FloatArray:
    """``direction`` divided by its length, shape (3,); ValueError for another shape, a zero vector or NaN."""
    vector = np.asarray(direction, dtype=np.float64)
    if vector.shape != (3,) or not np.all(np.isfinite(vector)) or not np.any(vector):
        raise ValueError(f"{name} is {vector.tolist()}: give three finite numbers that are not all zero")
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)
