"""From what passes the analyser to σ⁺ and σ⁻: calibration of the quarter-wave plate, inversion, its errors.

The analyser is a wave plate of retardance δ with its fast axis at θ from horizontal, then a polariser along H.
Mueller calculus gives, with θ0 the error of the mount's zero (θ − θ0 is the true angle):

- horizontally polarised light: I(θ) = I0 [1 − sin²(δ/2) sin² 2(θ−θ0)]
- circular light:               T±(θ) = ½ [1 ± sin 2(θ−θ0) sin δ]

(e.g. Goldstein, Polarized Light, 3rd ed., ch. 5-6; + for σ⁺ in the sign convention of this project: the plate at
+45° turns σ⁺ into H.) I(θ) repeats every 90°, so a calibration cannot tell the fast from the slow axis: θ0 is taken
to lie within ±45°, that is, the fast axis is where the mount's zero says, up to a small error.

The laser light is never purely horizontal: the excitation plate at its own imperfect zero adds a little circular light,
which varies as sin 2θ. Where the angles cover 180° that is fitted along (with cos 2θ) and dropped. An admixture
of 45° light cannot be told from θ0; near the settings ±45° an error of θ0 counts only in second order.
"""

from dataclasses import dataclass
from math import atan2, degrees, hypot, radians, sqrt

import numpy as np
import numpy.typing as npt

from analysis.likelihood import goodness_probability

FloatArray = npt.NDArray[np.float64]

CONDITION_LIMIT = 5.0
"""Above this condition number of the response matrix the inversion amplifies noise and calibration errors."""


@dataclass(frozen=True)
class AnalyserCalibration:
    """Retardance and zero offset of the analyser's quarter-wave plate.

    ``covariance_deg2`` (2, 2) of (retardance, offset), degrees². ``intensity`` is I0 in the unit of the counts.
    """

    retardance_deg: float
    offset_deg: float
    covariance_deg2: FloatArray
    intensity: float
    chi2: float
    dof: int

    @property
    def retardance_error_deg(self) -> float:
        """Standard error of the retardance."""
        return sqrt(float(self.covariance_deg2[0, 0]))

    @property
    def offset_error_deg(self) -> float:
        """Standard error of the offset."""
        return sqrt(float(self.covariance_deg2[1, 1]))

    @property
    def goodness(self) -> float:
        """Probability of a χ² at least this large; NaN for an assumed calibration."""
        return goodness_probability(self.chi2, self.dof)


@dataclass(frozen=True)
class CircularComponents:
    """σ⁺ and σ⁻ intensity, in counts per second in front of the analyser, each (n_pixels,).

    Variances and ``covariance`` (between σ⁺ and σ⁻ of one pixel) hold counting noise only. ``mixing`` (n, 2, 2):
    mixing[k] @ (σ⁺, σ⁻) is the change of the result under one standard error of the k-th independent common cause;
    here the two principal directions of the calibration's covariance.
    ``weights`` (2, n_settings) is the linear map from counts to (σ⁺, σ⁻).
    """

    sigma_plus: FloatArray
    sigma_minus: FloatArray
    variance_plus: FloatArray
    variance_minus: FloatArray
    covariance: FloatArray
    weights: FloatArray
    mixing: FloatArray
    condition_number: float
    warnings: tuple[str, ...]


def ideal_calibration() -> AnalyserCalibration:
    """A perfect quarter-wave plate with its axis at the mount's zero, for runs without a calibration."""
    return AnalyserCalibration(90.0, 0.0, np.zeros((2, 2)), float("nan"), 0.0, 0)


