"""At which uncertainty a run may end: one row for each result, all of which must be reached."""

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui import fields
from runmanager.gui.wording import shown_unit
from runmanager.queue.entries import Target

FULL_TIME = "the full measuring time"
TOOLTIP = 3


class TargetRow(QWidget):
    """``<result> ± <standard error> unit``; ``changed`` on every change, ``removed`` by its button."""

    changed = Signal()
    removed = Signal()

    def __init__(self, procedure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result = QComboBox(self)
        self.result.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.result.setMinimumContentsLength(12)
        self.result.addItem(FULL_TIME, ("", ""))
        for name, unit, meaning in fields.target_choices(procedure):
            self.result.addItem(name, (name, "" if unit == "1" else shown_unit(unit)))
            self.result.setItemData(self.result.count() - 1, meaning, TOOLTIP)
        self.error = QLineEdit(self)
        self.error.setPlaceholderText("standard error")
        self.error.setToolTip("The run ends, complete and analysed, as soon as one standard error is this small.")
        self.unit = QLabel(self)
        self.remove = QToolButton(self)
        self.remove.setText("\N{MULTIPLICATION SIGN}")
        self.remove.setToolTip("Without this target")
        self.remove.setAccessibleName("remove this target")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.result, 1)
        row.addWidget(self.error, 1)
        row.addWidget(self.unit)
        row.addWidget(self.remove)
        self.result.currentIndexChanged.connect(self._react)
        self.error.textChanged.connect(self.changed)
        self.remove.clicked.connect(self.removed)
        self._react()

    def _react(self) -> None:
        name, unit = self.result.currentData()
        self.error.setEnabled(bool(name))
        self.unit.setText(unit)
        self.changed.emit()

    def target(self) -> Target | None:
        """What was written; None without a result. BadInputError when the error is not a positive number."""
        name, _ = self.result.currentData()
        if not name:
            return None
        text = self.error.text().strip()
        try:
            stderr = float(text)
        except ValueError:
            stderr = float("nan")
        if not 0.0 < stderr < float("inf"):
            raise BadInputError(f"stop at {name}: the standard error must be a number above zero, not '{text}'")
        return Target(name, stderr)

    def show_target(self, target: Target | None) -> None:
        """Show a target; a result that this experiment no longer names is shown as it is, and refused below."""
        self.result.setCurrentIndex(0)
        self.error.setText("" if target is None else f"{target.stderr:.12g}")
        if target is None:
            return
        known = [self.result.itemData(n)[0] for n in range(self.result.count())]
        if target.result not in known:
            self.result.addItem(target.result, (target.result, ""))
            known.append(target.result)
        self.result.setCurrentIndex(known.index(target.result))


class TargetBox(QWidget):
    """All targets of a job, and a button for one more. ``changed`` on every change."""

    changed = Signal()

    def __init__(self, procedure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._procedure = procedure
        self.rows: list[TargetRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.more = QToolButton(self)
        self.more.setText("+ another result")
        self.more.setToolTip("The run ends when all of these are reached")
        self.more.clicked.connect(lambda: self._add(None))
        self._column.addWidget(self.more)
        self._add(None)

    def targets(self) -> tuple[Target, ...]:
        """All that are written; BadInputError for a wrong error, and for a result that is named twice."""
        found = [target for row in self.rows if (target := row.target()) is not None]
        names = [target.result for target in found]
        for name in names:
            if names.count(name) > 1:
                raise BadInputError(f"stop at {name}: it is named twice; one standard error is enough")
        return tuple(found)

    def show_targets(self, targets: tuple[Target, ...]) -> None:
        """Show these, one row each; a single empty row without any."""
        for row in list(self.rows):
            self._drop(row)
        for target in targets or (None,):
            self._add(target)

    def _add(self, target: Target | None) -> None:
        row = TargetRow(self._procedure, self)
        row.show_target(target)
        row.changed.connect(self._react)
        row.removed.connect(lambda: self._remove(row))
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)
        self._react()

    def _remove(self, row: TargetRow) -> None:
        self._drop(row)
        if not self.rows:
            self._add(None)
        self._react()

    def _drop(self, row: TargetRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _react(self) -> None:
        chosen = [bool(row.result.currentData()[0]) for row in self.rows]
        self.more.setVisible(all(chosen))
        for row, is_chosen in zip(self.rows, chosen, strict=True):
            row.remove.setVisible(is_chosen or len(self.rows) > 1)
        self.changed.emit()
