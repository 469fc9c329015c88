"""The queue's table: drag rows, Alt+Up/Down, Delete, double click; every wish goes out as a signal."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal  # noqa: TID253
from PySide6.QtGui import QKeyEvent  # noqa: TID253
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget  # noqa: TID253

from runmanager.gui import row_text
from runmanager.gui.queue_model import Column, EntryTableModel
from runmanager.queue.entries import Entry, Status


class EntryTable(QTableView):
    """What queue and history have in common: whole rows, readable widths, a context menu filled by the window."""

    menu_wanted = Signal(object, object)  # menu to fill, selected entries
    opened = Signal(object)  # entry: double click or Return
    removed = Signal(object)  # ids: Delete

    def __init__(self, model: EntryTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setVisible(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.fit_to_font()
        self.doubleClicked.connect(lambda index: self.opened.emit(model.entry(index.row())))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    def fit_to_font(self) -> None:
        """Row height and column widths for the present font."""
        metrics = self.fontMetrics()
        self.verticalHeader().setDefaultSectionSize(round(1.7 * metrics.height()))
        for number, column in enumerate(self.entries.columns):
            wanted = max(column.width_chars * metrics.averageCharWidth(), metrics.horizontalAdvance(column.title) + 24)
            self.setColumnWidth(number, wanted)

    def selected(self) -> list[Entry]:
        """Selected entries from top to bottom."""
        return [self.entries.entry(row) for row in sorted({index.row() for index in self.selectedIndexes()})]

    def select_ids(self, ids: Sequence[int]) -> None:
        """Select these entries; the first one becomes visible."""
        self.clearSelection()
        mode = self.selectionMode()
        self.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        for entry_id in ids:
            if (row := self.entries.row_of(entry_id)) >= 0:
                self.selectRow(row)
        self.setSelectionMode(mode)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, Return opens."""
        chosen = self.selected()
        if event.key() == Qt.Key.Key_Delete and chosen:
            self.removed.emit([entry.id for entry in chosen])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() and chosen:
            self.opened.emit(chosen[0])
        else:
            super().keyPressEvent(event)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        self.menu_wanted.emit(menu, self.selected())
        if menu.actions():
            menu.exec(self.viewport().mapToGlobal(place))


class QueueView(EntryTable):
    """The queue: rows can be dragged. ``moved(ids, before)``: before which entry (None: to the end)."""

    moved = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        model = EntryTableModel(queue_columns(lambda entry: model.finish(entry)), draggable=True)
        super().__init__(model, parent)
        model.setParent(self)
        model.moved.connect(self.moved)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(True)
        self.setDragDropOverwriteMode(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt+Up and Alt+Down move the selected rows by one place."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.shift(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    def shift(self, step: int) -> None:
        """Ask to move the selected queued rows up (-1) or down (+1)."""
        ids = [entry.id for entry in self.selected() if entry.status is Status.QUEUED]
        if not ids:
            return
        order = [self.entries.entry(row) for row in range(self.entries.rowCount())]
        others = [entry for entry in order if entry.id not in ids and entry.status is Status.QUEUED]
        first = next(n for n, entry in enumerate(order) if entry.id == ids[0])
        above = sum(1 for entry in order[:first] if entry in others)
        place = min(max(above + step, 0), len(others))
        self.moved.emit(ids, others[place].id if place < len(others) else None)


class HistoryView(EntryTable):
    """What has ended, newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        model = EntryTableModel(history_columns(), draggable=False)
        super().__init__(model, parent)
        model.setParent(self)


def queue_columns(finish: Callable[[Entry], str]) -> tuple[Column, ...]:
    """The columns of the queue; ``finish(entry)`` gives the forecast finish time as text."""
    return (
        Column("ID", lambda entry: str(entry.id), "number of the entry, as in 'solotron queue'", 5),
        Column("Status", row_text.status, "a warning sign: the forecast found something that will not work", 15),
        Column("Experiment", lambda entry: entry.job.procedure, "what is measured", 12),
        Column("Key parameters", lambda entry: row_text.key_parameters(entry.job), "what was changed comes first", 26),
        Column("Finishes", finish, "forecast by a dry run on the twin, counted from now through the queue", 9),
        Column("Expected error", row_text.expected_error, "one standard error, from the dry run on the twin", 25),
        Column("Verdict", row_text.verdict, "what the dry run on the twin says before, the analysis after the run", 26),
    )


def history_columns() -> tuple[Column, ...]:
    """The columns of the history."""
    import time

    return (
        Column("ID", lambda entry: str(entry.id), "number of the entry", 5),
        Column("Status", row_text.status, "how it ended", 16),
        Column("Experiment", lambda entry: entry.job.procedure, "what was measured", 14),
        Column("Key parameters", lambda entry: row_text.key_parameters(entry.job), "what was changed comes first", 34),
        Column(
            "Ended",
            lambda entry: row_text.clock(entry.ending.finished_at if entry.ending else None, time.time()),
            "wall clock",
            13,
        ),
        Column("Verdict", row_text.verdict, "of the analysis", 26),
        Column("Results", row_text.results, "value ± one standard error", 50),
    )
