"""The photons of a g2 run larger than memory: channels and notes as :func:`analysis.pulsed.from_run` reads them.

The pulses between two tags of the divided trigger are known only when the second tag has come: photons wait for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.live_time import Silences
from analysis.pulsed import NO_LIVE_TIME, Detector, end_warnings, period_of_sample, pulses_of_note
from analysis.pulsed_stream import Relation, StreamedPhotons, detector_sums, period_sample
from analysis.tag_files import open_stream
from analysis.tags import PhotonStream, Progress, between_triggers, checked_period_ps
from runfile.reading import RecordedRun

IntArray = npt.NDArray[np.int64]

_NAMES = ("detector_1", "detector_2")
_TRIGGER = "divided_trigger"
_MOST_WAITING = 30_000_000
_DETECTORS = ("detector 1", "detector 2")


@dataclass(frozen=True)
class TriggeredRelation(Relation):
    """Photons related to the pulses between the tags of ``trigger_channel``."""

    trigger_channel: int

    def all_detectors(
        self, stream: PhotonStream, report: Progress | None = None
    ) -> Iterator[tuple[Detector, Detector]]:
        """Read the stream once: the photons of each detector, in parts that end at a trigger tag.

        Raises AnalysisError where so many photons come without a trigger tag that they do not fit into memory.
        """
        trigger, first_pulse = np.zeros(0, np.int64), 0
        waiting = [np.zeros(0, np.int64), np.zeros(0, np.int64)]
        for chunk in stream.iter_chunks(report):
            times, channel = chunk.timestamps_ps, chunk.channel
            trigger = np.unique(np.concatenate([trigger, times[channel == self.trigger_channel]]))
            waiting = [np.concatenate([w, times[channel == k]]) for w, k in zip(waiting, self.channels, strict=True)]
            if trigger.size >= 2:
                n_settled = [int(np.searchsorted(w, trigger[-1])) for w in waiting]
                yield self._related([w[:n] for w, n in zip(waiting, n_settled, strict=True)], trigger, first_pulse)
                waiting = [w[n:] for w, n in zip(waiting, n_settled, strict=True)]
                passed = np.maximum(np.rint(np.diff(trigger[:-1]) / self.period_ps), 1.0)
                first_pulse += int(passed.sum())
                trigger = trigger[-2:]
            if sum(w.size for w in waiting) > _MOST_WAITING:
                since_s = min(int(w[0]) for w in waiting if w.size) * 1e-12
                raise AnalysisError(
                    f"more than {_MOST_WAITING} photons come without a tag of the divided trigger after {since_s:.4g} "
                    "s: their pulses are unknown"
                )
        if trigger.size >= 2:
            yield self._related(waiting, trigger, first_pulse)

    def _related(self, times: list[IntArray], trigger: IntArray, first_pulse: int) -> tuple[Detector, Detector]:
        found = [between_triggers(each, trigger, self.period_ps, first_pulse) for each in times]
        first, second = (
            Detector(name, each, phases.pulse_index, phases.phase_ps, self.period_ps)
            for name, each, phases in zip(self.names, times, found, strict=True)
        )
        return first, second


def from_run_stream(run: RecordedRun, report: Progress | None = None) -> StreamedPhotons:
    """As :func:`analysis.pulsed.from_run`, same numbers, same errors, in bounded memory; reads the tags two times."""
    where = str(run.path)
    period_ps, divider = pulses_of_note(run.notes.get("pulses"), where)
    stream = open_stream(run.path)
    names = stream.metadata["channels"]
    channels = _channels(names, where)
    trigger_channel = names.get(_TRIGGER) if isinstance(names, dict) else None
    seen = _Survey()
    for chunk in stream.iter_chunks(_share(report, 0)):
        seen.take(chunk.timestamps_ps, chunk.channel, channels, trigger_channel)
    for name, count in zip(_NAMES, seen.counts, strict=True):
        if not count:
            raise AnalysisError(f"{where}: {name} recorded no photons; is the shutter open, the laser on?")
    warnings: list[str] = []
    relation: Relation
    if trigger_channel is None:
        warnings.append("no trigger was recorded: the pulse period is fitted to the photons themselves")
        sample = period_sample(stream, channels, sum(seen.counts))
        fitted = period_of_sample(sample, period_ps, None, where)
        relation = Relation(channels, _DETECTORS, fitted, related=False)
    else:
        try:
            measured = checked_period_ps(seen.median_spacing_ps(), divider, period_ps)
        except ValueError as error:
            raise AnalysisError(f"{where}: {error}") from error
        relation = TriggeredRelation(channels, _DETECTORS, measured, related=False, trigger_channel=trigger_channel)
    silences = Silences(None)
    first, second = detector_sums(stream, relation, _share(report, 1), silences)
    duration_s, pauses_s = stream.head.stated_duration_s, 0.0
    if duration_s is None or not np.isfinite(duration_s):
        pauses_s = silences.pauses_between_photons_ps() * 1e-12
        duration_s = (seen.last_ps - seen.first_ps) * 1e-12 - pauses_s
        warnings.append(NO_LIVE_TIME)
    n_pulses = max(1, round(duration_s * 1e12 / relation.period_ps))
    told = (*end_warnings(run.exit_status), *warnings)
    return StreamedPhotons(
        stream, relation, first, second, n_pulses, duration_s, 0.0, 0, warnings=told, pauses_s=pauses_s
    )


@dataclass
class _Survey:
    """What one reading tells: photons of both detectors, their first and last time, spacings of the trigger."""

    counts: list[int] = field(default_factory=lambda: [0, 0])
    first_ps: int = np.iinfo(np.int64).max
    last_ps: int = np.iinfo(np.int64).min
    _last_trigger: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    _spacing: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    _times: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def take(
        self, times: IntArray, channel: npt.NDArray[np.uint8], detectors: tuple[int, int], trigger: int | None
    ) -> None:
        """The tags of the next chunk."""
        for k, number in enumerate(detectors):
            own = times[channel == number]
            self.counts[k] += own.size
            if own.size:
                self.first_ps, self.last_ps = min(self.first_ps, int(own[0])), max(self.last_ps, int(own[-1]))
        if trigger is None:
            return
        tags = np.unique(np.concatenate([self._last_trigger, times[channel == trigger]]))
        self._last_trigger = tags[-1:]
        values, counts = np.unique(np.diff(tags), return_counts=True)
        merged = np.union1d(self._spacing, values)
        total = np.zeros(merged.size, np.int64)
        total[np.searchsorted(merged, self._spacing)] += self._times
        total[np.searchsorted(merged, values)] += counts
        self._spacing, self._times = merged, total

    def median_spacing_ps(self) -> float:
        """Median of all spacings, as ``np.median`` of them; ValueError for fewer than two trigger tags."""
        running = np.cumsum(self._times)
        if not running.size:
            raise ValueError(f"needs two trigger tags at least, got {self._last_trigger.size}")
        n = int(running[-1])
        middle = [int(np.searchsorted(running, rank, side="right")) for rank in ((n - 1) // 2, n // 2)]
        return float(self._spacing[middle].mean())


def _channels(names: object, where: str) -> tuple[int, int]:
    for name in _NAMES:
        if not isinstance(names, dict) or name not in names:
            known = sorted(names) if isinstance(names, dict) else []
            raise AnalysisError(f"{where}: the tags name no {name!r}; channels are {known}")
    return int(names["detector_1"]), int(names["detector_2"])  # type: ignore[index]


def _share(report: Progress | None, step: int) -> Progress | None:
    """Progress of one of the two readings."""
    if report is None:
        return None
    return lambda fraction, what: report((step + fraction) / 2.0, what)
