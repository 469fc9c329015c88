"""What a plot shows, as data: the same for the live window, the catalogue and a comparison of runs. No drawing here."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Points (n,), errors (n,) or None, and how to draw them; ``kind`` "fit" is a model through the data."""

    label: str
    x: Floats
    y: Floats
    y_error: Floats | None = None
    kind: Literal["points", "line", "steps", "fit"] = "line"


@dataclass(frozen=True)
class Image:
    """A two-dimensional sweep: ``values`` (x.size, y.size) over the centres ``x`` and ``y``."""

    x: Floats
    y: Floats
    values: Floats
    label: str


@dataclass(frozen=True)
class View:
    """One plot. ``name`` is stable ("spectra", "decay", "coincidences", "sweep", ...); labels carry the units."""

    name: str
    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...] = ()
    image: Image | None = None
    log_y: bool = False
