"""Maximum likelihood for counted photons: fit, covariance, profile likelihood. Shared by the fits of this room.

The sum of squared deviance residuals of Poisson counts is minus twice the log likelihood ratio against the
saturated model (the "deviance"), so an ordinary bounded least-squares routine that minimises it finds the
Poisson maximum likelihood exactly, at any count, zero included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import xlogy
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

FloatArray = npt.NDArray[np.float64]
Model = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Takes the parameters (n_parameters,), gives expected counts (n,) and their derivatives (n, n_parameters)."""

_SMALLEST_EXPECTATION = 1e-9
_WALK_STEPS = 6
_LOST = 3.0
"""Times the sought rise of the deviance, above which a refit may have gone astray."""
_MIN_EXPECTED = 10.0
"""Bins are merged to at least this many expected counts before Pearson's chi-square is taken."""


@dataclass(frozen=True)
class PoissonFit:
    """A maximum-likelihood fit to counts.

    ``values``, ``errors`` (n_parameters,), ``covariance`` from the Fisher information; parameters that ended on a
    bound, or were held, have zero covariance. ``expected`` (n,): fitted counts.
    """

    values: FloatArray
    errors: FloatArray
    covariance: FloatArray
    expected: FloatArray
    deviance: float
    dof: int
    converged: bool

    @property
    def reduced_deviance(self) -> float:
        """Deviance over degrees of freedom: about 1 for a good fit to more than a few counts a bin."""
        return self.deviance / self.dof if self.dof > 0 else float("nan")


