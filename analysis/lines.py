"""How many lines a spectrum holds, and where: search by matched filter, joint fit, decision by likelihood.

Model of one pixel: background + Σ area_i × (Voigt line at energy_i averaged over the pixel), with one common Gaussian
(instrument) and Lorentzian (homogeneous) width. The fit works on counts per pixel between the pixel's own edges in
energy, so an axis that is not uniform in energy (hc/λ) needs no Jacobian.

Counting noise belongs to the expected, not to the observed counts: weights that follow the observed counts pull a
fit low. ``fit_lines`` therefore iterates: the part of ``variance`` proportional to the counts is replaced by the
model's, which makes the result the Poisson maximum (quasi-)likelihood estimate.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter
from scipy.optimize import least_squares

from analysis.likelihood import goodness_probability, invert_information
from analysis.line_search import Spectrum, cut, first_guesses, main_window, matched_filter, prepare
from analysis.line_shape import pixel_profile, voigt_fwhm

FloatArray = npt.NDArray[np.float64]

_SATELLITE_CONTRAST = 2.5
MAX_LINES = 24
"""Most lines a fit looks for; a spectrum with so many holds "at least" that number."""
_FAINT_FLOOR = 4.0
_SHAPE_TOLERANCE = 0.04
"""A neighbour closer than one width must hold this fraction of a line's area: less could be a line-shape error."""


@dataclass(frozen=True)
class LineFit:
    """Lines found in a spectrum, in order of energy; arrays are (n_lines,).

    ``energy_mev``, ``area`` (in the unit of the counts, summed over pixels), their errors, and ``covariance``
    (2 n_lines, 2 n_lines) of (energies, areas). ``fwhm_mev`` is the common width. ``model`` and ``residuals``
    (n_pixels,) are fitted counts and (counts − model)/σ; residuals are NaN outside the window around the main lines,
    which alone is fitted (``chi2``, ``dof``). ``significance``: of each line, in standard deviations.
    ``faint_energy_mev``, ``faint_area``: significant lines that were fitted but not counted, because they are too weak
    or form a weaker group below the main one (dark excitons, biexcitons).
    Errors are scaled up by sqrt(reduced χ²) where that exceeds 1.
    """

    energy_mev: FloatArray
    energy_error_mev: FloatArray
    area: FloatArray
    area_error: FloatArray
    covariance: FloatArray
    significance: FloatArray
    fwhm_mev: float
    gaussian_sigma_mev: float
    lorentzian_hwhm_mev: float
    background: float
    background_error: float
    model: FloatArray
    residuals: FloatArray
    chi2: float
    dof: int
    faint_energy_mev: FloatArray
    faint_area: FloatArray
    runner_up_gap: float
    """How much worse (in the information criterion) the best spectrum with another number of lines is; inf if none."""

    @property
    def n_lines(self) -> int:
        """Number of lines counted."""
        return int(self.energy_mev.size)

    @property
    def faint_lines(self) -> int:
        """Number of lines fitted but not counted."""
        return int(self.faint_energy_mev.size)

    @property
    def reduced_chi2(self) -> float:
        """χ² over degrees of freedom."""
        return self.chi2 / self.dof if self.dof > 0 else float("nan")

    @property
    def goodness(self) -> float:
        """Probability of a χ² at least this large."""
        return goodness_probability(self.chi2, self.dof)


@dataclass(frozen=True)
class _State:
    """One fitted set of lines: parameters are background, σ², γ, energies, areas."""

    background: float
    variance: float
    hwhm: float
    energy: FloatArray
    area: FloatArray
    model: FloatArray
    chi2: float
    covariance: FloatArray

    @property
    def fwhm(self) -> float:
        return voigt_fwhm(sqrt(self.variance), self.hwhm)


