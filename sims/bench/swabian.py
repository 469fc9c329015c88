"""A Swabian Time Tagger as its vendor's library shows it to Python: the module a driver is given.

Names and signatures are the vendor's (API reference of the Time Tagger). Channels carry the cables of the time
controller's inputs. A measurement takes the table as it stands when it starts; its data are complete at its end.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sims.bench.detectors import Times
from sims.bench.table import OpticalTable

MOST_TAGS = 50_000_000
CHANNELS = range(1, 9)


class _Run:
    """One stretch of time: what happened on every channel, drawn once."""

    def __init__(self, table: OpticalTable, duration_ps: int) -> None:
        self._table = table
        self.start_ps = table.now_ps()
        self.duration_ps = duration_ps
        self._look = table.look()
        self._detected: dict[int, Times] | None = None

    def is_over(self) -> bool:
        return self._table.now_ps() >= self.start_ps + self.duration_ps

    def times(self, channel: int) -> Times:
        """Sorted times on a channel, ps from the start."""
        train = self._look.trains.get(channel)
        if train is not None:
            return train.times(self.start_ps, min(self.duration_ps, int(MOST_TAGS * train.period_ps)))
        if self._detected is None:
            self._detected = self._table.record(self.duration_ps / 1e12, self._look, self.start_ps)
        return self._detected.get(channel, np.empty(0, dtype=np.int64))


class SimulatedTagger:
    """The device."""

    def __init__(self, table: OpticalTable, serial: str) -> None:
        self.table = table
        self._serial = serial or "2138000XYZ"
        self._levels = dict.fromkeys(CHANNELS, 0.5)
        self._delays = dict.fromkeys(CHANNELS, 0)
        self.is_free = False

    def getModel(self) -> str:
        """Model name."""
        return "Time Tagger Ultra"

    def getSerial(self) -> str:
        """Serial number."""
        return self._serial

    def getTriggerLevel(self, channel: int) -> float:
        """Trigger level, V."""
        return self._levels[channel]

    def setTriggerLevel(self, channel: int, voltage: float) -> None:
        """Set the trigger level, V."""
        self._levels[channel] = round(voltage, 3)

    def getInputDelay(self, channel: int) -> int:
        """Delay, ps."""
        return self._delays[channel]

    def setInputDelay(self, channel: int, delay: int) -> None:
        """Set the delay, ps."""
        self._delays[channel] = int(delay)

    def getOverflows(self) -> int:
        """Overflows since cleared."""
        return 0

    def getOverflowsAndClear(self) -> int:
        """Overflows since cleared; clears."""
        return 0

    def seen(self, run: _Run, channel: int) -> Times:
        """Times on a channel with its delay, ps from the run's start; none when the level misses the pulses."""
        if not 0.0 < self._levels[channel] < 2.0:
            return np.empty(0, dtype=np.int64)
        times = run.times(channel) + self._delays[channel]
        return times[(times >= 0) & (times < run.duration_ps)]


class _Measurement:
    """Common to all measurements; ``tagger`` may be the proxy of synchronised ones."""

    def __init__(self, tagger: "SimulatedTagger | _Together") -> None:
        self._tagger = tagger.tagger if isinstance(tagger, _Together) else tagger
        self._together = tagger if isinstance(tagger, _Together) else None
        self._own_run: _Run | None = None

    @property
    def _run(self) -> _Run | None:
        return self._own_run if self._together is None else self._together.run

    def startFor(self, capture_duration: int, clear: bool = True) -> None:
        """Measure for so many ps from now."""
        self._own_run = _Run(self._tagger.table, int(capture_duration))

    def isRunning(self) -> bool:
        """True until the end."""
        return self._run is not None and not self._run.is_over()

    def stop(self) -> None:
        """End early; nothing is kept."""
        self._own_run = None

    def _finished(self) -> _Run | None:
        return self._run if self._run is not None and self._run.is_over() else None


class _Together:
    """The proxy tagger of synchronised measurements."""

    def __init__(self, tagger: SimulatedTagger) -> None:
        self.tagger = tagger
        self.run: _Run | None = None


class SynchronizedMeasurements(_Measurement):
    """Measurements made on ``getTagger()`` start and end together and see the same events."""

    def __init__(self, tagger: SimulatedTagger) -> None:
        super().__init__(tagger)
        self._proxy = _Together(tagger)

    def getTagger(self) -> _Together:
        """The proxy to make measurements with."""
        return self._proxy

    def startFor(self, capture_duration: int, clear: bool = True) -> None:
        """Start all."""
        super().startFor(capture_duration, clear)
        self._proxy.run = self._own_run


