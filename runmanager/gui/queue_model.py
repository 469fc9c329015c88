"""Entries as a table: refreshed row by row, so that a thousand rows cost nothing while one of them changes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import (  # noqa: TID253
    QAbstractTableModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QFont, QGuiApplication  # noqa: TID253

from runmanager.gui import row_text
from runmanager.gui.theme import colours
from runmanager.queue.entries import Entry, Status

ENTRY = Qt.ItemDataRole.UserRole
MIME = "application/x-solotron-entries"
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """One column: its title, what it says about an entry, and why it is there (tooltip of the header)."""

    title: str
    text: Callable[[Entry], str]
    meaning: str = ""
    width_chars: int = 12


@dataclass(frozen=True)
class QueueSnapshot:
    """The store at one moment: what is in the queue (running first), the history (newest first), finish times.

    ``finish_s``: entry id → forecast wall clock in seconds since 1970, None where unknown.
    ``paused``: the queue as a whole is held.
    """

    queue: tuple[Entry, ...] = ()
    history: tuple[Entry, ...] = ()
    finish_s: dict[int, float | None] = field(default_factory=dict)
    paused: bool = False
    taken_s: float = 0.0


class EntryTableModel(QAbstractTableModel):
    """A table of entries. ``moved(ids, before)``: rows were dropped before the entry ``before`` (None: at the end)."""

    moved = Signal(object, object)

    def __init__(self, columns: Sequence[Column], *, draggable: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._entries: list[Entry] = []
        self._finish_s: dict[int, float | None] = {}
        self._draggable = draggable

    # --- content ------------------------------------------------------------------------------------------

    def entry(self, row: int) -> Entry:
        """The entry in a row; IndexError outside."""
        return self._entries[row]

    def row_of(self, entry_id: int) -> int:
        """The row of an entry; -1 when it is not in this table."""
        return next((n for n, entry in enumerate(self._entries) if entry.id == entry_id), -1)

    def finish(self, entry: Entry) -> str:
        """Forecast finish time of an entry as text; "" when there is no forecast yet."""
        return row_text.clock(self._finish_s.get(entry.id), time.time())

    def refresh(self, entries: Sequence[Entry], finish_s: dict[int, float | None] | None = None) -> None:
        """Show these entries: rows are removed, inserted, moved and repainted only where something changed."""
        wanted = list(entries)
        times_changed = finish_s is not None and finish_s != self._finish_s
        if finish_s is not None:
            self._finish_s = dict(finish_s)
        self._remove_missing({entry.id for entry in wanted})
        self._insert_new(wanted)
        if [entry.id for entry in self._entries] != [entry.id for entry in wanted]:
            self._reorder(wanted)
        changed = [
            n for n, (old, new) in enumerate(zip(self._entries, wanted, strict=True)) if old is not new and old != new
        ]
        self._entries = wanted
        for first, last in _stretches(changed):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        if times_changed and wanted:
            self.dataChanged.emit(self.index(0, 0), self.index(len(wanted) - 1, len(self.columns) - 1))

    def _remove_missing(self, kept: set[int]) -> None:
        gone = [n for n, entry in enumerate(self._entries) if entry.id not in kept]
        for first, last in reversed(_stretches(gone)):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._entries[first : last + 1]
            self.endRemoveRows()

    def _insert_new(self, wanted: list[Entry]) -> None:
        known = {entry.id for entry in self._entries}
        new = [n for n, entry in enumerate(wanted) if entry.id not in known]
        for first, last in _stretches(new):
            at = min(first, len(self._entries))
            self.beginInsertRows(QModelIndex(), at, at + last - first)
            self._entries[at:at] = wanted[first : last + 1]
            self.endInsertRows()

    def _reorder(self, wanted: list[Entry]) -> None:
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        ids = [self._entries[index.row()].id for index in old]
        self._entries = wanted
        place = {entry.id: n for n, entry in enumerate(wanted)}
        new = [self.index(place[entry_id], index.column()) for entry_id, index in zip(ids, old, strict=True)]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    # --- Qt's questions -------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Number of entries."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Titles, and why a column is there."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.columns[section].meaning
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, colour and story of a cell."""
        if not index.isValid() or not 0 <= index.row() < len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[index.column()].text(entry)
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.ToolTipRole:
            return row_text.whole_story(entry)
        return _look(entry, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Queued rows can be dragged; nothing is dropped onto a row, only between rows."""
        base = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled if self._draggable else Qt.ItemFlag.NoItemFlags
        if self._draggable and self._entries[index.row()].status is Status.QUEUED:
            return base | Qt.ItemFlag.ItemIsDragEnabled
        return base

    # --- dragging -------------------------------------------------------------------------------------------

    def supportedDropActions(self) -> Qt.DropAction:
        """Rows are moved, never copied."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Only this table's own rows can be dropped."""
        return [MIME] if self._draggable else []

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The ids of the dragged rows, in their order."""
        rows = sorted({index.row() for index in indexes})
        packed = QMimeData()
        packed.setData(MIME, QByteArray(" ".join(str(self._entries[row].id) for row in rows).encode()))
        return packed

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the move; the table changes when the store has."""
        if action != Qt.DropAction.MoveAction or not data.hasFormat(MIME):
            return False
        ids = [int(word) for word in bytes(data.data(MIME).data()).split()]
        place = parent.row() if parent.isValid() else row
        before = next((e.id for e in self._entries[place:] if e.id not in ids), None) if place >= 0 else None
        self.moved.emit(ids, before)
        return False  # the view must not remove rows itself


def _look(entry: Entry, role: int) -> object:
    shades = colours()
    marked = row_text.is_marked(entry)
    unsafe = entry.ending is not None and entry.ending.exit_code == 4
    if role == Qt.ItemDataRole.BackgroundRole and (marked or unsafe):
        return QBrush(QColor(shades.bad_background if unsafe else shades.warning_background))
    if role == Qt.ItemDataRole.ForegroundRole:
        if marked or entry.status is Status.INTERRUPTED:
            return QBrush(QColor(shades.warning))
        if unsafe or entry.status in (Status.FAILED, Status.REFUSED):
            return QBrush(QColor(shades.bad))
    if role == Qt.ItemDataRole.FontRole and entry.status in (Status.RUNNING, Status.PAUSED):
        font = QFont(QGuiApplication.font())
        font.setBold(True)
        return font
    return None


def _stretches(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive numbers joined: [1, 2, 5] → [(1, 2), (5, 5)]."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
