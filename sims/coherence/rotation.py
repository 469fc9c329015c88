"""Two-level dynamics that depend on the qubit's state, as products of SU(2) rotations; vectorised over many clusters.

A spin-1/2 with H = w.sigma/2 turns in time t by U = cos(|w|t/2) - i sin(|w|t/2) w.sigma/|w|, kept as (a, v) with
U = a - i v.sigma. With the qubit in its upper (lower) level w = w_0 (w_1); pi pulses exchange the two. The coherence
that is left is (1/2) Tr(B^+ A) = a_A a_B + v_A.v_B = cos(theta/2), theta the angle between the two histories. A spin
I turned by theta keeps the SU(2) character U_2I(cos theta/2)/(2I + 1), U_n Chebyshev's second kind.
"""

import numpy as np
import numpy.typing as npt

from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]


def half_angle_cosines(
    upper: FloatArray, lower: FloatArray, sequence: Sequence, total_times_s: FloatArray
) -> FloatArray:
    """cos(theta/2), shape (clusters, times), for rotation vectors ``upper`` and ``lower`` (clusters, 3) in rad/s."""
    from sims.coherence import rotation_kernel  # compiled code loads slowly

    result: FloatArray = rotation_kernel.half_angle_cosines(
        np.ascontiguousarray(upper), np.ascontiguousarray(lower), sequence.durations, sequence.signs, total_times_s
    )
    return result


def character(spin: float, half_angle_cosine: FloatArray) -> FloatArray:
    """Trace of a rotation of spin I over 2I + 1, from cos(theta/2); same shape."""
    older, value = np.ones_like(half_angle_cosine), 2 * half_angle_cosine
    for _ in range(round(2 * spin) - 1):
        older, value = value, 2 * half_angle_cosine * value - older
    return np.asarray(value / (2 * spin + 1), dtype=np.float64)
