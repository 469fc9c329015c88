"""Compiled: two histories of one spin 1/2 for each cluster and time. Imported only when needed: numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253

FloatArray = npt.NDArray[np.float64]


@njit(cache=True)
def turned(a: float, x: float, y: float, z: float, c: float, u: float, v: float, w: float) -> tuple[float, ...]:
    """(c - i (u, v, w).sigma) (a - i (x, y, z).sigma), the second factor acting first."""
    return (
        c * a - u * x - v * y - w * z,
        c * x + a * u + v * z - w * y,
        c * y + a * v + w * x - u * z,
        c * z + a * w + u * y - v * x,
    )


@njit(cache=True)
def half_angle_cosines(
    upper: FloatArray, lower: FloatArray, shares: FloatArray, signs: FloatArray, times_s: FloatArray
) -> FloatArray:
    """See ``rotation.half_angle_cosines``; ``shares`` and ``signs`` (intervals,) of the sequence."""
    result = np.empty((upper.shape[0], times_s.size))
    for k in range(upper.shape[0]):
        fast_up = np.sqrt(upper[k, 0] ** 2 + upper[k, 1] ** 2 + upper[k, 2] ** 2)
        fast_low = np.sqrt(lower[k, 0] ** 2 + lower[k, 1] ** 2 + lower[k, 2] ** 2)
        per_up = 1 / fast_up if fast_up > 0 else 0.0
        per_low = 1 / fast_low if fast_low > 0 else 0.0
        for t in range(times_s.size):
            a, x, y, z = 1.0, 0.0, 0.0, 0.0
            b, p, q, r = 1.0, 0.0, 0.0, 0.0
            last = -1.0
            for n in range(shares.size):
                if abs(shares[n] - last) > 1e-12:
                    last = shares[n]
                    half = last * times_s[t] / 2
                    c_up, s_up = np.cos(fast_up * half), np.sin(fast_up * half) * per_up
                    c_low, s_low = np.cos(fast_low * half), np.sin(fast_low * half) * per_low
                ux, uy, uz = s_up * upper[k, 0], s_up * upper[k, 1], s_up * upper[k, 2]
                lx, ly, lz = s_low * lower[k, 0], s_low * lower[k, 1], s_low * lower[k, 2]
                if signs[n] > 0:
                    a, x, y, z = turned(a, x, y, z, c_up, ux, uy, uz)
                    b, p, q, r = turned(b, p, q, r, c_low, lx, ly, lz)
                else:
                    a, x, y, z = turned(a, x, y, z, c_low, lx, ly, lz)
                    b, p, q, r = turned(b, p, q, r, c_up, ux, uy, uz)
            result[k, t] = a * b + x * p + y * q + z * r
    return result
