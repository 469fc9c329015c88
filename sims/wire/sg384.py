"""The SG384's wire: four-letter commands, CR LF behind replies, errors only through ``LERR?``."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from sims.bench.sg384 import EXTERNAL, LONGEST_LIST, ListPoint, Modulation, Sg384
from sims.wire.line import NETWORK, Device, Reply
from sims.wire.values import RefusedError, flag, number, whole

_COMMAND = re.compile(r"(\*?[A-Z]{3,4})\s*(\??)\s*(.*)", re.DOTALL)
_ERROR_CODES = {
    "out_of_range": 10,  # illegal value
    "illegal_mode": 11,
    "not_allowed": 12,
    "undefined_command": 111,
    "illegal_query": 112,
    "illegal_set": 113,
    "extra_parameters": 115,
    "missing_parameters": 116,
    "bad_value": 118,  # invalid floating-point number
}
_LONGEST_ERROR_LIST = 20
_FITTED_OPTIONS = (3,)  # rear-panel IQ inputs; neither the rubidium clock (4) nor the doubler to 8 GHz (2)
_IDENTITY = "Stanford Research Systems,SG384,s/n002145,ver1.24.26"
_FREQUENCY_UNITS = {"HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
_POWER_UNITS = {"DBM": 1.0}
_LIST_FIELDS = 15
_UNCHANGED = "N"

Handler = Callable[[list[str]], str | None]


class Sg384Wire(Device):
    """Sets are silent; queries give one line each."""

    speed = NETWORK

    def __init__(self, generator: Sg384) -> None:
        self._generator = generator
        self._errors: deque[int] = deque(maxlen=_LONGEST_ERROR_LIST)
        # Settings without effect on the simulated table: value, lowest, highest.
        self._inert: dict[str, tuple[float, float, float]] = {
            "AMPC": (0.78, 0.4, 1.0),
            "AMPH": (0.0, -10.0, 13.0),
            "ENBC": (0, 0, 1),
            "ENBH": (0, 0, 1),
            "NOIS": (0, 0, 1),
            "OFSC": (0.0, -2.0, 2.0),
            "OFSD": (0.0, -10.0, 10.0),
            "OFSL": (0.0, -1.5, 1.5),
            "COUP": (1, 0, 1),
            "FDEV": (1000.0, 0.1, 32e6),
            "MFNC": (0, 0, 5),
            "RATE": (1000.0, 1e-6, 50e3),
        }
        self._queries = self._query_table()
        self._sets = self._set_table()

    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out the commands of one line, joined by ``;``."""
        replies = []
        for command in message.decode("ascii", "replace").split(";"):
            if not command.strip():
                continue
            try:
                text = self._carry_out(command.strip())
            except RefusedError as refusal:
                self._errors.append(_ERROR_CODES[refusal.kind])
            except ValueError:  # the model's own limits
                self._errors.append(_ERROR_CODES["out_of_range"])
            else:
                if text is not None:
                    replies.append(Reply(f"{text}\r\n".encode("ascii")))
        return replies

    def _carry_out(self, command: str) -> str | None:
        match = _COMMAND.fullmatch(command.upper())
        if match is None:
            raise RefusedError("undefined_command")
        word, query, rest = match.groups()
        known = {True: self._queries, False: self._sets}
        if word not in known[bool(query)]:
            other = "illegal_query" if query else "illegal_set"
            raise RefusedError(other if word in known[not query] else "undefined_command")
        count, handler = known[bool(query)][word]
        parameters = [each.strip() for each in rest.split(",")] if rest.strip() else []
        if len(parameters) != count:
            raise RefusedError("missing_parameters" if len(parameters) < count else "extra_parameters")
        return handler(parameters)

    # --- queries --------------------------------------------------------------------------------------------------

    def _query_table(self) -> dict[str, tuple[int, Handler]]:
        generator = self._generator
        table: dict[str, tuple[int, Handler]] = {
            "*IDN": (0, lambda _: _IDENTITY),
            "*OPC": (0, lambda _: "1"),
            "*ESR": (0, lambda _: "0"),
            "*STB": (0, lambda _: "0"),
            "INSR": (0, lambda _: "0"),
            "OPTN": (1, lambda args: str(int(whole(args[0], 1, 4) in _FITTED_OPTIONS))),
            "LERR": (0, lambda _: str(self._errors.popleft() if self._errors else 0)),
            "FREQ": (0, lambda _: f"{generator.settings.frequency_hz:.6f}"),
            "PHAS": (0, lambda _: f"{generator.settings.phase_deg:.2f}"),
            "AMPR": (0, lambda _: f"{generator.settings.rf_power_dbm:.2f}"),
            "AMPL": (0, lambda _: f"{generator.settings.lf_power_dbm:.2f}"),
            "ENBR": (0, lambda _: str(int(generator.settings.rf_on))),
            "ENBL": (0, lambda _: str(int(generator.settings.lf_on))),
            "MODL": (0, lambda _: str(int(generator.settings.modulation_on))),
            "TYPE": (0, lambda _: str(int(generator.settings.modulation))),
            "PFNC": (0, lambda _: str(generator.settings.pulse_function)),
            "LSTC": (1, self._create_list),
            "LSTE": (0, lambda _: str(int(generator.list_enabled))),
            "LSTI": (0, lambda _: str(generator.list_index)),
            "LSTP": (1, lambda args: _list_text(generator.list_points[self._list_position(args[0])])),
            "LSTS": (0, lambda _: str(len(generator.list_points))),
        }
        return table | {word: (0, lambda _, word=word: f"{self._inert[word][0]:g}") for word in self._inert}

    # --- sets -----------------------------------------------------------------------------------------------------

    def _set_table(self) -> dict[str, tuple[int, Handler]]:
        generator = self._generator
        table: dict[str, tuple[int, Handler]] = {
            "*RST": (0, lambda _: generator.preset()),
            "*CLS": (0, lambda _: self._errors.clear()),
            "*WAI": (0, lambda _: None),
            "*TRG": (0, lambda _: generator.trigger_list()),
            "REMT": (0, lambda _: None),
            "LCAL": (0, lambda _: None),
            "FREQ": (1, lambda args: generator.set_frequency(number(args[0], _FREQUENCY_UNITS))),
            "PHAS": (1, lambda args: generator.set_phase(number(args[0]))),
            "AMPR": (1, lambda args: generator.set_rf_power(number(args[0], _POWER_UNITS))),
            "AMPL": (1, lambda args: generator.set_lf_power(number(args[0], _POWER_UNITS))),
            "ENBR": (1, lambda args: self._change(rf_on=flag(args[0]))),
            "ENBL": (1, lambda args: self._change(lf_on=flag(args[0]))),
            "MODL": (1, lambda args: self._change(modulation_on=flag(args[0]))),
            "TYPE": (1, lambda args: self._change(modulation=Modulation(whole(args[0], 0, max(Modulation))))),
            "PFNC": (1, self._set_pulse_function),
            "LSTD": (0, lambda _: self._delete_list()),
            "LSTE": (1, self._enable_list),
            "LSTI": (1, self._set_list_index),
            "LSTP": (1 + _LIST_FIELDS, self._set_list_point),
            "LSTR": (0, lambda _: self._reset_list()),
        }
        return table | {word: (1, lambda args, word=word: self._set_inert(word, args[0])) for word in self._inert}

    def _change(self, **settings: object) -> None:
        self._generator.settings = replace(self._generator.settings, **settings)  # type: ignore[arg-type]

    def _set_inert(self, word: str, text: str) -> None:
        _, low, high = self._inert[word]
        value = number(text)
        if not low <= value <= high:
            raise RefusedError("out_of_range")
        self._inert[word] = (value, low, high)

    def _set_pulse_function(self, args: list[str]) -> None:
        """3 square, 4 noise (pseudo-random), 5 external."""
        self._change(pulse_function=whole(args[0], 3, EXTERNAL))

    # --- list mode ------------------------------------------------------------------------------------------------

    def _create_list(self, args: list[str]) -> str:
        """``LSTC? n``: 1 when the list of n empty states was made."""
        size = whole(args[0])
        if not 1 <= size <= LONGEST_LIST:
            return "0"
        self._generator.list_points = [ListPoint()] * size
        self._reset_list()
        return "1"

    def _delete_list(self) -> None:
        self._generator.list_points, self._generator.list_enabled = [], False
        self._reset_list()

    def _reset_list(self) -> None:
        self._generator.list_index = 0

    def _enable_list(self, args: list[str]) -> None:
        enabled = flag(args[0])
        if enabled and not self._generator.list_points:
            raise RefusedError("not_allowed")
        self._generator.list_enabled = enabled

    def _list_position(self, text: str) -> int:
        return whole(text, 0, len(self._generator.list_points) - 1)

    def _set_list_index(self, args: list[str]) -> None:
        self._generator.list_index = self._list_position(args[0])

    def _set_list_point(self, args: list[str]) -> None:
        """``LSTP i,`` frequency, phase, LF power, LF offset, RF power, then ten that are not simulated; N leaves."""
        values = [None if text == _UNCHANGED else number(text) for text in args[1:]]
        point = ListPoint(frequency_hz=values[0], phase_deg=values[1], rf_power_dbm=values[4])
        trial = Sg384()  # a state outside the limits is refused now, not when it is triggered
        trial.list_points, trial.list_enabled = [point], True
        trial.trigger_list()
        self._generator.list_points[self._list_position(args[0])] = point


def _list_text(point: ListPoint) -> str:
    fields = [_UNCHANGED] * _LIST_FIELDS
    if point.frequency_hz is not None:
        fields[0] = f"{point.frequency_hz:.6f}"
    if point.phase_deg is not None:
        fields[1] = f"{point.phase_deg:.2f}"
    if point.rf_power_dbm is not None:
        fields[4] = f"{point.rf_power_dbm:.2f}"
    return ",".join(fields)
