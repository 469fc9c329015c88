"""Small frozen records that go into and come out of a run file."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Parameter:
    """One parameter of a run: its value and unit ("" for none)."""

    value: float | int | str | bool | None
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a point table.

    ``shape`` is the shape of one row's entry, ``axes`` the names of the :class:`FixedAxis` its dimensions run
    over (same length as ``shape``). ``long_name`` is what a viewer writes at the axis: put the unit in it.
    """

    name: str
    unit: str
    long_name: str
    shape: tuple[int, ...] = ()
    dtype: str = "f8"
    axes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FixedAxis:
    """An axis that is the same for every row: wavelength, time after the pulse, delay. ``values``: one-dimensional."""

    name: str
    unit: str
    long_name: str
    values: npt.ArrayLike


@dataclass(frozen=True)
class TagRecord:
    """Time tags of a run: ``timestamps_ps`` (int64) and ``channel`` (uint8), same length, in recorded order.

    ``duration_s`` is the live time (NaN when the run ended before it was written). ``channels`` maps what is
    connected ("detector_1", "detector_2", "divided_trigger") to the channel number.
    """

    timestamps_ps: npt.NDArray[np.int64]
    channel: npt.NDArray[np.uint8]
    duration_s: float
    channels: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> npt.NDArray[np.int64]:
        """Timestamps, ps, of the channel called ``name``; KeyError when the run had none of that name."""
        selected: npt.NDArray[np.int64] = self.timestamps_ps[self.channel == self.channels[name]]
        return selected
