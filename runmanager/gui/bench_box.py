"""Where an experiment runs: twin or station file, sample, seed, output folder; a badge that cannot be overlooked."""

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, Signal  # noqa: TID253
from PySide6.QtWidgets import (  # noqa: TID253
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from runmanager.errors import BadInputError
from runmanager.gui.theme import colours, paint, restyle, weight
from runmanager.queue.entries import Job

BUILT_IN = "built-in twin"
HIGHEST_SEED = 2**63 - 1
TWIN_GREEN = "#1b6e4b"
REAL_RED = "#b3261e"


class Badge(QLabel):
    """TWIN or REAL BENCH in letters that are read from across the room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_twin = True
        self.setFont(weight(bold=True))
        self.setContentsMargins(8, 2, 8, 2)
        self.show_bench(twin=True)

    def show_bench(self, *, twin: bool) -> None:
        """Say which bench the next job goes to."""
        self.is_twin = twin
        self.setText("TWIN" if twin else "REAL BENCH")
        self.setToolTip(
            "Simulated bench: nothing real moves." if twin else "Real instruments: lasers, magnet and cryostat move."
        )
        paint(self, ground=TWIN_GREEN if twin else REAL_RED, text="#ffffff")


class BenchBox(QWidget):
    """Station, sample, seed and output folder of the job that is being written. ``changed`` on every change."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.badge = Badge(self)
        self.station = _path_line(BUILT_IN, "Station file: which instruments, at which addresses.")
        self.twin = QCheckBox("on the twin", self)
        self.twin.setToolTip("The same station file, with simulated instruments behind the same drivers.")
        self.twin.setChecked(True)
        self.sample = QComboBox(self)
        self.sample.setEditable(True)
        self.sample.setToolTip("What is on the stage: a built-in sample by name, or a sample file.")
        self.sample.addItems(list(_sample_names()))
        self.sample.setCurrentText(_default_sample())
        self.seed = QLineEdit("1", self)
        self.seed.setToolTip("Seed of the twin's random numbers: the same seed gives the same run.")
        self.out = _path_line("", "Folder for the run files.")
        self.out.setText(str(Path("runs").absolute()))
        self.trouble = QLabel(self)
        self.trouble.setWordWrap(True)
        self._settled: tuple[str, bool] | None = None
        self._lay_out()
        for line in (self.station, self.seed, self.out):
            line.textChanged.connect(self._check)
        self.sample.currentTextChanged.connect(self._check)
        self.twin.toggled.connect(self._check)
        self.reason = ""
        self._is_twin = True
        self._check()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        bench = QHBoxLayout()
        bench.addWidget(self.station, 1)
        bench.addWidget(_browse(self, self._choose_station, "choose a station file"))
        bench.addWidget(self.twin)
        form.addRow("Bench", bench)
        sample = QHBoxLayout()
        sample.addWidget(self.sample, 1)
        sample.addWidget(_browse(self, self._choose_sample, "choose a sample file"))
        sample.addWidget(QLabel("Seed", self))
        self.seed.setMaximumWidth(10 * self.fontMetrics().averageCharWidth())
        sample.addWidget(self.seed)
        form.addRow("Sample", sample)
        folder = QHBoxLayout()
        folder.addWidget(self.out, 1)
        folder.addWidget(_browse(self, self._choose_folder, "choose the output folder"))
        form.addRow("Folder", folder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 2, 6, 2)
        outer.addLayout(form)
        outer.addWidget(self.trouble)

    @property
    def is_twin(self) -> bool:
        """True when the next job would run on simulated instruments."""
        return self._is_twin

    def station_file(self) -> Path | None:
        """The station file that is chosen; None for the built-in twin."""
        text = self.station.text().strip()
        return Path(text).expanduser().absolute() if text else None

    def applied_to(self, job: Job) -> Job:
        """The job with this bench, sample, seed and folder. Paths become absolute."""
        sample = self.sample.currentText().strip()
        return replace(
            job,
            station=self.station_file(),
            twin=self._is_twin,
            sample=str(Path(sample).expanduser().absolute()) if _is_file(sample) else sample or None,
            seed=int(self.seed.text()),
            out=self._folder(),
        )

    def show_job(self, job: Job) -> None:
        """Show where a job ran or shall run."""
        self.station.setText("" if job.station is None else str(job.station))
        self.twin.setChecked(job.twin or job.station is None)
        self.sample.setCurrentText(job.sample or _default_sample())
        self.seed.setText(str(job.seed))
        self.out.setText(str(job.out))

    def _check(self) -> None:
        self.twin.setEnabled(bool(self.station.text().strip()))
        self.reason = (
            self._trouble_with_seed()
            or self._trouble_with_names()
            or self._trouble_with_station()
            or self._trouble_with_sample()
            or trouble_with_folder(self._folder())
        )
        self.badge.show_bench(twin=self._is_twin)
        self.trouble.setText(f"⚠ {self.reason}" if self.reason else "")
        restyle(self.trouble, f"color: {colours().bad};")
        self.trouble.setVisible(bool(self.reason))
        self.changed.emit()

    def _trouble_with_seed(self) -> str:
        text = self.seed.text().strip()
        if text.isascii() and text.isdigit() and int(text) <= HIGHEST_SEED:
            return ""
        return f"the seed must be a whole number from 0 to {HIGHEST_SEED}, not '{text}'"

    def _folder(self) -> Path:
        return Path(self.out.text().strip() or "runs").expanduser().absolute()

    def _trouble_with_names(self) -> str:
        """What the operating system would not even look for."""
        sample, folder = self.sample.currentText(), self.out.text()
        named = (("station file", self.station.text()), ("sample", sample), ("folder", folder))
        for what, text in named:
            try:
                Path(text.strip()).expanduser().lstat()
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue  # told below
            except (OSError, ValueError, RuntimeError) as error:  # too long, a null character, an unknown user's home
                self._is_twin = False  # nobody knows
                return f"the {what} cannot be called so ({getattr(error, 'strerror', None) or error})"
        return ""

    def _trouble_with_station(self) -> str:
        station = self.station.text().strip()
        if not station:
            self._is_twin = True
            return ""
        from runmanager.assemble import read_station

        self._is_twin = self.twin.isChecked()
        try:
            config = read_station(Path(station).expanduser(), twin=self.twin.isChecked())
        except BadInputError as error:
            return " ".join(str(error).split())
        self._is_twin = config.twin
        return ""

    def _trouble_with_sample(self) -> str:
        from sims.dot.sample import SampleError, sample_path

        name = self.sample.currentText().strip()
        if not name:
            return "" if self._is_twin else "a real bench needs a sample file: what is on the stage"
        try:
            sample_path(Path(name).expanduser() if _is_file(name) else name)
        except SampleError as error:
            return str(error)
        return ""

    def _choose_station(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Station file", self.station.text(), "Station files (*.yaml *.yml)")
        if name:
            self.station.setText(name)
            self.twin.setChecked(False)

    def _choose_sample(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Sample file", "", "Sample files (*.yaml *.yml)")
        if name:
            self.sample.setCurrentText(name)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder for the run files", self.out.text())
        if name:
            self.out.setText(name)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: the complaint takes its colour."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            restyle(self.trouble, f"color: {colours().bad};")


def trouble_with_folder(folder: Path) -> str:
    """Why no run file could be made in ``folder`` (made with its parents when it is not there yet); "" when it can."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), None)
    if there is None:
        return f"the folder {folder} cannot be made: there is no {folder.anchor}"
    if not there.is_dir():
        return f"the folder {folder} cannot be used: {there} is a file"
    return "" if os.access(there, os.W_OK) else f"the folder {folder} cannot be used: {there} cannot be written to"


def _path_line(placeholder: str, meaning: str) -> QLineEdit:
    line = QLineEdit()
    line.setPlaceholderText(placeholder)
    line.setToolTip(meaning)
    line.setClearButtonEnabled(True)
    return line


def _browse(parent: QWidget, choose: object, meaning: str) -> QToolButton:
    button = QToolButton(parent)
    button.setText("…")
    button.setToolTip(meaning)
    button.setAccessibleName(meaning)
    button.clicked.connect(choose)
    return button


def _sample_names() -> tuple[str, ...]:
    from sims.dot.sample import builtin_samples

    return tuple(builtin_samples())


def _default_sample() -> str:
    from runmanager.samples import DEFAULT_SAMPLE

    return DEFAULT_SAMPLE


def _is_file(name: str) -> bool:
    try:
        return bool(name) and Path(name).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):
        return False
