"""Lifetimes by reconvolution: Poisson maximum likelihood of decay models seen through a measured response.

Never deconvolved: the model is carried forward to what the detector counts, with the response's shift against the
decay, a background, the light of earlier pulses and (for recorders that take one photon a cycle) pile-up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isfinite, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.decay_data import STEP, DecayData, Forward, bounds, decay_data, start_lifetimes, starts_of
from analysis.decay_models import ONE, STRETCHED, TWO, DecayModel, stretched_mean_ns
from analysis.irf import Response, measured_response
from analysis.likelihood import PoissonFit, fit_poisson, interval_of_fit, pearson

FloatArray = npt.NDArray[np.float64]

_GOOD_FIT = 0.05


@dataclass(frozen=True)
class DecayFit:
    """One fitted decay model.

    ``lifetimes_ns`` ascending with ``stderrs_ns`` and ``fractions`` (of the emitted light, not amplitudes) with
    ``fraction_errors``; of a stretched exponential the time constant τ, and ``stretch`` β (NaN otherwise).
    ``mean_lifetime_ns``: Σ f_i τ_i, or (τ/β)Γ(1/β). Errors are from the Fisher information, enlarged by sqrt(chi2/dof)
    when Pearson's chi-square is worse than chance allows (p < 5 %). ``deviance`` is 2I*. ``bic`` = deviance +
    n_parameters · ln(photons fitted). ``expected``: fitted counts of the fit range.
    """

    model: DecayModel
    data: DecayData
    lifetimes_ns: tuple[float, ...]
    stderrs_ns: tuple[float, ...]
    fractions: tuple[float, ...]
    fraction_errors: tuple[float, ...]
    stretch: float
    stretch_stderr: float
    mean_lifetime_ns: float
    mean_lifetime_stderr_ns: float
    shift_ns: float
    shift_stderr_ns: float
    background: float
    background_stderr: float
    deviance: float
    dof: int
    chi2: float
    chi2_dof: int
    p_value: float
    bic: float
    expected: FloatArray
    fit: PoissonFit

    @property
    def range_ns(self) -> tuple[float, float]:
        """Start and stop of the fit range on the histogram's axis."""
        width = self.data.response.bin_ns
        return self.data.first_bin * width, self.data.last_bin * width

    @property
    def method(self) -> str:
        """How these numbers came about, in one sentence."""
        start, stop = self.range_ns
        wrapped = "" if self.data.period_ns is None else f", earlier pulses of period {self.data.period_ns:.6g} ns"
        piled = "" if self.data.n_cycles is None else f", pile-up of {self.data.n_cycles:.4g} cycles"
        return (
            f"Poisson maximum likelihood, {self.model.name} convolved with the measured response, shift and "
            f"background fitted{wrapped}{piled}; fitted from {start:.4g} to {stop:.4g} ns; "
            f"2I*/dof {self.deviance / self.dof:.3f}, Pearson chi2/dof {self.chi2 / max(self.chi2_dof, 1):.3f}"
        )


@dataclass(frozen=True)
class DecaySelection:
    """The model with the smallest BIC among ``candidates`` (ascending BIC), and why in one sentence."""

    best: DecayFit
    candidates: tuple[DecayFit, ...]
    reason: str


def fit_decay(data: DecayData, model: DecayModel, start_lifetimes_ns: tuple[float, ...] | None = None) -> DecayFit:
    """Maximise the Poisson likelihood of one decay model.

    ``start_lifetimes_ns``: where the search begins; default from the mean arrival time. The best of several starts
    in shift and lifetimes counts. Raises ValueError for start lifetimes that do not fit the model or are not above 0.
    """
    starts = start_lifetimes(data, model) if start_lifetimes_ns is None else [start_lifetimes_ns]
    for lifetimes in starts:
        if len(lifetimes) != model.n_components or not all(isfinite(t) and t > 0.0 for t in lifetimes):
            raise ValueError(f"{model.name} needs {model.n_components} start lifetimes above 0 ns, got {lifetimes}")
    lower, upper = bounds(data, model)
    evaluate = Forward(data, model)
    trials = [
        fit_poisson(evaluate, data.seen, np.clip(start, lower, upper), lower, upper, max_steps=12)
        for start in starts_of(data, model, starts)
    ]
    best = min(trials, key=lambda trial: trial.deviance)
    return _describe(data, model, fit_poisson(evaluate, data.seen, best.values, lower, upper, max_steps=300))


