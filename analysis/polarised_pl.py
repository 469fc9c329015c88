"""Circularly polarised photoluminescence: lines, their polarisation and the spin populations they show.

Data → σ⁺ and σ⁻ spectra (calibrated response inverted) → lines → results. At zero field σ⁺ and σ⁻ lines coincide
(time reversal), so positions come from their sum and only the areas from each; in a field each is fitted alone.
"""

from dataclasses import dataclass, replace
from math import exp, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import constants

from analysis.errors import AnalysisError
from analysis.likelihood import goodness_probability
from analysis.lines import MAX_LINES, LineFit, fit_areas, fit_lines, refit_lines
from analysis.polarimetry import (
    CONDITION_LIMIT,
    AnalyserCalibration,
    CircularComponents,
    calibrate,
    degree,
    gains,
    ideal_calibration,
    invert,
)
from runfile.reading import RecordedRun, RecordedTable
from runfile.results import Analysis, Check, Result, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

HC_MEV_NM = constants.h * constants.c / constants.e * 1e12
"""Photon energy (meV) times vacuum wavelength (nm)."""
BOHR_MEV_PER_T = constants.value("Bohr magneton in eV/T") * 1e3
MN_LINES = 6
ZERO_FIELD_T = 0.005
"""Below this field the lines shift by less than 1 µeV: σ⁺ and σ⁻ are taken to coincide."""
FIELD_TOLERANCE_T = 0.002
"""Exposures whose fields differ by less belong together: read-back noise."""
_REDUCED_CHI2_LIMIT = 1.3
_GHOST_SIGMA = 2.0
"""Ghosts stronger than this many errors of a line's area can spoil the fit."""
_USUAL_SPACING_MEV = 1.0
"""Lines of single-manganese dots lie 0.3 to 4 meV apart."""
_MERGING = 0.3
"""Lines wider than this fraction of their spacing overlap so much that a misfit of their shape makes extra lines."""


@dataclass(frozen=True)
class Spectra:
    """σ⁺ and σ⁻ spectra at one field, scaled so that one unit is about one detected photo-electron; all (n_pixels,)."""

    field_t: float
    energy_mev: FloatArray
    components: CircularComponents
    gain_plus: float
    gain_minus: float
    brightness_known: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class FieldFit:
    """Lines at one field. ``plus``, ``minus``: fits of the two spectra; areas and covariances (n_lines,) of each.

    ``common``: at zero field the fit of σ⁺ + σ⁻, else None.
    """

    spectra: Spectra
    common: LineFit | None
    plus: LineFit
    minus: LineFit
    area_plus: FloatArray
    area_minus: FloatArray
    covariance_plus: FloatArray
    covariance_minus: FloatArray
    correlation: float

    @property
    def lines(self) -> LineFit:
        """The fit whose positions are reported: the common one at zero field, σ⁺ in a field."""
        return self.common if self.common is not None else self.plus

    @property
    def n_lines(self) -> int:
        """Number of lines, of the richer of the two spectra in a field."""
        return self.common.n_lines if self.common is not None else max(self.plus.n_lines, self.minus.n_lines)

    @property
    def paired(self) -> bool:
        """True when σ⁺ and σ⁻ hold the same number of lines, so that they can be compared one by one."""
        return self.area_plus.size == self.area_minus.size > 0


def read_calibration(run: RecordedRun) -> tuple[AnalyserCalibration, tuple[str, ...]]:
    """The analyser's calibration from the run, or a perfect plate with a warning when it was not measured."""
    if not run.has_table("calibration") or run.table("calibration").n_points == 0:
        return ideal_calibration(), (
            "the analyser was not calibrated in this run: a perfect quarter-wave plate is assumed, so crosstalk "
            "between σ⁺ and σ⁻ of a few per cent is possible",
        )
    table = run.table("calibration")
    try:
        found = calibrate(table.column("analyser_angle"), table.column("counts"), table.column("counts_errors"))
    except ValueError as error:
        raise AnalysisError(f"{run.path}, table calibration: {error}") from error
    return found, ()


