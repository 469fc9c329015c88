"""Several runs in one plot, labelled by the parameters in which they differ."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import QCheckBox, QLabel, QSplitter, QVBoxLayout, QWidget  # noqa: TID253

from runmanager.catalogue.comparison import Comparison, read_comparison
from runmanager.gui.plot_grid import PlotGrid
from runmanager.gui.readings import Readings
from runmanager.gui.tables import fill, new_table

MOST_RUNS = 24


class CompareWindow(QWidget):
    """Plots of several runs laid over each other, and a table of what differs and what came of it."""

    message = Signal(str)

    def __init__(self, paths: Sequence[Path], readings: Readings, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{len(paths)} measurements compared")
        self.resize(1100, 760)
        self.found: Comparison | None = None
        self._paths = tuple(paths)
        self._readings = readings
        self._head = QLabel("Reading …")
        self._head.setWordWrap(True)
        self._head.setTextFormat(Qt.TextFormat.PlainText)
        self.normalise = QCheckBox("Each run to its own largest value (shapes, not heights)")
        self.normalise.toggled.connect(self._read)
        self.plots = PlotGrid()
        self.plots.message.connect(self.message)
        self.table = new_table(["Run"], "What differs")
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.plots)
        parts.addWidget(self.table)
        parts.setSizes([560, 160])
        column = QVBoxLayout(self)
        column.addWidget(self._head)
        column.addWidget(self.normalise)
        column.addWidget(parts, stretch=1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self).activated.connect(self.close)
        self._read()

    @property
    def head(self) -> str:
        """The line above the plots."""
        return self._head.text()

    def _read(self) -> None:
        normalise = self.normalise.isChecked()
        self._readings.ask(read_comparison, self._paths, normalise, then=self._show, failed=self._head.setText)

    def _show(self, found: Comparison) -> None:
        if found.normalised != self.normalise.isChecked():
            return  # an earlier question's answer
        self.found = found
        self._head.setText("\n".join((f"{len(found.labels)} measurements", *found.remarks)))
        self.plots.show_views(found.views)
        self.table.setColumnCount(1 + len(found.columns))
        self.table.setHorizontalHeaderLabels(["Run", *found.columns])
        fill(self.table, [(label, *cells) for label, cells in zip(found.labels, found.cells, strict=True)])
