"""PicoQuant MultiHarp 150/160 through MHLib, the vendor's library; plays TimeTagger in T2 mode.

There is no wire to open: the library talks USB and is loaded when the instrument is first used (it comes with the
device's software; nothing to install from Python). Station channels 1, 2, … are the device's inputs 1, 2, …, but
``sync_channel`` is its sync input. Every call returns a number; a negative one is an error the library can word.
A full FIFO means lost tags and fails the record. Source: MHLib manual, library version 3.
"""

import ctypes
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from qcodes.instrument import Instrument  # noqa: TID253 - the class statement needs it

from instruments import picoquant_t2
from instruments.clock import WALL_CLOCK, Clock
from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.roles import IntArray, TimeTags
from instruments.visa import require_within

LIBRARIES = ("mhlib64.dll", "libmh150.so", "mhlib.so")
MODE_T2 = 2
INTERNAL_CLOCK = 0
MOST_BINS = 10_000_000
FIFO_RECORDS = 1_048_576
FLAG_FIFO_FULL = 0x0002
RATE_GATE_S = 0.1
FINISH_TIMEOUT_S = 10.0
POLL_S = 0.02
PS_PER_S = 1e12


def load_library(name: str, path: str | None = None) -> Any:  # noqa: ANN401 - a ctypes library
    """MHLib from ``path`` or from the usual names. StationError when it is not installed."""
    problems = []
    for candidate in [path] if path else LIBRARIES:
        try:
            return ctypes.CDLL(candidate)
        except OSError as error:
            problems.append(f"{candidate}: {error}")
    raise StationError(
        f"{name}: MHLib cannot be loaded ({'; '.join(problems)}); install the MultiHarp software or give its path "
        "as sdk in the station file"
    )