def read_spectra(table: RecordedTable, calibration: AnalyserCalibration) -> list[Spectra]:
    """Invert the exposures of a table, one entry per field value in the order they were taken."""
    if table.n_points == 0:
        raise AnalysisError(f"table {table.title!r} holds no exposure: nothing was recorded before the run ended")
    energy = HC_MEV_NM / np.asarray(table.column("wavelength"), dtype=np.float64)
    field = np.asarray(table.column("field"), dtype=np.float64)
    counts = np.asarray(table.column("counts"), dtype=np.float64)
    variance = np.asarray(table.column("counts_errors"), dtype=np.float64) ** 2
    angle, seconds = table.column("analyser_angle"), table.column("exposure_time")
    found = []
    for rows in group_values(field, FIELD_TOLERANCE_T):
        try:
            found.append(
                circular_spectra(
                    float(np.mean(field[rows])),
                    energy,
                    counts[rows],
                    variance[rows],
                    angle[rows],
                    seconds[rows],
                    calibration,
                )
            )
        except ValueError as error:
            raise AnalysisError(f"spectra at {field[rows[0]]:.3f} T: {error}") from error
    return found


def group_values(values: FloatArray, tolerance: float) -> list[npt.NDArray[np.intp]]:
    """Rows (indices) with one value, up to ``tolerance``, in order of first appearance."""
    groups: list[list[int]] = []
    for row, value in enumerate(values):
        for group in groups:
            if abs(values[group[0]] - value) <= tolerance:
                group.append(row)
                break
        else:
            groups.append([row])
    return [np.array(group, dtype=np.intp) for group in groups]


def circular_spectra(
    field_t: float,
    energy_mev: FloatArray,
    counts: FloatArray,
    variance: FloatArray,
    setting_deg: FloatArray,
    exposure_s: FloatArray,
    calibration: AnalyserCalibration,
) -> Spectra:
    """σ⁺ and σ⁻ of exposures (n_exposures, n_pixels) at one field; ValueError as :func:`polarimetry.invert`."""
    # Exposures of one setting are summed before anything is weighted: weights that follow a blinking dot's brightness
    # would favour its dark moments.
    groups = group_values(np.asarray(setting_deg, dtype=np.float64), 1.0)
    summed = np.array([counts[rows].sum(axis=0) for rows in groups])
    spread = np.array([variance[rows].sum(axis=0) for rows in groups])
    seconds = np.array([float(np.sum(exposure_s[rows])) for rows in groups])
    angles = np.array([float(np.mean(setting_deg[rows])) for rows in groups])
    # Seconds are counted in units of half the total exposure: with an ideal analyser one unit is one photo-electron.
    components = invert(summed, spread, angles, seconds / (0.5 * float(np.sum(seconds))), calibration)
    brightness, warnings = _brightness_error(counts, variance, exposure_s, groups)
    unsteady = np.diag([0.5 * brightness, -0.5 * brightness])
    components = replace(components, mixing=np.concatenate((components.mixing, unsteady[None])))
    gain_plus, gain_minus = gains(components, summed)
    known = any(rows.size >= 2 for rows in groups)
    return Spectra(field_t, energy_mev, components, gain_plus, gain_minus, known, (*components.warnings, *warnings))


def _brightness_error(
    counts: FloatArray, variance: FloatArray, exposure_s: FloatArray, groups: list[npt.NDArray[np.intp]]
) -> tuple[float, tuple[str, ...]]:
    """Standard error of ln(I₊/I₋) because the dot's brightness changes between exposures (blinking, drift).

    From the scatter of repeated exposures of one setting beyond photon noise; with a warning when none was repeated.
    """
    rate = counts.sum(axis=1) / exposure_s
    noise = variance.sum(axis=1) / np.asarray(exposure_s) ** 2
    excess, dof = 0.0, 0
    for rows in groups:
        if rows.size < 2:
            continue
        mean = float(np.mean(rate[rows]))
        excess += float(np.sum((rate[rows] - mean) ** 2) - (rows.size - 1) * np.mean(noise[rows])) / mean**2
        dof += rows.size - 1
    if dof == 0:
        return 0.0, (
            "each analyser setting was exposed only once: how far the dot's brightness changes between exposures "
            "(blinking) is not known and not in the errors of polarisation and populations; use repeats",
        )
    relative_variance = max(excess / dof, 0.0)
    return sqrt(relative_variance * sum(1.0 / rows.size for rows in groups)), ()


