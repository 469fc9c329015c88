"""Photons of two detectors related to laser pulses, so that all photons of one pulse carry one number.

Each detector's period is cut just before its own signal rises: neither the length of its cable nor the position
of the laser pulse between two triggers can tear the photons of a pulse apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.correlation import coincidences
from analysis.errors import AnalysisError
from analysis.live_time import Silences, merged
from analysis.pulse_search import refine_period_ps, trigger_period_ps
from analysis.tags import PhotonRecord, pulse_phase
from runfile.reading import RecordedRun
from runfile.records import TagRecord

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_COARSE_BINS = 400
_AFTERPULSING_PS = 2e6
_SAMPLE_FIRST = 1_000_000
_SAMPLE_SPREAD = 4_000_000
_MOST_DIVIDED = 32
NO_LIVE_TIME = "the live time is not in the file; the span of the tags without pauses is used"


@dataclass(frozen=True)
class Detector:
    """Photons of one detector: sorted by time.

    ``times_ps``: arrival; ``phase_ps`` since the pulse numbered ``pulse`` (any fixed reference).
    """

    name: str
    times_ps: IntArray
    pulse: IntArray
    phase_ps: FloatArray
    period_ps: float

    @cached_property
    def cut_ps(self) -> float:
        """Phase just before the signal rises: where this detector's period is cut."""
        return cut_of_counts(self.phase_counts(), self.period_ps)

    @property
    def n_photons(self) -> int:
        """Number of photons."""
        return int(self.times_ps.size)

    @property
    def shortest_gap_ps(self) -> float:
        """Shortest time between two tags that differ, ps: an upper limit of the dead time; 0 without any."""
        gaps = np.diff(np.sort(self.times_ps))
        return float(gaps[gaps > 0].min()) if np.any(gaps > 0) else 0.0

    def phase_counts(self) -> IntArray:
        """Photons against the phase in 400 bins over the period; int64, shape (400,)."""
        counts, _ = np.histogram(self.phase_ps % self.period_ps, _COARSE_BINS, (0.0, self.period_ps))
        return counts.astype(np.int64)

    def phase_sums(self) -> tuple[complex, complex]:
        """Sums of exp(iφ) and exp(2iφ) over the photons, φ being the phase as an angle."""
        angle = 2j * np.pi / self.period_ps * self.phase_ps
        return complex(np.exp(angle).sum()), complex(np.exp(2 * angle).sum())

    def own_pulse(self, cut_ps: float) -> IntArray:
        """Number of the pulse each photon belongs to, with the period cut at ``cut_ps`` (may be negative)."""
        shifted = np.floor((self.phase_ps - cut_ps) / self.period_ps).astype(np.int64)
        result: IntArray = self.pulse + shifted
        return result

    @cached_property
    def since_cut_ps(self) -> FloatArray:
        """Time since the cut, in [0, period)."""
        result: FloatArray = (self.phase_ps - self.cut_ps) % self.period_ps
        return result

    def without_afterpulses(self, duration_s: float) -> "Detector":
        """The photons that no other tag of this detector precedes closely.

        Avalanche diodes fire again after a photon, most often within 2 µs; such tags lengthen the decay. Leaving
        out all tags that follow another within 2 µs removes them, and true photons evenly over the period, because
        the span is a whole number of periods. It is shortened where it would cost more than a fifth of the photons.
        """
        span_ps = afterpulse_span_ps(self.n_photons, duration_s, self.period_ps)
        return self.without_followers(span_ps, None)

    def without_followers(self, span_ps: float, before_ps: int | None) -> "Detector":
        """The photons with no tag of this detector within ``span_ps`` before; ``before_ps``: last tag before these."""
        if not self.times_ps.size:
            return self
        before = int(self.times_ps[0]) - int(2 * span_ps) if before_ps is None else before_ps
        first = np.diff(self.times_ps, prepend=before) > span_ps
        return replace(self, times_ps=self.times_ps[first], pulse=self.pulse[first], phase_ps=self.phase_ps[first])

    def mean_phase(self) -> tuple[float, float]:
        """Circular mean of the phase and its standard error, ps: the detector's delay, up to whole periods."""
        return mean_phase_of_sums(*self.phase_sums(), self.n_photons, self.period_ps)


