"""Pulsed photons of two detectors, read chunk by chunk: what the evaluation needs, without the photons themselves.

The stream is read several times. Every number is a sum over photons (or an extreme value), so that it equals the one
of :mod:`analysis.pulsed` on the whole record, whatever the chunks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.correlation_channels import IntArray
from analysis.errors import AnalysisError
from analysis.live_correlation import Correlator
from analysis.live_time import Silences, merged
from analysis.pulse_search import trigger_period_ps
from analysis.pulsed import (
    Detector,
    choose_detectors,
    cut_of_counts,
    detector_of_times,
    live_pulses,
    mean_phase_of_sums,
    period_of_sample,
    sampled,
    timing_fault,
)
from analysis.tags import PhotonChunk, PhotonStream, Progress

_BEGINNING = 1_000_000
_TRIGGER_TAGS = 100_000


@dataclass(frozen=True)
class Survey:
    """What one reading of a stream tells.

    ``counts``: photons per channel. ``related``: the recorder related photons to pulses (T3); then ``pulses`` are the
    first and last pulse number, ``beyond`` the share of photons dated later than a period after their pulse,
    ``latest_ps`` the longest time after a pulse, ``resolution_ps`` the smallest difference of such times.
    ``beginning_ps``: times of the first million photons of all channels. ``trigger_ps``: period of channel 0 where
    its tags come regularly. ``missing_pairs``: as in :class:`analysis.tags.PhotonRecord`.
    """

    counts: Mapping[int, int]
    duration_s: float
    warnings: tuple[str, ...]
    period_ps: float | None
    related: bool
    pulses: tuple[int, int]
    beyond: float
    latest_ps: int
    resolution_ps: float
    beginning_ps: IntArray
    trigger_ps: float | None
    missing_pairs: str = ""


def survey(stream: PhotonStream, report: Progress | None = None) -> Survey:
    """Read the stream once. Raises what its reader raises."""
    first_pulse, last_pulse, n_beyond, latest = None, 0, 0, 0
    nanotimes = np.zeros(0, dtype=np.int64)
    beginning: list[IntArray] = []
    triggers: list[IntArray] = []
    related = False
    period = stream.sync_period_ps
    for chunk in stream.iter_chunks(report):
        if sum(part.size for part in beginning) < _BEGINNING:
            beginning.append(chunk.timestamps_ps.copy())
        if sum(part.size for part in triggers) < _TRIGGER_TAGS:
            triggers.append(chunk.timestamps_ps[chunk.channel == 0][:_TRIGGER_TAGS])
        if chunk.sync_index is None or chunk.nanotimes_ps is None or not period:
            continue
        related = True
        lowest = int(chunk.sync_index.min())
        first_pulse = lowest if first_pulse is None else min(first_pulse, lowest)
        last_pulse = max(last_pulse, int(chunk.sync_index.max()))
        n_beyond += int(np.count_nonzero(chunk.nanotimes_ps > 1.02 * period))
        latest = max(latest, int(chunk.nanotimes_ps.max()))
        nanotimes = np.union1d(nanotimes, _distinct(chunk.nanotimes_ps))
    summary = stream.summary()
    return Survey(
        summary.counts,
        summary.duration_s,
        summary.warnings,
        period,
        related,
        (first_pulse or 0, last_pulse),
        n_beyond / max(1, summary.n_photons),
        latest,
        float(np.diff(nanotimes).min()) if nanotimes.size > 1 else 0.0,
        np.concatenate(beginning)[:_BEGINNING],
        None if related else trigger_period_ps(np.concatenate(triggers)[:_TRIGGER_TAGS]),
        summary.missing_pairs,
    )


def _distinct(values: IntArray) -> IntArray:
    """The different values, ascending; counted instead of sorted where that is cheaper."""
    if int(values.min()) >= 0 and int(values.max()) < 4 * values.size:
        return np.flatnonzero(np.bincount(values)).astype(np.int64)
    return np.unique(values)


@dataclass(frozen=True)
class Relation:
    """How the photons of a stream are related to pulses.

    ``channels`` and ``names`` of the two detectors; ``related``: as the recorder did (T3), else by ``period_ps``.
    """

    channels: tuple[int, int]
    names: tuple[str, str]
    period_ps: float
    related: bool

    def detectors(self, chunk: PhotonChunk) -> tuple[Detector, Detector]:
        """The photons of each detector in one chunk; possibly none."""
        first, second = (self._detector(chunk, *which) for which in zip(self.channels, self.names, strict=True))
        return first, second

    def all_detectors(
        self, stream: PhotonStream, report: Progress | None = None
    ) -> Iterator[tuple[Detector, Detector]]:
        """Read the stream once: the photons of each detector, part by part in time order."""
        return (self.detectors(chunk) for chunk in stream.iter_chunks(report))

    def _detector(self, chunk: PhotonChunk, channel: int, name: str) -> Detector:
        mask = chunk.channel == channel
        times = chunk.timestamps_ps[mask]
        if not self.related:
            return detector_of_times(name, times, self.period_ps)
        if chunk.sync_index is None or chunk.nanotimes_ps is None:
            raise AnalysisError("some photons of the file are related to pulses and others are not: it is damaged")
        nanotimes = chunk.nanotimes_ps[mask].astype(np.float64)
        return Detector(name, times, chunk.sync_index[mask], nanotimes, self.period_ps)


@dataclass(frozen=True)
class DetectorSums:
    """What was summed over the photons of one detector; means what it means in :class:`analysis.pulsed.Detector`."""

    name: str
    period_ps: float
    n_photons: int
    cut_ps: float
    shortest_gap_ps: float
    sum_1: complex
    sum_2: complex

    def mean_phase(self) -> tuple[float, float]:
        """Circular mean of the phase and its standard error, ps."""
        return mean_phase_of_sums(self.sum_1, self.sum_2, self.n_photons, self.period_ps)


@dataclass(frozen=True)
class StreamedPhotons:
    """As :class:`analysis.pulsed.PulsedPhotons`, the photons being left in the file."""

    stream: PhotonStream
    relation: Relation
    detector_1: DetectorSums
    detector_2: DetectorSums
    n_pulses: int
    duration_s: float
    resolution_ps: float
    latest_ps: int
    timing_fault: str = ""
    warnings: tuple[str, ...] = ()
    missing_pairs: str = ""
    pauses_s: float = 0.0

    @property
    def period_ps(self) -> float:
        """Pulse period, ps."""
        return self.relation.period_ps

    def cuts_ps(self) -> tuple[float, float]:
        """Where the two periods are cut, less than half a period apart."""
        first, second = self.detector_1.cut_ps, self.detector_2.cut_ps
        return first, second + self.period_ps * round((first - second) / self.period_ps)

    def detectors(self, report: Progress | None = None) -> Iterator[tuple[Detector, Detector]]:
        """Read the stream once more: the photons of both detectors, chunk by chunk."""
        return self.relation.all_detectors(self.stream, report)

    def coincidences(self, width_ps: int, reach_ps: int) -> IntArray:
        """All pairs by delay, as :func:`analysis.correlation.coincidences`; reads the stream once."""
        start, stop = self.relation.channels
        correlator = Correlator(width_ps, reach_ps, start_channel=start, stop_channel=stop)
        for chunk in self.stream.iter_chunks():
            correlator.add(chunk.timestamps_ps, chunk.channel)
        return correlator.counts


@dataclass
class _Sums:
    """Sums of one detector that grow chunk by chunk."""

    phase_counts: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    sum_1: complex = 0j
    sum_2: complex = 0j
    n_photons: int = 0
    shortest_ps: float = np.inf
    last_ps: int | None = None

    def take(self, part: Detector) -> None:
        """Add the photons of one chunk."""
        counts = part.phase_counts()
        self.phase_counts = counts if not self.phase_counts.size else self.phase_counts + counts
        if not part.n_photons:
            return
        first, second = part.phase_sums()
        self.sum_1, self.sum_2 = self.sum_1 + first, self.sum_2 + second
        self.n_photons += part.n_photons
        gaps = np.diff(part.times_ps, prepend=part.times_ps[0] if self.last_ps is None else self.last_ps)
        gaps = gaps[gaps > 0]
        if gaps.size:
            self.shortest_ps = min(self.shortest_ps, float(gaps.min()))
        self.last_ps = int(part.times_ps[-1])

    def result(self, name: str, period_ps: float) -> DetectorSums:
        """All photons' sums."""
        gap_ps = self.shortest_ps if np.isfinite(self.shortest_ps) else 0.0
        cut_ps = cut_of_counts(self.phase_counts, period_ps)
        return DetectorSums(name, period_ps, self.n_photons, cut_ps, gap_ps, self.sum_1, self.sum_2)


