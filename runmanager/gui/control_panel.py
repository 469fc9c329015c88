"""The controls of manual control: one box a role, one row a control, made from what the service says of the bench."""

from PySide6.QtCore import Qt, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QGroupBox, QScrollArea, QVBoxLayout, QWidget  # noqa: TID253

from runmanager.gui.control_row import ControlRow
from runmanager.manual.messages import BenchShown, Readings


class ControlPanel(QScrollArea):
    """``pressed(row, verb, values)`` and ``problem(text)`` come from the rows."""

    pressed = Signal(str, str, dict)
    problem = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, ControlRow] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.show_bench(None)

    def show_bench(self, bench: BenchShown | None) -> None:
        """Make the rows of a bench; None: no rows."""
        self._rows = {}
        inside = QWidget()
        column = QVBoxLayout(inside)
        for role in bench.roles if bench is not None else ():
            box = QGroupBox(role.role.replace("_", " "))
            box.setToolTip(f"{role.instrument}: {role.identity}")
            lines = QVBoxLayout(box)
            lines.setSpacing(2)
            for shown in role.rows:
                row = ControlRow(shown)
                row.pressed.connect(self.pressed)
                row.problem.connect(self.problem)
                lines.addWidget(row)
                self._rows[shown.row] = row
            column.addWidget(box)
        column.addStretch(1)
        self.setWidget(inside)

    def show_readings(self, readings: Readings) -> None:
        """New values in the rows."""
        for each in readings.values:
            if each.row in self._rows:
                self._rows[each.row].show_value(each.text, good=each.good)

    def set_busy(self, busy: bool) -> None:
        """While an act goes on nothing else can be pressed."""
        for row in self._rows.values():
            row.set_enabled(not busy)

    def row(self, key: str) -> ControlRow:
        """The row "role.row"; KeyError without it."""
        return self._rows[key]
