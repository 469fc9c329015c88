"""The DG645's wire: four-letter commands, CR LF behind replies, errors only through ``LERR?``."""

import re
from collections import deque
from collections.abc import Callable, Sequence

from sims.bench.dg645 import (
    AMPLITUDE_RANGE_V,
    LARGEST_PRESCALER,
    OFFSET_RANGE_V,
    TRIGGER_RATE_RANGE_HZ,
    Dg645,
    TriggerSource,
)
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, number, whole

_COMMAND = re.compile(r"(\*?[A-Z]{3,4})\s*(\??)\s*(.*)", re.DOTALL)
_ERROR_CODES = {
    "out_of_range": 10,  # illegal value
    "illegal_mode": 11,
    "illegal_delay": 12,
    "illegal_link": 13,
    "undefined_command": 111,
    "illegal_query": 112,
    "illegal_set": 113,
    "extra_parameters": 115,
    "missing_parameters": 116,
    "bad_value": 118,  # invalid floating-point number
}
_RATE_ERROR = 1 << 1  # bit of the instrument status register: a trigger was missed
_LONGEST_ERROR_LIST = 20
_IDENTITY = "Stanford Research Systems,DG645,s/n004217,ver1.14.10E"

Parameters = list[str]
Handler = Callable[[Parameters], str | None]


