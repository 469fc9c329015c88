"""What of a curve is drawn: the part in view, thinned to its extremes, with error bars, on a linear or log axis.

Pure functions on arrays, no drawing. A million points become a few thousand that look the same: of every pixel column
the lowest and the highest point are kept, so that no spike is ever lost.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BELOW = 0.1
"""Of the smallest positive value: how far down an error bar that reaches zero is drawn on a logarithmic axis."""
_SCALES = {
    **{
        f"{prefix}s": ("s", factor) for prefix, factor in {"": 1.0, "m": 1e-3, "µ": 1e-6, "n": 1e-9, "p": 1e-12}.items()
    },
    **{f"{prefix}Hz": ("Hz", factor) for prefix, factor in {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}.items()},
    **{f"{prefix}W": ("W", factor) for prefix, factor in {"": 1.0, "m": 1e-3, "µ": 1e-6, "n": 1e-9}.items()},
    **{f"{prefix}V": ("V", factor) for prefix, factor in {"": 1.0, "m": 1e-3, "µ": 1e-6}.items()},
    **{f"{prefix}T": ("T", factor) for prefix, factor in {"": 1.0, "m": 1e-3}.items()},
}


@dataclass(frozen=True)
class AxisLabel:
    """A label taken apart: ``text``, the ``unit`` prefixes may be put to ("" if none may), value of one in that unit.

    ``text`` still carries a unit that must stay as it is (nm, meV, deg, counts).
    """

    text: str
    unit: str = ""
    scale: float = 1.0


def axis_label(label: str) -> AxisLabel:
    """Take ``"Delay (ns)"`` apart into text, base unit and factor; other labels stay whole.

    Only seconds, hertz, watts, volts and teslas change their prefix with the range shown: wavelengths and photon
    energies are read in the one unit the field uses.
    """
    found = re.fullmatch(r"(.*\S)\s*\(([^()]+)\)", label.strip())
    if found is None or found[2].strip() not in _SCALES:
        return AxisLabel(label)
    unit, scale = _SCALES[found[2].strip()]
    return AxisLabel(found[1], unit, scale)


def is_ascending(x: Floats) -> bool:
    """True when no value is smaller than the one before it, and none is NaN."""
    return bool(x.size == 0 or (np.all(x[1:] >= x[:-1]) and not np.isnan(x[0])))


def drawn_points(x: Floats, y: Floats, low: float, high: float, n_columns: int) -> Integers:
    """Indices (ascending) of the points to draw when ``low`` to ``high`` is in view on ``n_columns`` pixel columns.

    ``x``, ``y`` of shape (n,), ``x`` ascending, else nothing is cut off. One more point is kept on either side, so
    that lines leave the view. At most 2 points a column remain: the lowest and the highest. NaN are not drawn.
    """
    first, last = 0, x.size
    if is_ascending(x):
        first = max(int(np.searchsorted(x, low, side="left")) - 1, 0)
        last = min(int(np.searchsorted(x, high, side="right")) + 1, x.size)
    n_points = last - first
    if n_points <= 2 * n_columns:
        return np.arange(first, last, dtype=np.int64)
    in_column = -(-n_points // n_columns)
    edge = first + n_points // in_column * in_column
    whole = _extremes(y[first:edge].reshape(-1, in_column), first)
    rest = _extremes(y[edge:last].reshape(1, -1), edge) if edge < last else np.empty(0, dtype=np.int64)
    ends = np.array([first, last - 1], dtype=np.int64)
    return np.unique(np.concatenate([ends, whole, rest])).astype(np.int64)


def _extremes(columns: Floats, first: int) -> Integers:
    """Indices of the lowest and the highest value of each row of ``columns``, whose first value is number ``first``."""
    n_columns, in_column = columns.shape
    offsets = first + in_column * np.arange(n_columns, dtype=np.int64)
    missing = np.isnan(columns)
    lowest = offsets + np.argmin(np.where(missing, np.inf, columns), axis=1)
    highest = offsets + np.argmax(np.where(missing, -np.inf, columns), axis=1)
    return np.concatenate([lowest, highest])


def on_axis(y: Floats, *, log: bool) -> Floats:
    """Heights as drawn: ``y``, or its decadic logarithm, NaN where there is none."""
    if not log:
        return y
    return np.log10(np.where(y > 0.0, y, np.nan))


def bars_on_axis(y: Floats, error_up: Floats, error_down: Floats, *, log: bool) -> tuple[Floats, Floats]:
    """Lengths of the error bars upward and downward, as drawn; 0 where there is no bar.

    On a logarithmic axis a bar that reaches zero ends a decade below the smallest positive value.
    """
    usable_up, usable_down = (
        np.where(np.isfinite(error) & (error > 0.0), error, 0.0) for error in (error_up, error_down)
    )
    if not log:
        return usable_up, usable_down
    positive = y > 0.0
    if not positive.any():
        return np.zeros_like(y), np.zeros_like(y)
    floor = BELOW * float(np.min(y[positive]))
    middle = np.where(positive, y, 1.0)
    up = np.log10((middle + usable_up) / middle)
    down = np.log10(middle / np.maximum(middle - usable_down, np.minimum(floor, middle)))
    return np.where(positive, up, 0.0), np.where(positive, down, 0.0)


def bin_edges(left: Floats) -> Floats:
    """Edges (n + 1,) of equal bins from their left edges (n,)."""
    if left.size < 2:
        return np.append(left, left + 1.0)
    return np.append(left, 2.0 * left[-1] - left[-2])


def step_edges(x: Floats) -> Floats:
    """Edges (n + 1,) half-way between the centres ``x`` (n,), the outermost as wide as their neighbours."""
    if x.size == 0:
        return np.zeros(1)
    if x.size == 1:
        return np.array([x[0] - 0.5, x[0] + 0.5])
    middle = 0.5 * (x[1:] + x[:-1])
    return np.concatenate([[1.5 * x[0] - 0.5 * x[1]], middle, [1.5 * x[-1] - 0.5 * x[-2]]])


def even_rows(centres: Floats, most: int = 2048) -> tuple[Integers, float, float]:
    """Draw unevenly spaced ``centres`` (n,) as evenly spaced pixels: index of the centre in each, left edge, width.

    Descending or unordered centres are put in order. Evenly spaced ones keep one pixel each.
    """
    order = np.argsort(centres, kind="stable").astype(np.int64)
    ordered = centres[order]
    edges = step_edges(ordered)
    width = float(edges[-1] - edges[0])
    if ordered.size < 2 or width <= 0.0:
        return order, float(edges[0]), max(width, 1e-300)
    gaps = np.diff(ordered)
    even = np.allclose(gaps, gaps.mean(), rtol=1e-3, atol=0.0)
    smallest = float(gaps[gaps > 0.0].min()) if (gaps > 0.0).any() else width
    n_pixels = ordered.size if even else int(min(max(np.ceil(width / smallest), ordered.size), most))
    middles = edges[0] + (np.arange(n_pixels) + 0.5) * width / n_pixels
    cell = np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, ordered.size - 1)
    return order[cell], float(edges[0]), width
