"""Optically detected spin resonance: where the lines are, what they say of the dopant, and whether to believe it."""

from math import hypot, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.likelihood import goodness_probability
from analysis.resonances import A_GHZ, D_GHZ, WIDTH_GHZ, ResonanceFit, Sweep, fit_multiplet, make_sweep
from analysis.spin_hamiltonian import GHZ_PER_UEV, DopantSpin, centre_ghz
from runfile.reading import RecordedRun, RecordedTable
from runfile.results import Analysis, Check, Result, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESONANCE_SIGMA = 5.0
LINE_SIGMA = 3.0
_GOODNESS = 1e-4
_SIGN_GAP = 9.0
_USEFUL_MONITOR = 100
"""Counts a brightness monitor needs: fewer (a run without reset has 0) would add more noise than they take."""
_EXCESS_SCATTER = 1.5


def read_sweep(run: RecordedRun) -> Sweep:
    """The sweep of an esr run, with the brightness monitor when it was recorded; AnalysisError when it is empty.

    Repeated sweeps are added up: one point a frequency, in order. Frequencies that were counted longer than others (the
    last sweep was not finished) have more counts; ``reference`` compares them at equal brightness or time.
    """
    table = run.table("data")
    if table.n_points == 0:
        raise AnalysisError(f"{run.path}: the sweep holds no point: nothing was recorded before the run ended")
    summed = ["counts", "counts_reference"]
    monitored = {"monitor", "monitor_reference"} <= set(table.columns)
    columns = {name: np.asarray(table.column(name), dtype=np.float64) for name in ["frequency", "field", *summed]}
    if monitored:
        columns |= {name: np.asarray(table.column(name), dtype=np.float64) for name in ("monitor", "monitor_reference")}
    point = _point_of(table)
    passes = np.bincount(point).astype(np.float64)
    total = {name: np.bincount(point, column) for name, column in columns.items()}
    frequency_ghz, field_t = total["frequency"] / passes, total["field"] / passes
    on, off = total["counts"], total["counts_reference"]
    if monitored and np.min(total["monitor"]) > _USEFUL_MONITOR:
        return make_sweep(frequency_ghz, on, off, field_t, total["monitor"], total["monitor_reference"])
    return make_sweep(frequency_ghz, on, off, field_t, passes=passes)


def _point_of(table: RecordedTable) -> npt.NDArray[np.intp]:
    """Number of the point in its sweep, for every row; a table without sweeps is one sweep."""
    rows = np.arange(table.n_points)
    if "sweep" not in table.columns:
        return rows
    _, first_row, sweep = np.unique(table.column("sweep"), return_index=True, return_inverse=True)
    return np.asarray(rows - first_row[sweep], dtype=np.intp)


def dopant_of(sample: dict[str, Any]) -> DopantSpin:
    """Spins and g factor of the first dopant on the sample sheet; Mn²⁺ with g = 2 when it names none.

    Rhombic and cubic terms are taken as known; D and the sign of A only help to choose between solutions that the data
    cannot tell apart. |A| is not used.
    """
    dopants = sample.get("dopants") or []
    if not dopants:
        return DopantSpin()
    sheet = dopants[0]

    def number(name: str, otherwise: float) -> float:
        value = sheet.get(name)
        return otherwise if value is None else float(value)

    return DopantSpin(
        spin=number("spin", 2.5),
        nuclear_spin=number("nuclear_spin", 2.5),
        g_factor=number("g_factor", 2.0),
        rhombic_ghz=number("zero_field_e_uev", 0.0) * GHZ_PER_UEV,
        cubic_ghz=number("cubic_a_uev", 0.0) * GHZ_PER_UEV,
        expected_d_ghz=number("zero_field_d_uev", 5.0) * GHZ_PER_UEV,
        hyperfine_sign=float(np.sign(number("hyperfine_uev", 0.0))),
    )


def probed_projection(notes: dict[str, Any], dopant: DopantSpin) -> tuple[float, tuple[str, ...]]:
    """m_S of the state the probe reads, from the notes; +S with a warning when they do not say."""
    probe = notes.get("probe")
    if isinstance(probe, dict) and isinstance(probe.get("spin_projection"), int | float):
        return float(probe["spin_projection"]), ()
    return dopant.spin, (
        f"the run does not say which spin state was probed (note 'probe'): +{dopant.spin:g} is assumed",
    )


