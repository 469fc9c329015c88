"""A two-dimensional sweep on a plot: the picture and its colour bar, made once and given new values."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg  # noqa: TID253 - the window's modules are imported late
from PySide6.QtCore import QRectF  # noqa: TID253

from analysis.views import Image
from runmanager.gui.plot_colours import COLOUR_MAP
from runmanager.gui.plot_data import Floats, even_rows


class ImageOnPlot:
    """The image of ``plot`` (a PlotItem). Colours follow the values until somebody moves the bar's handles."""

    def __init__(self, plot: Any, image: Image, foreground: str) -> None:  # noqa: ANN401 - pyqtgraph has no types
        self._plot = plot
        self._item = pg.ImageItem()
        self._item.setZValue(-1)
        plot.addItem(self._item)
        self._bar = pg.ColorBarItem(
            values=(0.0, 1.0),
            colorMap=pg.colormap.get(COLOUR_MAP),
            label=image.label,
            colorMapMenu=False,
            rounding=1e-9,
        )
        self._bar.setImageItem(self._item, insert_in=plot)
        self._bar.sigLevelsChangeFinished.connect(self._keep_levels)
        self._levels_kept = False
        self.paint(foreground)
        self.set_image(image)

    @property
    def image(self) -> Image:
        """The image as given."""
        return self._image

    @property
    def levels(self) -> tuple[float, float]:
        """Values at the two ends of the colour bar."""
        low, high = self._bar.levels()
        return float(low), float(high)

    def set_image(self, image: Image) -> None:
        """Show new values; unevenly spaced axes are drawn to scale."""
        self._image = image
        if image.x.size == 0 or image.y.size == 0:
            self._item.clear()
            return
        columns, left, width = even_rows(image.x)
        rows, bottom, height = even_rows(image.y)
        levels = self.levels if self._levels_kept else colour_levels(image.values)
        self._item.setImage(image.values[np.ix_(columns, rows)], autoLevels=False, levels=levels)
        self._item.setRect(QRectF(left, bottom, width, height))
        if not self._levels_kept:
            self._bar.setLevels(levels)

    def value_at(self, x: float, y: float) -> float:
        """The value under the crosshair, NaN outside."""
        image = self._image
        columns, left, width = even_rows(image.x)
        rows, bottom, height = even_rows(image.y)
        column = math.floor((x - left) / width * columns.size)
        row = math.floor((y - bottom) / height * rows.size)
        if not (0 <= column < columns.size and 0 <= row < rows.size):
            return math.nan
        return float(image.values[columns[column], rows[row]])

    def paint(self, foreground: str) -> None:
        """Colour of the bar's axis and handles."""
        for side in ("left", "right", "top", "bottom"):
            self._bar.getAxis(side).setPen(foreground)
            self._bar.getAxis(side).setTextPen(foreground)

    def remove(self) -> None:
        """Take image and colour bar off the plot."""
        self._plot.layout.removeItem(self._bar)
        if self._bar.scene() is not None:
            self._bar.scene().removeItem(self._bar)
        self._plot.removeItem(self._item)

    def _keep_levels(self) -> None:
        self._levels_kept = True


def colour_levels(values: Floats) -> tuple[float, float]:
    """Lowest and highest finite value, a little apart if they are equal; (0, 1) without any."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low, low + max(abs(low), 1.0) * 1e-3)
