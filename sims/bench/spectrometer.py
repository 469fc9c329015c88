"""What the spectrograph does to a spectral line: the side slit's window and the image on the camera.

A Czerny-Turner of focal length f with a fixed include angle 2φ between its arms: at centre wavelength λc the grating
stands at ψ with λc = 2 d sin ψ cos φ, and light that meets the focal plane at x from the middle has
λ(x) = d [sin(ψ + φ) + sin(ψ - φ + atan(x/f))] (first order, groove spacing d).
"""

from math import asin, cos, log, sin, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, voigt_profile

from sims.bench.spectrapro import FOCAL_LENGTH_MM, HALF_ANGLE_RAD

FloatArray = npt.NDArray[np.float64]

FWHM_PER_SIGMA = 2 * sqrt(2 * log(2))
"""Full width at half maximum of a Gaussian over its standard deviation."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_SUBPIXELS = 5


def wavelengths_nm(position_mm: FloatArray, centre_nm: float, grooves_per_mm: float) -> FloatArray:
    """Wavelength at distances ``position_mm`` from the middle of the focal plane, first order; same shape."""
    groove_nm = 1e6 / grooves_per_mm
    turn_rad = asin(centre_nm / (2 * groove_nm * cos(HALF_ANGLE_RAD)))
    diffracted = turn_rad - HALF_ANGLE_RAD + np.arctan(np.asarray(position_mm) / FOCAL_LENGTH_MM)
    return np.asarray(groove_nm * (sin(turn_rad + HALF_ANGLE_RAD) + np.sin(diffracted)), dtype=np.float64)


def pixel_edges_nm(n_pixels: int, pixel_um: float, centre_nm: float, grooves_per_mm: float) -> FloatArray:
    """Wavelengths at the borders of the camera's pixels, shape (n_pixels + 1,), increasing."""
    position_mm = (np.arange(n_pixels + 1) - n_pixels / 2) * pixel_um / 1000
    return wavelengths_nm(position_mm, centre_nm, grooves_per_mm)


def line_on_pixels(edges_nm: FloatArray, centre_nm: float, fwhm_nm: float, resolution_nm: float) -> FloatArray:
    """Share of a Lorentzian line's light on each pixel, shape (n_pixels,): Voigt with a Gaussian instrument."""
    widths = np.diff(edges_nm)
    offsets = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS
    points = edges_nm[:-1, None] + widths[:, None] * offsets[None, :]
    profile = voigt_profile(points - centre_nm, resolution_nm / FWHM_PER_SIGMA, fwhm_nm / 2)
    return np.asarray(profile.mean(axis=1) * widths, dtype=np.float64)


def window_share(
    low_nm: float, high_nm: float, centre_nm: FloatArray, fwhm_nm: FloatArray, resolution_nm: float
) -> FloatArray:
    """Share of Lorentzian lines of shape (n,) that passes a slit from ``low_nm`` to ``high_nm``, shape (n,)."""
    sigma = resolution_nm / FWHM_PER_SIGMA
    if sigma > 0 and np.all(fwhm_nm < 0.01 * sigma):  # the quadrature below would see steps
        return np.asarray(ndtr((high_nm - centre_nm) / sigma) - ndtr((low_nm - centre_nm) / sigma))
    shifted = centre_nm[:, None] + sigma * _NODES[None, :]
    half = np.maximum(fwhm_nm, 1e-9)[:, None] / 2
    share = (np.arctan((high_nm - shifted) / half) - np.arctan((low_nm - shifted) / half)) / np.pi
    return np.asarray(share @ (_WEIGHTS / _WEIGHTS.sum()), dtype=np.float64)