def fit_field(spectra: Spectra) -> FieldFit:
    """Find and fit the lines of both spectra at one field."""
    energy, parts = spectra.energy_mev, spectra.components
    plus = (energy, parts.sigma_plus, parts.variance_plus)
    minus = (energy, parts.sigma_minus, parts.variance_minus)
    spread = np.sqrt(np.maximum(parts.variance_plus * parts.variance_minus, 1e-300))
    correlation = float(np.mean(parts.covariance / spread))
    if abs(spectra.field_t) >= ZERO_FIELD_T:
        fit_p, fit_m = fit_lines(*plus, gain=spectra.gain_plus), fit_lines(*minus, gain=spectra.gain_minus)
        return _field_fit(spectra, None, fit_p, fit_m, correlation)
    both_variance = parts.variance_plus + parts.variance_minus + 2.0 * parts.covariance
    both_gain = 0.5 * (spectra.gain_plus + spectra.gain_minus)
    common = fit_lines(energy, parts.sigma_plus + parts.sigma_minus, np.maximum(both_variance, 0.0), gain=both_gain)
    if common.n_lines == 0:
        return _field_fit(spectra, common, common, common, correlation)
    fit_p = refit_lines(*plus, common, gain=spectra.gain_plus)
    fit_m = refit_lines(*minus, common, gain=spectra.gain_minus)
    areas_p = fit_areas(*plus, common, gain=spectra.gain_plus)
    areas_m = fit_areas(*minus, common, gain=spectra.gain_minus)
    return FieldFit(spectra, common, fit_p, fit_m, areas_p[0], areas_m[0], areas_p[1], areas_m[1], correlation)


def _field_fit(spectra: Spectra, common: LineFit | None, plus: LineFit, minus: LineFit, correlation: float) -> FieldFit:
    def part(fit: LineFit) -> FloatArray:
        return np.asarray(fit.covariance[fit.n_lines :, fit.n_lines :])

    return FieldFit(spectra, common, plus, minus, plus.area, minus.area, part(plus), part(minus), correlation)


def analyse(run: RecordedRun) -> Analysis:
    """Results and verdict of a polarised-pl run.

    Raises AnalysisError when the tables are missing, empty or cannot be inverted.
    """
    calibration, warnings = read_calibration(run)
    fits = [fit_field(spectra) for spectra in read_spectra(run.table("data"), calibration)]
    first = fits[0]
    results = line_results(first)
    results |= polarisation_results(first)
    results |= population_results(first)
    if len(fits) > 1:
        results |= field_results(fits)
    checks = verdict_checks(first, calibration, run.has_table("calibration"), expected_lines(run.sample))
    extra = list(warnings) + list(first.spectra.warnings)
    if first.lines.faint_lines:
        extra.append(
            f"{first.lines.faint_lines} weak line(s) (dark exciton, biexciton, or below 3 % of the strongest) were "
            "fitted but not counted"
        )
    return Analysis(results, Verdict(checks), tuple(extra))


def expected_lines(sample: dict[str, Any]) -> int:
    """Lines one dopant gives, 2S + 1 of the first dopant on the sample sheet; six (Mn²⁺) when it names none."""
    dopants = sample.get("dopants") or []
    return round(2 * float(dopants[0].get("spin", 2.5))) + 1 if dopants else MN_LINES


def line_results(fit: FieldFit) -> dict[str, Result]:
    """Number of lines, total splitting, width and the energy of every line (meV)."""
    lines = fit.lines
    where = "the sum of σ⁺ and σ⁻" if fit.common is not None else "the σ⁺ spectrum"
    method = f"joint fit of Voigt lines of common width to {where} at {fit.spectra.field_t:.3f} T; "
    chance = exp(-0.5 * max(min(lines.runner_up_gap, 100.0), 0.0))
    uncertain = sqrt(chance) / (1.0 + chance) if lines.runner_up_gap < 100.0 else 0.0
    found = {
        "n_lines": Result(float(fit.n_lines), uncertain, "1", method + "number by information criterion and 5σ floor"),
    }
    n = lines.n_lines
    if n >= 2:
        spread = lines.covariance[0, 0] + lines.covariance[n - 1, n - 1] - 2 * lines.covariance[0, n - 1]
        value = float(lines.energy_mev[-1] - lines.energy_mev[0])
        found["total_splitting"] = Result(value, sqrt(spread), "meV", method + "last minus first line")
    else:
        found["total_splitting"] = Result(float("nan"), float("nan"), "meV", method + "needs at least two lines")
    for k in range(n):
        found[f"line_{k + 1}_energy"] = Result(
            float(lines.energy_mev[k]), float(lines.energy_error_mev[k]), "meV", method + "vacuum photon energy"
        )
    return found


