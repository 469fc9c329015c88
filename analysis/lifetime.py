"""Fluorescence lifetimes by Poisson maximum likelihood from the tail of a decay (no instrument response needed).

With a measured response: :mod:`analysis.reconvolution`.

Least squares is wrong for decays: its weights fail in the many bins with few counts, which pulls lifetimes short.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.irf import check_histogram
from analysis.likelihood import pearson
from analysis.reconvolution import ReconvolutionFit, fit_reconvolution

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_GOOD_FIT = 0.05
_TAIL_LIFETIMES = 12.0
_NO_BACKGROUND = 1e-9
_SPARED = 0.15
"""Lifetimes after the peak that are never fitted."""
_SHORTEST_BINS = 0.1
_STARTS = 16
_SAFETY = 4
"""Starts are a tenth of a lifetime apart; this many are added to the first good one."""


@dataclass(frozen=True)
class TailFit:
    """Single exponential and background, fitted from ``start_ns`` to ``stop_ns`` of the histogram's time axis.

    ``stderr_ns`` comes from the curvature of the likelihood, enlarged by sqrt(chi2/dof) when the fit is worse
    than chance allows. ``model``: expected counts in the fitted bins. ``p_value``: chance of a worse chi-square.
    """

    lifetime_ns: float
    stderr_ns: float
    amplitude: float
    background: float
    start_ns: float
    stop_ns: float
    chi2: float
    dof: int
    p_value: float
    model: FloatArray


def fit_tail(
    counts: npt.ArrayLike, bin_ns: float, start_bin: int, stop_bin: int, kept: FloatArray | None = None
) -> TailFit:
    """Fit N·exp(−t/τ) + b, integrated over each bin, to bins start_bin … stop_bin−1.

    Photons that arrive after the next pulse only change N: an exponential wrapped at the pulse period is the
    same exponential. ``kept``, the shape of ``counts``: share of the light that was counted, bin by bin; None: all.
    Raises ValueError for counts that are negative or not finite, a bin width that is not above 0, a range of fewer than
    5 bins or 20 counts and shares that are not above 0.
    """
    check_histogram(np.asarray(counts, dtype=np.float64), bin_ns, "decay")
    observed = np.asarray(counts, dtype=np.float64)[start_bin:stop_bin]
    share = np.ones(observed.size) if kept is None else np.asarray(kept, dtype=np.float64)[start_bin:stop_bin]
    if share.shape != observed.shape or not np.all(share > 0.0):
        raise ValueError(
            f"the share that was counted, {share.shape}, must be above 0 in each of the {observed.size} bins"
        )
    if observed.size < 5 or observed.sum() < 20:
        raise ValueError(
            f"needs 5 bins and 20 counts at least to fit a lifetime, got {observed.size} and {observed.sum():.0f}"
        )
    total, edges = float(observed.sum()), np.arange(observed.size + 1, dtype=np.float64) * bin_ns
    centre = float(np.sum(observed * (edges[:-1] + bin_ns / 2)) / total)
    start = np.array([np.log(total), np.log(max(centre, bin_ns)), 0.1 * total / observed.size])
    parameters = _score(observed, edges, share, start)
    model, gradient = _tail_model(parameters, edges, share)
    covariance = np.linalg.pinv((gradient / model) @ gradient.T)
    lifetime = float(np.exp(parameters[1]))
    chi2, dof = pearson(observed, model, 3)
    p_value = float(stats.chi2.sf(chi2, dof)) if dof > 0 else float("nan")
    inflation = np.sqrt(chi2 / dof) if dof > 0 and p_value < _GOOD_FIT else 1.0
    return TailFit(
        lifetime_ns=lifetime,
        stderr_ns=float(lifetime * np.sqrt(covariance[1, 1]) * inflation),
        amplitude=float(np.exp(parameters[0])),
        background=float(parameters[2]),
        start_ns=start_bin * bin_ns,
        stop_ns=start_bin * bin_ns + float(edges[-1]),
        chi2=chi2,
        dof=dof,
        p_value=p_value,
        model=model,
    )


def _score(observed: FloatArray, edges: FloatArray, share: FloatArray, start: FloatArray) -> FloatArray:
    """Maximum likelihood by Fisher scoring: Newton steps with the expected information, halved until they help.

    The background is kept from falling below zero.
    """
    parameters, nll = start, _tail_nll(start, observed, edges, share)
    for _ in range(200):
        model, gradient = _tail_model(parameters, edges, share)
        score = gradient @ (observed / model - 1.0)
        free = np.array([True, True, parameters[2] > _NO_BACKGROUND or score[2] > 0.0])
        information = (gradient[free] / model) @ gradient[free].T
        step = np.zeros(3)
        step[free] = np.linalg.lstsq(information, score[free], rcond=1e-12)[0]
        step[:2] = np.clip(step[:2], -1.0, 1.0)
        gain = float(score @ step)
        for _ in range(40):
            trial = parameters + step
            trial[2] = max(trial[2], _NO_BACKGROUND)
            trial_nll = _tail_nll(trial, observed, edges, share)
            if trial_nll <= nll:
                parameters, nll = trial, trial_nll
                break
            step = step / 2.0
        if gain < 1e-8:
            break
    return parameters


def _tail_nll(parameters: FloatArray, observed: FloatArray, edges: FloatArray, share: FloatArray) -> float:
    model, _ = _tail_model(parameters, edges, share)
    return float(np.sum(model - observed * np.log(model)))


def _tail_model(parameters: FloatArray, edges: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Expected counts per bin and their derivatives by (ln N, ln τ, b); N counts from the range's start on.

    ``share`` (n_bins,): of the light, what was counted.
    """
    n, tau, background = np.exp(parameters[0]), np.exp(parameters[1]), parameters[2]
    survival = np.exp(-edges / tau)
    decay = n * (survival[:-1] - survival[1:])
    weighted = edges / tau * survival
    by_tau = n * (weighted[:-1] - weighted[1:])
    return share * (decay + background), share * np.array([decay, by_tau, np.ones_like(decay)])


