"""Views of a spin-pumping run: transients of every condition, the whole cycle, its batches, brightness."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from analysis.spin_pumping import (
    DETUNED,
    LINEAR_MINUS,
    LINEAR_PLUS,
    PUMP,
    PUMPING_SIGMA,
    PulseTimes,
    fit_pump,
    histograms,
    pulse_times,
)
from analysis.spin_pumping import Histogram as CycleHistogram
from analysis.transient import TransientFit, cut_window
from analysis.transient_model import Window
from analysis.view_parts import (
    MOST_IMAGE_BINS,
    attempt,
    batch_image,
    bin_centres,
    column,
    counted,
    has_rows,
    rate_curve,
    rebinned,
    scan_view,
)
from analysis.view_spectra import spectrum_view
from analysis.views import Curve, Floats, View
from runfile.reading import RecordedRun

CROSSED = 4
CONDITIONS = {
    PUMP: "resonant pump",
    DETUNED: "detuned pump",
    LINEAR_PLUS: "linear pump, σ⁺ analyser",
    LINEAR_MINUS: "linear pump, σ⁻ analyser",
    CROSSED: "crossed analyser",
}
_TRANSIENT_BINS = 120
_CYCLE_BINS = 500
_FILLED = 0.9
"""Share of bins (of the best condition) that must hold counts for a logarithmic axis to show more than it hides."""


def build(run: RecordedRun, *, with_fit: bool) -> tuple[View, ...]:
    """Transient (with fit), cycle, batches and rate, then the spectrum and the scan that came before."""
    found: list[View | None] = []
    if has_rows(run, "data", "counts", "condition", "duration", "time"):
        found += _of_cycles(run, with_fit=with_fit)
    found += [spectrum_view(run, with_fit=with_fit), scan_view(run)]
    return tuple(view for view in found if view is not None)


def _of_cycles(run: RecordedRun, *, with_fit: bool) -> list[View | None]:
    cycles, _ = attempt(lambda: _cycles(run))
    if cycles is None:
        return []
    times, _ = attempt(lambda: pulse_times(run.notes))
    if times is None:
        return [cycle_view(run.title, cycles.by_condition), _batches(cycles)]
    return [
        transient_view(run.title, cycles.by_condition, times, with_fit=with_fit),
        cycle_view(run.title, cycles.by_condition),
        _batches(cycles),
        _rate_view(cycles, times),
    ]


@dataclass(frozen=True)
class _Cycles:
    """Histograms of all batches, (n_batches, n_bins), and their sums by condition. ``live_s``: (n_batches,)."""

    time_ns: Floats
    counts: Floats
    condition: Floats
    live_s: Floats
    by_condition: dict[int, CycleHistogram]


def _cycles(run: RecordedRun) -> _Cycles:
    table = run.table("data")
    time_ns, counts, condition, live_s = (column(table, name) for name in ("time", "counts", "condition", "duration"))
    return _Cycles(time_ns, counts, condition, live_s, histograms(run))


def transient_view(
    title: str, by_condition: dict[int, CycleHistogram], times: PulseTimes, *, with_fit: bool
) -> View | None:
    """Photons per second while the pump is on, every condition; the fit is that of the analysis. None if too short."""
    curves: list[Curve] = []
    remark, step_ns = "", 0.0
    for condition, histogram in by_condition.items():
        window, _ = attempt(partial(_pump_window, histogram, times))
        if window is None:
            return None
        step = max(window.counts.size // _TRANSIENT_BINS, 1)
        step_ns = step * window.bin_ns
        left, counts = rebinned(window.left_ns, window.counts, step)
        curves.append(counted(_name(condition), bin_centres(left, step_ns), counts, 1.0 / histogram.live_s))
        if condition == PUMP and with_fit:
            fit, remark = attempt(partial(fit_pump, histogram, times))
            if fit is not None:
                expected = rebinned(window.left_ns, fit.expected, step)[1] / histogram.live_s
                curves.append(Curve(_fit_label(fit), curves[-1].x, expected, kind="fit"))
    label = f"photons per second in {step_ns:g} ns"
    return View("transient", title, "time after the pump's start (ns)", label, tuple(curves), remark=remark)


def cycle_view(title: str, by_condition: dict[int, CycleHistogram]) -> View:
    """Photons per second over the whole cycle, every condition; the histogram of the first has the bins of all."""
    curves, bin_ns, filled = [], 0.0, False
    for condition, histogram in by_condition.items():
        step = max(histogram.counts.size // _CYCLE_BINS, 1)
        left, counts = rebinned(histogram.time_ns, histogram.counts, step)
        bin_ns = step * _width_ns(histogram.time_ns)
        filled = filled or float(np.mean(counts > 0)) > _FILLED
        curves.append(Curve(_name(condition), left, counts / histogram.live_s, kind="steps"))
    label = f"photons per second in {bin_ns:g} ns"
    return View("cycle", f"{title}: whole cycle", "time in the cycle (ns)", label, tuple(curves), log_y=filled)


def _batches(cycles: _Cycles) -> View:
    step = -(-cycles.time_ns.size // MOST_IMAGE_BINS)
    left, counts = rebinned(cycles.time_ns, cycles.counts, step)
    bin_ns = step * _width_ns(cycles.time_ns)
    image = batch_image(
        bin_centres(left, bin_ns),
        counts / cycles.live_s[:, None],
        np.arange(1.0, counts.shape[0] + 1.0),
        f"photons per second in {bin_ns:g} ns",
    )
    return View("batches", "Fluorescence, batch by batch", "time in the cycle (ns)", "batch", image=image)


def _rate_view(cycles: _Cycles, times: PulseTimes) -> View:
    """Photons under the pump and under the reset light (the dot's brightness) against measuring time."""
    start_s = np.cumsum(cycles.live_s) - cycles.live_s
    gates = {"pump": (times.pump_start_ns, times.pump_width_ns)}
    if times.reset_width_ns > 0:
        gates["reset (brightness)"] = (times.reset_start_ns, times.reset_width_ns)
    width = _width_ns(cycles.time_ns)
    curves = []
    for name, (start, length) in gates.items():
        inside = (cycles.time_ns >= start - 1e-9) & (cycles.time_ns + width <= start + length + 1e-9)
        curves.append(rate_curve(name, start_s, cycles.live_s, cycles.counts[:, inside].sum(axis=1)))
    return View("rate", "Photons against measuring time", "measuring time (s)", "photons per second", tuple(curves))


def _pump_window(histogram: CycleHistogram, times: PulseTimes) -> Window:
    return cut_window(histogram.time_ns, histogram.counts, times.pump_start_ns, times.pump_width_ns)


def _fit_label(fit: TransientFit) -> str:
    if fit.significance < PUMPING_SIGMA:
        return f"no pumping seen, efficiency < {fit.efficiency_limit:.2f} (95 %)"
    efficiency = f"efficiency {fit.efficiency:.3f} ± {fit.efficiency_error:.3f}"
    return f"{efficiency}, time {fit.time_ns:.0f} ± {fit.time_error_ns:.0f} ns"


def _name(condition: int) -> str:
    return CONDITIONS.get(condition, f"condition {condition}")


def _width_ns(time_ns: Floats) -> float:
    return float(time_ns[1] - time_ns[0]) if time_ns.size > 1 else 0.0
