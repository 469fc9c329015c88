"""Photons of two detectors related to laser pulses, so that all photons of one pulse carry one number.

Each detector's period is cut just before its own signal rises: neither the length of its cable nor the position
of the laser pulse between two triggers can tear the photons of a pulse apart.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.tags import PhotonRecord, fit_period_ps, pulse_phase
from runfile.reader import RunFile
from runfile.records import TagRecord

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_COARSE_BINS = 400
_AFTERPULSING_PS = 2e6


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
        counts, edges = np.histogram(self.phase_ps % self.period_ps, _COARSE_BINS, (0.0, self.period_ps))
        smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
        peak = int(np.argmax(smooth))
        level = 0.02 * smooth[peak] + 0.98 * float(np.quantile(smooth, 0.1))
        back = np.roll(smooth[::-1], peak + 1 - _COARSE_BINS)  # going backwards in time from the peak
        below = np.flatnonzero(back < level)
        steps = (int(below[0]) if below.size else _COARSE_BINS // 8) + 2
        return float(edges[(peak - steps) % _COARSE_BINS])

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
        span_ps = min(_AFTERPULSING_PS, 0.2 * duration_s * 1e12 / max(self.times_ps.size, 1))
        span_ps = max(1.0, np.floor(span_ps / self.period_ps)) * self.period_ps
        first = np.diff(self.times_ps, prepend=self.times_ps[0] - int(2 * span_ps)) > span_ps
        return replace(self, times_ps=self.times_ps[first], pulse=self.pulse[first], phase_ps=self.phase_ps[first])

    def mean_phase(self) -> tuple[float, float]:
        """Circular mean of the phase and its standard error, ps: the detector's delay, up to whole periods."""
        angle = 2j * np.pi / self.period_ps * self.phase_ps
        first, second = np.exp(angle).mean(), np.exp(2 * angle).mean()
        direction = float(np.angle(first))
        spread = (1.0 - float(np.real(second * np.exp(-2j * direction)))) / (2.0 * abs(first) ** 2)
        scale = self.period_ps / (2.0 * np.pi)
        return direction * scale, scale * float(np.sqrt(max(spread, 0.0) / self.phase_ps.size))


@dataclass(frozen=True)
class PulsedPhotons:
    """Two detectors behind a beam splitter under pulsed light.

    ``n_pulses`` during the record; ``resolution_ps``: width of the recorder's time bins, 0 if finer than matters.
    ``timing_fault``: why times within the period cannot be used, "" if they can.
    """

    detector_1: Detector
    detector_2: Detector
    period_ps: float
    n_pulses: int
    duration_s: float
    resolution_ps: float
    timing_fault: str = ""
    warnings: tuple[str, ...] = ()

    def cuts_ps(self) -> tuple[float, float]:
        """Where the two periods are cut, less than half a period apart."""
        first, second = self.detector_1.cut_ps, self.detector_2.cut_ps
        return first, second + self.period_ps * round((first - second) / self.period_ps)


def from_run(run: RunFile) -> PulsedPhotons:
    """Photons of a g2 run: channels and notes["pulses"] as the procedure wrote them.

    Raises AnalysisError when detectors or notes are missing or hold nothing.
    """
    tags = run.tags()
    note = run.notes.get("pulses")
    if not isinstance(note, dict) or "period_ns" not in note:
        raise AnalysisError(f"{run.path}: the note 'pulses' with 'period_ns' is missing; is it a g2 run?")
    period_ps = float(note["period_ns"]) * 1e3
    warnings: list[str] = []
    if run.exit_status != "completed":
        warnings.append(f"the run ended as {run.exit_status!r}; what was recorded until then is analysed")
    times = [_channel(tags, name, str(run.path)) for name in ("detector_1", "detector_2")]
    if "divided_trigger" in tags.channels:
        trigger = tags.of("divided_trigger")
        divider = int(note.get("trigger_divider", 1))
        try:
            phases = [pulse_phase(t, trigger, divider, period_ps) for t in times]
        except ValueError as error:
            raise AnalysisError(f"{run.path}: {error}") from error
        period_ps = phases[0].period_ps
        detectors = [
            Detector(f"detector {i + 1}", t, p.pulse_index, p.phase_ps, p.period_ps)
            for i, (t, p) in enumerate(zip(times, phases, strict=True))
        ]
    else:
        warnings.append("no trigger was recorded: the pulse period is fitted to the photons themselves")
        period_ps, detectors = _from_times(times, period_ps, str(run.path))
    duration_s = tags.duration_s
    if not np.isfinite(duration_s):
        duration_s = float(np.ptp(np.concatenate(times))) * 1e-12
        warnings.append("the live time is not in the file; the span of the tags is used")
    n_pulses = max(1, round(duration_s * 1e12 / period_ps))
    first, second = detectors
    return PulsedPhotons(first, second, period_ps, n_pulses, duration_s, 0.0, warnings=tuple(warnings))


