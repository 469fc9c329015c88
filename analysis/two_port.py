"""Degree of polarisation from an analyser with two detectors: crosstalk, efficiency ratio, exact few-count errors.

A polarising beam splitter (behind a quarter-wave plate for circular light) sends state A to detector 1, state B to
detector 2, both imperfectly and with unequal efficiency: (N1, N2) = M (I_A, I_B). Three calibration lights of unknown
strength fix M but for a common factor, by the ratio r = N2/N1 each gives: r_A under pure A, r_B under pure B, r_0 under
unpolarised light. The columns of M are (1, r_A) and k·(1, r_B), and unpolarised light, half A and half B, gives
k = (r_0 − r_A)/(r_B − r_0). Then

    I_A − I_B     k (r_B N1 − N2) − (N2 − r_A N1)
    ---------  =  -------------------------------
    I_A + I_B     k (r_B N1 − N2) + (N2 − r_A N1)

Errors: each count n is replaced by draws of its mean from the gamma distribution of shape n + 1/2 (as in
:func:`analysis.poisson.calibrated_interval`), and the quantiles of the result taken. Calibration and counting
errors are propagated together, without linearisation.
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from analysis.polarimetry import CONDITION_LIMIT

FloatArray = npt.NDArray[np.float64]

_DRAWS = 20_000
_BEYOND_PHYSICS = 1.0


@dataclass(frozen=True)
class PortCounts:
    """Counts of the two detectors in one exposure, and what they count without light.

    ``dark_1``, ``dark_2``: counts of a dark record ``dark_exposure_ratio`` times as long as the exposure (0: no dark
    record was taken and none is subtracted).
    """

    detector_1: int
    detector_2: int
    dark_1: int = 0
    dark_2: int = 0
    dark_exposure_ratio: float = 0.0

    def __post_init__(self) -> None:
        for name in ("detector_1", "detector_2", "dark_1", "dark_2"):
            value = getattr(self, name)
            if int(value) != value or value < 0:
                raise ValueError(f"{name} must be a whole number of counts, not negative, got {value}")
        if not (isfinite(self.dark_exposure_ratio) and self.dark_exposure_ratio >= 0.0):
            raise ValueError(f"dark_exposure_ratio must be 0 or above, got {self.dark_exposure_ratio}")
        if self.dark_exposure_ratio == 0.0 and (self.dark_1 or self.dark_2):
            raise ValueError("dark counts need dark_exposure_ratio: how much longer the dark record was")


@dataclass(frozen=True)
class TwoPortCalibration:
    """Records of pure A light, pure B light and unpolarised light behind the same analyser."""

    pure_a: PortCounts
    pure_b: PortCounts
    unpolarised: PortCounts


@dataclass(frozen=True)
class PortProperties:
    """What the calibration says of the analyser, each as value and standard error.

    ``crosstalk_1``: share of detector 1's response that belongs to B; ``crosstalk_2``: of detector 2's to A.
    ``efficiency_ratio``: detector 2 over detector 1. ``condition_number`` of M with its rows scaled to equal
    efficiency: 1 for a perfect analyser.
    """

    crosstalk_1: tuple[float, float]
    crosstalk_2: tuple[float, float]
    efficiency_ratio: tuple[float, float]
    condition_number: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class PolarisationDegree:
    """(I_A − I_B)/(I_A + I_B) with standard error and intervals; not clipped to ±1."""

    value: float
    stderr: float
    interval_68: tuple[float, float]
    interval_95: tuple[float, float]
    warnings: tuple[str, ...]


def port_properties(calibration: TwoPortCalibration, *, seed: int = 0) -> PortProperties:
    """Crosstalk and efficiency ratio of the analyser, with errors from ``seed``-ed draws.

    Raises ValueError where the calibration lights cannot be told apart or a detector saw nothing.
    """
    r_a, inverse_b, r_0, k_r_b = _ratios([_best(c) for c in _records(calibration)])
    _check_order(float(r_a), float(inverse_b), float(r_0))
    x_1, x_2 = _crosstalk(r_a, inverse_b, k_r_b)
    rng = np.random.default_rng(seed)
    d_a, d_b, d_0, d_k = _ratios([_draws(c, rng) for c in _records(calibration)])
    d_1, d_2 = _crosstalk(d_a, d_b, d_k)
    matrix = np.array([[1.0 - float(x_1), float(x_1)], [float(x_2), 1.0 - float(x_2)]])
    condition = float(np.linalg.cond(matrix))
    return PortProperties(
        crosstalk_1=(float(x_1), _spread(d_1)),
        crosstalk_2=(float(x_2), _spread(d_2)),
        efficiency_ratio=(float(r_0), _spread(d_0)),
        condition_number=condition,
        warnings=_condition_warning(condition),
    )


def polarisation_degree(sample: PortCounts, calibration: TwoPortCalibration, *, seed: int = 0) -> PolarisationDegree:
    """Degree of polarisation of ``sample``, with counting, dark-count and calibration errors.

    The same ``seed`` gives the same intervals; they vary by 1 % of their width with it. Raises ValueError where the
    calibration lights cannot be told apart, a detector saw nothing of them, or the sample shows no light.
    """
    records = [*_records(calibration), sample]
    best = _degree([_best(record) for record in records])
    r_a, inverse_b, r_0, _ = _ratios([_best(record) for record in records[:3]])
    _check_order(float(r_a), float(inverse_b), float(r_0))
    if not isfinite(float(best)):
        raise ValueError(
            f"the sample shows no light above the dark counts ({sample.detector_1} and {sample.detector_2} counts)"
        )
    rng = np.random.default_rng(seed)
    drawn = _degree([_draws(record, rng) for record in records])
    drawn = drawn[np.isfinite(drawn)]
    q = np.quantile(drawn, [0.025, 0.16, 0.84, 0.975])
    warnings = port_properties(calibration, seed=seed).warnings
    if min(abs(float(q[0])), abs(float(q[3]))) > _BEYOND_PHYSICS and q[0] * q[3] > 0:
        warnings += (
            f"the degree of polarisation, {float(best):.3g}, lies beyond ±1 by more than chance: the calibration "
            "lights were not pure, or the dark counts are wrong",
        )
    return PolarisationDegree(
        value=float(best),
        stderr=float(q[2] - q[1]) / 2.0,
        interval_68=(float(q[1]), float(q[2])),
        interval_95=(float(q[0]), float(q[3])),
        warnings=warnings,
    )


Pair = tuple[FloatArray, FloatArray]


def _records(calibration: TwoPortCalibration) -> list[PortCounts]:
    return [calibration.pure_a, calibration.pure_b, calibration.unpolarised]


def _best(record: PortCounts) -> Pair:
    """Counts above the dark level."""
    scale = 1.0 / record.dark_exposure_ratio if record.dark_exposure_ratio > 0.0 else 0.0
    return (
        np.asarray(record.detector_1 - scale * record.dark_1, dtype=np.float64),
        np.asarray(record.detector_2 - scale * record.dark_2, dtype=np.float64),
    )


def _draws(record: PortCounts, rng: np.random.Generator) -> Pair:
    """Possible means of the counts above the dark level, each (n_draws,)."""

    def mean(counts: int) -> FloatArray:
        return np.asarray(rng.standard_gamma(counts + 0.5, _DRAWS), dtype=np.float64)

    first, second = mean(record.detector_1), mean(record.detector_2)
    if record.dark_exposure_ratio > 0.0:
        first = first - mean(record.dark_1) / record.dark_exposure_ratio
        second = second - mean(record.dark_2) / record.dark_exposure_ratio
    return first, second


def _ratios(pairs: list[Pair]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """r_A, 1/r_B, r_0 and k·r_B: finite also for perfect ports, where r_B is not."""
    (a1, a2), (b1, b2), (u1, u2) = pairs[:3]
    with np.errstate(divide="ignore", invalid="ignore"):
        r_a, inverse_b, r_0 = a2 / a1, b1 / b2, u2 / u1
        return r_a, inverse_b, r_0, (r_0 - r_a) / (1.0 - r_0 * inverse_b)


def _crosstalk(r_a: FloatArray, inverse_b: FloatArray, k_r_b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of B in detector 1, k/(1 + k), and of A in detector 2, r_A/(r_A + k·r_B)."""
    k = k_r_b * inverse_b
    return k / (1.0 + k), r_a / (r_a + k_r_b)


