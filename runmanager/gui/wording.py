"""Numbers and units as physicists write them: 1 000 000, µm, µs. Pure functions."""

import math
import re

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
SHOWN_UNITS = {"um": "µm", "us": "µs", "uW": "µW", "uV": "µV", "uA": "µA", "ueV": "µeV", "ohm": "Ω"}
FROM, BELOW = 1e4, 1e9


def grouped(value: float, places: int = 0) -> str:
    """``12 345.6``: so many decimal places, digits in threes from five before the point on."""
    if not math.isfinite(value):
        return f"{value:g}"
    text = f"{value:.{places}f}" if abs(value) < FROM else f"{value:,.{places}f}".replace(",", THIN_SPACE)
    return text.removeprefix("-") if not float(f"{value:.{places}f}") else text


def number(value: float) -> str:
    """A limit as one reads it: ``1 000 000``, ``0.35``, ``1e-09``; up to 12 digits."""
    if value == round(value) and FROM <= abs(value) < BELOW:
        return grouped(value)
    return f"{value:.12g}"


def shown_unit(unit: str) -> str:
    """``µm`` for ``um``, also within ``counts/us``; units that need no other letters stay."""
    return re.sub(r"[A-Za-z]+", lambda found: SHOWN_UNITS.get(found[0], found[0]), unit)
