"""The lifetimes of a measurement seen through a measured response, both detectors, the model chosen by BIC.

The response is a photon file of scattered laser light recorded on the same two channels with the same pulse period, or
a text histogram of two columns, time (ns) and counts, used for both detectors. Its place on the time axis does not
matter, because the shift is fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis import tag_files
from analysis.errors import AnalysisError
from analysis.g2 import Decay, Evaluation, decay_counts
from analysis.irf import measured_response
from analysis.pulsed import Detector, from_record
from analysis.reconvolution import DecayFit, DecaySelection, decay_data, lifetime_interval, select_decay
from runfile.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

_DARK_SHARE = 0.25
_LEAST_LIGHT = 1000.0
_PERIOD_AGREES = 1e-3


@dataclass(frozen=True)
class TextResponse:
    """A response as text: bin centres (ns, evenly spaced, ascending) and counts, both (n,)."""

    time_ns: FloatArray
    counts: FloatArray


@dataclass(frozen=True)
class ResponseLifetimes:
    """The chosen model of each detector with all candidates; ``detectors``: their names, in order."""

    detectors: tuple[str, ...]
    selections: tuple[DecaySelection, ...]


def read_response(path: Path, options: tag_files.ReadOptions | None = None) -> TextResponse | Path:
    """A text histogram, or the path itself when it is a photon file (which is read on the measurement's own bins).

    Text is taken for photons when ``options`` describe its columns. Raises AnalysisError for text that is no histogram,
    TagFileError for a file that is neither.
    """
    if tag_files.kind_of(path) != "text" or (options is not None and options.text is not None):
        return path
    try:
        columns = np.loadtxt(path, dtype=np.float64, comments=("#", "%"), delimiter=_separator(path), ndmin=2)
    except ValueError as error:
        raise AnalysisError(f"{path}: a response as text needs two columns, time (ns) and counts ({error})") from error
    if columns.shape[1] != 2 or columns.shape[0] < 10:
        raise AnalysisError(f"{path}: a response as text needs two columns and ten rows at least, got {columns.shape}")
    time_ns, counts = columns.T
    steps = np.diff(time_ns)
    if not np.all(np.isfinite(columns)) or np.any(counts < 0.0):
        raise AnalysisError(f"{path}: times and counts of a response must be finite, counts not negative")
    if not np.all(steps > 0.0) or float(np.ptp(steps)) > 0.01 * float(steps.mean()):
        raise AnalysisError(f"{path}: the times of a response must ascend in equal steps")
    return TextResponse(time_ns, counts)


def evaluate(
    evaluation: Evaluation, response: TextResponse | Path, options: tag_files.ReadOptions | None = None
) -> ResponseLifetimes:
    """Fit one, two and a stretched exponential to the decay of each detector and choose by BIC.

    ``options``: how to read the response where it is a photon file. Raises AnalysisError when the measurement has no
    decay, or the response does not fit it or holds too little light, and TagFileError for a damaged response.
    """
    photons = evaluation.photons
    if photons.timing_fault or not evaluation.decays:
        raise AnalysisError(f"no lifetime can be fitted: {photons.timing_fault or 'too few photons for a decay'}")
    by_name: Mapping[str, Detector] = {}
    if isinstance(response, Path):
        by_name = _response_photons(response, options, photons.period_ps)
    selections = []
    for decay in evaluation.decays:
        if isinstance(response, TextResponse):
            counts = _on_bins(response, decay.counts.size, decay.bin_ns)
        else:
            counts = _histogram(by_name, decay, photons.resolution_ps, response)
        selections.append(_fit(decay, _beside(counts, decay.counts), photons.period_ps * 1e-3))
    return ResponseLifetimes(tuple(decay.detector for decay in evaluation.decays), tuple(selections))


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


def figure(found: ResponseLifetimes) -> "Figure":
    """Decay, response and fit of each detector."""
    from analysis.response_lifetime_figure import draw

    return draw(found)


def _lifetime(fit: DecayFit, index: int, lifetime_ns: float, stderr_ns: float, method: str) -> Result:
    if len(fit.lifetimes_ns) > 1 or fit.p_value < 0.05:  # a poor fit: the error is enlarged, which no profile is
        return Result(lifetime_ns, stderr_ns, "ns", method)
    interval = lifetime_interval(fit, index, 0.68)
    return Result(lifetime_ns, stderr_ns, "ns", f"{method}; profile-likelihood interval", interval, 0.68)


def _separator(path: Path) -> str | None:
    """A comma or semicolon where the last line holds one; None: white space."""
    with path.open("rb") as file:
        last = file.read().splitlines()[-1]
    return next((mark for mark in (",", ";") if mark.encode() in last), None)


def _response_photons(path: Path, options: tag_files.ReadOptions | None, period_ps: float) -> dict[str, Detector]:
    try:
        seen = from_record(tag_files.read(path, options), period_ps)
    except ValueError as error:
        raise AnalysisError(f"{path}: no response can be told from it: {error}") from error
    if seen.timing_fault:
        raise AnalysisError(f"{path}: no response can be told from it: {seen.timing_fault}")
    if abs(seen.period_ps / period_ps - 1.0) > _PERIOD_AGREES:
        raise AnalysisError(
            f"{path}: the response was measured with a pulse period of {seen.period_ps * 1e-3:.6g} ns, the decay with "
            f"{period_ps * 1e-3:.6g} ns"
        )
    return {detector.name: detector for detector in (seen.detector_1, seen.detector_2)}


def _histogram(by_name: Mapping[str, Detector], decay: Decay, resolution_ps: float, path: Path) -> FloatArray:
    if decay.detector not in by_name:
        raise AnalysisError(
            f"{path}: the response holds {' and '.join(sorted(by_name))}, the decay is of {decay.detector}"
        )
    detector = by_name[decay.detector]
    counts = decay_counts(detector, decay.bin_ns * 1e3, detector.cut_ps, resolution_ps)
    return np.resize(counts, decay.counts.size).astype(np.float64)


def _on_bins(response: TextResponse, n_bins: int, bin_ns: float) -> FloatArray:
    """The text histogram on bins of ``bin_ns``: its running sum, linear within a bin, read at the new edges."""
    step_ns = float(np.diff(response.time_ns).mean())
    start_ns = float(response.time_ns[0]) - step_ns / 2.0
    edges_ns = start_ns + np.arange(response.counts.size + 1) * step_ns
    running = np.concatenate(([0.0], np.cumsum(response.counts)))
    fine = np.diff(np.interp(start_ns + np.arange(n_bins + 1) * bin_ns, edges_ns, running))
    lost = 1.0 - float(fine.sum()) / max(float(running[-1]), 1e-300)
    if lost > 0.01:
        raise AnalysisError(
            f"the response lasts {response.counts.size * step_ns:.4g} ns and {lost:.0%} of its light comes after one "
            f"period of the decay, {n_bins * bin_ns:.4g} ns"
        )
    return np.asarray(fine, dtype=np.float64)


def _beside(response: FloatArray, decay: npt.NDArray[np.int64]) -> FloatArray:
    """The response, rotated so that it rises where the decay does: the fitted shift is then small."""

    def rise(counts: npt.NDArray[np.number]) -> int:
        smooth = np.convolve(counts, np.ones(3), mode="same")
        return int(np.argmax(smooth >= 0.5 * smooth.max()))

    return np.roll(response, rise(decay) - rise(response))


def _fit(decay: Decay, counts: FloatArray, period_ns: float) -> DecaySelection:
    """``counts``: the response on the bins of the decay."""
    n_quiet = max(int(counts.size * _DARK_SHARE), 1)
    light = float(counts.sum() - counts.size * np.sort(counts)[:n_quiet].mean())
    if light < _LEAST_LIGHT:
        raise AnalysisError(
            f"the response of {decay.detector} holds {light:.0f} photons above its background; "
            f"{_LEAST_LIGHT:.0f} at least are needed"
        )
    try:
        response = measured_response(counts, decay.bin_ns, dark=_quietest(counts, n_quiet))
        return select_decay(decay_data(decay.counts, response, period_ns=period_ns, kept=decay.kept))
    except ValueError as error:
        raise AnalysisError(f"no lifetime of {decay.detector} can be fitted: {error}") from error


def _quietest(counts: FloatArray, length: int) -> tuple[int, int]:
    """The stretch of ``length`` bins with least light: the dark level of the response."""
    running = np.concatenate(([0.0], np.cumsum(counts)))
    first = int(np.argmin(running[length:] - running[:-length]))
    return first, first + length
