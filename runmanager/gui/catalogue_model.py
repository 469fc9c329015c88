"""The rows of the catalogue for a table: sorted here, drawn by Qt, 10,000 of them without a stall."""

import datetime
import math
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from PySide6.QtCore import (  # noqa: TID253 - the window's modules are imported late
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPixmap  # noqa: TID253

from runmanager.catalogue.records import Kind, Summary
from runmanager.numbers import duration

Index = QModelIndex | QPersistentModelIndex

COLUMNS = ("Started", "Procedure", "Sample", "Verdict", "First result", "Duration", "File")
STARTED, PROCEDURE, SAMPLE, VERDICT, RESULT, DURATION, FILE = range(len(COLUMNS))
MOST_PICTURES = 800
"""Small pictures kept in memory: some 20 kB each."""
_NO_PARENT = QModelIndex()
_ROLE = Qt.ItemDataRole


class CatalogueModel(QAbstractTableModel):
    """Rows of the catalogue. ``pictures_wanted(tuple of names)`` asks for small pictures of rows being drawn."""

    picture_wanted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Summary] = []
        self._numbers: dict[str, int] = {}
        self._pictures: dict[str, QPixmap] = {}
        self._column, self._order = STARTED, Qt.SortOrder.DescendingOrder
        self._good, self._bad, self._quiet = QBrush(), QBrush(), QBrush()
        self.picture_size = QSize()

    # --- what the widget uses -------------------------------------------------------------------------------------

    def set_rows(self, rows: tuple[Summary, ...]) -> None:
        """Show these rows, sorted as before."""
        self.beginResetModel()
        earlier = {row.name: row for row in self._rows}
        for row in rows:
            if earlier.get(row.name, row) != row:
                self._pictures.pop(row.name, None)  # the file has changed, and its picture with it
        self._rows = list(rows)
        self._sort()
        self.endResetModel()

    def row(self, number: int) -> Summary:
        """The row drawn at this place."""
        return self._rows[number]

    def number_of(self, name: str) -> int | None:
        """Where a file is drawn; None when it is not among the rows."""
        return self._numbers.get(name)

    def set_colours(self, good: str, bad: str, quiet: str) -> None:
        """Colours of verdicts and of what is less important; the words stay the same."""
        self._good, self._bad, self._quiet = (QBrush(QColor(name)) for name in (good, bad, quiet))
        self._all_changed()

    def set_picture_size(self, size: QSize) -> None:
        """Size of the small pictures in the table; an empty size: none."""
        self.picture_size = size
        self._pictures.clear()
        self._all_changed()

    def set_picture(self, name: str, image: QImage, pixel_ratio: float) -> None:
        """A picture has come; a null image is drawn as nothing."""
        pixmap = framed(image, self.picture_size, pixel_ratio)
        while len(self._pictures) >= MOST_PICTURES:
            self._pictures.pop(next(iter(self._pictures)))
        self._pictures[name] = pixmap
        number = self._numbers.get(name)
        if number is not None:
            cell = self.index(number, STARTED)
            self.dataChanged.emit(cell, cell, [_ROLE.DecorationRole])

    # --- what Qt uses ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:  # noqa: ANN401 - Qt
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = _ROLE.DisplayRole) -> Any:  # noqa: ANN401 - Qt
        """Text, colour, tooltip and small picture of a cell."""
        row, column = self._rows[index.row()], index.column()
        if role == _ROLE.DisplayRole:
            return cell_text(row, column)
        if role == _ROLE.ForegroundRole:
            return self._colour(row, column)
        if role == _ROLE.ToolTipRole:
            return row.problem or (row.reason if column == VERDICT else cell_text(row, column)) or None
        if role == _ROLE.DecorationRole and column == STARTED and not self.picture_size.isEmpty():
            return self._picture(row)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows without a value come last either way."""
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before = [(cell, self._rows[cell.row()].name) for cell in self.persistentIndexList()]
        self._sort()
        for cell, name in before:
            self.changePersistentIndex(cell, self.index(self._numbers[name], cell.column()))
        self.layoutChanged.emit()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _sort(self) -> None:
        key = _KEYS[self._column]
        keyed = [(key(row), row) for row in self._rows]
        known = [pair for pair in keyed if pair[0] is not None]
        unknown = [row for value, row in keyed if value is None]
        known.sort(key=itemgetter(0), reverse=self._order == Qt.SortOrder.DescendingOrder)
        self._rows = [row for _, row in known] + unknown
        self._numbers = {row.name: number for number, row in enumerate(self._rows)}

    def _colour(self, row: Summary, column: int) -> QBrush | None:
        if row.problem:
            return self._bad
        if column == VERDICT and row.exit_status != "running":
            return self._good if row.passed else self._bad
        return self._quiet if column == FILE else None

    def _picture(self, row: Summary) -> QPixmap | None:
        found = self._pictures.get(row.name)
        if found is None and row.kind is not Kind.UNREADABLE:
            self._pictures[row.name] = QPixmap()  # asked once
            self.picture_wanted.emit(row.name)
        return found

    def _all_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))


def framed(image: QImage, size: QSize, pixel_ratio: float) -> QPixmap:
    """The picture in the middle of a clear frame of ``size``, so that all take the same room; null stays null."""
    if image.isNull() or size.isEmpty():
        return QPixmap()
    whole = size * pixel_ratio
    scaled = image.scaled(whole, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pixmap = QPixmap(whole)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.drawImage((whole.width() - scaled.width()) // 2, (whole.height() - scaled.height()) // 2, scaled)
    painter.end()
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap


def cell_text(row: Summary, column: int) -> str:
    """What stands in a cell."""
    if column == STARTED:
        return "" if row.started_at is None else started_text(row.started_at)
    if column == VERDICT:
        return verdict_text(row)
    if column == DURATION:
        return "" if row.duration_s is None else duration(row.duration_s)
    if column == RESULT and row.problem:
        return row.problem.partition(f"{row.name}: ")[2] or row.problem
    texts = {
        PROCEDURE: "unreadable" if row.kind is Kind.UNREADABLE else row.procedure,
        SAMPLE: row.sample,
        RESULT: row.headline,
        FILE: row.name,
    }
    return texts[column]


def verdict_text(row: Summary) -> str:
    """The verdict, and how the run ended where it did not complete: ``✗ failed (aborted)``."""
    ended = "" if row.exit_status in {"", "completed"} else row.exit_status
    if row.passed is None:
        return ended
    return ("✓ passed" if row.passed else "✗ failed") + (f" ({ended})" if ended else "")


def started_text(epoch_s: float) -> str:
    """Local time, ``2026-11-20 23:14``."""
    return f"{datetime.datetime.fromtimestamp(epoch_s).astimezone():%Y-%m-%d %H:%M}"


def _name_and_number(headline: str) -> tuple[str, float] | None:
    """``lifetime 15.06 ± 0.03 ns`` → ("lifetime", 15.06), so that numbers sort as numbers; None without one."""
    name, _, number = headline.partition(" ± ")[0].rpartition(" ")
    try:
        return name, float(number)
    except ValueError:
        return None


_KEYS: dict[int, Callable[[Summary], Any]] = {
    STARTED: lambda row: row.started_at,
    PROCEDURE: lambda row: row.procedure.casefold() or None,
    SAMPLE: lambda row: row.sample.casefold() or None,
    VERDICT: lambda row: verdict_text(row) or None,
    RESULT: lambda row: _name_and_number(row.headline),
    DURATION: lambda row: None if row.duration_s is None or math.isnan(row.duration_s) else row.duration_s,
    FILE: lambda row: row.name.casefold(),
}
