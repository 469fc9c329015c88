"""Views with fewer points that look the same: what a small picture or a narrow pipe needs."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.views import Curve, Floats, Image, View

_IMAGE_PIXELS = 64


def decimated(view: View, most_points: int, most_pixels: int = _IMAGE_PIXELS) -> View:
    """The view with at most ``most_points`` points a curve and ``most_pixels`` along each side of its image.

    Curves keep the lowest and the highest point of each stretch, so that no peak and no gap is lost; images are
    averaged. Raises ValueError for fewer than 2 points or 1 pixel.
    """
    if most_points < 2 or most_pixels < 1:
        raise ValueError(f"needs 2 points and 1 pixel at least, got {most_points} and {most_pixels}")
    image = None if view.image is None else _smaller_image(view.image, most_pixels)
    return replace(view, curves=tuple(_thinned(curve, most_points) for curve in view.curves), image=image)


def _thinned(curve: Curve, most_points: int) -> Curve:
    if curve.x.size <= most_points:
        return curve
    kept = extremes(curve.y, most_points)
    return replace(
        curve,
        x=curve.x[kept],
        y=curve.y[kept],
        y_error=None if curve.y_error is None else curve.y_error[kept],
        y_error_low=None if curve.y_error_low is None else curve.y_error_low[kept],
    )


def extremes(y: Floats, most_points: int) -> npt.NDArray[np.intp]:
    """Indices, ascending, of the lowest and highest value in each of ``most_points // 2`` equal stretches of y (n,).

    Values that are not numbers are passed over; a stretch of nothing else gives its first one.
    """
    n_parts = most_points // 2
    edges = np.linspace(0, y.size, n_parts + 1).round().astype(np.intp)
    low, high = np.where(np.isfinite(y), y, np.inf), np.where(np.isfinite(y), y, -np.inf)
    kept = set()
    for start, stop in pairwise(edges):
        if stop > start:
            kept |= {int(start + np.argmin(low[start:stop])), int(start + np.argmax(high[start:stop]))}
    return np.array(sorted(kept), dtype=np.intp)


def _smaller_image(image: Image, most_pixels: int) -> Image:
    """Neighbouring pixels averaged, along each side as many as needed."""
    x_edges, y_edges = (_groups(axis.size, most_pixels) for axis in (image.x, image.y))
    values = _averaged(_averaged(image.values, x_edges, 0), y_edges, 1)
    return replace(image, x=_averaged(image.x, x_edges, 0), y=_averaged(image.y, y_edges, 0), values=values)


def _groups(n: int, most: int) -> npt.NDArray[np.intp]:
    """Where the groups of neighbours begin, and the end: (n_groups + 1,)."""
    return np.linspace(0, n, min(n, most) + 1).round().astype(np.intp)


def _averaged(values: Floats, edges: npt.NDArray[np.intp], axis: int) -> Floats:
    if not values.shape[axis]:
        return values
    shape = [1] * values.ndim
    shape[axis] = -1
    sizes = np.diff(edges).reshape(shape)
    return np.asarray(np.add.reduceat(values, edges[:-1], axis=axis) / sizes, dtype=np.float64)