def fit_tail_from_peak(counts: npt.ArrayLike, bin_ns: float, kept: FloatArray | None = None) -> TailFit:
    """Choose the range, then :func:`fit_tail`: the earliest start after the peak from which one exponential holds.

    ``counts`` must begin before the rise; ``kept`` as for :func:`fit_tail`. The response of the detectors and fast
    components (biexciton) spoil the first bins, so the start moves away from the peak until Pearson's chi-square is
    acceptable (p > 5 %) and the lifetime no longer depends on the start: fits that begin 0.3, 0.6 and 1 lifetime later
    agree with it within one standard deviation of the difference. From there 0.4 lifetimes more are left out, because a
    fast component too small to be noticed still pulls the lifetime by about its error. If no start is good, the most
    stable one is taken, and the error is enlarged by the instability. ValueError as :func:`fit_tail`, and for a
    lifetime below a tenth of a bin.
    """
    histogram = np.asarray(counts, dtype=np.int64)
    peak = int(np.argmax(np.convolve(histogram, np.ones(3), mode="same")))
    before = np.flatnonzero(histogram[:peak] < 0.1 * histogram[peak])
    rise = peak - int(before[-1]) if before.size else 1
    rough = fit_tail(histogram, bin_ns, peak + max(1, rise // 2), histogram.size, kept)
    lifetime_bins = rough.lifetime_ns / bin_ns
    first = peak + max(1, rise // 2, round(_SPARED * lifetime_bins))
    step = max(1, round(0.1 * lifetime_bins))
    length = max(8, round(_TAIL_LIFETIMES * lifetime_bins))

    def fit_from(start: int) -> TailFit | None:
        try:
            return fit_tail(histogram, bin_ns, start, min(histogram.size, start + length), kept)
        except ValueError:
            return None

    fits = [fit_from(first + k * step) for k in range(_STARTS + 10)]
    best = _steadiest(rough, fits)
    if best.lifetime_ns < _SHORTEST_BINS * bin_ns:
        raise ValueError(f"no decay is seen: what is above the background lies in one bin of {bin_ns:.4g} ns")
    return best


def _steadiest(rough: TailFit, fits: list[TailFit | None]) -> TailFit:
    """Of fits with later and later starts the first that is confirmed, else the most stable one, its error enlarged."""
    best, least = rough, np.inf
    for k, fit in enumerate(fits[:_STARTS]):
        later = [f for f in (fits[k + 3], fits[k + 6], fits[k + 10]) if f is not None]
        if fit is None or not later:
            break
        drift = max(_disagreement(fit, other) for other in later)
        safe = fits[k + _SAFETY] or fit  # what is left of a fast component has died out there
        if drift < 1.0 and fit.p_value > _GOOD_FIT:
            return safe
        if drift < least:
            best, least = safe, drift
    return replace(best, stderr_ns=best.stderr_ns * max(1.0, min(least, 10.0)))


def _disagreement(fit: TailFit, later: TailFit) -> float:
    """Difference of two lifetimes in its standard deviations; the later range is part of the earlier one."""
    variance = later.stderr_ns**2 - fit.stderr_ns**2
    return abs(later.lifetime_ns - fit.lifetime_ns) / float(np.sqrt(max(variance, 0.04 * later.stderr_ns**2)))


def combine(fits: list[TailFit]) -> tuple[float, float]:
    """Weighted mean of lifetimes and its standard error, enlarged when they disagree (Birge ratio)."""
    values = np.array([fit.lifetime_ns for fit in fits])
    weights = np.array([fit.stderr_ns for fit in fits]) ** -2.0
    mean = float(np.sum(weights * values) / np.sum(weights))
    stderr = float(np.sum(weights) ** -0.5)
    if len(fits) > 1:
        stderr *= max(1.0, float(np.sqrt(np.sum(weights * (values - mean) ** 2) / (len(fits) - 1))))
    return mean, stderr


__all__ = [
    "ReconvolutionFit",
    "TailFit",
    "combine",
    "fit_reconvolution",
    "fit_tail",
    "fit_tail_from_peak",
    "pearson",
]
