"""The Cryomagnetics 4G's wire: words with units, LF replies, errors only in the event status register."""

import re
from collections.abc import Callable, Sequence

from sims.bench.cryomagnetics_4g import FAST, N_RANGES, Cryomagnetics4g, Sweep
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, flag, number, whole

_IDENTITY = "Cryomagnetics,4G,2239,1.02,208"
_KILOGAUSS_PER_TESLA = 10.0
_COMMAND = re.compile(r"(\*?[A-Z]+)(\??)\s*(.*)", re.DOTALL)
_UNITS = {"A": "A", "G": "kG", "KG": "kG", "T": "T"}
_COMMAND_ERROR, _EXECUTION_ERROR = 1 << 5, 1 << 4
_SWEEPING, _STANDBY, _QUENCH, _MODULE_FAILURE = 1, 2, 4, 8
_SWEEPS = {"UP": Sweep.UP, "DOWN": Sweep.DOWN, "ZERO": Sweep.ZEROING}

Handler = Callable[[list[str]], str | None]


class Cryomagnetics4gWire(Device):
    """Settings are silent. At power-up: units kG, local, slow.

    Currents and fields come in A (units A) or in kG (units kG, and also units T: the front panel shows tesla, the
    wire does not); limits are taken in the same unit.
    """

    speed = NETWORK

    def __init__(self, supply: Cryomagnetics4g) -> None:
        self._supply = supply
        self._units = "kG"
        self._events = 0
        self._coil_name = "solenoid"
        self._error_mode = False
        self._queries = self._query_table()
        self._commands = self._command_table()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line, joined by ``;``."""
        replies = []
        for command in message.decode("ascii", "replace").split(";"):
            if not command.strip():
                continue
            try:
                text = self._carry_out(command.strip())
            except RefusedError as refusal:
                self._events |= _COMMAND_ERROR if refusal.kind == "undefined" else _EXECUTION_ERROR
            except ValueError:
                self._events |= _EXECUTION_ERROR
            else:
                if text is not None:
                    replies.append(Reply(f"{text}\n".encode("ascii")))
        return replies

    def _carry_out(self, command: str) -> str | None:
        match = _COMMAND.fullmatch(command.upper())
        if match is None:
            raise RefusedError("undefined")
        word, query, rest = match.groups()
        table = self._queries if query else self._commands
        if word not in table:
            raise RefusedError("undefined")
        if word == "NAME":
            rest = command[len("NAME") :]
        return table[word](rest.split())

    # --- queries --------------------------------------------------------------------------------------------------

    def _query_table(self) -> dict[str, Handler]:
        supply = self._supply
        return {
            "*IDN": lambda _: _IDENTITY,
            "*OPC": lambda _: "1",
            "*STB": lambda _: str(self._status()),
            "*ESR": self._events_read,
            "UNITS": lambda _: self._units,
            "IMAG": lambda _: self._with_unit(supply.magnet_current_a()),
            "IOUT": lambda _: self._with_unit(supply.supply_current_a()),
            "ULIM": lambda _: self._with_unit(supply.upper_limit_a),
            "LLIM": lambda _: self._with_unit(supply.lower_limit_a),
            "VLIM": lambda _: f"{supply.voltage_limit_v:.3f} V",
            "VMAG": lambda _: f"{supply.magnet_voltage_v():.3f} V",
            "VOUT": lambda _: f"{supply.magnet_voltage_v():.3f} V",
            "RANGE": lambda args: f"{supply.range_limit_a(whole(_one(args), 0, N_RANGES - 1)):.4f}",
            "RATE": self._rate,
            "SWEEP": lambda _: supply.sweep().value,
            "PSHTR": lambda _: str(int(supply.switch.fitted and supply.switch.heater_on)),
            "MODE": lambda _: "Manual",
            "NAME": lambda _: self._coil_name,
            "ERROR": lambda _: str(int(self._error_mode)),
        }

    def _status(self) -> int:
        supply = self._supply
        sweeping = _SWEEPING if supply.is_sweeping() else 0
        standby = _STANDBY if supply.sweep() is Sweep.STANDBY else 0
        quench = _QUENCH if supply.is_quenched() else 0
        return sweeping | standby | quench | (_MODULE_FAILURE if supply.module_failed else 0)

    def _events_read(self, _: list[str]) -> str:
        events, self._events = self._events, 0
        return str(events)

    def _rate(self, args: list[str]) -> str:
        """Rate of a range, A/s; without a number that at the present current."""
        supply = self._supply
        if not args:
            return f"{supply.rate_now_a_per_s():.4f}"
        return f"{supply.rate_a_per_s(whole(_one(args), 0, FAST)):.4f}"

    def _unit_per_a(self) -> float:
        return 1.0 if self._units == "A" else self._supply.coil_constant_t_per_a * _KILOGAUSS_PER_TESLA

    def _with_unit(self, current_a: float) -> str:
        unit = "A" if self._units == "A" else "kG"
        value = round(current_a * self._unit_per_a(), 4) + 0.0  # no "-0.0000"
        return f"{value:.4f} {unit}"

    # --- commands -------------------------------------------------------------------------------------------------

    def _command_table(self) -> dict[str, Handler]:
        supply = self._supply
        return {
            "*RST": lambda _: self._reset(),
            "*CLS": lambda _: self._clear(),
            "REMOTE": lambda _: None,
            "RWLOCK": lambda _: None,
            "LOCAL": lambda _: None,
            "UNITS": self._set_units,
            "ULIM": lambda args: supply.set_limit(True, number(_one(args)) / self._unit_per_a()),
            "LLIM": lambda args: supply.set_limit(False, number(_one(args)) / self._unit_per_a()),
            "IMAG": self._set_persistent_current,
            "VLIM": self._set_voltage_limit,
            "RANGE": self._set_range,
            "RATE": self._set_rate,
            "SWEEP": self._set_sweep,
            "PSHTR": lambda args: supply.heat_switch(flag(_one(args))),
            "QRESET": lambda _: supply.reset_quench(),
            "NAME": self._set_name,
            "ERROR": self._set_error_mode,
        }

    def _reset(self) -> None:
        """Units and events; the supply's settings stay, as the magnet may carry a current."""
        self._units, self._error_mode = "kG", False
        self._clear()

    def _clear(self) -> None:
        self._events = 0

    def _set_units(self, args: list[str]) -> None:
        unit = _one(args)
        if unit not in _UNITS:
            raise RefusedError("bad_value")
        self._units = _UNITS[unit]

    def _set_persistent_current(self, args: list[str]) -> None:
        """``IMAG x`` corrects what the display shows of a persistent magnet; this one knows its current."""
        number(_one(args))
        raise RefusedError("not_now")

    def _set_voltage_limit(self, args: list[str]) -> None:
        voltage_v = number(_one(args), {"V": 1.0})
        if not 0.0 < voltage_v <= 10.0:
            raise RefusedError("out_of_range")
        self._supply.voltage_limit_v = voltage_v

    def _set_range(self, args: list[str]) -> None:
        index, limit = _two(args)
        self._supply.set_range_limit(whole(index, 0, N_RANGES - 1), number(limit))

    def _set_rate(self, args: list[str]) -> None:
        index, rate = _two(args)
        self._supply.set_rate(whole(index, 0, FAST), round(number(rate), 4))

    def _set_sweep(self, args: list[str]) -> None:
        if args == ["PAUSE"]:
            self._supply.pause()
        elif args and args[0] in _SWEEPS and args[1:] in ([], ["SLOW"], ["FAST"]):
            self._supply.start(_SWEEPS[args[0]], fast=args[1:] == ["FAST"])
        else:
            raise RefusedError("bad_value")

    def _set_name(self, args: list[str]) -> None:
        self._coil_name = "".join(letter for letter in " ".join(args) if letter.isascii() and letter.isprintable())[:16]

    def _set_error_mode(self, args: list[str]) -> None:
        self._error_mode = flag(_one(args))


def _one(args: list[str]) -> str:
    if len(args) != 1:
        raise RefusedError("bad_value")
    return args[0]


def _two(args: list[str]) -> tuple[str, str]:
    if len(args) != 2:
        raise RefusedError("bad_value")
    return args[0], args[1]
