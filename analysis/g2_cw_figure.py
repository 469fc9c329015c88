"""The figure of :mod:`analysis.g2_cw_analysis`."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis import figures
from analysis.poisson import calibrated_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.g2_cw_analysis import CwEvaluation

FloatArray = npt.NDArray[np.float64]

_SHOWN_TIMES = 12.0
_FINE_COUNTS = 400


def draw(evaluation: "CwEvaluation") -> "Figure":
    """g2 against the delay: the neighbourhood of the dip, and the whole histogram, each with fit and residuals."""
    with figures.style():
        figure = figures.new_figure(11.0, 6.2)
        grid = figure.add_gridspec(1, 2, width_ratios=(1.25, 1.0))
        near = figures.fit_and_residuals(figure, grid[0, 0])
        far = figures.fit_and_residuals(figure, grid[0, 1])
        _panel(*near, evaluation, _around_the_dip(evaluation))
        _panel(*far, evaluation, np.ones(evaluation.data.counts.size, dtype=np.bool_))
        _title(near[0], far[0], evaluation)
    return figure


def _around_the_dip(evaluation: "CwEvaluation") -> npt.NDArray[np.bool_]:
    data, fit = evaluation.data, evaluation.fit
    half_ns = min(_SHOWN_TIMES * fit.antibunching_ns + 5.0 * data.bin_ns, data.counts.size * data.bin_ns / 2.0)
    shown = np.abs(data.delay_ns - fit.centre_ns) <= half_ns
    return np.asarray(shown if np.count_nonzero(shown) > 10 else np.ones_like(shown))


def _panel(upper: "Axes", lower: "Axes", evaluation: "CwEvaluation", shown: npt.NDArray[np.bool_]) -> None:
    """Pairs over the Poisson level with their errors, the fit, and residuals in standard deviations."""
    data, fit = evaluation.data, evaluation.fit
    delay_ns, counts, level = data.delay_ns[shown], data.counts[shown], data.poisson_level
    errors = _errors(counts) / level
    upper.errorbar(
        delay_ns, counts / level, errors, fmt=".", color=figures.BLUE, markersize=3, elinewidth=0.6, label="pairs"
    )
    upper.plot(delay_ns, fit.expected[shown] / level, color=figures.ORANGE, label="fit")
    upper.axhline(1.0, color=figures.GREY, linewidth=0.9, linestyle=":")
    upper.axhline(0.5, color=figures.GREY, linewidth=0.9, linestyle="--")
    upper.set_ylim(0.0, 1.15 * float(np.quantile(counts / level + errors[1], 0.98)) + 0.05)
    upper.set_ylabel("pairs over N1·N2·bin/T")
    residuals = (counts - fit.expected[shown]) / np.sqrt(np.maximum(fit.expected[shown], 1e-9))
    lower.plot(delay_ns, residuals, ".", color=figures.BLUE, markersize=2.5)
    lower.axhline(0.0, color=figures.GREY, linewidth=0.8)
    lower.set_ylim(-5.5, 5.5)
    lower.set_ylabel("residual (σ)")
    lower.set_xlabel("delay t(detector 2) − t(detector 1) (ns)")
    lower.set_xlim(delay_ns[0], delay_ns[-1])


def _errors(counts: npt.NDArray[np.int64]) -> FloatArray:
    """Lower and upper 68 % error of each count, (2, n): Jeffreys intervals at few counts, √N above."""
    values = np.unique(counts)
    few = values[values <= _FINE_COUNTS]
    table = {int(n): calibrated_interval(int(n), 0.68) for n in few}
    root = np.sqrt(np.maximum(counts, 1))
    low = [n - table[int(n)][0] if int(n) in table else r for n, r in zip(counts, root, strict=True)]
    high = [table[int(n)][1] - n if int(n) in table else r for n, r in zip(counts, root, strict=True)]
    return np.array([low, high], dtype=np.float64)


def _title(near: "Axes", far: "Axes", evaluation: "CwEvaluation") -> None:
    """The numbers above the panels; g2(0) with its 95 % interval as a bar at the centre."""
    fit = evaluation.fit
    low, high = fit.g2_zero_95
    top = near.get_ylim()[1]
    drawn = fit.g2_zero_uncorrected + np.array([low, high]) - fit.g2_zero
    inside = np.clip(drawn * fit.level_ratio, 0.0, top)
    near.plot([fit.centre_ns] * 2, inside, color=figures.RED, linewidth=3.0, solid_capstyle="butt", label="g²(0), 95 %")
    near.set_title(f"g²(0) = {fit.g2_zero:.3g}  (95 % interval {low:.2g} to {high:.2g})")
    near.legend(loc="lower right")
    far.set_title(f"all delays; antibunching time {fit.antibunching_ns:.3g} ± {fit.antibunching_stderr_ns:.1g} ns")
