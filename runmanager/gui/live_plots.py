"""The live plots of the running entry: one plot a view, the count-rate strip, the running results."""

from PySide6.QtCore import Qt, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget  # noqa: TID253

from analysis.views import View
from runmanager.gui.count_strip import CountStrip
from runmanager.gui.plot_grid import PlotGrid
from runmanager.gui.results_panel import ResultsPanel
from runmanager.queue.entries import Job
from runmanager.queue.events import CountRates, Event, Progress, RunningResults, Started, Views

ALL = "all"


class LivePlots(QWidget):
    """Give it every event; it shows those of the entry that is running. ``message``: of exports made or failed."""

    message = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry_id: int | None = None
        self._grid = PlotGrid()
        self._grid.message.connect(self.message)
        self._results = ResultsPanel()
        self._strip = CountStrip()
        self._strip.plot.message.connect(self.message)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(self._strip)
        below.addWidget(self._results)
        below.setSizes([550, 450])
        below.setChildrenCollapsible(False)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.addWidget(self._grid)
        self._splitter.addWidget(below)
        self._splitter.setSizes([700, 260])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)

    @property
    def grid(self) -> PlotGrid:
        """The plots."""
        return self._grid

    @property
    def results(self) -> ResultsPanel:
        """The running results."""
        return self._results

    @property
    def strip(self) -> CountStrip:
        """The count-rate strip."""
        return self._strip

    def show_event(self, event: Event) -> None:
        """Take one event of the queue. Those of an entry that was not announced begin a new picture, too."""
        if isinstance(event, Started):
            self._begin(event.entry_id)
            return
        if not isinstance(event, CountRates | Views | RunningResults | Progress):
            return
        if event.entry_id != self._entry_id:
            if isinstance(event, Progress):  # of an entry that waits for its forecast: the last run stays in view
                return
            self._begin(event.entry_id)
        if isinstance(event, Views):
            self._grid.show_views(event.views)
        elif isinstance(event, CountRates):
            self._strip.add(event)
        elif isinstance(event, RunningResults):
            self._results.show_results(event.results, event.remark)
        else:
            self._results.set_elapsed(event.bench_s)

    def set_job(self, job: Job) -> None:
        """The job of the running entry: its targets are shown beside the results."""
        self._results.set_targets(job.until)

    def show_views(self, views: tuple[View, ...]) -> None:
        """Show views that belong to no running entry."""
        self._grid.show_views(views)

    def _begin(self, entry_id: int) -> None:
        self._entry_id = entry_id
        self._grid.clear()
        self._strip.clear()
        self._results.clear()
