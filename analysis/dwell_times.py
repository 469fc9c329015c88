"""Laws of on and off times by maximum likelihood: exponential, power law, power law with a cutoff.

All three are p(t) = t^(−α)·exp(−t/τ)/Z between the shortest stay that is resolved and the longest that fits into the
record: α = 0 is the exponential, τ = ∞ the power law (Clauset, Shalizi, Newman, SIAM Rev. 51, 661 (2009), sec. 3, there
without upper limit). No histogram is made and no line fitted to it: that gives biased exponents with wrong errors (same
paper, app. A). p(t) is an exponential family in (ln t, t), so the likelihood has one maximum and the Fisher
matrix is n times the covariance of (ln t, t).
"""

from dataclasses import dataclass
from math import isfinite, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from analysis.errors import AnalysisError
from runfile.results import Result

FloatArray = npt.NDArray[np.float64]

__all__ = ["DwellFit", "best_law", "fit_cutoff_power_law", "fit_exponential", "fit_power_law", "result_of"]

_PANELS, _NODES = 48, 16
_LEAST_STAYS = 10


@dataclass(frozen=True)
class DwellFit:
    """One law. ``exponent`` α and ``decay_rate_per_s`` 1/τ with one standard error (0 where the law fixes them).

    ``exponent_68`` and ``exponent_95``: profile-likelihood intervals (empty for the exponential). ``n_stays`` within
    ``shortest_s`` to ``longest_s`` entered. ``bic``: smaller is the better law. ``at_limit``: the likeliest cutoff is
    infinite: the power law is all there is to see, and the error of the rate is an upper limit.
    """

    law: str
    exponent: float
    exponent_stderr: float
    exponent_68: tuple[float, float] | None
    exponent_95: tuple[float, float] | None
    decay_rate_per_s: float
    decay_rate_stderr_per_s: float
    shortest_s: float
    longest_s: float
    n_stays: int
    log_likelihood: float
    bic: float
    at_limit: bool = False

    @property
    def time_s(self) -> float:
        """τ: mean stay of the exponential, cutoff of the power law; infinite without cutoff."""
        return 1.0 / self.decay_rate_per_s if self.decay_rate_per_s > 0.0 else float("inf")

    def survival(self, time_s: npt.ArrayLike) -> FloatArray:
        """Share of the stays that last longer than ``time_s``, between shortest and longest (for a plot)."""
        family = _Family(self.shortest_s, self.longest_s)
        times = np.clip(np.asarray(time_s, dtype=np.float64), self.shortest_s, self.longest_s * (1.0 - 1e-12))
        whole = family.log_z(self.exponent, self.decay_rate_per_s)
        part = [_Family(float(t), self.longest_s).log_z(self.exponent, self.decay_rate_per_s) for t in times.ravel()]
        return np.asarray(np.exp(np.array(part) - whole), dtype=np.float64).reshape(times.shape)


def fit_exponential(stays_s: npt.ArrayLike, shortest_s: float, longest_s: float) -> DwellFit:
    """Law of a telegraph: α = 0. ``longest_s``: what could be seen at most, the length of the record.

    Raises AnalysisError for stays that are not positive and finite, limits out of order, or fewer than 10 stays within.
    """
    return _fit(_sample(stays_s, shortest_s, longest_s), "exponential", free=(False, True))


def fit_power_law(stays_s: npt.ArrayLike, shortest_s: float, longest_s: float) -> DwellFit:
    """Power law between the limits: τ = ∞. Raises AnalysisError as :func:`fit_exponential`."""
    return _fit(_sample(stays_s, shortest_s, longest_s), "power law", free=(True, False))


def fit_cutoff_power_law(stays_s: npt.ArrayLike, shortest_s: float, longest_s: float) -> DwellFit:
    """Power law times exp(−t/τ). Raises AnalysisError as :func:`fit_exponential`."""
    return _fit(_sample(stays_s, shortest_s, longest_s), "power law with cutoff", free=(True, True))


def best_law(stays_s: npt.ArrayLike, shortest_s: float, longest_s: float) -> DwellFit:
    """The law of the smallest Bayesian information criterion. Raises AnalysisError as :func:`fit_exponential`."""
    laws = (fit_exponential, fit_power_law, fit_cutoff_power_law)
    return min((law(stays_s, shortest_s, longest_s) for law in laws), key=lambda fit: fit.bic)


def result_of(fit: DwellFit) -> Result:
    """The exponent (power laws) or the mean time (exponential) as a result that names its method."""
    method = (
        f"{fit.law}, maximum likelihood, {fit.n_stays} stays from {fit.shortest_s:.3g} to {fit.longest_s:.3g} s; "
        "shorter ones are not resolved"
    )
    if fit.exponent_68 is None:
        error = fit.decay_rate_stderr_per_s / fit.decay_rate_per_s**2 if fit.decay_rate_per_s > 0.0 else float("nan")
        return Result(fit.time_s, error, "s", method)
    cutoff = f"; cutoff {fit.time_s:.3g} s" if isfinite(fit.time_s) else "; no cutoff"
    return Result(fit.exponent, fit.exponent_stderr, "1", method + cutoff, fit.exponent_68, 0.68)


