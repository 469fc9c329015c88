"""The figure of the g2 experiment."""

from typing import TYPE_CHECKING

import numpy as np

from analysis import figures
from analysis.correlation import delays
from analysis.poisson import poisson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.g2 import Decay, Evaluation

_SHOWN_PERIODS = 6
_BINS_PER_PERIOD = 60


def draw(evaluation: "Evaluation") -> "Figure":
    """Coincidences, peak areas with their levels, and the decay with fit and residuals."""
    with figures.style():
        figure = figures.new_figure(11.0, 6.2)
        grid = figure.add_gridspec(2, 2, width_ratios=(1.25, 1.0))
        _coincidences(figure.add_subplot(grid[0, 0]), evaluation)
        _peak_areas(figure.add_subplot(grid[1, 0]), evaluation)
        if evaluation.decays:
            _decay(*figures.fit_and_residuals(figure, grid[:, 1]), evaluation)
        else:
            axes = figure.add_subplot(grid[:, 1])
            axes.set_axis_off()
            reason = evaluation.photons.timing_fault or "too few photons"
            axes.text(0.5, 0.5, f"no decay:\n{reason}", ha="center", va="center", wrap=True)
    return figure


def _coincidences(axes: "Axes", evaluation: "Evaluation") -> None:
    """All pairs against the delay, some periods around the centre."""
    photons, centre = evaluation.photons, evaluation.antibunching.centre.offset
    period = round(photons.period_ps)
    width = max(1, period // _BINS_PER_PERIOD)
    if photons.resolution_ps > 0:
        width = round(max(1.0, round(width / photons.resolution_ps)) * photons.resolution_ps)
    reach = (abs(centre) + _SHOWN_PERIODS) * period // width * width
    counts = photons.coincidences(width, reach)
    delay_ns = (delays(width, reach) + width / 2) * 1e-3
    trusted = not photons.timing_fault
    middle_ns = evaluation.cable_delay_ns()[0] if trusted else centre * photons.period_ps * 1e-3
    shown = np.abs(delay_ns - middle_ns) <= (_SHOWN_PERIODS - 0.4) * photons.period_ps * 1e-3
    axes.fill_between(delay_ns[shown], counts[shown], step="mid", color=figures.BLUE, alpha=0.85, linewidth=0)
    axes.axvline(middle_ns, color=figures.ORANGE, linewidth=1.0, linestyle=":")
    axes.annotate(" centre", (middle_ns, 0.93), xycoords=("data", "axes fraction"), color=figures.ORANGE, ha="left")
    axes.set_ylim(0, float(counts[shown].max()) * 1.12 + 1)
    axes.set_xlim(delay_ns[shown][0], delay_ns[shown][-1])
    axes.set_xlabel("delay t(detector 2) − t(detector 1) (ns)")
    axes.set_ylabel(f"pairs per {width * 1e-3:.3g} ns")
    axes.set_title("Coincidences of the two detectors")


def _peak_areas(axes: "Axes", evaluation: "Evaluation") -> None:
    """Pairs per pulse separation with exact errors, the normalisation levels and the blinking envelope."""
    g2, peaks, envelope = evaluation.antibunching, evaluation.peaks, evaluation.envelope
    period_us = evaluation.photons.period_ps * 1e-6
    edges = np.array([poisson_interval(g2.centre_counts, 0.68)])
    adjacent = g2.adjacent_counts / g2.n_adjacent
    place = 0.5 * period_us
    error = [g2.centre_counts - edges[:, 0], edges[:, 1] - g2.centre_counts]
    axes.errorbar([place], [g2.centre_counts], error, fmt="D", color=figures.RED, label="centre peak")
    axes.errorbar(
        envelope.offset * period_us,
        envelope.mean_counts,
        envelope.stderr_counts,
        fmt="o",
        markersize=4,
        color=figures.BLUE,
        label="side peaks (mean)",
    )
    fine = np.geomspace(1, envelope.offset[-1], 300)
    axes.plot(fine * period_us, envelope.model(fine), color=figures.ORANGE, label="blinking envelope")
    axes.axhline(adjacent, color=figures.GREY, linewidth=1.0, linestyle="--", label="adjacent level")
    axes.axhline(peaks.poisson_level, color=figures.GREY, linewidth=1.0, linestyle=":", label="Poisson level")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.35 * float(max(envelope.mean_counts.max(), g2.centre_counts)))
    axes.set_xlabel("distance from the centre (µs); centre peak drawn at half a period")
    axes.set_ylabel("pairs per peak")
    low, high = g2.adjacent.interval_95
    axes.set_title(f"g²(0) = {g2.adjacent.value:.3g}  (95 % interval {low:.2g} to {high:.2g})")
    axes.legend(ncols=3, loc="upper right", columnspacing=1.2, handlelength=1.6)


def _decay(upper: "Axes", lower: "Axes", evaluation: "Evaluation") -> None:
    """Decay of the first detector with the fit and its residuals; time from the peak."""
    decay = evaluation.decays[0]
    peak = int(np.argmax(decay.counts))
    time_ns = (np.arange(decay.counts.size) + 0.5 - peak) * decay.bin_ns
    first, last = _fitted(decay)
    until = min(time_ns[-1], time_ns[last - 1] + 0.1 * (time_ns[last - 1] - time_ns[first]))
    shown = (time_ns <= until) & (time_ns >= -0.15 * until)
    upper.plot(time_ns[shown], decay.counts[shown], ".", color=figures.BLUE, markersize=4, label=decay.detector)
    label = f"τ = {decay.fit.lifetime_ns:.4g} ± {decay.fit.stderr_ns:.1g} ns"
    upper.plot(time_ns[first:last], decay.fit.model, color=figures.ORANGE, label=label)
    upper.set_yscale("log")
    upper.set_ylim(bottom=0.5)
    upper.set_ylabel(f"photons per {decay.bin_ns:.3g} ns")
    upper.set_title("Decay, exponential and background")
    upper.legend(loc="upper right")
    residuals = (decay.counts[first:last] - decay.fit.model) / np.sqrt(decay.fit.model)
    lower.plot(time_ns[first:last], residuals, ".", color=figures.BLUE, markersize=3)
    lower.set_xlim(time_ns[shown][0], time_ns[shown][-1])
    lower.set_ylim(-5.5, 5.5)
    lower.set_xlabel("time after the peak (ns)")


def _fitted(decay: "Decay") -> tuple[int, int]:
    """First and one past the last fitted bin."""
    first = round(decay.fit.start_ns / decay.bin_ns)
    return first, first + decay.fit.model.size
