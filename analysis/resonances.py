"""Hyperfine-split spin resonances of one dopant: likelihood fit of the exact line pattern to a sweep."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from analysis.likelihood import Model, PoissonFit, fit_poisson, significance
from analysis.resonance_search import candidates
from analysis.spin_hamiltonian import BOHR_GHZ_PER_T, DopantSpin, centre_ghz, neighbours, sticks

FloatArray = npt.NDArray[np.float64]

_CONTRADICTION = 16.0
"""Rise in deviance at which data overrule a sign of A known beforehand (four standard deviations)."""
LORENTZIAN, GAUSSIAN = "Lorentzian", "Gaussian"


@dataclass(frozen=True)
class Sweep:
    """A resonance sweep; all (n_points,). ``on``, ``off``: counts with and without microwave.

    ``ratio``: expected on/off without any resonance, from exposure times and the monitored brightness (1: equal).
    Where the ratio is itself noisy, ``on`` and ``off`` are to be reduced to effective counts: see :func:`make_sweep`.
    ``reference``: the counts without microwave at equal brightness, and their standard error.
    """

    frequency_ghz: FloatArray
    on: FloatArray
    off: FloatArray
    field_t: FloatArray
    ratio: FloatArray
    reference: FloatArray
    reference_error: FloatArray


def make_sweep(
    frequency_ghz: npt.ArrayLike,
    on: npt.ArrayLike,
    off: npt.ArrayLike,
    field_t: npt.ArrayLike,
    monitor_on: npt.ArrayLike | None = None,
    monitor_off: npt.ArrayLike | None = None,
    *,
    passes: npt.ArrayLike | None = None,
) -> Sweep:
    """A sweep in order of frequency; all arguments (n_points,).

    ``passes``: how often each point was counted, where that differs and no monitor tells.

    ``monitor_on``, ``monitor_off``: counts that follow the dot's brightness but not the resonance (fluorescence
    of the reset), taken in the same records. They give ``ratio``; their own counting noise is taken into account by
    reducing on and off to the counts that have the same relative error: 1/n_eff = 1/n × (1 + variance share).
    """
    frequency, lit, reference, field = (np.asarray(a, dtype=np.float64) for a in (frequency_ghz, on, off, field_t))
    order = np.argsort(frequency, kind="stable")
    ratio, factor = np.ones(frequency.size), np.ones(frequency.size)
    steady, steady_error = reference, np.sqrt(np.maximum(reference, 1.0))
    if passes is not None:
        relative = np.asarray(passes, dtype=np.float64)
        relative = relative / float(np.mean(relative))
        steady, steady_error = steady / relative, steady_error / relative
    if monitor_on is not None and monitor_off is not None:
        first = np.maximum(np.asarray(monitor_on, dtype=np.float64), 1.0)
        second = np.maximum(np.asarray(monitor_off, dtype=np.float64), 1.0)
        ratio = first / second
        counting = 1.0 / np.maximum(lit, 1.0) + 1.0 / np.maximum(reference, 1.0)
        factor = 1.0 + (1.0 / first + 1.0 / second) / counting
        steady = reference * float(np.mean(second)) / second
        steady_error = steady * np.sqrt(1.0 / np.maximum(reference, 1.0) + 1.0 / second)
    return Sweep(
        frequency_ghz=frequency[order],
        on=(lit / factor)[order],
        off=(reference / factor)[order],
        field_t=field[order],
        ratio=ratio[order],
        reference=steady[order],
        reference_error=np.maximum(steady_error[order], 1.0),
    )


@dataclass(frozen=True)
class ResonanceFit:
    """Six-line (2I + 1) fit. Order of ``fit.values``: see the module's indices.

    ``line_contrast``, ``line_error`` (n_lines,): each line's own peak contrast, m_I = −I first, positions from the
    joint fit. ``line_frequency_ghz``: where each line lies, at the mean field, ``line_frequency_error_ghz`` with D and
    A both uncertain. ``significance``: of all lines against none. ``centre_ghz``: frequency of the transition without
    hyperfine coupling. ``peak_contrast``: height of the fitted lines above the baseline, mean over the lines.
    ``error_scale``: by how much errors were scaled because the counts scatter more than Poisson (blinking, drift); it
    is already in every error of this class, not in ``fit``.
    ``deviance`` over ``dof`` is the goodness of fit, given the total counts of each point.
    ``other_a_ghz``: A of the best fit with the other sign; ``sign_gap``: how much larger its deviance
    is (below 9: the data do not decide).
    """

    fit: PoissonFit
    shape: str
    target: float
    centre_ghz: float
    centre_error_ghz: float
    line_frequency_ghz: FloatArray
    line_frequency_error_ghz: FloatArray
    line_contrast: FloatArray
    line_error: FloatArray
    significance: float
    error_scale: float
    peak_contrast: float
    peak_contrast_error: float
    deviance: float
    dof: int
    other_a_ghz: float = float("nan")
    sign_gap: float = float("inf")


BASELINE, CONTRAST, D_GHZ, A_GHZ, WIDTH_GHZ = range(5)


def line_shape(offset_ghz: FloatArray, fwhm_ghz: float, shape: str) -> FloatArray:
    """Line of unit height."""
    u = 2.0 * offset_ghz / fwhm_ghz
    if shape == GAUSSIAN:
        return np.asarray(np.exp(-np.log(2.0) * u**2), dtype=np.float64)
    return np.asarray(1.0 / (1.0 + u**2), dtype=np.float64)


def multiplet(
    sweep: Sweep, dopant: DopantSpin, d_ghz: float, a_ghz: float, width: float, ends: tuple[float, float], shape: str
) -> FloatArray:
    """Every hyperfine line on the points of the sweep, unit height each: (n_points, n_lines)."""
    lines = np.zeros((sweep.frequency_ghz.size, dopant.n_lines))
    fields = [float(np.mean(sweep.field_t))] if _one_field(sweep) else sorted({float(b) for b in sweep.field_t})
    for field in fields:
        rows = np.arange(lines.shape[0]) if len(fields) == 1 else np.flatnonzero(sweep.field_t == field)
        found = sticks(dopant, d_ghz, a_ghz, field, *ends)
        heights = line_shape(sweep.frequency_ghz[rows, None] - found.frequency_ghz, width, shape) * found.share
        for k in range(dopant.n_lines):
            lines[rows, k] = heights[:, found.line == k].sum(axis=1)
    return lines


def _one_field(sweep: Sweep) -> bool:
    """True when the field's spread moves a line by less than 1 MHz: then it is read-back noise."""
    return float(np.ptp(sweep.field_t)) * 2.0 * BOHR_GHZ_PER_T < 1e-3


