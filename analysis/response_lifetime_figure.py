"""The figure of :mod:`analysis.response_lifetime`."""

from typing import TYPE_CHECKING

import numpy as np

from analysis import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.reconvolution import DecaySelection
    from analysis.response_lifetime import ResponseLifetimes


def draw(found: "ResponseLifetimes") -> "Figure":
    """A column a detector: decay, response and chosen model on a logarithmic axis, residuals below."""
    with figures.style():
        figure = figures.new_figure(11.0, 5.2)
        grid = figure.add_gridspec(1, len(found.selections))
        for column, (name, selection) in enumerate(zip(found.detectors, found.selections, strict=True)):
            _panel(*figures.fit_and_residuals(figure, grid[0, column]), name, selection)
    return figure


def _panel(upper: "Axes", lower: "Axes", name: str, selection: "DecaySelection") -> None:
    fit = selection.best
    data = fit.data
    time_ns = (np.arange(data.counts.size) + 0.5) * data.response.bin_ns
    fitted = slice(data.first_bin, data.last_bin)
    upper.plot(time_ns, data.counts, ".", color=figures.BLUE, markersize=3, label=name)
    weights = data.response.weights
    upper.plot(time_ns, weights * (data.counts.max() / weights.max()), color=figures.GREY, linewidth=0.9,
               label="response (scaled)")  # fmt: skip
    lifetimes = ", ".join(f"{t:.4g} ± {e:.1g}" for t, e in zip(fit.lifetimes_ns, fit.stderrs_ns, strict=True))
    upper.plot(time_ns[fitted], fit.expected, color=figures.ORANGE, label=f"{fit.model.name}: {lifetimes} ns")
    upper.set_yscale("log")
    upper.set_ylim(0.5, 3.0 * float(data.counts.max()))
    upper.set_ylabel(f"photons per {data.response.bin_ns:.3g} ns")
    upper.set_title(name)
    upper.legend(loc="upper right")
    residuals = (data.seen - fit.expected) / np.sqrt(np.maximum(fit.expected, 1e-9))
    lower.plot(time_ns[fitted], residuals, ".", color=figures.BLUE, markersize=2.5)
    lower.axhline(0.0, color=figures.GREY, linewidth=0.8)
    lower.set_ylim(-5.5, 5.5)
    lower.set_ylabel("residual (σ)")
    lower.set_xlabel("time after the cut of the period (ns)")