def cut_of_counts(counts: IntArray, period_ps: float) -> float:
    """Phase (ps) just before the signal rises, from the photons by phase as :meth:`Detector.phase_counts` gives."""
    edges = np.linspace(0.0, period_ps, counts.size + 1)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    peak = int(np.argmax(smooth))
    level = 0.02 * smooth[peak] + 0.98 * float(np.quantile(smooth, 0.1))
    back = np.roll(smooth[::-1], peak + 1 - counts.size)  # going backwards in time from the peak
    below = np.flatnonzero(back < level)
    steps = (int(below[0]) if below.size else counts.size // 8) + 2
    return float(edges[(peak - steps) % counts.size])


def afterpulse_span_ps(n_photons: int, duration_s: float, period_ps: float) -> float:
    """How long after a tag the next ones are left out, ps: see :meth:`Detector.without_afterpulses`."""
    span_ps = min(_AFTERPULSING_PS, 0.2 * duration_s * 1e12 / max(n_photons, 1))
    return float(max(1.0, np.floor(span_ps / period_ps)) * period_ps)


def mean_phase_of_sums(sum_1: complex, sum_2: complex, n_photons: int, period_ps: float) -> tuple[float, float]:
    """Circular mean of the phase and its standard error, ps, from the sums of :meth:`Detector.phase_sums`."""
    first, second = sum_1 / n_photons, sum_2 / n_photons
    direction = float(np.angle(first))
    spread = (1.0 - float(np.real(second * np.exp(-2j * direction)))) / (2.0 * abs(first) ** 2)
    scale = period_ps / (2.0 * np.pi)
    return direction * scale, scale * float(np.sqrt(max(spread, 0.0) / n_photons))


@dataclass(frozen=True)
class PulsedPhotons:
    """Two detectors behind a beam splitter under pulsed light.

    ``n_pulses`` and ``duration_s``: of the live time, ``pauses_s`` left out; ``resolution_ps``: width of the recorder's
    time bins, 0 if finer than matters. ``timing_fault``: why times within the period cannot be used, "" if they can.
    ``missing_pairs``: why the recorder could not record pairs near zero delay, "" if it could.
    """

    detector_1: Detector
    detector_2: Detector
    period_ps: float
    n_pulses: int
    duration_s: float
    resolution_ps: float
    timing_fault: str = ""
    warnings: tuple[str, ...] = ()
    missing_pairs: str = ""
    pauses_s: float = 0.0

    def cuts_ps(self) -> tuple[float, float]:
        """Where the two periods are cut, less than half a period apart."""
        first, second = self.detector_1.cut_ps, self.detector_2.cut_ps
        return first, second + self.period_ps * round((first - second) / self.period_ps)

    def coincidences(self, width_ps: int, reach_ps: int) -> IntArray:
        """All pairs by delay, as :func:`analysis.correlation.coincidences`."""
        return coincidences(self.detector_1.times_ps, self.detector_2.times_ps, width_ps, reach_ps)


def from_run(run: RecordedRun) -> PulsedPhotons:
    """Photons of a g2 run: channels and notes["pulses"] as the procedure wrote them.

    Raises AnalysisError when detectors or notes are missing or hold nothing.
    """
    photons = from_tags(run.tags(), run.notes.get("pulses"), str(run.path))
    return replace(photons, warnings=(*end_warnings(run.exit_status), *photons.warnings))


def end_warnings(exit_status: str) -> tuple[str, ...]:
    """What is to be said of a run that did not end as planned."""
    if exit_status == "completed":
        return ()
    return (f"the run ended as {exit_status!r}; what was recorded until then is analysed",)


def pulses_of_note(note: object, where: str) -> tuple[float, int]:
    """Nominal pulse period (ps) and trigger divider of notes["pulses"]; AnalysisError where they make no sense."""
    if not isinstance(note, dict) or "period_ns" not in note:
        raise AnalysisError(f"{where}: the note 'pulses' with 'period_ns' is missing; is it a g2 run?")
    period_ns, divider = float(note["period_ns"]), int(note.get("trigger_divider", 1))
    if not (np.isfinite(period_ns) and period_ns > 0.0 and divider >= 1):
        raise AnalysisError(
            f"{where}: a pulse period of {period_ns:g} ns and a trigger at every {divider}. pulse make no sense; both "
            "must be above 0"
        )
    return period_ns * 1e3, divider


def from_tags(tags: TagRecord, note: object, where: str) -> PulsedPhotons:
    """Photons of the tags of a g2 run; ``note``: its notes["pulses"], ``where``: what an error names.

    Raises AnalysisError as :func:`from_run`.
    """
    period_ps, divider = pulses_of_note(note, where)
    warnings: list[str] = []
    times = (_channel(tags, "detector_1", where), _channel(tags, "detector_2", where))
    if "divided_trigger" in tags.channels:
        trigger = tags.of("divided_trigger")
        try:
            phases = [pulse_phase(t, trigger, divider, period_ps) for t in times]
        except ValueError as error:
            raise AnalysisError(f"{where}: {error}") from error
        period_ps = phases[0].period_ps
        detectors = [
            Detector(f"detector {i + 1}", t, p.pulse_index, p.phase_ps, p.period_ps)
            for i, (t, p) in enumerate(zip(times, phases, strict=True))
        ]
    else:
        warnings.append("no trigger was recorded: the pulse period is fitted to the photons themselves")
        period_ps, detectors = _from_times(list(times), period_ps, where)
    duration_s = tags.duration_s
    pauses_s = 0.0
    if not np.isfinite(duration_s):
        silences = Silences(None)
        silences.take(merged(*times))
        pauses_s = silences.pauses_between_photons_ps() * 1e-12
        duration_s = float(np.ptp(np.concatenate(times))) * 1e-12 - pauses_s
        warnings.append(NO_LIVE_TIME)
    n_pulses = max(1, round(duration_s * 1e12 / period_ps))
    first, second = detectors
    return PulsedPhotons(
        first, second, period_ps, n_pulses, duration_s, 0.0, warnings=tuple(warnings), pauses_s=pauses_s
    )


def from_record(record: PhotonRecord, guess_period_ps: float | None = None) -> PulsedPhotons:
    """Photons of a foreign file: its two busiest channels, in ascending order, are the detectors.

    T3 files bring the pulses along. Other tags need the period: the file's, ``guess_period_ps``, or that of the
    laser trigger on channel 0 (see :func:`choose_detectors`), refined on the photons. Raises AnalysisError when
    there are not two detectors or no pulse period.
    """
    photons = replace(_related_photons(record, guess_period_ps), missing_pairs=record.missing_pairs)
    related = record.sync_index is not None and bool(record.sync_period_ps)
    silences = Silences()
    silences.take(merged(photons.detector_1.times_ps, photons.detector_2.times_ps))
    n_pulses, live_s = live_pulses(photons.n_pulses, photons.period_ps, photons.duration_s, silences, related=related)
    warnings = (*photons.warnings, *silences.undecided(photons.duration_s))
    pauses_s = photons.duration_s - live_s
    return replace(photons, n_pulses=n_pulses, duration_s=live_s, pauses_s=pauses_s, warnings=warnings)


def live_pulses(
    n_pulses: int, period_ps: float, duration_s: float, silences: Silences, *, related: bool
) -> tuple[int, float]:
    """Pulses and time (s) without the pauses. ``related``: ``n_pulses`` were counted from first to last photon (T3)."""
    live_s = silences.live_s(duration_s)
    if related:
        return max(1, n_pulses - round(silences.pauses_between_photons_ps() / period_ps)), live_s
    return max(1, round(live_s * 1e12 / period_ps)), live_s


def _related_photons(record: PhotonRecord, guess_period_ps: float | None) -> PulsedPhotons:
    numbers, counts = np.unique(record.channel, return_counts=True)
    per_channel = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    related = record.sync_index is not None and record.nanotimes_ps is not None and bool(record.sync_period_ps)
    trigger = None if related else trigger_period_ps(record.timestamps_ps[record.channel == 0])
    chosen, told = choose_detectors(per_channel, trigger)
    warnings = (*record.warnings, *told)
    masks = [record.channel == number for number in chosen]
    if related:
        return _from_t3(record, masks, [f"channel {number}" for number in chosen], warnings)
    times = [record.timestamps_ps[mask] for mask in masks]
    merged = np.sort(np.concatenate(times))
    sample = merged[sampled(0, merged.size, merged.size)]
    period_ps = period_of_sample(sample, record.sync_period_ps or guess_period_ps, trigger, "the file")
    first, second = [detector_of_times(f"detector {i}", stamps, period_ps) for i, stamps in enumerate(times, start=1)]
    n_pulses = max(1, round(record.duration_s * 1e12 / period_ps))
    return PulsedPhotons(first, second, period_ps, n_pulses, record.duration_s, 0.0, warnings=warnings)


def choose_detectors(counts: Mapping[int, int], trigger_ps: float | None) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The two channels to correlate, ascending, and what to say about the others.

    ``counts``: photons per channel. ``trigger_ps``: period of channel 0 where that is a laser trigger; beside two
    other channels it is no detector then. Raises AnalysisError for fewer than two channels.
    """
    left, told = dict(counts), []
    if trigger_ps is not None and 0 in left and len(left) > 2:
        del left[0]
        told.append(f"channel 0 is taken as the laser trigger, not as a detector: every {trigger_ps * 1e-3:.4g} ns")
    elif trigger_ps is not None and 0 in left:
        told.append("channel 0 has tags as regular as those of a laser trigger; it is analysed as a detector")
    if len(left) < 2:
        raise AnalysisError(f"the file holds photons of channel {min(left)} only; g2 needs two detectors")
    ascending = sorted(left, key=lambda number: (left[number], number))
    chosen = tuple(sorted(ascending[-2:]))
    if len(left) > 2:
        told.append(f"of the channels {sorted(left)} the two busiest, {list(chosen)}, are analysed")
    return (chosen[0], chosen[1]), tuple(told)


def sampled(start: int, stop: int, n_photons: int) -> BoolArray:
    """Which of the photons numbered ``start`` to ``stop`` - 1 of ``n_photons`` the period is fitted to; bool.

    All of the first million and some four million spread evenly: records up to 4e6 photons as a whole.
    """
    number = np.arange(start, stop)
    result: BoolArray = (number < _SAMPLE_FIRST) | (number % max(1, -(-n_photons // _SAMPLE_SPREAD)) == 0)
    return result


def period_of_sample(sample_ps: IntArray, stated_ps: float | None, trigger_ps: float | None, where: str) -> float:
    """Pulse period fitted to photons, from the stated one or, failing that, the trigger's.

    A trigger input that is dead for longer than the period, or a divider before it, leaves every n-th pulse:
    whole parts (up to 32) of the trigger's period are tried. Raises AnalysisError where no period fits.
    """
    if not stated_ps and not trigger_ps:
        raise AnalysisError("the file does not say the pulse period; a pulsed g2 cannot be evaluated without it")
    parts = range(1, 2) if stated_ps else range(1, _MOST_DIVIDED + 1)
    guess_ps = float(stated_ps or trigger_ps or 0.0)
    refusal = ""
    for part in parts:
        try:
            return refine_period_ps(sample_ps, guess_ps / part)
        except ValueError as error:
            refusal = refusal or str(error)
    raise AnalysisError(f"{where}: {refusal}")


def detector_of_times(name: str, times_ps: IntArray, period_ps: float) -> Detector:
    """Photons related to pulses at whole multiples of the period."""
    pulse = np.floor(times_ps / period_ps)
    return Detector(name, times_ps, pulse.astype(np.int64), times_ps - pulse * period_ps, period_ps)


def _from_t3(
    record: PhotonRecord, masks: list[npt.NDArray[np.bool_]], names: list[str], warnings: tuple[str, ...]
) -> PulsedPhotons:
    index, nanotimes, period = record.sync_index, record.nanotimes_ps, record.sync_period_ps
    if index is None or nanotimes is None or period is None:
        raise AnalysisError("the record does not relate photons to pulses")
    fault = timing_fault(float(np.mean(nanotimes > 1.02 * period)))
    first, second = [
        Detector(name, record.timestamps_ps[m], index[m], nanotimes[m].astype(np.float64), float(period))
        for name, m in zip(names, masks, strict=True)
    ]
    steps = np.unique(nanotimes)
    resolution = float(np.diff(steps).min()) if steps.size > 1 else 0.0
    n_pulses = int(index.max() - index.min()) + 1
    return PulsedPhotons(
        first, second, float(period), n_pulses, record.duration_s, resolution, timing_fault=fault, warnings=warnings
    )


def timing_fault(beyond: float) -> str:
    """Why times within the period cannot be used where the share ``beyond`` comes after it; "" if they can."""
    if beyond <= 1e-3:
        return ""
    return f"{beyond:.0%} of the photons are dated later than one pulse period after their pulse"


def _from_times(times: list[IntArray], guess_ps: float, where: str) -> tuple[float, list[Detector]]:
    merged = np.sort(np.concatenate(times))
    period = period_of_sample(merged[sampled(0, merged.size, merged.size)], guess_ps, None, where)
    return period, [detector_of_times(f"detector {i}", stamps, period) for i, stamps in enumerate(times, start=1)]


def _channel(tags: TagRecord, name: str, where: str) -> IntArray:
    if name not in tags.channels:
        raise AnalysisError(f"{where}: the tags name no {name!r}; channels are {sorted(tags.channels)}")
    times = np.sort(tags.of(name))
    if not times.size:
        raise AnalysisError(f"{where}: {name} recorded no photons; is the shutter open, the laser on?")
    return times