def _degree(pairs: list[Pair]) -> FloatArray:
    """The formula of the module, with numerator and denominator divided by r_B."""
    r_a, inverse_b, _, k_r_b = _ratios(pairs)
    n1, n2 = pairs[3]
    with np.errstate(divide="ignore", invalid="ignore"):
        light_a = k_r_b * (n1 - n2 * inverse_b)
        light_b = n2 - r_a * n1
        return np.asarray((light_a - light_b) / (light_a + light_b), dtype=np.float64)


def _check_order(r_a: float, inverse_b: float, r_0: float) -> None:
    if not (r_a < r_0 and r_0 * inverse_b < 1.0):
        with np.errstate(divide="ignore"):
            r_b = float(np.divide(1.0, inverse_b))
        raise ValueError(
            f"the ratios detector 2 / detector 1 under A, unpolarised and B light, {r_a:.3g}, {r_0:.3g} and {r_b:.3g}, "
            "must ascend: are the records exchanged, or the detectors?"
        )


def _condition_warning(condition: float) -> tuple[str, ...]:
    if condition <= CONDITION_LIMIT:
        return ()
    return (
        f"the analyser hardly separates the two states (condition number {condition:.1f}, limit {CONDITION_LIMIT:g}): "
        "noise and calibration errors are amplified; align the analyser and calibrate again",
    )


def _spread(draws: FloatArray) -> float:
    low, high = np.quantile(draws[np.isfinite(draws)], [0.16, 0.84])
    return float(high - low) / 2.0
