"""Swabian Instruments Time Tagger (20, Ultra, X) through its vendor's Python library; plays TimeTagger.

There is no wire to open: the library talks USB. It is an optional extra (``pip install Swabian-TimeTagger``, or the
vendor's installer), imported when the instrument is first used. Channels are those of the front panel; a negative
number counts the falling edge. A measurement runs for a given time on the device and is polled through the bench's
clock. Lost tags (overflows) fail a record, never shorten it silently.
Source: Time Tagger user manual, API reference (TimeTagStream, Histogram, Countrate, SynchronizedMeasurements).
"""

import importlib
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from qcodes.instrument import Instrument, InstrumentModule  # noqa: TID253 - the class statements need them

from instruments.clock import WALL_CLOCK, Clock
from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.roles import IntArray, TimeTags
from instruments.visa import require_within, wait_until

PS_PER_S = 1e12
SDK_MODULES = ("Swabian.TimeTagger", "TimeTagger")
HIGHEST_CHANNEL = 18
MOST_BINS = 10_000_000
BUFFER_TAGS = 20_000_000
TIME_TAG = 0
POLL_S = 0.05
FINISH_TIMEOUT_S = 30.0


class SwabianChannel(InstrumentModule["SwabianTimeTagger"]):
    """One input."""

    def __init__(self, tagger: "SwabianTimeTagger", name: str, number: int) -> None:
        super().__init__(tagger, name)
        self.trigger_level = self.add_parameter(
            "trigger_level",
            unit="V",
            get_cmd=lambda: float(tagger.call("getTriggerLevel", number)),
            set_cmd=lambda level_v: tagger.set_trigger_level(number, level_v),
            docstring="Control the trigger level, V, from -2.5 to 2.5.",
        )
        self.delay = self.add_parameter(
            "delay",
            unit="ps",
            get_cmd=lambda: int(tagger.call("getInputDelay", number)),
            set_cmd=lambda delay_ps: tagger.set_input_delay(number, delay_ps),
            docstring="Control the delay added to the input, ps, from -1e9 to 1e9.",
        )


