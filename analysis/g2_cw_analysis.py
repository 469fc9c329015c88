"""The g2 analysis of photons under constant light: results and verdict from the tags of two detectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError
from analysis.g2_cw import CwCoincidences, CwFit, JitterDifference, correlate_cw, fit_cw, no_jitter, poisson_level
from analysis.live_correlation import Correlator
from analysis.live_time import Silences, merged
from analysis.tags import PhotonRecord, PhotonStream, Progress
from runfile.results import Analysis, Check, Result, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WORST_GOODNESS = 1e-3
_UNSTEADY = 5.0
_DIP_BEYOND_DOUBT = 25.0
_BELOW_ZERO = 3.0
_LOWEST_G2 = -2.0 + 1e-3
"""Where the fit holds g2(0), background left in: nothing below is tried."""


@dataclass(frozen=True)
class CwSettings:
    """How a record is evaluated.

    ``jitter``: from :func:`analysis.g2_cw.jitter_difference`; without it the detectors are taken as perfect, which
    makes g2(0) too large, and a warning says so. ``reach_ps`` must be a whole number of bins. ``signal_share``,
    ``centre_ns``: as :func:`analysis.g2_cw.fit_cw`.
    """

    jitter: JitterDifference | None = None
    bin_ps: int = 500
    reach_ps: int = 100_000
    signal_share: float = 1.0
    signal_share_stderr: float = 0.0
    centre_ns: float | None = None


@dataclass(frozen=True)
class CwEvaluation:
    """Pairs and fit of one record; ``channels`` of the two detectors, their ``n_photons``, and what is to be told.

    ``duration_s`` of the record, ``live_s`` of it without pauses. ``missing_pairs``: as in
    :class:`analysis.tags.PhotonRecord`.
    """

    data: CwCoincidences
    fit: CwFit
    channels: tuple[int, int]
    n_photons: tuple[int, int]
    duration_s: float
    warnings: tuple[str, ...]
    live_s: float
    missing_pairs: str


@dataclass(frozen=True)
class _Seen:
    """What a record tells beside its pairs."""

    channels: tuple[int, int]
    n_photons: tuple[int, int]
    duration_s: float
    live_s: float
    warnings: tuple[str, ...]
    missing_pairs: str


def analyse_cw(
    record: PhotonRecord,
    *,
    jitter: JitterDifference | None = None,
    bin_ps: int = 500,
    reach_ps: int = 100_000,
    signal_share: float = 1.0,
    signal_share_stderr: float = 0.0,
    centre_ns: float | None = None,
) -> Analysis:
    """g2(0) of continuously excited light; the two busiest channels are the detectors, in ascending order.

    The keywords are those of :class:`CwSettings`. Raises AnalysisError when there are not two detectors or the pairs
    do not allow a fit.
    """
    settings = CwSettings(jitter, bin_ps, reach_ps, signal_share, signal_share_stderr, centre_ns)
    return analysis_of(evaluate_cw(record, settings))


def evaluate_cw(record: PhotonRecord, settings: CwSettings | None = None) -> CwEvaluation:
    """Pairs and fit of a record in memory. Raises AnalysisError as :func:`analyse_cw`."""
    settings = settings or CwSettings()
    numbers, counts = np.unique(record.channel, return_counts=True)
    per_channel = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    channels = two_busiest(per_channel)
    first, second = (record.timestamps_ps[record.channel == number] for number in channels)
    silences = Silences()
    silences.take(merged(first, second))
    live_s = silences.live_s(record.duration_s)
    try:
        data = correlate_cw(first, second, live_s, settings.bin_ps, settings.reach_ps)
    except ValueError as error:
        raise AnalysisError(f"no cw g2 can be told from this record: {error}") from error
    n_photons = (first.size, second.size)
    told = (*record.warnings, *silences.undecided(record.duration_s))
    seen = _Seen(channels, n_photons, record.duration_s, live_s, told, record.missing_pairs)
    return _evaluated(data, settings, seen)


def evaluate_cw_stream(
    stream: PhotonStream,
    counts: Mapping[int, int],
    settings: CwSettings | None = None,
    report: Progress | None = None,
) -> CwEvaluation:
    """The same of a file larger than memory, which is read once; ``counts``: photons per channel.

    Raises AnalysisError as :func:`analyse_cw`, and what the reader raises.
    """
    settings = settings or CwSettings()
    channels = two_busiest(counts)
    bin_ps, reach_ps = settings.bin_ps, settings.reach_ps
    correlator = Correlator(bin_ps, reach_ps, start_channel=channels[0], stop_channel=channels[1])
    silences = Silences()
    for chunk in stream.iter_chunks(report):
        correlator.add(chunk.timestamps_ps, chunk.channel)
        silences.take(chunk.timestamps_ps[np.isin(chunk.channel, channels)])
    summary = stream.summary()
    n_photons = (counts[channels[0]], counts[channels[1]])
    live_s = silences.live_s(summary.duration_s)
    try:
        level = poisson_level(*n_photons, live_s, bin_ps)
        data = CwCoincidences(-reach_ps * 1e-3, bin_ps * 1e-3, correlator.counts, level)
    except ValueError as error:
        raise AnalysisError(f"no cw g2 can be told from this record: {error}") from error
    told = (*summary.warnings, *silences.undecided(summary.duration_s))
    seen = _Seen(channels, n_photons, summary.duration_s, live_s, told, summary.missing_pairs)
    return _evaluated(data, settings, seen)


def two_busiest(counts: Mapping[int, int]) -> tuple[int, int]:
    """The two channels with most photons, ascending. Raises AnalysisError for fewer than two channels."""
    if len(counts) < 2:
        raise AnalysisError(f"the file holds photons of {len(counts)} channel; g2 needs two detectors")
    first, second = sorted(sorted(counts, key=lambda number: (counts[number], number))[-2:])
    return first, second


def figure(evaluation: CwEvaluation) -> "Figure":
    """g2 against the delay with the fit, its interval at the centre, and residuals."""
    from analysis.g2_cw_figure import draw

    return draw(evaluation)


def _evaluated(data: CwCoincidences, settings: CwSettings, seen: _Seen) -> CwEvaluation:
    try:
        fit = fit_cw(
            data,
            no_jitter() if settings.jitter is None else settings.jitter,
            signal_share=settings.signal_share,
            signal_share_stderr=settings.signal_share_stderr,
            centre_ns=settings.centre_ns,
        )
    except ValueError as error:
        raise AnalysisError(f"no cw g2 can be told from this record: {error}") from error
    told = list(seen.warnings)
    if settings.jitter is None:
        told.append("no detector response was given: jitter fills the dip, so g2(0) is an upper limit")
    if abs(fit.level_ratio - 1.0) > _UNSTEADY * max(fit.level_ratio_stderr, 1e-3):
        told.append(
            f"the light was not steady: pairs far from the centre are {fit.level_ratio:.3g} times N1·N2·bin/T "
            "(blinking, drift); g2 is relative to the level within the histogram"
        )
    if fit.deviance_drop < _DIP_BEYOND_DOUBT:
        told.append(
            f"no dip is seen beyond doubt (deviance gain {fit.deviance_drop:.0f}, {_DIP_BEYOND_DOUBT:.0f} needed): "
            "its place and depth may be noise; measure longer"
        )
    if fit.g2_zero_95[1] < 0.0 and _possible(fit).passed:
        told.append(
            f"g2(0) = {fit.g2_zero:.3g} lies below 0 with its whole 95 % interval, which no light has: is the "
            "detectors' response narrower than stated, or the background less?"
        )
    return CwEvaluation(
        data, fit, seen.channels, seen.n_photons, seen.duration_s, tuple(told), seen.live_s, seen.missing_pairs
    )


def analysis_of(evaluation: CwEvaluation) -> Analysis:
    """Results, checks and warnings of an evaluation."""
    fit, live_s = evaluation.fit, evaluation.live_s
    pauses_s = evaluation.duration_s - live_s
    pauses = f", {pauses_s:.4g} s of pauses without a photon left out" if pauses_s else ""
    results = _results(fit)
    results["live_time"] = Result(live_s, 0.0, "s", f"duration of the record{pauses}")
    for number, (channel, n) in enumerate(zip(evaluation.channels, evaluation.n_photons, strict=True), start=1):
        method = f"tags of channel {channel} over the live time; the error is that of counting, blinking is not in it"
        results[f"count_rate_{number}"] = Result(n / live_s, sqrt(n) / live_s, "1/s", method)
    return Analysis(
        results, Verdict((_antibunched(fit, evaluation.missing_pairs), _fits(fit), _possible(fit))), evaluation.warnings
    )


def _results(fit: CwFit) -> dict[str, Result]:
    half = (fit.g2_zero_68[1] - fit.g2_zero_68[0]) / 2.0
    nothing = f"{fit.method}; background left in"
    return {
        "g2_zero": Result(fit.g2_zero, half, "1", fit.method, fit.g2_zero_68, 0.68),
        "g2_zero_95": Result(fit.g2_zero, half, "1", fit.method, fit.g2_zero_95, 0.95),
        "g2_zero_uncorrected": Result(fit.g2_zero_uncorrected, half, "1", nothing),
        "antibunching_time": Result(
            fit.antibunching_ns, fit.antibunching_stderr_ns, "ns", fit.method, fit.antibunching_68_ns, 0.68
        ),
        "shelving": Result(fit.shelving, fit.shelving_stderr, "1", fit.method),
        "shelf_time": Result(fit.shelf_time_ns, fit.shelf_time_stderr_ns, "ns", fit.method),
        "cable_delay": Result(
            fit.centre_ns, fit.centre_stderr_ns, "ns", "t(detector 2) − t(detector 1), centre of the dip; " + fit.method
        ),
        "level_ratio": Result(
            fit.level_ratio, fit.level_ratio_stderr, "1", "fitted level over N1·N2·bin/T, 1 for steady light"
        ),
    }


def _antibunched(fit: CwFit, missing_pairs: str) -> Check:
    low, high = fit.g2_zero_95
    value = f"g2(0) = {fit.g2_zero:.3g} (95 % interval {low:.2g} to {high:.3g})"
    if missing_pairs:
        return Check("antibunched", False, f"{value} does not tell a single emitter: {missing_pairs}")
    if high < 0.5:
        return Check("antibunched", True, f"{value} lies below 1/2: a single emitter")
    if low > 0.5:
        return Check("antibunched", False, f"{value} lies above 1/2: not a single emitter, or too much background")
    return Check("antibunched", False, f"{value} includes 1/2: more photons are needed to call it a single emitter")


def _fits(fit: CwFit) -> Check:
    text = f"deviance/dof of the fit is {fit.deviance / max(fit.dof, 1):.2f}"
    if fit.goodness > _WORST_GOODNESS or fit.deviance < 1.2 * fit.dof:
        return Check("g2 fit", True, text)
    return Check("g2 fit", False, f"{text}: the three-level model does not describe the pairs")


def _possible(fit: CwFit) -> Check:
    """No light has g2(0) < 0: a dip deeper than that was blurred less, or held less background, than was stated."""
    stderr = (fit.g2_zero_95[1] - fit.g2_zero) / 1.960
    at_bound = fit.g2_zero_uncorrected <= _LOWEST_G2
    if fit.g2_zero + _BELOW_ZERO * stderr >= 0.0 and not at_bound:
        return Check("possible g2", True, f"g2(0) = {fit.g2_zero:.3g} is not below 0 beyond doubt")
    told = "as low as the fit tries" if at_bound else f"{-fit.g2_zero / stderr:.1f} standard deviations below 0"
    return Check(
        "possible g2",
        False,
        f"g2(0) = {fit.g2_zero:.3g} is {told}, which no light has: the detectors' response contradicts the dip (too "
        "wide for it), or too much background was taken off",
    )
