"""Cryomagnetics 4G superconducting magnet power supply on TCP, GPIB or serial; plays Magnet.

QCoDeS' ``CryomagneticsModel4G`` is not subclassed: its constructor writes ranges and units, its ``set_field`` compares
kilogauss with tesla to choose the direction, and returns without an error when the supply is quenched.

Wire: LF. ``IMAG?`` ``IOUT?`` ``ULIM?`` ``LLIM?`` carry a unit; this driver works in kG (``UNITS G``) and believes no
number without its unit. ``*STB?``: bit 0 sweep active (also when it has arrived, until ``SWEEP PAUSE``), 1 standby,
2 quench, 3 power module failure. ``RANGE``/``RATE`` 0-4: current ranges and their rates in A/s, ``RATE`` 5: fast.
``*ESR?`` tells refused commands. On some interfaces the supply echoes what it is sent; echoes are skipped.
Source: Cryomagnetics 4G manual (rev. 9), remote commands; public drivers. Firmware seen: none.
"""

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Unpack

from instruments.errors import BenchError, InterlockError, LimitError, NotReadyError, QuenchError, WireError
from instruments.visa import LabInstrument, VisaOptions, positive

SWEEPING, STANDBY, QUENCH, MODULE_FAILURE = 1, 2, 4, 8  # bits of *STB?
REFUSED = 0b0011_1100  # bits of *ESR?: query, device, execution and command error
TESLA_PER_UNIT = {"kG": 0.1, "T": 1.0, "G": 1e-4}
KILOGAUSS_PER_TESLA = 10.0
N_RANGES = 5
FAST = 5
SMALLEST_STEP_KG = 1e-4  # last digit of the supply's replies
_VALUE = re.compile(r"([-+]?\d*\.?\d+)\s*([A-Za-z]+)")