def from_stream(
    stream: PhotonStream,
    found: Survey,
    guess_period_ps: float | None = None,
    *,
    report_period: Progress | None = None,
    report_phases: Progress | None = None,
) -> StreamedPhotons:
    """As :func:`analysis.pulsed.from_record`, same errors; reads the stream once (T3) or twice."""
    channels, told = choose_detectors(found.counts, found.trigger_ps)
    if found.related and found.period_ps:
        names = (f"channel {channels[0]}", f"channel {channels[1]}")
        relation = Relation(channels, names, float(found.period_ps), related=True)
        n_pulses = found.pulses[1] - found.pulses[0] + 1
    else:
        n_photons = sum(found.counts[number] for number in channels)
        sample = period_sample(stream, channels, n_photons, report_period)
        period_ps = period_of_sample(sample, found.period_ps or guess_period_ps, found.trigger_ps, "the file")
        relation = Relation(channels, ("detector 1", "detector 2"), period_ps, related=False)
        n_pulses = max(1, round(found.duration_s * 1e12 / period_ps))
    silences = Silences()
    first, second = detector_sums(stream, relation, report_phases, silences)
    n_pulses, live_s = live_pulses(n_pulses, relation.period_ps, found.duration_s, silences, related=relation.related)
    return StreamedPhotons(
        stream,
        relation,
        first,
        second,
        n_pulses,
        live_s,
        found.resolution_ps if found.related else 0.0,
        found.latest_ps,
        timing_fault(found.beyond) if found.related else "",
        (*found.warnings, *told, *silences.undecided(found.duration_s)),
        found.missing_pairs,
        found.duration_s - live_s,
    )


def detector_sums(
    stream: PhotonStream, relation: Relation, report: Progress | None = None, silences: Silences | None = None
) -> tuple[DetectorSums, DetectorSums]:
    """Read the stream once and sum over the photons of both detectors; their times go to ``silences``, too."""
    sums = (_Sums(), _Sums())
    for parts in relation.all_detectors(stream, report):
        if silences is not None:
            silences.take(merged(parts[0].times_ps, parts[1].times_ps))
        for each, part in zip(sums, parts, strict=True):
            each.take(part)
    first, second = (s.result(name, relation.period_ps) for s, name in zip(sums, relation.names, strict=True))
    return first, second


def period_sample(
    stream: PhotonStream, channels: tuple[int, int], n_photons: int, report: Progress | None = None
) -> IntArray:
    """The photons the period is fitted to, those of :func:`analysis.pulsed.sampled`."""
    parts: list[npt.NDArray[np.int64]] = []
    start = 0
    for chunk in stream.iter_chunks(report):
        times = chunk.timestamps_ps[np.isin(chunk.channel, channels)]
        parts.append(times[sampled(start, start + times.size, n_photons)])
        start += times.size
    return np.concatenate(parts)
