"""The pulsed g2 analysis of files larger than memory: the numbers of :mod:`analysis.g2`, in bounded memory."""

import numpy as np
import numpy.typing as npt

from analysis.antibunching import PulsePeaks, affordable_reach
from analysis.first_photons import pulse_mates
from analysis.g2 import (
    Decay,
    Evaluation,
    bin_width_ps,
    coarse_decay,
    decay_counts,
    decay_of_counts,
)
from analysis.live_correlation import Correlator
from analysis.pulsed import Detector, afterpulse_span_ps
from analysis.pulsed_stream import DetectorSums, StreamedPhotons, Survey, from_stream
from analysis.run_stream import from_run_stream
from analysis.tags import PhotonStream, Progress
from runfile.reading import RecordedRun

IntArray = npt.NDArray[np.int64]


class PeakCounter:
    """Pairs by difference of pulse numbers while photons arrive; counts those of ``peaks_by_index``.

    Photons may come by up to ``late_pulses`` pulses out of order; those of so many pulses wait. Raises ValueError for
    photons that are later still.
    """

    def __init__(self, reach: int, late_pulses: int) -> None:
        self._correlator = Correlator(1, reach, start_channel=1, stop_channel=2)
        self._late = late_pulses
        self._pulse = np.zeros(0, np.int64)
        self._channel = np.zeros(0, np.uint8)

    def add(self, pulse_1: IntArray, pulse_2: IntArray) -> None:
        """Pulse numbers of the next photons of both detectors, in any order within the chunk."""
        channel = np.repeat(np.array([1, 2], np.uint8), (pulse_1.size, pulse_2.size))
        pulse = np.concatenate([self._pulse, pulse_1, pulse_2])
        if not pulse.size:
            return
        order = np.argsort(pulse, kind="stable")
        pulse, channel = pulse[order], np.concatenate([self._channel, channel])[order]
        settled = int(np.searchsorted(pulse, pulse[-1] - self._late))
        self._correlator.add(pulse[:settled], channel[:settled])
        self._pulse, self._channel = pulse[settled:].copy(), channel[settled:].copy()

    def counts(self) -> IntArray:
        """All pairs by pulse number of detector 2 minus detector 1; the counter is spent afterwards."""
        self._correlator.add(self._pulse, self._channel)
        self._pulse, self._channel = self._pulse[:0], self._channel[:0]
        return self._correlator.counts


class _DecayCounter:
    """Decay histograms of one detector, with and without afterpulses, while photons arrive."""

    def __init__(self, sums: DetectorSums, photons: StreamedPhotons, width_ps: float) -> None:
        self._sums, self._width_ps, self._resolution_ps = sums, width_ps, photons.resolution_ps
        self._span_ps = afterpulse_span_ps(sums.n_photons, photons.duration_s, sums.period_ps)
        n_bins = int(sums.period_ps / width_ps)
        self._everything, self._clean = np.zeros(n_bins, np.int64), np.zeros(n_bins, np.int64)
        self._last_ps: int | None = None

    def add(self, part: Detector) -> None:
        """The photons of the next chunk."""
        if not part.n_photons:
            return
        cut_ps = self._sums.cut_ps
        clean = part.without_followers(self._span_ps, self._last_ps)
        self._everything += decay_counts(part, self._width_ps, cut_ps, self._resolution_ps)
        self._clean += decay_counts(clean, self._width_ps, cut_ps, self._resolution_ps)
        self._last_ps = int(part.times_ps[-1])

    def result(self, peaks: PulsePeaks, n_other: int) -> Decay | None:
        """Decay and fit; None with too few photons. ``n_other``: photons of the other detector."""
        mates = pulse_mates(peaks, n_other, round(self._span_ps / self._sums.period_ps))
        try:
            return decay_of_counts(self._sums.name, self._everything, self._clean, self._width_ps, mates)
        except ValueError:
            return None