class Cryomagnetics4G(LabInstrument):
    """Field in T along the axis.

    ``coil_constant_t_per_a``: from the magnet's data sheet; the supply's own is compared with it before every ramp.
    ``field_limit_t``: largest |field| of this site. ``ramp_rate_limits``: up to five pairs (up to this current in A,
    largest rate in A/s), from the data sheet; programmed and read back before every ramp; no current above the last.
    ``ramp_rate_a_per_s``: a lower rate for all of them. ``persistent_switch``: True when the magnet has one; then it
    must be heated. ``highest_magnet_temperature_k`` acts once ``watch_temperature`` has been given a thermometer.
    """

    MODEL: ClassVar[str] = "cryomagnetics-4g"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        coil_constant_t_per_a: float,
        field_limit_t: float = 5.0,
        ramp_rate_limits: Sequence[tuple[float, float]] = ((80.0, 0.06),),
        ramp_rate_a_per_s: float | None = None,
        persistent_switch: bool = False,
        tolerance_t: float = 0.002,
        highest_magnet_temperature_k: float = 6.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        self._quench_seen = False
        self._unechoed: list[str] = []
        self._coil_t_per_a = positive(name, "coil_constant_t_per_a", coil_constant_t_per_a, "T/A")
        self._field_limit_t = positive(name, "field_limit_t", field_limit_t, "T")
        self._tolerance_t = positive(name, "tolerance_t", tolerance_t, "T")
        self._highest_magnet_k = positive(name, "highest_magnet_temperature_k", highest_magnet_temperature_k, "K")
        self._ranges = _checked_ranges(name, ramp_rate_limits, ramp_rate_a_per_s)
        self._persistent_switch = bool(persistent_switch)
        self._magnet_temperature_k: Callable[[], float] | None = None
        super().__init__(name, address, **visa)
        limit_t = self._field_limit_t
        self.field = self.add_parameter(
            "field",
            unit="T",
            get_cmd=self.field_t,
            docstring=f"Measure the field of the magnet, T, from {-limit_t:g} to {limit_t:g}.",
        )
        self.status = self.add_parameter(
            "status",
            get_cmd=self._status,
            docstring="Get the status bits, 0 to 15 (no unit): 1 sweep on, 2 standby, 4 quench, 8 module failure.",
        )
        self.sweep = self.add_parameter(
            "sweep",
            get_cmd=lambda: self.ask("SWEEP?").strip(),
            docstring="Get what the supply does (no unit): 'sweep up', 'sweep down', 'sweep paused', 'Standby' or so.",
        )

    # Magnet

    def field_t(self) -> float:
        """Field as the supply computes it from the magnet's current, T."""
        return self._ask_tesla("IMAG?")

    def set_field(self, target_t: float) -> float:
        """Ramp to ``target_t`` and wait; returns the field read back, T. The sweep is paused at the end.

        Raises LimitError before anything that moves is sent; InterlockError on a quench, a failed power module, a
        cold persistent switch or a warm magnet; NotReadyError when the field is not reached in time. Whatever goes
        wrong on the way (a quench excepted), the sweep is paused.
        """
        limit_t = self._field_limit_t
        self.require_within("field", target_t, -limit_t, limit_t, "T", "choose a smaller field or change the station")
        highest_t = self._ranges[-1][0] * self._coil_t_per_a
        remedy = "above it ramp_rate_limits of the station file allow no rate"
        self.require_within("field", target_t, -highest_t, highest_t, "T", remedy)
        self._require_ready()
        if abs(target_t - self.field_t()) * KILOGAUSS_PER_TESLA < SMALLEST_STEP_KG:
            self.hold()
            return self.field_t()
        with self.lock:
            here_t = self._prepare(target_t)
        try:
            self._command(f"SWEEP {'UP' if target_t > here_t else 'DOWN'} SLOW")
            self._wait_for_arrival(here_t, target_t)
        except BaseException as error:
            self._hold_after(error)
            raise
        self.hold()
        return self._confirm_arrival(target_t)

    def hold(self) -> None:
        """Pause the sweep, confirmed by read-back. InterlockError, and nothing is sent, in a quench."""
        with self.lock:
            if not self.is_at_rest():
                self._command("SWEEP PAUSE")
        self.wait_until(self.is_at_rest, timeout_s=10.0, poll_s=0.2, what="pause of the sweep")

    def is_at_rest(self) -> bool:
        """True when no sweep is on. InterlockError in a quench or with a failed power module."""
        status = self._status()
        if self._quench_seen:
            self._refuse_in_quench("*STB?")
        if status & MODULE_FAILURE:
            raise InterlockError(f"{self.name}: power module failure (*STB? reads {status}); look at the supply")
        return not status & SWEEPING

    def reset_quench(self) -> None:
        """For a person who has looked at the magnet: release the latch and the supply's quench condition."""
        with self.lock:
            self._quench_seen = False
            self.write("QRESET")
            if self._status() & QUENCH:
                raise QuenchError(f"{self.name}: the quench persists; look at magnet, level and supply")

    def watch_temperature(self, magnet_temperature_k: Callable[[], float]) -> None:
        """Refuse to ramp, and pause a ramp, while this thermometer (K) reads above the magnet's limit."""
        self._magnet_temperature_k = magnet_temperature_k

    # Wire

    def ask_raw(self, cmd: str) -> str:
        """Ask; echoes of what was sent are skipped; a status that reports a quench latches it."""
        with self.lock:
            self._refuse_in_quench(cmd)
            reply = super().ask_raw(cmd)
            sent = [*self._unechoed, cmd]
            while reply.strip() in sent:
                sent.remove(reply.strip())
                reply = self.receive_line(cmd)
            self._unechoed.clear()
            if cmd == "*STB?" and reply.strip().isdigit() and int(reply) & QUENCH:
                self._quench_seen = True
            return reply

    def write_raw(self, cmd: str) -> None:
        """Send; refused while a quench is latched."""
        with self.lock:
            self._refuse_in_quench(cmd)
            super().write_raw(cmd)
            self._unechoed.append(cmd)

    def _refuse_in_quench(self, cmd: str) -> None:
        if self._quench_seen:
            raise QuenchError(
                f"{self.name}: quench; nothing is sent ('{cmd}' was not) until a person has looked at the magnet "
                "and called reset_quench()"
            )

    def _command(self, cmd: str) -> None:
        with self.lock:
            self.write(cmd)
            events = self.ask_int("*ESR?")
        if events & REFUSED:
            raise WireError(f"{self.name}: '{cmd}' was refused (*ESR? reads {events}); see the manual's command list")

    def _status(self) -> int:
        status = self.ask_int("*STB?")
        if not 0 <= status <= 255:
            raise self.bad_reply("*STB?", str(status), "a status byte from 0 to 255")
        return status

    def _ask_value(self, cmd: str) -> tuple[float, str]:
        reply = self.ask(cmd)
        match = _VALUE.fullmatch(reply.strip())
        if match is None:
            raise self.bad_reply(cmd, reply, "a number with its unit")
        return float(match[1]), match[2]

    def _ask_tesla(self, cmd: str) -> float:
        value, unit = self._ask_value(cmd)
        if unit == "A":
            return value * self._coil_t_per_a
        if unit not in TESLA_PER_UNIT:
            raise self.bad_reply(cmd, f"{value:g} {unit}", f"a value in {', '.join(TESLA_PER_UNIT)} or A")
        return value * TESLA_PER_UNIT[unit]

    # Before a ramp

    def _require_ready(self) -> None:
        self.is_at_rest()  # raises in a quench and with a failed module
        if self._persistent_switch and self.ask("PSHTR?").strip() != "1":
            raise InterlockError(f"{self.name}: the persistent switch is cold; heat it first, with equal currents")
        self._require_cold_magnet()

    def _require_cold_magnet(self) -> None:
        if self._magnet_temperature_k is None:
            return
        temperature_k = self._magnet_temperature_k()
        if not 0.0 < temperature_k <= self._highest_magnet_k:
            raise InterlockError(
                f"{self.name}: the magnet is at {temperature_k:.2f} K, ramps are allowed up to "
                f"{self._highest_magnet_k:g} K; check cooling and thermometer"
            )

    def _prepare(self, target_t: float) -> float:
        """Pause, programme rates and limits and confirm each; returns the field now, T."""
        self._command("REMOTE")
        self._command("SWEEP PAUSE")
        for index in range(N_RANGES):
            up_to_a, rate_a_per_s = self._ranges[min(index, len(self._ranges) - 1)]
            self._set_confirmed("RANGE", index, up_to_a, "A")
            self._set_confirmed("RATE", index, rate_a_per_s, "A/s")
        self._set_confirmed("RATE", FAST, min(rate for _, rate in self._ranges), "A/s")
        self._command("UNITS G")
        here_t = self.field_t()
        self._set_limits(min(here_t, target_t), max(here_t, target_t))
        self._compare_coil_constants(target_t, "ULIM?" if target_t > here_t else "LLIM?")
        return here_t

    def _set_confirmed(self, word: str, index: int, value: float, unit: str) -> None:
        self._command(f"{word} {index} {value:.4f}")
        reached = self.ask_float(f"{word}? {index}")
        if abs(reached - value) > 1e-4 + 1e-3 * value:
            raise NotReadyError(
                f"{self.name}: {word} {index} = {value:g} {unit} was not taken, it is {reached:g} {unit}"
            )

    def _set_limits(self, lower_t: float, upper_t: float) -> None:
        """Both ends of the sweeps, so that no sweep in any direction leaves the way from here to the target."""
        raise_first = upper_t >= self._ask_tesla("LLIM?")
        both = [("ULIM", upper_t), ("LLIM", lower_t)]
        for word, value_t in both if raise_first else both[::-1]:
            self._command(f"{word} {value_t * KILOGAUSS_PER_TESLA:.4f}")
        for word, value_t in both:
            reached_t = self._ask_tesla(f"{word}?")
            if abs(reached_t - value_t) * KILOGAUSS_PER_TESLA > 1.5 * SMALLEST_STEP_KG:
                raise NotReadyError(
                    f"{self.name}: {word} {value_t:g} T was not taken, it is {reached_t:g} T; not ramped"
                )

    def _compare_coil_constants(self, target_t: float, limit_query: str) -> None:
        """The limit just set, read in A, tells the supply's own coil constant; a wrong one makes all currents wrong."""
        self._command("UNITS A")
        try:
            current_a, unit = self._ask_value(limit_query)
        finally:
            self._command("UNITS G")
        if unit != "A":
            raise self.bad_reply(limit_query, f"{current_a:g} {unit}", "a value in A after 'UNITS A'")
        expected_a = target_t / self._coil_t_per_a
        if abs(current_a - expected_a) > 0.01 * abs(expected_a) + 0.01:
            raise LimitError(
                f"{self.name}: {target_t:g} T is {current_a:g} A for the supply, but {expected_a:g} A with "
                f"coil_constant_t_per_a = {self._coil_t_per_a:g}; correct the station file or the supply; not ramped"
            )

    # During and after

    def _wait_for_arrival(self, here_t: float, target_t: float) -> None:
        slowest_t_per_s = min(rate for _, rate in self._ranges) * self._coil_t_per_a
        timeout_s = 1.5 * abs(target_t - here_t) / slowest_t_per_s + 60.0
        readings_t = [here_t]

        def arrived() -> bool:
            sweep_ended = self.is_at_rest()
            self._require_cold_magnet()
            readings_t.append(self.field_t())
            resting = abs(readings_t[-1] - readings_t[-2]) * KILOGAUSS_PER_TESLA < 0.5 * SMALLEST_STEP_KG
            near = abs(readings_t[-1] - target_t) <= self._tolerance_t
            if sweep_ended and not near:
                raise NotReadyError(f"{self.name}: the sweep ended at {readings_t[-1]:.4f} T; somebody stopped it?")
            return near and (resting or sweep_ended)

        self.wait_until(arrived, timeout_s=timeout_s, poll_s=0.5, what=f"end of sweep to {target_t:g} T")

    def _hold_after(self, error: BaseException) -> None:
        """Never leave it sweeping; in a quench nothing is sent."""
        if self._quench_seen:
            return
        try:
            self.hold()
        except BenchError as failed:
            error.add_note(f"{self.name}: the sweep could not be paused ({failed}); press PAUSE on the supply")

    def _confirm_arrival(self, target_t: float) -> float:
        reached_t = self.field_t()
        if abs(reached_t - target_t) > self._tolerance_t:
            raise NotReadyError(
                f"{self.name}: holds at {reached_t:.4f} T, not at {target_t:.4f} T; check the voltage limit"
            )
        return reached_t


def _checked_ranges(
    name: str, limits: Sequence[tuple[float, float]], slower_a_per_s: float | None
) -> tuple[tuple[float, float], ...]:
    """(Up to this current in A, rate in A/s), increasing currents; LimitError for anything else."""
    if not 1 <= len(limits) <= N_RANGES or any(len(each) != 2 for each in limits):
        raise LimitError(f"{name}: ramp_rate_limits = {list(limits)} must be 1 to {N_RANGES} pairs [A, A/s]")
    ranges = [(positive(name, "ramp_rate_limits", a, "A"), positive(name, "rate", r, "A/s")) for a, r in limits]
    if [a for a, _ in ranges] != sorted({a for a, _ in ranges}):
        raise LimitError(f"{name}: the currents of ramp_rate_limits must increase: {list(limits)}")
    if slower_a_per_s is None:
        return tuple(ranges)
    rate = positive(name, "ramp_rate_a_per_s", slower_a_per_s, "A/s")
    lowest = min(allowed for _, allowed in ranges)
    if rate > lowest:
        raise LimitError(f"{name}: ramp_rate_a_per_s = {rate:g} A/s is above {lowest:g} A/s of ramp_rate_limits")
    return tuple((up_to_a, rate) for up_to_a, _ in ranges)
