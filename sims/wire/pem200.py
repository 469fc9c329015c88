"""The PEM-200's wire: commands end with ``;`` (CR and LF too), every one is answered ``[NAME](value)`` and LF."""

import re
from collections.abc import Callable, Sequence

from sims.bench.pem200 import Pem200
from sims.wire.line import Device, Reply, serial
from sims.wire.values import RefusedError, flag, number

_ENDS = re.compile(rb"[;\r\n]")
_UNKNOWN = "<SCPINOP>"


class Pem200Wire(Device):
    """Unknown commands and values are answered ``<SCPINOP>``; amplitudes beyond the range are clamped."""

    speed = serial(250_000)

    def __init__(self, modulator: Pem200) -> None:
        self._modulator = modulator
        low, high = modulator.amplitude_range_nm
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: f"[IDN]({modulator.identity})",
            ":MOD:AMP?": lambda: f"[AMP]({modulator.amplitude_nm:.2f})",
            ":MOD:AMPR?": lambda: f"[AMPR]({low:.2f},{high:.2f})",
            ":MOD:FREQ?": lambda: f"[FREQUENCY]({modulator.frequency_hz:.1f})",
            ":MOD:STABLE?": lambda: f"[STABLE]({int(modulator.is_stable())})",
            ":SYS:PEMO?": lambda: f"[PEMOUT]({int(modulator.output_on)})",
        }

    def split(self, received: bytearray) -> list[bytes]:
        """Take the complete commands."""
        *complete, rest = _ENDS.split(bytes(received))
        received[:] = rest
        return [command for command in complete if command.strip()]

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Answer one command."""
        command = " ".join(message.decode("ascii", "replace").upper().split())
        return [Reply(self._value(command).encode("ascii") + b"\n")]

    def _value(self, command: str) -> str:
        if command in self._queries:
            return self._queries[command]()
        name, _, value = command.partition(" ")
        try:
            if name == ":MOD:AMP":
                self._modulator.set_amplitude(number(value))
                return self._queries[":MOD:AMP?"]()
            if name == ":SYS:PEMO":
                self._modulator.set_output(flag(value))
                return self._queries[":SYS:PEMO?"]()
        except RefusedError:
            return f"{_UNKNOWN}({name})".encode("ascii", "replace").decode()
        return f"{_UNKNOWN}({name})".encode("ascii", "replace").decode()
