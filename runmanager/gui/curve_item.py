"""One curve on a plot: its items are made once and get new data at every update."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg  # noqa: TID253 - the window's modules are imported late

from analysis.views import Curve
from runmanager.gui.plot_data import Floats, bars_on_axis, bin_edges, drawn_points, on_axis

MOST_BARS = 2000
"""More points than this in view: their error bars would be one grey mass, and are left out until one zooms in."""
_POINT_SIZE = 5.0
_LINE_WIDTH = 1.5
_MANY = 500
"""Points in view from which a line is one pixel wide: a wider pen takes Qt ten times as long."""

Kind = Literal["points", "line", "steps", "fit"]


class CurveItem:
    """The items of one curve on ``plot`` (a PlotItem): line or points, and error bars."""

    def __init__(self, plot: Any, curve: Curve, colour: str, *, log_x: bool) -> None:  # noqa: ANN401 - pyqtgraph has no types
        self._plot = plot
        self.kind: Kind = curve.kind
        self.colour = ""
        self._width = 0.0
        self._data = pg.PlotDataItem()
        self._bars = pg.ErrorBarItem()
        self.set_curve(curve, log_x=log_x)
        self._data.setZValue(2 if curve.kind == "fit" else 1)
        self.paint(colour)
        plot.addItem(self._bars)
        plot.addItem(self._data)

    @property
    def curve(self) -> Curve:
        """The curve as given, with all its points."""
        return self._curve

    def set_curve(self, curve: Curve, *, log_x: bool) -> None:
        """Take new points; ``draw`` shows them. On a logarithmic x axis those at x <= 0 have no place."""
        self._curve = self._drawn = curve
        if log_x:
            kept = curve.x > 0.0
            upper, lower = (None if error is None else error[kept] for error in (curve.y_error, curve.y_error_low))
            self._drawn = replace(curve, x=np.log10(curve.x[kept]), y=curve.y[kept], y_error=upper, y_error_low=lower)

    def paint(self, colour: str) -> None:
        """Change the colour."""
        if colour == self.colour:
            return
        self.colour, self._width = colour, 0.0
        if self.kind == "points":
            self._data.setPen(None)
            self._data.setSymbol("o")
            self._data.setSymbolSize(_POINT_SIZE)
            self._data.setSymbolPen(None)
            self._data.setSymbolBrush(colour)
        bar_colour = pg.mkColor(colour)
        bar_colour.setAlphaF(0.55)
        self._bars.setData(pen=pg.mkPen(bar_colour, width=1))

    def draw(self, low: float, high: float, n_columns: int, *, log: bool) -> int:
        """Draw what lies between ``low`` and ``high`` on so many pixel columns; returns the number of points drawn.

        ``low``, ``high`` as drawn (on a logarithmic axis their logarithms); ``log``: of the y axis.
        """
        curve = self._drawn
        shown = drawn_points(curve.x, curve.y, low, high, n_columns)
        x, y = curve.x[shown], curve.y[shown]
        heights = on_axis(y, log=log)
        thinned = shown.size > 1 and int(shown[-1] - shown[0]) + 1 > shown.size
        self._set_width(1.0 if shown.size > _MANY else _LINE_WIDTH)
        if self.kind == "steps" and not thinned and shown.size:
            self._data.setData(bin_edges(x), heights, stepMode="center")
        else:  # a step narrower than a pixel is a line
            self._data.setData(x, heights, stepMode=None)
        if curve.y_error is None or thinned or x.size > MOST_BARS:
            self._bars.setData(x=None, y=None)  # hidden: an empty bar item would count as a point at the origin
        else:
            lower = curve.y_error if curve.y_error_low is None else curve.y_error_low
            bars = bars_on_axis(y, curve.y_error[shown], lower[shown], log=log)
            self._draw_bars(self._middles(x), heights, *bars)
        return int(shown.size)

    def _set_width(self, width: float) -> None:
        if self.kind != "points" and width != self._width:
            self._width = width
            self._data.setPen(pg.mkPen(self.colour, width=width))

    def _middles(self, x: Floats) -> Floats:
        """Where the bars stand: in the middle of a bin, else at the point."""
        return 0.5 * (bin_edges(x)[1:] + x) if self.kind == "steps" and x.size else x

    def _draw_bars(self, x: Floats, heights: Floats, up: Floats, down: Floats) -> None:
        there = np.isfinite(heights) & ((up > 0.0) | (down > 0.0))
        if there.any():
            self._bars.setData(x=x[there], y=heights[there], top=up[there], bottom=down[there])
        else:
            self._bars.setData(x=None, y=None)

    def remove(self) -> None:
        """Take the items off the plot."""
        self._plot.removeItem(self._bars)
        self._plot.removeItem(self._data)
