"""The page on which an experiment is written: arguments, bench, scan, target, controls and the big Queue button."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, QTimer, Signal  # noqa: TID253
from PySide6.QtGui import QKeyEvent  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from runmanager.errors import BadInputError
from runmanager.gui import fields
from runmanager.gui.bench_box import BenchBox
from runmanager.gui.fields import Field
from runmanager.gui.flow import FlowLayout
from runmanager.gui.form import WARNING_SIGN, ArgumentForm
from runmanager.gui.scan_box import ScanBox
from runmanager.gui.theme import colours, restyle, weight
from runmanager.numbers import duration
from runmanager.queue.entries import Entry, Job, Status

PREVIEW_DELAY_MS = 150
WIDEST, SMALL_SCREEN = 0.35, 1280  # of the screen's width, in pixels at least
DurationOf = Callable[[Job], float | None]


class JobEditor(QWidget):
    """Writes jobs. ``queue_wanted(jobs)`` for new ones, ``save_wanted(entry_id, job)`` for an edited one."""

    queue_wanted = Signal(object)
    save_wanted = Signal(int, object)
    complained = Signal(str)
    procedure_shown = Signal(str)

    def __init__(self, duration_of: DurationOf = lambda job: None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duration_of = duration_of
        self.editing: Entry | None = None
        self._base: Job | None = None  # what the form does not show of a job: faults, the file it continues
        self.form: ArgumentForm | None = None
        self.scan: ScanBox | None = None
        self.headline = QLabel(self)
        self.headline.setWordWrap(True)
        self.scroll_area = QScrollArea(self)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.help = QLabel(self)
        self.help.setWordWrap(True)
        self.help.setTextFormat(Qt.TextFormat.PlainText)
        self.help.setMinimumHeight(3 * self.fontMetrics().height())
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.page = QWidget(self)
        self.bench = BenchBox(self.page)
        self.bench.changed.connect(self._preview_soon)
        self._form_place = QVBoxLayout()
        self._scan_place = QVBoxLayout()
        self.preview = QLabel(self)
        self.preview.setWordWrap(True)
        self.control_box = QWidget(self.page)
        self._control_row = FlowLayout(self.control_box)
        self.control_buttons: dict[str, QPushButton] = {}
        self.queue_button = QPushButton(self)
        self.queue_button.setDefault(True)
        self.queue_button.clicked.connect(self.submit)
        self.reset_button = QPushButton("Defaults", self)
        self.reset_button.setToolTip("All parameters back to their defaults")
        self.reset_button.clicked.connect(self.reset)
        self.cancel_button = QPushButton("Cancel", self)
        self.cancel_button.clicked.connect(self.stop_editing)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_DELAY_MS)
        self._timer.timeout.connect(self.show_preview)
        self._lay_out()
        self._show_mode()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.reset_button)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.queue_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        top = QHBoxLayout()
        top.addWidget(self.headline, 1)
        top.addWidget(self.bench.badge, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(top)
        page = QVBoxLayout(self.page)
        page.setContentsMargins(0, 0, 0, 0)
        page.addLayout(self._form_place)
        page.addLayout(self._scan_place)
        page.addWidget(self.bench)
        page.addWidget(self.control_box)
        page.addStretch(1)
        self.scroll_area.setWidget(self.page)
        layout.addWidget(self.scroll_area, 1)
        layout.addWidget(self.help)
        layout.addWidget(self.preview)
        layout.addLayout(buttons)

    # --- which experiment -----------------------------------------------------------------------------------

    @property
    def procedure(self) -> str:
        """The experiment whose form is shown; "" before the first."""
        return "" if self.form is None else self.form.procedure

    def show_procedure(self, procedure: str) -> None:
        """Show the form of an experiment; the bench stays as it is. BadInputError for an unknown name."""
        if procedure == self.procedure:
            return
        form = ArgumentForm(procedure, self.page)
        scan = ScanBox(procedure, self.page)
        form.changed.connect(self._preview_soon)
        form.explain.connect(self._explain)
        scan.changed.connect(self._preview_soon)
        for place, earlier in ((self._form_place, self.form), (self._scan_place, self.scan)):
            if earlier is not None:
                place.removeWidget(earlier)
                earlier.deleteLater()
        self.form, self.scan = form, scan
        self._form_place.addWidget(form)
        self._scan_place.addWidget(scan)
        self._show_controls()
        self._fit_width()
        self.editing = None
        self._base = None
        self._show_mode()
        self._explain(None)
        self._preview_soon()
        self.procedure_shown.emit(procedure)

    def _fit_width(self) -> None:
        """Never so narrow that units and reset buttons are cut off, unless the letters are too large for the screen."""
        if (layout := self.page.layout()) is not None:
            layout.activate()
        bar = self.scroll_area.verticalScrollBar().sizeHint().width()
        most = round(WIDEST * max(self.screen().availableGeometry().width(), SMALL_SCREEN))
        self.scroll_area.setMinimumWidth(min(self.page.minimumSizeHint().width() + bar + 4, most))

    def _show_controls(self) -> None:
        for button in self.control_buttons.values():
            self._control_row.removeWidget(button)
            button.deleteLater()
        self.control_buttons = {}
        for name, meaning in fields.control_choices(self.procedure):
            button = QPushButton(f"+ {name}", self.control_box)
            button.setToolTip(f"Queue this job as a control: {meaning}")
            button.clicked.connect(lambda _=False, control=name: self.submit_control(control))
            self._control_row.addWidget(button)
            button.show()
            self.control_buttons[name] = button
        self.control_box.setVisible(bool(self.control_buttons) and self.editing is None)

    def _explain(self, field: Field | None) -> None:
        self.help.setText("" if field is None else field.explanation)
        self.help.setVisible(field is not None)

    # --- what is asked for ----------------------------------------------------------------------------------

    def job(self) -> Job:
        """The job as written, without its scan; BadInputError with the first reason when something is wrong."""
        if self.form is None or self.scan is None:
            raise BadInputError("choose an experiment first")
        for reason in (*self.form.problems().values(), self.bench.reason):
            if reason:
                raise BadInputError(reason)
        base = self._base or Job(procedure=self.procedure)
        return self.bench.applied_to(replace(base, settings=self.form.settings(), until=self.scan.until()))

    def jobs(self) -> tuple[Job, ...]:
        """All jobs of the scan, or the one."""
        job = self.job()
        assert self.scan is not None  # noqa: S101 - job() has refused otherwise
        return self.scan.jobs(job)

    def submit(self) -> None:
        """Queue the jobs, or save the edited one; complains instead when something is wrong."""
        try:
            jobs = self.jobs()
        except BadInputError as error:
            self._refuse(str(error))
            return
        if self.editing is not None and len(jobs) > 1:
            self._refuse("an entry is one job: cancel the editing and queue the scan as new entries")
            return
        if self.editing is not None:
            self.save_wanted.emit(self.editing.id, jobs[0])
            self.stop_editing()
        else:
            self.queue_wanted.emit(jobs)
            self._base = None

    def submit_control(self, control: str) -> None:
        """Queue the same jobs with a control; complains instead when something is wrong."""
        from runmanager.queue.scans import with_control

        try:
            jobs = tuple(with_control(job, control) for job in self.jobs())
        except BadInputError as error:
            self._refuse(str(error))
            return
        self.queue_wanted.emit(jobs)

    def _refuse(self, reason: str) -> None:
        self.complained.emit(reason)
        self.show_preview()
        if self.form is not None:
            self.form.focus_first_problem()

    # --- editing and reusing --------------------------------------------------------------------------------

    def edit(self, entry: Entry) -> tuple[str, ...]:
        """Show a queued entry for editing; Enter saves it. Returns the settings the experiment no longer has."""
        unknown = self.use_parameters(entry.job)
        if entry.status is not Status.QUEUED:
            return unknown
        self.editing = entry
        self._base = entry.job
        self._show_mode()
        if self.form is not None:
            first = next(iter(self.form.rows.values()), None)
            if first is not None:
                first.editor.setFocus()
        return unknown

    def use_parameters(self, job: Job) -> tuple[str, ...]:
        """Fill the form from a job, for a new entry; returns the settings that the experiment no longer has."""
        self.stop_editing()
        self.show_procedure(job.procedure)
        if self.form is None or self.scan is None:
            return ()
        unknown = self.form.set_settings(job.settings)
        self.bench.show_job(job)
        self.scan.show_job(job)
        self._preview_soon()
        return unknown

    def stop_editing(self) -> None:
        """Leave the edit mode; what is in the form stays."""
        self.editing = None
        self._base = None
        self._show_mode()

    def reset(self) -> None:
        """All parameters back to their defaults."""
        if self.form is not None:
            self.form.reset()

    def _show_mode(self) -> None:
        if self.editing is None:
            self.headline.setText(
                "Choose an experiment, change what you like, press <b>Queue</b>. It is measured in turn; watch it grow."
            )
            self.queue_button.setText("Queue   (Ctrl+Return)")
        else:
            self.headline.setText(
                f"<b>Editing entry {self.editing.id}</b> ({self.editing.job.procedure}). Enter saves."
            )
            self.queue_button.setText("Save   (Enter)")
        self.cancel_button.setVisible(self.editing is not None)
        self.control_box.setVisible(bool(self.control_buttons) and self.editing is None)
        self.queue_button.setFont(weight(bold=True))
        self.queue_button.setMinimumHeight(round(2.4 * self.fontMetrics().height()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter saves an edited entry, Escape leaves the edit mode."""
        if self.editing is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.submit()
        elif self.editing is not None and event.key() == Qt.Key.Key_Escape:
            self.stop_editing()
        else:
            super().keyPressEvent(event)

    # --- the preview ----------------------------------------------------------------------------------------

    def _preview_soon(self) -> None:
        self._timer.start()

    def show_preview(self) -> None:
        """Say how many jobs this is and how long they take, or what is wrong."""
        if self.scan is None:
            return
        try:
            jobs = self.jobs()
        except BadInputError as error:
            restyle(self.queue_button, "")
            self._say(str(error), wrong=True)
            return
        shades = colours()
        ink = "#101215" if shades.accent.startswith("#5") else "#ffffff"
        restyle(self.queue_button, f"QPushButton {{ background: {shades.accent}; color: {ink}; }}")
        self._say(self._how_long(jobs), wrong=False)

    def _say(self, text: str, *, wrong: bool) -> None:
        shades = colours()
        self.preview.setText(f"{WARNING_SIGN} {text}" if wrong else text)
        restyle(self.preview, f"color: {shades.bad if wrong else shades.quiet};")
        self.preview.setVisible(bool(text))

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: button and preview take its colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._preview_soon()
        elif event.type() == QEvent.Type.FontChange and self.form is not None:
            QTimer.singleShot(0, self, self._fit_width)

    def _how_long(self, jobs: tuple[Job, ...]) -> str:
        count = "" if len(jobs) == 1 else f"{len(jobs)} jobs, "
        known = [found for job in jobs if (found := self._duration_of(job)) is not None]
        if len(known) == len(jobs):
            return f"{count}forecast {duration(sum(known))} of bench time"
        if known:
            return f"{count}about {duration(sum(known) / len(known) * len(jobs))} of bench time"
        return f"{count}bench time: the dry run on the twin tells once it is queued" if count else ""