def analyse(run: RecordedRun) -> Analysis:
    """Results and verdict of an esr run. AnalysisError when the sweep is empty or too short for a fit."""
    sweep = read_sweep(run)
    dopant = dopant_of(run.sample)
    start, warnings = probed_projection(run.notes, dopant)
    try:
        fit = fit_multiplet(sweep, dopant, start)
    except ValueError as error:
        raise AnalysisError(f"{run.path}: {error}") from error
    warnings += _sign_warnings(fit, dopant)
    if fit.error_scale > sqrt(_EXCESS_SCATTER):
        warnings += (
            f"the counts scatter {fit.error_scale:.1f} times more than photon noise (blinking or drift between "
            "microwave on and off); errors are enlarged accordingly",
        )
    if not run.sample.get("dopants"):
        warnings += ("the sample sheet names no dopant: Mn2+ with g = 2 is assumed",)
    return Analysis(esr_results(fit, dopant, start), Verdict(esr_checks(fit, sweep, dopant)), warnings)


def _sign_warnings(fit: ResonanceFit, dopant: DopantSpin) -> tuple[str, ...]:
    """What a reader must know of the sign of A, on which |A| depends through second-order shifts."""
    if fit.significance < RESONANCE_SIGMA:
        return ()
    other = f"with the other sign of A the fit gives |A| = {abs(fit.other_a_ghz) * 1e3:.1f} MHz"
    if dopant.hyperfine_sign == 0 and fit.sign_gap < _SIGN_GAP:
        return (f"the data do not tell the sign of A ({other}); its error covers both",)
    if dopant.hyperfine_sign * fit.fit.values[A_GHZ] < 0:
        return (f"the data contradict the sign of A on the sample sheet; {other}",)
    return ()


def _coupling_error_ghz(fit: ResonanceFit, dopant: DopantSpin) -> float:
    """Standard error of |A|; where the sign is neither known nor seen, half the distance of both solutions is added."""
    error = float(fit.fit.errors[A_GHZ]) * fit.error_scale
    if dopant.hyperfine_sign == 0 and fit.sign_gap < _SIGN_GAP:
        return hypot(error, 0.5 * (abs(fit.other_a_ghz) - abs(float(fit.fit.values[A_GHZ]))))
    return error


def esr_results(fit: ResonanceFit, dopant: DopantSpin, start: float) -> dict[str, Result]:
    """Numbers of the fit; all NaN, with the reason, when no resonance is significant."""
    step = f"m_S = {start:+g} ↔ {fit.target:+g}"
    method = f"Poisson likelihood fit of {dopant.n_lines} {fit.shape} hyperfine lines, exact spin Hamiltonian, {step}; "
    if fit.significance < RESONANCE_SIGMA:
        reason = f"not determined: no resonance stands out ({fit.significance:.1f}σ, needed {RESONANCE_SIGMA:g}σ)"
        units = {
            "resonance_frequency": "GHz",
            "contrast": "1",
            "hyperfine_constant": "MHz",
            "zero_field_splitting": "MHz",
            "linewidth": "MHz",
        }
        return {name: Result(float("nan"), float("nan"), unit, reason) for name, unit in units.items()}
    values, errors = fit.fit.values, fit.fit.errors * fit.error_scale
    sign = "positive" if values[A_GHZ] * values[D_GHZ] > 0 else "negative"
    found = {
        "resonance_frequency": Result(
            fit.centre_ghz,
            fit.centre_error_ghz,
            "GHz",
            method + "centre of the multiplet: the frequency this transition has without hyperfine coupling (A → 0), "
            "not the mean of the lines, which second-order shifts displace",
        ),
        "contrast": Result(
            fit.peak_contrast,
            fit.peak_contrast_error,
            "1",
            method
            + "on/off − 1 at the top of a line above the baseline, mean over the lines and over both line shapes",
        ),
        "hyperfine_constant": Result(
            abs(float(values[A_GHZ])) * 1e3,
            _coupling_error_ghz(fit, dopant) * 1e3,
            "MHz",
            method + f"|A|/h, for A·D {sign}" + (", a sign the sample sheet gives" if dopant.hyperfine_sign else ""),
        ),
        "zero_field_splitting": Result(
            float(values[D_GHZ]) * 1e3,
            float(errors[D_GHZ]) * 1e3,
            "MHz",
            method + "D/h, axial term D [S_z² − S(S+1)/3]; field and g factor as recorded and on the sample sheet",
        ),
        "linewidth": Result(
            float(values[WIDTH_GHZ]) * 1e3,
            float(errors[WIDTH_GHZ]) * 1e3,
            "MHz",
            method + "common full width at half maximum, power broadening included",
        ),
    }
    return found | _line_results(fit, dopant, method)