def contrast(sweep: Sweep) -> tuple[FloatArray, FloatArray]:
    """on/off − 1 (at equal brightness) and its standard error at each point (n_points,); for plots and the search."""
    off = np.maximum(sweep.off, 1.0)
    ratio = sweep.on / off / sweep.ratio
    # a point without any count is not known exactly: at least one count is its error
    at_least_one = np.maximum(sweep.on, 1.0) / off / sweep.ratio
    return ratio - 1.0, at_least_one * np.sqrt(1.0 / np.maximum(sweep.on, 1.0) + 1.0 / off)


def _counts_model(sweep: Sweep, shape_of: Callable[[FloatArray], tuple[FloatArray, FloatArray]]) -> Model:
    """Expected (on, off) counts, (2 n,), given each point's total: the reference rate drops out, drifts do no harm."""
    total = sweep.on + sweep.off

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        excess, slopes = shape_of(theta)
        ratio = sweep.ratio * np.maximum(1.0 + excess, 1e-6)
        on = total * ratio / (1.0 + ratio)
        rise = (total * sweep.ratio / (1.0 + ratio) ** 2)[:, None] * slopes
        return np.concatenate((on, total - on)), np.vstack((rise, -rise))

    return model


def fit_multiplet(sweep: Sweep, dopant: DopantSpin, start: float) -> ResonanceFit:
    """Fit D, A, common width and contrast of the hyperfine multiplet of transitions from m_S = ``start``.

    Tries both signs of A, Lorentzian and Gaussian lines, and every neighbouring projection; the likelihood decides. A
    sign of A known beforehand is kept unless the data contradict it by more than four standard deviations.
    Raises ValueError when the sweep is too short or no transition from ``start`` depends on D.
    """
    if sweep.frequency_ghz.size < 8:
        raise ValueError(f"the sweep has {sweep.frequency_ghz.size} points: a fit of a multiplet needs at least 8")
    targets = neighbours(dopant, start)
    if not targets:
        raise ValueError(f"no transition from m_S = {start:g} depends on D for a spin of {dopant.spin:g}")
    flat = _flat(sweep)
    trials = [
        (_fit_from(sweep, dopant, theta, (start, target), LORENTZIAN, 8), target)
        for target in targets
        for theta in _search(sweep, dopant, (start, target))
    ]
    by_sign = {
        sign: min(same, key=lambda pair: pair[0].deviance)
        for sign in (1.0, -1.0)
        if (same := [pair for pair in trials if pair[0].values[A_GHZ] * sign >= 0])
    }
    ranked = sorted(by_sign, key=lambda sign: by_sign[sign][0].deviance)
    chosen = ranked[0]
    known = dopant.hyperfine_sign
    if known in by_sign and by_sign[known][0].deviance - by_sign[chosen][0].deviance < _CONTRADICTION:
        chosen = known
    coarse, target = by_sign[chosen]
    finals = [
        (_fit_from(sweep, dopant, coarse.values, (start, target), shape, 60), shape) for shape in (LORENTZIAN, GAUSSIAN)
    ]
    described = [_describe(sweep, dopant, fit, shape, (start, target), flat) for fit, shape in finals]
    found = _over_shapes(min(described, key=lambda one: one.deviance), described)
    if len(ranked) < 2 or dopant.nuclear_spin == 0:
        return found
    rival, rival_target = by_sign[-chosen]
    other = _fit_from(sweep, dopant, rival.values, (start, rival_target), found.shape, 60)
    return replace(
        found,
        other_a_ghz=float(other.values[A_GHZ]),
        sign_gap=(other.deviance - found.fit.deviance) / found.error_scale**2,
    )