class MultiHarp(Instrument):
    """The device. ``sdk``: path of the library, or an object with its functions; None looks for the usual names.

    ``device_index``: 0 for the only one. ``sync_channel``: the station's number of the sync input.
    """

    MODEL: ClassVar[str] = "multiharp"

    def __init__(
        self,
        name: str,
        *,
        sdk: Any = None,  # noqa: ANN401 - a ctypes library, its path, or an object like it
        device_index: int = 0,
        sync_channel: int = 3,
        trigger_level_mv: float = 500.0,
        rising_edge: bool = True,
        duration_limit_s: float = 3600.0,
        clock: Clock = WALL_CLOCK,
        metadata: Mapping[Any, Any] | None = None,
        label: str | None = None,
    ) -> None:
        super().__init__(name, metadata=metadata, label=label)
        require_within(name, "trigger level", trigger_level_mv, -1200.0, 1200.0, "mV", "correct init in the station")
        self.lock = threading.RLock()
        self.clock = clock
        self._sdk_given = sdk
        self._index = int(device_index)
        self._sync_channel = int(sync_channel)
        self._level_mv, self._edge = round(trigger_level_mv), int(rising_edge)
        self._duration_limit_s = float(duration_limit_s)
        self._library: Any = None
        self._n_inputs = 0
        self._base_resolution_ps = 0.0
        self.base_resolution = self.add_parameter(
            "base_resolution",
            unit="ps",
            get_cmd=lambda: self._connected()._base_resolution_ps,
            docstring="Get the unit of raw time tags, ps, from 1 to 80.",
        )
        self.inputs = self.add_parameter(
            "inputs",
            get_cmd=lambda: self._connected()._n_inputs,
            docstring="Get the number of inputs besides sync, from 4 to 64 (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial number and hardware version."""
        model, part, version, serial = (ctypes.create_string_buffer(size) for size in (32, 16, 16, 16))
        with self.lock:
            self._connected()
            self._call("MH_GetHardwareInfo", model, part, version)
            self._call("MH_GetSerialNumber", serial)
        return {
            "vendor": "PicoQuant",
            "model": _text(model),
            "serial": _text(serial),
            "firmware": f"{_text(part)} {_text(version)}",
        }

    def close(self) -> None:
        """Free the device for other programs."""
        if getattr(self, "_library", None) is not None:
            self._call("MH_CloseDevice")
            self._library = None
        super().close()

    # TimeTagger

    def record_tags(self, duration_s: float, channels: Sequence[int]) -> TimeTags:
        """Record raw tags of ``channels`` for ``duration_s`` seconds (whole ms), sorted, int64 ps from the start.

        Raises LimitError for channels and duration, NotReadyError when the FIFO overran, WireError.
        """
        with self.lock:
            self._connected()
            duration_ms = self._whole_ms(duration_s)
            inputs = {channel: self._input_of(channel) for channel in channels}
            for number in range(self._n_inputs):
                self._call("MH_SetInputChannelEnable", number, int(number + 1 in inputs.values()))
            records = self._record(duration_ms)
            events, _ = picoquant_t2.decode(records)
            resolution_ps = self._base_resolution_ps
        station_number = np.zeros(picoquant_t2.OVERFLOW_CHANNEL + 2, dtype=np.uint8)
        for channel, number in inputs.items():
            station_number[number] = channel
        channel_of = station_number[events.channel]
        times_ps = np.rint(events.time * resolution_ps).astype(np.int64)
        inside = (channel_of > 0) & (times_ps < duration_ms * 1_000_000_000)
        order = np.argsort(times_ps[inside], kind="stable")
        return TimeTags(times_ps[inside][order], channel_of[inside][order], duration_ms * 1e-3)

    def record_histogram(
        self,
        start_channel: int,
        stop_channels: Sequence[int],
        bin_width_ps: int,
        n_bins: int,
        duration_s: float,
    ) -> IntArray:
        """Start-stop histograms of all stop channels, worked out from the tags of one record.

        Counts of shape (len(stop_channels), n_bins); bin k covers [k, k+1) * bin_width_ps after the latest start.
        """
        require_within(self.name, "number of bins", n_bins, 1, MOST_BINS, "", "use fewer or wider bins")
        require_within(self.name, "bin width", bin_width_ps, 1, 1e12, "ps", "choose a value inside")
        tags = self.record_tags(duration_s, (start_channel, *stop_channels))
        starts = tags.timestamps_ps[tags.channel == start_channel]
        return np.stack(
            [
                delays_histogram(starts, tags.timestamps_ps[tags.channel == stop], int(bin_width_ps), int(n_bins))
                for stop in stop_channels
            ]
        )

    def most_bins(self) -> int:
        """Largest number of bins of a histogram."""
        return MOST_BINS

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each channel, Hz: the mean of the device's 0.1 s gates that fit into ``integration_s``."""
        require_within(self.name, "integration", integration_s, 1e-6, self._duration_limit_s, "s", "shorten it")
        n_readings = max(1, round(integration_s / RATE_GATE_S))
        with self.lock:
            self._connected()
            inputs = {channel: self._input_of(channel) for channel in channels}
            totals = dict.fromkeys(channels, 0)
            for _ in range(n_readings):
                self.clock.sleep_s(1.1 * RATE_GATE_S)  # the reading is of the last complete gate
                for channel, number in inputs.items():
                    totals[channel] += self._rate(number)
        return {channel: total / n_readings for channel, total in totals.items()}

    # Inside

    def _connected(self) -> "MultiHarp":
        """Load the library, open and prepare the device once."""
        with self.lock:
            if self._library is None:
                given = self._sdk_given
                self._library = load_library(self.name, given) if given is None or isinstance(given, str) else given
                try:
                    self._prepare()
                except WireError:
                    self._library = None
                    raise
        return self

    def _prepare(self) -> None:
        self._call("MH_OpenDevice", ctypes.create_string_buffer(16))
        self._call("MH_Initialize", MODE_T2, INTERNAL_CLOCK)
        n_inputs, resolution_ps, steps = ctypes.c_int(), ctypes.c_double(), ctypes.c_int()
        self._call("MH_GetNumOfInputChannels", ctypes.byref(n_inputs))
        self._call("MH_GetBaseResolution", ctypes.byref(resolution_ps), ctypes.byref(steps))
        if not (1 <= n_inputs.value <= 64 and 0.0 < resolution_ps.value < 1e4):
            raise WireError(
                f"{self.name}: 'MH_GetBaseResolution' gave {resolution_ps.value} ps, {n_inputs.value} inputs; "
                "check the library's version"
            )
        self._n_inputs, self._base_resolution_ps = n_inputs.value, resolution_ps.value
        self._call("MH_SetSyncDiv", 1)
        self._call("MH_SetSyncEdgeTrg", self._level_mv, self._edge)
        for number in range(self._n_inputs):
            self._call("MH_SetInputEdgeTrg", number, self._level_mv, self._edge)

    def _record(self, duration_ms: int) -> Any:  # noqa: ANN401 - array of uint32
        """All records of one measurement, shape (n,), uint32."""
        buffer = (ctypes.c_uint * FIFO_RECORDS)()
        read = np.ctypeslib.as_array(buffer)
        n_read, done, flags = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        parts: list[Any] = []
        self._call("MH_StartMeas", duration_ms)
        deadline_s = self.clock.now_s() + duration_ms * 1e-3 + FINISH_TIMEOUT_S
        try:
            while True:
                self._call("MH_CTCStatus", ctypes.byref(done))  # before the read: what comes after it is complete
                self._call("MH_GetFlags", ctypes.byref(flags))
                if flags.value & FLAG_FIFO_FULL:
                    raise NotReadyError(f"{self.name}: the FIFO overran and tags were lost; lower the count rates")
                self._call("MH_ReadFiFo", buffer, ctypes.byref(n_read))
                parts.append(read[: n_read.value].astype(np.uint32))
                if n_read.value == 0 and done.value:
                    return np.concatenate(parts)
                if n_read.value == 0:
                    self._require_time_left(deadline_s, duration_ms)
                    self.clock.sleep_s(POLL_S)
        finally:
            self._call("MH_StopMeas")

    def _require_time_left(self, deadline_s: float, duration_ms: int) -> None:
        if self.clock.now_s() >= deadline_s:
            raise NotReadyError(f"{self.name}: a record of {duration_ms} ms did not end; restart the device")

    def _rate(self, number: int) -> int:
        rate = ctypes.c_int()
        if number == picoquant_t2.SYNC:
            self._call("MH_GetSyncRate", ctypes.byref(rate))
        else:
            self._call("MH_GetCountRate", number - 1, ctypes.byref(rate))
        return rate.value

    def _input_of(self, channel: int) -> int:
        """Number of a station channel in the device's records: 0 sync, inputs from 1."""
        if channel == self._sync_channel:
            return picoquant_t2.SYNC
        if not 1 <= channel <= self._n_inputs:
            raise LimitError(
                f"{self.name}: channel {channel} does not exist; inputs are 1 to {self._n_inputs}, "
                f"sync is {self._sync_channel}"
            )
        return channel

    def _whole_ms(self, duration_s: float) -> int:
        require_within(self.name, "duration", duration_s, 1e-3, self._duration_limit_s, "s", "choose a value inside")
        return round(duration_s * 1000)

    def _call(self, function: str, *arguments: object) -> None:
        """Call ``function(device, …)``. WireError with the library's words when it returns a negative number."""
        try:
            code = int(getattr(self._library, function)(self._index, *arguments))
        except (AttributeError, OSError, ctypes.ArgumentError) as error:
            raise WireError(f"{self.name}: '{function}' cannot be called ({error}); check the library") from error
        if code < 0:
            text = ctypes.create_string_buffer(64)
            self._library.MH_GetErrorString(text, code)
            raise WireError(f"{self.name}: '{function}' failed: {_text(text)} ({code}); check the device")


def delays_histogram(starts: IntArray, stops: IntArray, bin_width_ps: int, n_bins: int) -> IntArray:
    """Delays of ``stops`` since the latest of ``starts`` (both sorted, ps), shape (n_bins,)."""
    latest = np.searchsorted(starts, stops, side="right") - 1
    seen = latest >= 0
    bins = (stops[seen] - starts[latest[seen]]) // bin_width_ps
    return np.bincount(bins[bins < n_bins], minlength=n_bins).astype(np.int64)


def _text(buffer: Any) -> str:  # noqa: ANN401 - a ctypes character array
    return bytes(buffer.value).decode("ascii", "replace").strip()