def _line_results(fit: ResonanceFit, dopant: DopantSpin, method: str) -> dict[str, Result]:
    """Frequency and height of each hyperfine line."""
    found = {}
    for k in range(dopant.n_lines):
        m_nuclear = -dopant.nuclear_spin + k
        found[f"line_{k + 1}_frequency"] = Result(
            float(fit.line_frequency_ghz[k]),
            float(fit.line_frequency_error_ghz[k]),
            "GHz",
            method + f"line of m_I = {m_nuclear:+g} (A > 0 assumed for the sign) at the mean field",
        )
        found[f"line_{k + 1}_contrast"] = Result(
            float(fit.line_contrast[k]),
            float(fit.line_error[k]),
            "1",
            method + f"height of the line m_I = {m_nuclear:+g}",
        )
    return found


def esr_checks(fit: ResonanceFit, sweep: Sweep, dopant: DopantSpin) -> tuple[Check, ...]:
    """Is there a resonance, are all hyperfine lines there, was the reference steady, does the model fit."""
    if fit.significance < RESONANCE_SIGMA:
        low, high = float(sweep.frequency_ghz.min()), float(sweep.frequency_ghz.max())
        sentence = (
            f"no resonance between {low:.3f} and {high:.3f} GHz: the best multiplet is worth {fit.significance:.1f}σ, "
            f"needed {RESONANCE_SIGMA:g}σ"
        )
        return (Check("resonance", False, sentence), _reference_check(sweep))
    seen = int(np.sum(fit.line_contrast > LINE_SIGMA * fit.line_error))
    n = dopant.n_lines
    lines = f"{seen} of {n} hyperfine lines stand {LINE_SIGMA:g}σ above the baseline"
    probability = goodness_probability(fit.deviance, fit.dof)
    text = f"deviance/dof of the resonance fit is {fit.deviance:.0f}/{fit.dof}"
    good = probability > _GOODNESS
    return (
        Check("resonance", True, f"the hyperfine multiplet is seen with {min(fit.significance, 999):.0f}σ"),
        Check("hyperfine lines", seen == n, lines if seen == n else f"{lines}: sweep wider or count longer"),
        _reference_check(sweep),
        Check(
            "resonance fit", good, text if good else f"{text}: the counts scatter more than photons or the model fails"
        ),
    )


def _reference_check(sweep: Sweep) -> Check:
    """The counts without microwave must not depend on its frequency. A steady drift is not held against them.

    Counts are compared at equal brightness where that was monitored. What matters is a change that could look like a
    line, so the test is χ² about a straight line in frequency.
    """
    x = sweep.frequency_ghz - float(np.mean(sweep.frequency_ghz))
    sigma = sweep.reference_error
    design = np.column_stack((np.ones_like(x), x)) / sigma[:, None]
    best, *_ = np.linalg.lstsq(design, sweep.reference / sigma, rcond=None)
    chi2, dof = float(np.sum((sweep.reference / sigma - design @ best) ** 2)), x.size - 2
    good = goodness_probability(chi2, dof) > _GOODNESS
    text = f"the reference without microwave is flat over the sweep, χ²/dof {chi2:.0f}/{dof}"
    return Check(
        "reference",
        good,
        text
        if good
        else f"the reference without microwave varies over the sweep (χ²/dof {chi2:.0f}/{dof}): "
        "blinking, drift or a source that leaks when off",
    )


def hyperfine_free_centre(fit: ResonanceFit, dopant: DopantSpin, field_t: float, start: float) -> float:
    """Centre frequency (GHz) the fitted D gives at another field: where to sweep next."""
    return centre_ghz(dopant, float(fit.fit.values[D_GHZ]), field_t, start, fit.target)


def figure(run: RecordedRun) -> "Figure":
    """Contrast against frequency with the fitted multiplet and residuals, for a slide."""
    from analysis.spectra_figures import esr_figure

    sweep = read_sweep(run)
    dopant = dopant_of(run.sample)
    start, _ = probed_projection(run.notes, dopant)
    try:
        fit = fit_multiplet(sweep, dopant, start)
    except ValueError as error:
        raise AnalysisError(f"{run.path}: {error}") from error
    return esr_figure(sweep, dopant, start, fit, run.title, seen=fit.significance >= RESONANCE_SIGMA)
