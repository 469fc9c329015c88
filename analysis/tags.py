"""Photon arrival times in one form, whatever recorded them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from runfile.records import TagRecord

__all__ = [
    "PhotonChunk",
    "PhotonRecord",
    "PhotonStream",
    "Progress",
    "PulsePhase",
    "RecordStream",
    "StreamSummary",
    "TagRecord",
    "absolute_times_ps",
    "between_triggers",
    "checked_period_ps",
    "pulse_phase",
]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
"""Is told how far a long task is: fraction from 0 to 1, and what is going on."""


@dataclass(frozen=True)
class PhotonRecord:
    """Detected photons of one measurement, sorted by time; all arrays have the same length.

    ``timestamps_ps`` (int64) count from the start of the record, ``channel`` (uint8) from 1 as on the front
    panel; 0 is the sync input of a recorder that has one beside its numbered inputs. Where the recorder related
    each photon to a laser pulse (T3): ``sync_index`` is the number of that pulse, ``nanotimes_ps`` the time since
    it, ``sync_period_ps`` the pulse period. ``warnings``: what in the file contradicts the data. ``metadata``: what
    the file says about itself, not checked. ``missing_pairs``: why the recorder could not record pairs near zero delay,
    "" if it could.
    """

    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    duration_s: float
    sync_period_ps: float | None = None
    nanotimes_ps: IntArray | None = None
    sync_index: IntArray | None = None
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    missing_pairs: str = ""

    def channels(self) -> tuple[int, ...]:
        """Channels with photons, ascending."""
        return tuple(int(number) for number in np.unique(self.channel))


@dataclass(frozen=True)
class PhotonChunk:
    """Some consecutive photons of a record, sorted by time, none earlier than those of the chunk before.

    The arrays mean what they mean in :class:`PhotonRecord` and have the same length, at least 1.
    """

    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    nanotimes_ps: IntArray | None = None
    sync_index: IntArray | None = None

    @property
    def n_photons(self) -> int:
        """Number of photons in the chunk."""
        return int(self.timestamps_ps.size)


@dataclass(frozen=True)
class StreamSummary:
    """What is known of a stream once it was read to its end.

    ``counts``: photons per channel. ``duration_s``: length of the record. ``warnings``: what the file says about
    itself and the photons contradict. ``missing_pairs``: as in :class:`PhotonRecord`.
    """

    counts: Mapping[int, int]
    duration_s: float
    warnings: tuple[str, ...] = ()
    missing_pairs: str = ""

    @property
    def n_photons(self) -> int:
        """Number of photons on all channels."""
        return sum(self.counts.values())


class PhotonStream(Protocol):
    """Photons that come in chunks, so that a record larger than the memory can be analysed.

    An analysis loops over :meth:`iter_chunks` and asks for :meth:`summary` afterwards.
    """

    @property
    def sync_period_ps(self) -> float | None:
        """Pulse period in ps; None where photons are not related to pulses. Not believed: see the warnings."""
        ...

    @property
    def metadata(self) -> Mapping[str, object]:
        """What the file says about itself, not checked."""
        ...

    def iter_chunks(self, report: Progress | None = None) -> Iterator[PhotonChunk]:
        """Yield all photons in time order, from the start; may be called again. ``report`` is told the progress."""
        ...

    def summary(self) -> StreamSummary:
        """Counts, duration and warnings; ValueError before the last chunk was taken."""
        ...


class RecordStream:
    """A :class:`PhotonRecord` that is in memory already, as a :class:`PhotonStream`.

    ``chunk_photons``: photons in a chunk, at least 1; ValueError otherwise.
    """

    def __init__(self, record: PhotonRecord, chunk_photons: int = 1 << 20) -> None:
        if chunk_photons < 1:
            raise ValueError(f"a chunk needs one photon at least, not {chunk_photons}")
        self._record = record
        self._chunk_photons = chunk_photons

    @property
    def sync_period_ps(self) -> float | None:
        """Pulse period in ps; None where photons are not related to pulses."""
        return self._record.sync_period_ps

    @property
    def metadata(self) -> Mapping[str, object]:
        """What the file says about itself, not checked."""
        return self._record.metadata

    def iter_chunks(self, report: Progress | None = None) -> Iterator[PhotonChunk]:
        """Yield all photons in time order."""
        record, n_photons = self._record, self._record.timestamps_ps.size
        for start in range(0, n_photons, self._chunk_photons):
            part = slice(start, start + self._chunk_photons)
            yield PhotonChunk(
                record.timestamps_ps[part],
                record.channel[part],
                None if record.nanotimes_ps is None else record.nanotimes_ps[part],
                None if record.sync_index is None else record.sync_index[part],
            )
            if report is not None:
                report(min(1.0, (start + self._chunk_photons) / n_photons), "reading photons")

    def summary(self) -> StreamSummary:
        """Counts, duration and warnings of the record."""
        numbers, counts = np.unique(self._record.channel, return_counts=True)
        per_channel = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
        return StreamSummary(per_channel, self._record.duration_s, self._record.warnings, self._record.missing_pairs)


@dataclass(frozen=True)
class PulsePhase:
    """Each photon related to the laser pulse before it: number of the pulse and time since it, ps."""

    pulse_index: IntArray
    phase_ps: FloatArray
    period_ps: float


def absolute_times_ps(sync_index: IntArray, sync_period_ps: float, nanotimes_ps: IntArray) -> IntArray:
    """Arrival time of T3 photons: pulse number × period + time since the pulse, int64 ps.

    Whole and fractional ps of the period are multiplied separately: their product in one float would be
    wrong by ps after some hours.
    """
    whole = int(sync_period_ps)
    fraction = np.rint(sync_index * (sync_period_ps - whole)).astype(np.int64)
    times: IntArray = sync_index * whole + fraction + nanotimes_ps
    return times


def pulse_phase(times_ps: IntArray, trigger_ps: IntArray, trigger_divider: int, period_ps: float) -> PulsePhase:
    """Relate photons to laser pulses of which every ``trigger_divider``-th left a tag.

    Between two neighbouring trigger tags the pulses are spaced evenly, so neither a drift of the laser nor a
    pause between batches matters. ``period_ps`` is the nominal pulse period. Raises ValueError for fewer than
    two trigger tags, or when their spacing contradicts period and divider by more than 1 %.
    """
    trigger = np.unique(trigger_ps)
    if trigger.size < 2:
        raise ValueError(f"needs two trigger tags at least, got {trigger.size}")
    measured = checked_period_ps(float(np.median(np.diff(trigger))), trigger_divider, period_ps)
    return between_triggers(times_ps, trigger, measured)


def checked_period_ps(spacing_ps: float, trigger_divider: int, period_ps: float) -> float:
    """Pulse period, ps, from the median spacing of the trigger tags; ValueError if 1 % off ``period_ps``."""
    measured = spacing_ps / trigger_divider
    if abs(measured / period_ps - 1.0) > 0.01:
        raise ValueError(
            f"the trigger tags say a pulse period of {measured / 1e3:.4g} ns, "
            f"period and divider of the run say {period_ps / 1e3:.4g} ns"
        )
    return measured


def between_triggers(times_ps: IntArray, trigger_ps: IntArray, period_ps: float, first_pulse: int = 0) -> PulsePhase:
    """Photons related to pulses spaced evenly between ``trigger_ps`` (ascending, two different ones at least).

    ``period_ps``: as measured. ``first_pulse``: number of the pulse of the first trigger tag. Photons before the first
    and after the last tag belong to the pulses that the nearest pair of tags continues.
    """
    spacing = np.diff(trigger_ps)
    n_pulses = np.maximum(np.rint(spacing / period_ps), 1.0)
    number_at = first_pulse + np.concatenate([[0], np.cumsum(n_pulses)]).astype(np.int64)
    interval = np.clip(np.searchsorted(trigger_ps, times_ps, side="right") - 1, 0, trigger_ps.size - 2)
    local_period = (spacing / n_pulses)[interval]
    elapsed = (times_ps - trigger_ps[interval]).astype(np.float64)
    number = np.floor(elapsed / local_period)
    phase = elapsed - number * local_period
    return PulsePhase(number_at[interval] + number.astype(np.int64), phase, period_ps)
