"""The Chameleon's wire: chameleon.yaml, the long words, echo and prompt."""

from collections.abc import Sequence

from sims.bench.chameleon import Chameleon
from sims.wire.line import Reply, serial
from sims.wire.values import flag, whole
from sims.wire.yaml_device import Binding, YamlDevice

_SHORT = {
    "WAVELENGTH": "VW",
    "TUNING LIMIT MIN": "TMIN",
    "TUNING LIMIT MAX": "TMAX",
    "UF POWER": "UF",
    "LASER": "L",
    "SHUTTER": "S",
    "TUNING STATUS": "TS",
    "MODELOCKED": "MDLK",
    "KEYSWITCH": "K",
    "FAULTS": "F",
    "HEARTBEAT": "HB",
    "HEARTBEATRATE": "HBR",
    "E": "ECHO",
    ">": "PROMPT",
}
_PROMPT = b"CHAMELEON> "


class ChameleonWire(YamlDevice):
    """Echo and prompt are off, as the last program left them. Any traffic keeps the heartbeat alive."""

    def __init__(self, laser: Chameleon) -> None:
        self._laser = laser
        self._echo = False
        self._prompt = False
        super().__init__("chameleon", serial(19_200), self._bindings_of(laser))

    def _bindings_of(self, laser: Chameleon) -> dict[str, Binding]:
        return {
            "wavelength": Binding(lambda: laser.wavelength_nm, lambda text: laser.set_wavelength(whole(text))),
            "shortest": Binding(lambda: laser.minimum_nm),
            "longest": Binding(lambda: laser.maximum_nm),
            "power": Binding(lambda: laser.power_w() * 1e3),
            "laser": Binding(self._laser_state, lambda text: laser.set_laser(flag(text))),
            "shutter": Binding(lambda: laser.shutter_open, lambda text: laser.set_shutter(flag(text))),
            "serial_number": Binding(lambda: laser.serial_number),
            "tuning_status": Binding(laser.status),
            "mode_lock": Binding(laser.mode_lock),
            "key": Binding(lambda: laser.key_on),
            "faults": Binding(lambda: "&".join(map(str, laser.faults)) or "0"),
            "heartbeat": Binding(lambda: laser.heartbeat_on, self._set_heartbeat),
            "heartbeat_period": Binding(lambda: laser.heartbeat_period_s, self._set_heartbeat_period),
            "echo": Binding(lambda: self._echo, self._set_echo),
            "prompt": Binding(lambda: self._prompt, self._set_prompt),
        }

    def _laser_state(self) -> int:
        """0 standby, 1 on, 2 off because of a fault."""
        return 2 if self._laser.faults else int(self._laser.laser_on)

    def _set_heartbeat(self, text: str) -> None:
        self._laser.heartbeat_on = flag(text)

    def _set_heartbeat_period(self, text: str) -> None:
        self._laser.heartbeat_period_s = whole(text, 1, 100)

    def _set_echo(self, text: str) -> None:
        self._echo = flag(text)

    def _set_prompt(self, text: str) -> None:
        self._prompt = flag(text)

    def canonical(self, text: str) -> str:
        """``PRINT SHUTTER`` → ``?S``; ``Laser = 1`` → ``L=1``."""
        words = " ".join(text.upper().split())
        if words.startswith("PRINT "):
            words = "?" + words[len("PRINT ") :]
        if words.startswith("?"):
            asked = words[1:].strip()
            return "?" + _SHORT.get(asked, asked)
        name, equals, value = words.partition("=")
        return _SHORT.get(name.strip(), name.strip()) + equals + value.strip()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """A change of echo takes effect with the next command, as the manual says."""
        self._laser.contact()
        echo = message + b"\r\n" if self._echo else b""
        replies = super().answer(message)
        prompt = _PROMPT if self._prompt else b""
        return [Reply(echo + reply.data + prompt) for reply in replies]
