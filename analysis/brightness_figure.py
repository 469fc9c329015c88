"""The figure of :mod:`analysis.brightness`."""

from typing import TYPE_CHECKING

import numpy as np

from analysis import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.brightness import Brightness

_MOST_STEPS = 4000


def draw(found: "Brightness") -> "Figure":
    """Trace above; correlation and lengths of the stays below."""
    with figures.style():
        figure = figures.new_figure(11.0, 6.2)
        grid = figure.add_gridspec(2, 2, height_ratios=(1.0, 1.25))
        _trace(figure.add_subplot(grid[0, :]), found)
        _correlation(figure.add_subplot(grid[1, 0]), found)
        _stays(figure.add_subplot(grid[1, 1]), found)
    return figure


def _trace(axes: "Axes", found: "Brightness") -> None:
    """Binned counts of the whole record (to look at only) and the level of each stretch that was looked at."""
    rate = found.rate
    label = f"{rate.width_s * 1e3:.3g} ms bins"
    axes.stairs(rate.counts / rate.width_s * 1e-3, rate.edges_s, color=figures.BLUE, linewidth=0.6, label=label)
    trace = found.trace
    if trace.level.size <= _MOST_STEPS:
        rates = trace.rate_per_s[trace.level] * 1e-3
        axes.stairs(rates, trace.borders_s, color=figures.ORANGE, linewidth=1.2, baseline=None, label="levels found")
    else:
        for level in trace.rate_per_s:
            axes.plot([0.0, found.duration_s], [level * 1e-3] * 2, color=figures.ORANGE, linewidth=1.2)
    if found.duration_s < 0.99 * rate.duration_s:
        axes.axvline(found.duration_s, color=figures.GREY, linewidth=1.0, linestyle="--", label="levels until here")
    axes.set_xlim(0.0, rate.duration_s)
    axes.set_ylim(0.0, 1.25e-3 * max(float(rate.counts.max()) / rate.width_s, float(trace.rate_per_s.max())))
    axes.set_xlabel("time (s)")
    axes.set_ylabel("photons (1000/s)")
    axes.set_title(f"Brightness: {trace.rate_per_s.size} level(s), {trace.level.size} stretches")
    axes.legend(loc="upper right", ncols=2)


def _correlation(axes: "Axes", found: "Brightness") -> None:
    correlation, fit = found.correlation, found.relaxations
    axes.errorbar(
        correlation.lag_s, correlation.g2, correlation.stderr, fmt=".", color=figures.BLUE, markersize=3, elinewidth=0.7
    )
    axes.plot(fit.lag_s, fit.model, color=figures.ORANGE, label=f"{len(fit.terms)} relaxation(s)")
    axes.axhline(1.0, color=figures.GREY, linewidth=0.8, linestyle=":")
    shown = np.quantile(correlation.g2, [0.02, 0.98])
    margin = max(0.2 * (shown[1] - shown[0]), 0.02)
    axes.set_ylim(min(shown[0], 1.0) - margin, max(shown[1], 1.0) + 2.0 * margin)
    axes.set_xscale("log")
    axes.set_xlabel("lag t(detector 2) − t(detector 1) (s)")
    axes.set_ylabel("g²")
    axes.set_title("Memory of the light")
    axes.legend(loc="upper right")


def _stays(axes: "Axes", found: "Brightness") -> None:
    """Share of stays longer than t, with the law that fits best."""
    axes.set_title("On and off times")
    if found.on_off is None or (found.on_law is None and found.off_law is None):
        why = "the brightness has one level" if found.on_off is None else "too few switches in this record"
        axes.set_axis_off()
        axes.text(0.5, 0.5, f"no on and off times:\n{why}", ha="center", va="center", transform=axes.transAxes)
        return
    for stays_s, law, colour, name in (
        (found.on_off.on_s, found.on_law, figures.BLUE, "on"),
        (found.on_off.off_s, found.off_law, figures.ORANGE, "off"),
    ):
        if law is None:
            continue
        within = np.sort(stays_s[(stays_s >= law.shortest_s) & (stays_s <= law.longest_s)])
        share = 1.0 - (np.arange(within.size) + 0.5) / within.size
        axes.plot(within, share, ".", color=colour, markersize=3, label=f"{name}, {within.size} stays")
        fine = np.geomspace(within[0], within[-1], 100)
        axes.plot(fine, law.survival(fine), color=colour, linewidth=1.2, label=law.law)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("t (s)")
    axes.set_ylabel("share of stays longer than t")
    axes.legend(loc="lower left")
