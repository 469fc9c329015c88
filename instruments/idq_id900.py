"""ID Quantique ID900 Time Controller over ZeroMQ; plays TimeTagger.

Wire: REQ socket (port 5555), SCPI text, one message one reply (empty for settings, several lines for several
queries); an error reply contains ``SCPI_ERR_``. Times are in TB; ``DEVI:RES:BWID?`` tells how many ps one TB of a
raw tag is. Raw tags come through the DataLinkTargetService (``idq_data_link``). Histograms and inputs are joined
as delivered: TSCO5 to TSCO8 carry inputs 1 to 4.
Source: ID900 user manual, SCPI appendix; the vendor's Python examples as published. Firmware seen: none.
"""

import json
import math
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import zmq
from qcodes.instrument import Instrument, InstrumentModule  # noqa: TID253 - the class statements need them

from instruments.clock import WALL_CLOCK, Clock
from instruments.errors import LimitError, NotReadyError, WireError
from instruments.idq_data_link import DataLink, LinkStatus, TagStream
from instruments.roles import IntArray, TimeTags
from instruments.visa import require_within, wait_until
from instruments.zeromq import RequestSocket

INPUTS = (1, 2, 3, 4)
MOST_BINS = 16383
TSCO_OF_INPUT_1 = 5
PS_PER_S = 1e12
POLL_S = 0.05
FIRST_REPLY_S = 4.0  # who it is, it says at once; a wrong address shows early
FINISH_TIMEOUT_S = 30.0
MOST_SILENCE_S = 10.0


def number_with_unit(text: str, units: Mapping[str, float]) -> float:
    """Value of ``3000TB``, ``500mV`` or a bare number, times the factor of its unit. ValueError for others."""
    stripped = text.strip()
    for unit in sorted(units, key=len, reverse=True):
        if stripped.upper().endswith(unit.upper()):
            return float(stripped[: -len(unit)]) * units[unit]
    return float(stripped)


class Id900Input(InstrumentModule["Id900"]):
    """One of the four inputs."""

    def __init__(self, controller: "Id900", name: str, number: int) -> None:
        super().__init__(controller, name)
        block = f"INPU{number}"
        self.enabled = self.add_parameter(
            "enabled",
            get_cmd=lambda: controller.ask_flag(f"{block}:ENAB?"),
            set_cmd=lambda on: controller.command(f"{block}:ENAB {'ON' if on else 'OFF'}"),
            docstring="Control whether the input counts: True or False (no unit).",
        )
        self.threshold = self.add_parameter(
            "threshold",
            unit="V",
            get_cmd=lambda: controller.ask_number(f"{block}:THRE?", {"mV": 1e-3, "V": 1.0}),
            set_cmd=lambda level_v: self._set_threshold(controller, block, level_v),
            docstring="Control the discriminator threshold, V, from -2.5 to 2.5.",
        )
        self.edge = self.add_parameter(
            "edge",
            get_cmd=lambda: controller.ask(f"{block}:EDGE?").strip(),
            set_cmd=lambda edge: controller.command(f"{block}:EDGE {edge}"),
            docstring="Control the edge that counts: RISING or FALLING (no unit).",
        )
        self.delay = self.add_parameter(
            "delay",
            unit="ps",
            get_cmd=lambda: int(controller.ask_number(f"{block}:DELAY?", {"TB": 1.0})),
            set_cmd=lambda delay_ps: self._set_delay(controller, block, delay_ps),
            docstring="Control the delay added to the input, ps, from 0 to 1e9.",
        )

    def _set_threshold(self, controller: "Id900", block: str, level_v: float) -> None:
        require_within(self.full_name, "threshold", level_v, -2.5, 2.5, "V", "choose a value inside")
        controller.command(f"{block}:THRE {level_v * 1000:.0f}mV")

    def _set_delay(self, controller: "Id900", block: str, delay_ps: float) -> None:
        require_within(self.full_name, "delay", delay_ps, 0, 1e9, "ps", "choose a value inside")
        controller.command(f"{block}:DELAY {round(delay_ps)}")


