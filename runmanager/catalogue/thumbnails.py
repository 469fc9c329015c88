"""Small pictures of runs: the run's own figure scaled down, or its first plot drawn small."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.views import Curve, View
from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX, HEIGHT_PX = 320, 200
_LARGEST_PNG_BYTES = 20_000_000
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#6b6b6b"
_CYCLE = (_BLUE, "#CC79A7", "#009E73", "#E69F00", "#56B4E9", _GREY)


def make_thumbnail(path: Path) -> bytes:
    """PNG of at most 320 × 200 pixels or so; empty when there is nothing to draw. Raises nothing for a damaged file."""
    from runmanager.catalogue.contents import read_views

    own = path.with_suffix(".png")
    try:
        if own.is_file() and 0 < own.stat().st_size < _LARGEST_PNG_BYTES:
            return scaled(own)
    except (OSError, ValueError, SyntaxError):  # a damaged picture: draw one
        pass
    try:
        found = read_views(path, with_fit=False)
    except BadInputError:
        return b""
    return drawn(found[0]) if found else b""


def scaled(picture: Path) -> bytes:
    """A PNG file scaled down by whole numbers, each pixel the mean of a square. ValueError when it is no picture."""
    from matplotlib import image

    pixels = np.asarray(image.imread(picture, format="png"), dtype=np.float64)
    if pixels.ndim != 3 or min(pixels.shape[:2]) < 2:
        raise ValueError(f"{picture} is not a colour picture")
    step = max(1, round(max(pixels.shape[1] / WIDTH_PX, pixels.shape[0] / HEIGHT_PX)))
    return _png(block_means(pixels, step))


def block_means(pixels: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    """Means over squares of ``step`` pixels; (rows, columns, colours) → (rows // step, columns // step, colours)."""
    rows, columns = (size // step for size in pixels.shape[:2])
    cut = pixels[: rows * step, : columns * step]
    means: npt.NDArray[np.float64] = cut.reshape(rows, step, columns, step, -1).mean(axis=(1, 3))
    return means


def drawn(view: View) -> bytes:
    """A view as a small PNG: curves with their axis labels, no more."""
    from analysis.figures import new_figure, style
    from analysis.views import thumbnail

    small = thumbnail(view)
    with style():
        figure = new_figure(WIDTH_PX / 100, HEIGHT_PX / 100)
        axes = figure.add_subplot()
        _draw(axes, small)
        axes.set_xlabel(small.x_label, fontsize=7)
        axes.set_ylabel(small.y_label, fontsize=7)
        axes.tick_params(labelsize=6)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _draw(axes: "Axes", view: View) -> None:
    if view.image is not None:
        axes.pcolormesh(view.image.x, view.image.y, view.image.values.T, cmap="viridis", shading="nearest")
    for number, curve in enumerate(view.curves):
        _draw_curve(axes, curve, _CYCLE[number % len(_CYCLE)])
    if view.log_y and any(np.any(curve.y > 0) for curve in view.curves):
        axes.set_yscale("log")
    if view.log_x and any(np.any(curve.x > 0) for curve in view.curves):
        axes.set_xscale("log")


def _draw_curve(axes: "Axes", curve: Curve, colour: str) -> None:
    if curve.kind == "fit":
        axes.plot(curve.x, curve.y, color=_ORANGE, linewidth=1.0)
    elif curve.kind == "points":
        axes.plot(curve.x, curve.y, ".", color=colour, markersize=2.5)
    else:
        step = "steps-post" if curve.kind == "steps" else "default"
        axes.plot(curve.x, curve.y, color=colour, linewidth=0.8, drawstyle=step)


def _png(pixels: npt.NDArray[np.float64]) -> bytes:
    from matplotlib import image

    buffer = io.BytesIO()
    image.imsave(buffer, np.clip(pixels, 0.0, 1.0), format="png")
    return buffer.getvalue()
