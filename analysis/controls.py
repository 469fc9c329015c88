"""The verdict on a control run: one thing the effect needs was taken away, so is the effect gone?

A control passes when it shows nothing (or the reverse) within its errors. Its own number, ``residual_signal``, says how
much an effect could at most have been mimicked; the results of the real run keep their names beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import hypot, sqrt

import numpy as np

from analysis import esr, spin_pumping
from analysis.errors import AnalysisError
from analysis.resonances import Sweep, contrast, fit_multiplet
from analysis.spin_pumping import PUMP, Control, Histogram, PulseTimes
from runfile.reading import RecordedRun
from runfile.results import Analysis, Check, Result, Verdict

LASER_BLOCKED, MICROWAVE_OFF = "laser blocked", "microwave off"
HELICITY_SWAPPED, OFF_RESONANCE = "helicity swapped", "off resonance"
CROSSED = 4
"""Condition of a pumping record: circular pump, analyser for the other helicity."""
SIGMA = 3.0
_ROUND_OFF = 1e-12

Analyse = Callable[[RecordedRun], Analysis]


def analyse_control(run: RecordedRun, real: Analyse) -> Analysis:
    """Results and verdict of a run whose parameter ``control`` is not "none"; ``real``: the analysis of a real run.

    Raises AnalysisError for a control nobody knows, and when the run holds nothing to judge it by.
    """
    control = str(run.parameters.get("control"))
    if control == LASER_BLOCKED:
        return _blocked(run)
    judges = {
        ("esr", MICROWAVE_OFF): _no_resonance,
        ("esr", OFF_RESONANCE): _no_resonance,
        ("esr", HELICITY_SWAPPED): _no_resonance,
        ("spin-pumping", OFF_RESONANCE): _no_fluorescence,
        ("spin-pumping", HELICITY_SWAPPED): _reversed_helicity,
    }
    judge = judges.get((run.procedure, control))
    if judge is None:
        raise AnalysisError(f"{run.path}: there is no analysis of the control {control!r} of {run.procedure}")
    return judge(run, control, real)


# --- laser blocked


@dataclass(frozen=True)
class DarkRates:
    """Counts per second and standard errors: behind the closed shutter (``blocked``), and with every laser shut."""

    blocked: float
    blocked_error: float
    blocked_s: float
    dark: float
    dark_error: float
    dark_s: float

    @property
    def residual(self) -> Control:
        """What is counted beyond the dark rate."""
        return Control(self.blocked - self.dark, hypot(self.blocked_error, self.dark_error))


def dark_rates(run: RecordedRun) -> DarkRates:
    """Both rates of a run with the laser blocked. AnalysisError when one of them was not measured."""
    counts, error, seconds = _all_counts(run)
    if not run.has_table("dark") or run.table("dark").n_points == 0:
        raise AnalysisError(f"{run.path}: the counts with every laser shut were not measured before the run ended")
    table = run.table("dark")
    dark_s = float(np.sum(table.column("duration")))
    spread = sqrt(float(np.sum(np.asarray(table.column("counts_errors"), np.float64) ** 2)))
    return DarkRates(
        blocked=counts / seconds,
        blocked_error=error / seconds,
        blocked_s=seconds,
        dark=float(np.sum(table.column("counts"))) / dark_s,
        dark_error=spread / dark_s,
        dark_s=dark_s,
    )


def _blocked(run: RecordedRun) -> Analysis:
    """Counts behind the closed shutter against those with every laser shut, of the same run."""
    rates = dark_rates(run)
    residual, spread = rates.residual.value, rates.residual.error
    method = (
        f"rate behind the closed beam shutter with the lasers on ({rates.blocked_s:.4g} s) minus that with every laser "
        f"shut ({rates.dark_s:.4g} s)"
    )
    text = f"{residual:.3g} ± {spread:.2g} counts per second beyond the dark rate of {rates.dark:.4g}"
    good = abs(residual) <= SIGMA * spread
    leaks = f"{text}, more than {SIGMA:g}σ: laser light reaches the detectors past the beam shutter"
    below = f"{text}: the dark rate was not steady; look for stray light that was there only at the start"
    check = Check("no light, no signal", good, text if good else leaks if residual > 0 else below)
    results = {
        "residual_signal": Result(residual, spread, "1/s", method),
        "dark_rate": Result(rates.dark, rates.dark_error, "1/s", f"counts with every laser shut, {rates.dark_s:.4g} s"),
    }
    return Analysis(results, Verdict((check,)), ("no light was let to the sample: nothing is said of it",))


def _all_counts(run: RecordedRun) -> tuple[float, float, float]:
    """All counts of a run, their standard error, and the counting time (s)."""
    if not run.has_table("data") or run.table("data").n_points == 0:
        raise AnalysisError(f"{run.path}: nothing was recorded behind the shutter before the run ended")
    if run.procedure == "g2":
        tags = run.tags()
        counts = float(sum(tags.of(name).size for name in ("detector_1", "detector_2")))
        return counts, sqrt(counts + 1.0), tags.duration_s
    table = run.table("data")
    if run.procedure == "polarised-pl":
        variance = float(np.sum(np.asarray(table.column("counts_errors"), np.float64) ** 2))
        return float(np.sum(table.column("counts"))), sqrt(variance), float(np.sum(table.column("exposure_time")))
    seconds = float(np.sum(table.column("duration")))
    if run.procedure == "spin-pumping":
        counts = float(np.sum(table.column("counts")))
        return counts, sqrt(counts + 1.0), seconds
    names = ("counts", "counts_reference", "monitor", "monitor_reference")
    counts = float(sum(np.sum(table.column(name)) for name in names))
    return counts, sqrt(counts + 1.0), 2.0 * seconds  # microwave on, and off


# --- esr


_WHY_NONE = {
    MICROWAVE_OFF: "the microwave was off",
    OFF_RESONANCE: "the window was moved away from the resonance",
    HELICITY_SWAPPED: "light of the other helicity reads the other end of the spin's ladder",
}
_IF_THERE = {
    MICROWAVE_OFF: "what modulates the light if not the microwave? Compare with the gates' timing",
    OFF_RESONANCE: "the microwave changes the light at any frequency: heating, or pick-up of the detectors",
    HELICITY_SWAPPED: "the signal does not depend on the helicity: it is not the pumped spin that is seen",
}


def _no_resonance(run: RecordedRun, control: str, real: Analyse) -> Analysis:
    """Neither a line nor any difference between microwave on and off."""
    usual = real(run)
    sweep = esr.read_sweep(run)
    dopant = esr.dopant_of(run.sample)
    start, _ = esr.probed_projection(run.notes, dopant)
    try:
        significance = fit_multiplet(sweep, dopant, start).significance
    except ValueError as error:
        raise AnalysisError(f"{run.path}: {error}") from error
    value, stderr = mean_contrast(sweep)
    low, high = float(sweep.frequency_ghz.min()), float(sweep.frequency_ghz.max())
    found = f"between {low:.3f} and {high:.3f} GHz the best multiplet is worth {significance:.1f}σ"
    none = significance < esr.RESONANCE_SIGMA
    line = Check(
        "no resonance",
        none,
        f"{found}, no resonance (5σ), as {_WHY_NONE[control]}"
        if none
        else f"{found}: a resonance although {_WHY_NONE[control]}; {_IF_THERE[control]}",
    )
    text = f"counts with the output on and off differ by {value:.2%} ± {stderr:.2%} on average"
    equal = abs(value) <= SIGMA * stderr
    level = Check("on equals off", equal, text if equal else f"{text}: {_IF_THERE[control]}")
    method = "mean of on/off − 1 over the sweep, weighted; error from the scatter of the points where that is larger"
    results = usual.results | {"residual_signal": Result(value, stderr, "1", method)}
    steady = tuple(check for check in usual.verdict.checks if check.name == "reference")
    return Analysis(results, Verdict((line, level, *steady)), usual.warnings)


def mean_contrast(sweep: Sweep) -> tuple[float, float]:
    """Weighted mean of on/off − 1 over a sweep and its standard error, scaled up where points scatter more."""
    value, error = contrast(sweep)
    weight = 1.0 / np.maximum(error, _ROUND_OFF) ** 2
    mean = float(np.sum(weight * value) / np.sum(weight))
    scatter = float(np.sum(weight * (value - mean) ** 2)) / max(value.size - 1, 1)
    return mean, sqrt(max(scatter, 1.0) / float(np.sum(weight)))


# --- spin pumping


def _no_fluorescence(run: RecordedRun, control: str, real: Analyse) -> Analysis:
    """Under the shifted pump nothing resonant is left, relative to the top of the scan over the line."""
    usual = real(run)
    times = spin_pumping.pulse_times(run.notes)
    left = off_resonance_fraction(run, spin_pumping.histograms(run)[PUMP], times)
    away = run.notes.get("off_resonance")
    where = f" by {float(away['pump_detuning_mev']):+.3g} meV" if isinstance(away, dict) else ""
    text = f"the pump shifted{where} gives {left.value:.1%} ± {left.error:.1%} of the fluorescence on the line"
    limit = spin_pumping.QUIET_FRACTION
    quiet = left.value < limit + 2.0 * left.error
    check = Check(
        "no resonant fluorescence",
        quiet,
        text if quiet else f"{text} (limit {limit:.0%}): laser light in the detectors, or another line is hit",
    )
    method = "fluorescence in the pump gate over that at the top of the scan, both at equal brightness of the reset"
    results = usual.results | {"residual_signal": Result(left.value, left.error, "1", method)}
    return Analysis(results, Verdict((check,)), _without_controls(usual))


def off_resonance_fraction(run: RecordedRun, pump: Histogram, times: PulseTimes) -> Control:
    """Fluorescence in the pump gate relative to the top of the scan, both per photon of the reset.

    Raises AnalysisError without scan or reset: then nothing says how bright the line would be.
    """
    if not run.has_table("scan") or times.reset_width_ns <= 0:
        raise AnalysisError(f"{run.path}: no scan over the line, or no reset: nothing to compare the shifted pump with")
    table = run.table("scan")
    counts, monitor = (np.asarray(table.column(name), np.float64) for name in ("counts", "monitor"))
    lit = monitor > 0
    if np.count_nonzero(lit) < spin_pumping.TOP_POINTS:
        raise AnalysisError(f"{run.path}: the scan over the line shows no light of the reset: is the dot dark?")
    best = np.argsort(counts[lit] / monitor[lit])[-spin_pumping.TOP_POINTS :]
    top_counts, top_monitor = float(np.sum(counts[lit][best])), float(np.sum(monitor[lit][best]))
    excess, error = spin_pumping.gate_fluorescence(pump, times, probe=False)
    reset = spin_pumping.reset_counts(pump, times)
    if reset <= 0 or top_counts <= 0:
        raise AnalysisError(f"{run.path}: no light of the reset was counted: is the dot dark?")
    scale = top_monitor / top_counts / reset
    value = excess * scale
    relative = sqrt(1.0 / top_counts + 1.0 / top_monitor + 1.0 / reset)
    return Control(value, hypot(error * scale, value * relative))


def _reversed_helicity(run: RecordedRun, control: str, real: Analyse) -> Analysis:
    """σ⁻ instead of σ⁺ pumps as well, and the fluorescence has the other sign."""
    usual = real(run)
    by_condition = spin_pumping.histograms(run)
    if CROSSED not in by_condition:
        raise AnalysisError(f"{run.path}: the run ended before the other setting of the analyser was measured")
    times = spin_pumping.pulse_times(run.notes)
    found = spin_pumping.asymmetry(by_condition[CROSSED], by_condition[PUMP], times)
    text = f"under the σ⁻ pump (σ⁺ − σ⁻)/(σ⁺ + σ⁻) of the fluorescence is {found.value:.3f} ± {found.error:.3f}"
    turned = found.value < -SIGMA * found.error
    check = Check(
        "sign reversed",
        bool(turned),
        f"{text}: it has followed the helicity of the light"
        if turned
        else f"{text}: it does not follow the helicity of the light; check both quarter-wave plates",
    )
    method = (
        "σ⁺ and σ⁻ fluorescence in the pump gate, each relative to that of the reset, whose light is taken as "
        "unpolarised; positive under a σ⁺ pump"
    )
    results = usual.results | {"helicity_asymmetry": Result(found.value, found.error, "1", method)}
    return replace(usual, results=results, verdict=Verdict((check, *usual.verdict.checks)))


def _without_controls(usual: Analysis) -> tuple[str, ...]:
    """Warnings of the real analysis, without those that miss the controls: this run is one."""
    return tuple(text for text in usual.warnings if "control was measured" not in text)
