"""Stanford Research DG645 delay generator (SCPI-like text over TCP or GPIB); plays GateGenerator.

Wire: LF to the instrument, CR LF back. Channels 0 T0, 2 A … 9 H; outputs 1 AB, 2 CD, 3 EF, 4 GH. Gate AB begins at
A (``DLAY 2,0,delay``) and ends at B, which is tied to A (``DLAY 3,2,width``), so moving the delay keeps the width.
``ADVT 1`` switches the prescalers on: ``PRES 0,n`` takes every n-th laser pulse, ``PRES 1..4`` divide the outputs.
Every setting is followed by ``LERR?`` and read back. Source: SRS DG645 manual, remote programming. Firmware: none.
"""

from typing import ClassVar, Unpack

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair

GATES = ("AB", "CD", "EF", "GH")
EXTERNAL_RISING = 1
LONGEST_S = 2000.0
RESOLUTION_S = 5e-12
LARGEST_DIVIDER = 32767
CHANNELS = 10


class Dg645(LabInstrument):
    """Delays and widths in s (5 ps steps), levels in V into 50 ohm.

    ``level_limits_v``: what the modulators behind the gates may see.
    """

    MODEL: ClassVar[str] = "dg645"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\r\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        level_limits_v: tuple[float, float] = (0.5, 5.0),
        trigger_threshold_v: float | None = None,
        **visa: Unpack[VisaOptions],
    ) -> None:
        """``trigger_threshold_v``: set by trigger_on_laser(); None leaves the instrument's."""
        super().__init__(name, address, **visa)
        self._level_limits_v = limit_pair(name, "level_limits_v", level_limits_v, "V")
        self._trigger_threshold_v = trigger_threshold_v
        self.trigger_source = self.add_parameter(
            "trigger_source",
            get_cmd=lambda: self.ask_int("TSRC?"),
            set_cmd=lambda source: self._setting(f"TSRC {int(source)}"),
            docstring="Control the trigger source: 0 internal, 1 external rising edge, … 6 line (no unit).",
        )
        self.trigger_threshold = self.add_parameter(
            "trigger_threshold",
            unit="V",
            get_cmd=lambda: self.ask_float("TLVL?"),
            set_cmd=self._set_threshold,
            docstring="Control the external trigger threshold, V, from -3.5 to 3.5.",
        )
        self.trigger_rate = self.add_parameter(
            "trigger_rate",
            unit="Hz",
            get_cmd=lambda: self.ask_float("TRAT?"),
            docstring="Get the rate of the internal trigger, Hz, from 1e-4 to 1e7.",
        )
        self.advanced_triggering = self.add_parameter(
            "advanced_triggering",
            get_cmd=lambda: self.ask_flag("ADVT?"),
            set_cmd=lambda on: self._setting(f"ADVT {int(bool(on))}"),
            docstring="Control advanced triggering, which switches the prescalers on: True or False (no unit).",
        )
        self.trigger_divider = self.add_parameter(
            "trigger_divider",
            get_cmd=lambda: self.ask_int("PRES?0"),
            set_cmd=lambda divider: self._set_prescaler(0, divider),
            docstring="Control how many laser pulses make one trigger, 1 to 32767 (no unit).",
        )
        for number, gate in enumerate(GATES, start=1):
            self._add_gate_parameters(number, gate)

    def _add_gate_parameters(self, number: int, gate: str) -> None:
        begin, end = 2 * number, 2 * number + 1
        self.add_parameter(
            f"delay_{gate}",
            unit="s",
            get_cmd=lambda: self._edge_s(begin),
            set_cmd=lambda delay_s: self._set_delay(f"delay of {gate}", begin, 0, delay_s),
            docstring=f"Control the delay of gate {gate} after the trigger, s, from 0 to 2000.",
        )
        self.add_parameter(
            f"width_{gate}",
            unit="s",
            get_cmd=lambda: self._width_s(begin, end),
            set_cmd=lambda width_s: self._set_delay(f"width of {gate}", end, begin, width_s),
            docstring=f"Control the width of gate {gate}, s, from 0 to 2000.",
        )
        low, high = self._level_limits_v
        self.add_parameter(
            f"level_{gate}",
            unit="V",
            get_cmd=lambda: self.ask_float(f"LAMP?{number}"),
            set_cmd=lambda level_v: self._set_level(gate, number, level_v),
            docstring=f"Control the amplitude of gate {gate}, V, from {low:g} to {high:g}.",
        )
        self.add_parameter(
            f"divider_{gate}",
            get_cmd=lambda: self.ask_int(f"PRES?{number}"),
            set_cmd=lambda divider: self._set_prescaler(number, divider),
            docstring=f"Control on every how many triggers gate {gate} comes, 1 to 32767 (no unit).",
        )

    # GateGenerator

    def trigger_on_laser(self, divider: int) -> None:
        """Trigger on every ``divider``-th laser pulse (external input, rising edge); confirmed by read-back."""
        self._check_divider("trigger divider", divider)
        with self.lock:
            if self._trigger_threshold_v is not None:
                self.trigger_threshold(self._trigger_threshold_v)
            self.advanced_triggering(True)
            self.trigger_divider(divider)
            self.trigger_source(EXTERNAL_RISING)
            reached = (self.trigger_source(), self.trigger_divider(), self.advanced_triggering())
        if reached != (EXTERNAL_RISING, divider, True):
            raise NotReadyError(
                f"{self.name}: trigger source, divider, prescaling read back {reached}, "
                f"not {(EXTERNAL_RISING, divider, True)}; check the front panel"
            )

    def largest_divider(self) -> int:
        """Largest divider of :meth:`trigger_on_laser`."""
        return LARGEST_DIVIDER

    def set_gate(
        self, gate: str, delay_s: float, width_s: float, level_v: float = 5.0, divider: int = 1
    ) -> tuple[float, float]:
        """Set one gate; returns delay and width read back, s. Nothing is sent unless all values are allowed."""
        self._check_gate(gate)
        self.require_within(f"delay of {gate}", delay_s, 0.0, LONGEST_S, "s")
        self.require_within(f"width of {gate}", width_s, 0.0, LONGEST_S - delay_s, "s")
        self._check_level(gate, level_v)
        self._check_divider(f"divider of {gate}", divider)
        setting = self.parameters
        with self.lock:
            setting[f"width_{gate}"].set(0.0)  # dark while the edges move
            setting[f"level_{gate}"].set(level_v)
            self._setting(f"LOFF {GATES.index(gate) + 1},0.00")
            self._setting(f"LPOL {GATES.index(gate) + 1},1")
            if divider != 1 and not self.advanced_triggering():
                self.advanced_triggering(True)
            setting[f"divider_{gate}"].set(divider)
            setting[f"delay_{gate}"].set(delay_s)
            setting[f"width_{gate}"].set(width_s)
            reached_delay_s = float(setting[f"delay_{gate}"].get())
            reached_width_s = float(setting[f"width_{gate}"].get())
        for what, asked_s, reached_s in (("delay", delay_s, reached_delay_s), ("width", width_s, reached_width_s)):
            if abs(reached_s - asked_s) > RESOLUTION_S:
                raise NotReadyError(
                    f"{self.name}: {what} of {gate} is {reached_s:g} s, not {asked_s:g} s; set it again"
                )
        return reached_delay_s, reached_width_s

    def disable_gate(self, gate: str) -> None:
        """Give the gate zero width, confirmed by read-back."""
        self._check_gate(gate)
        with self.lock:
            self.parameters[f"width_{gate}"].set(0.0)
            width_s = float(self.parameters[f"width_{gate}"].get())
        if width_s != 0.0:
            raise NotReadyError(f"{self.name}: width of {gate} is {width_s:g} s, not 0; switch the gate off by hand")

    # Inside

    def _setting(self, cmd: str) -> None:
        with self.lock:
            self.write(cmd)
            error = self.ask_int("LERR?")
        if error != 0:
            raise WireError(f"{self.name}: '{cmd}' caused error {error}; see the manual's error list")

    def _edge_s(self, channel: int) -> float:
        """Time of a channel's edge after T0, s, through the chain of channels it is tied to."""
        edge_s, tied_to = 0.0, channel
        for _ in range(CHANNELS):
            if tied_to == 0:
                return edge_s
            cmd = f"DLAY?{tied_to}"
            reply = self.ask(cmd)
            try:
                reference, delay = reply.split(",")
                tied_to, edge_s = int(reference), edge_s + float(delay)
            except ValueError:
                raise self.bad_reply(cmd, reply, "'channel,seconds'") from None
        raise NotReadyError(f"{self.name}: channel {channel} is tied in a circle; set its gate again")

    def _width_s(self, begin: int, end: int) -> float:
        with self.lock:
            return round((self._edge_s(end) - self._edge_s(begin)) / RESOLUTION_S) * RESOLUTION_S

    def _set_delay(self, what: str, channel: int, reference: int, delay_s: float) -> None:
        self.require_within(what, delay_s, 0.0, LONGEST_S, "s")
        self._setting(f"DLAY {channel},{reference},{delay_s:.12f}")

    def _set_level(self, gate: str, number: int, level_v: float) -> None:
        self._check_level(gate, level_v)
        self._setting(f"LAMP {number},{level_v:.2f}")

    def _set_prescaler(self, number: int, divider: int) -> None:
        self._check_divider("divider", divider)
        self._setting(f"PRES {number},{int(divider)}")

    def _set_threshold(self, threshold_v: float) -> None:
        self.require_within("trigger threshold", threshold_v, -3.5, 3.5, "V")
        self._setting(f"TLVL {threshold_v:.2f}")

    def _check_level(self, gate: str, level_v: float) -> None:
        remedy = "choose a level the modulator stands"
        self.require_within(f"level of {gate}", level_v, *self._level_limits_v, "V", remedy)

    def _check_divider(self, what: str, divider: int) -> None:
        if divider != int(divider):
            raise LimitError(f"{self.name}: {what} {divider} is not a whole number; choose 1 to {LARGEST_DIVIDER}")
        self.require_within(what, divider, 1, LARGEST_DIVIDER, "")

    def _check_gate(self, gate: str) -> None:
        if gate not in GATES:
            raise LimitError(f"{self.name}: gate '{gate}' does not exist; the gates are {', '.join(GATES)}")