def contrast_model(sweep: Sweep, dopant: DopantSpin, start: float, fit: ResonanceFit) -> FloatArray:
    """The fitted contrast, on/off − 1, at the points of ``sweep`` (n_points,); ``start``: m_S the probe reads."""
    values = fit.fit.values
    lines = multiplet(
        sweep,
        dopant,
        float(values[D_GHZ]),
        float(values[A_GHZ]),
        float(values[WIDTH_GHZ]),
        (start, fit.target),
        fit.shape,
    )
    return np.asarray(values[BASELINE] + values[CONTRAST] * lines.sum(axis=1), dtype=np.float64)


def fitted_contrast(
    sweep: Sweep, dopant: DopantSpin, start: float, fit: ResonanceFit, least_points: int = 2000
) -> tuple[FloatArray, FloatArray]:
    """The fit as a smooth curve over the sweep at its mean field: frequency (GHz) and contrast, both (n,)."""
    n = max(least_points, sweep.frequency_ghz.size)
    dense = np.linspace(sweep.frequency_ghz.min(), sweep.frequency_ghz.max(), n)
    field = np.interp(dense, sweep.frequency_ghz, sweep.field_t)
    fine = make_sweep(dense, np.ones(n), np.ones(n), np.full(n, float(np.mean(field))))
    return dense, contrast_model(fine, dopant, start, fit)


def _flat(sweep: Sweep) -> PoissonFit:
    """No resonance: the microwave changes the counts by the same factor everywhere."""
    ones = np.ones((sweep.on.size, 1))
    model = _counts_model(sweep, lambda theta: (np.full(sweep.on.size, theta[0]), ones))
    data = np.concatenate((sweep.on, sweep.off))
    return fit_poisson(model, data, [0.0], [-0.99], [100.0])


