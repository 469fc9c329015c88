"""The full Stokes vector from counts behind a rotating quarter-wave plate and a fixed polariser.

Sign conventions and calibration as in :mod:`analysis.polarimetry`. With δ the plate's retardance, θ the true angle of
its fast axis, c = cos 2θ, s = sin 2θ, the analyser passes

    T(θ) = ½ [S0 + (c² + s² cos δ) S1 + c s (1 − cos δ) S2 + s sin δ S3]

(Goldstein, Polarized Light, 3rd ed., ch. 14). Four angles at least determine S; they must not be symmetric about
the polariser's axis only. At a retardance of 132° and well spread angles the inversion is best conditioned
(Sabatke et al., Opt. Lett. 25, 802 (2000)); a quarter-wave plate is nearly as good.
"""

from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
import numpy.typing as npt

from analysis.polarimetry import AnalyserCalibration

FloatArray = npt.NDArray[np.float64]

STOKES_CONDITION_LIMIT = 10.0
"""Above this condition number noise and calibration errors are amplified; four well-chosen angles give 3 to 5."""
_USELESS = 1e4
_STEP_DEG = 1e-3


@dataclass(frozen=True)
class StokesVector:
    """S0 … S3 in counts per second in front of the analyser, and what limits them.

    ``stokes`` (4,); ``covariance`` (4, 4): counting and calibration; ``counting_covariance`` (4, 4): counting alone.
    """

    stokes: FloatArray
    covariance: FloatArray
    counting_covariance: FloatArray
    condition_number: float
    warnings: tuple[str, ...]

    @property
    def circular_degree(self) -> tuple[float, float]:
        """S3/S0 and its standard error; + for σ⁺."""
        return self._of(np.array([-self.stokes[3] / self.stokes[0], 0.0, 0.0, 1.0]), float(self.stokes[3]))

    @property
    def linear_degree(self) -> tuple[float, float]:
        """sqrt(S1² + S2²)/S0 and its standard error. Never negative, so noise alone gives about its error."""
        length = hypot(float(self.stokes[1]), float(self.stokes[2]))
        along = self.stokes[1:3] / length if length > 0.0 else np.array([1.0, 0.0])
        return self._of(np.array([-length / self.stokes[0], along[0], along[1], 0.0]), length)

    @property
    def total_degree(self) -> tuple[float, float]:
        """sqrt(S1² + S2² + S3²)/S0 and its standard error; above 1 only by noise or a wrong calibration."""
        length = float(np.linalg.norm(self.stokes[1:]))
        along = self.stokes[1:] / length if length > 0.0 else np.array([1.0, 0.0, 0.0])
        return self._of(np.array([-length / self.stokes[0], *along]), length)

    def _of(self, gradient_s0: FloatArray, numerator: float) -> tuple[float, float]:
        """numerator/S0 with the error from ``gradient_s0`` = S0 × d(ratio)/dS."""
        s0 = float(self.stokes[0])
        return numerator / s0, sqrt(max(float(gradient_s0 @ self.covariance @ gradient_s0), 0.0)) / abs(s0)


def analyser_rows(setting_deg: npt.ArrayLike, retardance_deg: float, offset_deg: float) -> FloatArray:
    """Measurement matrix (n_settings, 4): transmitted intensity per unit of each Stokes parameter."""
    theta = 2.0 * np.radians(np.asarray(setting_deg, dtype=np.float64) - offset_deg)
    c, s = np.cos(theta), np.sin(theta)
    cos_d, sin_d = np.cos(np.radians(retardance_deg)), np.sin(np.radians(retardance_deg))
    return 0.5 * np.column_stack((np.ones_like(c), c * c + s * s * cos_d, c * s * (1.0 - cos_d), s * sin_d))


