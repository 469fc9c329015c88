"""American Magnetics Model 430 power supply programmer on TCP; plays Magnet. QCoDeS' driver, made safe for nights.

What is added to ``qcodes.instrument_drivers.american_magnetics.AMIModel430``: a lock, the bench's clock instead of
sleeping, units read before every ramp, field and ramp-rate limits of the site, and a quench latch: once a reply
says quench, not one byte is sent until a person calls ``reset_quench()``.

Wire: port 7180, CR LF, two banner lines on connection (QCoDeS reads them). ``STATE?``: 1 ramping, 2 holding, 3
paused, 4/5 manual, 6 zeroing, 7 quench, 8 at zero, 9/10 switch heating/cooling.
Source: AMI Model 430 manual, remote interface reference; QCoDeS' driver. Firmware seen: none.
"""

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar, Unpack

from qcodes.instrument_drivers.american_magnetics import AMIModel430  # noqa: TID253 - the class statement needs it
from qcodes.parameters import ParameterBase  # noqa: TID253 - as above

from instruments.errors import InterlockError, LimitError, NotReadyError, QuenchError, WireError
from instruments.visa import LabInstrument, VisaOptions, positive

TESLA_PER_UNIT = {0: 0.1, 1: 1.0}  # FIELD:UNITS? 0 kilogauss, 1 tesla
SECONDS_PER_UNIT = {0: 1.0, 1: 60.0}  # RAMP:RATE:UNITS? 0 seconds, 1 minutes
RELATIVE_SLACK = 1e-6  # replies are rounded


class State(IntEnum):
    """States of ``STATE?``, the manual's words."""

    RAMPING = 1
    HOLDING = 2
    PAUSED = 3
    MANUAL_UP = 4
    MANUAL_DOWN = 5
    ZEROING = 6
    QUENCH = 7
    AT_ZERO = 8
    HEATING_SWITCH = 9
    COOLING_SWITCH = 10


AT_REST = (State.HOLDING, State.PAUSED, State.AT_ZERO)
MOVING = (State.RAMPING, State.ZEROING, State.MANUAL_UP, State.MANUAL_DOWN)