class Dg645Wire(Device):
    """Sets are silent; queries give one line each."""

    speed = NETWORK

    def __init__(self, generator: Dg645) -> None:
        self._generator = generator
        self._errors: deque[int] = deque(maxlen=_LONGEST_ERROR_LIST)
        self._queries: dict[str, tuple[int, Handler]] = {
            "*IDN": (0, lambda _: _IDENTITY),
            "*OPC": (0, lambda _: "1"),
            "*ESR": (0, lambda _: "0"),
            "*STB": (0, lambda _: "0"),
            "INSR": (0, lambda _: str(_RATE_ERROR if generator.has_rate_error() else 0)),
            "LERR": (0, lambda _: str(self._errors.popleft() if self._errors else 0)),
            "DLAY": (1, self._get_delay),
            "LINK": (1, lambda args: str(generator.delay(_channel(args[0]))[0])),
            "TSRC": (0, lambda _: str(int(generator.trigger_source))),
            "TRAT": (0, lambda _: f"{generator.trigger_rate_hz:.6f}"),
            "TLVL": (0, lambda _: f"{generator.trigger_level_v:.2f}"),
            "ADVT": (0, lambda _: str(int(generator.advanced_triggering))),
            "HOLD": (0, lambda _: f"{generator.holdoff_s:.12f}"),
            "PRES": (1, lambda args: str(generator.prescalers[_output(args[0])])),
            "PHAS": (1, lambda args: str(generator.phases[_output(args[0])])),
            "LAMP": (1, lambda args: f"{generator.outputs[_output(args[0])].amplitude_v:.2f}"),
            "LOFF": (1, lambda args: f"{generator.outputs[_output(args[0])].offset_v:.2f}"),
            "LPOL": (1, lambda args: str(int(generator.outputs[_output(args[0])].positive))),
        }
        self._sets: dict[str, tuple[int, Handler]] = {
            "*RST": (0, self._reset),
            "*CLS": (0, self._clear),
            "*TRG": (0, self._trigger),
            "DLAY": (3, self._set_delay),
            "LINK": (2, self._set_link),
            "TSRC": (1, self._set_trigger_source),
            "TRAT": (1, self._set_trigger_rate),
            "TLVL": (1, self._set_trigger_level),
            "ADVT": (1, self._set_advanced),
            "HOLD": (1, self._set_holdoff),
            "PRES": (2, self._set_prescaler),
            "PHAS": (2, self._set_phase),
            "LAMP": (2, self._set_amplitude),
            "LOFF": (2, self._set_offset),
            "LPOL": (2, self._set_polarity),
        }

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line, joined by ``;``."""
        replies = []
        for command in message.decode("ascii", "replace").split(";"):
            if command.strip():
                try:
                    text = self._carry_out(command.strip().upper())
                except RefusedError as refusal:
                    self._errors.append(_ERROR_CODES[refusal.kind])
                    continue
                if text is not None:
                    replies.append(Reply(text.encode("ascii") + b"\r\n"))
        return replies

    def _carry_out(self, command: str) -> str | None:
        match = _COMMAND.fullmatch(command)
        if match is None:
            raise RefusedError("undefined_command")
        word, question, rest = match.groups()
        table, other = (self._queries, self._sets) if question else (self._sets, self._queries)
        if word not in table:
            wrong_way = "illegal_query" if question else "illegal_set"
            raise RefusedError(wrong_way if word in other else "undefined_command")
        count, handler = table[word]
        parameters = rest.split(",") if rest.strip() else []
        if len(parameters) != count:
            raise RefusedError("missing_parameters" if len(parameters) < count else "extra_parameters")
        return handler(parameters)

    # --- delays -------------------------------------------------------------------------------------------------

    def _get_delay(self, args: Parameters) -> str:
        reference, delay_s = self._generator.delay(_channel(args[0]))
        return f"{reference},{delay_s:+.12f}"

    def _set_delay(self, args: Parameters) -> None:
        self._link(_channel(args[0]), _channel(args[1]), number(args[2]))

    def _set_link(self, args: Parameters) -> None:
        channel = _channel(args[0])
        self._link(channel, _channel(args[1]), self._generator.delay(channel)[1])

    def _link(self, channel: int, reference: int, delay_s: float) -> None:
        try:
            self._generator.set_delay(channel, reference, delay_s)
        except LookupError:
            raise RefusedError("illegal_link") from None
        except ValueError:
            raise RefusedError("illegal_delay") from None

    # --- triggers -----------------------------------------------------------------------------------------------

    def _set_trigger_source(self, args: Parameters) -> None:
        self._generator.trigger_source = TriggerSource(whole(args[0], 0, 6))

    def _set_trigger_rate(self, args: Parameters) -> None:
        self._generator.trigger_rate_hz = _within(number(args[0]), TRIGGER_RATE_RANGE_HZ)

    def _set_trigger_level(self, args: Parameters) -> None:
        self._generator.trigger_level_v = _within(number(args[0]), (-3.5, 3.5))

    def _set_advanced(self, args: Parameters) -> None:
        self._generator.advanced_triggering = bool(whole(args[0], 0, 1))

    def _set_holdoff(self, args: Parameters) -> None:
        self._generator.holdoff_s = _within(number(args[0]), (0.0, 10.0))

    def _set_prescaler(self, args: Parameters) -> None:
        self._generator.prescalers[_output(args[0])] = whole(args[1], 1, LARGEST_PRESCALER)

    def _set_phase(self, args: Parameters) -> None:
        output = _output(args[0])
        if output == 0:
            raise RefusedError("out_of_range")
        self._generator.phases[output] = whole(args[1], 0, LARGEST_PRESCALER)

    def _trigger(self, args: Parameters) -> None:
        if self._generator.trigger_source is not TriggerSource.SINGLE_SHOT:
            raise RefusedError("illegal_mode")

    # --- outputs and the rest ------------------------------------------------------------------------------------

    def _set_amplitude(self, args: Parameters) -> None:
        output = self._generator.outputs[_output(args[0])]
        output.amplitude_v = round(_within(number(args[1]), AMPLITUDE_RANGE_V), 2)

    def _set_offset(self, args: Parameters) -> None:
        output = self._generator.outputs[_output(args[0])]
        output.offset_v = round(_within(number(args[1]), OFFSET_RANGE_V), 2)

    def _set_polarity(self, args: Parameters) -> None:
        self._generator.outputs[_output(args[0])].positive = bool(whole(args[1], 0, 1))

    def _reset(self, args: Parameters) -> None:
        self._generator.reset()

    def _clear(self, args: Parameters) -> None:
        self._errors.clear()


def _channel(text: str) -> int:
    return whole(text, 0, 9)


def _output(text: str) -> int:
    return whole(text, 0, 4)


def _within(value: float, limits: tuple[float, float]) -> float:
    if not limits[0] <= value <= limits[1]:
        raise RefusedError("out_of_range")
    return value