def select_decay(data: DecayData, models: Iterable[DecayModel] = (ONE, TWO, STRETCHED)) -> DecaySelection:
    """Fit all ``models`` and choose by the Bayesian information criterion (Schwarz, Ann. Statist. 6, 461 (1978)).

    BIC = 2I* + n_parameters · ln(photons). A difference above 10 is strong evidence (Kass and Raftery, J. Am. Stat.
    Assoc. 90, 773 (1995)); a smaller one is stated as such.
    """
    fits = sorted((fit_decay(data, model) for model in models), key=lambda fit: fit.bic)
    best = fits[0]
    if len(fits) == 1:
        return DecaySelection(best, (best,), f"{best.model.name}: the only model tried")
    gap = fits[1].bic - best.bic
    strength = "strong evidence" if gap > 10.0 else "weak evidence: more photons would decide"
    others = ", ".join(f"{fit.model.name} {fit.bic - best.bic:+.1f}" for fit in fits[1:])
    good = "" if best.p_value > _GOOD_FIT else f"; none fits within chance (p = {best.p_value:.1g})"
    return DecaySelection(best, tuple(fits), f"{best.model.name} by BIC ({others}; {strength}){good}")


def lifetime_interval(fit: DecayFit, index: int = 0, confidence: float = 0.68) -> tuple[float, float]:
    """Profile-likelihood interval (ns) of lifetime ``index``: right also where the likelihood is skewed.

    Not enlarged for a bad fit, unlike ``stderrs_ns``. Raises ValueError for an index or a confidence that do not exist.
    """
    if not 0 <= index < len(fit.lifetimes_ns) or not 0.0 < confidence < 1.0:
        raise ValueError(f"no lifetime {index} with confidence {confidence} in a fit of {len(fit.lifetimes_ns)}")
    n = fit.model.n_components
    order = np.argsort(fit.fit.values[n : 2 * n])
    position = n + int(order[index])
    lower, upper = bounds(fit.data, fit.model)
    evaluate = Forward(fit.data, fit.model)
    return interval_of_fit(
        evaluate, fit.data.seen, fit.fit, (lower, upper), position, confidence=confidence, max_steps=60
    )


