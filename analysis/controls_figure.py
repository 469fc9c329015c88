"""The figure of a control run with the laser blocked: two rates that must agree."""

from typing import TYPE_CHECKING

from analysis.controls import SIGMA, dark_rates
from analysis.figures import BLUE, GREY, new_figure, style
from runfile.reading import RecordedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_blocked(run: RecordedRun) -> "Figure":
    """Rate behind the closed shutter and dark rate, with the band in which they agree; AnalysisError as the verdict."""
    rates = dark_rates(run)
    with style():
        figure = new_figure(6.0, 4.5)
        axes = figure.add_subplot()
        axes.errorbar(
            [0, 1],
            [rates.dark, rates.blocked],
            [rates.dark_error, rates.blocked_error],
            fmt="o",
            color=BLUE,
            label="mean rate and its standard error",
        )
        reach = SIGMA * rates.residual.error
        axes.axhspan(rates.dark - reach, rates.dark + reach, color=GREY, alpha=0.15, label=f"agrees within {SIGMA:g}σ")
        axes.set_xticks([0, 1], ["every laser shut", "lasers on,\nbeam shutter closed"])
        axes.set_xlim(-0.5, 1.5)
        axes.set_ylabel("counts per second")
        axes.set_title(f"{run.title}: laser blocked")
        axes.legend()
    return figure
