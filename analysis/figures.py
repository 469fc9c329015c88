"""One look for all figures: made for a slide, without pyplot and without changing the user's settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, GREY = "#0B5FA5", "#D55E00", "#00866B", "#B3123F", "#6B6B6B"
"""Distinguishable for the colour-blind; BLUE for data, ORANGE for fits, GREY for levels and limits."""

STYLE: dict[str, object] = {
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.9,
    "axes.axisbelow": True,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.6,
    "errorbar.capsize": 0.0,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 150,
}


@contextmanager
def style() -> Iterator[None]:
    """Within this context matplotlib draws in our look; make and fill the figure inside it."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):  # type: ignore[arg-type]
        yield


def new_figure(width_in: float = 9.0, height_in: float = 5.6) -> "Figure":
    """An empty figure with a canvas that can be saved; sizes in inches, made for a 16:9 slide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def fit_and_residuals(figure: "Figure", position: object) -> tuple["Axes", "Axes"]:
    """Two axes one above the other with a common x axis: data with fit, and residuals in standard deviations.

    ``position``: a cell of a grid (``grid[0, 1]``).
    """
    inner = position.subgridspec(2, 1, height_ratios=(3.2, 1.0), hspace=0.05)  # type: ignore[attr-defined]
    upper = figure.add_subplot(inner[0])
    lower = figure.add_subplot(inner[1], sharex=upper)
    upper.tick_params(labelbottom=False)
    lower.axhline(0.0, color=GREY, linewidth=0.8)
    lower.set_ylabel("residual (σ)")
    return upper, lower