def measure_stokes(
    counts: npt.ArrayLike,
    setting_deg: npt.ArrayLike,
    exposure_s: npt.ArrayLike,
    calibration: AnalyserCalibration,
    *,
    background_hz: float = 0.0,
    background_stderr_hz: float = 0.0,
) -> StokesVector:
    """Maximum-likelihood Stokes vector of counts (n_settings,) at plate angles ``setting_deg``.

    ``background_hz``: counts per second without the light, with its standard error. The calibration's covariance is
    propagated to first order. Raises ValueError for fewer than four settings, settings that cannot separate the four
    parameters, exposures that are not above 0, counts that are negative or not finite, or no light.
    """
    seen, settings = np.asarray(counts, np.float64), np.asarray(setting_deg, np.float64)
    seconds = np.asarray(exposure_s, np.float64)
    _check(seen, settings, seconds, background_hz, background_stderr_hz)
    matrix = analyser_rows(settings, calibration.retardance_deg, calibration.offset_deg)
    condition = float(np.linalg.cond(matrix))
    if condition > _USELESS:
        raise ValueError(
            f"plate angles {np.unique(settings)} deg do not determine four Stokes parameters: add angles that are "
            "spread over 180° and not symmetric about the polariser"
        )
    design, dark = matrix * seconds[:, None], background_hz * seconds
    stokes, weights = _solve(design, seen, dark)
    if stokes[0] <= 0.0:
        raise ValueError(f"no light above the background: S0 = {stokes[0]:.3g} counts/s")
    expected = np.maximum(design @ stokes + dark, 1.0)
    counting = (weights * expected) @ weights.T
    shift = weights @ seconds * background_stderr_hz
    counting = counting + np.outer(shift, shift)
    slope = np.column_stack(
        [
            -weights @ ((_rows_stepped(settings, calibration, step) - matrix) * seconds[:, None]) @ stokes / _STEP_DEG
            for step in ((_STEP_DEG, 0.0), (0.0, _STEP_DEG))
        ]
    )
    warnings: tuple[str, ...] = ()
    if condition > STOKES_CONDITION_LIMIT:
        warnings = (
            f"the analyser settings are ill-conditioned (condition number {condition:.1f}, limit "
            f"{STOKES_CONDITION_LIMIT:g}): noise and calibration errors are amplified; spread the plate's angles",
        )
    return StokesVector(
        stokes=stokes,
        covariance=np.asarray(counting + slope @ calibration.covariance_deg2 @ slope.T, dtype=np.float64),
        counting_covariance=np.asarray(counting, dtype=np.float64),
        condition_number=condition,
        warnings=warnings,
    )


def _solve(design: FloatArray, seen: FloatArray, dark: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Poisson maximum likelihood of a linear model by iterated weights; also the linear map from counts to S."""
    expected = np.full(seen.size, max(float(seen.mean()), 1.0))
    weights = np.zeros((4, seen.size))
    stokes = np.zeros(4)
    for _ in range(50):
        scaled = design / expected[:, None]
        weights = np.linalg.solve(design.T @ scaled, scaled.T)
        before, stokes = stokes, weights @ (seen - dark)
        expected = np.maximum(design @ stokes + dark, 0.5)
        if float(np.max(np.abs(stokes - before))) < 1e-9 * max(float(np.abs(stokes).max()), 1e-300):
            break
    return np.asarray(stokes, dtype=np.float64), np.asarray(weights, dtype=np.float64)


def _rows_stepped(settings: FloatArray, calibration: AnalyserCalibration, step: tuple[float, float]) -> FloatArray:
    return analyser_rows(settings, calibration.retardance_deg + step[0], calibration.offset_deg + step[1])


def _check(seen: FloatArray, settings: FloatArray, seconds: FloatArray, dark_hz: float, dark_stderr_hz: float) -> None:
    if seen.ndim != 1 or not seen.shape == settings.shape == seconds.shape or seen.size < 4:
        raise ValueError(
            f"needs counts, angles and exposures of four settings at least, got {seen.shape}, {settings.shape} and "
            f"{seconds.shape}"
        )
    if not np.all(np.isfinite(seen)) or np.any(seen < 0.0):
        raise ValueError("counts must be finite and not negative: give raw counts, nothing subtracted")
    if not np.all(np.isfinite(settings)) or not np.all(np.isfinite(seconds)) or np.any(seconds <= 0.0):
        raise ValueError("plate angles must be finite and exposures above 0 s")
    if not (np.isfinite(dark_hz) and dark_hz >= 0.0 and np.isfinite(dark_stderr_hz) and dark_stderr_hz >= 0.0):
        raise ValueError(f"the background must be 0 counts/s or above, got {dark_hz} ± {dark_stderr_hz}")