def from_record(record: PhotonRecord, guess_period_ps: float | None = None) -> PulsedPhotons:
    """Photons of a foreign file: its two busiest channels, in ascending order, are the detectors.

    T3 files bring the pulses along. Other tags need the period: the file's, or ``guess_period_ps``, refined on
    the photons. Raises AnalysisError when there are not two detectors or no pulse period.
    """
    numbers, counts = np.unique(record.channel, return_counts=True)
    if numbers.size < 2:
        raise AnalysisError(f"the file holds photons of channel {numbers[0]} only; g2 needs two detectors")
    chosen = sorted(int(n) for n in numbers[np.argsort(counts)[-2:]])
    masks = [record.channel == number for number in chosen]
    warnings = list(record.warnings)
    if numbers.size > 2:
        warnings.append(f"of the channels {[int(n) for n in numbers]} the two busiest, {chosen}, are analysed")
    names = [f"channel {number}" for number in chosen]
    if record.sync_index is not None and record.nanotimes_ps is not None and record.sync_period_ps:
        return _from_t3(record, masks, names, tuple(warnings))
    guess = record.sync_period_ps or guess_period_ps
    if not guess:
        raise AnalysisError("the file does not say the pulse period; a pulsed g2 cannot be evaluated without it")
    times = [record.timestamps_ps[mask] for mask in masks]
    period_ps, detectors = _from_times(times, guess, "the file")
    n_pulses = max(1, round(record.duration_s * 1e12 / period_ps))
    first, second = detectors
    return PulsedPhotons(first, second, period_ps, n_pulses, record.duration_s, 0.0, warnings=tuple(warnings))


def _from_t3(
    record: PhotonRecord, masks: list[npt.NDArray[np.bool_]], names: list[str], warnings: tuple[str, ...]
) -> PulsedPhotons:
    index, nanotimes, period = record.sync_index, record.nanotimes_ps, record.sync_period_ps
    if index is None or nanotimes is None or period is None:
        raise AnalysisError("the record does not relate photons to pulses")
    beyond = float(np.mean(nanotimes > 1.02 * period))
    fault = ""
    if beyond > 1e-3:
        fault = f"{beyond:.0%} of the photons are dated later than one pulse period after their pulse"
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


def _from_times(times: list[IntArray], guess_ps: float, where: str) -> tuple[float, list[Detector]]:
    try:
        period = fit_period_ps(np.concatenate(times), guess_ps)
    except ValueError as error:
        raise AnalysisError(f"{where}: {error}") from error
    detectors = []
    for number, stamps in enumerate(times, start=1):
        pulse = np.floor(stamps / period)
        phase = stamps - pulse * period
        detectors.append(Detector(f"detector {number}", stamps, pulse.astype(np.int64), phase, period))
    return period, detectors


def _channel(tags: TagRecord, name: str, where: str) -> IntArray:
    if name not in tags.channels:
        raise AnalysisError(f"{where}: the tags name no {name!r}; channels are {sorted(tags.channels)}")
    times = np.sort(tags.of(name))
    if not times.size:
        raise AnalysisError(f"{where}: {name} recorded no photons; is the shutter open, the laser on?")
    return times