def evaluate_stream(
    stream: PhotonStream, found: Survey, guess_period_ps: float | None = None, report: Progress | None = None
) -> Evaluation:
    """Peak areas and decays as :func:`analysis.g2.evaluate_photons` of the whole record gives them.

    ``found``: what :func:`analysis.pulsed_stream.survey` told of this stream, which is read three or four times more.
    Raises AnalysisError when there are not two detectors or no pulse period, and what the reader raises.
    """
    photons = from_stream(
        stream,
        found,
        guess_period_ps,
        report_period=_part(report, 0, "fitting the pulse period"),
        report_phases=_part(report, 1, "finding the pulses"),
    )
    return evaluate_streamed(photons, report)


def evaluate_run(run: RecordedRun, report: Progress | None = None) -> Evaluation:
    """A g2 run as :func:`analysis.g2.analyse` evaluates it, its tags read four to five times in bounded memory.

    Raises AnalysisError as :func:`analysis.pulsed.from_run`, and what the reader raises.
    """
    photons = from_run_stream(run, None if report is None else lambda done, what: report(0.5 * done, what))
    return evaluate_streamed(photons, report)


def evaluate_streamed(photons: StreamedPhotons, report: Progress | None = None) -> Evaluation:
    """Decays and peak areas: two more readings, the third and the fourth for ``report``."""
    both = (photons.detector_1, photons.detector_2)
    counters = [] if photons.timing_fault else _decay_counters(photons, both, _part(report, 2, "rough decay"))
    peaks = _count(photons, counters, _part(report, 3, "counting pairs and decays"))
    n_others = (photons.detector_2.n_photons, photons.detector_1.n_photons)
    decays = [None if c is None else c.result(peaks, n) for c, n in zip(counters, n_others, strict=False)]
    return Evaluation(photons, peaks, tuple(decay for decay in decays if decay is not None))


def _part(report: Progress | None, step: int, what: str) -> Progress | None:
    """Progress of one of the four readings."""
    if report is None:
        return None
    return lambda fraction, _: report((step + fraction) / 4.0, what)


def _decay_counters(
    photons: StreamedPhotons, both: tuple[DetectorSums, DetectorSums], report: Progress | None
) -> list[_DecayCounter | None]:
    """One for each detector, None for too few photons to choose bins."""
    coarse: list[IntArray | int] = [0, 0]
    for parts in photons.detectors(report):
        coarse = [sum_ + coarse_decay(p, s.cut_ps) for sum_, p, s in zip(coarse, parts, both, strict=True)]
    counters: list[_DecayCounter | None] = []
    for counts, sums in zip(coarse, both, strict=True):
        try:
            width_ps = bin_width_ps(np.asarray(counts), sums.period_ps, photons.resolution_ps, sums.cut_ps)
        except ValueError:
            counters.append(None)
            continue
        counters.append(_DecayCounter(sums, photons, width_ps))
    return counters


def _count(photons: StreamedPhotons, counters: list[_DecayCounter | None], report: Progress | None) -> PulsePeaks:
    """Read the stream once: peak areas, and the decays into their counters."""
    level = photons.detector_1.n_photons * photons.detector_2.n_photons / max(photons.n_pulses, 1)
    reach = affordable_reach(level)
    late = int(np.ceil(photons.latest_ps / photons.period_ps)) + 3
    pairs = PeakCounter(reach, late)
    cuts_ps = photons.cuts_ps()
    for parts in photons.detectors(report):
        if photons.timing_fault:  # pulse numbers as recorded, as in evaluate_photons
            pairs.add(parts[0].pulse, parts[1].pulse)
        else:
            pairs.add(parts[0].own_pulse(cuts_ps[0]), parts[1].own_pulse(cuts_ps[1]))
        for counter, part in zip(counters, parts, strict=False):
            if counter is not None:
                counter.add(part)
    return PulsePeaks(np.arange(-reach, reach, dtype=np.int64), pairs.counts(), level)
