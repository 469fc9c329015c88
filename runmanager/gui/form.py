"""The argument form of one experiment: made from its declared parameters, wrong input marked at once."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from procedures.experiment import Experiment
from runmanager.gui import fields
from runmanager.gui.fields import Field
from runmanager.gui.theme import colours, is_dark, restyle, weight

RESET_SIGN = "\N{ANTICLOCKWISE OPEN CIRCLE ARROW}"
WARNING_SIGN = "\N{WARNING SIGN}"


class FieldRow(QObject):
    """One parameter: label, editor, unit, a reset button when it is not the default, the reason when it is wrong."""

    changed = Signal()
    focused = Signal(object)

    def __init__(self, experiment: Experiment, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self.reason = ""
        self._shown: tuple[object, ...] = ()
        self._experiment = experiment
        self.label = QLabel(field.label, parent)
        self.label.setWordWrap(True)
        self.editor = _editor(field, parent)
        self.label.setBuddy(self.editor)
        self.unit = QLabel(field.shown_unit, parent)
        self.reset = QToolButton(parent)
        self.reset.setText(RESET_SIGN)
        self.reset.setAutoRaise(True)
        self.reset.setToolTip(f"back to the default: {field.default} {field.unit}".rstrip())
        self.reset.setAccessibleName(f"reset {field.label}")
        self.reset.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.clicked.connect(self.set_default)
        self.trouble = QLabel(parent)
        self.trouble.setWordWrap(True)
        for widget in (self.label, self.editor, self.unit):
            widget.setToolTip(field.explanation)
        self.editor.setAccessibleName(field.label)
        self.editor.setAccessibleDescription(field.explanation)
        self.editor.installEventFilter(self)
        self.fit_to_font()
        if isinstance(self.editor, QLineEdit):
            self.editor.textChanged.connect(self._check)
        elif isinstance(self.editor, QComboBox):
            self.editor.currentTextChanged.connect(self._check)
        elif isinstance(self.editor, QCheckBox):
            self.editor.toggled.connect(self._check)
        self._check()

    def fit_to_font(self) -> None:
        """Room for usual labels and numbers in the present font."""
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance("experimental detuning"))
        if isinstance(self.editor, QLineEdit):
            self.editor.setMinimumWidth(self.editor.fontMetrics().horizontalAdvance("1000000.0") + 12)

    def text(self) -> str:
        """The value as it stands in the editor."""
        if isinstance(self.editor, QCheckBox):
            return fields.as_text(self.editor.isChecked())
        if isinstance(self.editor, QComboBox):
            return self.editor.currentText()
        if not isinstance(self.editor, QLineEdit):
            return ""
        return fields.as_typed(self.editor.text().strip(), self.field.unit)

    def set_text(self, text: str) -> None:
        """Show another value; a wrong one is shown and marked."""
        if isinstance(self.editor, QCheckBox):
            self.editor.setChecked(text.strip().lower() in {"true", "1", "yes", "1.0"})
        elif isinstance(self.editor, QComboBox):
            if self.editor.findText(text) < 0:
                self.editor.addItem(text)  # kept and marked, not silently replaced
            self.editor.setCurrentText(text)
        elif isinstance(self.editor, QLineEdit):
            self.editor.setText(text)
        self._check()

    def set_default(self) -> None:
        """Back to the declared default."""
        self.set_text(self.field.default)

    def is_default(self) -> bool:
        """True while nothing was changed."""
        return self.text() == self.field.default

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell the form which parameter to explain."""
        if event.type() == QEvent.Type.FocusIn:
            self.focused.emit(self.field)
        return super().eventFilter(watched, event)

    def show_state(self) -> None:
        """Mark a wrong value: frame, sign and reason; colours of the present theme."""
        shown = (self.reason, self.is_default(), is_dark() if self.reason else None)
        if shown == self._shown:
            return
        self._shown = shown
        self.trouble.setVisible(bool(self.reason))
        self.trouble.setText(f"{WARNING_SIGN} {fields.short(self.reason)}" if self.reason else "")
        self.trouble.setToolTip(self.reason)
        sheet = ""
        if self.reason:
            bad = colours().bad
            restyle(self.trouble, f"color: {bad};")
            sheet = f"{type(self.editor).__name__} {{ border: 2px solid {bad}; }}"
        restyle(self.editor, sheet)
        self.reset.setVisible(not self.is_default())
        self.label.setFont(weight(bold=not self.is_default()))

    def _check(self) -> None:
        self.reason = fields.complaint(self._experiment, self.field.name, self.text())
        self.show_state()
        self.changed.emit()


def _editor(field: Field, parent: QWidget) -> QWidget:
    if field.kind == "yes or no":
        box = QCheckBox(parent)
        box.setChecked(field.default == "true")
        return box
    if field.kind == "choice":
        choices = _QuietComboBox(parent)
        choices.addItems(list(field.choices))
        choices.setCurrentText(field.default)
        choices.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choices.setMinimumContentsLength(8)
        return choices
    line = QLineEdit(field.default, parent)
    line.setPlaceholderText(field.limits or field.default)
    return line


class _QuietComboBox(QComboBox):
    """Does not change its value when the mouse wheel passes over it while the form is scrolled."""

    def wheelEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]


class ArgumentForm(QWidget):
    """All parameters of one experiment. ``changed`` on every keystroke; ``explain`` when a field gets the focus."""

    changed = Signal()
    explain = Signal(object)

    def __init__(self, procedure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.procedure = procedure
        self.rows: dict[str, FieldRow] = {}
        experiment = fields.loaded(procedure)()
        grid = QGridLayout()
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setVerticalSpacing(4)
        for number, field in enumerate(fields.fields_of(procedure)):
            row = FieldRow(experiment, field, self)
            grid.addWidget(row.label, 2 * number, 0)
            grid.addWidget(row.editor, 2 * number, 1)
            grid.addWidget(row.unit, 2 * number, 2)
            grid.addWidget(row.reset, 2 * number, 3)
            grid.addWidget(row.trouble, 2 * number + 1, 0, 1, 4)
            row.changed.connect(self.changed)
            row.focused.connect(self.explain)
            self.rows[field.name] = row
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 6)
        outer.addLayout(grid)
        outer.addStretch(1)

    def settings(self) -> tuple[tuple[str, str], ...]:
        """What differs from the defaults, as ``Job.settings`` wants it."""
        return tuple((name, row.text()) for name, row in self.rows.items() if not row.is_default())

    def set_settings(self, settings: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """Show these settings, defaults elsewhere; returns the names this experiment does not have (any more)."""
        given = dict(settings)
        for name, row in self.rows.items():
            row.set_text(given.get(name, row.field.default))
        return tuple(name for name in given if name not in self.rows)

    def reset(self) -> None:
        """All back to the defaults."""
        self.set_settings(())

    def problems(self) -> dict[str, str]:
        """Why which parameter is refused; empty when the form can be queued."""
        return {name: row.reason for name, row in self.rows.items() if row.reason}

    def focus_first_problem(self) -> None:
        """Put the cursor where something is wrong."""
        for row in self.rows.values():
            if row.reason:
                row.editor.setFocus()
                return

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: the marks take its colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for row in self.rows.values():
                row.show_state()
        elif event.type() == QEvent.Type.FontChange:
            for row in self.rows.values():
                row.fit_to_font()
