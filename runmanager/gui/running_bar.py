"""The running item: what it does, how far it is, how long still, and the four things one may ask of it."""

import time
from dataclasses import replace

from PySide6.QtCore import QTimer  # noqa: TID253
from PySide6.QtGui import QAction  # noqa: TID253
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget  # noqa: TID253

from runmanager.numbers import duration
from runmanager.queue.entries import Entry, Status
from runmanager.queue.events import Progress
from runmanager.queue.finish_times import seconds_left

SETTLED_FRACTION = 0.02  # before that, time left is guessed from the forecast


TOLD_MS = 3000  # a wait for a forecast is told once a second


class RunningBar(QWidget):
    """One line. The buttons are the window's actions, so that keys, menu and buttons always agree."""

    def __init__(self, actions: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.what = QLabel(self)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setMinimumWidth(120)
        self.left = QLabel(self)
        self.what.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # never widens the window
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.title)
        row.addWidget(self.bar, 2)
        row.addWidget(self.left)
        row.addWidget(self.what, 3)
        for action in actions:
            button = QToolButton(self)
            button.setDefaultAction(action)
            row.addWidget(button)
        self._entry: Entry | None = None
        self._fraction = 0.0
        self._waiting, self._held, self._last = 0, False, ""
        self._awaits = False
        self._forget = QTimer(self, singleShot=True, interval=TOLD_MS)
        self._forget.timeout.connect(self._told_no_more)
        self.show_entry(None, waiting=0, held=False)

    def show_entry(self, entry: Entry | None, *, waiting: int, held: bool, last: str = "") -> None:
        """Show which entry runs (None: none); ``waiting``: how many could run, ``held``: the queue is held.

        ``last``: how the last one ended.
        """
        if entry is None or self._entry is None or entry.id != self._entry.id:
            self._fraction = 0.0
        self._entry = entry
        self._waiting, self._held, self._last = waiting, held, last
        self._awaits = self._awaits and entry is None and not held
        running = entry is not None
        for widget in (self.bar, self.left):
            widget.setVisible(running)
        if entry is None and self._awaits:
            return
        if entry is None:
            state = "The queue is held." if held and waiting else "Nothing runs."
            self.title.setText(f"<b>{state}</b>")
            self.what.setText(
                f"{waiting} waiting: press Start (F5)." if waiting else last or "Queue an experiment to begin."
            )
            self.what.setToolTip(last)
            return
        paused = entry.status is Status.PAUSED
        self.title.setText(f"<b>{'⏸' if paused else '▶'} {entry.id}  {entry.job.procedure}</b>")
        self._show(max(self._fraction, entry.fraction), "paused, light off" if paused else entry.what)

    def show_progress(self, event: Progress) -> None:
        """Take progress of the running entry, or of one that waits for its forecast; others are ignored."""
        if self._entry is None:
            self._await(f"<b>\N{HOURGLASS WITH FLOWING SAND} {event.entry_id}</b>", event.what)
        elif self._entry is not None and event.entry_id == self._entry.id:
            self._show(event.fraction, event.what if self._entry.status is not Status.PAUSED else "paused, light off")

    def _await(self, title: str, what: str) -> None:
        """Nothing runs yet: say what is waited for, as long as it is told again and again."""
        self._awaits = True
        self._forget.start()
        self.title.setText(title)
        self.what.setToolTip(what)
        self.what.setText(f"{what}: a real bench is not touched before. Hold (Ctrl+H) stops the queue here.")

    def _told_no_more(self) -> None:
        self._awaits = False
        if self._entry is None:
            self.show_entry(None, waiting=self._waiting, held=self._held, last=self._last)

    def _show(self, fraction: float, what: str) -> None:
        self._fraction = fraction
        self.bar.setValue(round(1000 * fraction))
        self.bar.setFormat(f"{fraction:.0%}")
        self.what.setText(what)
        self.what.setToolTip(what)
        left_s = None if self._entry is None else time_left_s(self._entry, fraction, time.time())
        self.left.setText("" if left_s is None else f"about {duration(left_s)} left")


def time_left_s(entry: Entry, fraction: float, now_s: float) -> float | None:
    """Wall seconds left: from the pace so far, before that from the forecast; None where neither is known."""
    if entry.started_at is not None and fraction >= SETTLED_FRACTION:
        return max(now_s - entry.started_at, 0.0) * (1.0 - fraction) / fraction
    return seconds_left(replace(entry, fraction=fraction))