def fit_lines(
    energy_mev: npt.ArrayLike,
    counts: npt.ArrayLike,
    variance: npt.ArrayLike,
    *,
    gain: float = 1.0,
    max_lines: int = MAX_LINES,
    significance_floor: float = 5.0,
    minimum_fraction: float = 0.03,
) -> LineFit:
    """Find and fit the lines of one spectrum.

    ``energy_mev``, ``counts``, ``variance``: (n_pixels,), energies in either order. ``gain``: variance per count of
    the counted signal (1 for photo-electrons; other for an inverted or scaled spectrum; 0 to take ``variance`` as
    exact). A line is accepted when it lowers χ² by both ``significance_floor``² and the Bayesian information
    criterion's price of two parameters. ``minimum_fraction``: weaker lines, relative to the strongest, are fitted
    but not counted. Only a window around the peaks of at least 4 % of the highest peak is fitted: phonon replicas and
    biexciton lines outside it are another multiplet.
    Raises ValueError for arrays of unequal or too short length, or values that are not finite.
    """
    spectrum, order = prepare(energy_mev, counts, variance, gain)
    inside = main_window(spectrum, significance_floor)
    window = cut(spectrum, inside)
    state, runner_up = _search(window, max_lines, significance_floor, minimum_fraction)
    state = _add_faint(window, state, max_lines, minimum_fraction)
    counted = np.flatnonzero(state.area >= minimum_fraction * np.max(state.area, initial=0.0))
    counted = _without_satellites(counted, state.energy, state.area)
    return _report(spectrum, inside, state, order, counted, runner_up)


def _without_satellites(counted: npt.NDArray[np.intp], energy: FloatArray, area: FloatArray) -> npt.NDArray[np.intp]:
    """Drop a weaker group of lines below the main multiplet: dark excitons, biexcitons.

    Both lie at lower energy. A group is dropped when every line above it is at least 2.5 times stronger than every line
    in it, and the gap to it, or its own spacing, differs from that of the (three or more) lines above by more than a
    quarter.
    """
    order = counted[np.argsort(energy[counted])]
    for first in range(1, order.size - 2):
        below, above = order[:first], order[first:]
        spacing = float(np.median(np.diff(energy[above])))
        gap = float(energy[above[0]] - energy[below[-1]])
        own = float(np.median(np.diff(energy[below]))) if below.size > 1 else gap
        uneven = max(abs(gap / spacing - 1.0), abs(own / spacing - 1.0)) > 0.25
        if uneven and np.min(area[above]) > _SATELLITE_CONTRAST * np.max(area[below]):
            return above
    return order


def refit_lines(
    energy_mev: npt.ArrayLike, counts: npt.ArrayLike, variance: npt.ArrayLike, start: LineFit, *, gain: float = 1.0
) -> LineFit:
    """Fit another spectrum with the same number of lines, free to move, starting from ``start``.

    Arguments and errors as :func:`fit_lines`; ValueError as well when ``start`` holds no line.
    """
    if start.n_lines == 0:
        raise ValueError("cannot refit a spectrum from a fit that found no line")
    spectrum, order = prepare(energy_mev, counts, variance, gain)
    inside = _same_window(start, order)
    first = _State(
        background=start.background,
        variance=start.gaussian_sigma_mev**2,
        hwhm=start.lorentzian_hwhm_mev,
        energy=np.append(start.energy_mev, start.faint_energy_mev),
        area=np.maximum(np.append(start.area, start.faint_area), 1.0),
        model=np.maximum(median_filter(spectrum.counts, size=3), 0.0)[inside],
        chi2=0.0,
        covariance=np.zeros((0, 0)),
    )
    state = _fit(cut(spectrum, inside), first.energy, first.area, start.fwhm_mev, first)
    return _report(spectrum, inside, state, order, np.arange(start.n_lines), float("inf"))


