"""The window: panels around the live plots, and what each wish of the user does. No physics, no instrument here."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, Qt, QTimer, Slot  # noqa: TID253
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QApplication,
    QFileDialog,
    QInputDialog,
    QMainWindow,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from runmanager.errors import BadInputError
from runmanager.gui import closing, docks, layout, menus
from runmanager.gui.actions import key_dialog, make_actions
from runmanager.gui.appearance import Appearance
from runmanager.gui.banner import Acknowledged, UnsafeBanner, unsafe_entries
from runmanager.gui.catalogue import CatalogueWidget
from runmanager.gui.docks import BOTTOM, LEFT, Panel
from runmanager.gui.errand import Errands
from runmanager.gui.explorer import ExperimentExplorer
from runmanager.gui.icon import window_icon
from runmanager.gui.instrument_panel import InstrumentPanel
from runmanager.gui.job_editor import JobEditor
from runmanager.gui.layout import Preferences
from runmanager.gui.live_plots import LivePlots
from runmanager.gui.log_view import LogView
from runmanager.gui.notifications import Notifier, headline
from runmanager.gui.queue_model import QueueSnapshot
from runmanager.gui.queue_view import EntryTable, HistoryView, QueueView
from runmanager.gui.running_bar import RunningBar
from runmanager.gui.service import QueueService
from runmanager.gui.theme import DEFAULT_FONT_PT
from runmanager.queue.entries import Entry, Job, Status
from runmanager.queue.events import Command, Event, Finished, LogLine, Progress, Started

SHOWN_MS = 8000
FIRST_PROCEDURE = "spin-pumping"


class MainWindow(QMainWindow):
    """One queue in one window. The service must not have been started; the window starts and stops it."""

    def __init__(self, service: QueueService, settings: QSettings, *, forecasts: bool = True) -> None:
        super().__init__()
        self.service = service
        self.settings = settings
        self.acknowledged = Acknowledged(settings, service.path)
        self.appearance = Appearance(self, settings)
        self.ask_on_close: Callable[[QWidget, Entry], closing.Choice] = closing.ask
        self._close_after_abort = False
        self._let_go = self._closed = False
        self._told: set[int] = set()
        self._ended: list[int] = []
        self.errands = Errands(self)
        self.errands.refused.connect(lambda text: self.say("WARNING", text))
        self.actions_by_name = make_actions(self)
        self._make_widgets()
        self._arrange()
        self._connect_actions()
        self._connect_widgets()
        self.setAcceptDrops(True)
        self.setWindowTitle(f"solotron: {service.path.name}")
        self.setWindowIcon(window_icon())
        self.notifier = Notifier(self, window_icon())
        self.appearance.apply()
        self.service.start(forecasts=forecasts)
        self.explorer.select(FIRST_PROCEDURE)
        self._tell_bench()

    # --- building ---------------------------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        self.banner = UnsafeBanner(self)
        acts = self.actions_by_name
        self.running_bar = RunningBar([acts[n] for n in ("start", "pause", "stop_after", "abort")], self)
        self.explorer = ExperimentExplorer(self)
        self.editor = JobEditor(self.service.duration_of, self)
        self.queue_view = QueueView(self)
        self.history_view = HistoryView(self)
        self.plots = LivePlots(self)
        self.log_view = LogView(self)
        self.instruments = InstrumentPanel(self)
        self.catalogue = CatalogueWidget(self)

    def _arrange(self) -> None:
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.banner)
        column.addWidget(self.running_bar)
        column.addWidget(self.plots, 1)
        self.setCentralWidget(middle)
        self.docks = docks.add_docks(
            self,
            (
                Panel("experiments", "Experiments", LEFT, self.explorer),
                Panel("editor", "New experiment", LEFT, self.editor),
                Panel("queue", "Queue", BOTTOM, self.queue_view),
                Panel("history", "History", BOTTOM, self.history_view),
                Panel("catalogue", "Catalogue", BOTTOM, self.catalogue, wide=True),
                Panel("instruments", "Instruments", BOTTOM, self.instruments),
                Panel("log", "Log", BOTTOM, self.log_view),
            ),
        )
        self.themes = menus.fill_menu_bar(self, self.actions_by_name, self.docks)
        self.statusBar().setSizeGripEnabled(True)
        self.resize(1280, 760)
        docks.usual_sizes(self, self.docks)
        layout.restore_window(self.settings, self)

    def _connect_actions(self) -> None:
        look = self.appearance
        does: dict[str, Callable[[], object]] = {
            "queue": self.editor.submit,
            "start": self.start_queue,
            "stop_after": self._stop_after,
            "abort": self._abort,
            "edit": lambda: self._with_selected(lambda chosen: self._edit(chosen[0])),
            "up": lambda: self.queue_view.shift(-1),
            "down": lambda: self.queue_view.shift(1),
            "use": lambda: self._with_selected(lambda chosen: self.use_parameters(chosen[0].job)),
            "use_file": self._choose_run_file,
            "export_layout": self._export_layout,
            "import_layout": self._import_layout,
            "quit": self.close,
            "bigger": lambda: look.set_font_pt(look.preferences.font_pt + 1),
            "smaller": lambda: look.set_font_pt(look.preferences.font_pt - 1),
            "usual": lambda: look.set_font_pt(DEFAULT_FONT_PT),
            "hook": self._choose_hook,
            "keys": lambda: key_dialog(self).open(),
        }
        service = self.service
        for by_id in (service.duplicate, service.remove, service.confirm, service.resume, service.repeat):
            does[by_id.__name__] = partial(self._with_selected, partial(_by_id, by_id))
        for name, do in does.items():
            self.actions_by_name[name].triggered.connect(lambda _=False, wanted=do: wanted())
        self.actions_by_name["hold"].triggered.connect(self.service.hold)
        self.actions_by_name["pause"].triggered.connect(self._pause)
        self.actions_by_name["run_at_once"].triggered.connect(look.set_run_at_once)
        self.actions_by_name["sound"].triggered.connect(look.set_sound)
        self.actions_by_name["notify"].triggered.connect(look.set_notify)
        for which, action in self.themes.items():
            action.triggered.connect(lambda _=False, wanted=which: look.set_theme(wanted))

    def _connect_widgets(self) -> None:
        self.explorer.chosen.connect(self._show_procedure)
        self.editor.queue_wanted.connect(self.queue_jobs)
        self.editor.save_wanted.connect(self.service.edit)
        self.editor.complained.connect(lambda text: self.say("WARNING", text))
        self.editor.procedure_shown.connect(self.explorer.select)
        self.editor.bench.changed.connect(self._tell_bench)
        for table in (self.queue_view, self.history_view):
            table.removed.connect(self.service.remove)
            table.opened.connect(self._open)
            table.menu_wanted.connect(partial(menus.fill_entry_menu, actions=self.actions_by_name))
        self.queue_view.moved.connect(self.service.move)
        self.banner.acknowledged.connect(self._acknowledge)
        self.service.snapshot_changed.connect(self._show_snapshot)
        self.service.happened.connect(self._show_event)
        self.service.said.connect(self.say)
        self.service.broken.connect(self._broken)
        self.service.free_bench = self.instruments.release_bench
        for panel in (self.plots, self.instruments, self.catalogue):
            panel.message.connect(lambda text: self.say("INFO", text))
        self.instruments.unsafe.connect(self.banner.show_instruction)
        self.instruments.abort_requested.connect(self._abort)
        self.catalogue.use_parameters.connect(self.use_parameters)
        self.appearance.changed.connect(self._show_preferences)
        self.appearance.refused.connect(lambda text: self.say("WARNING", text))

    # --- what the queue says ------------------------------------------------------------------------------------

    @Slot(object)
    def _show_snapshot(self, snapshot: QueueSnapshot) -> None:
        self.queue_view.entries.refresh(snapshot.queue, snapshot.finish_s)
        self.history_view.entries.refresh(snapshot.history)
        self.docks["queue"].setWindowTitle(f"Queue ({len(snapshot.queue)})" if snapshot.queue else "Queue")
        self.banner.show_entries(unsafe_entries(snapshot.history, self.acknowledged.ids()))
        self._show_running()
        self._tell_ended()
        if self._close_after_abort and self.service.running is None and self.banner.isHidden():
            self.close()

    def _show_running(self) -> None:
        running, held = self.service.running, self.service.snapshot.paused
        waiting = len(self.service.runnable())
        ended = self.service.snapshot.history[:1]
        last = f"Last: {': '.join(headline(ended[0]))}  (more in History, Ctrl+4)" if ended else ""
        self.running_bar.show_entry(running, waiting=waiting, held=held, last=last)
        acts = self.actions_by_name
        acts["start"].setEnabled(running is None and waiting > 0)
        acts["hold"].setChecked(held)
        for name in ("pause", "stop_after", "abort"):
            acts[name].setEnabled(running is not None)
        paused = running is not None and running.status is Status.PAUSED
        acts["pause"].setChecked(paused)
        acts["pause"].setText("Go &on" if paused else "&Pause")

    @Slot(object)
    def _show_event(self, event: Event) -> None:
        self.plots.show_event(event)
        self.instruments.show_event(event)
        if isinstance(event, Progress):
            self.running_bar.show_progress(event)
        elif isinstance(event, LogLine):
            self.log_view.write(event.level, event.text, event.entry_id)
            if event.level in ("WARNING", "ERROR", "CRITICAL"):
                self.statusBar().showMessage(event.text, SHOWN_MS)
        elif isinstance(event, Started):
            self.log_view.write("INFO", f"{event.procedure} begins: {event.run_file}", event.entry_id)
            if (running := self.service.running) is not None and running.id == event.entry_id:
                self.plots.set_job(running.job)
        elif isinstance(event, Finished):
            self.log_view.write("INFO" if event.exit_code == 0 else "WARNING", f"{event.status}", event.entry_id)
            self._ended.append(event.entry_id)
            self._tell_ended()

    def _tell_ended(self) -> None:
        """Message and sound for runs that ended, as soon as both the event and the store have said so."""
        for entry in self.service.snapshot.history[:20]:
            if entry.id in self._ended and entry.id not in self._told:
                self._told.add(entry.id)
                self._ended.remove(entry.id)
                chosen = self.appearance.preferences
                self.notifier.tell(entry, sound=chosen.sound, message=chosen.notify)
                self.say("INFO" if entry.ending and entry.ending.exit_code == 0 else "WARNING", self.notifier.last)

    @Slot(str, str)
    def say(self, level: str, text: str) -> None:
        """Tell the user something: status bar and log."""
        self.statusBar().showMessage(text, SHOWN_MS)
        self.log_view.write(level, text)

    @Slot(str)
    def _broken(self, text: str) -> None:
        self.say("ERROR", text)
        box = QMessageBox(QMessageBox.Icon.Critical, "The queue cannot be used", text, parent=self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    @Slot(object)
    def _acknowledge(self, ids: tuple[int, ...]) -> None:
        self.acknowledged.add(ids)
        self.log_view.write("WARNING", "done by hand, says the user: entries " + ", ".join(str(n) for n in ids))
        self.banner.show_entries(unsafe_entries(self.service.snapshot.history, self.acknowledged.ids()))

    # --- what the user wants --------------------------------------------------------------------------------------

    @Slot(object)
    def queue_jobs(self, jobs: tuple[Job, ...]) -> None:
        """Queue these jobs and, if the user likes it so, let the queue run."""
        self.service.add(jobs, run=self.appearance.preferences.run_at_once)
        docks.show_only(self.docks["queue"])

    def start_queue(self) -> None:
        """Let the queue run; a held one is let go."""
        if self.service.snapshot.paused:
            self.service.hold(False)
            if self.service.watching:
                self.service.command(Command.RESUME)
        self.service.run_queue()

    @Slot(object)
    def use_parameters(self, job: Job) -> None:
        """Fill the form from a job; nothing is queued yet."""
        unknown = self._fill_editor(lambda: self.editor.use_parameters(job))
        if unknown is not None:
            note = f" (no longer known: {', '.join(unknown)})" if unknown else ""
            self.say("WARNING" if unknown else "INFO", f"parameters of a {job.procedure} taken over{note}: now Queue")

    def _fill_editor(self, fill: Callable[[], tuple[str, ...]]) -> tuple[str, ...] | None:
        """The settings that the experiment does not have; None for an experiment of another version."""
        try:
            unknown = fill()
        except BadInputError as error:
            self.say("WARNING", str(error))
            return None
        docks.show_only(self.docks["editor"])
        return unknown

    def use_run_file(self, path: Path) -> None:
        """Fill the form from a run file; says why when that cannot be."""
        station = self.editor.bench.station_file()
        self.errands.run(lambda: _read_job(path, station), self._use_found)

    def _use_found(self, found: object) -> None:
        from runmanager.catalogue.job_of import JobFound

        if isinstance(found, JobFound):
            self.use_parameters(found.job)
            for remark in found.remarks:
                self.say("WARNING", remark)

    def _show_procedure(self, procedure: str) -> None:
        try:
            self.editor.show_procedure(procedure)
        except BadInputError as error:
            self.say("ERROR", str(error))

    def _tell_bench(self) -> None:
        if self.editor.bench.reason:
            return
        job = self.editor.bench.applied_to(Job(procedure=""))
        self.catalogue.set_folder(job.out)
        self.instruments.set_station(job.station, twin=job.twin, sample=job.sample)

    @Slot(object)
    def _open(self, entry: Entry) -> None:
        if entry.status is Status.QUEUED:
            self._edit(entry)
        else:
            self.use_parameters(entry.job)

    def _edit(self, entry: Entry) -> None:
        if unknown := self._fill_editor(lambda: self.editor.edit(entry)):
            self.say("WARNING", f"entry {entry.id}: saving it leaves out what is no longer known: {', '.join(unknown)}")

    def _table(self) -> EntryTable:
        """The table that has the keyboard, else the one that is seen."""
        if self.history_view.hasFocus() or (not self.queue_view.hasFocus() and not self.queue_view.isVisible()):
            return self.history_view
        return self.queue_view

    def _with_selected(self, do: Callable[[list[Entry]], object]) -> None:
        chosen = self._table().selected()
        if chosen:
            do(chosen)
        else:
            self.say("INFO", "select a row of the queue or of the history first")

    def _abort(self) -> None:
        self.service.command(Command.ABORT)
        self.say("WARNING", "aborting: going to the safe state; what was measured is kept")

    def _stop_after(self) -> None:
        self.service.command(Command.STOP_AFTER)
        self.say("INFO", "the queue stops after this run; Start (F5) lets it go on")

    def _pause(self, wanted: bool) -> None:
        self.service.command(Command.PAUSE if wanted else Command.RESUME)
        self.say("INFO", "pausing at the next safe checkpoint, light off" if wanted else "going on")

    def _choose_run_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Run file", "", "Run files (*.h5 *.hdf5)")
        if name:
            self.use_run_file(Path(name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Run files may be dropped anywhere on the window."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Use the parameters of the first run file that was dropped."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.use_run_file(files[0])

    # --- how it looks ---------------------------------------------------------------------------------------------

    @Slot(object)
    def _show_preferences(self, preferences: Preferences) -> None:
        self.themes[preferences.theme].setChecked(True)
        for dock in self.docks.values():  # some desktops give titles a font of their own
            dock.setFont(QApplication.font())
        acts = self.actions_by_name
        acts["run_at_once"].setChecked(preferences.run_at_once)
        acts["sound"].setChecked(preferences.sound)
        acts["notify"].setChecked(preferences.notify)
        self.service.hook = preferences.hook

    def changeEvent(self, event: QEvent) -> None:
        """Another font: rows and columns follow."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            QTimer.singleShot(0, self, self._fit_tables)

    def _fit_tables(self) -> None:
        self.queue_view.fit_to_font()
        self.history_view.fit_to_font()

    def _choose_hook(self) -> None:
        text, fine = QInputDialog.getText(
            self, "Command at the end of a run", "Runs with the entry as JSON on its input; empty: none.",
            text=self.appearance.preferences.hook,
        )  # fmt: skip
        if fine:
            self.appearance.set_hook(text.strip())

    def _export_layout(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Export layout", "solotron-layout.json", "Layouts (*.json)")
        if name:
            self.appearance.export_layout(Path(name))

    def _import_layout(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Import layout", "", "Layouts (*.json)")
        if name:
            self.appearance.import_layout(Path(name))

    # --- the end --------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Close without a question; a run goes on in its own process."""
        self._let_go = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A run goes on without the window, unless the user wants it aborted; then the window waits for its end."""
        if self._closed:
            event.accept()
            return
        running = self.service.running
        if running is not None and not self._let_go:
            choice = self.ask_on_close(self, running)
            if choice is closing.Choice.STAY:
                event.ignore()
                return
            if choice is closing.Choice.ABORT:
                self._close_after_abort = True
                self.service.command(Command.STOP_AFTER)
                self._abort()
                self.say("WARNING", "the window closes when the safe state is reached")
                event.ignore()
                return
        self._let_go = self._closed = True
        layout.save_window(self.settings, self)
        self.instruments.shutdown()
        self.catalogue.shutdown()
        self.errands.finish()
        self.service.stop()
        self.notifier.close()
        event.accept()


def _read_job(path: Path, station: Path | None) -> object:
    from runmanager.catalogue.job_of import read_job

    return read_job(path, station=station)


def _by_id(do: Callable[[list[int]], object], entries: list[Entry]) -> None:
    do([entry.id for entry in entries])
