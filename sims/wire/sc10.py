"""The SC10's wire: CR from the computer; echo, value and the prompt ``> `` come back."""

from collections.abc import Sequence

from sims.bench.sc10 import Sc10, ShutterMode
from sims.wire.line import Device, Reply, serial
from sims.wire.values import RefusedError, whole

_LONGEST_MS = 999_999


class Sc10Wire(Device):
    """``ens`` toggles; there is no command that opens or closes."""

    speed = serial(9600)

    def __init__(self, shutter: Sc10) -> None:
        self._shutter = shutter

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Echo, then the value (a query) or nothing (a set), then the prompt."""
        command = message.decode("ascii", "replace").strip()
        try:
            value = self._value(command.lower())
        except RefusedError as refusal:
            value = f"Command error {refusal.kind}"
        lines = [command] if value is None else [command, value]
        return [Reply("".join(line + "\r" for line in lines).encode("ascii", "replace") + b"> ")]

    def _value(self, command: str) -> str | None:
        if command.endswith("?"):
            return self._read(command[:-1])
        if command == "ens":
            self._shutter.toggle()
            return None
        name, equals, text = command.partition("=")
        if not equals:
            raise RefusedError("CMD_NOT_DEFINED")
        self._set(name.strip(), text)
        return None

    def _read(self, name: str) -> str:
        shutter = self._shutter
        values: dict[str, object] = {
            "id": "THORLABS SC10 VERSION 1.07",
            "ens": int(shutter.enabled),
            "mode": int(shutter.mode),
            "closed": int(not shutter.is_open()),
            "interlock": int(shutter.interlock_tripped),
            "open": shutter.open_ms,
            "shut": shutter.closed_ms,
            "rep": shutter.repetitions,
        }
        if name not in values:
            raise RefusedError("CMD_NOT_DEFINED")
        return str(values[name])

    def _set(self, name: str, text: str) -> None:
        limits = {"mode": (1, 5), "open": (1, _LONGEST_MS), "shut": (1, _LONGEST_MS), "rep": (1, 99)}
        if name not in limits:
            raise RefusedError("CMD_NOT_DEFINED")
        try:
            value = whole(text, *limits[name])
        except RefusedError:
            raise RefusedError("CMD_ARG_INVALID") from None
        if name == "mode":
            self._shutter.set_mode(ShutterMode(value))
        elif name == "open":
            self._shutter.open_ms = value
        elif name == "shut":
            self._shutter.closed_ms = value
        else:
            self._shutter.repetitions = value
