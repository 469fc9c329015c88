"""The lifetimes of a measurement seen through a measured response, both detectors, the model chosen by BIC.

The response is a photon file of scattered laser light recorded on the same two channels with the same pulse period, or
a histogram (:mod:`analysis.response_file`), used for both detectors. Its place on the time axis does not matter,
because the shift is fitted.
"""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis import tag_files
from analysis.errors import AnalysisError
from analysis.g2 import Decay, Evaluation
from analysis.irf import measured_response
from analysis.reconvolution import DecayFit, DecaySelection, decay_data, lifetime_interval, select_decay
from analysis.response_check import response_check
from analysis.response_file import TextResponse
from analysis.response_peak import peak_of, quiet_level
from analysis.response_photons import Channels, channels_of, read_laser_light
from runfile.results import Check, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

_DARK_SHARE = 0.25
_LEAST_LIGHT = 1000.0


@dataclass(frozen=True)
class ResponseLifetimes:
    """The chosen model of each detector with all candidates; ``detectors``: their names, in order.

    ``bin_ns``: widest bin of response and decays; what is shorter is not resolved.
    """

    detectors: tuple[str, ...]
    selections: tuple[DecaySelection, ...]
    bin_ns: float


def evaluate(
    evaluation: Evaluation,
    response: TextResponse | Path,
    options: tag_files.ReadOptions | None = None,
    channels: Channels | None = None,
) -> ResponseLifetimes:
    """Fit one, two and a stretched exponential to the decay of each detector and choose by BIC.

    ``options``: how to read the response where it is a photon file. ``channels``: of the two detectors, where their
    names do not tell them (plain times); without them the two busiest channels of the response are taken. Raises
    AnalysisError when the measurement has no decay, or the response does not fit it or holds too little light, and
    TagFileError for a damaged response.
    """
    photons = evaluation.photons
    if photons.timing_fault or not evaluation.decays:
        raise AnalysisError(f"no lifetime can be fitted: {photons.timing_fault or 'too few photons for a decay'}")
    where = response.source if isinstance(response, TextResponse) else str(response)
    if isinstance(response, TextResponse):
        peak_of(response.counts, quiet_level(response.counts), where)  # refuses one without a peak
    light = None
    if isinstance(response, Path):
        light = read_laser_light(response, options, evaluation, channels or channels_of(evaluation))
    selections = []
    for decay in evaluation.decays:
        if light is not None:
            counts = light.histogram(decay)
            peak_of(counts, quiet_level(counts), f"{where}, {decay.detector}")
        elif isinstance(response, TextResponse):
            counts = _on_bins(response, decay.counts.size, decay.bin_ns)
        selections.append(_fit(decay, _beside(counts, decay.counts), photons.period_ps * 1e-3, where))
    widest_ns = max(decay.bin_ns for decay in evaluation.decays)
    if isinstance(response, TextResponse):
        widest_ns = max(widest_ns, float(np.diff(response.time_ns).mean()))
    return ResponseLifetimes(tuple(decay.detector for decay in evaluation.decays), tuple(selections), widest_ns)


def results(found: ResponseLifetimes) -> dict[str, Result]:
    """``detector_K_lifetime_N`` and ``_fraction_N`` of each detector, ``_stretch`` of a stretched exponential, mean.

    One lifetime has its profile-likelihood interval, which is right also where the likelihood is skewed.
    """
    told: dict[str, Result] = {}
    for number, selection in enumerate(found.selections, start=1):
        fit = selection.best
        method = f"{found.detectors[number - 1]}: {fit.method}; {selection.reason}"
        name = f"detector_{number}"
        for k, (lifetime_ns, stderr_ns) in enumerate(zip(fit.lifetimes_ns, fit.stderrs_ns, strict=True), start=1):
            told[f"{name}_lifetime_{k}"] = _lifetime(fit, k - 1, lifetime_ns, stderr_ns, method)
        if len(fit.lifetimes_ns) > 1:
            for k, (share, error) in enumerate(zip(fit.fractions, fit.fraction_errors, strict=True), start=1):
                told[f"{name}_fraction_{k}"] = Result(share, error, "1", f"share of the light; {method}")
        if isfinite(fit.stretch):
            told[f"{name}_stretch"] = Result(fit.stretch, fit.stretch_stderr, "1", method)
        told[f"{name}_mean_lifetime"] = Result(fit.mean_lifetime_ns, fit.mean_lifetime_stderr_ns, "ns", method)
    return told


