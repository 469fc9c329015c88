"""The g2 experiment: one emitter or several, and its lifetime, from the photons of two detectors."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import stats

from analysis.antibunching import (
    Antibunching,
    Background,
    Envelope,
    PulsePeaks,
    Ratio,
    blinking_envelope,
    evaluate,
    peaks_by_index,
)
from analysis.errors import AnalysisError
from analysis.first_photons import kept_share, pulse_mates
from analysis.lifetime import TailFit, combine, fit_tail, fit_tail_from_peak
from analysis.pulsed import Detector, PulsedPhotons, afterpulse_span_ps, from_record, from_run
from analysis.pulsed_stream import StreamedPhotons
from analysis.tags import PhotonRecord
from runfile.reading import RecordedRun
from runfile.results import Analysis, Check, Result, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IntArray = npt.NDArray[np.int64]

_BINS_PER_LIFETIME = 40
_COARSE_BINS = 500
_MOST_BINS = 16384
_EVEN_BY_CHANCE = 1e-4
_LEAST_SIDE_PAIRS = 100
_MOST_PER_PULSE = 0.05
_MOST_DEAD = 0.05
_WORST_CHI2 = 2.0
"""Uneven bins of a time converter alone can give 1.5 with many counts."""
_QUIET_LIFETIMES = 8.0
_UNSTEADY, _UNSTEADY_SIGMA = 0.1, 5.0
_NO_DECAY = "too few photons for a decay, or they do not follow the pulses"


@dataclass(frozen=True)
class Decay:
    """Photons of one detector against the time since its cut: ``counts`` in bins of ``bin_ns``, and the fit.

    Afterpulses are left out of it. ``uncorrelated``: share of all tags of the detector that know no pulse (dark
    counts, late afterpulses, unpulsed light). ``kept`` (n_bins,): share of the photons, up to a constant factor, that
    was not left out with them (see :mod:`analysis.first_photons`); the fit allows for it.
    """

    detector: str
    counts: npt.NDArray[np.int64]
    bin_ns: float
    fit: TailFit
    uncorrelated: float
    kept: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """Everything that results, checks and figure need."""

    photons: PulsedPhotons | StreamedPhotons
    peaks: PulsePeaks
    decays: tuple[Decay, ...]

    @cached_property
    def antibunching(self) -> Antibunching:
        """g2(0), with the accidental pairs that the decays tell of."""
        return evaluate(self.peaks, self._background())

    @cached_property
    def envelope(self) -> Envelope:
        """Blinking in the side peaks."""
        return blinking_envelope(self.peaks, self.antibunching.centre.offset)

    def cable_delay_ns(self) -> tuple[float, float]:
        """Delay of detector 2 after detector 1 and its standard error, ns (unequal responses not included)."""
        first, second, period = self.photons.detector_1, self.photons.detector_2, self.photons.period_ps
        (phase_1, error_1), (phase_2, error_2) = first.mean_phase(), second.mean_phase()
        rest = phase_2 - phase_1
        cut_1, cut_2 = self.photons.cuts_ps()
        rest += period * round((cut_2 - cut_1 - rest) / period)
        total = self.antibunching.centre.offset * period + rest
        return total * 1e-3, float(np.hypot(error_1, error_2)) * 1e-3

    def _background(self) -> Background:
        if len(self.decays) < 2:
            return Background()
        return Background(self.decays[0].uncorrelated, self.decays[1].uncorrelated)


def analyse(run: RecordedRun) -> Analysis:
    """Analyse a g2 run. Raises AnalysisError when tags or notes do not allow it."""
    return _analyse(from_run(run))


def analyse_photons(record: PhotonRecord, guess_period_ps: float | None = None) -> Analysis:
    """Analyse photons that somebody else recorded; ``guess_period_ps`` where the file does not know the period.

    Raises AnalysisError when g2 cannot be told from them.
    """
    return _analyse(from_record(record, guess_period_ps))


def figure(source: RecordedRun | PhotonRecord, guess_period_ps: float | None = None) -> "Figure":
    """Coincidences, peak areas and decay with fit and residuals, for a slide."""
    from analysis.g2_figure import draw

    photons = from_record(source, guess_period_ps) if isinstance(source, PhotonRecord) else from_run(source)
    return draw(evaluate_photons(photons))


def evaluate_photons(photons: PulsedPhotons) -> Evaluation:
    """Peak areas and decays of two detectors."""
    first, second = photons.detector_1, photons.detector_2
    if photons.timing_fault:
        # pulse numbers as recorded: the period cannot be cut at a phase that is not to be trusted
        return Evaluation(photons, peaks_by_index(first.pulse, second.pulse, photons.n_pulses), ())
    cut_1, cut_2 = photons.cuts_ps()
    peaks = peaks_by_index(first.own_pulse(cut_1), second.own_pulse(cut_2), photons.n_pulses)
    decays = [_decay(first, photons, peaks, second.n_photons), _decay(second, photons, peaks, first.n_photons)]
    return Evaluation(photons, peaks, tuple(decay for decay in decays if decay is not None))


def _decay(detector: Detector, photons: PulsedPhotons, peaks: PulsePeaks, n_other: int) -> Decay | None:
    """Decay and fit of one detector; None with too few photons."""
    try:
        coarse = coarse_decay(detector, detector.cut_ps)
        width_ps = bin_width_ps(coarse, detector.period_ps, photons.resolution_ps, detector.cut_ps)
        everything = decay_counts(detector, width_ps, detector.cut_ps, photons.resolution_ps)
        clean = decay_counts(
            detector.without_afterpulses(photons.duration_s), width_ps, detector.cut_ps, photons.resolution_ps
        )
        span_ps = afterpulse_span_ps(detector.n_photons, photons.duration_s, detector.period_ps)
        mates = pulse_mates(peaks, n_other, round(span_ps / detector.period_ps))
        return decay_of_counts(detector.name, everything, clean, width_ps, mates)
    except ValueError:
        return None


def decay_of_counts(name: str, everything: IntArray, clean: IntArray, width_ps: float, mates: float) -> Decay:
    """Decay and fit from the histograms of all tags and of those without afterpulses; ValueError with too few.

    ``mates``: from :func:`analysis.first_photons.pulse_mates`.
    """
    whole = fit_tail_from_peak(everything, width_ps * 1e-3)
    share = _uncorrelated_share(everything, width_ps * 1e-3, whole)
    kept = kept_share(clean, mates)
    return Decay(name, clean, width_ps * 1e-3, fit_tail_from_peak(clean, width_ps * 1e-3, kept), share, kept)


def _uncorrelated_share(counts: npt.NDArray[np.int64], bin_ns: float, fit: TailFit) -> float:
    """Share of tags that know no pulse, from the quiet end of the period (8 lifetimes after the peak and later).

    The median of eight stretches, so that reflections in fibres do not count. Where the period has no quiet end, the
    background of the fit.
    """
    total = max(int(counts.sum()), 1)
    quiet = counts[int(np.argmax(counts)) + round(_QUIET_LIFETIMES * fit.lifetime_ns / bin_ns) :]
    if quiet.size < max(counts.size // 5, 16):
        return min(1.0, fit.background * counts.size / total)
    level = float(np.median([part.mean() for part in np.array_split(quiet, 8)]))
    return min(1.0, level * counts.size / total)


def coarse_decay(detector: Detector, cut_ps: float) -> IntArray:
    """Photons against the time since ``cut_ps`` in 500 bins over the period; int64, shape (500,)."""
    since_cut = (detector.phase_ps - cut_ps) % detector.period_ps
    return np.histogram(since_cut, _COARSE_BINS, (0.0, detector.period_ps))[0].astype(np.int64)


def bin_width_ps(coarse: IntArray, period_ps: float, resolution_ps: float, cut_ps: float) -> float:
    """Some 40 bins per lifetime, in whole bins of the recorder, 16384 bins at most; ``coarse``: :func:`coarse_decay`.

    Raises ValueError with too few photons, and for photons that do not follow the pulses: the lifetime of a chance
    maximum would say nothing and its bins be too narrow.
    """
    if not _follows_pulses(coarse, _even_decay(period_ps, resolution_ps, cut_ps)):
        raise ValueError("the photons come evenly over the period: there is no decay")
    rough = fit_tail(coarse, period_ps * 1e-3 / coarse.size, int(np.argmax(coarse)), coarse.size)
    width_ps = min(rough.lifetime_ns * 1e3 / _BINS_PER_LIFETIME, period_ps / 100)
    width_ps = max(width_ps, period_ps / _MOST_BINS)
    if resolution_ps > 0.0:
        return max(1.0, round(width_ps / resolution_ps)) * resolution_ps
    return width_ps


def _even_decay(period_ps: float, resolution_ps: float, cut_ps: float) -> npt.NDArray[np.float64]:
    """What a bin of :func:`coarse_decay` holds of even light, (500,): the recorder's bins fill it unevenly."""
    if resolution_ps <= 0.0:
        return np.ones(_COARSE_BINS)
    place_ps = np.arange(np.ceil(period_ps / resolution_ps)) * resolution_ps
    inside = np.minimum(1.0, (period_ps - place_ps) / resolution_ps)
    return np.histogram((place_ps - cut_ps) % period_ps, _COARSE_BINS, (0.0, period_ps), weights=inside)[0]