def _describe(data: DecayData, model: DecayModel, fit: PoissonFit) -> DecayFit:
    n, values = model.n_components, fit.values
    chi2, chi2_dof = pearson(data.seen, np.maximum(fit.expected, 1e-9), values.size)
    p_value = float(stats.chi2.sf(chi2, chi2_dof)) if chi2_dof > 0 else float("nan")
    inflation = sqrt(chi2 / chi2_dof) if chi2_dof > 0 and p_value < _GOOD_FIT else 1.0
    covariance = fit.covariance * inflation**2
    errors = np.sqrt(np.diag(covariance))
    areas, lifetimes = values[:n], values[n : 2 * n]
    total = max(float(areas.sum()), 1e-300)
    fractions = areas / total
    by_area = (np.eye(n) - fractions[:, None]) / total  # d fraction_i / d area_j
    fraction_errors = np.sqrt(np.maximum(np.diag(by_area @ covariance[:n, :n] @ by_area.T), 0.0))
    gradient = np.zeros(values.size)
    if model.stretched:
        tau, beta = float(values[1]), float(values[2])
        mean = stretched_mean_ns(tau, beta)
        gradient[1] = mean / tau
        gradient[2] = (mean - stretched_mean_ns(tau, beta - STEP)) / STEP
    else:
        mean = float(fractions @ lifetimes)
        gradient[:n], gradient[n : 2 * n] = lifetimes @ by_area, fractions
    order = np.argsort(lifetimes)
    return DecayFit(
        model=model,
        data=data,
        lifetimes_ns=tuple(float(lifetimes[i]) for i in order),
        stderrs_ns=tuple(float(errors[n + i]) for i in order),
        fractions=tuple(float(fractions[i]) for i in order),
        fraction_errors=tuple(float(fraction_errors[i]) for i in order),
        stretch=float(values[2]) if model.stretched else float("nan"),
        stretch_stderr=float(errors[2]) if model.stretched else float("nan"),
        mean_lifetime_ns=mean,
        mean_lifetime_stderr_ns=sqrt(max(float(gradient @ covariance @ gradient), 0.0)),
        shift_ns=float(values[-2]),
        shift_stderr_ns=float(errors[-2]),
        background=float(values[-1]),
        background_stderr=float(errors[-1]),
        deviance=fit.deviance,
        dof=fit.dof,
        chi2=chi2,
        chi2_dof=chi2_dof,
        p_value=p_value,
        bic=fit.deviance + values.size * log(float(data.seen.sum())),
        expected=fit.expected,
        fit=fit,
    )


@dataclass(frozen=True)
class ReconvolutionFit:
    """Exponentials convolved with a measured response. ``fractions`` are of the emitted light, not amplitudes.

    ``deviance`` is 2·(log-likelihood of a perfect fit − that of this fit), also written 2I*. ``model`` (n_bins,):
    expected counts of the whole histogram.
    """

    lifetimes_ns: tuple[float, ...]
    stderrs_ns: tuple[float, ...]
    fractions: tuple[float, ...]
    shift_ns: float
    background: float
    deviance: float
    dof: int
    model: FloatArray


def fit_reconvolution(
    counts: npt.ArrayLike,
    response: npt.ArrayLike,
    bin_ns: float,
    start_lifetimes_ns: tuple[float, ...],
    *,
    period_ns: float | None = None,
    first_bin: int = 0,
    last_bin: int | None = None,
) -> ReconvolutionFit:
    """Poisson maximum likelihood fit of Σ a_i exp(−t/τ_i) ⊗ response(t − shift) + background, from given lifetimes.

    ``response``: measured counts with the same binning, its dark background subtracted by the caller (negative
    values may stay). The short form of :func:`fit_decay`, which says more. Raises ValueError when response and decay
    differ in length or the response holds no light.
    """
    weights = np.asarray(response, dtype=np.float64)
    total = float(weights.sum())
    if weights.ndim != 1 or not np.all(np.isfinite(weights)) or total <= 0.0:
        raise ValueError(f"the response {weights.shape} must be one histogram with light above its background")
    data = decay_data(
        counts,
        Response(weights / total, bin_ns, 0.0, total),
        first_bin=first_bin,
        last_bin=last_bin,
        period_ns=period_ns,
    )
    n = len(start_lifetimes_ns)
    found = fit_decay(data, DecayModel(f"{n} exponentials", n), start_lifetimes_ns)
    whole, _ = Forward(replace(data, first_bin=0, last_bin=data.counts.size), found.model)(found.fit.values)
    return ReconvolutionFit(
        lifetimes_ns=found.lifetimes_ns,
        stderrs_ns=found.stderrs_ns,
        fractions=found.fractions,
        shift_ns=found.shift_ns,
        background=found.background,
        deviance=found.deviance,
        dof=found.dof,
        model=whole,
    )


__all__ = [
    "DecayData",
    "DecayFit",
    "DecaySelection",
    "ReconvolutionFit",
    "decay_data",
    "fit_decay",
    "fit_reconvolution",
    "lifetime_interval",
    "measured_response",
    "select_decay",
]
