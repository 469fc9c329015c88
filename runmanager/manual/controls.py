"""What a person can read and set of one role: rows with a reading, fields to fill in, and buttons that do something.

A row is data: which method of the role's Protocol is called, with which arguments, in which unit it is shown.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instruments.station_file import Limits

Value = float | int | str | bool


class ControlError(Exception):
    """A value that cannot even be handed to the driver: missing, no number, not finite, not one of the choices."""


@dataclass(frozen=True)
class Reading:
    """A method without arguments that returns the value (nothing: a check that raises unless all is well).

    ``factor``: value of one shown unit in the method's unit.
    ``words``: (false, true) of a yes-or-no value. ``channels``: the method is asked for the tagger's detectors.
    """

    method: str
    unit: str = ""
    factor: float = 1.0
    words: tuple[str, str] = ("no", "yes")
    channels: bool = False


@dataclass(frozen=True)
class Field:
    """One argument of a method. Limits in the shown unit; NaN where the driver alone knows.

    ``limits_from``: a method of the role that returns (lowest, highest), or ``limits.NAME`` of the station (a pair
    ``limits.LOW:limits.HIGH``, or ``±limits.NAME``). ``start``: what stands in the field at first.
    """

    argument: str
    label: str
    unit: str = ""
    factor: float = 1.0
    low: float = math.nan
    high: float = math.nan
    limits_from: str = ""
    start: Value = 0.0
    choices: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Button:
    """A method to call with the row's fields and ``constants``; ``result_unit`` is that of what it returns."""

    verb: str
    method: str
    constants: Mapping[str, Value] = field(default_factory=dict)
    with_fields: bool = True
    result_unit: str = ""
    result_factor: float = 1.0


@dataclass(frozen=True)
class Row:
    """One line of the panel. ``name`` is unique within its role."""

    name: str
    label: str
    reading: Reading | None = None
    fields: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()
    help: str = ""

    def button(self, verb: str) -> Button:
        """The button of that name; ControlError without one."""
        for each in self.buttons:
            if each.verb == verb:
                return each
        raise ControlError(f"{self.label}: there is no '{verb}'; there are {', '.join(b.verb for b in self.buttons)}")


def limits_of(asked: Field, player: Any, limits: Limits) -> tuple[float, float]:  # noqa: ANN401 - plays a role
    """Lowest and highest value of a field in its shown unit, NaN where only the driver knows. Raises BenchError."""
    source = asked.limits_from
    if not source:
        return asked.low, asked.high
    if source.startswith("±"):
        high = float(getattr(limits, source[1:].removeprefix("limits.")))
        return -high / asked.factor, high / asked.factor
    if source.startswith("limits."):
        low_name, _, high_name = source.rpartition(":")
        highest = float(getattr(limits, high_name.removeprefix("limits.")))
        lowest = float(getattr(limits, low_name.removeprefix("limits."))) if low_name else asked.low * asked.factor
        return lowest / asked.factor, highest / asked.factor
    lowest, highest = getattr(player, source)()
    return float(lowest) / asked.factor, float(highest) / asked.factor


def arguments(row: Row, button: Button, values: Mapping[str, Value]) -> dict[str, Value]:
    """Keyword arguments of the button's method in the method's units; ControlError names the field that is wrong."""
    found: dict[str, Value] = dict(button.constants)
    for each in row.fields if button.with_fields else ():
        if each.argument not in values:
            raise ControlError(f"{row.label}: {each.label} is missing")
        found[each.argument] = _argument(row, each, values[each.argument])
    return found


def _argument(row: Row, asked: Field, value: Value) -> Value:
    name = f"{row.label}: {asked.label}"
    if asked.choices:
        if value not in asked.choices:
            raise ControlError(f"{name} = {value!r}: choose one of {', '.join(asked.choices)}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(f"{name} = {value!r} is no number")
    if not math.isfinite(value):
        raise ControlError(f"{name} = {value} is not finite; give a number")
    if asked.whole:
        if value != round(value):
            raise ControlError(f"{name} = {value:g} must be a whole number")
        return round(value)
    return float(value) * asked.factor


def shown(value: object, unit: str, factor: float, words: tuple[str, str] = ("no", "yes")) -> str:
    """A value as the panel shows it: ``578.12 nm``, ``open``, ``done`` for nothing, pairs with a comma."""
    if value is None:
        return "done"
    if isinstance(value, bool):
        return words[int(value)]
    if isinstance(value, tuple | list):
        return ", ".join(shown(each, unit, factor, words) for each in value)
    if isinstance(value, int | float):
        return f"{value / factor:.7g} {unit}".strip()
    return str(value)
