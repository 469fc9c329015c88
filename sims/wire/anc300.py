"""The ANC300's wire: a console on TCP with a password, an echo that can be switched off, and OK or ERROR at the end."""

from collections.abc import Callable, Sequence

from sims.bench.anc300 import (
    AXES,
    FREQUENCY_RANGE_HZ,
    HIGHEST_VOLTAGE_V,
    PATTERN_LENGTH,
    Anc300,
    Axis,
)
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, number, whole

PASSWORD = "123456"  # noqa: S105 - the delivery state, printed in the manual
_TELNET_WILL_ECHO = b"\xff\xfb\x01\xff\xfb\x03"
_GREETING = _TELNET_WILL_ECHO + b"\r\nAuthorization code: "
_VERSION = "attocube ANC300 controller version 1.1.0-1304 2013-10-17 08:16"
_ERRORS = {
    "unknown": "Unknown command",
    "axis": "Wrong axis number or axis not present",
    "missing": "Missing argument",
    "bad_value": "Wrong argument",
    "out_of_range": "Argument out of range",
    "mode": "Axis in wrong mode",
}
_NEVER_S = 1e8
_END = "\r\n"

Arguments = list[str]
Handler = Callable[[int, Arguments], str | None]


class Anc300Wire(Device):
    """One console, the newest connection's: it has to give the password again and starts with the echo on."""

    speed = NETWORK

    def __init__(self, controller: Anc300) -> None:
        self._controller = controller
        self._authorised = False
        self._echo = True
        self._commands = self._command_table()

    def greeting(self) -> bytes:
        """Telnet negotiation and the question for the password."""
        self._authorised, self._echo = False, True
        return _GREETING

    def answer(self, message: bytes) -> Sequence[Reply]:
        """The echo, if it is on, then what the command prints, then OK or ERROR."""
        line = message.decode("ascii", "replace").strip()
        if not line:
            return []
        if not self._authorised:
            return [self._authorise(line)]
        echo = line + _END if self._echo else ""
        delay_s = 0.0
        try:
            words = line.split()
            delay_s = self._waiting_s(words)
            text = self._carry_out(words)
            verdict = "OK"
        except RefusedError as refusal:
            text, verdict = _ERRORS[refusal.kind], "ERROR"
        except ValueError:
            text, verdict = _ERRORS["mode"], "ERROR"
        if delay_s >= _NEVER_S:
            return [Reply(echo.encode("ascii", "replace"))]
        printed = f"{text}{_END}" if text else ""
        return [Reply(f"{echo}{printed}{verdict}{_END}".encode("ascii", "replace"), delay_s)]

    def _authorise(self, password: str) -> Reply:
        self._authorised = password == PASSWORD
        verdict = "Authorization success" if self._authorised else "Authorization failed"
        return Reply(f"{'*' * len(password)}{_END}{verdict}{_END}".encode("ascii"))

    def _carry_out(self, words: list[str]) -> str | None:
        command = words[0].lower()
        if command == "ver":
            return _VERSION
        if command == "getcser":
            return "serial = ANC300B-C-2094"
        if command == "echo":
            self._set_echo(words[1:])
            return None
        if command not in self._commands:
            raise RefusedError("unknown")
        if len(words) < 2:
            raise RefusedError("missing")
        return self._commands[command](_axis(words[1]), [word.lower() for word in words[2:]])

    def _set_echo(self, args: Arguments) -> None:
        if args not in (["on"], ["off"]):
            raise RefusedError("bad_value")
        self._echo = args == ["on"]

    def _waiting_s(self, words: list[str]) -> float:
        """``stepw`` and ``capw`` answer when it is done; after an endless motion that is never."""
        if words[0].lower() not in ("stepw", "capw") or len(words) < 2:
            return 0.0
        number_ = _axis(words[1])
        if words[0].lower() == "capw":
            return self._controller.measuring_s(number_)
        remaining_s = self._controller.remaining_s(number_)
        return _NEVER_S if remaining_s is None else remaining_s

    # --- commands -------------------------------------------------------------------------------------------------

    def _command_table(self) -> dict[str, Handler]:
        controller = self._controller
        table: dict[str, Handler] = {
            "getser": lambda n, _: f"serial = {self._axis(n).serial}",
            "getm": lambda n, _: f"mode = {controller.mode(n)}",
            "getv": lambda n, _: f"voltage = {self._axis(n).voltage_v:.6f} V",
            "geta": lambda n, _: f"voltage = {self._axis(n).offset_v:.6f} V",
            "geto": lambda n, _: f"voltage = {controller.output_v(n):.6f} V",
            "getf": lambda n, _: f"frequency = {self._axis(n).frequency_hz} Hz",
            "getc": lambda n, _: f"capacitance = {self._axis(n).capacitance_nf:.6f} nF",
            "setm": lambda n, args: controller.set_mode(n, _only(args)),
            "setv": self._set_voltage,
            "seta": self._set_offset,
            "setf": self._set_frequency,
            "stepu": lambda n, args: self._step(n, args, upwards=True),
            "stepd": lambda n, args: self._step(n, args, upwards=False),
            "stepw": lambda _, __: None,
            "capw": lambda _, __: None,
            "stop": lambda n, _: controller.stop(n),
        }
        for line in ("tu", "td"):
            table[f"get{line}"] = lambda n, _, line=line: f"trigger = {self._axis(n).triggers[line]}"  # type: ignore[misc]
            table[f"set{line}"] = lambda n, args, line=line: self._set_trigger(n, line, args)  # type: ignore[misc]
        for name in ("aci", "dci"):
            table[f"get{name}"] = lambda n, _, name=name: f"{name}n = {self._axis(n).inputs[name]}"  # type: ignore[misc]
            table[f"set{name}"] = lambda n, args, name=name: self._set_input(n, name, args)  # type: ignore[misc]
        for kind in ("pu", "pd"):
            table[f"get{kind}"] = lambda n, _, kind=kind: _END.join(map(str, self._axis(n).patterns[kind]))  # type: ignore[misc]
            table[f"set{kind}"] = lambda n, args, kind=kind: self._set_pattern(n, kind, args)  # type: ignore[misc]
        return table

    def _axis(self, number_: int) -> Axis:
        return self._controller.axes[number_]

    def _set_voltage(self, number_: int, args: Arguments) -> None:
        self._axis(number_).voltage_v = _within(number(_only(args), {"V": 1.0}), 0.0, HIGHEST_VOLTAGE_V)

    def _set_offset(self, number_: int, args: Arguments) -> None:
        self._axis(number_).offset_v = _within(number(_only(args), {"V": 1.0}), 0.0, HIGHEST_VOLTAGE_V)

    def _set_frequency(self, number_: int, args: Arguments) -> None:
        self._axis(number_).frequency_hz = round(_within(number(_only(args), {"HZ": 1.0}), *FREQUENCY_RANGE_HZ))

    def _step(self, number_: int, args: Arguments, *, upwards: bool) -> None:
        """A number of steps; ``c``, 0 or nothing: until stopped."""
        count = 0 if args in ([], ["c"]) else whole(_only(args), 0, 10**9)
        if count == 0:
            self._controller.step_endlessly(number_, upwards)
        else:
            self._controller.step(number_, count if upwards else -count)

    def _set_trigger(self, number_: int, line: str, args: Arguments) -> None:
        text = _only(args)
        self._axis(number_).triggers[line] = "off" if text == "off" else str(whole(text, 1, 7))

    def _set_input(self, number_: int, name: str, args: Arguments) -> None:
        if args not in (["on"], ["off"]):
            raise RefusedError("bad_value")
        self._axis(number_).inputs[name] = args[0]

    def _set_pattern(self, number_: int, kind: str, args: Arguments) -> None:
        if len(args) != PATTERN_LENGTH:
            raise RefusedError("missing")
        self._axis(number_).patterns[kind] = [whole(text, 0, 255) for text in args]


def _axis(text: str) -> int:
    if text not in {str(each) for each in AXES}:
        raise RefusedError("axis")
    return int(text)


def _only(args: Arguments) -> str:
    if len(args) != 1:
        raise RefusedError("missing" if not args else "bad_value")
    return args[0]


def _within(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise RefusedError("out_of_range")
    return value