def polarisation_results(fit: FieldFit) -> dict[str, Result]:
    """Degree of circular polarisation of all lines together and of each."""
    method = (
        "(I₊ − I₋)/(I₊ + I₋) of fitted line areas; response of the analyser inverted, errors of counting, of the "
        "calibration and of the brightness between exposures propagated"
    )
    everything = np.ones(fit.area_plus.size), np.ones(fit.area_minus.size)
    found = {"circular_polarisation": _degree_of(fit, *everything, method)}
    if fit.paired and fit.area_plus.size > 1:
        for k in range(fit.area_plus.size):
            pick = np.zeros(fit.area_plus.size)
            pick[k] = 1.0
            name = f"line_{k + 1}_circular_polarisation"
            found[name] = _degree_of(fit, pick, pick, method + "; lines paired in order of energy")
    return found


def _degree_of(fit: FieldFit, pick_plus: FloatArray, pick_minus: FloatArray, method: str) -> Result:
    plus, minus = float(pick_plus @ fit.area_plus), float(pick_minus @ fit.area_minus)
    var_plus = float(pick_plus @ fit.covariance_plus @ pick_plus)
    var_minus = float(pick_minus @ fit.covariance_minus @ pick_minus)
    cross = fit.correlation * sqrt(max(var_plus * var_minus, 0.0))
    covariance = np.array([[var_plus, cross], [cross, var_minus]])
    value, error = degree(plus, minus, covariance, fit.spectra.components.mixing)
    return Result(value, error, "1", method)


def population_results(fit: FieldFit) -> dict[str, Result]:
    """Populations of S_z = −5/2 … +5/2 at the time of emission, when both spectra hold six lines.

    A line's area measures how often the dopant was in the state the line belongs to: in σ⁺ the lowest line belongs
    to S_z = −5/2 and the highest to +5/2, in σ⁻ the other way round (I_h > 0, as for Mn²⁺ in II-VI hosts).
    """
    if not (fit.paired and fit.area_plus.size == MN_LINES):
        return {}
    weights = fit.area_plus + fit.area_minus[::-1]
    total = float(np.sum(weights))
    covariance = fit.covariance_plus + fit.covariance_minus[::-1, ::-1]
    cross = fit.correlation * np.sqrt(np.outer(np.diag(fit.covariance_plus), np.diag(fit.covariance_minus)))
    # σ⁺ line k and σ⁻ line k share pixels; they enter the weights k and n−1−k.
    overlap = np.diag(np.diag(cross))[:, ::-1]
    covariance = covariance + overlap + overlap.T
    share = weights / total
    gradient = (np.eye(MN_LINES) - share[:, None]) / total
    spread = gradient @ covariance @ gradient.T
    for shift in fit.spectra.components.mixing:
        d_plus = shift[0, 0] * fit.area_plus + shift[0, 1] * fit.area_minus
        d_minus = shift[1, 0] * fit.area_plus + shift[1, 1] * fit.area_minus
        step = gradient @ (d_plus + d_minus[::-1])
        spread = spread + np.outer(step, step)
    method = (
        "share of σ⁺ line k plus σ⁻ line 7−k; assignment: in σ⁺ the lowest line is S_z = −5/2, mirrored in σ⁻; "
        "population at the time of emission, not in the dark"
    )
    names = ("m5_2", "m3_2", "m1_2", "p1_2", "p3_2", "p5_2")
    return {
        f"sz_population_{name}": Result(float(share[k]), sqrt(max(float(spread[k, k]), 0.0)), "1", method)
        for k, name in enumerate(names)
    }


