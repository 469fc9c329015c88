"""Relaxations in a logarithmic correlation: blinking, shelving and other memory of the light, with honest errors.

Any emitter that jumps between states at constant rates has g2(lag) = 1 + Σ A_i exp(−lag/τ_i) (eigenmodes of its rate
equations); a telegraph with rates k_on→off, k_off→on has one term, 1/τ = k_on→off + k_off→on. Neighbouring bins of a
correlation err together, so chi² is no likelihood here: the errors of the fit come from refits that leave out one
stretch of the record after the other (jackknife), and they hold where the record spans many τ.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import optimize

from analysis.errors import AnalysisError
from analysis.log_correlation import BlockCorrelation, jackknife_stderr
from runfile.results import Result

FloatArray = npt.NDArray[np.float64]

__all__ = ["Relaxation", "RelaxationFit", "fit_relaxations", "results"]

_MOST_TERMS = 4
_GRID = 14
_CLEAR_GAIN = 10.0
_CLEAR_SIGMA = 3.0


@dataclass(frozen=True)
class Relaxation:
    """One term A·exp(−lag/τ): positive amplitude bunching, negative antibunching; one standard error each."""

    amplitude: float
    amplitude_stderr: float
    time_s: float
    time_stderr_s: float


@dataclass(frozen=True)
class RelaxationFit:
    """Terms by ascending time, the level at long lags (1 for a steady lamp), and the curve.

    ``lag_s`` and ``model`` have shape (n,). ``chi2`` over ``dof`` uses errors that neighbouring bins share: near 1 is
    good, but it has no p-value.
    """

    terms: tuple[Relaxation, ...]
    level: float
    level_stderr: float
    lag_s: FloatArray
    model: FloatArray
    chi2: float
    dof: int


def fit_relaxations(correlation: BlockCorrelation, n_terms: int | None = None) -> RelaxationFit:
    """Fit level + Σ A_i exp(−lag/τ_i), with 1 to 4 terms; ``n_terms`` None: as many as are clearly there.

    Clearly there means: chi² + parameters × ln(bins) falls by more than 10, and the new term's amplitude is 3
    jackknife errors away from 0. Times are sought within the lags of the correlation.
    Raises AnalysisError for fewer bins than twice the parameters or when a fit does not settle.
    """
    if n_terms is not None and not 1 <= n_terms <= _MOST_TERMS:
        raise AnalysisError(f"the number of relaxations must lie in 1 to {_MOST_TERMS}, got {n_terms}")
    if n_terms is not None:
        return _fit(correlation, n_terms)
    best = _fit(correlation, 1)
    for n in range(2, _MOST_TERMS + 1):
        if correlation.edges_ps.size - 1 < 2 * (2 * n + 1):
            break
        more = _fit(correlation, n)
        gain = best.chi2 - more.chi2 - 2.0 * np.log(correlation.edges_ps.size - 1)
        weakest = min(abs(term.amplitude) / max(term.amplitude_stderr, 1e-300) for term in more.terms)
        if gain < _CLEAR_GAIN or weakest < _CLEAR_SIGMA:
            break
        best = more
    return best


def results(fit: RelaxationFit) -> dict[str, Result]:
    """The fit as named results: ``relaxation_time_1`` (s), ``relaxation_amplitude_1`` and so on, ``long_lag_level``."""
    method = (
        f"g2 on logarithmic lags, level + {len(fit.terms)} exponential(s), weighted least squares "
        f"({fit.lag_s[0]:.3g} to {fit.lag_s[-1]:.3g} s, chi2/dof {fit.chi2:.0f}/{fit.dof}), errors by jackknife over "
        "stretches of the record"
    )
    found = {}
    for number, term in enumerate(fit.terms, start=1):
        found[f"relaxation_time_{number}"] = Result(term.time_s, term.time_stderr_s, "s", method)
        found[f"relaxation_amplitude_{number}"] = Result(term.amplitude, term.amplitude_stderr, "1", method)
    found["long_lag_level"] = Result(fit.level, fit.level_stderr, "1", method)
    return found


def _fit(correlation: BlockCorrelation, n_terms: int) -> RelaxationFit:
    lag_s = correlation.lag_s
    n_parameters = 2 * n_terms + 1
    if lag_s.size < 2 * n_parameters:
        raise AnalysisError(
            f"the correlation has {lag_s.size} lags; {n_terms} relaxations need {2 * n_parameters}: widen the lag range"
        )
    sigma = correlation.fit_sigma(np.ones_like(lag_s))
    times = _settle(lag_s, correlation.g2, sigma, _from_grid(lag_s, correlation.g2, sigma, n_terms))
    sigma = correlation.fit_sigma(_curve(lag_s, correlation.g2, sigma, times)[0])
    times = _settle(lag_s, correlation.g2, sigma, times)
    model, coefficients = _curve(lag_s, correlation.g2, sigma, times)

    replicas = []
    for block in range(correlation.n_blocks):
        g2 = correlation.without(block).g2
        mine = _settle(lag_s, g2, sigma, times)
        replicas.append(np.concatenate([_curve(lag_s, g2, sigma, mine)[1], np.log(mine)]))
    stderr = jackknife_stderr(np.array(replicas))
    terms = tuple(
        Relaxation(
            float(coefficients[i + 1]), float(stderr[i + 1]), float(times[i]), float(times[i] * stderr[n_terms + 1 + i])
        )
        for i in np.argsort(times)
    )
    chi2 = float((((correlation.g2 - model) / sigma) ** 2).sum())
    return RelaxationFit(
        terms, float(coefficients[0]), float(stderr[0]), lag_s, model, chi2, int(lag_s.size - n_parameters)
    )


def _curve(lag_s: FloatArray, g2: FloatArray, sigma: FloatArray, times_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Best curve for given times, and its level and amplitudes: a linear least-squares problem."""
    basis = np.column_stack([np.ones_like(lag_s), *(np.exp(-lag_s / time) for time in times_s)])
    coefficients = np.linalg.lstsq(basis / sigma[:, None], g2 / sigma, rcond=None)[0]
    return np.asarray(basis @ coefficients, dtype=np.float64), np.asarray(coefficients, dtype=np.float64)


def _from_grid(lag_s: FloatArray, g2: FloatArray, sigma: FloatArray, n_terms: int) -> FloatArray:
    """The best set of times on a coarse logarithmic grid: the start of the fit, the same for the same data."""
    grid = np.geomspace(lag_s[0], lag_s[-1], _GRID)
    tried = [np.array(times) for times in combinations(grid, n_terms)]
    chi2 = [(((g2 - _curve(lag_s, g2, sigma, times)[0]) / sigma) ** 2).sum() for times in tried]
    return tried[int(np.argmin(chi2))]


def _settle(lag_s: FloatArray, g2: FloatArray, sigma: FloatArray, start_s: FloatArray) -> FloatArray:
    """Times of least chi², the amplitudes solved for at each step (variable projection: Golub and Pereyra 1973)."""
    low, high = np.log(lag_s[0] / 3.0), np.log(lag_s[-1] * 3.0)

    def residuals(log_times: FloatArray) -> FloatArray:
        return np.asarray((g2 - _curve(lag_s, g2, sigma, np.exp(log_times))[0]) / sigma, dtype=np.float64)

    found = optimize.least_squares(residuals, np.clip(np.log(start_s), low + 1e-6, high - 1e-6), bounds=(low, high))
    if not found.success:
        raise AnalysisError(f"the relaxation fit did not settle: {found.message}")
    return np.asarray(np.exp(found.x), dtype=np.float64)