def _follows_pulses(coarse: IntArray, even: npt.NDArray[np.float64]) -> bool:
    """Whether light even over the period is excluded (chi-square, chance below 10⁻⁴; some 5 counts a group)."""
    n_groups = int(np.clip(coarse.sum() // 5, 2, coarse.size))
    first = np.linspace(0, coarse.size, n_groups, endpoint=False).astype(np.intp)
    counts, expected = np.add.reduceat(coarse, first), np.add.reduceat(even, first) * coarse.sum() / even.sum()
    counts, expected = counts[expected > 0.0], expected[expected > 0.0]
    if counts.size < 2:
        return False
    chi2 = float(np.sum((counts - expected) ** 2 / expected))
    return float(stats.chi2.sf(chi2, counts.size - 1)) < _EVEN_BY_CHANCE


def decay_counts(detector: Detector, width_ps: float, cut_ps: float, resolution_ps: float) -> IntArray:
    """Photons against the time since ``cut_ps``; bins hold the recorder's bins as a whole."""
    if resolution_ps > 0.0:
        cut_ps = np.floor(cut_ps / resolution_ps) * resolution_ps - resolution_ps / 2.0
    since_cut = (detector.phase_ps - cut_ps) % detector.period_ps
    n_bins = int(detector.period_ps / width_ps)
    return np.histogram(since_cut, n_bins, (0.0, n_bins * width_ps))[0].astype(np.int64)


def _analyse(photons: PulsedPhotons) -> Analysis:
    return analysis_of(evaluate_photons(photons))


def analysis_of(evaluation: Evaluation) -> Analysis:
    """Results, checks and warnings of an evaluation."""
    photons = evaluation.photons
    warnings = list(photons.warnings)
    try:
        g2 = evaluation.antibunching
    except ValueError as error:
        check = Check("enough coincidences", passed=False, detail=str(error))
        return Analysis(_rates(photons), Verdict((check,)), tuple(warnings))
    if not g2.centre.found:
        warnings.append(
            "no peak within 50 pulses is clearly lower than its surroundings; the centre is assumed at pulse 0"
        )
    if g2.adjacent.value > 0 and g2.far_counts and abs(g2.far.value / g2.adjacent.value - 1.0) > 0.2:
        warnings.append(
            f"blinking: side peaks are {g2.far.value / g2.adjacent.value:.2g} times higher near the centre than far "
            "away, so g2(0) depends on the normalisation by this factor"
        )
    warnings.extend(_unsteady(evaluation))
    results = {**_g2_results(g2), **_timing_results(evaluation), **_rates(photons)}
    checks = (_antibunched(g2, photons.missing_pairs), _enough(g2), _lifetime_check(evaluation), _saturation(photons))
    return Analysis(results, Verdict(checks), tuple(warnings))


def _unsteady(evaluation: Evaluation) -> tuple[str, ...]:
    """Whether pairs far from the centre are as many as N1·N2/number of pulses; tells what of g2(0) depends on it."""
    g2, peaks = evaluation.antibunching, evaluation.peaks
    if not g2.far_counts or g2.poisson_level <= 0.0:
        return ()
    # peaks n pulses from the centre lose the share n/n_pulses at the ends of the record; the far ones lie at 3/4 of it
    lost = 0.75 * float(np.abs(peaks.offset).max()) / evaluation.photons.n_pulses
    ratio = g2.far_counts / g2.n_far / g2.poisson_level / max(1.0 - lost, 0.1)
    if abs(ratio - 1.0) < max(_UNSTEADY, _UNSTEADY_SIGMA / sqrt(g2.far_counts)):
        return ()
    return (
        f"the light was not steady: pairs far from the centre are {ratio:.3g} times N1·N2/number of pulses (light that "
        "was off for a part of the record, slow blinking, drift); g2_zero_poisson and the number of background pairs "
        "depend on it, g2_zero_uncorrected does not",
    )


def _g2_results(g2: Antibunching) -> dict[str, Result]:
    window = "peaks are whole pulse periods cut at each detector's rise"
    subtracted = (
        f"{g2.accidentals:.3g} accidental pairs (background) of {g2.centre_counts} subtracted"
        if g2.corrected
        else f"accidental pairs ({g2.accidentals:.2g} expected) are negligible and not subtracted"
    )
    kind = "profile-likelihood interval" if g2.corrected else "interval right on average over truths (Jeffreys)"
    correction = f"{subtracted}, {kind}"
    exact = "profile-likelihood interval" if g2.corrected else "Clopper-Pearson interval (covers at least 95 %)"
    near = f"centre peak over the mean of the {g2.n_adjacent} nearest side peaks; {window}; {correction}"
    far = f"centre peak over the mean of {g2.n_far} peaks far from the centre; {window}; {correction}"
    flat = f"centre peak over N1·N2/number of pulses in the live time; {window}; {correction}"
    side = g2.adjacent_counts / g2.n_adjacent
    counting = f"pairs in a peak; centre at pulse {g2.centre.offset:+d} (detector 2 minus detector 1)"
    return {
        "g2_zero": _of(g2.adjacent, near, 0.68),
        "g2_zero_95": Result(
            g2.adjacent.value,
            g2.adjacent.stderr,
            "1",
            near.replace(correction, f"{subtracted}, {exact}"),
            g2.adjacent.interval_95,
            0.95,
        ),
        "g2_zero_95_calibrated": _of(g2.adjacent, near, 0.95),
        "g2_zero_poisson": _of(g2.poisson, flat, 0.68),
        "g2_zero_long_delay": _of(g2.far, far, 0.68),
        "g2_zero_uncorrected": Result(g2.raw, g2.adjacent.stderr, "1", near.split(";")[0] + ", nothing subtracted"),
        "centre_counts": Result(float(g2.centre_counts), sqrt(g2.centre_counts), "1", counting),
        "side_counts": Result(side, sqrt(side / g2.n_adjacent), "1", f"mean pairs of {g2.n_adjacent} side peaks"),
        "long_delay_counts": Result(
            g2.far_counts / max(g2.n_far, 1),
            sqrt(g2.far_counts) / max(g2.n_far, 1),
            "1",
            f"mean pairs of {g2.n_far} peaks far from the centre",
        ),
        "poisson_counts": Result(
            g2.poisson_level, 0.0, "1", "N1·N2/number of pulses in the live time, pairs per peak without memory"
        ),
    }


def _of(ratio: Ratio, method: str, confidence: float) -> Result:
    interval = ratio.calibrated_68 if confidence < 0.9 else ratio.calibrated_95
    return Result(ratio.value, ratio.stderr, "1", method, interval, confidence)


def _timing_results(evaluation: Evaluation) -> dict[str, Result]:
    """Lifetime and cable delay; NaN with the reason where times within the period cannot be used."""
    photons, nan = evaluation.photons, float("nan")
    if photons.timing_fault or not evaluation.decays:
        why = f"not determined: {photons.timing_fault or _NO_DECAY}"
        return {"lifetime": Result(nan, nan, "ns", why), "cable_delay": Result(nan, nan, "ns", why)}
    fits = [decay.fit for decay in evaluation.decays]
    lifetime_ns, stderr_ns = combine(fits)
    ranges = " and ".join(f"{f.start_ns:.4g}-{f.stop_ns:.4g} ns (chi2/dof {f.chi2:.0f}/{f.dof})" for f in fits)
    method = (
        f"Poisson maximum likelihood, exponential and background, {ranges} after the cut; afterpulses left out, no "
        "response deconvolved; "
        "weighted mean of the detectors"
    )
    return {"lifetime": Result(lifetime_ns, stderr_ns, "ns", method), "cable_delay": _cable_delay(evaluation)}


def _cable_delay(evaluation: Evaluation) -> Result:
    """NaN where no dip tells by how many whole periods the detectors are apart."""
    delay_ns, stderr_ns = evaluation.cable_delay_ns()
    if evaluation.antibunching.centre.found:
        method = "t(detector 2) − t(detector 1): whole periods from the centre peak, rest from the mean phases"
        return Result(delay_ns, stderr_ns, "ns", method)
    period_ns = evaluation.photons.period_ps * 1e-3
    why = (
        f"not determined: no dip shows the centre peak; up to whole periods of {period_ns:.6g} ns it is "
        f"{delay_ns:.4g} ± {stderr_ns:.2g} ns (mean phases)"
    )
    return Result(float("nan"), float("nan"), "ns", why)


def _rates(photons: PulsedPhotons | StreamedPhotons) -> dict[str, Result]:
    pauses = f", {photons.pauses_s:.4g} s of pauses without a photon left out" if photons.pauses_s else ""
    results = {"live_time": Result(photons.duration_s, 0.0, "s", f"duration of the record{pauses}")}
    for number, detector in enumerate((photons.detector_1, photons.detector_2), start=1):
        n = detector.n_photons
        results[f"count_rate_{number}"] = Result(
            n / photons.duration_s,
            sqrt(n) / photons.duration_s,
            "1/s",
            f"tags of {detector.name} over the live time; the error is that of counting, blinking is not in it",
        )
    return results


def _antibunched(g2: Antibunching, missing_pairs: str) -> Check:
    upper = g2.adjacent.interval_95[1]
    value = f"g2(0) = {g2.adjacent.value:.3g} (95 % interval {g2.adjacent.interval_95[0]:.2g} to {upper:.3g})"
    if missing_pairs:
        return Check("antibunched", False, f"{value} does not tell a single emitter: {missing_pairs}")
    if upper < 0.5:
        return Check("antibunched", True, f"{value} lies below 1/2: a single emitter")
    if g2.adjacent.interval_95[0] > 0.5:
        return Check("antibunched", False, f"{value} lies above 1/2: not a single emitter, or too much background")
    return Check("antibunched", False, f"{value} includes 1/2: more photons are needed to call it a single emitter")


def _enough(g2: Antibunching) -> Check:
    text = f"{g2.adjacent_counts} pairs in {g2.n_adjacent} side peaks"
    if g2.adjacent_counts >= _LEAST_SIDE_PAIRS:
        return Check("enough coincidences", True, text)
    return Check("enough coincidences", False, f"only {text}, {_LEAST_SIDE_PAIRS} are needed: measure longer")


def _lifetime_check(evaluation: Evaluation) -> Check:
    if not evaluation.decays:
        reason = evaluation.photons.timing_fault or _NO_DECAY
        return Check("lifetime fit", False, f"no lifetime: {reason}")
    worst = max((decay.fit for decay in evaluation.decays), key=lambda fit: fit.chi2 / max(fit.dof, 1))
    reduced = worst.chi2 / max(worst.dof, 1)
    text = f"chi2/dof of the exponential decay is {reduced:.2f}"
    if reduced <= _WORST_CHI2 or worst.p_value > 0.001:
        return Check("lifetime fit", True, text)
    return Check("lifetime fit", False, f"{text}: the decay is not one exponential, its lifetime is a rough number")


def _saturation(photons: PulsedPhotons | StreamedPhotons) -> Check:
    """Pile-up (more than one photon per pulse) and dead time both falsify decays and rates."""
    worst, share, dead_share = "", 0.0, 0.0
    for detector in (photons.detector_1, photons.detector_2):
        per_pulse = detector.n_photons / photons.n_pulses
        dead = detector.shortest_gap_ps * 1e-12 * detector.n_photons / photons.duration_s
        if max(per_pulse, dead) > max(share, dead_share):
            worst, share, dead_share = detector.name, per_pulse, dead
    text = f"{worst} counts {share:.2g} photons per pulse and is dead {dead_share:.1%} of the time"
    if share < _MOST_PER_PULSE and dead_share < _MOST_DEAD:
        return Check("count rate", True, text)
    return Check("count rate", False, f"{text}: too much for undistorted decays (limits {_MOST_PER_PULSE}, 5 %)")


__all__ = [
    "AnalysisError",
    "Decay",
    "Evaluation",
    "analyse",
    "analyse_photons",
    "analysis_of",
    "bin_width_ps",
    "coarse_decay",
    "decay_counts",
    "decay_of_counts",
    "evaluate_photons",
    "figure",
]