def field_results(fits: list[FieldFit]) -> dict[str, Result]:
    """Zeeman splitting at each field (meV) and the exciton's g factor from its slope.

    Splitting = mean energy of the σ⁺ lines − mean energy of the σ⁻ lines (unweighted: free of thermal weights).
    """
    method = "mean σ⁺ line energy minus mean σ⁻ line energy"
    found: dict[str, Result] = {}
    field, splitting, error = [], [], []
    for k, fit in enumerate(fits):
        result = Result(float("nan"), float("nan"), "meV", method + ": different numbers of lines in σ⁺ and σ⁻")
        if fit.paired:
            value = float(np.mean(fit.plus.energy_mev) - np.mean(fit.minus.energy_mev))
            spread = sqrt(_mean_energy_variance(fit.plus) + _mean_energy_variance(fit.minus))
            result = Result(value, spread, "meV", f"{method}, at {fit.spectra.field_t:.4f} T")
            field.append(fit.spectra.field_t)
            splitting.append(value)
            error.append(max(spread, 1e-9))
        found[f"zeeman_splitting_{k + 1}"] = result
    if len(field) >= 2:
        strongest = int(np.argmax(np.abs(field)))
        found["zeeman_splitting"] = Result(
            splitting[strongest], error[strongest], "meV", f"{method}, at the largest field, {field[strongest]:.4f} T"
        )
        design = np.column_stack((np.ones(len(field)), np.array(field) * BOHR_MEV_PER_T)) / np.array(error)[:, None]
        covariance = np.linalg.pinv(design.T @ design)
        slope = float((covariance @ design.T @ (np.array(splitting) / np.array(error)))[1])
        found["exciton_g_factor"] = Result(
            slope, sqrt(float(covariance[1, 1])), "1", "straight line through E(σ⁺) − E(σ⁻) = g μ_B B + offset"
        )
    return found


def _mean_energy_variance(lines: LineFit) -> float:
    n = lines.n_lines
    return float(np.sum(lines.covariance[:n, :n])) / n**2


def verdict_checks(
    fit: FieldFit, calibration: AnalyserCalibration, calibrated: bool, expected: int
) -> tuple[Check, ...]:
    """The questions a reader would ask before trusting the spectra."""
    checks = [lines_check(fit.n_lines, expected, fit.lines), _signal_check(fit), _chi2_check(fit)]
    if fit.common is not None and fit.common.n_lines:
        checks.append(_mirror_check(fit))
    if not fit.spectra.brightness_known:
        text = "each setting was exposed once: blinking between σ⁺ and σ⁻ looks like polarisation; use repeats ≥ 2"
        checks.append(Check("exposures repeated", False, text))
    if calibrated:
        condition = fit.spectra.components.condition_number
        good = condition <= CONDITION_LIMIT and calibration.goodness > 1e-4
        checks.append(
            Check(
                "analyser calibrated",
                good,
                f"retardance {calibration.retardance_deg:.1f} ± {calibration.retardance_error_deg:.1f}°, offset "
                f"{calibration.offset_deg:.2f} ± {calibration.offset_error_deg:.2f}°, condition number {condition:.2f} "
                f"(limit {CONDITION_LIMIT:g}), χ²/dof {calibration.chi2:.0f}/{calibration.dof}"
                + ("" if good else ": repeat the calibration and use settings near ±45°"),
            )
        )
    return tuple(checks)


def lines_check(n_lines: int, expected: int, lines: LineFit | None = None) -> Check:
    """Does the number of lines fit one dopant of 2S + 1 = ``expected`` lines? Shared by all spectra of this room.

    ``lines``: the fit they come from, so that the sentence can tell broad lines from many dopants.
    """
    name = f"{_word(expected)} lines"
    single = "a single Mn2+" if expected == MN_LINES else "a single dopant"
    found = f"found {n_lines} line{'' if n_lines == 1 else 's'}{' or more' if n_lines >= MAX_LINES else ''}"
    if n_lines == expected:
        return Check(name, True, f"{found}, as {single} gives")
    if n_lines == 0:
        return Check(name, False, "found no line at all: the dot is dark, misaligned or outside the window")
    doubt = "" if lines is None else _broad_lines(lines, expected)
    if doubt:
        return Check(name, False, f"{found}, {single} gives {expected}: {doubt}, so dopants cannot be counted")
    if n_lines == 1:
        return Check(name, False, f"{found}, {single} needs {expected}: the dot looks undoped")
    if n_lines < expected:
        return Check(name, False, f"{found}, {single} needs {expected}: the others are too weak or not resolved")
    return Check(name, False, f"{found}, {single} gives {expected}: more than one dopant")


