"""The time controller (ID900 class): inputs, counters, histograms, records. Knows nothing of bytes.

A record starts at the clock's now and takes the table as it stands at that moment; its data appear when somebody
looks after its end (or stops it before). Times are int64 picoseconds, inputs are numbered from 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sims.bench.detectors import Times
from sims.bench.table import Look, OpticalTable

INPUTS = (1, 2, 3, 4)
HISTOGRAMS = (1, 2, 3, 4)
RESOLUTIONS_PS = {"HIRES": 1, "LOWRES": 100}
MINIMUM_GAP_PS = 40_000
"""Dead time the device needs between two records of a series."""
MAX_BINS = 16_383
MAX_TAGS = 50_000_000
"""Tags of one channel in one record that the memory holds; what comes after is lost and reported."""
PULSE_HEIGHT_V = 2.0
"""Height of the pulses on every cable (TTL into 50 Ω)."""

TagSink = Callable[[Times, Times], None]
"""Takes the tags of one finished record: timestamps and reference indices, both in units of the resolution."""


@dataclass
class InputSettings:
    """One input's discriminator and counter."""

    enabled: bool = True
    coupling: str = "DC"
    edge: str = "RISING"
    threshold_v: float = 1.0
    delay_ps: int = 0
    counter_mode: str = "CYCLE"
    integration_ps: int = 10**12
    reset_at_ps: int = 0
    accumulated: int = 0

    def sees_pulses(self) -> bool:
        """True when the pulses on the cable cross the threshold."""
        return self.enabled and 0.0 < self.threshold_v < PULSE_HEIGHT_V


@dataclass
class RawSettings:
    """One channel's stream of time tags."""

    send: bool = False
    reference: int | None = None
    lost: int = 0


@dataclass
class HistogramSettings:
    """One start-stop histogram; bin k counts delays in [minimum + k · width, minimum + (k + 1) · width)."""

    reference: int | None = None
    stop: int | None = None
    minimum_ps: int = 0
    bin_width_ps: int = 100
    n_bins: int = MAX_BINS
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(MAX_BINS, dtype=np.int64))

    def flush(self) -> None:
        """Set all bins to zero."""
        self.counts = np.zeros(self.n_bins, dtype=np.int64)


@dataclass
class RecordSettings:
    """The record generator; ``number`` None repeats until stopped."""

    enabled: bool = False
    trigger_mode: str = "MANUAL"
    number: int | None = 1
    width_ps: int = 10**12
    period_ps: int = 10**12 + MINIMUM_GAP_PS


@dataclass
class _Play:
    start_ps: int
    look: Look
    finished: int = 0


class RecordError(RuntimeError):
    """The record generator refuses."""


