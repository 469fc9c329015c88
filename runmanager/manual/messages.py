"""What goes through the pipe between a panel and the process that holds the bench: one JSON object a line.

Checked on both sides: an unknown message, an unknown key or a number that is not finite is refused.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

LONGEST_LINE = 1_000_000
_M = TypeVar("_M")
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Value = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | Number | str


class MessageError(Exception):
    """A line that is no message of this pipe."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# From the panel


class Act(_Message):
    """Press the button ``verb`` of a row ("role.row") with these values, in the units shown."""

    what: Literal["act"] = "act"
    number: int
    row: str
    verb: str
    values: dict[str, Value] = {}


class MakeSafe(_Message):
    """Reach the safe state now: also out of a wait."""

    what: Literal["make-safe"] = "make-safe"


class Leave(_Message):
    """Reach the safe state and end. A closed pipe says the same."""

    what: Literal["leave"] = "leave"


# To the panel


class FieldShown(_Message):
    """A field to fill in. ``low``, ``high``: None where only the driver knows."""

    argument: str
    label: str
    unit: str
    low: Number | None
    high: Number | None
    start: Value
    choices: tuple[str, ...] = ()
    whole: bool = False


class RowShown(_Message):
    """A row of the panel; ``row`` is "role.row"."""

    row: str
    label: str
    has_reading: bool
    fields: tuple[FieldShown, ...]
    verbs: tuple[str, ...]
    help: str


class RoleShown(_Message):
    """A role with its rows."""

    role: str
    instrument: str
    identity: str
    rows: tuple[RowShown, ...]


class BenchShown(_Message):
    """The bench is connected and in the safe state: this can be done with it."""

    what: Literal["bench"] = "bench"
    twin: bool
    roles: tuple[RoleShown, ...]


class ReadingShown(_Message):
    """One value as read; ``good``: False when ``text`` says why it could not be read."""

    row: str
    text: str
    good: bool = True


class Readings(_Message):
    """Values read since the last time, and the count rates of the detectors (counts per second)."""

    what: Literal["readings"] = "readings"
    time_s: Number
    values: tuple[ReadingShown, ...]
    rates_cps: dict[str, Number] = {}


class InterlockShown(_Message):
    """One interlock: state is ok, not ready or violated."""

    role: str
    about: str
    state: str
    detail: str


class Interlocks(_Message):
    """All interlocks as read."""

    what: Literal["interlocks"] = "interlocks"
    readings: tuple[InterlockShown, ...]


class Begun(_Message):
    """An act has begun; until Done or Refused nothing else is done."""

    what: Literal["begun"] = "begun"
    number: int
    text: str


class Done(_Message):
    """An act is done; ``text`` is what was read back."""

    what: Literal["done"] = "done"
    number: int
    text: str


class Refused(_Message):
    """An act was refused or failed; ``text`` is what the driver, the interlock or the limit says."""

    what: Literal["refused"] = "refused"
    number: int
    text: str


class SafeReached(_Message):
    """The safe state was asked for or enforced (``why``); ``by_hand``: what a person must do, "" if confirmed."""

    what: Literal["safe"] = "safe"
    why: str
    by_hand: str


class Ended(_Message):
    """The last message. ``failed``: it never came to manual control; ``by_hand``: what a person must do now."""

    what: Literal["ended"] = "ended"
    why: str
    by_hand: str = ""
    failed: bool = False


ToService = Act | MakeSafe | Leave
FromService = BenchShown | Readings | Interlocks | Begun | Done | Refused | SafeReached | Ended
_TO_SERVICE: TypeAdapter[ToService] = TypeAdapter(Annotated[ToService, Field(discriminator="what")])
_FROM_SERVICE: TypeAdapter[FromService] = TypeAdapter(Annotated[FromService, Field(discriminator="what")])


def encode(message: ToService | FromService) -> bytes:
    """One line of JSON, with its end."""
    return message.model_dump_json().encode() + b"\n"


def decode_to_service(line: bytes) -> ToService:
    """What the panel says. MessageError for anything else."""
    return _decode(_TO_SERVICE, line)


def decode_from_service(line: bytes) -> FromService:
    """What the process says. MessageError for anything else."""
    return _decode(_FROM_SERVICE, line)


def _decode(adapter: TypeAdapter[_M], line: bytes) -> _M:
    if len(line) > LONGEST_LINE:
        raise MessageError(f"a message of {len(line)} bytes is longer than {LONGEST_LINE}; it is not read")
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise MessageError(f"no message of manual control ({where}: {problem['msg']}): {line[:80]!r}") from error
