"""The running results: value, error, unit, and how far they are from the uncertainty asked for."""

import math

from PySide6.QtWidgets import (  # noqa: TID253 - the window's modules are imported late
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from runfile.results import Result
from runmanager.gui.target_time import outlook
from runmanager.numbers import with_error
from runmanager.queue.entries import Target

COLUMNS = ("Result", "Value ± standard error", "Target error", "Off by", "Still to go")
EXTRAPOLATION = (
    "Extrapolated: the error goes on falling as 1/√(bench time), which holds for steady light and shot noise. "
    "Bench time, not that of the clock on the wall."
)


class ResultsPanel(QWidget):
    """A table of RunningResults. Rows are filled anew in place; nothing is lost when a result is missing once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._targets: dict[str, float] = {}
        self._results: dict[str, Result] = {}
        self._elapsed_s = math.nan
        self._remark = QLabel()
        self._remark.setWordWrap(True)
        self._table = QTableWidget(0, len(COLUMNS))
        self._table.setHorizontalHeaderLabels(COLUMNS)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setAlternatingRowColors(True)
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setToolTip(EXTRAPOLATION)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._table, stretch=1)
        column.addWidget(self._remark)
        self.clear()

    def clear(self) -> None:
        """Another run begins."""
        self._results, self._targets, self._elapsed_s = {}, {}, math.nan
        self._fill("no results yet")

    def set_targets(self, targets: tuple[Target, ...]) -> None:
        """What the run shall reach; names of results that are not there yet get their row, too."""
        self._targets = {target.result: target.stderr for target in targets}
        self._fill(self._remark.text())

    def set_elapsed(self, bench_s: float) -> None:
        """Bench time since the run began, s; used at the next results."""
        self._elapsed_s = bench_s

    def show_results(self, results: dict[str, Result], remark: str) -> None:
        """Show new values; ``remark`` says why there are none yet."""
        if results:
            self._results = dict(results)
        self._fill(remark)

    def cell(self, name: str, column: int) -> str:
        """Text of one cell by the result's name; KeyError for a name without a row."""
        for row in range(self._table.rowCount()):
            if self._text(row, 0) == name:
                return self._text(row, column)
        raise KeyError(name)

    @property
    def remark(self) -> str:
        """The sentence below the table."""
        return self._remark.text()

    def _text(self, row: int, column: int) -> str:
        item = self._table.item(row, column)
        return "" if item is None else item.text()

    def _fill(self, remark: str) -> None:
        names = list(dict.fromkeys([*self._targets, *self._results]))
        self._table.setRowCount(len(names))
        for row, name in enumerate(names):
            result = self._results.get(name)
            target = self._targets.get(name)
            unit = "" if result is None or result.unit in {"", "1"} else f" {result.unit}"
            off, still = "", ""
            if target is not None:
                off, still = outlook(self._elapsed_s, math.nan if result is None else result.stderr, target)
            texts = (
                name,
                "not yet" if result is None else with_error(result),
                "" if target is None else f"{target:.3g}{unit}",
                off,
                still,
            )
            for column, text in enumerate(texts):
                self._put(row, column, text)
            if result is not None:
                self._item(row, 1).setToolTip(result.method)
            self._item(row, 4).setToolTip(EXTRAPOLATION if still else "")
        self._remark.setText(remark)
        self._remark.setVisible(bool(remark))

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self._table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            self._table.setItem(row, column, item)
        return item

    def _put(self, row: int, column: int, text: str) -> None:
        item = self._item(row, column)
        if item.text() != text:
            item.setText(text)