class TimeController:
    """State of the device; every query first settles what has happened since the last."""

    def __init__(self, table: OpticalTable) -> None:
        self._table = table
        now_ps = table.now_ps()
        self.inputs = {n: InputSettings(reset_at_ps=now_ps) for n in INPUTS}
        self.raws = {n: RawSettings() for n in INPUTS}
        self.histograms = {n: HistogramSettings() for n in HISTOGRAMS}
        self.record = RecordSettings()
        self.resolution = "HIRES"
        self._sinks: dict[int, TagSink] = {}
        self._play: _Play | None = None
        self._counted: tuple[tuple[int, int], dict[int, Times]] | None = None

    @property
    def resolution_ps(self) -> int:
        """Unit of time tags."""
        return RESOLUTIONS_PS[self.resolution]

    @property
    def now_ps(self) -> int:
        """The bench's clock."""
        return self._table.now_ps()

    def attach(self, channel: int, sink: TagSink) -> None:
        """Send the tags of ``channel`` to ``sink`` at the end of each record."""
        self._sinks[channel] = sink

    def detach(self, channel: int) -> None:
        """Stop sending the tags of ``channel``."""
        self._sinks.pop(channel, None)

    def play(self) -> None:
        """Start recording now; a record under way is stopped first. Raises RecordError, TableError."""
        self.stop()
        if not self.record.enabled:
            raise RecordError("the record generator is disabled; enable it first")
        if self.record.number != 1 and self.record.period_ps < self.record.width_ps + MINIMUM_GAP_PS:
            raise RecordError(
                f"records of {self.record.width_ps} ps every {self.record.period_ps} ps leave less than the "
                f"{MINIMUM_GAP_PS} ps the device needs between them"
            )
        self._play = _Play(self.now_ps, self._table.look())

    def stop(self) -> None:
        """End the record; what was recorded so far counts."""
        self.settle()
        play = self._play
        if play is None:
            return
        self._play = None
        begin_ps = play.start_ps + play.finished * self.record.period_ps
        elapsed_ps = min(self.now_ps - begin_ps, self.record.width_ps)
        if elapsed_ps > 0:
            self._acquire(play.look, begin_ps, elapsed_ps)

    def is_playing(self) -> bool:
        """True until the last record of the series has ended."""
        self.settle()
        return self._play is not None

    def settle(self) -> None:
        """Work out every record that has ended by now."""
        play, self._play = self._play, None  # a record that fails is over: the failure is told once
        if play is None:
            return
        while self.record.number is None or play.finished < self.record.number:
            begin_ps = play.start_ps + play.finished * self.record.period_ps
            if begin_ps + self.record.width_ps > self.now_ps:
                self._play = play
                return
            self._acquire(play.look, begin_ps, self.record.width_ps)
            play.finished += 1

    def counter(self, channel: int) -> int:
        """Counts of the last complete integration time (CYCLE), or since the reset (ACCUM)."""
        settings = self.inputs[channel]
        now_ps = self.now_ps
        if settings.counter_mode == "CYCLE":
            cycles = (now_ps - settings.reset_at_ps) // settings.integration_ps
            end_ps = settings.reset_at_ps + cycles * settings.integration_ps
            return self._count(channel, end_ps - settings.integration_ps, end_ps) if cycles > 0 else 0
        settings.accumulated += self._count(channel, settings.reset_at_ps, now_ps)
        settings.reset_at_ps = now_ps
        return settings.accumulated

    def reset_counter(self, channel: int) -> None:
        """Begin a new integration now."""
        self.inputs[channel].reset_at_ps = self.now_ps
        self.inputs[channel].accumulated = 0

    def _count(self, channel: int, begin_ps: int, end_ps: int) -> int:
        """Events of one input; the table is taken as it stands now, detectors are drawn once per window."""
        if not self.inputs[channel].sees_pulses() or end_ps <= begin_ps:
            return 0
        look = self._table.look()
        if channel in look.trains:
            return look.trains[channel].count(begin_ps, end_ps - begin_ps)
        if self._counted is None or self._counted[0] != (begin_ps, end_ps):
            self._counted = (begin_ps, end_ps), self._table.record((end_ps - begin_ps) / 1e12, look, begin_ps)
        return len(self._counted[1].get(channel, ()))

    def _acquire(self, look: Look, begin_ps: int, duration_ps: int) -> None:
        senders = [n for n, raw in self.raws.items() if raw.send]
        histograms = [h for h in self.histograms.values() if h.stop is not None]
        if not senders and not histograms:
            return
        events = _Events(self, look, self._table.record(duration_ps / 1e12, look, begin_ps), begin_ps, duration_ps)
        for number in senders:
            self._send(number, events)
        for histogram in histograms:
            add_to_histogram(histogram, events)

    def _send(self, number: int, events: "_Events") -> None:
        raw = self.raws[number]
        raw.lost += events.lost(number)
        times = events.times(number)
        index = np.zeros(len(times), dtype=np.int64)
        if raw.reference is not None:
            times, index = events.relative_to(raw.reference, times)
        if number in self._sinks:
            self._sinks[number](times // self.resolution_ps, index)


class _Events:
    """The events of one record on every input, ps from its start."""

    def __init__(
        self, controller: TimeController, look: Look, detected: dict[int, Times], begin_ps: int, duration_ps: int
    ) -> None:
        self._inputs = controller.inputs
        self._trains = look.trains
        self._detected = detected
        self._begin_ps = begin_ps
        self._duration_ps = duration_ps

    def lost(self, channel: int) -> int:
        """Events beyond what the memory holds."""
        train = self._trains.get(channel)
        n = train.count(self._begin_ps, self._duration_ps) if train else len(self._detected.get(channel, ()))
        return max(0, n - MAX_TAGS) if self._inputs[channel].sees_pulses() else 0

    def times(self, channel: int) -> Times:
        """Sorted times on one input, its delay included; at most MAX_TAGS."""
        settings = self._inputs[channel]
        if not settings.sees_pulses():
            return np.empty(0, dtype=np.int64)
        train = self._trains.get(channel)
        if train is not None:
            room_ps = min(self._duration_ps, int(MAX_TAGS * train.period_ps))
            times = train.times(self._begin_ps, room_ps)
        else:
            times = self._detected.get(channel, np.empty(0, dtype=np.int64))[:MAX_TAGS]
        times = times + settings.delay_ps
        return times[(times >= 0) & (times < self._duration_ps)]

    def relative_to(self, reference: int, times: Times) -> tuple[Times, Times]:
        """Delays since the latest event on input ``reference``, and that event's index; earlier ones dropped."""
        settings, train = self._inputs[reference], self._trains.get(reference)
        if train is None or not settings.sees_pulses():
            starts = self.times(reference)
            index = np.searchsorted(starts, times, side="right") - 1
            seen = index >= 0
            return times[seen] - starts[index[seen]], index[seen].astype(np.int64)
        # A regular train is not written out: millions of triggers a second would be.
        first_ps = train.first_after(self._begin_ps) + settings.delay_ps
        since = times[times >= first_ps] - first_ps
        index = np.floor(since / train.period_ps).astype(np.int64)
        return np.rint(since - index * train.period_ps).astype(np.int64), index


def add_to_histogram(histogram: HistogramSettings, events: _Events) -> None:
    """Add one record's start-stop delays; without a reference, delays since the record's start."""
    if histogram.stop is None:
        return
    delays = events.times(histogram.stop)
    if histogram.reference is not None:
        delays, _ = events.relative_to(histogram.reference, delays)
    bins = (delays - histogram.minimum_ps) // histogram.bin_width_ps
    bins = bins[(bins >= 0) & (bins < histogram.n_bins)]
    histogram.counts = histogram.counts + np.bincount(bins, minlength=histogram.n_bins).astype(np.int64)
