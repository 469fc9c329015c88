"""Stanford Research SR400 gated photon counter on GPIB or RS-232; plays PhotonCounter.

Wire: two letters and values joined by commas (``CP 2,1E7``), without the last value a query; replies end with CR LF
(RS-232: CR). Nothing answers a setting: ``SS 7`` tells of a command that was not understood. Presets keep one
significant digit, so the counting time is read back. It counts, but keeps no times: no correlations, no histograms.
Source: SR400 operating manual, remote programming. Firmware seen: none.
"""

from collections.abc import Sequence
from typing import ClassVar, Unpack

import pyvisa

from instruments.errors import LimitError, WireError
from instruments.visa import LabInstrument, VisaOptions, require_within

CLOCK_HZ = 1e7
CHANNELS = (1, 2)  # input 1 is counted by A, input 2 by B
LONGEST_COUNT_S = 9e4
LONGEST_GATE_S = 0.9992
NO_DATA = -1


class Sr400(LabInstrument):
    """Counters A and B on inputs 1 and 2, counter T on the 10 MHz clock."""

    MODEL: ClassVar[str] = "sr400"
    WRITE_TERMINATOR = b"\r\n"
    READ_TERMINATOR = b"\r\n"
    BAUD_RATE = 9600

    def __init__(self, name: str, address: str | None = None, **visa: Unpack[VisaOptions]) -> None:
        super().__init__(name, address, **visa)
        for channel in CHANNELS:
            index = channel - 1
            self.add_parameter(
                f"level_{channel}",
                unit="V",
                get_cmd=lambda index=index: self.ask_float(f"DL {index}"),
                set_cmd=lambda level_v, index=index: self._set_level(index, level_v),
                docstring=f"Control the discriminator level of input {channel}, V, from -0.3 to 0.3.",
            )
            self.add_parameter(
                f"slope_{channel}",
                get_cmd=lambda index=index: self.ask_int(f"DS {index}"),
                set_cmd=lambda slope, index=index: self._set_slope(index, slope),
                docstring=f"Control the slope that counts on input {channel}: 0 rising, 1 falling (no unit).",
            )
        self.counting_time = self.add_parameter(
            "counting_time",
            unit="s",
            get_cmd=lambda: self.ask_float("CP 2") / CLOCK_HZ,
            set_cmd=self._set_counting_time,
            docstring="Control the counting time, s, from 1e-7 to 9e4 with one significant digit.",
        )

    def set_terminator(self, terminator: str | None) -> None:
        """Apply terminators; RS-232 may end its replies with CR alone."""
        super().set_terminator(terminator)
        if isinstance(self.visa_handle, pyvisa.resources.SerialInstrument):
            self.visa_handle.read_termination = "\r"  # a line feed behind it is stripped with the next reply

    def get_idn(self) -> dict[str, str | None]:
        """Get the identity; the counter knows none, so a harmless question must be answered."""
        self.ask_int("CM")
        return {"vendor": "Stanford Research Systems", "model": "SR400", "serial": None, "firmware": None}

    # PhotonCounter

    def count_rates_hz(self, channels: Sequence[int], integration_s: float = 0.1) -> dict[int, float]:
        """Count rate of each input over about ``integration_s`` seconds (one digit of it), Hz.

        Raises LimitError for channels and time, NotReadyError when the count does not end, WireError.
        """
        for channel in channels:
            if channel not in CHANNELS:
                raise LimitError(f"{self.name}: input {channel} does not exist; choose from 1 and 2")
        with self.lock:
            counts, time_s = self._count(integration_s)
        return {channel: counts[channel] / time_s for channel in channels}

    def set_gate(self, channel: int, delay_s: float, width_s: float) -> tuple[float, float]:
        """Count input ``channel`` only in a gate after each trigger; returns delay and width read back, s."""
        index = self._index(channel)
        self.require_within("gate delay", delay_s, 0.0, LONGEST_GATE_S, "s")
        self.require_within("gate width", width_s, 5e-9, LONGEST_GATE_S, "s")
        with self.lock:
            self._command(f"GM {index},1")
            self._command(f"GD {index},{delay_s:.3E}")
            self._command(f"GW {index},{width_s:.3E}")
            return self.ask_float(f"GD {index}"), self.ask_float(f"GW {index}")

    def open_gate(self, channel: int) -> None:
        """Count input ``channel`` all the time."""
        index = self._index(channel)
        with self.lock:
            self._command(f"GM {index},0")
            if self.ask_int(f"GM {index}") != 0:
                raise WireError(f"{self.name}: the gate of input {channel} did not open ('GM {index}'); look at it")

    # Inside

    def _count(self, integration_s: float) -> tuple[dict[int, int], float]:
        """Counts by input of one period, and its length, s."""
        for command in ("CR", "CM 0", "CI 0,1", "CI 1,2", "CI 2,0", "NP 1", "NE 0"):
            self._command(command)
        self.counting_time(integration_s)
        time_s = float(self.counting_time())
        self._command("CS")
        self.clock.sleep_s(time_s)
        self.wait_until(lambda: self.ask_int("QA") != NO_DATA, timeout_s=5.0, poll_s=0.05, what="the end of the count")
        counts = {1: self.ask_int("QA"), 2: self.ask_int("QB")}
        if min(counts.values()) < 0:
            raise self.bad_reply("QB", str(counts[2]), "a count of the finished period")
        return counts, time_s

    def _command(self, cmd: str) -> None:
        """Send a setting and ask whether it was understood."""
        self.write(cmd)
        if self.ask_flag("SS 7"):
            raise WireError(f"{self.name}: '{cmd}' was refused (status bit 7 is set); check command and value")

    def _index(self, channel: int) -> int:
        if channel not in CHANNELS:
            raise LimitError(f"{self.name}: input {channel} does not exist; choose from 1 and 2")
        return channel - 1

    def _set_level(self, index: int, level_v: float) -> None:
        require_within(self.name, "discriminator level", level_v, -0.3, 0.3, "V", "choose a value inside")
        self._command(f"DL {index},{level_v:.4f}")

    def _set_slope(self, index: int, slope: int) -> None:
        if slope not in (0, 1):
            raise LimitError(f"{self.name}: slope {slope}; choose 0 (rising) or 1 (falling)")
        self._command(f"DS {index},{slope}")

    def _set_counting_time(self, time_s: float) -> None:
        self.require_within("counting time", time_s, 1 / CLOCK_HZ, LONGEST_COUNT_S, "s")
        self._command(f"CP 2,{time_s * CLOCK_HZ:.0E}")
