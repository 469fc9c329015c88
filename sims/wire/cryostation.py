"""The Cryostation's legacy wire: two ASCII digits of length before every message and reply, no terminator."""

from collections.abc import Callable, Sequence

from sims.bench.cryostation import BASE_K, Cryostation, CryostatMode
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, number

_UNAVAILABLE = "-0.100"
_INVALID = "Error: Invalid command."
_HEADER = 2


class CryostationWire(Device):
    """Commands in upper case. Temperatures in K with three decimals; -0.100 when there is no value."""

    speed = NETWORK
    most_clients = 1  # assumed: the maker's server program talks to one client

    def __init__(self, cryostat: Cryostation) -> None:
        self._cryostat = cryostat
        self._readings: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "Montana Instruments Cryostation",
            "GST": lambda: self._sample(cryostat.sample_temperature_k),
            "GSS": lambda: self._sample(cryostat.sample_stability_k),
            "GUT": lambda: _UNAVAILABLE,
            "GUS": lambda: _UNAVAILABLE,
            "GTSP": lambda: f"{cryostat.setpoint_k:.3f}",
            "GPT": lambda: f"{cryostat.platform_temperature_k():.3f}",
            "GPS": lambda: "0.002",
            "GS1T": lambda: f"{cryostat.stage_temperatures_k()[0]:.3f}",
            "GS2T": lambda: f"{cryostat.stage_temperatures_k()[1]:.3f}",
            "GS1HP": lambda: "0.000",
            "GSHP": self._sample_heater_w,
            "GPHP": lambda: "0.000",
            "GCP": lambda: "0.010",
            "GAS": lambda: "T" if cryostat.alarm else "F",
        }
        self._actions: dict[str, Callable[[], None]] = {
            "SCD": cryostat.cool_down,
            "SWU": cryostat.warm_up,
            "SSB": cryostat.standby,
            "STP": cryostat.stop,
        }

    def split(self, received: bytearray) -> list[bytes]:
        """Take the complete messages; bytes that are no length are skipped."""
        messages = []
        while len(received) >= _HEADER:
            header = bytes(received[:_HEADER])
            if not header.isdigit():
                del received[:1]
                continue
            end = _HEADER + int(header)
            if len(received) < end:
                break
            messages.append(bytes(received[_HEADER:end]))
            del received[:end]
        return messages

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Answer one message, in one piece."""
        reply = self._reply(message.decode("ascii", "replace").strip())
        return [Reply(f"{len(reply):02d}{reply}".encode("ascii"))]

    def _reply(self, command: str) -> str:
        if command in self._readings:
            return self._readings[command]()
        if command in self._actions:
            self._actions[command]()
            return "OK"
        if command.startswith("STSP"):
            return self._set_setpoint(command.removeprefix("STSP"))
        return _INVALID

    def _set_setpoint(self, text: str) -> str:
        try:
            self._cryostat.set_setpoint(number(text))
        except RefusedError:
            return _INVALID
        except ValueError:
            return "Error: Setpoint out of range."
        return "OK"

    def _sample(self, reading: Callable[[], float]) -> str:
        return f"{reading():.3f}" if self._cryostat.sample_sensor_connected else _UNAVAILABLE

    def _sample_heater_w(self) -> str:
        heated_k = self._cryostat.sample_temperature_k() - BASE_K
        return f"{max(0.0, 0.02 * heated_k) if self._cryostat.mode is CryostatMode.COOLING else 0.0:.3f}"
