"""Events and commands as bytes: one JSON object a message. Nothing is pickled, so a message can do no harm.

An event is ``{"event": "Progress", ...its fields}``; an array is ``{"shape": [n], "base64": "..."}`` of little-endian
64-bit floats; NaN and infinities, which JSON lacks, are the texts "nan", "inf" and "-inf". What is read is checked
against the types of the event's fields: a message that does not fit is refused, by name.
"""

import base64
import binascii
import dataclasses
import json
import math
import types
import typing
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from runmanager.queue import events
from runmanager.queue.events import Command, Event

MAX_EVENT_BYTES = 2 * 2**20
"""A longer event is neither sent nor read."""
MAX_COMMAND_BYTES = 1024

_EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(events.Event)}
_NOT_IN_JSON = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class CodecError(ValueError):
    """A message that cannot be sent or is none of ours."""


def encode(event: Event) -> bytes:
    """The event as bytes; CodecError when it is longer than MAX_EVENT_BYTES or holds what no event holds."""
    name = type(event).__name__
    if _EVENTS.get(name) is not type(event):
        raise CodecError(f"{name} is not an event; there are: {', '.join(_EVENTS)}")
    message = json.dumps({"event": name, **_plain(event)}, allow_nan=False, separators=(",", ":")).encode()
    if len(message) > MAX_EVENT_BYTES:
        raise CodecError(f"event {name} of {len(message)} bytes: at most {MAX_EVENT_BYTES} are sent; thin it out first")
    return message


def decode(message: bytes) -> Event:
    """The event that :func:`encode` made into ``message``; CodecError for anything else."""
    if len(message) > MAX_EVENT_BYTES:
        raise CodecError(f"a message of {len(message)} bytes is refused: at most {MAX_EVENT_BYTES} are read")
    try:
        fields = json.loads(message, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"a message that is no JSON object is refused: {error}") from error
    name = fields.pop("event", None) if isinstance(fields, dict) else None
    kind = _EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CodecError(f"unknown event {name!r}; there are: {', '.join(_EVENTS)}")
    event: Event = _record(kind, fields, kind.__name__)
    return event


def encode_command(command: Command) -> bytes:
    """The command as bytes."""
    return json.dumps({"command": Command(command).value}).encode()


def decode_command(message: bytes) -> Command:
    """The command that :func:`encode_command` made into ``message``; CodecError for anything else."""
    if len(message) > MAX_COMMAND_BYTES:
        raise CodecError(f"a command of {len(message)} bytes is refused: at most {MAX_COMMAND_BYTES} are read")
    try:
        fields = json.loads(message)
        return Command(fields["command"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CodecError(f"unknown command; there are: {', '.join(Command)}") from error


# --- to JSON ------------------------------------------------------------------------------------------


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        numbers = np.ascontiguousarray(value, dtype="<f8")
        return {"shape": list(value.shape), "base64": base64.b64encode(numbers.tobytes()).decode("ascii")}
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | bool | int):
        return value
    raise CodecError(f"{type(value).__name__} cannot be sent in an event")


# --- from JSON ----------------------------------------------------------------------------------------


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _record(kind: type, found: object, where: str) -> Any:  # noqa: ANN401 - an instance of ``kind``
    if not isinstance(found, dict):
        raise CodecError(f"{where}: an object of fields is expected")
    hints = _hints(kind)
    unknown = sorted(set(found) - set(hints))
    if unknown:
        raise CodecError(f"{where}: unknown field {unknown[0]!r}")
    try:
        return kind(**{name: _value(hints[name], item, f"{where}.{name}") for name, item in found.items()})
    except TypeError as error:  # a field without default is missing
        raise CodecError(f"{where}: {error}") from error


def _value(kind: Any, found: object, where: str) -> Any:  # noqa: ANN401 - of type ``kind``
    """``found`` as a ``kind``: a dataclass, an array, a union, a tuple, a dict, a choice or a plain value."""
    if dataclasses.is_dataclass(kind):
        return _record(typing.cast(type, kind), found, where)
    origin = get_origin(kind)
    if origin is np.ndarray:
        return _array(found, where)
    if origin in (Union, types.UnionType):
        return _optional(kind, found, where)
    if origin is Literal:
        if found not in get_args(kind):
            raise CodecError(f"{where}: {found!r} is none of {get_args(kind)}")
        return found
    if origin is tuple:
        return _tuple(get_args(kind), found, where)
    if origin is dict:
        if not isinstance(found, dict):
            raise CodecError(f"{where}: an object is expected")
        return {key: _value(get_args(kind)[1], item, f"{where}[{key!r}]") for key, item in found.items()}
    return _scalar(kind, found, where)


def _optional(kind: Any, found: object, where: str) -> Any:  # noqa: ANN401
    if found is None:
        return None
    (inner,) = (each for each in get_args(kind) if each is not type(None))
    return _value(inner, found, where)


def _tuple(items: tuple[Any, ...], found: object, where: str) -> tuple[Any, ...]:
    if not isinstance(found, list):
        raise CodecError(f"{where}: a list is expected")
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_value(items[0], item, f"{where}[{n}]") for n, item in enumerate(found))
    if len(items) != len(found):
        raise CodecError(f"{where}: {len(items)} items are expected, not {len(found)}")
    return tuple(_value(kind, item, f"{where}[{n}]") for n, (kind, item) in enumerate(zip(items, found, strict=True)))


def _array(found: object, where: str) -> Any:  # noqa: ANN401 - an array of float64
    if not isinstance(found, dict) or set(found) != {"shape", "base64"} or not isinstance(found["base64"], str):
        raise CodecError(f"{where}: an array is expected")
    shape = _tuple((int, ...), found["shape"], f"{where}.shape")
    try:
        content = base64.b64decode(found["base64"], validate=True)
    except binascii.Error as error:
        raise CodecError(f"{where}: {error}") from error
    if len(shape) > 2 or any(length < 0 for length in shape) or len(content) != 8 * math.prod(shape):
        raise CodecError(f"{where}: {len(content)} bytes are no array of shape {shape}")
    return np.frombuffer(content, dtype="<f8").astype(np.float64).reshape(shape)


def _scalar(kind: Any, found: object, where: str) -> Any:  # noqa: ANN401
    if kind is float:
        if isinstance(found, str) and found in _NOT_IN_JSON:
            return _NOT_IN_JSON[found]
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
    elif isinstance(found, kind) and not (kind is int and isinstance(found, bool)):
        return found
    raise CodecError(f"{where}: {str(found)[:40]!r} is no {kind.__name__}")