def calibrate(
    angle_deg: npt.ArrayLike, counts: npt.ArrayLike, errors: npt.ArrayLike, *, background: float = 0.0
) -> AnalyserCalibration:
    """Fit I(θ) to counts of H-polarised laser light against the plate's angle (all (n_angles,), n >= 4).

    ``background`` (counts) must be known: a constant looks exactly like a smaller retardance. The model is linear in
    1, cos 4θ, sin 4θ (and sin 2θ, cos 2θ when the angles can separate them), so the least-squares fit is exact;
    δ and θ0 follow with first-order propagation.
    Raises ValueError for too few or ill-chosen angles or when no modulation is seen.
    """
    theta = np.radians(np.asarray(angle_deg, dtype=np.float64))
    signal = np.asarray(counts, dtype=np.float64) - background
    sigma = np.asarray(errors, dtype=np.float64)
    if not (np.all(np.isfinite(theta)) and np.all(np.isfinite(signal)) and np.all(np.isfinite(sigma))):
        raise ValueError("the calibration's angles, counts and errors must be finite numbers")
    if theta.size < 4 or np.any(sigma <= 0):
        raise ValueError(f"the calibration has {theta.size} angles: it needs at least 4, each with an error above 0")
    design = np.column_stack((np.ones_like(theta), np.cos(4 * theta), np.sin(4 * theta)))
    with_circular = np.column_stack((design, np.sin(2 * theta), np.cos(2 * theta)))
    if theta.size > 5 and np.linalg.cond(with_circular / sigma[:, None]) < 100.0:
        design = with_circular
    weighted = design / sigma[:, None]
    if np.linalg.cond(weighted) > 1e4:
        raise ValueError("the calibration angles repeat modulo 90°: spread them over 0° to 90°")
    covariance = np.linalg.inv(weighted.T @ weighted)
    best = covariance @ weighted.T @ (signal / sigma)
    mean, cosine, sine = (float(x) for x in best[:3])
    covariance = covariance[:3, :3]
    amplitude = hypot(cosine, sine)
    intensity = mean + amplitude
    depth = 2.0 * amplitude / intensity  # sin²(δ/2)
    if amplitude < 5.0 * sqrt(float(np.max(np.diag(covariance)))) or depth <= 0.0:
        raise ValueError("the laser line does not change with the plate's angle: is the plate turning, the laser on?")
    depth = min(depth, 1.0)
    delta = 2.0 * np.arcsin(sqrt(depth))
    offset = atan2(sine, cosine) / 4.0
    d_amplitude = np.array([0.0, cosine, sine]) / amplitude
    d_intensity = np.array([1.0, 0.0, 0.0]) + d_amplitude
    d_depth = 2.0 * d_amplitude / intensity - depth / intensity * d_intensity
    slope = max(sqrt(depth * (1.0 - depth)), 0.05)  # dδ/d(depth) diverges at a half-wave plate
    gradient = np.vstack((d_depth / slope, np.array([0.0, -sine, cosine]) / (4.0 * amplitude**2)))
    chi2 = float(np.sum(((signal - design @ best) / sigma) ** 2))
    dof = int(theta.size - best.size)
    scale = max(1.0, chi2 / dof)
    return AnalyserCalibration(
        retardance_deg=degrees(float(delta)),
        offset_deg=degrees(offset),
        covariance_deg2=np.asarray(gradient @ covariance @ gradient.T * degrees(1.0) ** 2 * scale, dtype=np.float64),
        intensity=intensity,
        chi2=chi2,
        dof=dof,
    )


def calibration_curve(calibration: AnalyserCalibration, angle_deg: npt.ArrayLike) -> FloatArray:
    """I(θ) of H-polarised light at ``angle_deg`` (n,), in the unit of the calibration's counts."""
    true_angle = np.radians(np.asarray(angle_deg, dtype=np.float64) - calibration.offset_deg)
    depth = np.sin(radians(calibration.retardance_deg) / 2.0) ** 2
    return np.asarray(calibration.intensity * (1.0 - depth * np.sin(2.0 * true_angle) ** 2), dtype=np.float64)


def response(setting_deg: npt.ArrayLike, retardance_deg: float, offset_deg: float) -> FloatArray:
    """Transmissions (T₊, T₋) of the analyser for σ⁺ and σ⁻ at plate angles ``setting_deg`` (n,): (n, 2)."""
    true_angle = np.radians(np.asarray(setting_deg, dtype=np.float64) - offset_deg)
    contrast = np.sin(2.0 * true_angle) * np.sin(radians(retardance_deg))
    return np.column_stack((0.5 * (1.0 + contrast), 0.5 * (1.0 - contrast)))


