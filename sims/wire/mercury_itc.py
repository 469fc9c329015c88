"""The MercuryiTC's wire: ``READ:…`` and ``SET:…`` over LF lines; every message is answered, also a setting."""

import math
from collections.abc import Callable, Sequence

from sims.bench.mercury_itc import MercuryItc
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, flag, number

_IDENTITY = "IDN:OXFORD INSTRUMENTS:MERCURY ITC:141250041:2.6.04.000"
_SENSOR, _HEATER, _MAGNET = "DEV:MB1.T1:TEMP", "DEV:MB0.H1:HTR", "DEV:DB8.T1:TEMP"
_CATALOGUE = f"{_SENSOR}:{_HEATER}:{_MAGNET}"
_NO_READING = "nanK"


class MercuryItcWire(Device):
    """Values carry their unit behind them, with a prefix where the manual has one (mV)."""

    speed = NETWORK

    def __init__(self, controller: MercuryItc) -> None:
        self._controller = controller
        self._readings = self._reading_table()
        self._settings = self._setting_table()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """One message, one line."""
        text = self._reply(message.decode("ascii", "replace").strip())
        return [Reply(text.encode("ascii", "replace") + b"\n")]

    def _reply(self, message: str) -> str:
        upper = message.upper()
        if upper == "*IDN?":
            return _IDENTITY
        kind, _, noun = upper.removesuffix("?").partition(":")
        if kind == "READ" and noun:
            return f"STAT:{noun}:{self._read(noun)}"
        if kind == "SET" and noun:
            return f"STAT:{upper}:{self._set(noun)}"
        return f"{upper}:INVALID"

    def _read(self, noun: str) -> str:
        if noun in self._readings:
            return self._readings[noun]()
        return _unknown(noun)

    def _set(self, noun: str) -> str:
        name, _, value = noun.rpartition(":")
        if name not in self._settings:
            return _unknown(noun)
        try:
            self._settings[name](value)
        except ValueError:  # RefusedError is one
            return "INVALID"
        return "VALID"

    def _reading_table(self) -> dict[str, Callable[[], str]]:
        itc = self._controller
        return {
            "SYS:CAT": lambda: _CATALOGUE,
            "SYS:ALRM": lambda: itc.alarms,
            f"{_SENSOR}:NICK": lambda: "Sample",
            f"{_SENSOR}:SIG:TEMP": lambda: self._sample(lambda kelvin: f"{kelvin:.4f}K"),
            f"{_SENSOR}:SIG:VOLT": lambda: self._sample(lambda kelvin: f"{_diode_mv(kelvin):.4f}mV"),
            f"{_SENSOR}:LOOP:HTR": lambda: "MB0.H1",
            f"{_SENSOR}:LOOP:ENAB": lambda: _on_off(itc.loop_on),
            f"{_SENSOR}:LOOP:TSET": lambda: f"{itc.setpoint_k:.4f}K",
            f"{_SENSOR}:LOOP:HSET": lambda: f"{self._heater_percent():.4f}",
            f"{_SENSOR}:LOOP:RENA": lambda: _on_off(itc.ramp_on),
            f"{_SENSOR}:LOOP:RSET": lambda: f"{itc.ramp_k_per_min:.4f}K/m",
            f"{_SENSOR}:LOOP:P": lambda: f"{itc.pid['P']:.4f}",
            f"{_SENSOR}:LOOP:I": lambda: f"{itc.pid['I']:.4f}",
            f"{_SENSOR}:LOOP:D": lambda: f"{itc.pid['D']:.4f}",
            f"{_HEATER}:NICK": lambda: "Stage",
            f"{_HEATER}:SIG:VOLT": lambda: f"{itc.heater_voltage_v():.4f}V",
            f"{_HEATER}:SIG:CURR": lambda: f"{itc.heater_voltage_v() / itc.heater_resistance_ohm:.4f}A",
            f"{_HEATER}:SIG:POWR": lambda: f"{itc.heater_power_w():.4f}W",
            f"{_HEATER}:VLIM": lambda: f"{itc.heater_voltage_limit_v:.4f}",
            f"{_HEATER}:RES": lambda: f"{itc.heater_resistance_ohm:.4f}",
            f"{_HEATER}:PMAX": lambda: f"{itc.heater_voltage_limit_v**2 / itc.heater_resistance_ohm:.4f}",
            f"{_MAGNET}:NICK": lambda: "Magnet",
            f"{_MAGNET}:SIG:TEMP": lambda: f"{itc.magnet_temperature_k:.4f}K",
        }

    def _setting_table(self) -> dict[str, Callable[[str], None]]:
        itc = self._controller
        return {
            f"{_SENSOR}:LOOP:ENAB": lambda text: itc.set_loop(flag(text)),
            f"{_SENSOR}:LOOP:TSET": lambda text: itc.set_setpoint(number(text, {"K": 1.0})),
            f"{_SENSOR}:LOOP:HSET": lambda text: itc.set_heater(number(text)),
            f"{_SENSOR}:LOOP:RENA": lambda text: itc.set_ramp(flag(text)),
            f"{_SENSOR}:LOOP:RSET": lambda text: itc.set_ramp_rate(number(text, {"K/M": 1.0})),
            f"{_SENSOR}:LOOP:P": lambda text: self._set_pid("P", text),
            f"{_SENSOR}:LOOP:I": lambda text: self._set_pid("I", text),
            f"{_SENSOR}:LOOP:D": lambda text: self._set_pid("D", text),
            f"{_HEATER}:VLIM": self._set_voltage_limit,
            f"{_HEATER}:RES": self._set_resistance,
        }

    def _sample(self, shown: Callable[[float], str]) -> str:
        if not self._controller.sample_sensor_connected:
            return _NO_READING
        return shown(self._controller.sample_temperature_k())

    def _heater_percent(self) -> float:
        itc = self._controller
        largest_w = itc.heater_voltage_limit_v**2 / itc.heater_resistance_ohm
        return 100.0 * math.sqrt(itc.heater_power_w() / largest_w) if itc.loop_on else itc.heater_percent

    def _set_pid(self, term: str, text: str) -> None:
        self._controller.pid[term] = _within(number(text), 0.0, 200.0 if term == "P" else 1000.0)

    def _set_voltage_limit(self, text: str) -> None:
        self._controller.heater_voltage_limit_v = _within(number(text), 0.001, 40.0)

    def _set_resistance(self, text: str) -> None:
        self._controller.heater_resistance_ohm = _within(number(text), 10.0, 2000.0)


def _unknown(noun: str) -> str:
    """A device that is not there is not found; a word that its device does not have is invalid."""
    known = any(noun.startswith(device) for device in (_SENSOR, _HEATER, _MAGNET, "SYS"))
    return "INVALID" if known else "NOT_FOUND"


def _on_off(on: bool) -> str:
    return "ON" if on else "OFF"


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise RefusedError("out_of_range")
    return value


def _diode_mv(temperature_k: float) -> float:
    """Voltage of a silicon diode at 10 µA, roughly: 1.7 V at 4 K, steep to 1.1 V at 25 K, 0.5 V at 300 K."""
    cold_mv = 1100.0 + 600.0 * math.exp(-(temperature_k - 4.0) / 8.0)
    return max(cold_mv - 2.2 * max(0.0, temperature_k - 25.0), 100.0)
