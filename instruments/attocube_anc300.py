"""attocube ANC300 piezo step controller (open loop) on TCP; its axes play Positioner.

pymeasure's driver is not used: it logs in with fixed delays, reads a number out of any reply, and knows no limit of the
piezo's temperature.

Wire: TCP port 7230, CR LF. The console greets with telnet bytes, asks for a password and echoes it; ``echo off``. Every
command ends with ``OK`` or ``ERROR`` on a line of its own, before it ``name = value unit`` or a complaint. ``stepw``
answers only when the steps are done. The controller counts no steps and knows no position.
Source: ANC300 manual, console commands; public drivers. Firmware seen: none.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Unpack

from qcodes.instrument import InstrumentChannel  # noqa: TID253 - the class statement needs it

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

PASSWORD_OF_DELIVERY = "123456"  # noqa: S105 - printed in the manual
AUTHORISED = "Authorization success"
MOST_LINES = 300  # a voltage pattern is 256
POLL_S = 0.1
MODES = ("gnd", "inp", "cap", "stp", "off", "stp+", "stp-")
_VALUE = re.compile(r"(\w+)\s*=\s*([\w.+-]+)\s*(\w*)")


class Anc300Axis(InstrumentChannel):
    """One axis: steps up are positive. Between moves it is grounded, so that it neither creeps nor heats."""

    def __init__(self, parent: "Anc300", name: str, number: int) -> None:
        super().__init__(parent, name)
        self._controller = parent
        self._number = number
        self._quiet: Callable[[], bool] = lambda: True
        low_hz, high_hz = parent.frequency_limits_hz
        self.mode = self.add_parameter(
            "mode",
            get_cmd=self._mode,
            docstring="Get the mode (no unit): 'gnd' grounded, 'stp' ready to step, 'cap' measuring, 'inp', 'off'.",
        )
        self.voltage = self.add_parameter(
            "voltage",
            unit="V",
            get_cmd=lambda: parent.ask_value(f"getv {number}", "voltage", "V"),
            set_cmd=self._set_voltage,
            docstring="Control the step voltage, V, from 0 to 150 or the lower cap of the present temperature.",
        )
        self.frequency = self.add_parameter(
            "frequency",
            unit="Hz",
            get_cmd=lambda: parent.ask_value(f"getf {number}", "frequency", "Hz"),
            set_cmd=self._set_frequency,
            docstring=f"Control the step frequency, Hz, from {low_hz:g} to {high_hz:g}.",
        )
        self.output_voltage = self.add_parameter(
            "output_voltage",
            unit="V",
            get_cmd=lambda: parent.ask_value(f"geto {number}", "voltage", "V"),
            docstring="Measure the voltage on the piezo, V, from 0 to 150; 0 when grounded.",
        )

    # Positioner

    def step(self, steps: int) -> int:
        """Make so many steps (up positive), wait, ground; returns the steps made. Nothing tells the distance.

        LimitError for a number that is not whole or a step voltage above the present cap; InterlockError during an
        acquisition; NotReadyError when they are not done in time. Whatever happens, the axis is stopped and grounded.
        """
        if not math.isfinite(steps) or steps != int(steps):
            raise LimitError(f"{self.full_name}: {steps} steps; give a whole number")
        if not self._quiet():
            raise InterlockError(f"{self.full_name}: an acquisition is on; it must not move now")
        if steps == 0:
            return 0
        self._check_voltage(self.voltage())
        duration_s = abs(steps) / float(self.frequency())
        try:
            self._set_mode("stp")
            self._controller.command(f"step{'u' if steps > 0 else 'd'} {self._number} {abs(int(steps))}")
            self._controller.clock.sleep_s(duration_s)
            self._controller.wait_until(
                lambda: self.output_voltage() == 0.0,
                timeout_s=10.0 + 0.2 * duration_s,
                poll_s=POLL_S,
                what=f"end of {abs(steps)} steps of axis {self._number}",
            )
        finally:
            self.ground()
        return int(steps)

    def stop(self) -> None:
        """Stop stepping; confirmed by the output voltage."""
        self._controller.command(f"stop {self._number}")

    def ground(self) -> None:
        """Stop and ground the axis; confirmed by read-back."""
        self.stop()
        self._set_mode("gnd")

    def is_grounded(self) -> bool:
        """Read the mode and the voltage: grounded, and nothing on the piezo."""
        return bool(self.mode() == "gnd" and self.output_voltage() == 0.0)

    def watch_temperature(self, temperature_k: Callable[[], float]) -> None:
        """Take the voltage cap, of all axes, that holds at this thermometer's temperature (K)."""
        self._controller.watch_temperature(temperature_k)

    def forbid_while(self, acquiring: Callable[[], bool]) -> None:
        """Refuse to step while ``acquiring()`` is true."""
        self._quiet = lambda: not acquiring()

    # Inside

    def _mode(self) -> str:
        cmd = f"getm {self._number}"
        reply = self._controller.ask(cmd)
        mode = reply.removeprefix("mode = ").strip()
        if not reply.startswith("mode = ") or mode not in MODES:
            raise self._controller.bad_reply(cmd, reply, f"'mode = ' and one of {', '.join(MODES)}")
        return mode

    def _set_mode(self, mode: str) -> None:
        self._controller.command(f"setm {self._number} {mode}")
        reached = self._mode()
        if reached != mode:
            raise NotReadyError(f"{self.full_name}: mode {mode} was not taken, it is {reached}; check the module")

    def _check_voltage(self, voltage_v: float) -> None:
        cap_v = self._controller.voltage_cap_v()
        remedy = "lower it, or cool the piezo first"
        self._controller.require_within(f"step voltage of axis {self._number}", voltage_v, 0.0, cap_v, "V", remedy)

    def _set_voltage(self, voltage_v: float) -> None:
        self._check_voltage(voltage_v)
        self._controller.command(f"setv {self._number} {voltage_v:.3f}")

    def _set_frequency(self, frequency_hz: float) -> None:
        self._controller.require_within(
            f"step frequency of axis {self._number}", frequency_hz, *self._controller.frequency_limits_hz, "Hz"
        )
        self._controller.command(f"setf {self._number} {round(frequency_hz)}")


