"""A number with its unit, its uncertainty and its source; and the error for a number nobody has established."""

import math
from dataclasses import dataclass


class NotEstablishedError(ValueError):
    """A property that has no established value; the message names host and property."""


@dataclass(frozen=True)
class Quantity:
    """One table entry.

    ``value`` is in ``unit``; None means that no value is established. ``uncertainty`` is one standard deviation
    where the source gives one, else the spread of published values, in the same unit. ``source`` says where the
    number comes from; "textbook value" means a value found alike in several handbooks.
    Raises ValueError for a value or uncertainty that is not finite, a negative uncertainty or an empty source.
    """

    value: float | None
    unit: str
    uncertainty: float
    source: str

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"value {self.value} {self.unit}: must be finite; use None where none is established")
        if not math.isfinite(self.uncertainty) or self.uncertainty < 0:
            raise ValueError(f"uncertainty {self.uncertainty} {self.unit}: must be finite and not negative")
        if not self.source:
            raise ValueError(f"value {self.value} {self.unit}: has no source; name one")

    def required(self, host: str, name: str) -> float:
        """The value; NotEstablishedError, naming ``host`` and ``name``, where there is none."""
        if self.value is None:
            raise NotEstablishedError(f"{host}: {name} is not established ({self.source}); give a value of your own")
        return self.value


def not_established(unit: str, why: str = "no value established") -> Quantity:
    """Entry for a property without an established value."""
    return Quantity(None, unit, 0.0, why)
