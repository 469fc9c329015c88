"""The dopant's flips from line-resolved photon correlation: bunching of one line, antibunching between two.

Each emission line belongs to one projection of the dopant's spin (Besombes et al., PRB 78, 125324 (2008), sec. III:
auto- and cross-correlation of single lines of a Mn-doped dot). Once a photon was seen in line a, the next is likely in
a again until the spin flips:

    g2_aa(lag) = B(lag)·[1 + A_a·exp(−lag/τ)],   g2_ab(lag) = B(lag)·[1 + C_ab·exp(−lag/τ)],   A > 0, C < 0,

with one relaxation time τ for all four curves. B = 1 + b·exp(−lag/t_b) is what dims the whole dot (blinking): it is the
same in all curves and drops out of sqrt(g_aa·g_bb/(g_ab·g_ba)), so it cannot be mistaken for the spin. Assumptions: one
relaxation mode (six levels in a ladder have more: then chi² is high and τ an effective time), lags longer than the
emitter's own antibunching and the dead time, and blinking that does not depend on the spin.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from analysis.errors import AnalysisError
from analysis.log_correlation import BlockCorrelation, jackknife_stderr, log_correlation
from runfile.results import Result

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["FlipTime", "LineCorrelations", "correlate_lines", "fit_flip_time", "results"]

_N_CURVES = 4
_CLEAR_GAIN = 10.0
_STARTS = 6
_WORST_CHI2 = 2.0


@dataclass(frozen=True)
class LineCorrelations:
    """The four correlations of two lines on the same lags and blocks; ``ab``: first photon in a, second in b."""

    aa: BlockCorrelation
    bb: BlockCorrelation
    ab: BlockCorrelation
    ba: BlockCorrelation

    @property
    def curves(self) -> tuple[BlockCorrelation, ...]:
        """aa, bb, ab, ba."""
        return self.aa, self.bb, self.ab, self.ba

    @property
    def ratio(self) -> FloatArray:
        """sqrt(g_aa·g_bb/(g_ab·g_ba)), (n,): the spin alone, free of common blinking. NaN where a cross curve is 0."""
        cross = self.ab.g2 * self.ba.g2
        safe = np.where(cross > 0.0, cross, np.nan)
        return np.asarray(np.sqrt(self.aa.g2 * self.bb.g2 / safe), dtype=np.float64)


@dataclass(frozen=True)
class FlipTime:
    """What the spin does, one standard error each (jackknife).

    ``relaxation_s``: τ of the correlations. ``dwell_a_s``, ``dwell_b_s``: mean time the spin stays in the state of the
    line, τ·(1 + 1/A) (its share of time is 1/(1 + A), and the initial slope of the return chance is the rate of
    leaving). ``contrast``: A_a, A_b, C_ab, C_ba at lag 0, corrected for the purity. ``blinking``: (b, t_b) in s, empty
    when none is needed. ``models``: the four curves as fitted, aa, bb, ab, ba.
    """

    relaxation_s: float
    relaxation_stderr_s: float
    dwell_a_s: float
    dwell_a_stderr_s: float
    dwell_b_s: float
    dwell_b_stderr_s: float
    contrast: tuple[float, float, float, float]
    contrast_stderr: tuple[float, float, float, float]
    blinking: tuple[tuple[float, float], ...]
    models: tuple[FloatArray, ...]
    chi2: float
    dof: int


def correlate_lines(
    line_a_ps: tuple[IntArray, IntArray] | IntArray,
    line_b_ps: tuple[IntArray, IntArray] | IntArray,
    duration_s: float,
    *,
    edges_ps: IntArray,
    blocks: int = 20,
) -> LineCorrelations:
    """Auto- and cross-correlation of two lines.

    Each line: the arrival times (int64 ps, sorted, from the start of the record) of its detector, or of two detectors
    behind a splitter as a pair; with two, the autocorrelation is taken between them and is free of dead time and
    afterpulses. With one, let the first lag exceed both. Raises ValueError as :func:`log_correlation.log_correlation`.
    """
    a_1, a_2 = line_a_ps if isinstance(line_a_ps, tuple) else (line_a_ps, line_a_ps)
    b_1, b_2 = line_b_ps if isinstance(line_b_ps, tuple) else (line_b_ps, line_b_ps)

    def correlate(first: IntArray, second: IntArray) -> BlockCorrelation:
        return log_correlation(first, second, duration_s, edges_ps=edges_ps, blocks=blocks)

    return LineCorrelations(correlate(a_1, a_2), correlate(b_1, b_2), correlate(a_1, b_1), correlate(b_1, a_1))


def fit_flip_time(
    lines: LineCorrelations, *, purity: tuple[float, float] = (1.0, 1.0), blinking: bool | None = None
) -> FlipTime:
    """Fit all four curves together; errors by leaving out one stretch of the record after the other.

    ``purity``: share of each line's photons that belong to its spin state (the rest, background or the wings of other
    lines, is uncorrelated with the spin): contrasts grow by 1/purity for each photon. It moves the dwell times, not τ.
    ``blinking``: whether the common factor B is fitted; None: when it lowers chi² + 2·ln(points) by more than 10.
    Raises AnalysisError for a purity outside (0, 1], too few lags, or when no bunching is found.
    """
    if not all(0.0 < share <= 1.0 for share in purity):
        raise AnalysisError(f"the purity of a line must lie above 0 and not above 1, got {purity}")
    if lines.aa.lag_s.size < 8:
        raise AnalysisError(f"the correlations have {lines.aa.lag_s.size} lags; the fit needs 8: widen the lag range")
    fits = [_Fit(lines, with_blinking) for with_blinking in ((False, True) if blinking is None else (blinking,))]
    best = fits[0]
    if len(fits) == 2 and fits[0].chi2 - fits[1].chi2 > 2.0 * np.log(_N_CURVES * lines.aa.lag_s.size) + _CLEAR_GAIN:
        best = fits[1]
    return _summary(lines, best, purity)


def results(found: FlipTime) -> dict[str, Result]:
    """Named results: ``spin_relaxation_time``, ``dwell_time_a``, ``dwell_time_b`` (s), ``bunching_a`` and ``_b``."""
    common = "common blinking fitted" if found.blinking else "no common blinking needed"
    method = (
        "auto- and cross-correlation of two lines fitted together, one relaxation time, "
        f"{common}, chi2/dof {found.chi2:.0f}/{found.dof}, jackknife errors"
    )
    if found.chi2 > _WORST_CHI2 * found.dof:
        method += "; one relaxation does not describe the curves (several spin states): an effective time"
    dwell = f"relaxation time × (1 + 1/bunching); {method}"
    return {
        "spin_relaxation_time": Result(found.relaxation_s, found.relaxation_stderr_s, "s", method),
        "dwell_time_a": Result(found.dwell_a_s, found.dwell_a_stderr_s, "s", dwell),
        "dwell_time_b": Result(found.dwell_b_s, found.dwell_b_stderr_s, "s", dwell),
        "bunching_a": Result(found.contrast[0], found.contrast_stderr[0], "1", method),
        "bunching_b": Result(found.contrast[1], found.contrast_stderr[1], "1", method),
    }


class _Fit:
    """Least squares on the four curves. Parameters: ln τ, A_a, A_b, C_ab, C_ba, then b, ln t_b with blinking."""

    def __init__(self, lines: LineCorrelations, with_blinking: bool) -> None:
        self.lag_s = lines.aa.lag_s
        self.with_blinking = with_blinking
        g2 = np.array([curve.g2 for curve in lines.curves])
        self.sigma = np.array([curve.fit_sigma(np.ones_like(self.lag_s)) for curve in lines.curves])
        self.best = self._from_grid(g2)
        models = self.models(self.best)
        self.sigma = np.array([curve.fit_sigma(model) for curve, model in zip(lines.curves, models, strict=True)])
        self.best = self.settle(g2, self.best)
        self.chi2 = float((self._residuals(g2)(self.best) ** 2).sum())
        self.dof = int(g2.size - self.best.size)

    def models(self, x: FloatArray) -> FloatArray:
        """The four curves, (4, n)."""
        fade = np.exp(-self.lag_s / np.exp(x[0]))
        common = 1.0 + x[5] * np.exp(-self.lag_s / np.exp(x[6])) if self.with_blinking else np.ones_like(self.lag_s)
        return np.asarray(common * (1.0 + x[1:5, None] * fade), dtype=np.float64)

    def settle(self, g2: FloatArray, start: FloatArray) -> FloatArray:
        """Parameters of least chi² near ``start``. AnalysisError when there are none."""
        first, last = np.log(self.lag_s[0] / 3.0), np.log(self.lag_s[-1] * 3.0)
        # below −1 there are no curves, but an estimate that stops there would understate its error
        low, high = np.array([first, -1.0, -1.0, -1.5, -1.5]), np.array([last, *[np.inf] * 4])
        if self.with_blinking:
            low, high = np.append(low, [0.0, first]), np.append(high, [np.inf, last])
        inside = np.clip(start, low + 1e-9, np.where(np.isfinite(high), high - 1e-9, high))
        found = optimize.least_squares(self._residuals(g2), inside, bounds=(low, high), x_scale="jac")
        if not found.success:
            raise AnalysisError(f"the fit of the spin correlation did not settle: {found.message}")
        return np.asarray(found.x, dtype=np.float64)

    def _residuals(self, g2: FloatArray) -> Callable[[FloatArray], FloatArray]:
        return lambda x: np.asarray(((g2 - self.models(x)) / self.sigma).ravel(), dtype=np.float64)

    def _from_grid(self, g2: FloatArray) -> FloatArray:
        """Several starts of τ (and t_b) over the lags, the best end."""
        times = np.log(np.geomspace(self.lag_s[0] * 2.0, self.lag_s[-1] / 2.0, _STARTS))
        contrast = [max(g2[0, 0] - 1.0, 0.1), max(g2[1, 0] - 1.0, 0.1), -0.5, -0.5]
        starts = [[time, *contrast] for time in times]
        if self.with_blinking:
            starts = [[*start, 0.1, other] for start in starts for other in times if other != start[0]]
        ends = [self.settle(g2, np.array(start)) for start in starts]
        chi2 = [float((self._residuals(g2)(end) ** 2).sum()) for end in ends]
        return ends[int(np.argmin(chi2))]


def _summary(lines: LineCorrelations, fit: _Fit, purity: tuple[float, float]) -> FlipTime:
    """Numbers of interest of the fit and of its jackknife replicas."""
    scale = np.array([purity[0] ** 2, purity[1] ** 2, purity[0] * purity[1], purity[0] * purity[1]])

    def numbers(x: FloatArray) -> FloatArray:
        """Logarithms of τ and of both dwell times, then the four contrasts."""
        contrast = x[1:5] / scale
        if contrast[0] <= 0.0 or contrast[1] <= 0.0:
            raise AnalysisError(
                "one of the lines is not bunched with itself: these lags hold no memory of the spin; look at shorter "
                "lags, or measure longer"
            )
        return np.concatenate([[x[0]], x[0] + np.log1p(1.0 / contrast[:2]), contrast])

    found = numbers(fit.best)
    replicas = []
    for block in range(lines.aa.n_blocks):
        g2 = np.array([curve.without(block).g2 for curve in lines.curves])
        replicas.append(numbers(fit.settle(g2, fit.best)))
    stderr = jackknife_stderr(np.array(replicas))
    times, errors = np.exp(found[:3]), np.exp(found[:3]) * stderr[:3]
    a_a, a_b, c_ab, c_ba = (float(value) for value in found[3:])
    e_a, e_b, e_ab, e_ba = (float(value) for value in stderr[3:])
    return FlipTime(
        relaxation_s=float(times[0]),
        relaxation_stderr_s=float(errors[0]),
        dwell_a_s=float(times[1]),
        dwell_a_stderr_s=float(errors[1]),
        dwell_b_s=float(times[2]),
        dwell_b_stderr_s=float(errors[2]),
        contrast=(a_a, a_b, c_ab, c_ba),
        contrast_stderr=(e_a, e_b, e_ab, e_ba),
        blinking=((float(fit.best[5]), float(np.exp(fit.best[6]))),) if fit.with_blinking else (),
        models=tuple(fit.models(fit.best)),
        chi2=fit.chi2,
        dof=fit.dof,
    )
