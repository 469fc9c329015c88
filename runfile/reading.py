"""What an analysis reads of a run, wherever it is: in a file (:class:`runfile.reader.RunFile`) or still in memory.

An analysis, a view or a comparison asks for a :class:`RecordedRun` and never learns which of the two it was given.
"""

from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from runfile.records import TagRecord
from runfile.results import Analysis

Array = npt.NDArray[Any]


class RecordedTable(Protocol):
    """A point table: complete rows only. All columns have ``n_points`` rows."""

    @property
    def n_points(self) -> int:
        """Number of complete rows."""
        ...

    @property
    def title(self) -> str:
        """Title of the plot."""
        ...

    @property
    def signal(self) -> str:
        """Name of the column that is plotted."""
        ...

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the signal's axes; the first runs over the points."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        ...

    @property
    def fixed_axes(self) -> tuple[str, ...]:
        """Names of the fixed axes."""
        ...

    def column(self, name: str) -> Array:
        """Column ``name``, shape (n_points, …), or the fixed axis of that name; RunFileError when there is none."""
        ...

    def unit(self, name: str) -> str:
        """Unit of a column or fixed axis, "" for none; RunFileError when there is none of that name."""
        ...

    def long_name(self, name: str) -> str:
        """Axis label of a column or fixed axis, unit included; RunFileError when there is none of that name."""
        ...


class RecordedRun(Protocol):
    """A run as far as it was recorded. Nothing of it changes while it is read."""

    @property
    def path(self) -> Path:
        """The run file (of a run in memory: the file that is being written)."""
        ...

    @property
    def procedure(self) -> str:
        """Name of the procedure, e.g. "spin-pumping"."""
        ...

    @property
    def title(self) -> str:
        """One line for people."""
        ...

    @property
    def exit_status(self) -> str:
        """One of "running", "completed", "aborted", "failed"."""
        ...

    @property
    def duration_s(self) -> float:
        """Duration on the bench's clock; NaN before the run has ended properly."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters: name -> value, in the unit given by :attr:`parameter_units`."""
        ...

    @property
    def parameter_units(self) -> dict[str, str]:
        """Units of the parameters: name -> unit, "" for none."""
        ...

    @property
    def conditions(self) -> dict[str, float]:
        """Conditions set before the run, e.g. ``temperature_k``, ``field_t``."""
        ...

    @property
    def sample(self) -> dict[str, Any]:
        """The sample as a dict of plain values."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """Structured facts the procedure noted: name -> value."""
        ...

    def tables(self) -> tuple[str, ...]:
        """Names of the point tables."""
        ...

    def has_table(self, group: str) -> bool:
        """True when there is a table of this name (it may have no rows)."""
        ...

    def table(self, group: str = "data") -> RecordedTable:
        """The point table ``group``; RunFileError when there is none."""
        ...

    def has_tags(self) -> bool:
        """True when time tags were recorded."""
        ...

    def tags(self) -> TagRecord:
        """All time tags; RunFileError when there are none."""
        ...

    def analysis(self) -> Analysis | None:
        """The analysis stored with the run, or None."""
        ...