def _broad_lines(lines: LineFit, expected: int) -> str:
    """Why the number of lines says nothing about dopants: lines so broad that a multiplet merges; "" if sharp."""
    span = float(np.ptp(lines.energy_mev)) if lines.n_lines > 1 else 0.0
    spacing = max(span / (expected - 1), _USUAL_SPACING_MEV)
    if not lines.fwhm_mev > _MERGING * spacing:
        return ""
    return f"they are {lines.fwhm_mev:.2g} meV wide and lines merge (is the dot warm, the slit wide?)"


def _word(number: int) -> str:
    words = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}
    return words.get(number, str(number))


def _signal_check(fit: FieldFit) -> Check:
    strengths = fit.lines.significance
    if strengths.size == 0:
        return Check("signal to noise", False, "no line stands 5σ above the noise: expose longer")
    best, worst = float(np.max(strengths)), float(np.min(strengths))
    good = best >= 20.0 and worst >= 5.0
    text = f"the strongest line stands {best:.0f}σ above zero, the weakest {worst:.0f}σ"
    return Check("signal to noise", good, text if good else text + " (needed: 20σ and 5σ): expose longer")


def _chi2_check(fit: FieldFit) -> Check:
    lines = fit.lines
    good = lines.reduced_chi2 < _REDUCED_CHI2_LIMIT
    text = f"χ²/dof of the line fit is {lines.chi2:.0f}/{lines.dof} = {lines.reduced_chi2:.2f}"
    if good:
        return Check("line fit", True, text)
    reason = _crosstalk_ghosts(fit) or "the model misses a feature"
    return Check("line fit", False, f"{text}, above {_REDUCED_CHI2_LIMIT}: {reason}")


def _crosstalk_ghosts(fit: FieldFit) -> str:
    """In a field σ⁺ and σ⁻ lines differ, and what the inversion leaves of one in the other looks like lines; or ""."""
    if fit.common is not None or fit.plus.n_lines == 0 or fit.minus.n_lines == 0:
        return ""
    mixing = fit.spectra.components.mixing
    ghost = float(np.sqrt(np.sum(mixing[:, 0, 1] ** 2))) * float(np.max(fit.minus.area))
    if ghost < _GHOST_SIGMA * float(np.min(fit.plus.area_error)) / sqrt(max(fit.plus.reduced_chi2, 1.0)):
        return ""
    return (
        f"the calibration leaves ghosts of up to {ghost:.0f} counts of the σ⁻ lines in σ⁺ (one standard error of its "
        "crosstalk): calibrate with more light (calibration_exposure)"
    )


def _mirror_check(fit: FieldFit) -> Check:
    """At zero field σ⁺ and σ⁻ lines must coincide; lines too weak in one of them say nothing."""
    error = np.hypot(fit.plus.energy_error_mev, fit.minus.energy_error_mev)
    seen = (fit.plus.significance > 5) & (fit.minus.significance > 5) & (error > 0)
    shift = fit.plus.energy_mev - fit.minus.energy_mev
    chi2 = float(np.sum((shift[seen] / error[seen]) ** 2))
    n = int(np.sum(seen))
    if n == 0:
        return Check("mirror", False, "no line is strong enough in both σ⁺ and σ⁻ to compare their positions")
    good = goodness_probability(chi2, n) > 1e-3
    worst = float(np.max(np.abs(shift[seen]))) * 1e3
    text = f"σ⁺ and σ⁻ positions of {n} lines differ by at most {worst:.1f} µeV (χ² {chi2:.1f} for {n})"
    return Check("mirror", good, text if good else f"{text}: at zero field they must coincide; is the field zero?")


def figure(run: RecordedRun) -> "Figure":
    """σ⁺ and σ⁻ spectra with fits and residuals, polarisation and spin populations, for a slide."""
    from analysis.spectra_figures import polarised_pl_figure

    calibration, _ = read_calibration(run)
    fit = fit_field(read_spectra(run.table("data"), calibration)[0])
    results = polarisation_results(fit) | population_results(fit)
    return polarised_pl_figure(fit, results, run.title)