class Id900(Instrument):
    """The time controller. Inputs are the submodules ``input_1`` to ``input_4``.

    ``address``: its SCPI port, ``tcp://host:5555``; ``data_link``: the service's, ``tcp://host:6060``, where the
    streams arrive on ports free on this computer. ``timeout``: seconds for one reply.
    """

    MODEL: ClassVar[str] = "id900"

    def __init__(
        self,
        name: str,
        address: str,
        *,
        data_link: str,
        timeout: float = 20.0,
        duration_limit_s: float = 3600.0,
        clock: Clock = WALL_CLOCK,
        metadata: Mapping[Any, Any] | None = None,
        label: str | None = None,
    ) -> None:
        super().__init__(name, metadata=metadata, label=label)
        self.lock = threading.RLock()
        self.clock = clock
        self._duration_limit_s = float(duration_limit_s)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        try:
            self._scpi = RequestSocket(name, address, self._context, timeout)
            self._link = DataLink(name, data_link, self._context, timeout)
        except (LimitError, WireError):
            self._context.term()
            raise
        self.resolution = self.add_parameter(
            "resolution",
            unit="ps",
            get_cmd=self._time_base_ps,
            docstring="Get the time base of raw tags and histograms, ps, 1 or 100.",
        )
        for number in INPUTS:
            self.add_submodule(f"input_{number}", Id900Input(self, f"input_{number}", number))

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial and firmware."""
        parts: list[str | None] = [part.strip() for part in self._scpi.ask("*IDN?", FIRST_REPLY_S).split(",", 3)]
        vendor, model, serial, firmware = [*parts, None, None, None, None][:4]
        return {"vendor": vendor, "model": model, "serial": serial, "firmware": firmware}

    def close(self) -> None:
        """Close all sockets; none stays open."""
        context = getattr(self, "_context", None)  # QCoDeS empties an instrument that is closed
        if context is not None:
            self._scpi.close()
            self._link.close()
            context.term()
        super().close()

    # TimeTagger

    def record_tags(self, duration_s: float, channels: Sequence[int]) -> TimeTags:
        """Record raw tags of ``channels`` for ``duration_s`` seconds, merged and sorted, int64 ps from the start.

        Raises LimitError for channels and duration, NotReadyError naming the input when tags were lost or its
        stream fell silent, WireError when a socket does not answer.
        """
        self._check_inputs(channels)
        self._check_duration(duration_s)
        with self.lock:
            streams: list[TagStream] = []
            try:
                time_base_ps = int(self.resolution())
                self._prepare_record(duration_s)
                self._stop_leftovers()
                for channel in channels:
                    streams.append(self._open_stream(channel))
                self._play(duration_s)
                finals = self._finish(streams)
                self._require_no_errors(finals)
                ticks = [stream.read_all(finals[stream.channel].timestamps) for stream in streams]
            except BaseException:
                self._abandon(streams)
                raise
            finally:
                for stream in streams:
                    stream.close()
        return _merged(ticks, list(channels), time_base_ps, duration_s)

    def record_histogram(
        self,
        start_channel: int,
        stop_channels: Sequence[int],
        bin_width_ps: int,
        n_bins: int,
        duration_s: float,
    ) -> IntArray:
        """Start-stop histograms of all stop channels in one record; shape (len(stop_channels), n_bins).

        Bin k covers [k, k+1) * bin_width_ps after the start. Raises LimitError, NotReadyError, WireError.
        """
        self._check_inputs((start_channel, *stop_channels))
        self._check_duration(duration_s)
        require_within(self.name, "number of bins", n_bins, 1, MOST_BINS, "", "use fewer or wider bins")
        require_within(self.name, "bin width", bin_width_ps, 1, 1e12, "ps", "choose a value inside")
        with self.lock:
            time_base_ps = int(self.resolution())
            if bin_width_ps != int(bin_width_ps) or bin_width_ps % time_base_ps:
                raise LimitError(
                    f"{self.name}: bin width {bin_width_ps} ps is no multiple of the time base {time_base_ps} ps; "
                    "choose one that is"
                )
            self._prepare_record(duration_s)
            for channel in (start_channel, *stop_channels):
                self.command(f"INPU{channel}:ENAB ON")
            for number, stop_channel in enumerate(stop_channels, start=1):
                self._prepare_histogram(number, start_channel, stop_channel, int(bin_width_ps), int(n_bins))
            self._play(duration_s)
            return np.stack([self._histogram_data(number, int(n_bins)) for number in range(1, len(stop_channels) + 1)])

    def most_bins(self) -> int:
        """Largest number of bins of a histogram."""
        return MOST_BINS

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each channel over ``integration_s`` seconds, Hz."""
        self._check_inputs(channels)
        require_within(self.name, "integration", integration_s, 1e-6, self._duration_limit_s, "s", "shorten it")
        integration_ns = round(integration_s * 1e9)
        with self.lock:
            for channel in channels:
                self.command(f"INPU{channel}:ENAB ON")
                self.command(f"INPU{channel}:COUN:MODE CYCL;INTE {integration_ns};RESEt")
            self.clock.sleep_s(1.05 * integration_s)  # the counter shows the last complete cycle
            counts = {channel: self.ask_number(f"INPU{channel}:COUN?", {}) for channel in channels}
        return {channel: count / (integration_ns * 1e-9) for channel, count in counts.items()}

    # Wire

    def ask_raw(self, cmd: str) -> str:
        """One message, one reply. WireError when the reply is an error or none."""
        reply = self._scpi.ask(cmd)
        if "SCPI_ERR_" in reply:
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply.strip()!r}; check command and value")
        return reply

    def write_raw(self, cmd: str) -> None:
        """Send a setting; its empty reply is read and checked."""
        self.command(cmd)

    def command(self, cmd: str) -> None:
        """Send a setting. WireError unless the reply is empty."""
        reply = self.ask(cmd)
        if reply.strip():
            raise self._bad_reply(cmd, reply, "an empty reply")

    def ask_number(self, cmd: str, units: Mapping[str, float]) -> float:
        """Ask for a number with an optional unit."""
        reply = self.ask(cmd)
        try:
            value = number_with_unit(reply, units)
        except ValueError:
            raise self._bad_reply(cmd, reply, "a number") from None
        if not math.isfinite(value):
            raise self._bad_reply(cmd, reply, "a finite number")
        return value

    def _time_base_ps(self) -> int:
        cmd = "DEVI:RES:BWID?"
        value = self.ask_number(cmd, {"TB": 1.0})
        if value < 1.0 or value != int(value):
            raise self._bad_reply(cmd, f"{value:g}", "a whole number of picoseconds from 1")
        return int(value)

    def ask_flag(self, cmd: str) -> bool:
        """Ask for ON or OFF, 1 or 0."""
        reply = self.ask(cmd).strip().upper()
        if reply not in ("ON", "OFF", "1", "0"):
            raise self._bad_reply(cmd, reply, "ON or OFF")
        return reply in ("ON", "1")

    def _bad_reply(self, cmd: str, reply: str, expected: str) -> WireError:
        return WireError(f"{self.name}: '{cmd}' was answered {reply!r}, expected {expected}; check the firmware")

    # Records

    def _prepare_record(self, duration_s: float) -> None:
        for cmd in ("REC:TRIG:ARM:MODE MANUal", "REC:ENABle ON", "REC:STOP", "REC:NUM 1"):
            self.command(cmd)
        self.command(f"REC:DURation {round(duration_s * PS_PER_S)}")

    def _play(self, duration_s: float) -> None:
        self.command("REC:PLAY")
        self.clock.sleep_s(duration_s)
        wait_until(
            self.name,
            self.clock,
            lambda: self.ask("REC:STAGe?").strip().upper() != "PLAYING",
            timeout_s=FINISH_TIMEOUT_S,
            poll_s=POLL_S,
            what=f"end of the record of {duration_s:g} s",
        )

    def _open_stream(self, channel: int) -> TagStream:
        self.command(f"INPU{channel}:ENAB ON")
        self.command(f"RAW{channel}:ERRORS:CLEAR")
        self.command(f"RAW{channel}:REF:LINK NONE")
        stream = self._link.start_stream(self._scpi.host, channel)
        try:
            self.command(f"RAW{channel}:SEND ON")
        except WireError:
            stream.close()
            self._link.stop(stream.identity)
            raise
        return stream

    def _finish(self, streams: Sequence[TagStream]) -> dict[int, LinkStatus]:
        """Wait until each stream has seen its record end, then stop it; returns the last states by input."""
        finals: dict[int, LinkStatus] = {}
        for stream in streams:
            wait_until(
                self.name,
                self.clock,
                partial(self._has_ended, stream),
                timeout_s=FINISH_TIMEOUT_S,
                poll_s=POLL_S,
                what=f"last tag of input {stream.channel}",
            )
        for stream in streams:
            self.command(f"RAW{stream.channel}:SEND OFF")
            finals[stream.channel] = self._link.stop(stream.identity)
        return finals

    def _has_ended(self, stream: TagStream) -> bool:
        status = self._link.status(stream.identity)
        if status.acquisitions >= 1:
            return True
        if status.inactivity_s > MOST_SILENCE_S:
            raise NotReadyError(
                f"{self.name}: input {stream.channel} sent nothing for {status.inactivity_s:g} s after the record; "
                "check the link between time controller and this computer"
            )
        return False

    def _require_no_errors(self, finals: Mapping[int, LinkStatus]) -> None:
        for channel, status in finals.items():
            lost = int(self.ask_number(f"RAW{channel}:ERRORS?", {}))
            complaints = [*status.errors, *([f"{lost} errors in the time controller"] if lost else [])]
            if complaints:
                raise NotReadyError(
                    f"{self.name}: input {channel} lost tags: {'; '.join(complaints)}; lower the count rate"
                )

    def _abandon(self, streams: Sequence[TagStream]) -> None:
        """After a failure: stop what was started; the failure itself is raised.

        Ends at the first request without an answer: each would wait as long again while the light stays on.
        """
        try:
            self.command("REC:STOP")
            for stream in streams:
                self.command(f"RAW{stream.channel}:SEND OFF")
                self._stop_if_active(stream.identity)
        except WireError as error:
            self.log.warning("while giving up a record: %s", error)

    def _stop_if_active(self, identity: str) -> None:
        if identity in self._link.active():
            self._link.stop(identity)

    def _stop_leftovers(self) -> None:
        """Acquisitions that a killed program left behind would block their inputs."""
        for identity in self._link.active():
            self.log.warning("stopping the acquisition %s that was left over", identity)
            self._link.stop(identity)

    def _prepare_histogram(
        self, number: int, start_channel: int, stop_channel: int, bin_width_ps: int, n_bins: int
    ) -> None:
        block = f"HIST{number}"
        self.command(f"{block}:REF:LINK TSCO{TSCO_OF_INPUT_1 - 1 + start_channel}")
        self.command(f"{block}:STOP:LINK TSCO{TSCO_OF_INPUT_1 - 1 + stop_channel}")
        self.command(f"{block}:MIN 0")
        self.command(f"{block}:BWID {bin_width_ps}")
        self.command(f"{block}:BCOU {n_bins}")
        self._require_read_back(f"{block}:BWID?", bin_width_ps)
        self._require_read_back(f"{block}:BCOU?", n_bins)
        self.command(f"{block}:FLUS")

    def _histogram_data(self, number: int, n_bins: int) -> IntArray:
        cmd = f"HIST{number}:DATA?"
        reply = self.ask(cmd)
        try:
            counts = np.asarray(json.loads(reply))
        except (ValueError, RecursionError):
            raise self._bad_reply(cmd, reply[:80], "a list of counts") from None
        if counts.shape != (n_bins,) or counts.dtype.kind != "i" or (counts < 0).any():
            raise self._bad_reply(cmd, reply[:80], f"{n_bins} whole counts")
        return counts.astype(np.int64)

    def _require_read_back(self, cmd: str, expected: float) -> None:
        reached = self.ask_number(cmd, {"TB": 1.0})
        if reached != expected:
            raise NotReadyError(f"{self.name}: '{cmd}' reads {reached:g}, not {expected:g}; check the resolution mode")

    def _check_inputs(self, channels: Sequence[int]) -> None:
        if not channels or len(set(channels)) != len(channels) or not set(channels) <= set(INPUTS):
            raise LimitError(f"{self.name}: inputs {list(channels)}; choose different ones from 1 to 4")

    def _check_duration(self, duration_s: float) -> None:
        require_within(self.name, "duration", duration_s, 1e-6, self._duration_limit_s, "s", "record several times")


def _merged(ticks: list[Any], channels: list[int], time_base_ps: int, duration_s: float) -> TimeTags:
    """All channels in one sorted record."""
    times_ps = np.concatenate(ticks).astype(np.int64) * time_base_ps
    channel = np.repeat(np.asarray(channels, dtype=np.uint8), [len(part) for part in ticks])
    order = np.argsort(times_ps, kind="stable")
    return TimeTags(times_ps[order], channel[order], duration_s)
