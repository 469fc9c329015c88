"""From raw chunks of a file to chunks in time order, and to one record in memory."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from analysis.readers.base import CONTRADICTION, Head, OutOfOrderError, RawChunk, TagFileError, TagSource, seconds
from analysis.readers.tag_checks import TagChecks
from analysis.tags import IntArray, PhotonChunk, PhotonRecord, Progress, StreamSummary

HOLD_BACK_PS = 1_000_000_000
"""Photons of the last millisecond wait for the next chunk: recorders and T3 nanotimes are out of order by less."""

_MOST_RATE_HZ, _FEW = 2e8, 1000
_ONE_EACH = (
    "record each detector with a converter of its own (PicoHarp 300: T2 mode with a detector at each of its two inputs)"
)


class FileStream:
    """The photons of one file, chunk by chunk in time order; a :class:`analysis.tags.PhotonStream`."""

    def __init__(self, source: TagSource) -> None:
        self._source = source
        self._summary: StreamSummary | None = None

    @property
    def head(self) -> Head:
        """What the file says before its first photon."""
        return self._source.head

    @property
    def sync_period_ps(self) -> float | None:
        """Pulse period in ps; None where photons are not related to pulses."""
        return self._source.head.sync_period_ps

    @property
    def metadata(self) -> Mapping[str, object]:
        """What the file says about itself, not checked."""
        return self._source.head.metadata

    def iter_chunks(self, report: Progress | None = None) -> Iterator[PhotonChunk]:
        """Yield all photons in time order, in bounded memory.

        Raises TagFileError for damaged records and for a file without photons, OutOfOrderError for photons that come
        more than a millisecond late (such a file can only be sorted as a whole, by :func:`analysis.tag_files.read`).
        """
        self._summary = None
        tally = _Tally(self.head)
        checks = tally.checks
        waiting: PhotonChunk | None = None
        emitted_ps: int | None = None
        for raw in self._source.raw_chunks():
            chunk = tally.take(raw)
            if report is not None:
                report(raw.fraction, f"reading {self.head.path.name}")
            merged = sort_by_time(chunk if waiting is None else _joined(waiting, chunk))
            n_settled = int(np.searchsorted(merged.timestamps_ps, tally.latest_ps - HOLD_BACK_PS))
            settled, waiting = _part(merged, slice(None, n_settled)), _part(merged, slice(n_settled, None))
            if settled.n_photons:
                emitted_ps = self._in_order(settled, emitted_ps)
                checks.take(settled)
                yield settled
        if waiting is not None and waiting.n_photons:
            self._in_order(waiting, emitted_ps)
            checks.take(waiting)
            yield waiting
        self._summary = tally.summary()

    def summary(self) -> StreamSummary:
        """Counts, duration and warnings; ValueError before the last chunk was taken."""
        if self._summary is None:
            raise ValueError(f"{self.head.path}: the summary is known after the last chunk; take all chunks first")
        return self._summary

    def _in_order(self, chunk: PhotonChunk, emitted_ps: int | None) -> int:
        """Last time of the chunk; TagFileError when it begins before the last one ended."""
        if emitted_ps is not None and int(chunk.timestamps_ps[0]) < emitted_ps:
            late_ps = emitted_ps - int(chunk.timestamps_ps[0])
            raise OutOfOrderError(
                f"cannot read {self.head.path} in pieces: its photons are out of order by {late_ps * 1e-9:.3g} ms, "
                "more than 1 ms; the file is damaged or joined from several; read it as a whole, which sorts it"
            )
        return int(chunk.timestamps_ps[-1])


def collect(source: TagSource, report: Progress | None = None) -> PhotonRecord:
    """All photons of a file in memory, sorted by time. Raises TagFileError."""
    tally = _Tally(source.head)
    parts = []
    for raw in source.raw_chunks():
        parts.append(tally.take(raw))
        if report is not None:
            report(raw.fraction, f"reading {source.head.path.name}")
    whole = sort_by_time(_joined(*parts)) if parts else None
    if whole is not None:
        tally.checks.take(whole)
    summary = tally.summary()
    if whole is None:
        raise TagFileError(f"cannot read {source.head.path}: the file holds no photons")
    return PhotonRecord(
        whole.timestamps_ps,
        whole.channel,
        summary.duration_s,
        sync_period_ps=source.head.sync_period_ps,
        nanotimes_ps=whole.nanotimes_ps,
        sync_index=whole.sync_index,
        warnings=summary.warnings,
        metadata=source.head.metadata,
        missing_pairs=summary.missing_pairs,
    )


class _Tally:
    """Counts what the chunks hold, to compare it with what the head says."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._start_ps: int | None = 0 if head.starts_at_zero else None
        self._counts: Counter[int] = Counter()
        self._n_late_in_period = 0
        self._highest_nanotime_ps = 0
        self._found: dict[str, None] = {}
        self.latest_ps = 0
        self.checks = TagChecks(head.sync_period_ps, 0 if head.starts_at_zero else None)

    def take(self, raw: RawChunk) -> PhotonChunk:
        """Count the chunk; its times counted from the start of the record."""
        times = raw.timestamps_ps
        if self._start_ps is None and times.size:
            self._start_ps = int(times[0])
        start_ps = self._start_ps or 0
        self.latest_ps = max(self.latest_ps, raw.end_ps - start_ps)
        per_channel = np.bincount(raw.channel)
        self._counts.update({int(number): int(per_channel[number]) for number in np.flatnonzero(per_channel)})
        self._found.update(dict.fromkeys(raw.warnings))
        if raw.nanotimes_ps is not None and raw.nanotimes_ps.size and self._head.sync_period_ps is not None:
            self._n_late_in_period += int(np.count_nonzero(raw.nanotimes_ps > 1.02 * self._head.sync_period_ps))
            self._highest_nanotime_ps = max(self._highest_nanotime_ps, int(raw.nanotimes_ps.max()))
        times = times - start_ps if start_ps else times
        return PhotonChunk(times, raw.channel, raw.nanotimes_ps, raw.sync_index)

    def summary(self) -> StreamSummary:
        """What was found; TagFileError when there was no photon."""
        n_photons = sum(self._counts.values())
        if not n_photons:
            raise TagFileError(f"cannot read {self._head.path}: the file holds no photons")
        span_s = self.latest_ps * 1e-12
        duration_s, about_duration = self._duration_s(span_s)
        missing = self._head.missing_pairs if len(self._counts) > 1 else ""
        warnings = (
            *self._head.warnings,
            *((f"{missing}; {_ONE_EACH}",) if missing else ()),
            *about_duration,
            *self._elapsed_warnings(duration_s),
            *self._rate_warnings(n_photons, duration_s),
            *self._period_warnings(n_photons),
            *self._impossible_rates(duration_s),
            *self.checks.warnings(self.latest_ps, duration_s, with_pauses=not self._head.duration_is_live_time),
            *self._found,
        )
        return StreamSummary(dict(sorted(self._counts.items())), duration_s, warnings, missing)

    def _duration_s(self, span_s: float) -> tuple[float, tuple[str, ...]]:
        """The stated duration, or, where the photons contradict it, the span of the photons and a warning."""
        stated_s = self._head.stated_duration_s
        if stated_s is None or np.isnan(stated_s):
            return span_s, ()
        if self._head.duration_is_live_time and 0.0 < stated_s < np.inf:
            return stated_s, ()
        if 0.0 < stated_s < np.inf and span_s <= 1.01 * stated_s and stated_s <= CONTRADICTION * span_s:
            return stated_s, ()
        told = (
            f"metadata contradict the data: the stated duration is {seconds(stated_s)}, "
            f"the photons span {seconds(span_s)}; the span is used"
        )
        return span_s, (told,)

    def _elapsed_warnings(self, duration_s: float) -> tuple[str, ...]:
        """Compare how long the recorder ran with how long the records are."""
        elapsed_s = self._head.elapsed_s
        if elapsed_s is None or duration_s <= 0.0 or 1.0 / CONTRADICTION < duration_s / elapsed_s < CONTRADICTION:
            return ()
        return (
            f"metadata contradict the data: the header says that the recording took {seconds(elapsed_s)}, "
            f"the records decode to {seconds(duration_s)}",
        )

    def _rate_warnings(self, n_photons: int, duration_s: float) -> tuple[str, ...]:
        """Compare the stated count rates with photons per decoded second."""
        stated = self._head.stated_rate_hz
        if not stated or duration_s <= 0.0:
            return ()
        implied_s = n_photons / stated
        if 1.0 / CONTRADICTION < duration_s / implied_s < CONTRADICTION:
            return ()
        return (
            f"metadata contradict the data: {n_photons} photons at the header's {stated:.4g} counts/s take "
            f"{seconds(implied_s)}, but the records decode to {seconds(duration_s)} "
            f"({n_photons / duration_s:.3g} counts/s); rates and durations of this file cannot be trusted",
        )

    def _impossible_rates(self, duration_s: float) -> tuple[str, ...]:
        """Channels that count faster than any detector of single photons: the unit of time is wrong."""
        busiest = max(self._counts, key=lambda number: self._counts[number])
        if duration_s <= 0.0 or self._counts[busiest] < _MOST_RATE_HZ * duration_s or self._counts[busiest] < _FEW:
            return ()
        return (
            f"channel {busiest} counts {self._counts[busiest] / duration_s:.3g} times a second, faster than any "
            "detector of single photons: is the unit of time right?",
        )

    def _period_warnings(self, n_photons: int) -> tuple[str, ...]:
        period_ps = self._head.sync_period_ps
        if period_ps is None or self._n_late_in_period <= 1e-3 * n_photons:
            return ()
        return (
            f"{self._n_late_in_period / n_photons:.0%} of the photons are dated later than one sync period "
            f"({period_ps / 1e3:.4g} ns, from the header) after their sync, up to "
            f"{self._highest_nanotime_ps / 1e3:.4g} ns: the header's sync period is not the period of the recorded "
            "syncs; times in seconds and nanoseconds across pulses cannot be trusted",
        )


def sort_by_time(chunk: PhotonChunk) -> PhotonChunk:
    """The same photons sorted by time; photons of equal time keep their order."""
    times = chunk.timestamps_ps
    if times.size < 2 or bool(np.all(times[1:] >= times[:-1])):
        return chunk
    return _part(chunk, np.argsort(times, kind="stable"))


def _part(chunk: PhotonChunk, which: slice | npt.NDArray[np.intp]) -> PhotonChunk:
    return PhotonChunk(
        chunk.timestamps_ps[which],
        chunk.channel[which],
        None if chunk.nanotimes_ps is None else chunk.nanotimes_ps[which],
        None if chunk.sync_index is None else chunk.sync_index[which],
    )


def _joined(*parts: PhotonChunk) -> PhotonChunk:
    if len(parts) == 1:
        return parts[0]
    return PhotonChunk(
        np.concatenate([part.timestamps_ps for part in parts]),
        np.concatenate([part.channel for part in parts]),
        _joined_column([part.nanotimes_ps for part in parts]),
        _joined_column([part.sync_index for part in parts]),
    )


def _joined_column(parts: list[IntArray | None]) -> IntArray | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None
