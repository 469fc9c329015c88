"""Resonant spin pumping: efficiency and time from the fading fluorescence, with the controls that make it credible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.lines import fit_lines
from analysis.polarised_pl import HC_MEV_NM, expected_lines, lines_check
from analysis.transient import TransientFit, cut_window, fit_memory, fit_transient, fluorescence, window_total
from analysis.transient_model import F0
from runfile.reading import RecordedRun
from runfile.results import Analysis, Check, Result, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

PUMP, DETUNED, LINEAR_PLUS, LINEAR_MINUS = range(4)
PUMPING_SIGMA = 3.0
MINIMUM_EFFICIENCY = 0.3
QUIET_FRACTION = 0.1
"""Fluorescence the detuned control may have, relative to the start of the resonant pump."""
ORIENTATION_TOLERANCE = 0.05
MOST_UNCERTAIN = 0.1
"""Standard error above which a control shows nothing."""
ON_RESONANCE = 0.5
"""Least photons under the pump, relative to the top of the scan over the line."""
TOP_POINTS = 3
"""Points of the scan over the line, the brightest, whose mean is its top."""
_DECAY_NS = 150.0
_GOODNESS = 1e-4


@dataclass(frozen=True)
class PulseTimes:
    """When the gates open and how long, ns after the trigger; ``dark``: windows ([start, stop]) without light."""

    reset_start_ns: float
    reset_width_ns: float
    pump_start_ns: float
    pump_width_ns: float
    probe_start_ns: float
    probe_width_ns: float
    dark: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Histogram:
    """Counts against time in the cycle, summed over the batches of one condition. ``live_s``: their live time."""

    time_ns: FloatArray
    counts: FloatArray
    live_s: float

    def dark(self, times: PulseTimes) -> tuple[float, float]:
        """Counts in the dark windows and their total width, ns."""
        return window_total(self.time_ns, self.counts, times.dark)


@dataclass(frozen=True)
class Control:
    """A quantity measured as a control, with its standard error."""

    value: float
    error: float


def pulse_times(notes: Mapping[str, Any]) -> PulseTimes:
    """Gate times from the run's notes. AnalysisError names what is missing."""
    sequence = notes.get("sequence")
    if not isinstance(sequence, dict):
        raise AnalysisError("the run has no note 'sequence': without the gate times the histogram cannot be read")
    try:
        windows = sequence["background_windows_ns" if "background_windows_ns" in sequence else "background_windows"]
        return PulseTimes(
            reset_start_ns=float(sequence.get("reset_start_ns", 0.0)),
            reset_width_ns=float(sequence.get("reset_width_ns", 0.0)),
            pump_start_ns=float(sequence["pump_start_ns"]),
            pump_width_ns=float(sequence["pump_width_ns"]),
            probe_start_ns=float(sequence["probe_start_ns"]),
            probe_width_ns=float(sequence["probe_width_ns"]),
            dark=tuple((float(start), float(stop)) for start, stop in windows),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AnalysisError(
            f"the run's note 'sequence' is incomplete ({error!r}): it needs pump, probe and background windows"
        ) from error


def histograms(run: RecordedRun) -> dict[int, Histogram]:
    """Histograms by condition, each summed over its batches. AnalysisError when nothing was pumped."""
    table = run.table("data")
    condition = np.asarray(table.column("condition")).astype(int)
    counts, time = np.asarray(table.column("counts"), np.float64), np.asarray(table.column("time"), np.float64)
    live = np.asarray(table.column("duration"), dtype=np.float64)
    if not np.any(condition == PUMP):
        raise AnalysisError(f"{run.path}: no pump batch was recorded before the run ended")
    return {
        int(kind): Histogram(time, counts[condition == kind].sum(axis=0), float(live[condition == kind].sum()))
        for kind in np.unique(condition)
    }


def fit_pump(histogram: Histogram, times: PulseTimes) -> TransientFit:
    """Fit the pump window; ValueError as :func:`analysis.transient.fit_transient`."""
    gap = times.probe_start_ns - times.pump_start_ns - times.pump_width_ns
    window = cut_window(
        histogram.time_ns, histogram.counts, times.pump_start_ns, times.pump_width_ns, min(gap, _DECAY_NS)
    )
    return fit_transient(window, *histogram.dark(times))


def brightnesses(histograms: Sequence[Histogram], times: PulseTimes) -> list[Control]:
    """How bright the dot was on average during conditions that are compared: photons in the second half of the reset.

    A blinking dot differs between conditions; the reset light is the same in all. The live times where there is no
    reset, or where in any of the conditions it gave too few photons: one measure for all of them.
    """
    seen = [_reset_light(histogram, times) for histogram in histograms]
    if all(light.value > 10.0 * light.error for light in seen):
        return seen
    return [Control(histogram.live_s, 0.0) for histogram in histograms]


def _reset_light(histogram: Histogram, times: PulseTimes) -> Control:
    dark, dark_width = histogram.dark(times)
    if times.reset_width_ns <= 0 or dark_width <= 0:
        return Control(0.0, 1.0)
    stop = times.reset_start_ns + times.reset_width_ns
    total, width = window_total(histogram.time_ns, histogram.counts, [(stop - 0.5 * times.reset_width_ns, stop)])
    return Control(total - dark * width / dark_width, sqrt(total + 1.0))


def detuned_fraction(detuned: Histogram, pump: Histogram, times: PulseTimes, fit: TransientFit) -> Control:
    """Fluorescence under the detuned pump, relative to that at the start of the resonant pump, of equal brightness."""
    excess, error = gate_fluorescence(detuned, times, probe=False)
    bins = fit.window.left_ns.size * fit.window.bin_ns
    levels = brightnesses((pump, detuned), times)
    scale = levels[0].value / levels[1].value
    start = float(fit.fit.values[F0]) * bins
    relative = [float(fit.fit.errors[F0]) / max(float(fit.fit.values[F0]), 1e-12)]
    relative += [level.error / level.value for level in levels]
    value = excess * scale / start
    return Control(value, hypot(error * scale / start, *(value * part for part in relative)))


def resonance_fraction(run: RecordedRun, pump: Histogram, times: PulseTimes) -> float | None:
    """Photons in the pump gate relative to the top of the scan, of equal brightness; None without a scan."""
    if not run.has_table("scan") or times.reset_width_ns <= 0:
        return None
    table = run.table("scan")
    counts, monitor = (np.asarray(table.column(name), np.float64) for name in ("counts", "monitor"))
    lit = monitor > 0
    if not np.any(lit):
        return None
    top = float(np.mean(np.sort(counts[lit] / monitor[lit])[-TOP_POINTS:]))
    gates = [(times.pump_start_ns, times.pump_width_ns), (times.reset_start_ns, times.reset_width_ns)]
    pumped, reset = (window_total(pump.time_ns, pump.counts, [(a, a + width)])[0] for a, width in gates)
    return pumped / reset / top if reset > 0 and top > 0 else None


def linear_orientation(plus: Histogram, minus: Histogram, times: PulseTimes) -> Control:
    """Asymmetry (σ⁺ − σ⁻)/(σ⁺ + σ⁻) of the fluorescence after pumping with linear light, late pump and probe.

    Each is relative to the (unpolarised) fluorescence of the reset in the same records, so that blinking drops out.
    """
    counts = []
    for histogram in (plus, minus):
        late = gate_fluorescence(histogram, times, probe=False, late=True)
        probe = gate_fluorescence(histogram, times, probe=True)
        counts.append(Control(late[0] + probe[0], hypot(late[1], probe[1])))
    return _asymmetry(counts, brightnesses((plus, minus), times))


def asymmetry(plus: Histogram, minus: Histogram, times: PulseTimes) -> Control:
    """(σ⁺ − σ⁻)/(σ⁺ + σ⁻) of the fluorescence in the whole pump gate, each relative to that of the reset."""
    counts = [Control(*gate_fluorescence(histogram, times, probe=False)) for histogram in (plus, minus)]
    return _asymmetry(counts, brightnesses((plus, minus), times))


def _asymmetry(counts: Sequence[Control], levels: Sequence[Control]) -> Control:
    """(first − second)/(first + second) of two counts, each relative to its brightness."""
    rates = [count.value / level.value for count, level in zip(counts, levels, strict=True)]
    errors = [
        hypot(count.error, rate * level.error) / level.value
        for count, level, rate in zip(counts, levels, rates, strict=True)
    ]
    total = rates[0] + rates[1]
    if total <= 0:
        return Control(float("nan"), float("nan"))
    value = (rates[0] - rates[1]) / total
    return Control(value, 2.0 * hypot(rates[1] * errors[0], rates[0] * errors[1]) / total**2)


def reset_counts(histogram: Histogram, times: PulseTimes) -> float:
    """Counts while the reset light is on, background included; 0 without reset."""
    gate = (times.reset_start_ns, times.reset_start_ns + times.reset_width_ns)
    return window_total(histogram.time_ns, histogram.counts, [gate])[0]


def gate_fluorescence(
    histogram: Histogram, times: PulseTimes, *, probe: bool, late: bool = False
) -> tuple[float, float]:
    """Fluorescence in the pump gate, or the probe's, without background, and its error; ``late``: its second half."""
    start = times.probe_start_ns if probe else times.pump_start_ns
    width = times.probe_width_ns if probe else times.pump_width_ns
    if late:
        start, width = start + 0.5 * width, 0.5 * width
    window = cut_window(histogram.time_ns, histogram.counts, start, width)
    return fluorescence(window, *histogram.dark(times))


def count_lines(run: RecordedRun) -> int | None:
    """Lines in the σ⁺ spectrum taken before pumping; from the notes when the spectrum was not stored, else None."""
    if run.has_table("spectra") and run.table("spectra").n_points:
        table = run.table("spectra")
        counts = np.asarray(table.column("counts"), dtype=np.float64).sum(axis=0)
        variance = (np.asarray(table.column("counts_errors"), dtype=np.float64) ** 2).sum(axis=0)
        return fit_lines(HC_MEV_NM / np.asarray(table.column("wavelength"), np.float64), counts, variance).n_lines
    noted = run.notes.get("lines")
    if isinstance(noted, dict) and isinstance(noted.get("energies_mev"), list):
        return len(noted["energies_mev"])
    return None


def analyse(run: RecordedRun) -> Analysis:
    """Results and verdict of a spin-pumping run.

    Raises AnalysisError when the table, the sequence or all pump batches are missing.
    """
    times = pulse_times(run.notes)
    by_condition = histograms(run)
    n_lines = count_lines(run)
    checks: list[Check] = [] if n_lines is None else [lines_check(n_lines, expected_lines(run.sample))]
    pump = by_condition[PUMP]
    try:
        fit = fit_pump(pump, times)
    except ValueError as error:
        sentence = f"no pumping can be seen: {error}; is the pump detuned, blocked or the dot dark?"
        checks.append(Check("fluorescence", False, sentence))
        return Analysis(_nothing(str(error)), Verdict(tuple(checks)), ())
    results = _pump_results(fit)
    on_resonance = _resonance_check(resonance_fraction(run, pump, times))
    checks += [*on_resonance, *_pump_checks(fit)]
    memory = _memory(pump, times, fit)
    if memory is not None:
        results["memory"] = Result(
            memory.value,
            memory.error,
            "1",
            "fluorescence at the start of the probe over that at the end of the pump; 1: kept over the dark time",
        )
    warnings: list[str] = []
    if n_lines is None:
        warnings.append("no spectrum was stored: the number of lines was not checked")
    _add_controls(by_condition, times, fit, results, checks, warnings)
    overlap = _overlap_check(run.notes)
    if overlap is not None:
        checks.append(overlap)
    return Analysis(results, Verdict(tuple(checks)), tuple(warnings))


def _nothing(reason: str) -> dict[str, Result]:
    nan = float("nan")
    return {
        "pumping_efficiency": Result(nan, nan, "1", f"not determined: {reason}"),
        "pumping_time": Result(nan, nan, "ns", f"not determined: {reason}"),
    }


def _pump_results(fit: TransientFit) -> dict[str, Result]:
    method = (
        "Poisson maximum likelihood of the fluorescence under the pump, with the exciton's response, a slower second "
        "component and the background fitted jointly; "
    )
    if fit.significance < PUMPING_SIGMA:
        limit = f"no pumping seen ({fit.significance:.1f}σ); 95 % upper limit {fit.efficiency_limit:.3f}"
        low, high = min(0.0, fit.efficiency), max(fit.efficiency, fit.efficiency_limit)
        efficiency = Result(fit.efficiency, fit.efficiency_error, "1", method + limit, (low, high), 0.95)
        time = Result(float("nan"), float("nan"), "ns", method + "no pumping seen, so no time")
        return {"pumping_efficiency": efficiency, "pumping_time": time}
    return {
        "pumping_efficiency": Result(
            fit.efficiency,
            fit.efficiency_error,
            "1",
            method + "1 − F_end/F_0, F_end at the end of the pump; interval from the profile likelihood",
            fit.efficiency_interval,
            0.68,
        ),
        "pumping_time": Result(
            fit.time_ns,
            fit.time_error_ns,
            "ns",
            method + "1/e time of the decay; interval from the profile likelihood",
            fit.time_interval_ns,
            0.68,
        ),
    }


def _pump_checks(fit: TransientFit) -> list[Check]:
    seen = fit.significance >= PUMPING_SIGMA and fit.efficiency > 0
    if not seen:
        sentence = (
            f"no pumping: the fluorescence stays constant within its noise ({fit.significance:.1f}σ), "
            f"efficiency below {fit.efficiency_limit:.2f} (95 %)"
        )
        return [Check("pumping", False, sentence), _fit_check(fit)]
    strong = fit.efficiency >= MINIMUM_EFFICIENCY
    digits = 3 if fit.efficiency_error >= 0.0005 else 5
    value = f"pumping efficiency {fit.efficiency:.{digits}f} ± {fit.efficiency_error:.{digits}f}"
    return [
        Check("pumping", True, f"the fluorescence fades under the pump ({min(fit.significance, 999):.0f}σ)"),
        Check(
            "efficiency", strong, value if strong else f"{value} is below {MINIMUM_EFFICIENCY}: raise the pump power"
        ),
        _fit_check(fit),
    ]


def _resonance_check(fraction: float | None) -> list[Check]:
    if fraction is None:
        return []
    text = f"under the pump the dot gives {fraction:.0%} of the photons at the top of the scan over the line"
    good = fraction >= ON_RESONANCE
    return [Check("on resonance", good, text if good else f"no pumping of this line: {text}, the pump is off the line")]


def _fit_check(fit: TransientFit) -> Check:
    good = fit.goodness > _GOODNESS
    text = f"deviance/dof of the transient fit is {fit.fit.deviance:.0f}/{fit.fit.dof}"
    return Check("transient fit", good, text if good else text + ": the model misses something, see the residuals")


def _memory(pump: Histogram, times: PulseTimes, fit: TransientFit) -> Control | None:
    if fit.significance < PUMPING_SIGMA:
        return None
    try:
        probe = cut_window(pump.time_ns, pump.counts, times.probe_start_ns, times.probe_width_ns)
    except ValueError:
        return None  # a probe of a few bins: too short to follow
    return Control(*fit_memory(fit, probe, *pump.dark(times)))


def _add_controls(
    by_condition: dict[int, Histogram],
    times: PulseTimes,
    fit: TransientFit,
    results: dict[str, Result],
    checks: list[Check],
    warnings: list[str],
) -> None:
    """Results and checks of the controls that were measured; a warning for each that was not."""
    if DETUNED in by_condition:
        found = detuned_fraction(by_condition[DETUNED], by_condition[PUMP], times, fit)
        results["detuned_fluorescence"] = Result(
            found.value, found.error, "1", "fluorescence under the detuned pump over that at the resonant pump's start"
        )
        checks.append(_detuned_check(found))
    else:
        warnings.append("no detuned control was measured: laser light in the detectors cannot be excluded")
    if LINEAR_PLUS in by_condition and LINEAR_MINUS in by_condition:
        found = linear_orientation(by_condition[LINEAR_PLUS], by_condition[LINEAR_MINUS], times)
        results["linear_orientation"] = Result(
            found.value,
            found.error,
            "1",
            "(σ⁺ − σ⁻)/(σ⁺ + σ⁻) of the fluorescence after linear pumping, each relative to that of the reset",
        )
        checks.append(_linear_check(found))
    else:
        warnings.append("no linear control was measured: that the orientation comes from the helicity is not shown")


def _detuned_check(found: Control) -> Check:
    text = f"the detuned pump gives {found.value:.1%} ± {found.error:.1%} of the resonant fluorescence"
    if not found.error < MOST_UNCERTAIN:
        return Check("detuned control", False, f"{text}: too uncertain to show anything, measure longer")
    quiet = found.value < QUIET_FRACTION + 2.0 * found.error
    remedy = f" (limit {QUIET_FRACTION:.0%}): laser light leaks into the detectors or another line is hit"
    return Check("detuned control", quiet, text if quiet else text + remedy)


def _linear_check(found: Control) -> Check:
    text = f"linear pumping leaves an asymmetry of {found.value:.3f} ± {found.error:.3f} between σ⁺ and σ⁻"
    if not found.error < MOST_UNCERTAIN:
        return Check("linear control", False, f"{text}: too uncertain to show anything, measure longer")
    none = abs(found.value) < max(3.0 * found.error, ORIENTATION_TOLERANCE)
    remedy = ": linear light must not orient the spin; check the polarisation of the pump"
    return Check("linear control", none, text if none else text + remedy)


def _overlap_check(notes: Mapping[str, Any]) -> Check | None:
    overlap = notes.get("overlap")
    if not isinstance(overlap, dict) or not isinstance(overlap.get("cross_excitation"), int | float):
        return None
    cross, limit = float(overlap["cross_excitation"]), float(overlap.get("maximum_cross_excitation", 0.2))
    text = f"the laser excites the next line with {cross:.1%} of the strength of the addressed one"
    return Check(
        "one line addressed",
        cross < limit,
        text if cross < limit else f"{text} (limit {limit:.0%}): use a narrower laser",
    )


def figure(run: RecordedRun) -> "Figure":
    """Fluorescence transient with fit and residuals, whole cycle with the controls, for a slide."""
    from analysis.spectra_figures import spin_pumping_figure

    times = pulse_times(run.notes)
    by_condition = histograms(run)
    try:
        fit: TransientFit | None = fit_pump(by_condition[PUMP], times)
    except ValueError:
        fit = None
    return spin_pumping_figure(by_condition, times, fit, run.title)
