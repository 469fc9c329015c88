"""Oxford Instruments MercuryiTC temperature controller ("SCPI" command set); plays Cryostat.

pymeasure's driver is not used: it reads a reply's last field without looking whose it is, takes a refusal
(``…:INVALID``) for success, and knows no waiting.

Wire: TCP port 7020, GPIB or serial, LF. ``READ:<noun>`` is answered ``STAT:<noun>:<value><unit>``,
``SET:<noun>:<value>`` always ``STAT:SET:<noun>:<value>:VALID`` (or INVALID, DENIED, NOT_FOUND). ``*IDN?`` is answered
with fields between colons. ``READ:SYS:ALRM`` lists ``board<tab>what;``. Ramp rates are in ``K/m``, kelvin per minute.
Source: Mercury iTC user manual, remote command set; public drivers. Firmware seen: none.
"""

import math
import re
from collections.abc import Sequence
from typing import ClassVar, Unpack

from instruments.errors import InterlockError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair, positive

SETPOINT_STEP_K = 0.01
STABLE_READINGS = 4
POLL_S = 10.0
REFUSALS = ("INVALID", "DENIED", "NOT_FOUND", "N/A")
_VALUE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)")


class MercuryItc(LabInstrument):
    """Temperatures in K.

    ``sensor``: board and channel of the sample's thermometer, whose control loop is used; ``magnet_sensor``: that of
    the magnet's, None if there is none. ``stability_limit_k``: largest spread of the last four readings, ten seconds
    apart, that counts as stable. ``ramp_k_per_min``: how fast the setpoint moves; None: at once.
    ``ignored_alarm_boards``: boards (``DB5.P1``) whose alarms do not matter here, as nothing is plugged in.
    """

    MODEL: ClassVar[str] = "mercury-itc"
    WRITE_TERMINATOR = b"\n"
    READ_TERMINATOR = b"\n"

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        sensor: str = "MB1.T1",
        magnet_sensor: str | None = None,
        temperature_limits_k: tuple[float, float] = (2.0, 350.0),
        tolerance_k: float = 0.05,
        stability_limit_k: float = 0.05,
        ramp_k_per_min: float | None = None,
        settle_timeout_s: float = 14400.0,
        ignored_alarm_boards: Sequence[str] = (),
        **visa: Unpack[VisaOptions],
    ) -> None:
        self._temperature_limits_k = limit_pair(name, "temperature_limits_k", temperature_limits_k, "K")
        self._tolerance_k = positive(name, "tolerance_k", tolerance_k, "K")
        self._stability_limit_k = positive(name, "stability_limit_k", stability_limit_k, "K")
        self._settle_timeout_s = positive(name, "settle_timeout_s", settle_timeout_s, "s")
        self._ramp_k_per_min = None if ramp_k_per_min is None else positive(name, "ramp", ramp_k_per_min, "K/min")
        self._ignored_alarm_boards = tuple(ignored_alarm_boards)
        self._sensor, self._magnet_sensor = f"DEV:{sensor}:TEMP", magnet_sensor and f"DEV:{magnet_sensor}:TEMP"
        super().__init__(name, address, **visa)
        low, high = self._temperature_limits_k
        self.setpoint = self.add_parameter(
            "setpoint",
            unit="K",
            get_cmd=lambda: self._read(f"{self._sensor}:LOOP:TSET", "K"),
            set_cmd=self._set_setpoint,
            docstring=f"Control the temperature setpoint, K, from {low:g} to {high:g}.",
        )
        self.sample_temperature = self.add_parameter(
            "sample_temperature",
            unit="K",
            get_cmd=lambda: self._temperature(self._sensor),
            docstring="Measure the temperature at the sample, K, from 2 to 350.",
        )
        self.loop = self.add_parameter(
            "loop",
            get_cmd=lambda: self._read_flag(f"{self._sensor}:LOOP:ENAB"),
            set_cmd=lambda on: self._set_flag(f"{self._sensor}:LOOP:ENAB", bool(on)),
            docstring="Control the control loop: True it drives the heater, False the heater is manual (no unit).",
        )
        self.heater = self.add_parameter(
            "heater",
            unit="%",
            get_cmd=lambda: self._read(f"{self._sensor}:LOOP:HSET", "%"),
            docstring="Measure the heater output, %, from 0 to 100.",
        )
        self.alarms = self.add_parameter(
            "alarms",
            get_cmd=lambda: self._ask_noun("SYS:ALRM").strip(),
            docstring="Get the system alarms (no unit): '' or what is wrong, such as 'MB1.T1 Open Circuit;'.",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get vendor, model, serial and firmware from ``*IDN?``; WireError if there is no proper answer."""
        reply = self.ask("*IDN?")
        fields = reply.strip().split(":")
        if len(fields) != 5 or fields[0] != "IDN":
            raise self.bad_reply("*IDN?", reply, "IDN:vendor:model:serial:firmware")
        return {"vendor": fields[1], "model": fields[2], "serial": fields[3], "firmware": fields[4]}

    # Cryostat

    def temperature_k(self) -> float:
        """Sample temperature, K; NotReadyError while the thermometer gives no value."""
        return float(self.sample_temperature())

    def set_temperature(self, target_k: float) -> float:
        """Set, wait until near and stable; returns the sample temperature, K. InterlockError on an alarm."""
        self._check(target_k)
        self.assert_no_alarm()
        self._prepare_ramp()
        self.setpoint(target_k)
        self.loop(True)
        readings_k: list[float] = []

        def is_stable() -> bool:
            self.assert_no_alarm()
            readings_k.append(self.temperature_k())
            latest_k = readings_k[-STABLE_READINGS:]
            near = all(abs(each - target_k) <= self._tolerance_k for each in latest_k)
            return (
                near and len(latest_k) == STABLE_READINGS and max(latest_k) - min(latest_k) <= self._stability_limit_k
            )

        what = f"stable temperature within {self._tolerance_k:g} K of {target_k:g} K"
        self.wait_until(is_stable, timeout_s=self._settle_timeout_s, poll_s=POLL_S, what=what)
        return self.temperature_k()

    def has_magnet_thermometer(self) -> bool:
        """True when the station file names a ``magnet_sensor``."""
        return self._magnet_sensor is not None

    def magnet_temperature_k(self) -> float:
        """Temperature at the magnet, K; NotReadyError without a ``magnet_sensor`` or a value."""
        if self._magnet_sensor is None:
            raise NotReadyError(f"{self.name}: no thermometer at the magnet; name its board as magnet_sensor")
        return self._temperature(self._magnet_sensor)

    # Wire

    def _ask_noun(self, noun: str) -> str:
        """``READ:`` a noun; what stands behind the noun in the answer. WireError for a refusal or another noun's."""
        cmd = f"READ:{noun}"
        reply = self.ask(cmd)
        expected = f"STAT:{noun}:"
        if not reply.startswith(expected):
            raise self.bad_reply(cmd, reply, f"'{expected}…'")
        value = reply.removeprefix(expected)
        if value.strip() in REFUSALS:
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply!r}; check board and channel")
        return value

    def _read(self, noun: str, unit: str) -> float:
        """A number in ``unit``; the unit may be missing for %, and nowhere else."""
        value = self._ask_noun(noun)
        match = _VALUE.fullmatch(value.strip())
        if match is None or match[2] not in ((unit, "") if unit == "%" else (unit,)):
            if value.strip().lower().startswith("nan"):
                raise NotReadyError(f"{self.name}: '{noun}' reads {value!r} (no value); check the thermometer")
            raise self.bad_reply(f"READ:{noun}", value, f"a number in {unit}")
        number = float(match[1])
        if not math.isfinite(number):
            raise self.bad_reply(f"READ:{noun}", value, f"a finite number in {unit}")
        return number

    def _read_flag(self, noun: str) -> bool:
        value = self._ask_noun(noun).strip()
        if value not in ("ON", "OFF"):
            raise self.bad_reply(f"READ:{noun}", value, "ON or OFF")
        return value == "ON"

    def _set(self, noun: str, value: str) -> None:
        cmd = f"SET:{noun}:{value}"
        reply = self.ask(cmd)
        if not reply.startswith(f"STAT:SET:{noun}:"):
            raise self.bad_reply(cmd, reply, f"'STAT:SET:{noun}:…'")
        if not reply.rstrip().endswith(":VALID"):
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply!r}; check the value")

    def _set_flag(self, noun: str, on: bool) -> None:
        with self.lock:
            self._set(noun, "ON" if on else "OFF")
            if self._read_flag(noun) is not on:
                raise NotReadyError(f"{self.name}: {noun} did not become {'ON' if on else 'OFF'}; check the panel")

    # Inside

    def _temperature(self, sensor: str) -> float:
        value_k = self._read(f"{sensor}:SIG:TEMP", "K")
        if value_k <= 0.0:
            raise NotReadyError(f"{self.name}: {sensor} reads {value_k:.3f} K (no value); check the thermometer")
        return value_k

    def assert_no_alarm(self) -> None:
        """Raise InterlockError when a board that is not ignored has an alarm."""
        listed = [alarm.strip() for alarm in str(self.alarms()).split(";") if alarm.strip()]
        alarms = [alarm for alarm in listed if alarm.split()[0] not in self._ignored_alarm_boards]
        if alarms:
            raise InterlockError(
                f"{self.name}: alarm {'; '.join(alarms)!r}; look at the controller's screen before going on"
            )

    def _prepare_ramp(self) -> None:
        loop = f"{self._sensor}:LOOP"
        if self._ramp_k_per_min is not None:
            self._set(f"{loop}:RSET", f"{self._ramp_k_per_min:.4f}")
            reached = self._read(f"{loop}:RSET", "K/m")
            if abs(reached - self._ramp_k_per_min) > 1e-3:
                raise NotReadyError(
                    f"{self.name}: ramp rate {self._ramp_k_per_min:g} K/min was not taken, it is {reached:g} K/min"
                )
        self._set_flag(f"{loop}:RENA", self._ramp_k_per_min is not None)

    def _check(self, target_k: float) -> None:
        self.require_within("temperature", target_k, *self._temperature_limits_k, "K")

    def _set_setpoint(self, target_k: float) -> None:
        self._check(target_k)
        noun = f"{self._sensor}:LOOP:TSET"
        with self.lock:
            self._set(noun, f"{target_k:.4f}")
            reached_k = self._read(noun, "K")
        if abs(reached_k - target_k) > SETPOINT_STEP_K:
            raise NotReadyError(f"{self.name}: setpoint {target_k:.2f} K was not taken, it is {reached_k:.2f} K")