def fit_areas(
    energy_mev: npt.ArrayLike, counts: npt.ArrayLike, variance: npt.ArrayLike, lines: LineFit, *, gain: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Areas (n_lines,) and their covariance (n_lines, n_lines) with the positions and width of ``lines`` given.

    A linear weighted fit of areas and a constant background; arguments and errors as :func:`fit_lines`.
    """
    spectrum, order = prepare(energy_mev, counts, variance, gain)
    spectrum = cut(spectrum, _same_window(lines, order))
    energies = np.append(lines.energy_mev, lines.faint_energy_mev)
    profile = pixel_profile(spectrum.edges, energies, lines.gaussian_sigma_mev**2, lines.lorentzian_hwhm_mev)
    design = np.column_stack((np.ones_like(spectrum.counts), profile.fraction))
    model = np.maximum(median_filter(spectrum.counts, size=3), 0.0)
    for _ in range(3):
        spread = spectrum.variance(model)
        information = design.T @ (design / spread[:, None])
        best = np.linalg.solve(information, design.T @ (spectrum.counts / spread))
        model = design @ best
    chi2 = float(np.sum((spectrum.counts - model) ** 2 / spread)) / max(spectrum.counts.size - best.size, 1)
    covariance = invert_information(information) * max(1.0, chi2)
    n = lines.n_lines
    return np.asarray(best[1 : n + 1], dtype=np.float64), covariance[1 : n + 1, 1 : n + 1]


def _same_window(lines: LineFit, order: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Pixels, in order of energy, that ``lines`` was fitted to; ValueError for a spectrum of another length."""
    if lines.residuals.size != order.size:
        raise ValueError(f"the spectra have {lines.residuals.size} and {order.size} pixels: they must share one axis")
    return np.asarray(np.isfinite(lines.residuals[order]), dtype=bool)


def _search(spectrum: Spectrum, max_lines: int, floor: float, fraction: float) -> tuple[_State, float]:
    """Add lines where the residual asks for them, then drop those that do not pay; returns the runner-up's gap."""
    price = 2.0 * log(spectrum.counts.size)
    needed = max(floor**2, price)
    current = _empty(spectrum)
    guesses = first_guesses(spectrum, floor, max_lines)
    if not guesses:
        return current, float("inf")
    fits = [_fit(spectrum, positions, None, width, quick=True) for positions, width in guesses]
    current = min(fits, key=lambda state: state.chi2 + price * state.energy.size)
    rejected_gain = 0.0
    while current.energy.size < max_lines:
        trial = _add_line(spectrum, current, floor)
        if trial is None:
            break
        gained = current.chi2 - trial.chi2
        if gained < needed or _is_shape_error(trial, spectrum.pixel):
            if not _is_faint(trial, fraction):  # a faint line would not be counted anyway
                rejected_gain = max(rejected_gain, gained)
            break
        current = trial
    current, weakest = _prune(spectrum, current, needed)
    gap = min(weakest - price, price - rejected_gain if rejected_gain > 0 else float("inf"))
    return current, gap


def _is_faint(state: _State, fraction: float) -> bool:
    """True when the newest line is too weak, relative to the strongest, to be counted."""
    return bool(state.area[-1] < fraction * np.max(state.area[:-1], initial=0.0))


def _add_faint(spectrum: Spectrum, state: _State, max_lines: int, fraction: float) -> _State:
    """Add lines that are too weak to be counted, down to 4σ, so that they do not spoil the fit of the others.

    Dark excitons and biexcitons that each stay just below the floor of a real line add up to a poor fit.
    """
    while 0 < state.energy.size < max_lines:
        trial = _add_line(spectrum, state, _FAINT_FLOOR)
        if trial is None or state.chi2 - trial.chi2 < _FAINT_FLOOR**2:
            break
        if not _is_faint(trial, fraction) or _is_shape_error(trial, spectrum.pixel):
            break
        state = trial
    return state


def _empty(spectrum: Spectrum) -> _State:
    level = float(np.median(spectrum.counts))
    for _ in range(3):
        weight = 1.0 / spectrum.variance(np.full_like(spectrum.counts, level))
        level = float(np.sum(weight * spectrum.counts) / np.sum(weight))
    model = np.full_like(spectrum.counts, level)
    chi2 = float(np.sum((spectrum.counts - model) ** 2 / spectrum.variance(model)))
    none = np.zeros(0)
    return _State(level, spectrum.pixel**2, 0.0, none, none, model, chi2, np.zeros((3, 3)))


def _add_line(spectrum: Spectrum, state: _State, floor: float) -> _State | None:
    """Refit with one more line at the residual's most significant place; None when nothing stands out."""
    residual = spectrum.counts - state.model
    ratio = matched_filter(spectrum, residual, spectrum.variance(state.model), state.fwhm)
    place = int(np.argmax(ratio))
    if ratio[place] < 0.8 * floor:
        return None
    area = float(ratio[place]) * sqrt(float(spectrum.variance(state.model)[place]))
    energy = np.append(state.energy, spectrum.energy[place])
    return _fit(spectrum, energy, np.append(state.area, area), state.fwhm, state)


def _is_shape_error(state: _State, pixel: float) -> bool:
    """True when the newest line is a small companion inside a strong line's width, or a merged twin."""
    new_energy, new_area = state.energy[-1], state.area[-1]
    if new_area <= 0:
        return True
    near = np.abs(state.energy[:-1] - new_energy) < max(1.2 * state.fwhm, 2.0 * pixel)
    twin = np.abs(state.energy[:-1] - new_energy) < 0.35 * state.fwhm
    return bool(np.any(twin)) or bool(np.any(near & (new_area < _SHAPE_TOLERANCE * state.area[:-1])))


def _prune(spectrum: Spectrum, state: _State, needed: float) -> tuple[_State, float]:
    """Drop lines that cost less χ² than they are worth; returns the χ² price of the weakest line kept."""
    while state.energy.size:
        errors = np.sqrt(np.diag(state.covariance)[3 + state.energy.size :])
        ratio = np.where(errors > 0, state.area / np.where(errors > 0, errors, 1.0), 0.0)
        weakest = int(np.argmin(ratio))
        keep = np.arange(state.energy.size) != weakest
        if not np.any(keep):
            without = _empty(spectrum)
        elif ratio[weakest] > 4.0 * sqrt(needed):
            return state, float(ratio[weakest] ** 2)
        else:
            without = _fit(spectrum, state.energy[keep], state.area[keep], state.fwhm, state)
        # Compared under one set of variances, those of the fuller model: else a changed weight counts as evidence.
        variance = spectrum.variance(state.model)
        lost = float(np.sum((spectrum.counts - without.model) ** 2 / variance)) - state.chi2
        if lost >= needed and state.area[weakest] > 0:
            return state, lost
        state = without
    return state, float("inf")


def _fit(
    spectrum: Spectrum,
    energy: FloatArray,
    area: FloatArray | None,
    width: float,
    previous: _State | None = None,
    *,
    quick: bool = False,
) -> _State:
    """Joint weighted fit of all lines; three rounds of reweighting with the model's own variance.

    ``quick``: one round of few steps, enough to compare guesses.
    """
    n = energy.size
    pixel = spectrum.pixel
    if previous is None:
        start_model = np.maximum(median_filter(spectrum.counts, size=3), float(np.percentile(spectrum.counts, 30)))
        background, sigma2, hwhm = float(np.percentile(spectrum.counts, 30)), (0.7 * width / 2.3548) ** 2, 0.15 * width
    else:
        start_model = previous.model
        background, sigma2, hwhm = previous.background, previous.variance, previous.hwhm
    if area is None:
        places = np.searchsorted(spectrum.energy, energy).clip(0, spectrum.counts.size - 1)
        area = np.maximum(spectrum.counts[places] - background, 1.0) * 1.06 * width / pixel
    span = float(spectrum.energy[-1] - spectrum.energy[0])
    smallest = (0.1 * pixel) ** 2
    low = np.concatenate(([-np.inf, smallest, 0.0], np.full(n, spectrum.energy[0] - pixel), np.full(n, -np.inf)))
    high = np.concatenate(
        ([np.inf, (span / 4) ** 2, span / 4], np.full(n, spectrum.energy[-1] + pixel), np.full(n, np.inf))
    )
    theta = np.concatenate(([background, sigma2, hwhm], energy, area))
    theta = np.clip(theta, low + 1e-12, high - 1e-12)
    theta[1] = max(theta[1], 2.0 * smallest)
    variance = spectrum.variance(start_model)
    for _ in range(1 if quick else 3):
        theta = _solve(spectrum, theta, variance, low, high, n, 8 if quick else 40)
        model = _model(spectrum, theta, n)[0]
        variance = spectrum.variance(model)
    model, jacobian = _model(spectrum, theta, n)
    covariance = _covariance(jacobian, variance, theta, low, high)
    chi2 = float(np.sum((spectrum.counts - model) ** 2 / variance))
    return _State(
        float(theta[0]), float(theta[1]), float(theta[2]), theta[3 : 3 + n], theta[3 + n :], model, chi2, covariance
    )


def _solve(
    spectrum: Spectrum,
    theta: FloatArray,
    variance: FloatArray,
    low: FloatArray,
    high: FloatArray,
    n: int,
    most_steps: int,
) -> FloatArray:
    sigma = np.sqrt(variance)

    def residuals(parameters: FloatArray) -> FloatArray:
        return np.asarray((_model(spectrum, parameters, n)[0] - spectrum.counts) / sigma, dtype=np.float64)

    def jacobian(parameters: FloatArray) -> FloatArray:
        return np.asarray(_model(spectrum, parameters, n)[1] / sigma[:, None], dtype=np.float64)

    start = np.clip(theta, low, high)
    found = least_squares(
        residuals, start, jac=jacobian, bounds=(low, high), x_scale="jac", max_nfev=most_steps, ftol=1e-6, xtol=1e-8
    )
    return np.asarray(found.x, dtype=np.float64)


def _model(spectrum: Spectrum, theta: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Expected counts (n_pixels,) and derivatives (n_pixels, 3 + 2 n)."""
    energy, area = theta[3 : 3 + n], theta[3 + n :]
    profile = pixel_profile(spectrum.edges, energy, float(theta[1]), float(theta[2]))
    model = theta[0] + profile.fraction @ area
    jacobian = np.column_stack(
        (
            np.ones_like(model),
            profile.d_gaussian_variance @ area,
            profile.d_lorentzian_hwhm @ area,
            profile.d_energy * area,
            profile.fraction,
        )
    )
    return np.asarray(model), jacobian


def _covariance(
    jacobian: FloatArray, variance: FloatArray, theta: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Inverse Fisher information; a width that ended on its bound is taken as known."""
    tolerance = 1e-6 * np.maximum(np.abs(theta), 1e-6)
    free = np.flatnonzero((theta > low + tolerance) & (theta < high - tolerance))
    weighted = jacobian[:, free] / np.sqrt(variance)[:, None]
    covariance = np.zeros((theta.size, theta.size))
    covariance[np.ix_(free, free)] = invert_information(weighted.T @ weighted)
    n = (theta.size - 3) // 2
    for k in np.setdiff1d(np.arange(3, 3 + n), free):
        covariance[k, k] = (high[k] - low[k]) ** 2  # a line pushed to the edge of the window is not located at all
    return covariance


def _report(
    spectrum: Spectrum,
    inside: npt.NDArray[np.bool_],
    state: _State,
    order: npt.NDArray[np.intp],
    counted: npt.NDArray[np.intp],
    runner_up: float,
) -> LineFit:
    n_all = state.energy.size
    faint = np.setdiff1d(np.arange(n_all), counted)
    counted = counted[np.argsort(state.energy[counted])]
    fitted = cut(spectrum, inside)
    dof = fitted.counts.size - (3 + 2 * n_all if n_all else 1)
    scale = max(1.0, state.chi2 / dof) if dof > 0 else 1.0
    covariance = state.covariance * scale
    picked = np.concatenate((3 + counted, 3 + n_all + counted))
    lines_covariance = covariance[np.ix_(picked, picked)]
    errors = np.sqrt(np.diag(lines_covariance))
    area, area_error = state.area[counted], errors[counted.size :]
    theta = np.concatenate(([state.background, state.variance, state.hwhm], state.energy, state.area))
    back = np.empty(order.size)
    back[order] = _model(spectrum, theta, n_all)[0]
    deviations = np.full(order.size, np.nan)
    deviations[inside] = (fitted.counts - state.model) / np.sqrt(fitted.variance(state.model))
    residual = np.empty(order.size)
    residual[order] = deviations
    background_variance = covariance[0, 0] if n_all else float(1.0 / np.sum(1.0 / fitted.variance(state.model)))
    return LineFit(
        energy_mev=state.energy[counted],
        energy_error_mev=errors[: counted.size],
        area=area,
        area_error=area_error,
        covariance=lines_covariance,
        significance=np.divide(area, area_error, out=np.zeros_like(area), where=area_error > 0),
        fwhm_mev=state.fwhm if n_all else float("nan"),
        gaussian_sigma_mev=sqrt(state.variance) if n_all else float("nan"),
        lorentzian_hwhm_mev=state.hwhm if n_all else float("nan"),
        background=state.background,
        background_error=sqrt(max(background_variance, 0.0)),
        model=back,
        residuals=residual,
        chi2=state.chi2,
        dof=dof,
        faint_energy_mev=state.energy[faint],
        faint_area=state.area[faint],
        runner_up_gap=runner_up,
    )
