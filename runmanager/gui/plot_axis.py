"""An axis whose numbers and unit always belong together, and whose labels never lie on one another."""

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg  # noqa: TID253 - the window's modules are imported late

from runmanager.gui.plot_data import AxisLabel
from runmanager.gui.wording import grouped

NEVER = ((-1.0, -1.0),)
"""Ranges of |value| in which a prefix is put before the unit: none."""
ALL, SOME, DECADES = frozenset(range(1, 10)), frozenset({1, 2, 5}), frozenset({1})


class UnitAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Labels as ``AxisLabel``; on a logarithmic axis as many numbers as there is room for."""

    def show_label(self, label: AxisLabel, whole: str, *, prefixes: bool, style: dict[str, str]) -> None:
        """Label the axis: ``prefixes`` lets the unit's prefix follow the range shown, else the ``whole`` text stays.

        The scale of the numbers is set anew each time: pyqtgraph keeps that of an earlier label.
        """
        self.setScale(label.scale if prefixes else 1.0)
        self.setLabel(
            label.text if prefixes else whole,
            units=label.unit if prefixes else None,
            siPrefixEnableRanges=None if prefixes else NEVER,
            **style,
        )
        self.enableAutoSIPrefix(prefixes)

    def show_text(self, text: str) -> None:
        """Another text for the same unit; "" hides the label, and the numbers are in the unit without prefix then."""
        if text != self.labelText:
            ranges = None if self.autoSIPrefix else NEVER
            units = self.labelUnits or None
            self.setLabel(text, units=units, siPrefixEnableRanges=ranges, **self.labelStyle)
        self.showLabel(bool(text))
        self.updateAutoSIPrefix()

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Numbers as people write them: 20 000, not 2e+04."""
        if self.logMode:
            return self.logTickStrings(values, scale, spacing)
        places = max(0, math.ceil(-math.log10(spacing * scale))) if spacing * scale > 0.0 else 0
        return [tick_text(value * scale, places) for value in values]

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """1, 2, 5 or the decades alone where there is no room for more; the rest of the ticks stay bare."""
        texts: list[str] = super().logTickStrings(values, scale, spacing)
        low, high = self.range
        length_px = self.height() if self.orientation in ("left", "right") else self.width()
        wanted = labelled(length_px / max(high - low, 1e-9), 1.3 * self._text_px())
        kept = [text if _mantissa(value) in wanted else "" for text, value in zip(texts, values, strict=True)]
        return kept if any(kept) or not texts else [texts[0], *[""] * (len(texts) - 1)]

    def _text_px(self) -> float:
        if self.orientation in ("left", "right"):
            return float(self.fontMetrics().height())
        return float(self.fontMetrics().horizontalAdvance("5·10⁴"))

    def drawPicture(
        self, painter: "pg.QtGui.QPainter", axis: object, ticks: list[tuple[Any, Any, Any]], texts: list[object]
    ) -> None:
        """Grid lines at the numbers only: a line across the plot for every small tick costs more than the data."""
        if self.grid is not False and ticks:
            main = max(pen.color().alpha() for pen, _, _ in ticks)
            ticks = [tick for tick in ticks if tick[0].color().alpha() == main]
        super().drawPicture(painter, axis, ticks, texts)

    def fontMetrics(self) -> "pg.QtGui.QFontMetricsF":
        """Of the numbers."""
        font = self.style["tickFont"] or self.font()
        return pg.QtGui.QFontMetricsF(font)


def tick_text(value: float, places: int) -> str:
    """One number at a tick with so many decimal places."""
    if 0.0 < abs(value) < 1e-3 or abs(value) >= 1e7:
        return f"{value:g}"
    return grouped(value, places)


def labelled(px_per_decade: float, text_px: float) -> frozenset[int]:
    """Which of 1 … 9 get their number on a logarithmic axis: neighbours must be a text's length apart."""
    if math.log10(10.0 / 9.0) * px_per_decade >= text_px:
        return ALL
    return SOME if math.log10(2.0) * px_per_decade >= text_px else DECADES


def _mantissa(exponent: float) -> int:
    return round(math.pow(10.0, exponent - math.floor(exponent + 1e-9)))