def remarks(found: ResponseLifetimes) -> tuple[str, ...]:
    """Which model was chosen, and why, a sentence a detector."""
    return tuple(
        f"{name}: {selection.reason}" for name, selection in zip(found.detectors, found.selections, strict=True)
    )


def check(found: ResponseLifetimes) -> Check:
    """Whether these lifetimes can be believed."""
    return response_check(
        {name: selection.best for name, selection in zip(found.detectors, found.selections, strict=True)}, found.bin_ns
    )


def figure(found: ResponseLifetimes) -> "Figure":
    """Decay, response and fit of each detector."""
    from analysis.response_lifetime_figure import draw

    return draw(found)


def _lifetime(fit: DecayFit, index: int, lifetime_ns: float, stderr_ns: float, method: str) -> Result:
    if len(fit.lifetimes_ns) > 1 or fit.p_value < 0.05:  # a poor fit: the error is enlarged, which no profile is
        return Result(lifetime_ns, stderr_ns, "ns", method)
    interval = lifetime_interval(fit, index, 0.68)
    return Result(lifetime_ns, stderr_ns, "ns", f"{method}; profile-likelihood interval", interval, 0.68)


def _on_bins(response: TextResponse, n_bins: int, bin_ns: float) -> FloatArray:
    """The histogram on bins of ``bin_ns``: its running sum, linear within a bin, read at the new edges.

    Of a response longer than a period, the period that holds most light is taken. AnalysisError where a hundredth of
    the light above the dark level comes outside it.
    """
    step_ns = float(np.diff(response.time_ns).mean())
    edges_ns = np.arange(response.counts.size + 1) * step_ns
    running = np.concatenate(([0.0], np.cumsum(response.counts)))
    period_ns = n_bins * bin_ns
    starts_ns = edges_ns[edges_ns <= max(edges_ns[-1] - period_ns, 0.0)]
    inside = np.interp(starts_ns + period_ns, edges_ns, running) - np.interp(starts_ns, edges_ns, running)
    best = int(np.argmax(inside))
    dark = float(np.sort(response.counts)[: max(int(response.counts.size * _DARK_SHARE), 1)].mean())
    light = max(float(running[-1]) - dark * response.counts.size, 1e-300)
    outside_bins = max(response.counts.size - period_ns / step_ns, 0.0)
    lost = (float(running[-1] - inside[best]) - dark * outside_bins) / light
    if lost > 0.01:
        raise AnalysisError(
            f"{response.source}: the response lasts {response.counts.size * step_ns:.4g} ns and {lost:.0%} of its "
            f"light comes outside one period of the decay, {period_ns:.4g} ns: measure it with the pulses of the decay"
        )
    fine = np.diff(np.interp(starts_ns[best] + np.arange(n_bins + 1) * bin_ns, edges_ns, running))
    return np.asarray(fine, dtype=np.float64)


def _beside(response: FloatArray, decay: npt.NDArray[np.int64]) -> FloatArray:
    """The response, rotated so that it rises where the decay does: the fitted shift is then small."""

    def rise(counts: npt.NDArray[np.number]) -> int:
        smooth = np.convolve(counts, np.ones(3), mode="same")
        return int(np.argmax(smooth >= 0.5 * smooth.max()))

    return np.roll(response, rise(decay) - rise(response))


def _fit(decay: Decay, counts: FloatArray, period_ns: float, where: str) -> DecaySelection:
    """``counts``: the response ``where`` on the bins of the decay."""
    n_quiet = max(int(counts.size * _DARK_SHARE), 1)
    light = float(counts.sum() - counts.size * np.sort(counts)[:n_quiet].mean())
    if light < _LEAST_LIGHT:
        raise AnalysisError(
            f"{where}: the response of {decay.detector} holds {light:.0f} photons above its background; "
            f"{_LEAST_LIGHT:.0f} at least are needed"
        )
    try:
        response = measured_response(counts, decay.bin_ns, dark=_quietest(counts, n_quiet))
        return select_decay(decay_data(decay.counts, response, period_ns=period_ns, kept=decay.kept))
    except ValueError as error:
        raise AnalysisError(f"{where}: no lifetime of {decay.detector} can be fitted: {error}") from error


def _quietest(counts: FloatArray, length: int) -> tuple[int, int]:
    """The stretch of ``length`` bins with least light: the dark level of the response."""
    running = np.concatenate(([0.0], np.cumsum(counts)))
    first = int(np.argmin(running[length:] - running[:-length]))
    return first, first + length
