"""The ID900's command language: SCPI text to the time controller's state and back.

Short or long keywords in any case; ``;`` stays at the same level of the tree, ``;:`` returns to the root; a missing
argument means the default. Every query gives one line, a set gives none, an error gives one line with SCPI_ERR_.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sims.bench.illumination import TableError
from sims.bench.time_controller import MAX_BINS, MINIMUM_GAP_PS, RESOLUTIONS_PS, RecordError, TimeController
from sims.wire import id900_values as values
from sims.wire.id900_values import ScpiError

IDENTITY = "IDQ,ID900,2140500,2.2.0"
_LONGEST_PS = 2**62
_ONE_SECOND_PS = 10**12

T = TypeVar("T")


@dataclass(frozen=True)
class Command:
    """One leaf of the tree, by the number in its header: what a query answers, what a set does (None: no such form)."""

    query: Callable[[int], str] | None = None
    set_to: Callable[[int, str], None] | None = None


def _property(owner: Callable[[int], object], name: str, parse: values.Parser, show: values.Formatter = str) -> Command:
    """A leaf that reads and writes one attribute of the state."""
    return Command(
        query=lambda number: show(getattr(owner(number), name)),
        set_to=lambda number, argument: setattr(owner(number), name, parse(argument)),
    )


def _member(block: str, members: Mapping[int, T]) -> Callable[[int], T]:
    """The block of that number; ScpiError when there is none."""

    def find(number: int) -> T:
        if number not in members:
            raise ScpiError("HEADER_SUFFIX_OUT_OF_RANGE", f"{block}{number}, there are 1 to {max(members)}")
        return members[number]

    return find


class Id900Scpi:
    """Interprets messages for one time controller."""

    def __init__(self, controller: TimeController) -> None:
        self._controller = controller
        commands = (
            _input_commands(controller)
            | _raw_commands(controller)
            | _histogram_commands(controller)
            | _record_commands(controller)
            | _device_commands(controller)
        )
        self._commands = [
            (re.compile(":".join(values.keyword(word) for word in header.split(":"))), command)
            for header, command in commands.items()
        ]

    def execute(self, message: str) -> str:
        """Answer of one message, which may hold several commands; lines are joined by newlines."""
        answers: list[str] = []
        level: list[str] = []
        for part in message.split(";"):
            text = part.strip()
            if not text:
                continue
            header, _, argument = text.partition(" ")
            is_common = header.startswith("*")
            words = header.lstrip(":").removesuffix("?").upper().split(":")
            path = words if is_common or header.startswith(":") else [*level, *words]
            if not is_common:
                level = path[:-1]
            answers.append(self._answer(":".join(path), header.endswith("?"), argument.strip()))
        return "\n".join(answer for answer in answers if answer)

    def _answer(self, header: str, is_query: bool, argument: str) -> str:
        try:
            self._controller.settle()
            return self._execute_one(header, is_query, argument)
        except ScpiError as error:
            return str(error)
        except (RecordError, TableError) as error:
            return str(ScpiError("EXECUTION_ERROR", str(error)))

    def _execute_one(self, header: str, is_query: bool, argument: str) -> str:
        for pattern, command in self._commands:
            match = pattern.fullmatch(header)
            if match is None:
                continue
            number = int(match.group(1)) if match.groups() else 0
            if is_query and command.query is not None:
                return command.query(number)
            if not is_query and command.set_to is not None:
                command.set_to(number, argument)
                return ""
        raise ScpiError("UNDEFINED_HEADER", header + ("?" if is_query else ""))


def _input_commands(controller: TimeController) -> dict[str, Command]:
    of = _member("INPU", controller.inputs)

    def count(number: int) -> str:
        of(number)
        return str(controller.counter(number))

    def reset(number: int, _: str) -> None:
        of(number)
        controller.reset_counter(number)

    def set_integration(number: int, argument: str) -> None:
        of(number).integration_ps = 1000 * values.whole(10**9, 1, 10**15)(argument)

    return {
        "INPUt#:ENABle": _property(of, "enabled", values.switch(True), values.show_switch),
        "INPUt#:COUPling": _property(of, "coupling", values.choice("DC", "AC")),
        "INPUt#:EDGE": _property(of, "edge", values.choice("RISIng", "FALLing")),
        "INPUt#:THREshold": _property(of, "threshold_v", values.volts(1.0, 2.5), values.show_volts),
        "INPUt#:DELAy": _property(of, "delay_ps", values.time_bins(0, 0, 10**12), values.show_time),
        "INPUt#:COUNter": Command(query=count),
        "INPUt#:COUNter:MODE": _property(of, "counter_mode", values.choice("CYCLe", "ACCUm")),
        "INPUt#:COUNter:INTEgration": Command(lambda n: str(of(n).integration_ps // 1000), set_integration),
        "INPUt#:COUNter:RESEt": Command(set_to=reset),
    }


def _raw_commands(controller: TimeController) -> dict[str, Command]:
    of = _member("RAW", controller.raws)

    def clear(number: int, _: str) -> None:
        of(number).lost = 0

    return {
        "RAW#:SEND": _property(of, "send", values.switch(False), values.show_switch),
        "RAW#:REFerence:LINK": _property(of, "reference", values.link, values.show_link),
        "RAW#:ERRORs": Command(query=lambda number: str(of(number).lost)),
        "RAW#:ERRORs:CLEAr": Command(set_to=clear),
    }


def _histogram_commands(controller: TimeController) -> dict[str, Command]:
    of = _member("HIST", controller.histograms)

    def flush(number: int, _: str) -> None:
        of(number).flush()

    def set_bins(number: int, argument: str) -> None:
        of(number).n_bins = values.whole(MAX_BINS, 1, MAX_BINS)(argument)
        of(number).flush()

    def data(number: int) -> str:
        return "[" + ",".join(map(str, of(number).counts.tolist())) + "]"

    return {
        "HISTogram#:REFerence:LINK": _property(of, "reference", values.link, values.show_link),
        "HISTogram#:STOP:LINK": _property(of, "stop", values.link, values.show_link),
        "HISTogram#:MINimum": _property(of, "minimum_ps", values.time_bins(0, 0, _LONGEST_PS), values.show_time),
        "HISTogram#:BWIDth": _property(of, "bin_width_ps", values.time_bins(100, 1, 10**12), values.show_time),
        "HISTogram#:BCOUnt": Command(lambda number: str(of(number).n_bins), set_bins),
        "HISTogram#:FLUSh": Command(set_to=flush),
        "HISTogram#:DATA": Command(query=data),
    }


def _record_commands(controller: TimeController) -> dict[str, Command]:
    record = controller.record

    def set_number(_: int, argument: str) -> None:
        infinite = re.fullmatch(values.keyword("INFinity"), argument.upper()) is not None
        record.number = None if infinite else values.whole(1, 1, 10**9)(argument)

    def set_width(_: int, argument: str) -> None:
        record.width_ps = values.time_bins(_ONE_SECOND_PS, 1000, _LONGEST_PS)(argument)

    def set_duration(_: int, argument: str) -> None:
        set_width(0, argument)
        record.period_ps = record.width_ps + MINIMUM_GAP_PS

    def of(_: int) -> object:
        return record

    show_width = Command(lambda _: values.show_time(record.width_ps)).query
    period = values.time_bins(_ONE_SECOND_PS + MINIMUM_GAP_PS, 1000, _LONGEST_PS)
    return {
        "RECord:TRIGger:ARM:MODE": _property(of, "trigger_mode", values.choice("MANUal", "AUTO")),
        "RECord:ENABle": _property(of, "enabled", values.switch(False), values.show_switch),
        "RECord:NUMber": Command(lambda _: "INF" if record.number is None else str(record.number), set_number),
        "RECord:DURation": Command(show_width, set_duration),
        "RECord:PWIDth": Command(show_width, set_width),
        "RECord:PPERiod": _property(of, "period_ps", period, values.show_time),
        "RECord:PLAY": Command(set_to=lambda _, __: controller.play()),
        "RECord:STOP": Command(set_to=lambda _, __: controller.stop()),
        "RECord:STAGe": Command(query=lambda _: "PLAYING" if controller.is_playing() else "STOPPED"),
    }


def _device_commands(controller: TimeController) -> dict[str, Command]:
    resolutions = values.choice(*RESOLUTIONS_PS)
    return {
        "*IDN": Command(query=lambda _: IDENTITY),
        "DEVIce:RESolution": _property(lambda _: controller, "resolution", resolutions),
        "DEVIce:RESolution:BWIDth": Command(query=lambda _: str(controller.resolution_ps)),
    }
