"""All runs of a folder: a table with a search field, small pictures, and what can be done with a run."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QSize, Qt, QTimer, QUrl, Signal  # noqa: TID253 - late
from PySide6.QtGui import QAction, QDesktopServices, QImage, QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from runmanager.catalogue.job_of import JobFound, read_job
from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.catalogue.records import Kind, Summary
from runmanager.catalogue.report import write_page
from runmanager.catalogue.search_syntax import HELP
from runmanager.gui import catalogue_model as columns
from runmanager.gui.catalogue_detail import HINT, detail_html, several_html
from runmanager.gui.catalogue_model import CatalogueModel, framed
from runmanager.gui.catalogue_thread import CatalogueThread, Found
from runmanager.gui.compare import MOST_RUNS, CompareWindow
from runmanager.gui.readings import Readings
from runmanager.gui.reanalyse_dialog import ReanalyseDialog
from runmanager.gui.shades import shades
from runmanager.gui.theme import restyle
from runmanager.gui.viewer import RunViewer

SEARCH_AFTER_MS = 150
PICTURES_AFTER_MS = 40
_LARGE_PICTURE = QSize(300, 188)


class CatalogueWidget(QWidget):
    """The catalogue of one folder. ``use_parameters(Job)``: fill the form from this; ``message(str)``: status bar.

    All reading happens in a thread and in processes of its own; :meth:`shutdown` ends them.
    """

    use_parameters = Signal(object)
    message = Signal(str)

    def __init__(
        self, parent: QWidget | None = None, *, folder: Path | None = None, readers: ReadingProcesses | None = None
    ) -> None:
        """``readers``: processes to read in that somebody else ends; None: own ones."""
        super().__init__(parent)
        self.folder: Path | None = None
        self._shut = False
        self._own_processes = readers is None
        self._processes = readers or ReadingProcesses()
        self._readings = Readings(self._processes, self)
        self.model = CatalogueModel(self)
        self._thread = CatalogueThread(self._processes, self)
        self._windows: list[QWidget] = []
        self._wanted: set[str] = set()
        self._station: Path | None = None
        self._picture_of = ""
        self._make_parts()
        self._make_actions()
        self._make_layout()
        self._connect()
        self._paint()
        self._thread.start()
        if folder is not None:
            self.set_folder(folder)

    # --- what the outside uses ------------------------------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Show the measurements of ``folder`` and its subfolders; it may not exist yet."""
        folder = Path(folder).absolute()
        if folder != self.folder:
            self.folder = folder
            self._folder_button.setText(folder.name or str(folder))
            self._folder_button.setToolTip(f"{folder}\nAnother folder …")
            self.model.set_rows(())
            self._thread.set_folder(folder)

    def set_station(self, station: Path | None) -> None:
        """Today's station file: what "use these parameters" takes for runs of real hardware."""
        self._station = station

    def search_for(self, text: str) -> None:
        """Put a search into the field and do it."""
        self.search.setText(text)
        self._search_now()

    def selected(self) -> tuple[Summary, ...]:
        """The selected rows, from top to bottom."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return tuple(self.model.row(row) for row in rows)

    def select(self, *names: str) -> None:
        """Select files by name (relative to the folder); unknown ones are left out."""
        selection = self.table.selectionModel()
        selection.clearSelection()
        for name in names:
            number = self.model.number_of(name)
            if number is not None:
                flag = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(self.model.index(number, 0), flag.Select | flag.Rows)

    def shutdown(self) -> None:
        """End thread and processes, close the windows opened from here; safe to call twice."""
        if self._shut:
            return
        self._shut = True
        self._readings.close()
        for window in tuple(self._windows):
            window.close()
        self._thread.finish()
        if self._own_processes:
            self._processes.close()

    # --- parts ----------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: procedure:esr verdict:failed lifetime>10 date:today …")
        self.search.setToolTip(HELP)
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the catalogue")
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setWordWrap(True)
        self._folder_button = QToolButton()
        self._folder_button.setText("Folder …")
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setMaximumWidth(260)
        self.progress.hide()
        self.table = QTableView()
        self.table.setAccessibleName("Measurements")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.sortByColumn(columns.STARTED, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.picture.setAccessibleName("Picture of the selected measurement")
        self.detail = QLabel(HINT)
        self.detail.setWordWrap(True)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setTextFormat(Qt.TextFormat.RichText)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _make_actions(self) -> None:
        self.actions_by_name: dict[str, QAction] = {}
        for name, text, key, work in (
            ("open", "Open", "", self._open_selected),
            ("compare", "Compare", "Ctrl+E", self._compare_selected),
            ("reanalyse", "Re-analyse …", "", self._reanalyse_selected),
            ("use", "Use these parameters", "Ctrl+U", self._use_selected),
            ("report", "HTML report", "", self._report_selected),
            ("folder", "Open folder", "", self._open_folder),
            ("look", "Look again", "F5", self._thread.look),
            ("pictures", "Pictures", "", None),
        ):  # type: str, str, str, Callable[[], None] | None
            action = QAction(text, self)
            if key:
                action.setShortcut(QKeySequence(key))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if work is not None:
                action.triggered.connect(lambda *_, work=work: work())
            self.actions_by_name[name] = action
            self.addAction(action)
            if name not in {"look", "pictures"}:
                self.table.addAction(action)
        self.actions_by_name["open"].setToolTip("Return, or double click")
        self.actions_by_name["compare"].setToolTip("Several runs in one plot: Ctrl+click selects them (Ctrl+E)")
        self.actions_by_name["use"].setToolTip("Fill the form with the parameters of this run (Ctrl+U)")
        self.actions_by_name["pictures"].setCheckable(True)
        self.actions_by_name["pictures"].setChecked(True)
        self.actions_by_name["pictures"].toggled.connect(lambda *_: self._set_row_height())
        for enter in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            shortcut = QShortcut(QKeySequence(enter), self.table, context=Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(self._open_selected)
        find = QShortcut(QKeySequence.StandardKey.Find, self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._to_search)

    def _make_layout(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._folder_button)
        head.addWidget(self.search, stretch=1)
        head.addWidget(self.progress)
        tools = QHBoxLayout()
        for name in ("open", "compare", "reanalyse", "use", "report", "folder"):
            tools.addWidget(_button(self.actions_by_name[name]))
        tools.addStretch(1)
        for name in ("pictures", "look"):
            tools.addWidget(_button(self.actions_by_name[name]))
        side = QWidget()
        inside = QVBoxLayout(side)
        inside.addWidget(self.picture)
        inside.addWidget(self.detail, stretch=1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(side)
        scroll.setMinimumWidth(200)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.addWidget(self.table)
        parts.addWidget(scroll)
        parts.setStretchFactor(0, 1)
        parts.setSizes([900, 340])
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(head)
        column.addWidget(self.told)
        column.addLayout(tools)
        column.addWidget(parts, stretch=1)

    def _connect(self) -> None:
        self._search_timer = QTimer(self, singleShot=True, interval=SEARCH_AFTER_MS)
        self._search_timer.timeout.connect(self._search_now)
        self._picture_timer = QTimer(self, singleShot=True, interval=PICTURES_AFTER_MS)
        self._picture_timer.timeout.connect(self._ask_for_pictures)
        self.search.textEdited.connect(lambda *_: self._search_timer.start())
        self.search.textChanged.connect(lambda text: None if text else self._search_timer.start())
        self.search.returnPressed.connect(self._search_now)
        self._folder_button.clicked.connect(self._choose_folder)
        self.table.doubleClicked.connect(lambda *_: self._open_selected())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_selected())
        self.model.picture_wanted.connect(self._want_picture)
        self._thread.found.connect(self._show_found)
        self._thread.refused.connect(self._search_refused)
        self._thread.progress.connect(self._show_progress)
        self._thread.picture.connect(self._show_picture)
        self._thread.problem.connect(self._show_problem)

    # --- search and rows ------------------------------------------------------------------------------------------

    def _to_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _search_now(self) -> None:
        self._search_timer.stop()
        self._thread.search(self.search.text())

    def _show_found(self, found: Found) -> None:
        if found.folder != self.folder:
            return
        names = [row.name for row in self.selected()]
        scrolled = self.table.verticalScrollBar().value()
        self.model.set_rows(found.rows)
        self.select(*names)
        self.table.verticalScrollBar().setValue(scrolled)
        if not self.model.rowCount() and not found.n_all:
            self._tell(f"no measurements in {found.folder} yet", bad=False)
        else:
            shown = f"{len(found.rows):,} of {found.n_all:,}" if len(found.rows) != found.n_all else f"{found.n_all:,}"
            self._tell(f"{shown} measurements: {found.in_words}", bad=False)
        self._show_selected()

    def _search_refused(self, why: str) -> None:
        self._tell(why, bad=True)

    def _show_problem(self, what: str) -> None:
        if what:  # the rows stay: a share that is away for a moment is not an empty folder
            self._tell(what, bad=True)

    def _tell(self, text: str, *, bad: bool) -> None:
        colours = shades(self.palette())
        restyle(self.told, f"color: {colours.bad if bad else colours.quiet}")
        self.told.setText(text)

    def _show_progress(self, fraction: float, what: str) -> None:
        self.progress.setVisible(fraction < 1.0)
        self.progress.setValue(int(1000 * fraction))
        self.progress.setFormat(what)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder with run files", str(self.folder or Path.cwd()))
        if chosen:
            self.set_folder(Path(chosen))

    # --- the selected row -----------------------------------------------------------------------------------------

    def _show_selected(self) -> None:
        rows = self.selected()
        colours = shades(self.palette())
        one = rows[0] if len(rows) == 1 else None
        self._picture_of = one.name if one is not None else ""
        self.picture.clear()
        if one is not None:
            self.detail.setText(detail_html(one, colours.good, colours.bad, colours.quiet))
            if one.kind is not Kind.UNREADABLE:
                self._want_picture(one.name)
        else:
            self.detail.setText(several_html(rows, colours.quiet) if rows else HINT)
        readable = [row for row in rows if row.kind is not Kind.UNREADABLE]
        enabled = {
            "open": bool(readable),
            "compare": 2 <= len(readable) <= MOST_RUNS,
            "reanalyse": len(readable) == 1,
            "use": len(readable) == 1 and readable[0].kind is Kind.RUN,
            "report": len(readable) == 1,
            "folder": len(rows) == 1,
        }
        for name, on in enabled.items():
            self.actions_by_name[name].setEnabled(on)
        self.actions_by_name["compare"].setText(f"Compare {len(readable)}" if len(readable) > 1 else "Compare")

    def _readable(self) -> tuple[Path, ...]:
        if self.folder is None:
            return ()
        return tuple(self.folder / row.name for row in self.selected() if row.kind is not Kind.UNREADABLE)

    def _open_selected(self) -> None:
        for path in self._readable()[:6]:
            self._keep(RunViewer(path, self._readings))

    def _compare_selected(self) -> None:
        paths = self._readable()
        if len(paths) >= 2:
            self._keep(CompareWindow(paths[:MOST_RUNS], self._readings))

    def _reanalyse_selected(self) -> None:
        for path in self._readable()[:1]:
            dialog = ReanalyseDialog(path, self._readings, self)
            dialog.stored.connect(lambda *_: self._thread.look())
            self._keep(dialog)

    def _use_selected(self) -> None:
        for path in self._readable()[:1]:
            self._readings.ask(partial(read_job, station=self._station), path, then=self._use, failed=self.message.emit)

    def _use(self, found: JobFound) -> None:
        self.use_parameters.emit(found.job)
        if found.remarks:
            self.message.emit("; ".join(found.remarks))

    def _report_selected(self) -> None:
        for path in self._readable()[:1]:
            self.message.emit(f"writing the report of {path.name} …")
            self._readings.ask(write_page, path, then=self._open_page, failed=self.message.emit)

    def _open_page(self, page: Path) -> None:
        self.message.emit(f"report written: {page}")
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))

    def _open_folder(self) -> None:
        for row in self.selected()[:1]:
            if self.folder is not None:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str((self.folder / row.name).parent)))

    def _keep(self, window: RunViewer | CompareWindow | ReanalyseDialog) -> None:
        """A window of its own; Python must hold it until it is closed."""
        window.message.connect(self.message)
        window.destroyed.connect(lambda *_, kept=window: self._forget(kept))
        self._windows.append(window)
        window.show()

    def _forget(self, window: QWidget) -> None:
        if window in self._windows:
            self._windows.remove(window)

    # --- pictures and looks ---------------------------------------------------------------------------------------

    def _want_picture(self, name: str) -> None:
        self._wanted.add(name)
        self._picture_timer.start()

    def _ask_for_pictures(self) -> None:
        wanted, self._wanted = tuple(self._wanted), set()
        self._thread.want_pictures(wanted)

    def _show_picture(self, name: str, image: QImage) -> None:
        self.model.set_picture(name, image, self.devicePixelRatioF())
        if name == self._picture_of and not image.isNull():
            self.picture.setPixmap(framed(image, _LARGE_PICTURE, self.devicePixelRatioF()))

    def _set_row_height(self) -> None:
        line = self.fontMetrics().height()
        pictures = self.actions_by_name["pictures"].isChecked()
        height = round(2.6 * line) if pictures else round(1.5 * line)
        self.table.verticalHeader().setDefaultSectionSize(height)
        size = QSize(round(1.7 * height), height - 4)
        self.model.set_picture_size(size if pictures else QSize())
        self.table.setIconSize(size)

    def _set_column_widths(self) -> None:
        character = self.fontMetrics().averageCharWidth()
        picture = self.table.iconSize().width() if self.actions_by_name["pictures"].isChecked() else 0
        widths = {
            columns.STARTED: 19 * character + picture,
            columns.PROCEDURE: 16 * character,
            columns.SAMPLE: 16 * character,
            columns.VERDICT: 13 * character,
            columns.RESULT: 40 * character,
            columns.DURATION: 13 * character,
        }
        for column, width in widths.items():
            self.table.setColumnWidth(column, width)

    def _paint(self) -> None:
        """Colours and sizes of the present palette and font."""
        colours = shades(self.palette())
        self.model.set_colours(colours.good, colours.bad, colours.quiet)
        self._set_row_height()
        self._set_column_widths()
        self._show_selected()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette and the size of the letters."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange} and hasattr(self, "detail"):
            self._paint()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button
