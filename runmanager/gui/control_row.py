"""One row of the manual control panel: what is read, what can be filled in, what can be pressed."""

import math

from PySide6.QtCore import Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget  # noqa: TID253

from runmanager.gui.theme import colours, restyle
from runmanager.gui.wording import number, shown_unit
from runmanager.manual.messages import FieldShown, RowShown, Value

LABEL_EM, VALUE_EM, FIELD_EM = 11, 13, 7
"""Widths in units of the font's height."""


class NumberEdit(QLineEdit):
    """A number with its unit and limits. What is wrong is marked at once; the driver has the last word all the same."""

    def __init__(self, field: FieldShown) -> None:
        super().__init__(f"{field.start:g}" if isinstance(field.start, int | float) else str(field.start))
        self._field = field
        self.setToolTip(limits_text(field))
        self.textChanged.connect(self._mark)
        self.setAccessibleName(f"{field.label} {shown_unit(field.unit)}")

    def problem(self) -> str:
        """Why the text cannot be sent or will be refused, "" when it is fine."""
        value = self._number()
        if math.isnan(value) or math.isinf(value):
            return f"'{self.text()}' is no number"
        if self._field.whole and value != round(value):
            return f"{value:g} is no whole number"
        low, high = self._field.low, self._field.high
        if (low is not None and value < low) or (high is not None and value > high):
            return f"{number(value)} {shown_unit(self._field.unit)}: {limits_text(self._field)}"
        return ""

    def value(self) -> Value | None:
        """The number, None when the text is none."""
        value = self._number()
        if not math.isfinite(value):
            return None
        return int(value) if self._field.whole and value == round(value) else value

    def _number(self) -> float:
        try:
            return float(self.text().strip().replace(",", "."))
        except ValueError:
            return math.nan

    def _mark(self) -> None:
        problem = self.problem()
        restyle(self, f"background: {colours().bad_background}" if problem else "")
        self.setToolTip(problem or limits_text(self._field))


class ControlRow(QWidget):
    """``pressed(row, verb, values)``: a button, or Return in a field for the first button."""

    pressed = Signal(str, str, dict)
    problem = Signal(str)

    def __init__(self, row: RowShown) -> None:
        super().__init__()
        self._row = row
        self._edits: dict[str, NumberEdit | QComboBox] = {}
        self._buttons: dict[str, QPushButton] = {}
        em = self.fontMetrics().height()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        label = QLabel(row.label)
        label.setFixedWidth(LABEL_EM * em // 2 + em)
        label.setToolTip(row.help)
        self._value = QLabel("…" if row.has_reading else "")
        self._value.setMinimumWidth(VALUE_EM * em // 2)
        line.addWidget(label)
        line.addWidget(self._value, stretch=1)
        for field in row.fields:
            self._add_field(line, field, em)
        for verb in row.verbs:
            button = QPushButton(verb)
            button.setToolTip(row.help)
            button.setAccessibleName(f"{row.label}: {verb}")
            button.clicked.connect(lambda _=False, verb=verb: self.press(verb))
            self._buttons[verb] = button
            line.addWidget(button)

    def press(self, verb: str) -> None:
        """Send the fields' values with this verb; a text that is no number is told instead."""
        values: dict[str, Value] = {}
        for argument, edit in self._edits.items():
            value = edit.value() if isinstance(edit, NumberEdit) else edit.currentText()
            if value is None and isinstance(edit, NumberEdit):
                self.problem.emit(f"{self._row.label}: {edit.problem()}")
                return
            values[argument] = "" if value is None else value
        self.pressed.emit(self._row.row, verb, values)

    def show_value(self, text: str, *, good: bool) -> None:
        """The value as read; for one that could not be read the reason is the tool tip."""
        self._value.setText(text if good else "not known")
        self._value.setToolTip("" if good else text)

    def set_enabled(self, enabled: bool) -> None:
        """Whether anything can be pressed."""
        for button in self._buttons.values():
            button.setEnabled(enabled)

    def value_text(self) -> str:
        """The value shown."""
        return self._value.text()

    def edit(self, argument: str) -> NumberEdit | QComboBox:
        """The field of an argument; KeyError without it."""
        return self._edits[argument]

    def button(self, verb: str) -> QPushButton:
        """A button; KeyError without it."""
        return self._buttons[verb]

    def _add_field(self, line: QHBoxLayout, field: FieldShown, em: int) -> None:
        if field.label:
            line.addWidget(QLabel(field.label))
        if field.choices:
            box = QComboBox()
            box.addItems(field.choices)
            box.setCurrentText(str(field.start))
            self._edits[field.argument] = box
            line.addWidget(box)
            return
        edit = NumberEdit(field)
        edit.setFixedWidth(FIELD_EM * em // 2 + em)
        edit.returnPressed.connect(lambda: self.press(self._row.verbs[0]))
        self._edits[field.argument] = edit
        line.addWidget(edit)
        if field.unit:
            line.addWidget(QLabel(shown_unit(field.unit)))


def limits_text(field: FieldShown) -> str:
    """``allowed are -5 to 5 T``, or what is known of it."""
    unit = f" {shown_unit(field.unit)}" if field.unit else ""
    if field.low is not None and field.high is not None:
        return f"allowed are {number(field.low)} to {number(field.high)}{unit}"
    if field.low is not None:
        return f"allowed is at least {number(field.low)}{unit}"
    if field.high is not None:
        return f"allowed is at most {number(field.high)}{unit}"
    return "the instrument's own limits apply"
