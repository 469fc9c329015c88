"""Stored result, today's result, and how far apart they are. Nothing is written unless "Store" is pressed."""

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QThread, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget  # noqa: TID253

from runfile.results import Analysis, Result
from runmanager.catalogue.reanalysis import Line, Reanalysis, reanalyse, store
from runmanager.errors import BadInputError
from runmanager.gui.readings import Readings
from runmanager.gui.shades import shades
from runmanager.gui.tables import fill, new_table
from runmanager.numbers import with_error

NOTABLE = 0.1
"""Both analyses see the same data: a tenth of the error is a change of the analysis, not chance."""
_EXPLAINED = (
    "Difference: (today − stored) over the root of the summed squared errors. Both come from the same data, so even "
    "small differences mean that the analysis has changed; from 0.1 on they are marked."
)


class ReanalyseDialog(QDialog):
    """Analyses one file in the background and shows both results. ``stored(path)`` after today's were written."""

    stored = Signal(object)
    message = Signal(str)

    def __init__(self, path: Path, readings: Readings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Re-analyse {path.name}")
        self.resize(900, 560)
        self.found: Reanalysis | None = None
        self._writer: _Writer | None = None
        self._head = QLabel("Analysing with today's code …")
        self._head.setWordWrap(True)
        self._head.setTextFormat(Qt.TextFormat.PlainText)
        self.table = new_table(["Result", "Stored", "Today", "Difference (σ)"], "Stored and today's results")
        self.table.setToolTip(_EXPLAINED)
        explained = QLabel(_EXPLAINED)
        explained.setWordWrap(True)
        self.store_button = QPushButton("Store today's results in the file")
        self.store_button.setEnabled(False)
        self.store_button.setAutoDefault(False)
        self.store_button.setToolTip("The earlier analysis is kept as a JSON file beside the run file")
        self.store_button.clicked.connect(self._store)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.store_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self._head, self.table, explained, buttons):
            column.addWidget(widget, stretch=1 if widget is self.table else 0)
        readings.ask(reanalyse, path, then=self._show, failed=self._head.setText)

    @property
    def head(self) -> str:
        """The lines above the table."""
        return self._head.text()

    def _show(self, found: Reanalysis) -> None:
        self.found = found
        lines = found.lines
        colours = shades(self.palette())
        fill(
            self.table,
            [(line.name, _value(line.stored), _value(line.today), difference_text(line)) for line in lines],
            [colours.warning if is_notable(line) else None for line in lines],
        )
        self._head.setText("\n".join(summary_lines(found)))
        self.store_button.setEnabled(found.can_store)

    def _store(self) -> None:
        if self.found is None or self._writer is not None:
            return
        self.store_button.setEnabled(False)
        self._writer = _Writer(self.found, self)
        self._writer.done.connect(self._was_stored)
        self._writer.start()

    def _was_stored(self, refusal: str, kept: str) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.wait()
        if self.found is None:
            return
        if refusal:
            self._head.setText(f"Not stored: {refusal}")
            return
        told = f"today's results are in {self.found.path.name}" + (f"; the earlier ones in {kept}" if kept else "")
        self._head.setText(f"Stored: {told}")
        self.message.emit(told)
        self.stored.emit(self.found.path)

    def done(self, result: int) -> None:
        """Wait for what is being written before going."""
        if self._writer is not None:
            self._writer.wait()
        super().done(result)


class _Writer(QThread):
    """Writes in this process, where HDF5 locks files: never beside a run that writes the same one."""

    done = Signal(str, str)

    def __init__(self, found: Reanalysis, parent: QWidget) -> None:
        super().__init__(parent)
        self._found = found

    def run(self) -> None:
        """Store; tells the refusal or the name of what was kept."""
        try:
            kept = store(self._found)
        except (BadInputError, OSError) as error:
            self.done.emit(str(error), "")
        else:
            self.done.emit("", "" if kept is None else kept.name)


def summary_lines(found: Reanalysis) -> list[str]:
    """Both verdicts, and how much has changed."""
    before = "no analysis is stored" if found.stored is None else f"stored (version {found.stored_by or 'unknown'}): "
    lines = [before + ("" if found.stored is None else _verdict(found.stored))]
    lines.append(f"today (version {found.today_by}): {_verdict(found.today)}")
    if found.stored is not None:
        notable = [line.name for line in found.lines if is_notable(line)]
        lines.append(
            f"{len(notable)} of {len(found.lines)} results differ: {_listed(notable)}"
            if notable
            else "no result differs by as much as a tenth of its error"
        )
    return lines


def is_notable(line: Line) -> bool:
    """True when stored and today's value are not the same for practical purposes."""
    if line.stored is None or line.today is None:
        return True
    if math.isfinite(line.difference):
        return abs(line.difference) >= NOTABLE
    both_undetermined = math.isnan(line.stored.value) and math.isnan(line.today.value)
    return not both_undetermined and line.stored.value != line.today.value


def difference_text(line: Line) -> str:
    """``+0.3``; in words where there is no number."""
    if line.stored is None:
        return "not stored"
    if line.today is None:
        return "no longer found"
    if line.stored.unit != line.today.unit:
        return "other unit"
    if math.isfinite(line.difference):
        return "0" if line.difference == 0.0 else f"{line.difference:+.2g}"
    return "changed" if is_notable(line) else "both undetermined"


def _verdict(found: Analysis) -> str:
    return f"{'✓ passed' if found.verdict.passed else '✗ failed'}: {found.verdict.reason}"


def _value(result: Result | None) -> str:
    return "" if result is None else with_error(result).split("  [")[0]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
