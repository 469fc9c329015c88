"""One plot: draws a View, updates in place, never fights the user's zoom, shows values, exports what is shown."""

import math
from typing import Any

import numpy as np
import pyqtgraph as pg  # noqa: TID253 - the window's modules are imported late
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtGui import QPalette, QShowEvent  # noqa: TID253
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout, QWidget  # noqa: TID253

from analysis.views import Curve, View
from runmanager.gui.curve_item import CurveItem
from runmanager.gui.image_view import ImageOnPlot
from runmanager.gui.plot_axis import UnitAxis
from runmanager.gui.plot_colours import curve_colours
from runmanager.gui.plot_data import axis_label
from runmanager.gui.plot_export import ask_and_export_csv, ask_and_export_png
from runmanager.gui.plot_head import PlotHead
from runmanager.gui.theme import restyle

REDRAW_MS = 30
"""Between a change of the range shown and the redraw at the resolution of that range."""
MOST_COLUMNS = 4000
SHORTEST_LABEL = 0.8
"""Of a label's length: one that has less room stands above the plot instead of beside the axis."""
LABEL_SIZE = 0.9
"""Of the labels of the axes, in units of the font's."""


class PlotView(QWidget):
    """Shows one View at a time. ``message`` tells of an export that was made or failed.

    Mouse: wheel and drag zoom and move, right drag zooms an axis; double click shows everything again and follows the
    data from then on.
    """

    message = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: View | None = None
        self._curves: dict[tuple[str, str, int], CurveItem] = {}
        self._image: ImageOnPlot | None = None
        axes = {side: UnitAxis(side) for side in ("left", "bottom")}
        self._plot_widget = pg.PlotWidget(parent=self, axisItems=axes)
        self._plot: Any = self._plot_widget.getPlotItem()
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.showGrid(x=True, y=True, alpha=0.15)
        self._box: Any = self._plot.getViewBox()
        self._box.setAutoVisible(y=True)
        self._box.enableAutoRange()
        self._lines = [pg.InfiniteLine(angle=angle, movable=False) for angle in (90, 0)]
        for line in self._lines:
            line.setVisible(False)
            self._plot.addItem(line, ignoreBounds=True)
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self._box.sigXRangeChanged.connect(lambda *_: self._redraw.start())
        self._box.sigResized.connect(lambda *_: self._redraw.start())
        self._mouse = pg.SignalProxy(self._plot_widget.scene().sigMouseMoved, rateLimit=30, slot=self._point)
        self._plot_widget.scene().sigMouseClicked.connect(self._clicked)
        self._make_layout()
        self._paint()

    # What the outside uses

    @property
    def view(self) -> View | None:
        """What is shown, with all its points; None before the first."""
        return self._view

    @property
    def plot_item(self) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        """The pyqtgraph PlotItem, for overlays."""
        return self._plot

    def show_view(self, view: View) -> None:
        """Show ``view``. Curves of the same label and kind keep their items, and the zoom stays as the user set it."""
        earlier, self._view = self._view, view
        if earlier is None or _axes(earlier) != _axes(view):
            self._label_axes(view)
        if earlier is None or (earlier.x_range != view.x_range and self._shows(earlier)):
            self._show_range(view)
        self.head.show_view(view, self._match_curves(view.curves))
        self._match_image(view)
        self._draw()

    def reset(self) -> None:
        """Show nothing, and follow the data again: ready for another view."""
        self._view = None
        self._match_curves(())
        if self._image is not None:
            self._image.remove()
            self._image = None
        self.head.clear()
        self._box.enableAutoRange()

    def show_everything(self) -> None:
        """Zoom out to all data, and follow them as they grow."""
        self._box.enableAutoRange()
        self._draw()

    def follows_data(self) -> bool:
        """False while the user's own zoom is kept."""
        return bool(all(self._box.autoRangeEnabled()))

    def visible_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Range of x and of y shown, in the units of the labels (also on a logarithmic axis)."""
        self._box.updateAutoRange()  # pyqtgraph leaves that to the next paint
        (x_low, x_high), (y_low, y_high) = self._box.viewRange()
        if self._view is not None and self._view.log_x:
            x_low, x_high = 10.0**x_low, 10.0**x_high
        if self._view is not None and self._view.log_y:
            y_low, y_high = 10.0**y_low, 10.0**y_high
        return (float(x_low), float(x_high)), (float(y_low), float(y_high))

    def values_at(self, x: float, y: float) -> str:
        """What the crosshair tells at a point of the plot (on logarithmic axes: logarithms).

        The position, and of each curve the nearest point with its error, in the units of the labels.
        """
        if self._view is None:
            return ""
        x = 10.0**x if self._view.log_x else x
        y = 10.0**y if self._view.log_y else y
        parts = [f"x = {x:.6g}, y = {y:.4g}"]
        if self._image is not None:
            value = self._image.value_at(x, y)
            parts += [] if math.isnan(value) else [f"{self._image.image.label}: {value:.5g}"]
        parts += [text for item in self._curves.values() if (text := _nearest(item.curve, x))]
        return "\n".join(parts[:6])

    # Inside

    def _make_layout(self) -> None:
        self._values = QLabel(self._plot_widget)  # on the plot, beside the crosshair's lines
        self._values.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._values.hide()
        self.head = PlotHead()
        everything = self.head.add_button("Fit range", "Show all data and follow them (double click in the plot)")
        everything.clicked.connect(self.show_everything)
        menu = QMenu(self)
        menu.addAction("Picture (PNG) …", lambda: ask_and_export_png(self))
        menu.addAction("Numbers in the range shown (CSV) …", lambda: ask_and_export_csv(self))
        self.head.add_button("Export", "Picture, or the numbers in the range shown", menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._plot_widget, stretch=1)

    def _label_axes(self, view: View) -> None:
        for side, text in (("bottom", view.x_label), ("left", view.y_label)):
            label = axis_label(text)
            axis = self._plot.getAxis(side)
            prefixes = bool(label.unit) and not (view.log_y if side == "left" else view.log_x)
            size = {"font-size": f"{LABEL_SIZE * self.font().pointSizeF():.1f}pt"}
            axis.show_label(label, text, prefixes=prefixes, style=size)
            axis.setTickFont(self.font())
        self._plot.getAxis("left").setLogMode(x=False, y=view.log_y)
        self._plot.getAxis("bottom").setLogMode(x=view.log_x, y=False)
        self._box.setLimits()

    def _show_range(self, view: View) -> None:
        """Begin with the part along x that matters; the y axis follows what is visible."""
        if view.x_range is None:
            self._box.enableAutoRange()
            return
        low, high = (math.log10(end) if view.log_x else end for end in view.x_range)
        self._box.enableAutoRange(y=True)
        self._box.setXRange(low, high, padding=0.0)

    def _shows(self, view: View) -> bool:
        """True while the range along x is still the one that ``view`` began with."""
        if view.x_range is None:
            return bool(self._box.autoRangeEnabled()[0])
        return np.allclose(self.visible_range()[0], view.x_range, rtol=1e-9, atol=0.0)

    def _fit_left_label(self) -> None:
        """In a low plot the label of the y axis is shortened in its middle; one that would be too short stands above.

        Its unit, at the end, stays.
        """
        if self._view is None:
            return
        axis = self._plot.getAxis("left")
        label = axis_label(self._view.y_label)
        whole = label.text if axis.autoSIPrefix else self._view.y_label
        unit_px = 4.0 * self.fontMetrics().averageCharWidth() if axis.autoSIPrefix else 0.0
        room_px = max(float(axis.size().height()) - unit_px, 0.0) / LABEL_SIZE
        fits = room_px >= SHORTEST_LABEL * self.fontMetrics().horizontalAdvance(whole)
        axis.show_text(self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideMiddle, int(room_px)) if fits else "")
        above = f"{whole} ({axis.labelUnits})" if axis.autoSIPrefix and axis.labelUnits else whole
        self.head.show_y_label("" if fits else above)

    def _match_curves(self, curves: tuple[Curve, ...]) -> list[str]:
        """Give each curve its item, made and removed only where the set of curves changed; their colours."""
        keys = _keys(curves)
        for key in [key for key in self._curves if key not in keys]:
            self._curves.pop(key).remove()
        hues = curve_colours(
            [curve.label for curve in curves],
            [curve.kind == "fit" for curve in curves],
            dark=self._dark(),
            foreground=self._foreground(),
        )
        log_x = self._view is not None and self._view.log_x
        for key, curve, colour in zip(keys, curves, hues, strict=True):
            if key in self._curves:
                self._curves[key].set_curve(curve, log_x=log_x)
                self._curves[key].paint(colour)
            else:
                self._curves[key] = CurveItem(self._plot, curve, colour, log_x=log_x)
        return hues

    def _match_image(self, view: View) -> None:
        if view.image is None:
            if self._image is not None:
                self._image.remove()
                self._image = None
        elif self._image is None:
            self._image = ImageOnPlot(self._plot, view.image, self._foreground())
        else:
            self._image.set_image(view.image)

    def _draw(self) -> None:
        """Draw what is in view at the resolution of the screen; while the range follows the data, all of them."""
        if self._view is None:
            return
        self._fit_left_label()
        (low, high), _ = self._box.viewRange()
        if self._box.autoRangeEnabled()[0]:
            low, high = -math.inf, math.inf
        n_columns = int(min(max(self._box.width() * self.devicePixelRatioF(), 100), MOST_COLUMNS))
        for item in self._curves.values():
            item.draw(low, high, n_columns, log=self._view.log_y)

    def _point(self, event: tuple[QPointF]) -> None:
        """Move the crosshair to the mouse and tell the values there."""
        position = event[0]
        inside = self._view is not None and self._plot.sceneBoundingRect().contains(position)
        for line in self._lines:
            line.setVisible(inside)
        if not inside:
            self._values.hide()
            return
        at = self._box.mapSceneToView(position)
        self._lines[0].setPos(at.x())
        self._lines[1].setPos(at.y())
        self._values.setText(self.values_at(at.x(), at.y()))
        self._values.adjustSize()
        self._values.move(self._plot_widget.mapFromScene(self._box.sceneBoundingRect().topLeft()))
        self._values.show()

    def _clicked(self, event: Any) -> None:  # noqa: ANN401 - pyqtgraph has no types
        if event.double():
            self.show_everything()

    def _dark(self) -> bool:
        return self.palette().color(QPalette.ColorRole.Base).lightness() < 128

    def _foreground(self) -> str:
        return self.palette().color(QPalette.ColorRole.Text).name()

    def _paint(self) -> None:
        """Colours of the present palette."""
        foreground = self._foreground()
        self._plot_widget.setBackground(self.palette().color(QPalette.ColorRole.Base))
        for side in ("bottom", "left"):
            self._plot.getAxis(side).setPen(foreground)
            self._plot.getAxis(side).setTextPen(foreground)
        ground = self.palette().color(QPalette.ColorRole.Base).name()
        restyle(self._values, f"background: {ground}; color: {foreground}; padding: 1px 5px")
        for line in self._lines:
            line.setPen(pg.mkPen(foreground, width=0.5, style=Qt.PenStyle.DotLine))
        if self._image is not None:
            self._image.paint(foreground)
        if self._view is not None:
            self.head.show_view(self._view, self._match_curves(self._view.curves))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette from light to dark and back."""
        super().changeEvent(event)
        if not hasattr(self, "head"):  # still being made
            return
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()
        elif event.type() == QEvent.Type.FontChange and self._view is not None:
            self._label_axes(self._view)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw at the size the plot has now."""
        super().showEvent(event)
        self._redraw.start()


def _axes(view: View) -> tuple[object, ...]:
    """What the axes depend on."""
    return view.x_label, view.y_label, view.log_x, view.log_y


def _keys(curves: tuple[Curve, ...]) -> list[tuple[str, str, int]]:
    """Label, kind and, for curves of the same label, their number: what makes a curve the same at the next update."""
    seen: dict[tuple[str, str], int] = {}
    keys: list[tuple[str, str, int]] = []
    for curve in curves:
        number = seen.get((curve.label, curve.kind), 0)
        seen[curve.label, curve.kind] = number + 1
        keys.append((curve.label, curve.kind, number))
    return keys


def _nearest(curve: Curve, x: float) -> str:
    """``label: value ± error`` of the point nearest in x; "" without points."""
    if curve.x.size == 0:
        return ""
    distance = np.abs(curve.x - x)
    if np.isnan(distance).all():
        return ""
    index = int(np.nanargmin(distance))
    text = f"{curve.label}: {curve.y[index]:.5g}"
    if curve.y_error is not None and math.isfinite(curve.y_error[index]):
        text += f" ± {curve.y_error[index]:.2g}"
    return text