class SwabianTimeTagger(Instrument):
    """The device. ``sdk``: the vendor's module (or an object like it); None imports it when first needed.

    ``serial``: serial number, empty for the only one connected. ``channels``: those in use, submodules ``channel_n``.
    """

    MODEL: ClassVar[str] = "swabian"

    def __init__(
        self,
        name: str,
        *,
        sdk: Any = None,  # noqa: ANN401 - the vendor's module
        serial: str = "",
        channels: Sequence[int] = (1, 2, 3, 4),
        duration_limit_s: float = 3600.0,
        clock: Clock = WALL_CLOCK,
        metadata: Mapping[Any, Any] | None = None,
        label: str | None = None,
    ) -> None:
        super().__init__(name, metadata=metadata, label=label)
        self.lock = threading.RLock()
        self.clock = clock
        self._sdk_given = sdk
        self._serial = serial
        self._tagger: Any = None
        self._duration_limit_s = float(duration_limit_s)
        for number in channels:
            if not 1 <= abs(number) <= HIGHEST_CHANNEL:
                raise LimitError(f"{name}: channel {number} does not exist; channels are 1 to {HIGHEST_CHANNEL}")
            self.add_submodule(f"channel_{number}", SwabianChannel(self, f"channel_{number}", number))
        self._channels = tuple(channels)
        self.overflows = self.add_parameter(
            "overflows",
            get_cmd=lambda: int(self.call("getOverflows")),
            docstring="Get the number of overflows since they were cleared, from 0 (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial number and the library's version."""
        return {
            "vendor": "Swabian Instruments",
            "model": str(self.call("getModel")),
            "serial": str(self.call("getSerial")),
            "firmware": str(self._library("getVersion")),
        }

    def close(self) -> None:
        """Free the device for other programs."""
        if getattr(self, "_tagger", None) is not None:
            tagger, self._tagger = self._tagger, None
            self._library("freeTimeTagger", tagger)
        super().close()

    # TimeTagger

    def record_tags(self, duration_s: float, channels: Sequence[int]) -> TimeTags:
        """Record raw tags of ``channels`` for ``duration_s`` seconds, sorted, int64 ps from the start.

        Raises LimitError for channels and duration, NotReadyError naming the channels that lost tags, WireError.
        """
        self._check(channels, duration_s)
        with self.lock:
            stream = self._library("TimeTagStream", self._device(), BUFFER_TAGS, list(channels))
            parts: list[Any] = []
            self._run(stream, duration_s, while_running=lambda: parts.append(self._method(stream, "getData")))
            parts.append(self._method(stream, "getData"))
        self._require_complete(parts)
        start_ps = int(parts[0].tStart)
        times = np.concatenate([self._integers("getTimestamps", part.getTimestamps()) for part in parts]) - start_ps
        channel = np.concatenate([self._integers("getChannels", part.getChannels()) for part in parts])
        inside = (times >= 0) & (times < round(duration_s * PS_PER_S)) & np.isin(channel, list(channels))
        order = np.argsort(times[inside], kind="stable")
        return TimeTags(times[inside][order], channel[inside][order].astype(np.uint8), duration_s)

    def record_histogram(
        self,
        start_channel: int,
        stop_channels: Sequence[int],
        bin_width_ps: int,
        n_bins: int,
        duration_s: float,
    ) -> IntArray:
        """Start-stop histograms of all stop channels at the same time; shape (len(stop_channels), n_bins).

        Bin k covers [k, k+1) * bin_width_ps after the latest start. Raises LimitError, NotReadyError, WireError.
        """
        self._check((start_channel, *stop_channels), duration_s)
        require_within(self.name, "number of bins", n_bins, 1, MOST_BINS, "", "use fewer or wider bins")
        require_within(self.name, "bin width", bin_width_ps, 1, 1e12, "ps", "choose a value inside")
        if bin_width_ps != int(bin_width_ps):
            raise LimitError(f"{self.name}: bin width {bin_width_ps} ps; give whole picoseconds")
        with self.lock:
            self._method(self._device(), "getOverflowsAndClear")
            together = self._library("SynchronizedMeasurements", self._device())
            tagger = self._method(together, "getTagger")
            histograms = [
                self._library("Histogram", tagger, stop, start_channel, int(bin_width_ps), int(n_bins))
                for stop in stop_channels
            ]
            self._run(together, duration_s)
            lost = int(self._method(self._device(), "getOverflowsAndClear"))
            data = [self._integers("Histogram.getData", self._method(each, "getData")) for each in histograms]
        if lost:
            raise NotReadyError(f"{self.name}: {lost} overflows during the histograms; lower the count rates")
        if any(each.shape != (n_bins,) for each in data):
            raise WireError(f"{self.name}: 'Histogram.getData' gave {[each.shape for each in data]}, not {n_bins} bins")
        return np.stack(data)

    def most_bins(self) -> int:
        """Largest number of bins of a histogram."""
        return MOST_BINS

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each channel over ``integration_s`` seconds, Hz."""
        self._check(channels, integration_s)
        with self.lock:
            counter = self._library("Countrate", self._device(), list(channels))
            self._run(counter, integration_s)
            rates = np.asarray(self._method(counter, "getData"))
        is_number = rates.dtype.kind in "iuf" and rates.shape == (len(channels),)
        if not is_number or not np.all(np.isfinite(rates)):
            raise WireError(f"{self.name}: 'Countrate.getData' gave {rates!r}, not {len(channels)} rates; look at it")
        return {channel: float(rate) for channel, rate in zip(channels, rates, strict=True)}

    # Settings

    def set_trigger_level(self, channel: int, level_v: float) -> None:
        """Set the trigger level of a channel, V."""
        require_within(self.name, "trigger level", level_v, -2.5, 2.5, "V", "choose a value inside")
        self.call("setTriggerLevel", channel, float(level_v))

    def set_input_delay(self, channel: int, delay_ps: float) -> None:
        """Set the delay added to a channel, ps."""
        require_within(self.name, "delay", delay_ps, -1e9, 1e9, "ps", "choose a value inside")
        self.call("setInputDelay", channel, round(delay_ps))

    def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the vendor returns
        """Call a method of the device under the lock. WireError names it when it fails."""
        with self.lock:
            return self._method(self._device(), method, *arguments)

    # Inside

    def _sdk(self) -> Any:  # noqa: ANN401 - the vendor's module
        if self._sdk_given is None:
            problems = []
            for name in SDK_MODULES:
                try:
                    self._sdk_given = importlib.import_module(name)
                    break
                except (ImportError, OSError) as error:
                    problems.append(str(error))
            else:
                raise StationError(
                    f"{self.name}: the Time Tagger library is not installed ({'; '.join(problems)}); "
                    "install it with 'pip install Swabian-TimeTagger' or the vendor's installer"
                )
        return self._sdk_given

    def _device(self) -> Any:  # noqa: ANN401 - the vendor's tagger
        if self._tagger is None:
            self._tagger = self._library("createTimeTagger", self._serial)
        return self._tagger

    def _library(self, function: str, *arguments: object) -> Any:  # noqa: ANN401
        return self._method(self._sdk(), function, *arguments)

    def _method(self, owner: Any, method: str, *arguments: object) -> Any:  # noqa: ANN401
        try:
            return getattr(owner, method)(*arguments)
        except Exception as error:
            # The library raises classes of its own; whatever it is, the device has failed and is named.
            raise WireError(f"{self.name}: '{method}' failed: {error}; check that the device is connected") from error

    def _run(self, measurement: Any, duration_s: float, while_running: Any = None) -> None:  # noqa: ANN401
        """Start for ``duration_s`` and wait until the device says it has finished."""
        self._method(measurement, "startFor", round(duration_s * PS_PER_S))

        def has_finished() -> bool:
            if not self._method(measurement, "isRunning"):
                return True
            if while_running is not None:
                while_running()
            return False

        try:
            if not has_finished():
                self.clock.sleep_s(min(duration_s, POLL_S))
            wait_until(
                self.name,
                self.clock,
                has_finished,
                timeout_s=duration_s + FINISH_TIMEOUT_S,
                poll_s=POLL_S,
                what="the end of the measurement",
            )
        except BaseException:
            self._method(measurement, "stop")
            raise

    def _integers(self, what: str, given: Any) -> IntArray:  # noqa: ANN401 - whatever the vendor returned
        array = np.asarray(given)
        if array.dtype.kind not in "iu" and not (array.dtype.kind == "f" and np.all(array == np.rint(array))):
            raise WireError(f"{self.name}: '{what}' gave {given!r}, not whole numbers; check the library's version")
        return array.astype(np.int64)

    def _require_complete(self, parts: Sequence[Any]) -> None:
        losers: set[int] = set()
        for part in parts:
            types = np.asarray(part.getEventTypes())
            losers |= {int(each) for each in np.asarray(part.getChannels())[types != TIME_TAG]}
        if losers or any(part.hasOverflows for part in parts):
            which = f"on channel {', '.join(map(str, sorted(losers)))} " if losers else ""
            raise NotReadyError(f"{self.name}: tags were lost {which}(overflow); lower the count rates")

    def _check(self, channels: Sequence[int], duration_s: float) -> None:
        for channel in channels:
            if channel not in self._channels:
                raise LimitError(f"{self.name}: channel {channel} is not in use; those in use are {self._channels}")
        require_within(self.name, "duration", duration_s, 1e-6, self._duration_limit_s, "s", "shorten the record")
