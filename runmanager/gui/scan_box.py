"""Scans and targets of a job: several values of a parameter, and the uncertainty at which a run may end."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal  # noqa: TID253
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget  # noqa: TID253

from runmanager.gui import fields
from runmanager.gui.target_box import TargetBox
from runmanager.queue.entries import Job, Target

NO_SCAN = "no scan"


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
        self.targets = TargetBox(procedure, self)
        self.parameter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.parameter.setMinimumContentsLength(12)
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 2, 6, 2)
        grid.addWidget(QLabel("Scan", self), 0, 0)
        grid.addWidget(self.parameter, 0, 1)
        grid.addWidget(self.values, 0, 2)
        grid.addWidget(QLabel("Stop at", self), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.targets, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.parameter.currentIndexChanged.connect(self._react)
        self.values.textChanged.connect(self.changed)
        self.targets.changed.connect(self.changed)
        self._react()

    def _react(self) -> None:
        self.values.setEnabled(bool(self.parameter.currentData()))
        self.changed.emit()

    def scan_text(self) -> str:
        """``NAME=values`` as the command line takes it; "" without a scan."""
        name = self.parameter.currentData()
        return f"{name}={self.values.text().strip()}" if name else ""

    def until(self) -> tuple[Target, ...]:
        """The targets; BadInputError when an error is not a positive number."""
        return self.targets.targets()

    def jobs(self, job: Job) -> tuple[Job, ...]:
        """The job, once for each value of the scan; BadInputError with the reason when that cannot be."""
        job = replace(job, until=self.until())
        if not self.scan_text():
            return (job,)
        from runmanager.queue.scans import expand

        return expand(job, self.scan_text())

    def show_job(self, job: Job) -> None:
        """Show a job's targets; a job has no scan."""
        self.parameter.setCurrentIndex(0)
        self.values.clear()
        self.targets.show_targets(job.until)
