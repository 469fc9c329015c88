"""The figure of :mod:`analysis.gated_g2`."""

from typing import TYPE_CHECKING

import numpy as np

from analysis import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.gated_g2 import GateScan


def draw(found: "GateScan") -> "Figure":
    """g2(0) with 68 % errors against the gate, the extrapolated value, and the pairs that are left."""
    with figures.style():
        figure = figures.new_figure(11.0, 4.6)
        grid = figure.add_gridspec(1, 2, width_ratios=(1.4, 1.0))
        left, right = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
        gate_ns = np.array([gate.gate_ns for gate in found.gates])
        value = np.array([gate.value for gate in found.gates])
        low, high = np.array([gate.calibrated_68 for gate in found.gates]).T
        errors = [np.maximum(value - low, 0.0), np.maximum(high - value, 0.0)]
        left.errorbar(gate_ns, value, errors, fmt="o", markersize=4, color=figures.BLUE, label="both photons later")
        if found.late is not None:
            edges = found.late.interval_68
            left.axhspan(*edges, color=figures.ORANGE, alpha=0.2, linewidth=0)
            left.axhline(found.late.g2_zero, color=figures.ORANGE, label="extrapolated to a late gate, 68 %")
        left.axhline(0.5, color=figures.GREY, linewidth=0.9, linestyle="--")
        left.set_ylim(0.0, 1.1 * float(np.quantile(high[np.isfinite(high)], 0.9)) + 0.02)
        left.set_xlabel("gate opens after the signal peak (ns)")
        left.set_ylabel("g²(0)")
        left.set_title("g²(0) of late photons (neighbouring points share pairs)")
        left.legend(loc="upper right")
        centre = np.array([gate.centre_counts for gate in found.gates])
        side = np.array([gate.side_counts for gate in found.gates])
        right.plot(gate_ns, np.maximum(side, 0.5), color=figures.BLUE, label="ten side peaks together")
        right.plot(gate_ns, np.maximum(centre, 0.5), color=figures.RED, label="centre peak")
        right.set_yscale("log")
        right.set_xlabel("gate opens after the signal peak (ns)")
        right.set_ylabel("pairs left")
        right.legend(loc="upper right")
    return figure