class _Family:
    """Sums over p(t) by Gauss–Legendre quadrature in ln t, where power laws are smooth."""

    def __init__(self, shortest_s: float, longest_s: float) -> None:
        node, weight = np.polynomial.legendre.leggauss(_NODES)
        edges = np.linspace(log(shortest_s), log(longest_s), _PANELS + 1)
        half = np.diff(edges) / 2.0
        self._log_t = (edges[:-1] + half)[:, None] + half[:, None] * node
        self._t, self._weight = np.exp(self._log_t), half[:, None] * weight

    def log_z(self, exponent: float, decay_rate_per_s: float) -> float:
        """Logarithm of Z."""
        power = (1.0 - exponent) * self._log_t - decay_rate_per_s * self._t
        top = float(power.max())
        return top + log(float((self._weight * np.exp(power - top)).sum()))

    def moments(self, exponent: float, decay_rate_per_s: float) -> tuple[FloatArray, FloatArray]:
        """Mean (2,) and covariance (2, 2) of (ln t, t)."""
        power = (1.0 - exponent) * self._log_t - decay_rate_per_s * self._t
        chance = self._weight * np.exp(power - power.max())
        chance /= chance.sum()
        both = np.stack([self._log_t.ravel(), self._t.ravel()])
        mean = both @ chance.ravel()
        centred = both - mean[:, None]
        return np.asarray(mean), np.asarray((centred * chance.ravel()) @ centred.T)


@dataclass(frozen=True)
class _Sample:
    n: int
    mean_log: float
    mean_s: float
    shortest_s: float
    longest_s: float


def _sample(stays_s: npt.ArrayLike, shortest_s: float, longest_s: float) -> _Sample:
    stays = np.asarray(stays_s, dtype=np.float64).ravel()
    if not (np.all(np.isfinite(stays)) and np.all(stays > 0.0)):
        raise AnalysisError("stays must be positive and finite, in s")
    if not (isfinite(longest_s) and 0.0 < shortest_s < longest_s):
        raise AnalysisError(f"needs 0 < shortest < longest stay, got {shortest_s} and {longest_s} s")
    within = stays[(stays >= shortest_s) & (stays <= longest_s)]
    if within.size < _LEAST_STAYS:
        raise AnalysisError(
            f"only {within.size} stays lie within {shortest_s:.3g} to {longest_s:.3g} s, {_LEAST_STAYS} are needed: "
            "measure longer"
        )
    return _Sample(within.size, float(np.log(within).mean()), float(within.mean()), shortest_s, longest_s)


def _fit(sample: _Sample, law: str, free: tuple[bool, bool]) -> DwellFit:
    family = _Family(sample.shortest_s, sample.longest_s)
    best = _maximum(family, sample, free)
    _, covariance = family.moments(best[0], best[1])
    kept = [number for number in (0, 1) if free[number]]
    inverse = np.linalg.inv(covariance[np.ix_(kept, kept)] * sample.n)
    stderr = [0.0, 0.0]
    for place, number in enumerate(kept):
        stderr[number] = sqrt(float(inverse[place, place]))
    top = _log_likelihood(family, sample, best)
    intervals = [
        _profile(family, sample, free, best, top, stderr[0], level) if free[0] else None for level in (0.68, 0.95)
    ]
    return DwellFit(
        law=law,
        exponent=best[0],
        exponent_stderr=stderr[0],
        exponent_68=intervals[0],
        exponent_95=intervals[1],
        decay_rate_per_s=best[1],
        decay_rate_stderr_per_s=stderr[1],
        shortest_s=sample.shortest_s,
        longest_s=sample.longest_s,
        n_stays=sample.n,
        log_likelihood=top,
        bic=len(kept) * log(sample.n) - 2.0 * top,
        at_limit=free[1] and best[1] * sample.longest_s < 1e-3,
    )


def _log_likelihood(family: _Family, sample: _Sample, at: tuple[float, float]) -> float:
    return -sample.n * (at[0] * sample.mean_log + at[1] * sample.mean_s + family.log_z(*at))


def _maximum(
    family: _Family, sample: _Sample, free: tuple[bool, bool], exponent: float | None = None
) -> tuple[float, float]:
    """Likeliest (α, 1/τ) with 1/τ >= 0; a parameter that is not free is 0, or ``exponent``."""
    observed = np.array([sample.mean_log, sample.mean_s])
    scale = np.array([1.0, sample.mean_s])  # the search sees pure numbers: α and mean stay / τ
    fixed = 0.0 if exponent is None else exponent

    def negative(x: FloatArray) -> tuple[float, FloatArray]:
        at = (float(x[0]), float(x[1] / scale[1]))
        mean, _ = family.moments(*at)
        value = at[0] * observed[0] + at[1] * observed[1] + family.log_z(*at)
        return float(value), np.asarray((observed - mean) / scale)

    bounds = [(-20.0, 20.0) if free[0] else (fixed, fixed), (0.0, 1e3) if free[1] else (0.0, 0.0)]
    start = np.array([1.0 if free[0] else fixed, 0.5 if free[1] else 0.0])
    found = optimize.minimize(
        negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    return float(found.x[0]), float(found.x[1] / scale[1])


def _profile(
    family: _Family,
    sample: _Sample,
    free: tuple[bool, bool],
    best: tuple[float, float],
    top: float,
    stderr: float,
    confidence: float,
) -> tuple[float, float]:
    """Exponents whose profile likelihood lies within the quantile of chi² (one degree of freedom) of the maximum."""
    allowed = float(stats.chi2.ppf(confidence, 1)) / 2.0

    def short_of(exponent: float) -> float:
        at = _maximum(family, sample, (False, free[1]), exponent)
        return top - _log_likelihood(family, sample, at) - allowed

    edges = []
    for direction in (-1.0, 1.0):
        far = best[0] + direction * stderr
        while short_of(far) < 0.0:
            far += direction * stderr
        edges.append(float(optimize.brentq(short_of, best[0], far, xtol=1e-6 * max(stderr, 1e-9))))
    return edges[0], edges[1]
