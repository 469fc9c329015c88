"""The count-rate strip: what the detectors see, over the last ten minutes or the whole run."""

import math

import numpy as np
from PySide6.QtCore import QTimer  # noqa: TID253 - imported late
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget  # noqa: TID253 - imported late

from analysis.views import Curve, View
from runmanager.gui.plot_view import PlotView
from runmanager.gui.rate_history import RateHistory
from runmanager.queue.events import CountRates

STRIP_S = 600.0
DRAW_MS = 100
"""From a new rate to its drawing: many that come at once, as to a window that was just opened, are drawn once."""
NOTHING = "no count rates yet"


class CountStrip(QWidget):
    """Fed by CountRates events of one run; ``clear`` begins a new one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._histories: dict[str, RateHistory] = {}
        self._newest_s = -math.inf
        self._text = NOTHING
        self._plot = PlotView()
        self._soon = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._soon.timeout.connect(self._show)
        self._whole = QCheckBox("whole run")
        self._whole.setToolTip(f"Off: the last {STRIP_S / 60:.0f} minutes of the bench's clock")
        self._whole.toggled.connect(self._show)
        self._plot.head.row.insertWidget(1, self._whole)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._plot)
        self._show()

    @property
    def plot(self) -> PlotView:
        """The plot inside."""
        return self._plot

    @property
    def text(self) -> str:
        """The latest rates, as written above the strip."""
        return self._text

    def clear(self) -> None:
        """Forget everything: another run begins."""
        self._soon.stop()
        self._histories.clear()
        self._newest_s = -math.inf
        self._text = NOTHING
        self._show()

    def add(self, rates: CountRates) -> None:
        """One more point of every detector."""
        self._newest_s = max(self._newest_s, rates.bench_s)
        for name, rate_cps in rates.rates_cps.items():
            self._histories.setdefault(name, RateHistory()).add(rates.bench_s, rate_cps)
        self._text = "     ".join(f"{name}: {readable_rate(rate)}" for name, rate in rates.rates_cps.items())
        if not self._soon.isActive():
            self._soon.start()

    def show_whole_run(self, whole: bool) -> None:
        """The whole run, or the last ten minutes."""
        self._whole.setChecked(whole)

    def _show(self) -> None:
        since_s = -np.inf if self._whole.isChecked() else self._newest_s - STRIP_S
        curves = []
        for name, history in self._histories.items():
            time_s, rate_cps = history.points(since_s)
            curves.append(Curve(name, time_s, rate_cps))
        self._plot.show_view(View("count rates", self._text, "Bench time (s)", "Count rate (1/s)", tuple(curves)))


def readable_rate(rate_cps: float) -> str:
    """``431 /s``, ``12.4 k/s`` or ``1.05 M/s``."""
    if not math.isfinite(rate_cps):
        return "no reading"
    for limit, factor, prefix in ((1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if abs(rate_cps) >= limit:
            return f"{rate_cps / factor:.3g}{prefix}/s"
    return f"{rate_cps:.0f} /s"
