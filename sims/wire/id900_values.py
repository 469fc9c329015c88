"""Arguments of the ID900's commands: text to value and back, with units, defaults and limits.

Each function returns a parser; an empty argument gives the default.
"""

import re
from collections.abc import Callable
from typing import Any

Parser = Callable[[str], Any]
Formatter = Callable[[Any], str]

_PREFIXES = {"U": 1e-6, "K": 1e3, "G": 1e9, "": 1.0}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)")


class ScpiError(ValueError):
    """A command that is refused, in the device's words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"SCPI_ERR_{code}: {detail}")


def keyword(word: str) -> str:
    """Regular expression for one keyword, whose capitals are its short form: ``COUNter`` takes COUN to COUNTER.

    A ``#`` at the end stands for a number.
    """
    name = word.rstrip("#")
    short = re.match(r"[A-Z*]+", name)
    n_short = short.end() if short else len(name)
    rest = name[n_short:].upper()
    tail = "".join(f"(?:{letter}" for letter in rest) + ")?" * len(rest)
    return re.escape(name[:n_short]) + tail + (r"(\d+)" if word.endswith("#") else "")


def _number(argument: str, unit: str, milli_or_mega: float) -> float:
    match = _NUMBER.fullmatch(argument)
    if match is None:
        raise ScpiError("DATA_TYPE_ERROR", f"{argument!r} is not a number")
    suffix = match.group(2).upper()
    if suffix == "":
        return float(match.group(1))
    prefix = suffix.removesuffix(unit)
    factors = _PREFIXES | {"M": milli_or_mega}
    if not unit or not suffix.endswith(unit) or prefix not in factors:
        raise ScpiError("INVALID_SUFFIX", f"{match.group(2)!r} in {argument!r}, expected {unit or 'no unit'}")
    return float(match.group(1)) * factors[prefix]


def _within(value: float, low: float, high: float, argument: str) -> float:
    if not low <= value <= high:
        raise ScpiError("DATA_OUT_OF_RANGE", f"{argument}, expected {low:g} to {high:g}")
    return value


def switch(default: bool) -> Parser:
    """ON, OFF, 1, 0."""

    def parse(argument: str) -> bool:
        words = {"": default, "ON": True, "1": True, "OFF": False, "0": False}
        if argument.upper() not in words:
            raise ScpiError("ILLEGAL_PARAMETER_VALUE", f"{argument!r}, expected ON or OFF")
        return words[argument.upper()]

    return parse


def choice(*options: str) -> Parser:
    """One of ``options`` (short forms in capitals); the first is the default."""

    def parse(argument: str) -> str:
        for option in options:
            if not argument or re.fullmatch(keyword(option), argument.upper()):
                return option.upper()
        raise ScpiError("ILLEGAL_PARAMETER_VALUE", f"{argument!r}, expected {', '.join(options)}")

    return parse


def whole(default: int, low: int, high: int) -> Parser:
    """A whole number."""

    def parse(argument: str) -> int:
        value = _number(argument, "", 1e6) if argument else default
        if value != round(value):
            raise ScpiError("DATA_TYPE_ERROR", f"{argument!r} is not a whole number")
        return round(_within(value, low, high, argument))

    return parse


def time_bins(default: int, low: int, high: int) -> Parser:
    """A time in TB (1 TB = 1 ps, kTB, MTB, GTB); a bare number is TB."""

    def parse(argument: str) -> int:
        value = _number(argument, "TB", 1e6) if argument else default
        return round(_within(value, low, high, argument))

    return parse


def volts(default: float, limit: float) -> Parser:
    """A voltage within ± ``limit``."""

    def parse(argument: str) -> float:
        value = _number(argument, "V", 1e-3) if argument else default
        return _within(value, -limit, limit, argument)

    return parse


def link(argument: str) -> int | None:
    """A block that signals come from: NONE, INPU1-4, or TSCO5-8 (which pass the inputs on as delivered)."""
    text = argument.upper()
    if re.fullmatch("|".join(["", keyword("NONE")]), text):
        return None
    match = re.fullmatch(f"{keyword('INPUt#')}|{keyword('TSCO#')}", text)
    if match is not None:
        number = int(match.group(1)) if match.group(1) else int(match.group(2)) - 4
        if 1 <= number <= 4:
            return number
    raise ScpiError("ILLEGAL_PARAMETER_VALUE", f"{argument!r}, expected NONE, INPU1 to INPU4 or TSCO5 to TSCO8")


def show_switch(value: Any) -> str:  # noqa: ANN401
    """ON or OFF."""
    return "ON" if value else "OFF"


def show_time(value: Any) -> str:  # noqa: ANN401
    """Whole TB."""
    return f"{value}TB"


def show_volts(value: Any) -> str:  # noqa: ANN401
    """Volts to a millivolt."""
    return f"{value:.3f}V"


def show_link(value: Any) -> str:  # noqa: ANN401
    """Name of the block."""
    return "NONE" if value is None else f"INPU{value}"
