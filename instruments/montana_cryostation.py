"""Montana Instruments Cryostation (legacy TCP protocol); plays Cryostat.

Wire: port 7773; command and reply both carry a two-digit ASCII length and no terminator: ``03GST`` is answered
``054.215``. A temperature that is unavailable reads ``-0.100``. The decimal sign follows the locale of the
cryostat's computer. ``Error: …`` is a refusal.
Source: Cryostation communication specification; public drivers. Firmware seen: none.
"""

import math
from typing import ClassVar, Unpack

from instruments.errors import InterlockError, NotReadyError, WireError
from instruments.visa import LabInstrument, VisaOptions, limit_pair

UNAVAILABLE = -0.1
LONGEST_COMMAND = 99
SETPOINT_STEP_K = 0.01


class Cryostation(LabInstrument):
    """Temperatures in K. ``stability_limit_k``: largest instability (``GSS``) that counts as stable."""

    MODEL: ClassVar[str] = "cryostation"
    WRITE_TERMINATOR = b""
    READ_TERMINATOR = b""

    def __init__(
        self,
        name: str,
        address: str | None = None,
        *,
        temperature_limits_k: tuple[float, float] = (2.0, 350.0),
        tolerance_k: float = 0.05,
        stability_limit_k: float = 0.05,
        settle_timeout_s: float = 14400.0,
        **visa: Unpack[VisaOptions],
    ) -> None:
        super().__init__(name, address, **visa)
        self._temperature_limits_k = limit_pair(name, "temperature_limits_k", temperature_limits_k, "K")
        self._tolerance_k = tolerance_k
        self._stability_limit_k = stability_limit_k
        self._settle_timeout_s = settle_timeout_s
        low, high = self._temperature_limits_k
        self.setpoint = self.add_parameter(
            "setpoint",
            unit="K",
            get_cmd=lambda: self._temperature("GTSP"),
            set_cmd=self._set_setpoint,
            docstring=f"Control the temperature setpoint, K, from {low:g} to {high:g}.",
        )
        self.sample_temperature = self.add_parameter(
            "sample_temperature",
            unit="K",
            get_cmd=lambda: self._temperature("GST"),
            docstring="Measure the temperature at the sample, K, from 2 to 350.",
        )
        self.platform_temperature = self.add_parameter(
            "platform_temperature",
            unit="K",
            get_cmd=lambda: self._temperature("GPT"),
            docstring="Measure the temperature of the platform, K, from 2 to 350.",
        )
        self.stage_2_temperature = self.add_parameter(
            "stage_2_temperature",
            unit="K",
            get_cmd=lambda: self._temperature("GS2T"),
            docstring="Measure the temperature of the cold head's second stage, K, from 2 to 350.",
        )
        self.alarm = self.add_parameter(
            "alarm",
            get_cmd=self._alarm,
            docstring="Get the alarm state: True or False (no unit).",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Get what the cryostat answers to ``*IDN?`` (often only a sentence)."""
        return {"vendor": "Montana Instruments", "model": self.ask("*IDN?"), "serial": None, "firmware": None}

    def temperature_k(self) -> float:
        """Sample temperature, K; NotReadyError while the thermometer is unavailable."""
        return float(self.sample_temperature())

    def set_temperature(self, target_k: float) -> float:
        """Set, wait until near and stable; returns the sample temperature, K. InterlockError on an alarm."""
        self._check(target_k)
        self._require_no_alarm()
        self.setpoint(target_k)
        self.wait_until(
            lambda: self._is_stable_at(target_k),
            timeout_s=self._settle_timeout_s,
            poll_s=10.0,
            what=f"stable temperature within {self._tolerance_k:g} K of {target_k:g} K",
        )
        return self.temperature_k()

    # ThermometerAtMagnet

    def magnet_temperature_k(self) -> float:
        """Temperature of the cold head's second stage, K, for a magnet that this stage cools."""
        return float(self.stage_2_temperature())

    # Inside

    def ask_raw(self, cmd: str) -> str:
        """Send one length-prefixed command; returns the reply's text. WireError for a refusal."""
        if len(cmd) > LONGEST_COMMAND:
            raise WireError(f"{self.name}: '{cmd}' is longer than {LONGEST_COMMAND} characters; shorten it")
        with self.lock:
            self.send(f"{len(cmd):02d}{cmd}")
            prefix = self.receive_bytes(cmd, 2)
            if not prefix.isdigit():
                raise self.bad_reply(cmd, prefix, "a two-digit length")
            reply = self.receive_bytes(cmd, int(prefix)).decode("ascii", errors="replace")
        if reply.startswith("Error"):
            raise WireError(f"{self.name}: '{cmd}' was refused with {reply!r}; check command and value")
        return reply

    def write_raw(self, cmd: str) -> None:
        """Send a command; this protocol answers every one, so the reply is read and checked."""
        self.ask_raw(cmd)

    def _reading(self, cmd: str) -> float:
        reply = self.ask(cmd)
        try:
            value = float(reply.strip().replace(",", "."))
        except ValueError:
            raise self.bad_reply(cmd, reply, "a number") from None
        if not math.isfinite(value):
            raise self.bad_reply(cmd, reply, "a finite number")
        return value

    def _temperature(self, cmd: str) -> float:
        value = self._reading(cmd)
        if value <= 0:
            raise NotReadyError(f"{self.name}: '{cmd}' reads {value:.3f} (unavailable); check the thermometer")
        return value

    def _alarm(self) -> bool:
        reply = self.ask("GAS").strip()
        if reply not in ("T", "F"):
            raise self.bad_reply("GAS", reply, "T or F")
        return reply == "T"

    def _require_no_alarm(self) -> None:
        if self.alarm():
            raise InterlockError(f"{self.name}: alarm is set; look at the cryostat's screen before going on")

    def _is_stable_at(self, target_k: float) -> bool:
        self._require_no_alarm()
        instability_k = self._reading("GSS")
        near = abs(self.temperature_k() - target_k) <= self._tolerance_k
        return near and 0 <= instability_k <= self._stability_limit_k

    def _check(self, target_k: float) -> None:
        self.require_within("temperature", target_k, *self._temperature_limits_k, "K")

    def _set_setpoint(self, target_k: float) -> None:
        self._check(target_k)
        with self.lock:
            self.ask(f"STSP{target_k:.2f}")
            reached_k = self._temperature("GTSP")
        if abs(reached_k - target_k) > SETPOINT_STEP_K:
            raise NotReadyError(f"{self.name}: setpoint {target_k:.2f} K was not taken, it is {reached_k:.2f} K")
