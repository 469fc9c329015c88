"""The C-WAVE's wire: CR from the computer, ``name:value`` CR back, a leading ``?`` refuses, and no hurry."""

from collections.abc import Sequence

from sims.bench.cwave import PIEZOS, SHUTTERS, CWave, PiezoMode
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, flag, whole

_USUAL_S = 0.02
_TUNING_S = 1.5
_HUNDREDTHS = 100.0
_THOUSANDTHS = 1000.0
_PIEZO_LIMIT = 65_535
_TEMPERATURE_RANGE_MK = (15_000, 200_000)


class CWaveWire(Device):
    """A set is answered with what was sent. Commands that move something are answered after a second and a half."""

    speed = NETWORK
    most_clients = 1  # assumed: one control session at a time

    def __init__(self, laser: CWave) -> None:
        self._laser = laser

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Answer one command."""
        command = message.decode("ascii", "replace").strip().lower()
        delay_s = _USUAL_S
        try:
            if command.endswith("?"):
                name = command[:-1]
                body = f"{name}:{self._read(name)}"
            else:
                name, _, text = command.partition(":")
                delay_s = _TUNING_S if name in ("opo_lambda", "opo_rlambda", "regeta_catch") else _USUAL_S
                self._set(name, text)
                body = f"{name}:{text}"
        except ValueError:  # also RefusedError, and the laser's own limits
            body, delay_s = f"?{command}", _USUAL_S
        return [Reply(f"{body}\r".encode("ascii", "replace"), delay_s)]

    def _read(self, name: str) -> str:
        laser = self._laser
        kind, _, part = name.partition("_")
        if kind == "shtter" and part in SHUTTERS:
            return str(int(laser.shutter_open(part)))
        if name.startswith("reg") and name[3:6] in PIEZOS:
            return self._read_piezo(name[3:6], name[6:])
        if name.startswith("t") and name.endswith("_set") and name[1:-4] in laser.temperature_setpoints_mk:
            return str(laser.temperature_setpoints_mk[name[1:-4]])
        values: dict[str, object] = {
            "info": "CWave 2.0 FW 3.12",
            "info_fpga": 317,
            "uniqueid": laser.serial_number,
            "laser_en": int(laser.laser_on),
            "laser_exist": 1,
            "galvo": laser.galvo,
            "mirror": laser.mirror,
            "get_log": ":".join(map(str, self._log())),
        }
        if name not in values:
            raise RefusedError("unknown")
        return str(values[name])

    def _log(self) -> tuple[int, ...]:
        """Eleven integers: six temperatures in mK, four photodiodes, the status bits."""
        setpoints_mk = self._laser.temperature_setpoints_mk
        temperatures_mk = (setpoints_mk["opo"], setpoints_mk["shg"], setpoints_mk["shg"], setpoints_mk["ref"])
        return (*temperatures_mk, 31_500, 48_200, *self._laser.photodiodes(), self._laser.status_bits())

    def _read_piezo(self, piezo: str, what: str) -> str:
        if what == "_on":
            return str(int(self._laser.piezo_mode(piezo)))
        if what == "_out":
            return str(self._laser.piezo_outputs[piezo])
        raise RefusedError("unknown")

    def _set(self, name: str, text: str) -> None:
        laser = self._laser
        kind, _, part = name.partition("_")
        if kind == "shtter" and part in SHUTTERS:
            laser.set_shutter(part, flag(text))
        elif name.startswith("reg") and name[3:6] in PIEZOS and name != "regeta_catch":
            self._set_piezo(name[3:6], name[6:], text)
        elif name.startswith("t") and name.endswith("_set") and name[1:-4] in laser.temperature_setpoints_mk:
            laser.temperature_setpoints_mk[name[1:-4]] = whole(text, *_TEMPERATURE_RANGE_MK)
        elif name == "opo_lambda":
            laser.dial(whole(text) / _HUNDREDTHS)
        elif name == "opo_rlambda":
            laser.move(whole(text) / _HUNDREDTHS)
        elif name == "thicketa_rel_hr":
            laser.move_etalon(whole(text) / _THOUSANDTHS)
        elif name == "laser_en":
            laser.set_laser(flag(text))
        elif name == "galvo":
            laser.galvo = whole(text, 0, _PIEZO_LIMIT)
        elif name == "mirror":
            laser.mirror = whole(text, 0, 1)
        elif name == "regeta_catch" and not text:
            laser.relock_etalon()
        elif name == "opt_stop" and not text:
            laser.stop_optimisation()
        else:
            raise RefusedError("unknown")

    def _set_piezo(self, piezo: str, what: str, text: str) -> None:
        if what == "_on":
            self._laser.set_piezo_mode(piezo, PiezoMode(whole(text, 0, 4)))
        elif what == "_out" and piezo != "eta":
            self._laser.piezo_outputs[piezo] = whole(text, 0, _PIEZO_LIMIT)
        else:
            raise RefusedError("unknown")
