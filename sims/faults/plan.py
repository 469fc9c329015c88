"""The fault file: what shall go wrong, where and when. Same file, same seed, same bytes: same faults."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

WireFault = Literal["latency", "late", "drop", "truncate", "garble", "disconnect"]
BenchFault = Literal["stuck_busy", "quench", "interlock", "warming", "mode_lock_lost", "overload"]
WIRE_FAULTS: tuple[WireFault, ...] = ("latency", "late", "drop", "truncate", "garble", "disconnect")
BENCH_FAULTS: tuple[BenchFault, ...] = ("stuck_busy", "quench", "interlock", "warming", "mode_lock_lost", "overload")

DEFAULT_LATENCY_S = 0.3
"""Slower than usual, but within every driver's patience."""
DEFAULT_LATENESS_S = 60.0
"""Longer than any driver waits: the reply arrives when somebody asks something else."""


class FaultError(ValueError):
    """A fault file that cannot be used; one line: file, field, value, limit."""


class _Sheet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Fault(_Sheet):
    """One fault at one moment: ``at_s`` of the bench's clock, or ``at_message`` of the instrument's wire (from 1).

    Wire faults strike ``messages`` requests in a row (a disconnection lasts); ``seconds`` is the extra time of
    "latency" and "late". Bench faults last until the bench is made anew.
    """

    fault: WireFault | BenchFault
    instrument: str
    at_s: float | None = Field(default=None, ge=0.0)
    at_message: int | None = Field(default=None, ge=1)
    messages: int = Field(default=1, ge=1)
    seconds: float | None = Field(default=None, gt=0.0, le=1e6)

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if (self.at_s is None) == (self.at_message is None):
            raise ValueError("give either at_s (bench seconds) or at_message (number of the request), not both")
        return self


class Chance(_Sheet):
    """Random wire faults: each request on each of the ``instruments`` (empty: all) is struck with ``probability``."""

    probability: Annotated[float, Field(ge=0.0, le=1.0)]
    faults: tuple[WireFault, ...] = ("latency", "late", "drop", "truncate", "garble")
    instruments: tuple[str, ...] = ()


class FaultPlan(_Sheet):
    """Everything that shall go wrong. ``seed`` decides the random faults and the bytes of garbled replies."""

    seed: int = Field(default=1, ge=0)
    faults: tuple[Fault, ...] = ()
    chance: Chance | None = None


def load_plan(path: str | Path) -> FaultPlan:
    """Read a fault file. Raises FaultError, one clear line."""
    try:
        content = YAML(typ="safe", pure=True).load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FaultError(f"fault file {path}: cannot be read ({error})") from error
    except (YAMLError, RecursionError) as error:
        raise FaultError(f"fault file {path}: not valid YAML ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(content, Mapping):
        raise FaultError(f"fault file {path}: holds no fields (expected 'seed:', 'faults:', 'chance:')")
    return parse_plan(content, f"fault file {path}")


def parse_plan(fields: Mapping[str, Any], origin: str = "fault plan") -> FaultPlan:
    """Plan from fields already read. Raises FaultError that names field, value and limit."""
    try:
        return FaultPlan.model_validate(dict(fields))
    except ValidationError as error:
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        place = ".".join(str(part) for part in first["loc"])
        shown = "" if isinstance(first["input"], Mapping) else f" = {first['input']!r}"
        message = first["msg"].removeprefix("Value error, ")
        raise FaultError(f"{origin}: {place}{shown}: {message}") from error
