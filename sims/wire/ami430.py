"""The AMI 430's wire: SCPI-like words, CR LF replies, a banner at connection, units chosen at the front panel."""

from collections import deque
from collections.abc import Callable, Sequence

from sims.bench.ami430 import Ami430
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.scpi import ScpiSpelling
from sims.wire.values import RefusedError, flag, number, whole

_BANNER = b"American Magnetics Model 430 IP Interface\r\nHello.\r\n"
_IDENTITY = "AMERICAN MAGNETICS INC.,MODEL 430,2.65"
_ERRORS = {
    "unknown_command": '-101,"Unrecognized command"',
    "bad_value": '-102,"Invalid argument"',
    "missing": '-104,"Missing parameter"',
    "out_of_range": '-105,"Argument out of range"',
    "unknown_query": '-201,"Unrecognized query"',
}
_NO_ERROR = '0,"No errors"'
_LONGEST_ERROR_LIST = 10
_KILOGAUSS_PER_TESLA = 10.0
_SECONDS_PER_MINUTE = 60.0
_SPELLING = ScpiSpelling(
    (
        "CONFigure",
        "FIELD",
        "MAGnet",
        "TARGet",
        "UNITS",
        "CURRent",
        "SUPPly",
        "LIMit",
        "VOLTage",
        "COILconst",
        "RAMP",
        "RATE",
        "SEGments",
        "PAUSE",
        "ZERO",
        "STATE",
        "QUench",
        "PSwitch",
        "PERSistent",
        "INSTalled",
        "HTIME",
        "CTIME",
        "SYSTem",
        "ERRor",
    )
)

Handler = Callable[[list[str]], str | None]


