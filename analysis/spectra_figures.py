"""Figures of polarised-pl, spin-pumping and esr runs: data with error bars, fit, residuals; made for a slide."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.figures import BLUE, GREEN, GREY, ORANGE, RED, fit_and_residuals, new_figure, style
from analysis.resonances import ResonanceFit, Sweep, contrast, contrast_model, fitted_contrast
from analysis.spin_hamiltonian import DopantSpin
from analysis.view_parts import rebinned
from runfile.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.lines import LineFit
    from analysis.polarised_pl import FieldFit
    from analysis.spin_pumping import Histogram, PulseTimes
    from analysis.transient import TransientFit

FloatArray = npt.NDArray[np.float64]

_CONDITIONS = {
    0: "resonant pump",
    1: "detuned pump",
    2: "linear pump, σ⁺ analyser",
    3: "linear pump, σ⁻ analyser",
    4: "crossed analyser",
}
_CONDITION_COLOURS = {0: BLUE, 1: GREY, 2: GREEN, 3: RED, 4: ORANGE}


def polarised_pl_figure(fit: "FieldFit", results: dict[str, Result], title: str) -> "Figure":
    """σ⁺ and σ⁻ spectra with fits and residuals; spin populations, or per-line polarisation, beside them."""
    with style():
        figure = new_figure(10.5, 6.0)
        bars = _bar_values(results, "sz_population_")
        grid = figure.add_gridspec(1, 2, width_ratios=(2.6, 1.0)) if bars else figure.add_gridspec(1, 1)
        upper, lower = fit_and_residuals(figure, grid[0, 0])
        energy = fit.spectra.energy_mev
        window = _interesting(energy, fit.lines)
        parts = fit.spectra.components
        shown = (
            ("σ⁺", parts.sigma_plus, parts.variance_plus, fit.plus, BLUE),
            ("σ⁻", parts.sigma_minus, parts.variance_minus, fit.minus, RED),
        )
        for label, counts, variance, lines, colour in shown:
            upper.errorbar(
                energy[window],
                counts[window],
                np.sqrt(variance[window]),
                fmt=".",
                markersize=3,
                color=colour,
                elinewidth=0.6,
                alpha=0.7,
                label=f"{label} ({lines.n_lines} line{'' if lines.n_lines == 1 else 's'})",
            )
            upper.plot(energy[window], lines.model[window], color=colour)
            lower.plot(energy[window], lines.residuals[window], ".", markersize=2.5, color=colour)
        for place in fit.lines.energy_mev:
            upper.axvline(place, color=GREY, linewidth=0.7, linestyle=":")
        upper.set_ylabel("photo-electrons per pixel")
        upper.set_title(f"{title}, {fit.spectra.field_t:.2f} T")
        upper.legend()
        lower.set_xlabel("photon energy (meV)")
        if bars:
            _population_panel(figure.add_subplot(grid[0, 1]), bars, results)
        return figure


def _interesting(energy_mev: FloatArray, lines: "LineFit") -> npt.NDArray[np.bool_]:
    """Pixels around the lines; everything when there is none."""
    if lines.n_lines == 0:
        return np.ones(energy_mev.shape, dtype=bool)
    margin = max(6.0 * lines.fwhm_mev, 0.25 * float(np.ptp(lines.energy_mev)))
    inside = (energy_mev > lines.energy_mev[0] - margin) & (energy_mev < lines.energy_mev[-1] + margin)
    return np.asarray(inside, dtype=bool)


def _bar_values(results: dict[str, Result], prefix: str) -> list[Result]:
    return [result for name, result in results.items() if name.startswith(prefix)]


def _population_panel(axes: "Axes", bars: list[Result], results: dict[str, Result]) -> None:
    places = np.arange(len(bars))
    axes.bar(places, [b.value for b in bars], yerr=[b.stderr for b in bars], color=BLUE, alpha=0.75, ecolor=GREY)
    axes.axhline(1.0 / len(bars), color=GREY, linestyle="--", linewidth=0.9)
    axes.set_xticks(places, ["−5/2", "−3/2", "−1/2", "+1/2", "+3/2", "+5/2"])
    axes.set_xlabel("dopant spin $S_z$")
    axes.set_ylabel("population at emission")
    degree = results["circular_polarisation"]
    axes.set_title(f"circular pol. {degree.value:+.3f} ± {degree.stderr:.3f}", fontsize=10)


def spin_pumping_figure(
    by_condition: "dict[int, Histogram]", times: "PulseTimes", fit: "TransientFit | None", title: str
) -> "Figure":
    """Left: pump window with fit and residuals; right: the whole cycle of every condition."""
    with style():
        figure = new_figure(10.5, 5.6)
        grid = figure.add_gridspec(1, 2, width_ratios=(1.25, 1.0))
        if fit is not None:
            _transient_panel(figure, grid[0, 0], fit, title)
        cycle = figure.add_subplot(grid[0, 1] if fit is not None else grid[0, :])
        for condition, histogram in by_condition.items():
            time, rate = rebinned(histogram.time_ns, histogram.counts / histogram.live_s, 10)
            cycle.step(
                time * 1e-3,
                rate,
                where="post",
                linewidth=1.0,
                color=_CONDITION_COLOURS[condition],
                label=_CONDITIONS[condition],
            )
        for start, width, name in (
            (times.pump_start_ns, times.pump_width_ns, "pump"),
            (times.probe_start_ns, times.probe_width_ns, "probe"),
        ):
            cycle.axvspan(start * 1e-3, (start + width) * 1e-3, color=GREY, alpha=0.12, linewidth=0)
            cycle.text(
                (start + width / 2) * 1e-3,
                0.99,
                name,
                transform=cycle.get_xaxis_transform(),
                ha="center",
                va="top",
                fontsize=9,
                color=GREY,
            )
        cycle.set_yscale("symlog", linthresh=1.0)
        cycle.set_xlabel("time in the cycle (µs)")
        bin_ns = 10 * float(np.diff(next(iter(by_condition.values())).time_ns[:2])[0])
        cycle.set_ylabel(f"counts per second in {bin_ns:g} ns")
        cycle.set_ylim(bottom=0)
        cycle.legend(loc="lower left", fontsize=8.5)
        if fit is None:
            cycle.set_title(title)
        return figure


def _transient_panel(figure: "Figure", cell: object, fit: "TransientFit", title: str) -> None:
    upper, lower = fit_and_residuals(figure, cell)
    window = fit.window
    step = max(window.counts.size // 120, 1)
    time, counts = rebinned(window.left_ns + 0.5 * window.bin_ns, window.counts, step)
    time = time + 0.5 * (step - 1) * window.bin_ns
    expected = rebinned(window.left_ns, fit.expected, step)[1]
    upper.errorbar(
        time, counts, np.sqrt(np.maximum(counts, 1.0)), fmt=".", markersize=4, color=BLUE, elinewidth=0.8, label="data"
    )
    upper.plot(time, expected, color=ORANGE, label="fit")
    lower.plot(time, (counts - expected) / np.sqrt(np.maximum(expected, 1e-9)), ".", markersize=3, color=BLUE)
    upper.set_ylabel(f"counts per {step * window.bin_ns:g} ns")
    upper.set_ylim(bottom=0)
    upper.set_title(title)
    lower.set_xlabel("time after the pump's start (ns)")
    text = (
        f"efficiency {fit.efficiency:.3f} ± {fit.efficiency_error:.3f}\n"
        f"time {fit.time_ns:.0f} ± {fit.time_error_ns:.0f} ns"
        if fit.significance >= 3
        else f"no pumping seen\nefficiency < {fit.efficiency_limit:.2f} (95 %)"
    )
    upper.text(0.97, 0.72, text, transform=upper.transAxes, ha="right", va="top")
    upper.legend()


def esr_figure(
    sweep: Sweep, dopant: DopantSpin, start: float, fit: ResonanceFit, title: str, *, seen: bool
) -> "Figure":
    """Contrast against frequency with the fitted hyperfine multiplet and residuals."""
    with style():
        figure = new_figure(9.5, 5.4)
        upper, lower = fit_and_residuals(figure, figure.add_gridspec(1, 1)[0, 0])
        value, error = contrast(sweep)
        upper.errorbar(
            sweep.frequency_ghz, value, error, fmt=".", markersize=4, color=BLUE, elinewidth=0.8, label="data"
        )
        expected = contrast_model(sweep, dopant, start, fit) if seen else np.zeros_like(value)
        if seen:
            upper.plot(*fitted_contrast(sweep, dopant, start, fit), color=ORANGE, label=f"{fit.shape} fit")
            upper.axvline(fit.centre_ghz, color=GREY, linestyle="--", linewidth=0.9)
            upper.annotate(
                f"without hyperfine\n{fit.centre_ghz:.4f} GHz",
                (fit.centre_ghz, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(4, -2),
                textcoords="offset points",
                va="top",
                fontsize=9,
                color=GREY,
            )
        lower.plot(sweep.frequency_ghz, (value - expected) / error, ".", markersize=3, color=BLUE)
        upper.set_ylabel("contrast, on/off − 1")
        upper.set_title(title)
        upper.legend(loc="upper right")
        lower.set_xlabel("microwave frequency (GHz)")
        return figure
