"""Scans and targets of a job: several values of a parameter, and the uncertainty at which a run may end."""

from dataclasses import replace

from PySide6.QtCore import Signal  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget  # noqa: TID253

from runmanager.errors import BadInputError
from runmanager.gui import fields
from runmanager.queue.entries import Job, Target

NO_SCAN = "no scan"
FULL_TIME = "the full measuring time"


class ScanBox(QWidget):
    """``Scan <parameter> <from:to:n or a list>`` and ``Stop at <result> ± <error>``; ``changed`` on every change."""

    changed = Signal()

    def __init__(self, procedure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.procedure = procedure
        self.parameter = QComboBox(self)
        self.parameter.addItem(NO_SCAN, "")
        for field in fields.fields_of(procedure):
            self.parameter.addItem(field.label, field.name)
            self.parameter.setItemData(self.parameter.count() - 1, field.explanation, 3)
        self.values = QLineEdit(self)
        self.values.setPlaceholderText("from:to:number, or 1, 2, 5")
        self.values.setToolTip("0.1:0.5:5 gives five values with both ends; a list is taken as it is.")
        self.target = QComboBox(self)
        self.target.addItem(FULL_TIME, ("", ""))
        for name, unit, meaning in fields.target_choices(procedure):
            self.target.addItem(name, (name, "" if unit == "1" else unit))
            self.target.setItemData(self.target.count() - 1, meaning, 3)
        self.error = QLineEdit(self)
        self.error.setPlaceholderText("standard error")
        self.error.setToolTip("The run ends, complete and analysed, as soon as one standard error is this small.")
        self.unit = QLabel(self)
        for box in (self.parameter, self.target):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 2, 6, 2)
        grid.addWidget(QLabel("Scan", self), 0, 0)
        grid.addWidget(self.parameter, 0, 1)
        grid.addWidget(self.values, 0, 2, 1, 2)
        grid.addWidget(QLabel("Stop at", self), 1, 0)
        grid.addWidget(self.target, 1, 1)
        grid.addWidget(self.error, 1, 2)
        grid.addWidget(self.unit, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.parameter.currentIndexChanged.connect(self._react)
        self.target.currentIndexChanged.connect(self._react)
        self.values.textChanged.connect(self.changed)
        self.error.textChanged.connect(self.changed)
        self._react()

    def _react(self) -> None:
        self.values.setEnabled(bool(self.parameter.currentData()))
        name, unit = self.target.currentData()
        self.error.setEnabled(bool(name))
        self.unit.setText(unit)
        self.changed.emit()

    def scan_text(self) -> str:
        """``NAME=values`` as the command line takes it; "" without a scan."""
        name = self.parameter.currentData()
        return f"{name}={self.values.text().strip()}" if name else ""

    def until(self) -> tuple[Target, ...]:
        """The target; BadInputError when the error is not a positive number."""
        name, _ = self.target.currentData()
        if not name:
            return ()
        text = self.error.text().strip()
        try:
            stderr = float(text)
        except ValueError:
            stderr = float("nan")
        if not 0.0 < stderr < float("inf"):
            raise BadInputError(f"stop at {name}: the standard error must be a number above zero, not '{text}'")
        return (Target(name, stderr),)

    def jobs(self, job: Job) -> tuple[Job, ...]:
        """The job, once for each value of the scan; BadInputError with the reason when that cannot be."""
        job = replace(job, until=self.until())
        if not self.scan_text():
            return (job,)
        from runmanager.queue.scans import expand

        return expand(job, self.scan_text())

    def show_job(self, job: Job) -> None:
        """Show a job's target; a job has no scan."""
        self.parameter.setCurrentIndex(0)
        self.values.clear()
        self.target.setCurrentIndex(0)
        self.error.clear()
        for target in job.until[:1]:
            for number in range(self.target.count()):
                if self.target.itemData(number)[0] == target.result:
                    self.target.setCurrentIndex(number)
                    self.error.setText(f"{target.stderr:g}")