class Ami430Wire(Device):
    """Unknown words are silent and enter the error queue. Field units T and rate units per second at power-up."""

    speed = NETWORK

    def __init__(self, magnet: Ami430) -> None:
        self._magnet = magnet
        self._errors: deque[str] = deque(maxlen=_LONGEST_ERROR_LIST)
        self._tesla = True
        self._per_minute = False
        self._queries = self._query_table()
        self._commands = self._command_table()

    def greeting(self) -> bytes:
        """The banner of two lines that every new connection gets."""
        return _BANNER

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out one line; queries are answered, commands are not."""
        replies = []
        for command in _SPELLING.canonical_line(message.decode("ascii", "replace")).split(";"):
            try:
                text = self._carry_out(command)
            except RefusedError as refusal:
                self._errors.append(_ERRORS[refusal.kind])
            except ValueError:  # the magnet's own limits
                self._errors.append(_ERRORS["out_of_range"])
            else:
                if text is not None:
                    replies.append(Reply(text.encode("ascii") + b"\r\n"))
        return replies

    def _carry_out(self, command: str) -> str | None:
        header, _, argument = command.partition(" ")
        if not header:
            return None
        arguments = [each.strip() for each in argument.split(",")] if argument.strip() else []
        if header.startswith("RAMP:RATE:") and header.endswith("?"):
            return self._ramp_rate(header.removesuffix("?").split(":")[2:])
        table = self._queries if header.endswith("?") else self._commands
        if header not in table:
            raise RefusedError("unknown_query" if header.endswith("?") else "unknown_command")
        return table[header](arguments)

    # --- units ----------------------------------------------------------------------------------------------------

    def _field(self, current_a: float) -> float:
        """Ampere to the field unit in use."""
        return current_a * self._coil_constant()

    def _coil_constant(self) -> float:
        return self._magnet.coil_constant_t_per_a * (1.0 if self._tesla else _KILOGAUSS_PER_TESLA)

    def _seconds(self) -> float:
        """Length of the rate's time unit."""
        return _SECONDS_PER_MINUTE if self._per_minute else 1.0

    # --- queries --------------------------------------------------------------------------------------------------

    def _query_table(self) -> dict[str, Handler]:
        magnet = self._magnet
        switch = magnet.switch
        return {
            "*IDN?": lambda _: _IDENTITY,
            "*OPC?": lambda _: "1",
            "*STB?": lambda _: "0",
            "*ESR?": lambda _: "0",
            "SYST:ERR?": lambda _: self._errors.popleft() if self._errors else _NO_ERROR,
            "COIL?": lambda _: f"{self._coil_constant():.5f}",
            "FIELD:UNITS?": lambda _: str(int(self._tesla)),
            "FIELD:MAG?": lambda _: f"{self._field(magnet.magnet_current_a()):.6f}",
            "FIELD:SUPP?": lambda _: f"{self._field(magnet.supply_current_a()):.6f}",
            "FIELD:TARG?": lambda _: f"{self._field(magnet.target_a):.6f}",
            "CURR:MAG?": lambda _: f"{magnet.magnet_current_a():.5f}",
            "CURR:SUPP?": lambda _: f"{magnet.supply_current_a():.5f}",
            "CURR:TARG?": lambda _: f"{magnet.target_a:.5f}",
            "CURR:LIM?": lambda _: f"{magnet.current_limit_a:.4f}",
            "VOLT:LIM?": lambda _: f"{magnet.voltage_limit_v:.3f}",
            "VOLT:MAG?": lambda _: f"{magnet.magnet_voltage_v():.3f}",
            "VOLT:SUPP?": lambda _: f"{magnet.magnet_voltage_v():.3f}",
            "STATE?": lambda _: str(int(magnet.state())),
            "QU?": lambda _: str(int(magnet.is_quenched())),
            "PS?": lambda _: str(int(switch.fitted and switch.heater_on)),
            "PS:INST?": lambda _: str(int(switch.fitted)),
            "PS:CURR?": lambda _: f"{switch.heater_current_ma:.1f}",
            "PS:HTIME?": lambda _: str(switch.heating_time_s),
            "PS:CTIME?": lambda _: str(switch.cooling_time_s),
            "PERS?": lambda _: str(int(magnet.is_persistent())),
        }

    def _ramp_rate(self, nodes: list[str]) -> str:
        """``RAMP:RATE:UNITS?``, ``RAMP:RATE:SEG?``, ``RAMP:RATE:FIELD:<n>?``, ``RAMP:RATE:CURR:<n>?``."""
        segments = self._magnet.segments
        if nodes == ["UNITS"]:
            return str(int(self._per_minute))
        if nodes == ["SEG"]:
            return str(len(segments))
        if len(nodes) != 2 or nodes[0] not in ("FIELD", "CURR"):
            raise RefusedError("unknown_query")
        segment = segments[whole(nodes[1], 1, len(segments)) - 1]
        rate = segment.rate_a_per_s * self._seconds()
        if nodes[0] == "FIELD":
            return f"{self._field(rate):.7f},{self._field(segment.upper_a):.6f}"
        return f"{rate:.6f},{segment.upper_a:.5f}"

    # --- commands -------------------------------------------------------------------------------------------------

    def _command_table(self) -> dict[str, Handler]:
        magnet = self._magnet
        return {
            "*RST": lambda _: self._reset(),
            "*CLS": lambda _: self._errors.clear(),
            "SYST:REMOTE": lambda _: None,
            "SYST:LOCAL": lambda _: None,
            "RAMP": lambda _: magnet.ramp(),
            "PAUSE": lambda _: magnet.pause(),
            "ZERO": lambda _: magnet.zero(),
            "QU": self._set_quench,
            "PS": lambda args: magnet.heat_switch(flag(_only(args))),
            "CONF:COIL": self._set_coil_constant,
            "CONF:FIELD:UNITS": self._set_field_units,
            "CONF:FIELD:TARG": lambda args: magnet.set_target(number(_only(args)) / self._coil_constant()),
            "CONF:CURR:TARG": lambda args: magnet.set_target(number(_only(args))),
            "CONF:CURR:LIM": lambda args: magnet.set_current_limit(number(_only(args))),
            "CONF:VOLT:LIM": self._set_voltage_limit,
            "CONF:RAMP:RATE:UNITS": self._set_rate_units,
            "CONF:RAMP:RATE:SEG": lambda args: magnet.set_segment_count(whole(_only(args))),
            "CONF:RAMP:RATE:FIELD": lambda args: self._set_segment(args, self._coil_constant()),
            "CONF:RAMP:RATE:CURR": lambda args: self._set_segment(args, 1.0),
            "CONF:PS": self._fit_switch,
            "CONF:PS:CURR": self._set_heater_current,
            "CONF:PS:HTIME": self._set_heating_time,
            "CONF:PS:CTIME": self._set_cooling_time,
        }

    def _reset(self) -> None:
        """Units and errors; the magnet's settings stay, as it may carry a current."""
        self._tesla, self._per_minute = True, False
        self._errors.clear()

    def _set_quench(self, args: list[str]) -> None:
        if flag(_only(args)):
            self._magnet.quench()
        else:
            self._magnet.reset_quench()

    def _set_coil_constant(self, args: list[str]) -> None:
        factor = 1.0 if self._tesla else _KILOGAUSS_PER_TESLA
        self._magnet.coil_constant_t_per_a = _within(number(_only(args)), 0.001, 999.99999) / factor

    def _set_field_units(self, args: list[str]) -> None:
        self._tesla = flag(_only(args))

    def _set_rate_units(self, args: list[str]) -> None:
        self._per_minute = flag(_only(args))

    def _set_voltage_limit(self, args: list[str]) -> None:
        self._magnet.voltage_limit_v = _within(number(_only(args)), 0.001, 20.0)

    def _set_segment(self, args: list[str], unit_per_ampere: float) -> None:
        """``segment,rate[,upper bound]``; without the bound it is kept."""
        if len(args) not in (2, 3):
            raise RefusedError("missing")
        upper_a = number(args[2]) / unit_per_ampere if len(args) == 3 else None
        rate_a_per_s = number(args[1]) / unit_per_ampere / self._seconds()
        self._magnet.set_segment(whole(args[0]), rate_a_per_s, upper_a)

    def _fit_switch(self, args: list[str]) -> None:
        self._magnet.fit_switch(flag(_only(args)))

    def _set_heater_current(self, args: list[str]) -> None:
        self._magnet.switch.heater_current_ma = _within(number(_only(args)), 0.0, 125.0)

    def _set_heating_time(self, args: list[str]) -> None:
        self._magnet.switch.heating_time_s = whole(_only(args), 5, 120)

    def _set_cooling_time(self, args: list[str]) -> None:
        self._magnet.switch.cooling_time_s = whole(_only(args), 5, 3600)


def _only(args: list[str]) -> str:
    """The one argument of a command."""
    if len(args) != 1:
        raise RefusedError("missing" if not args else "bad_value")
    return args[0]


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise RefusedError("out_of_range")
    return value
