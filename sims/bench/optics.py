"""Polarisation optics: Stokes vectors and Mueller matrices in the laboratory frame.

A Stokes vector is (S0, S1, S2, S3): S1 = +1 horizontal, S2 = +1 along +45°, S3 = +1 sigma-plus, that is light
whose angular momentum points along +z whichever way it travels. Angles are measured from horizontal, looking
from one fixed side of the table. Light that travels along -z (the collected light) meets a wave plate from
the other side: in this frame the plate then turns the Poincaré sphere the other way. That is why a quarter-wave
plate at +45° makes sigma-plus from H on the way in and H from sigma-plus on the way out.

Formulas: Mueller calculus as in Goldstein, Polarized Light, ch. 5-6.
"""

from math import cos, radians, sin, tau
from typing import Literal

import numpy as np
import numpy.typing as npt

Mueller = npt.NDArray[np.float64]
Travel = Literal[1, -1]
"""+1: along +z, towards the dot; -1: along -z, away from it."""

HORIZONTAL = np.array([1.0, 1.0, 0.0, 0.0])
SIGMA_PLUS = np.array([1.0, 0.0, 0.0, 1.0])
SIGMA_MINUS = np.array([1.0, 0.0, 0.0, -1.0])


def rotation(angle_deg: float) -> Mueller:
    """Mueller matrix, shape (4, 4), that turns the plane of polarisation by ``angle_deg``."""
    c, s = cos(2 * radians(angle_deg)), sin(2 * radians(angle_deg))
    return np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]], dtype=np.float64)


def wave_plate(fast_axis_deg: float, retardance_waves: float, travel: Travel = 1) -> Mueller:
    """Mueller matrix, shape (4, 4), of a lossless retarder; 0.25 is a quarter-wave plate."""
    delta = travel * tau * retardance_waves
    c, s = cos(delta), sin(delta)
    # H light on a plate at +45° must become S3 = +1 for travel = +1: the sphere turns about S1 from S2 to -S3.
    plate = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, c, s], [0, 0, -s, c]], dtype=np.float64)
    return rotation(fast_axis_deg) @ plate @ rotation(-fast_axis_deg)


def polariser(axis_deg: float, extinction: float = 0.0) -> Mueller:
    """Mueller matrix, shape (4, 4), of a linear polariser that passes ``extinction`` of the crossed power."""
    if not 0.0 <= extinction <= 1.0:
        raise ValueError(f"polariser extinction {extinction} is a power ratio between 0 and 1")
    mean, half, amplitude = (1 + extinction) / 2, (1 - extinction) / 2, extinction**0.5
    filter_ = np.array(
        [[mean, half, 0, 0], [half, mean, 0, 0], [0, 0, amplitude, 0], [0, 0, 0, amplitude]], dtype=np.float64
    )
    return rotation(axis_deg) @ filter_ @ rotation(-axis_deg)


def transmission(mueller: Mueller, stokes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Power behind the optics over power before them; ``stokes`` of shape (..., 4), result of shape (...)."""
    power = np.asarray(stokes @ mueller[0], dtype=np.float64)
    before = stokes[..., 0]
    return np.divide(power, before, out=np.zeros_like(power), where=before > 0)


def normalised_polarisation(stokes: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """(S1, S2, S3) / S0 of one Stokes vector of shape (4,), rounded to 1e-9."""
    s1, s2, s3 = (round(float(component / stokes[0]), 9) for component in stokes[1:])
    return s1, s2, s3
