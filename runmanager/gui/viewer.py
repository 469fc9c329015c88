"""One old run in a window: its plots, results with errors, checks, parameters, log, notes and instruments."""

import math
from pathlib import Path

from PySide6.QtCore import Qt, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QKeySequence, QShortcut  # noqa: TID253
from PySide6.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget  # noqa: TID253

from analysis.views import View
from runfile.results import Analysis, Result
from runmanager.catalogue.contents import Contents, read_contents, read_views
from runmanager.gui.plot_grid import PlotGrid
from runmanager.gui.readings import Readings
from runmanager.gui.shades import shades
from runmanager.gui.tables import fill, new_table, new_text, new_tree, plain_text
from runmanager.numbers import with_error

_READING = "Reading …"


class RunViewer(QWidget):
    """A window on one file. Reads in the background: first the texts, then the plots, then their fits."""

    message = Signal(str)

    def __init__(self, path: Path, readings: Readings, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(path.name)
        self.resize(1100, 720)
        self.path = path
        self._readings = readings
        self._head = QLabel(_READING)
        self._head.setWordWrap(True)
        self._head.setTextFormat(Qt.TextFormat.PlainText)
        self._head.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plots = PlotGrid()
        self.plots.message.connect(self.message)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.plots, "Plots")
        column = QVBoxLayout(self)
        column.addWidget(self._head)
        column.addWidget(self.tabs, stretch=1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self).activated.connect(self.close)
        readings.ask(read_contents, path, then=self._show_contents, failed=self._fail)
        readings.ask(_quick_views, path, then=self._show_quick_views, failed=self._no_plots)

    @property
    def head(self) -> str:
        """The lines above the tabs."""
        return self._head.text()

    def tab(self, title: str) -> QWidget:
        """The page of this title; KeyError when there is none."""
        for number in range(self.tabs.count()):
            page = self.tabs.widget(number)
            if page is not None and self.tabs.tabText(number) == title:
                return page
        raise KeyError(title)

    def _show_contents(self, contents: Contents) -> None:
        facts = "   ".join(f"{name}: {value}" for name, value in contents.facts.items() if value)
        lines = [contents.title, facts, *contents.remarks]
        found = contents.analysis
        if found is not None:
            word = "✓ passed" if found.verdict.passed else "✗ failed"
            lines.insert(1, f"{word}: {found.verdict.reason}")
            lines += [f"Warning: {warning}" for warning in found.warnings]
            self.tabs.addTab(_results_page(found), "Results")
            self.tabs.addTab(_checks_page(found, self), "Checks")
        self._head.setText("\n".join(lines))
        self.tabs.addTab(_parameters_page(contents), "Parameters")
        if contents.log:
            self.tabs.addTab(new_text("\n".join(contents.log), "Log"), "Log")
        for title, tree in (("Notes", contents.notes), ("Instruments", contents.snapshot)):
            if tree:
                self.tabs.addTab(new_tree(tree, title), title)
        for title, text in (("Station file", contents.station), ("Sample sheet", contents.sample_sheet)):
            if text:
                self.tabs.addTab(new_text(text, title), title)
        if contents.versions:
            self.tabs.addTab(new_tree(dict(contents.versions), "Versions"), "Versions")

    def _show_quick_views(self, views: tuple[View, ...]) -> None:
        self.plots.show_views(views)
        self._readings.ask(read_views, self.path, then=self._show_views, failed=self._no_plots)

    def _show_views(self, views: tuple[View, ...]) -> None:
        self.plots.show_views(views)

    def _fail(self, why: str) -> None:
        self._head.setText(why)

    def _no_plots(self, why: str) -> None:
        self.tabs.setTabToolTip(0, why)
        if not self.plots.names():
            self.message.emit(f"no plots: {why}")
            self._head.setText(f"{self._head.text().removeprefix(_READING)}\nNo plots: {why}".strip())


def _quick_views(path: Path) -> tuple[View, ...]:
    return read_views(path, with_fit=False)


def _results_page(found: Analysis) -> QWidget:
    table = new_table(["Result", "Value ± standard error", "Interval", "Method"], "Results")
    fill(table, [(name, with_error(result).split("  [")[0], _interval(result), result.method)
                 for name, result in found.results.items()])  # fmt: skip
    return table


def _interval(result: Result) -> str:
    if result.interval is None or result.confidence is None or any(math.isnan(edge) for edge in result.interval):
        return ""
    low, high = result.interval
    unit = "" if result.unit in {"1", ""} else f" {result.unit}"
    return f"{low:.5g} to {high:.5g}{unit} at {result.confidence:.0%}"


def _checks_page(found: Analysis, owner: QWidget) -> QWidget:
    colours = shades(owner.palette())
    table = new_table(["Check", "Outcome", "Detail"], "Checks")
    fill(
        table,
        [(c.name, "✓ passed" if c.passed else "✗ failed", c.detail) for c in found.verdict.checks],
        [None if check.passed else colours.bad for check in found.verdict.checks],
    )
    return table


def _parameters_page(contents: Contents) -> QWidget:
    table = new_table(["Parameter", "Value", "Unit"], "Parameters")
    fill(table, [(name, plain_text(value), unit) for name, (value, unit) in contents.parameters.items()])
    return table