class Ami430(LabInstrument, AMIModel430):
    """Field in T along the axis.

    ``field_limit_t``: largest |field| of this site. ``ramp_rate_limits``: pairs (up to this current in A, largest
    rate in A/s), from the magnet's data sheet. ``ramp_rate_a_per_s``: the rate set() programmes before a ramp; None
    leaves the programmed segments, which must obey the limits.
    """

    MODEL: ClassVar[str] = "ami430"
    WRITE_TERMINATOR = b"\r\n"
    READ_TERMINATOR = b"\r\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        field_limit_t: float = 5.0,
        ramp_rate_limits: Sequence[tuple[float, float]] = ((1e3, 0.06),),
        ramp_rate_a_per_s: float | None = None,
        tolerance_t: float = 0.002,
        **visa: Unpack[VisaOptions],
    ) -> None:
        self._quench_seen = False
        self._last_exchange = ("", "")
        super().__init__(name, address, **visa)
        for parameter in (*self.parameters.values(), *self.switch_heater.parameters.values()):
            self._type_errors_of(parameter)
        self._field_limit_t = float(field_limit_t)
        self._ramp_rate_limits = _checked_limits(name, ramp_rate_limits)
        self._ramp_rate_a_per_s = ramp_rate_a_per_s
        self._tolerance_t = float(tolerance_t)
        if ramp_rate_a_per_s is not None:
            lowest = min(rate for _, rate in self._ramp_rate_limits)
            self.require_within("ramp rate", ramp_rate_a_per_s, 1e-6, lowest, "A/s", "lower ramp_rate_a_per_s")

    # Magnet

    def field_t(self) -> float:
        """Field as the programmer computes it from the current, T."""
        with self.lock:
            return self.ask_float("FIELD:MAG?") * self._tesla_per_unit()

    def set_field(self, target_t: float, *, block: bool = True, perform_safety_check: bool = True) -> float:  # type: ignore[override]
        """Ramp to ``target_t`` and wait; returns the field read back, T.

        Raises LimitError before anything that moves is sent, InterlockError on a quench or a cold or persistent
        switch, NotReadyError when the field is not reached in time (the ramp is paused then). ``block=False``
        returns at once. ``perform_safety_check`` is QCoDeS' and without effect: the checks are always made.
        """
        limit_t = self._field_limit_t
        self.require_within("field", target_t, -limit_t, limit_t, "T", "choose a smaller field or change the station")
        with self.lock:
            self._require_ready()
            here_t = self.field_t()
            self._check_current(target_t)
            rate_t_per_s = self._prepare_rate(here_t, target_t)
            self._command("PAUSE")
            self._command(f"CONF:FIELD:TARG {target_t / self._tesla_per_unit():.6f}")
            self._confirm_target(target_t)
            self._command("RAMP")
        if not block:
            return self.field_t()
        timeout_s = 1.5 * abs(target_t - here_t) / rate_t_per_s + 60.0
        try:
            self.wait_until(self._ramp_ended, timeout_s=timeout_s, poll_s=0.5, what=f"end of ramp to {target_t:g} T")
        except NotReadyError:
            self.hold()
            raise
        return self._confirm_arrival(target_t)

    def hold(self) -> None:
        """Pause the ramp, confirmed by read-back. InterlockError, and nothing is sent, in a quench."""
        with self.lock:
            if self.state() not in AT_REST:
                self._command("PAUSE")
        self.wait_until(self.is_at_rest, timeout_s=10.0, poll_s=0.2, what="pause of the ramp")

    def is_at_rest(self) -> bool:
        """True when holding, paused or at zero. InterlockError in a quench."""
        return self.state() in AT_REST

    def state(self) -> State:
        """State as read now; InterlockError (latched) in a quench."""
        code = self.ask_int("STATE?")
        if self._quench_seen:
            self._refuse_in_quench("STATE?")
        try:
            return State(code)
        except ValueError:
            raise self.bad_reply("STATE?", str(code), "a state from 1 to 10") from None

    def reset_quench(self) -> None:
        """For a person who has looked at the magnet: release the latch and the programmer's quench condition."""
        with self.lock:
            self._quench_seen = False
            self.write("QU 0")
            if self.ask_flag("QU?"):
                raise QuenchError(f"{self.name}: the quench persists; look at magnet, level and supply")

    # Wire

    def ask_raw(self, cmd: str) -> str:
        """Ask; a reply that reports a quench latches it."""
        with self.lock:
            self._refuse_in_quench(cmd)
            reply = super().ask_raw(cmd)
            self._last_exchange = (cmd, reply)
            if (cmd == "STATE?" and reply.strip() == str(int(State.QUENCH))) or (cmd == "QU?" and reply.strip() == "1"):
                self._quench_seen = True
            return reply

    def write_raw(self, cmd: str) -> None:
        """Send; refused while a quench is latched."""
        with self.lock:
            self._refuse_in_quench(cmd)
            super().write_raw(cmd)

    def _type_errors_of(self, parameter: ParameterBase) -> None:
        """Let a parameter of QCoDeS' driver raise WireError for a reply that it cannot read, and for NaN."""
        if not parameter.gettable:
            return
        inherited_get = parameter.get

        def get() -> object:
            try:
                value = inherited_get()
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                raise self.bad_reply(*self._last_exchange, "a reply in the manual's form") from error
            if isinstance(value, float) and not math.isfinite(value):
                raise self.bad_reply(*self._last_exchange, "a finite number")
            return value

        parameter.get = get

    def _sleep(self, t: float) -> None:
        self.clock.sleep_s(t)

    def _refuse_in_quench(self, cmd: str) -> None:
        if self._quench_seen:
            raise QuenchError(
                f"{self.name}: quench; nothing is sent ('{cmd}' was not) until a person has looked at the magnet "
                "and called reset_quench()"
            )

    def _command(self, cmd: str) -> None:
        self.write(cmd)
        error = self.ask("SYST:ERR?")
        if error.split(",")[0].strip() not in ("0", "+0"):
            raise WireError(f"{self.name}: '{cmd}' caused the error {error!r}; see the manual's error list")

    # Before a ramp

    def _require_ready(self) -> None:
        state = self.state()
        if self.ask_flag("QU?"):
            self._refuse_in_quench("QU?")
        if state not in (*AT_REST, *MOVING):
            raise InterlockError(f"{self.name}: persistent switch is {state.name.lower()}; wait until it is done")
        if self.ask_flag("PS:INST?") and (not self.ask_flag("PS?") or self.ask_flag("PERS?")):
            raise InterlockError(f"{self.name}: magnet is persistent or its switch cold; heat the switch first")

    def _check_current(self, target_t: float) -> None:
        coil_t_per_a = self._coil_t_per_a()
        limit_t = coil_t_per_a * self.ask_float("CURR:LIMIT?")
        remedy = "this is coil constant times current limit of the programmer"
        slack = limit_t * RELATIVE_SLACK
        self.require_within("field", target_t, -limit_t - slack, limit_t + slack, "T", remedy)

    def _prepare_rate(self, here_t: float, target_t: float) -> float:
        """Programme or check the ramp rate; returns the slowest rate on the way, T/s."""
        if self._ramp_rate_a_per_s is not None:
            self._programme_rate(self._ramp_rate_a_per_s)
        coil_t_per_a = self._coil_t_per_a()
        farthest_a = max(abs(here_t), abs(target_t)) / coil_t_per_a
        slowest, lower_a = float("inf"), 0.0
        segments = self._segments_a()
        for number, (rate_a_per_s, upper_a) in enumerate(segments, start=1):
            is_last = number == len(segments)
            upper_a = max(farthest_a, upper_a) if is_last else upper_a
            if lower_a <= farthest_a and upper_a > lower_a:
                self._check_rate(number, rate_a_per_s, lower_a, min(upper_a, farthest_a))
                slowest = min(slowest, rate_a_per_s)
            lower_a = max(lower_a, upper_a)
        return slowest * coil_t_per_a

    def _check_rate(self, number: int, rate_a_per_s: float, from_a: float, to_a: float) -> None:
        known_up_to_a = max(up_to_a for up_to_a, _ in self._ramp_rate_limits)
        if to_a > known_up_to_a * (1 + RELATIVE_SLACK):
            raise LimitError(f"{self.name}: no ramp rate is allowed above {known_up_to_a:g} A; {to_a:g} A needs one")
        begin_a = 0.0
        for up_to_a, allowed in sorted(self._ramp_rate_limits):
            if begin_a < to_a and up_to_a > from_a and rate_a_per_s > allowed * (1 + RELATIVE_SLACK):
                raise LimitError(
                    f"{self.name}: ramp segment {number} is programmed to {rate_a_per_s:g} A/s, allowed are "
                    f"{allowed:g} A/s up to {up_to_a:g} A; set ramp_rate_a_per_s in the station file"
                )
            begin_a = up_to_a

    def _programme_rate(self, rate_a_per_s: float) -> None:
        per_second = self._seconds_per_rate_unit()
        coil_per_a = self.ask_float("COIL?")
        upper = self._field_limit_t / self._tesla_per_unit()
        self._command("CONF:RAMP:RATE:SEG 1")
        self._command(f"CONF:RAMP:RATE:FIELD 1,{rate_a_per_s * coil_per_a * per_second:.6f},{upper:.6f}")

    def _segments_a(self) -> list[tuple[float, float]]:
        """Programmed segments as (rate in A/s, upper current in A)."""
        per_second, coil_per_a = self._seconds_per_rate_unit(), self.ask_float("COIL?")
        segments = []
        for number in range(1, self.ask_int("RAMP:RATE:SEG?") + 1):
            cmd = f"RAMP:RATE:FIELD:{number}?"
            reply = self.ask(cmd)
            try:
                rate, upper = (float(field) for field in reply.split(",")[:2])
            except ValueError:
                raise self.bad_reply(cmd, reply, "'rate,upper field'") from None
            segments.append((rate / coil_per_a / per_second, abs(upper) / coil_per_a))
        return segments

    def _confirm_target(self, target_t: float) -> None:
        reached_t = self.ask_float("FIELD:TARG?") * self._tesla_per_unit()
        if abs(reached_t - target_t) > 1e-4:
            raise NotReadyError(f"{self.name}: target {target_t:g} T was not taken, it is {reached_t:g} T; not ramped")

    # During and after

    def _ramp_ended(self) -> bool:
        state = self.state()
        if state in MOVING:
            return False
        if state in (State.HOLDING, State.AT_ZERO):
            return True
        raise NotReadyError(f"{self.name}: ramp ended in state {state.name.lower()}; somebody stopped it?")

    def _confirm_arrival(self, target_t: float) -> float:
        reached_t = self.field_t()
        if abs(reached_t - target_t) > self._tolerance_t:
            raise NotReadyError(
                f"{self.name}: holds at {reached_t:.4f} T, not at {target_t:.4f} T; check the voltage limit"
            )
        return reached_t

    def _tesla_per_unit(self) -> float:
        return self._unit("FIELD:UNITS?", TESLA_PER_UNIT)

    def _seconds_per_rate_unit(self) -> float:
        return self._unit("RAMP:RATE:UNITS?", SECONDS_PER_UNIT)

    def _unit(self, cmd: str, units: dict[int, float]) -> float:
        code = self.ask_int(cmd)
        if code not in units:
            raise self.bad_reply(cmd, str(code), "0 or 1")
        return units[code]

    def _coil_t_per_a(self) -> float:
        coil_t_per_a = self.ask_float("COIL?") * self._tesla_per_unit()
        if coil_t_per_a <= 0:
            raise self.bad_reply("COIL?", str(coil_t_per_a), "a coil constant above 0")
        return coil_t_per_a


def _checked_limits(name: str, limits: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The pairs as numbers; LimitError for none, for a NaN (no rate would be above it), and for anything not > 0."""
    if not limits or any(not isinstance(pair, list | tuple) or len(pair) != 2 for pair in limits):
        raise LimitError(f"{name}: ramp_rate_limits = {limits!r} must be pairs [A, A/s]; correct the station file")
    return tuple(
        (positive(name, "current in ramp_rate_limits", up_to_a, "A"), positive(name, "ramp_rate_limits", rate, "A/s"))
        for up_to_a, rate in limits
    )