class Anc300(LabInstrument):
    """The controller; its axes are the submodules ``axis_1``, ``axis_2`` and so on.

    ``voltage_limits``: pairs (up to this temperature in K, largest step voltage in V) from the positioner's data sheet.
    Until ``watch_temperature`` has been given a thermometer the warmest entry's voltage (the lowest) holds.
    """

    MODEL: ClassVar[str] = "anc300"
    WRITE_TERMINATOR = b"\r\n"
    READ_TERMINATOR = b"\r\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        axes: Sequence[int] = (1, 2, 3),
        password: str = PASSWORD_OF_DELIVERY,
        voltage_limits: Sequence[tuple[float, float]] = ((10.0, 60.0), (300.0, 40.0)),
        frequency_limits_hz: tuple[float, float] = (1.0, 1000.0),
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._password = password
        self._logged_in = False
        self._temperature_k: Callable[[], float] | None = None
        self.frequency_limits_hz = limit_pair(name, "frequency_limits_hz", frequency_limits_hz, "Hz")
        self._voltage_limits = sorted(
            (positive(name, "voltage_limits", up_to_k, "K"), positive(name, "voltage_limits", cap_v, "V"))
            for up_to_k, cap_v in voltage_limits
        )
        if not self._voltage_limits:
            raise LimitError(f"{name}: voltage_limits is empty; give pairs [up to this temperature in K, voltage in V]")
        for number in axes:
            self.add_submodule(f"axis_{number}", Anc300Axis(self, f"axis_{number}", number))

    def get_idn(self) -> dict[str, str | None]:
        """Get what ``ver`` and ``getcser`` tell."""
        serial = self.ask("getcser").removeprefix("serial = ")
        return {"vendor": "attocube", "model": "ANC300", "serial": serial, "firmware": self.ask("ver")}

    def watch_temperature(self, temperature_k: Callable[[], float]) -> None:
        """Take the voltage cap that holds at this thermometer's temperature (K)."""
        self._temperature_k = temperature_k

    def voltage_cap_v(self) -> float:
        """Largest step voltage allowed now, V. LimitError above the warmest entry of ``voltage_limits``."""
        lowest_v = min(cap_v for _, cap_v in self._voltage_limits)
        if self._temperature_k is None:
            return lowest_v
        temperature_k = self._temperature_k()
        for up_to_k, cap_v in self._voltage_limits:
            if 0.0 < temperature_k <= up_to_k:
                return cap_v
        raise LimitError(f"{self.name}: no step voltage is allowed at {temperature_k:g} K; extend voltage_limits")

    # Wire

    def ask_raw(self, cmd: str) -> str:
        """Send one command; what it prints, without OK. WireError with the complaint after ERROR."""
        with self.lock:
            self._log_in()
            self.send(cmd)
            return self._answer(cmd)

    def write_raw(self, cmd: str) -> None:
        """Send a command; this console answers every one, so the answer is read and checked."""
        self.ask_raw(cmd)

    def command(self, cmd: str) -> None:
        """Send a command that prints nothing but OK."""
        self.ask(cmd)

    def ask_value(self, cmd: str, name: str, unit: str) -> float:
        """Ask for ``name = value unit``. WireError for anything else."""
        reply = self.ask(cmd)
        match = _VALUE.fullmatch(reply.strip())
        if match is None or match[1] != name or match[3] != unit:
            raise self.bad_reply(cmd, reply, f"'{name} = … {unit}'")
        try:
            value = float(match[2])
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.bad_reply(cmd, reply, f"a finite number in {unit}")
        return value

    def _answer(self, cmd: str) -> str:
        printed: list[str] = []
        while len(printed) < MOST_LINES:
            line = self.receive_line(cmd).strip()
            if line == "OK":
                return "\n".join(printed)
            if line == "ERROR":
                complaint = "; ".join(printed) or "no reason given"
                raise WireError(f"{self.name}: '{cmd}' was refused with {complaint!r}; check axis, mode and value")
            printed.append(line)
        raise self.bad_reply(cmd, printed[0][:80], f"OK or ERROR within {MOST_LINES} lines")

    def _log_in(self) -> None:
        """Password and ``echo off``, once a connection; the greeting before it is not ASCII."""
        if self._logged_in:
            return
        self.send(self._password)
        seen: list[str] = []
        while AUTHORISED not in seen:
            if len(seen) > 5 or any("fail" in line.lower() for line in seen):
                raise WireError(f"{self.name}: the password was answered {seen}, expected '{AUTHORISED}'; check it")
            seen.append(self._greeting_line())
        self._logged_in = True
        self.send("echo off")
        self._answer("echo off")

    def _greeting_line(self) -> str:
        """One line of the greeting; its telnet bytes are skipped."""
        raw = bytearray()
        while not raw.endswith(b"\n"):
            raw += self.receive_bytes("(password)", 1)
            if len(raw) > 1000:
                raise self.bad_reply("(password)", bytes(raw[:80]), "a line")
        return bytes(byte for byte in raw if byte < 128).decode("ascii").strip()