def deviance_residuals(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """Signed square roots of each bin's Poisson deviance, (n,); positive where more was counted than expected."""
    mu = np.maximum(expected, _SMALLEST_EXPECTATION)
    terms = 2.0 * (mu - counts + xlogy(counts, np.where(counts > 0, counts, 1.0) / mu))
    return np.asarray(np.sign(counts - mu) * np.sqrt(np.maximum(terms, 0.0)), dtype=np.float64)


def _residual_slope(counts: FloatArray, mu: FloatArray, residuals: FloatArray) -> FloatArray:
    """Derivative of the deviance residual with respect to the expectation; −1/sqrt(mu) where both agree."""
    close = np.abs(counts - mu) < 1e-5 * mu
    safe = np.where(close, 1.0, residuals)
    return np.asarray(np.where(close, -1.0 / np.sqrt(mu), (1.0 - counts / mu) / safe), dtype=np.float64)


def fit_poisson(
    model: Model,
    counts: npt.ArrayLike,
    start: npt.ArrayLike,
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    held: tuple[int, ...] = (),
    max_steps: int = 100,
) -> PoissonFit:
    """Maximise the Poisson likelihood of ``counts`` (n,) under ``model`` within bounds.

    ``held``: indices of parameters that stay at their start value. ``max_steps`` bounds the search.
    Raises ValueError when a start value lies outside its bounds.
    """
    observed = np.asarray(counts, dtype=np.float64)
    values = np.array(start, dtype=np.float64)
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    outside = (values < low) | (values > high)
    if np.any(outside):
        raise ValueError(f"start values {values[outside]} lie outside their bounds; start inside")
    free = np.array([k for k in range(values.size) if k not in held], dtype=np.intp)

    def expand(part: FloatArray) -> FloatArray:
        full = values.copy()
        full[free] = part
        return full

    latest: dict[bytes, tuple[FloatArray, FloatArray]] = {}

    def evaluate(part: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The model at ``part``; the routine asks for residuals and derivatives one after the other."""
        key = part.tobytes()
        if key not in latest:
            latest.clear()
            latest[key] = model(expand(part))
        return latest[key]

    def residuals(part: FloatArray) -> FloatArray:
        return deviance_residuals(observed, evaluate(part)[0])

    def jacobian(part: FloatArray) -> FloatArray:
        expected, slopes = evaluate(part)
        mu = np.maximum(expected, _SMALLEST_EXPECTATION)
        slope = _residual_slope(observed, mu, deviance_residuals(observed, mu))
        return np.asarray(slope[:, None] * slopes[:, free], dtype=np.float64)

    converged = True
    if free.size:
        found = least_squares(
            residuals,
            values[free],
            jac=jacobian,
            bounds=(low[free], high[free]),
            x_scale="jac",
            ftol=1e-7,
            xtol=1e-7,
            gtol=None,
            max_nfev=max_steps,
        )
        converged = bool(found.success)
        values = expand(np.asarray(found.x, dtype=np.float64))
    return _describe(model, observed, values, low, high, free, converged)


def _describe(
    model: Model,
    observed: FloatArray,
    values: FloatArray,
    low: FloatArray,
    high: FloatArray,
    free: npt.NDArray[np.intp],
    converged: bool,
) -> PoissonFit:
    expected, slopes = model(values)
    mu = np.maximum(expected, _SMALLEST_EXPECTATION)
    margin = 1e-7 * np.maximum(np.abs(values), 1e-12)
    inside = (values > low + margin) & (values < high - margin)
    moving = free[inside[free]]
    weighted = slopes[:, moving] / np.sqrt(mu)[:, None]
    covariance = np.zeros((values.size, values.size))
    if moving.size:
        covariance[np.ix_(moving, moving)] = invert_information(weighted.T @ weighted)
    deviance = float(np.sum(deviance_residuals(observed, mu) ** 2))
    return PoissonFit(
        values=values,
        errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        expected=expected,
        deviance=deviance,
        dof=int(observed.size - free.size),
        converged=converged,
    )


def invert_information(information: FloatArray) -> FloatArray:
    """Covariance from an information matrix, scaled before inversion so that unlike units do no harm."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(scale, scale)
    return np.asarray(np.linalg.pinv(scaled, hermitian=True) / np.outer(scale, scale), dtype=np.float64)


def profile_interval(
    deviance_at: Callable[[float], float],
    best: float,
    best_deviance: float,
    step: float,
    limits: tuple[float, float],
    rise: float = 1.0,
) -> tuple[float, float]:
    """Profile-likelihood interval of one parameter: where the minimal deviance has risen by ``rise``.

    ``deviance_at(x)`` is the deviance minimised over all other parameters with the parameter held at x.
    ``rise``: 1 for 68.3 %, 2.706 for a one-sided 95 % limit, 3.841 for two-sided 95 %. An edge that the
    likelihood does not reach inside ``limits`` is the limit itself.
    """
    goal = sqrt(rise)

    def distance(x: float) -> float:
        """In standard deviations: nearly linear in x, which makes the search short."""
        return sqrt(max(deviance_at(x) - best_deviance, 0.0))

    def edge(limit: float) -> float:
        direction = 1.0 if limit > best else -1.0
        near, near_d, far, far_d = 0.0, 0.0, float("inf"), float("inf")  # offsets from the best value
        x = min(step * goal, abs(limit - best))
        for _ in range(30):
            d = distance(best + direction * x)
            if abs(d - goal) < 0.01 * goal:
                break
            if d < goal:
                near, near_d = x, d
                if x >= abs(limit - best):
                    return limit
            else:
                far, far_d = x, d
            if np.isfinite(far):
                share = (goal - near_d) / max(far_d - near_d, 1e-12)
                x = near + float(np.clip(share, 0.1, 0.9)) * (far - near)
            else:
                x = min(x * min(max(1.05 * goal / max(d, 1e-3), 1.1), 3.0), abs(limit - best))
        return best + direction * x

    return edge(limits[0]), edge(limits[1])


def interval_of_fit(
    model: Model,
    counts: npt.ArrayLike,
    fit: PoissonFit,
    bounds: tuple[FloatArray, FloatArray],
    index: int,
    *,
    held: tuple[int, ...] = (),
    confidence: float = 0.6827,
    max_steps: int = 40,
) -> tuple[float, float]:
    """Profile-likelihood interval of parameter ``index`` of a fit of :func:`fit_poisson`, all others fitted anew.

    Every refit starts from the last one and from the best fit: the last one alone may lie in a valley that leads
    nowhere, above all where one edge has been found and the search for the other begins. Where both end far too high,
    the way from the best fit is gone in small steps.
    """
    lower, upper = bounds
    limits = (float(lower[index]), float(upper[index]))
    best_value = float(fit.values[index])
    rise = float(chi2_distribution.ppf(confidence, 1))
    last = fit.values

    def refit(x: float, values: FloatArray) -> PoissonFit:
        start = values.copy()
        start[index] = min(max(x, limits[0]), limits[1])
        return fit_poisson(model, counts, start, lower, upper, (*held, index), max_steps)

    def walked(x: float) -> PoissonFit:
        values = fit.values
        for place in np.linspace(best_value, x, _WALK_STEPS + 1)[1:]:
            values = refit(float(place), values).values
        return refit(x, values)

    def deviance_at(x: float) -> float:
        nonlocal last
        found = min(refit(x, last), refit(x, fit.values), key=lambda one: one.deviance)
        if found.deviance - fit.deviance > _LOST * rise:
            found = min(found, walked(x), key=lambda one: one.deviance)
        last = found.values
        return found.deviance

    step = float(fit.errors[index]) or 0.1 * abs(best_value) + 1e-3
    return profile_interval(deviance_at, best_value, fit.deviance, step, limits, rise)


def significance(deviance_drop: float, extra_parameters: int) -> float:
    """Equivalent Gaussian significance (in standard deviations, one-sided) of a drop in deviance.

    Wilks' theorem: under the simpler model the drop follows chi-squared with ``extra_parameters`` degrees of freedom.
    """
    if deviance_drop <= 0:
        return 0.0
    tail = float(chi2_distribution.sf(deviance_drop, extra_parameters))
    if tail < 1e-300:  # beyond the tail of floating point: the leading term is enough
        return sqrt(deviance_drop)
    return max(float(norm.isf(tail)), 0.0)


def goodness_probability(statistic: float, dof: int) -> float:
    """Probability of a chi-squared or deviance at least this large when the model is right."""
    return float(chi2_distribution.sf(statistic, dof)) if dof > 0 else float("nan")


def pearson(observed: FloatArray, model: FloatArray, n_parameters: int) -> tuple[float, int]:
    """Pearson's chi-square and degrees of freedom, neighbouring bins merged to 10 expected counts."""
    group = np.floor(np.cumsum(model) / _MIN_EXPECTED).astype(np.int64)
    group = np.minimum(group, max(group[-1] - 1, 0))  # the last group may be short: join it to the one before
    _, group = np.unique(group, return_inverse=True)
    seen, expected = np.bincount(group, weights=observed), np.bincount(group, weights=model)
    return float(np.sum((seen - expected) ** 2 / expected)), int(seen.size - n_parameters)