def _fit_from(
    sweep: Sweep, dopant: DopantSpin, theta: FloatArray, ends: tuple[float, float], shape: str, steps: int
) -> PoissonFit:
    span = float(np.ptp(sweep.frequency_ghz)) or 1.0
    spacing = span / max(sweep.frequency_ghz.size - 1, 1)

    def excess(p: FloatArray) -> FloatArray:
        lines = multiplet(sweep, dopant, float(p[D_GHZ]), float(p[A_GHZ]), float(p[WIDTH_GHZ]), ends, shape)
        return np.asarray(p[BASELINE] + p[CONTRAST] * lines.sum(axis=1), dtype=np.float64)

    def with_slopes(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = excess(p)
        slopes = np.empty((value.size, p.size))
        slopes[:, BASELINE] = 1.0
        slopes[:, CONTRAST] = (value - p[BASELINE]) / (p[CONTRAST] or 1e-12)
        for k, size in ((D_GHZ, 2e-6), (A_GHZ, 2e-6), (WIDTH_GHZ, 1e-5 * float(p[WIDTH_GHZ]))):
            step = np.zeros(p.size)
            step[k] = size
            slopes[:, k] = (excess(p + step) - value) / size
        return value, slopes

    low = np.array([-0.9, -0.95, theta[D_GHZ] - 0.5 * span, theta[A_GHZ] - 0.1, 0.3 * spacing])
    high = np.array([5.0, 50.0, theta[D_GHZ] + 0.5 * span, theta[A_GHZ] + 0.1, max(span / 2, spacing)])
    data = np.concatenate((sweep.on, sweep.off))
    return fit_poisson(_counts_model(sweep, with_slopes), data, np.clip(theta, low, high), low, high, max_steps=steps)


def _over_shapes(best: ResonanceFit, described: list[ResonanceFit]) -> ResonanceFit:
    """The best fit, with its peak contrast averaged over the line shapes by their likelihood.

    A Gaussian and a Lorentzian that fit equally well differ in height by a tenth; the error covers that.
    """
    worse = np.array([(one.deviance - best.deviance) / best.error_scale**2 for one in described])
    weights = np.exp(-0.5 * worse)
    heights, errors = (
        np.array([getattr(one, name) for one in described]) for name in ("peak_contrast", "peak_contrast_error")
    )
    mean = float(np.average(heights, weights=weights))
    variance = float(np.average(errors**2 + (heights - mean) ** 2, weights=weights))
    return replace(best, peak_contrast=mean, peak_contrast_error=sqrt(variance))


def _search(sweep: Sweep, dopant: DopantSpin, ends: tuple[float, float]) -> list[FloatArray]:
    """Start values for the fit, from the pattern search."""
    value, error = contrast(sweep)
    found = candidates(sweep.frequency_ghz, value, error, float(np.mean(sweep.field_t)), dopant, ends)
    return [np.array([0.0, one.height, one.d_ghz, one.a_ghz, one.width_ghz]) for one in found]


def _describe(
    sweep: Sweep, dopant: DopantSpin, fit: PoissonFit, shape: str, ends: tuple[float, float], flat: PoissonFit
) -> ResonanceFit:
    d, a, width = (float(fit.values[k]) for k in (D_GHZ, A_GHZ, WIDTH_GHZ))
    field = float(np.mean(sweep.field_t))
    centre = centre_ghz(dopant, d, field, *ends)
    slope = (centre_ghz(dopant, d + 1e-4, field, *ends) - centre_ghz(dopant, d - 1e-4, field, *ends)) / 2e-4
    dof = sweep.on.size - 5
    scale = float(np.sqrt(max(1.0, fit.deviance / dof))) if dof > 0 else 1.0
    lines = multiplet(sweep, dopant, d, a, width, ends, shape)
    n = dopant.n_lines

    def separate(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        return lines @ theta[1:] + theta[0], np.column_stack((np.ones(sweep.on.size), lines))

    data = np.concatenate((sweep.on, sweep.off))
    heights = np.clip(np.append(fit.values[BASELINE], np.full(n, fit.values[CONTRAST])), -0.15, 50.0)
    each = fit_poisson(_counts_model(sweep, separate), data, heights, np.full(n + 1, -0.16), np.full(n + 1, 60.0))
    found = sticks(dopant, d, a, field, *ends)
    offsets = found.frequency_ghz[:, None] - found.frequency_ghz
    curves = [line_shape(offsets[:, found.line == k], width, shape) @ found.share[found.line == k] for k in range(n)]
    peak = float(np.mean([np.max(curve) for curve in curves]))
    places = np.array([float(found.frequency_ghz[np.argmax(curve)]) for curve in curves])

    def followed(coupling: FloatArray) -> FloatArray:
        near = sticks(dopant, float(coupling[0]), float(coupling[1]), field, *ends)
        gaps = np.where(near.line == np.arange(n)[:, None], np.abs(near.frequency_ghz - places[:, None]), np.inf)
        return np.asarray(near.frequency_ghz[np.argmin(gaps, axis=1)], dtype=np.float64)

    covariance = fit.covariance[np.ix_((D_GHZ, A_GHZ), (D_GHZ, A_GHZ))]
    return ResonanceFit(
        fit=fit,
        shape=shape,
        target=ends[1],
        centre_ghz=centre,
        centre_error_ghz=abs(slope) * float(fit.errors[D_GHZ]) * scale,
        line_frequency_ghz=places,
        line_frequency_error_ghz=scale * _propagated(followed, np.array([d, a]), covariance),
        line_contrast=each.values[1:],
        line_error=each.errors[1:] * scale,
        significance=significance((flat.deviance - fit.deviance) / scale**2, 4),
        error_scale=scale,
        peak_contrast=float(fit.values[CONTRAST]) * peak,
        peak_contrast_error=float(fit.errors[CONTRAST]) * peak * scale,
        deviance=fit.deviance,
        dof=dof,
    )


def _propagated(
    followed: Callable[[FloatArray], FloatArray], coupling: FloatArray, covariance: FloatArray, step: float = 1e-6
) -> FloatArray:
    """Standard errors of ``followed(coupling)``, (n,), from the covariance of the couplings (GHz)."""
    steps = step * np.eye(coupling.size)
    slopes = np.column_stack([(followed(coupling + one) - followed(coupling - one)) / (2 * step) for one in steps])
    variance = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)), dtype=np.float64)
