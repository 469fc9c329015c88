"""The longest stall of the window's event loop while the catalogue indexes, searches, sorts and scrolls.

Called by ``catalogue_speed.py --window``. A timer of 5 ms is the heartbeat: what it is late, the window was stalled.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, Qt, QTimer  # noqa: TID253
from PySide6.QtTest import QTest  # noqa: TID253
from PySide6.QtWidgets import QApplication  # noqa: TID253

from runmanager.gui.catalogue import CatalogueWidget

HEARTBEAT_MS = 5
MOST_S = 300.0


class Heartbeat:
    """Remembers the longest time between two beats, in ms: by the clock, and of it what the window's thread computed.

    On a busy machine the clock also counts what other programs took.
    """

    def __init__(self) -> None:
        self.worst_ms = self.worst_own_ms = 0.0
        self._own_s = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(interval=HEARTBEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin, or begin anew."""
        self.worst_ms = self.worst_own_ms = 0.0
        self._own_s = time.thread_time()
        self._clock.start()
        self._timer.start()

    def __str__(self) -> str:
        return f"longest stall {self.worst_ms:.0f} ms (of the window's own doing: {self.worst_own_ms:.0f} ms)"

    def _beat(self) -> None:
        late_ms = self._clock.nsecsElapsed() / 1e6 - HEARTBEAT_MS
        self._clock.restart()
        own_s = time.thread_time()
        self.worst_own_ms = max(self.worst_own_ms, (own_s - self._own_s) * 1e3)
        self._own_s = own_s
        self.worst_ms = max(self.worst_ms, late_ms)


def watch(folder: Path, searches: Sequence[str]) -> Iterator[str]:
    """Yield one line a stage: how long it took, and the longest stall."""
    application = QApplication.instance() or QApplication([])
    n_files = sum(1 for _ in folder.rglob("*.h5"))
    idle = Heartbeat()
    idle.start()
    QTest.qWait(3000)
    yield f"this machine now, nothing open: {idle}"
    for stage, is_first in (("first index", True), ("reopened", False)):
        widget = CatalogueWidget()
        widget.resize(1280, 800)
        widget.show()
        application.processEvents()
        heart = Heartbeat()
        heart.start()
        began = time.perf_counter()
        widget.set_folder(folder)
        _wait_for(lambda widget=widget: widget.model.rowCount() >= n_files)
        took = time.perf_counter() - began
        n_rows = widget.model.rowCount()
        yield f"window, {stage}: {n_rows} rows after {took:.2f} s, {heart}"
        if not is_first:
            yield from _use(widget, heart, searches)
        widget.shutdown()


def _use(widget: CatalogueWidget, heart: Heartbeat, searches: Sequence[str]) -> Iterator[str]:
    heart.start()
    for search in searches:
        before = widget.told.text()
        widget.search_for(search)
        _wait_for(lambda before=before: widget.told.text() != before, most_s=5.0)
    yield f"window, {len(searches)} searches: {heart}"
    widget.search_for("")
    QTest.qWait(500)
    heart.start()
    for column in range(widget.model.columnCount()):
        widget.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        QTest.qWait(20)
    yield f"window, sorted by every column: {heart}"
    heart.start()
    bar = widget.table.verticalScrollBar()
    for k in range(60):
        bar.setValue(bar.maximum() * k // 60)
        QTest.qWait(20)
    QTest.qWait(3000)
    yield f"window, scrolled through with pictures being made: {heart}"


def _wait_for(is_there: Callable[[], bool], most_s: float = MOST_S) -> None:
    began = time.perf_counter()
    while not is_there() and time.perf_counter() - began < most_s:
        QTest.qWait(10)