def invert(
    counts: npt.ArrayLike,
    variance: npt.ArrayLike,
    setting_deg: npt.ArrayLike,
    exposure_s: npt.ArrayLike,
    calibration: AnalyserCalibration,
) -> CircularComponents:
    """σ⁺ and σ⁻ from counts behind the analyser at two or more settings.

    ``counts``, ``variance``: (n_settings, n_pixels); ``setting_deg``, ``exposure_s``: (n_settings,). Solves
    counts_j = exposure_j (T₊ σ⁺ + T₋ σ⁻) by least squares, weighted with each setting's mean variance (one weight a
    setting: weights that follow each pixel's own fluctuation would bias it). Raises ValueError when the settings
    cannot separate the two.
    """
    observed, spread = np.atleast_2d(np.asarray(counts, np.float64)), np.atleast_2d(np.asarray(variance, np.float64))
    settings, seconds = np.asarray(setting_deg, np.float64), np.asarray(exposure_s, np.float64)
    matrix = response(settings, calibration.retardance_deg, calibration.offset_deg)
    if not (np.all(np.isfinite(observed)) and np.all(np.isfinite(spread)) and np.all(spread >= 0.0)):
        raise ValueError("counts behind the analyser and their variances must be finite, variances not negative")
    if observed.shape[0] != settings.size or settings.size != seconds.size or not np.all(seconds > 0):
        raise ValueError(
            f"{observed.shape[0]} spectra, {settings.size} analyser angles and {seconds.size} exposure times "
            "(above 0 s) must belong together"
        )
    condition = float(np.linalg.cond(matrix)) if settings.size >= 2 else float("inf")
    if condition > 1e4:
        raise ValueError(
            f"analyser settings {np.unique(settings)} deg do not separate σ⁺ from σ⁻: record at about +45° and −45°"
        )
    design = matrix * seconds[:, None]
    inverse_variance = 1.0 / np.maximum(np.mean(spread, axis=1), 1e-12)
    weights = np.linalg.solve(design.T @ (inverse_variance[:, None] * design), design.T * inverse_variance)
    both = weights @ observed
    warnings: tuple[str, ...] = ()
    if condition > CONDITION_LIMIT:
        warnings = (
            f"the analyser response is ill-conditioned (condition number {condition:.1f}, limit {CONDITION_LIMIT:g}): "
            "noise and calibration errors are amplified; set the quarter-wave plate to ±45°",
        )
    return CircularComponents(
        sigma_plus=both[0],
        sigma_minus=both[1],
        variance_plus=weights[0] ** 2 @ spread,
        variance_minus=weights[1] ** 2 @ spread,
        covariance=(weights[0] * weights[1]) @ spread,
        weights=weights,
        mixing=_calibration_mixing(settings, seconds, weights, calibration),
        condition_number=condition,
        warnings=warnings,
    )


def _calibration_mixing(
    settings: FloatArray, seconds: FloatArray, weights: FloatArray, calibration: AnalyserCalibration
) -> FloatArray:
    """Change of (σ⁺, σ⁻) for one-standard-error steps along the principal axes of the calibration's covariance."""
    values, axes = np.linalg.eigh(calibration.covariance_deg2)
    nominal = response(settings, calibration.retardance_deg, calibration.offset_deg)
    mixing = np.zeros((2, 2, 2))
    for k in range(2):
        step = axes[:, k] * sqrt(max(float(values[k]), 0.0))
        shifted = response(settings, calibration.retardance_deg + step[0], calibration.offset_deg + step[1])
        mixing[k] = -weights @ ((shifted - nominal) * seconds[:, None])
    return mixing


def gains(components: CircularComponents, counts: npt.ArrayLike) -> tuple[float, float]:
    """Variance per unit of signal of σ⁺ and of σ⁻ (for :func:`analysis.lines.fit_lines`), from photon noise alone.

    Counts of variance one per count, mapped by ``weights``: gain = Σ w³ N / Σ w² N over settings and pixels.
    """
    totals = np.maximum(np.atleast_2d(np.asarray(counts, np.float64)).sum(axis=1), 1.0)
    cube, square = components.weights**3 @ totals, components.weights**2 @ totals
    return max(float(cube[0] / square[0]), 0.0), max(float(cube[1] / square[1]), 0.0)


def degree(plus: float, minus: float, covariance: FloatArray, mixing: FloatArray) -> tuple[float, float]:
    """Degree of circular polarisation (I₊ − I₋)/(I₊ + I₋) and its standard error, counting and calibration.

    ``covariance`` (2, 2) of (I₊, I₋) from counting; ``mixing`` as in :class:`CircularComponents`.
    """
    total = plus + minus
    if total == 0:
        return float("nan"), float("nan")
    gradient = np.array([2.0 * minus, -2.0 * plus]) / total**2
    variance = float(gradient @ covariance @ gradient)
    for shift in mixing:
        variance += float(gradient @ (shift @ np.array([plus, minus]))) ** 2
    return (plus - minus) / total, sqrt(max(variance, 0.0))
