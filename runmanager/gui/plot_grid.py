"""Several plots side by side, one for each view by its name; a tab shows one of them alone.

Making a plot takes tens of milliseconds and drawing one takes some: each turn of the event loop does one plot, so that
the window never stands still. Plots are kept and used again by the next run.
"""

import math

from PySide6.QtCore import Qt, QTimer, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QTabBar, QVBoxLayout, QWidget  # noqa: TID253

from analysis.views import View
from runmanager.gui.plot_view import PlotView

EMPTY = "Plots appear here as soon as a run has recorded its first points."
ALL = "All"
LOWEST_EM = 10.0
"""Of a plot, in heights of a letter: where there is no room for all, one scrolls."""


class PlotGrid(QWidget):
    """A tab "All" with every plot, and one tab a plot. A view keeps its plot, and with it the user's zoom."""

    message = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: dict[str, View] = {}
        self._plots: dict[str, PlotView] = {}
        self._spare: list[PlotView] = []
        self._tabs = QTabBar()
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.addTab(ALL)
        self._tabs.currentChanged.connect(self._tab_changed)
        self._hint = QLabel(EMPTY)
        self._hint.setWordWrap(True)
        self._hint.setMargin(24)
        self._area = QWidget()
        self._cells = QGridLayout(self._area)
        self._cells.setContentsMargins(0, 0, 0, 0)
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scrolled.setWidget(self._area)
        self._work = QTimer(self)
        self._work.setSingleShot(True)
        self._work.setInterval(0)
        self._work.timeout.connect(self._do_one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._tabs)
        column.addWidget(scrolled, stretch=1)
        self._arrange()

    def names(self) -> tuple[str, ...]:
        """Names of the views shown, in their order."""
        return tuple(self._views)

    def plot(self, name: str) -> PlotView:
        """The plot of a view; KeyError for a name that is not shown, or whose plot is not made yet."""
        return self._plots[name]

    def is_up_to_date(self) -> bool:
        """True when every visible plot shows the latest view."""
        return not self._outdated()

    def show_views(self, views: tuple[View, ...]) -> None:
        """Show these and no others; drawn in the next turns of the event loop, hidden ones when their tab is opened."""
        names = list(self._views)
        self._views = {view.name: view for view in views}
        if list(self._views) != names:
            self._match()
        if self._outdated():
            self._work.start()

    def clear(self) -> None:
        """No plots: another run begins."""
        self.show_views(())

    def open_tab(self, name: str) -> None:
        """Show one view alone; "" shows all. ValueError for a name that is not shown."""
        self._tabs.setCurrentIndex(1 + list(self._views).index(name) if name else 0)

    def _match(self) -> None:
        """Tabs and plots for the present names; plots that are not needed wait for the next view."""
        for name in [name for name in self._plots if name not in self._views]:
            plot = self._plots.pop(name)
            plot.reset()
            self._spare.append(plot)
        current = self._tabs.tabText(self._tabs.currentIndex())
        self._tabs.blockSignals(True)  # the change is handled below, once
        while self._tabs.count() > 1:
            self._tabs.removeTab(1)
        for name in self._views:
            self._tabs.addTab(name)
        self._tabs.setCurrentIndex(1 + list(self._views).index(current) if current in self._views else 0)
        self._tabs.blockSignals(False)
        self._arrange()

    def _shown_names(self) -> list[str]:
        index = self._tabs.currentIndex()
        names = list(self._views)
        return names if index <= 0 or index > len(names) else [names[index - 1]]

    def _outdated(self) -> list[str]:
        return [
            name
            for name in self._shown_names()
            if name not in self._plots or self._plots[name].view is not self._views[name]
        ]

    def _do_one(self) -> None:
        """Make or draw one plot, then let the event loop turn."""
        outdated = self._outdated()
        if not outdated:
            return
        name = outdated[0]
        if name not in self._plots:
            self._plots[name] = self._spare.pop() if self._spare else self._new_plot()
            self._arrange()
        else:
            self._plots[name].show_view(self._views[name])
        self._work.start()

    def _new_plot(self) -> PlotView:
        plot = PlotView(self._area)
        plot.message.connect(self.message)
        return plot

    def _tab_changed(self) -> None:
        self._arrange()
        self._work.start()

    def _arrange(self) -> None:
        """Put the visible plots into the cells: two columns from two plots on, three from seven."""
        while self._cells.count():
            self._cells.takeAt(0)
        shown = [name for name in self._shown_names() if name in self._plots]
        n_places = len(self._shown_names())
        for name, plot in self._plots.items():
            plot.setVisible(name in shown)
        for plot in self._spare:
            plot.hide()
        self._hint.setVisible(n_places == 0)
        if n_places == 0:
            self._cells.addWidget(self._hint, 0, 0)
        n_columns = 1 if n_places <= 1 else 2 if n_places < 7 else 3
        for name in shown:
            index = self._shown_names().index(name)
            row, column = divmod(index, n_columns)
            alone = index == n_places - 1 and column == 0
            self._cells.addWidget(self._plots[name], row, column, 1, n_columns if alone else 1)
        for column in range(self._cells.columnCount()):
            self._cells.setColumnStretch(column, 1 if column < n_columns else 0)
        for row in range(self._cells.rowCount()):
            used = row < math.ceil(n_places / n_columns)
            self._cells.setRowStretch(row, 1 if used else 0)
            self._cells.setRowMinimumHeight(row, round(LOWEST_EM * self.fontMetrics().height()) if used else 0)