class StreamBuffer:
    """What ``TimeTagStream.getData`` returns."""

    def __init__(self, start_ps: int, times: Times, channels: npt.NDArray[np.int32]) -> None:
        self.tStart = start_ps
        self.size = len(times)
        self.hasOverflows = False
        self._times, self._channels = times, channels

    def getTimestamps(self) -> Times:
        """Times since the device was switched on, ps."""
        return self._times

    def getChannels(self) -> npt.NDArray[np.int32]:
        """Channel of each."""
        return self._channels

    def getEventTypes(self) -> npt.NDArray[np.uint8]:
        """0: a time tag."""
        return np.zeros(self.size, dtype=np.uint8)


class TimeTagStream(_Measurement):
    """Raw tags."""

    def __init__(self, tagger: SimulatedTagger, n_max_events: int, channels: Sequence[int]) -> None:
        super().__init__(tagger)
        self._n_max = n_max_events
        self._channels = list(channels)
        self._is_fetched = False

    def startFor(self, capture_duration: int, clear: bool = True) -> None:
        """Record for so many ps from now."""
        super().startFor(capture_duration, clear)
        self._is_fetched = False

    def getData(self) -> StreamBuffer:
        """Tags since the last call, at most as many as the buffer holds; the rest is told as an overflow."""
        run = self._finished()
        start_ps = self._run.start_ps if self._run else 0
        if run is None or self._is_fetched:
            return StreamBuffer(start_ps, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))
        self._is_fetched = True
        parts = [self._tagger.seen(run, channel) for channel in self._channels]
        times = np.concatenate(parts)
        channels = np.repeat(np.array(self._channels, dtype=np.int32), [len(part) for part in parts])
        order = np.argsort(times, kind="stable")[: self._n_max]
        buffer = StreamBuffer(start_ps, times[order] + start_ps, channels[order])
        buffer.hasOverflows = len(times) > self._n_max
        return buffer


class Histogram(_Measurement):
    """Delays of clicks since the latest start."""

    def __init__(
        self, tagger: SimulatedTagger, click_channel: int, start_channel: int, binwidth: int, n_bins: int
    ) -> None:
        super().__init__(tagger)
        self._click, self._start = click_channel, start_channel
        self._width, self._n_bins = binwidth, n_bins

    def getData(self) -> npt.NDArray[np.int32]:
        """Counts, shape (n_bins,)."""
        run = self._finished()
        if run is None:
            return np.zeros(self._n_bins, dtype=np.int32)
        starts, clicks = self._tagger.seen(run, self._start), self._tagger.seen(run, self._click)
        latest = np.searchsorted(starts, clicks, side="right") - 1
        delays = clicks[latest >= 0] - starts[latest[latest >= 0]]
        bins = delays[delays < self._width * self._n_bins] // self._width
        return np.bincount(bins, minlength=self._n_bins).astype(np.int32)


class Countrate(_Measurement):
    """Mean count rates."""

    def __init__(self, tagger: SimulatedTagger, channels: Sequence[int]) -> None:
        super().__init__(tagger)
        self._channels = list(channels)

    def getData(self) -> npt.NDArray[np.float64]:
        """Rates, Hz, shape (n_channels,); NaN before the end."""
        run = self._finished()
        if run is None:
            return np.full(len(self._channels), np.nan)
        seconds = run.duration_ps / 1e12
        return np.array([len(self._tagger.seen(run, channel)) / seconds for channel in self._channels])


class SimulatedTimeTaggerModule:
    """Stands for the module ``Swabian.TimeTagger``."""

    TimeTagStream = TimeTagStream
    Histogram = Histogram
    Countrate = Countrate
    SynchronizedMeasurements = SynchronizedMeasurements

    def __init__(self, table: OpticalTable) -> None:
        self._table = table

    def getVersion(self) -> str:
        """Version of the library."""
        return "2.17.4"

    def createTimeTagger(self, serial: str = "") -> SimulatedTagger:
        """Connect."""
        return SimulatedTagger(self._table, serial)

    def freeTimeTagger(self, tagger: SimulatedTagger) -> bool:
        """Disconnect."""
        tagger.is_free = True
        return True
