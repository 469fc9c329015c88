"""Reading numbers from the wire. Everything a client can send gives a number or a RefusedError."""

import math
import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)


class RefusedError(ValueError):
    """The device refuses; ``kind`` names its error (a key of the protocol's error table)."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def number(text: str, units: dict[str, float] | None = None) -> float:
    """A finite number, with one of ``units`` (upper case → factor) behind it; RefusedError("bad_value") otherwise."""
    stripped = text.strip().upper()
    match = _NUMBER.match(stripped)
    if match is None:
        raise RefusedError("bad_value")
    unit = stripped[match.end() :].strip()
    factor = 1.0 if not unit else (units or {}).get(unit)
    value = float(match.group())
    if factor is None or not math.isfinite(value * factor):
        raise RefusedError("bad_value")
    return value * factor


def whole(text: str, low: int | None = None, high: int | None = None) -> int:
    """A whole number; RefusedError("bad_value"), or RefusedError("out_of_range") outside ``low``-``high``."""
    stripped = text.strip()
    if _WHOLE.fullmatch(stripped) is None:
        raise RefusedError("bad_value")
    value = int(stripped)
    if (low is not None and value < low) or (high is not None and value > high):
        raise RefusedError("out_of_range")
    return value


def flag(text: str) -> bool:
    """0/1 or OFF/ON; RefusedError("bad_value") otherwise."""
    try:
        return {"0": False, "OFF": False, "1": True, "ON": True}[text.strip().upper()]
    except KeyError:
        raise RefusedError("bad_value") from None
