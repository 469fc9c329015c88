"""The picture of a working night in the README: the window over a real queue on the twin. Needs no screen.

    python benchmarks/window_picture.py [docs/pictures/window-night.png] [--dark PICTURE] [--width 1600] [--height 1000]

Everything in the picture is measured while the script runs: some runs end before it is taken, one is under way, the
others wait with their forecasts; one of them is marked, because its forecast found that it cannot work.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import Qt  # noqa: TID253
from PySide6.QtTest import QTest  # noqa: TID253

from runmanager.gui import app
from runmanager.gui.main_window import MainWindow
from runmanager.gui.theme import Theme
from runmanager.queue.entries import Job, Target
from runmanager.queue.events import Command
from runmanager.queue.store import QueueStore

PATIENCE_S = 600.0


def night(out: Path) -> list[Job]:
    """What a lab queues for a night: three short runs, a long one to be watched, and what waits behind it."""

    def job(procedure: str, *settings: tuple[str, str], until: tuple[Target, ...] = ()) -> Job:
        return Job(procedure, settings=settings, twin=True, out=out, until=until)

    return [
        job("polarised-pl", ("exposure_time", "2"), ("repeats", "3")),
        job("g2", ("duration", "20")),
        job("g2", ("duration", "20"), ("control", "laser blocked")),
        job("spin-pumping", ("duration", "600"), ("batches", "120"), until=(Target("pumping_time", 0.8),)),
        job("polarised-pl", ("grating", "1200"), ("field_stop", "19"), ("field_points", "2")),
        job("spin-pumping", ("duration", "60"), ("control", "helicity swapped")),
        job("g2", ("duration", "60"), until=(Target("g2_zero", 0.02),)),
        job("esr", ("frequency_points", "41"), ("counting_time", "4")),
    ]


N_SHORT = 3
FORECAST_MOST = 6  # the dry runs of the last ones may still be under way in the picture


def arrange(window: MainWindow, width: int, height: int) -> None:
    """As on a wide screen: queue and history side by side, instruments and log beside the plots."""
    window.appearance.set_font_pt(9)
    window.resize(width, height)
    docks = window.docks
    window.removeDockWidget(docks["history"])  # out of the tabs
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks["history"], Qt.Orientation.Horizontal)
    docks["history"].show()
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks["instruments"])
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks["log"])
    window.splitDockWidget(docks["instruments"], docks["log"], Qt.Orientation.Vertical)
    docks["catalogue"].hide()
    docks["experiments"].hide()
    QTest.qWait(200)
    horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
    window.resizeDocks([docks["editor"], docks["instruments"]], [round(0.19 * width), round(0.27 * width)], horizontal)
    window.resizeDocks([docks["queue"]], [round(0.24 * height)], vertical)
    window.resizeDocks([docks["queue"], docks["history"]], [round(0.47 * width), round(0.34 * width)], horizontal)
    letter = window.fontMetrics().averageCharWidth()
    for table, widths in (
        (window.queue_view, (4, 15, 13, 24, 8, 26, 26)),
        (window.history_view, (4, 13, 13, 20, 7, 10)),
    ):
        for column, n_chars in enumerate(widths):
            table.setColumnWidth(column, n_chars * letter)
    window.resizeDocks([docks["instruments"], docks["log"]], [round(0.45 * height), round(0.28 * height)], vertical)


def wait(window: MainWindow, what: str, done: object) -> None:
    """Let the window live until ``done()``; RuntimeError after ten minutes."""
    until_s = time.monotonic() + PATIENCE_S
    while not done():  # type: ignore[operator]
        if time.monotonic() > until_s:
            raise RuntimeError(f"the picture was not taken: {what} did not come\n{window.log_view.toPlainText()}")
        QTest.qWait(100)


def take(target: Path, dark_target: Path | None, *, width: int, height: int) -> None:
    """Run the night until there is something to see, and save the window, in dark colours, too, if that is wanted."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLOTRON_GUI_SETTINGS"] = str(Path(folder) / "settings.ini")
        path = Path(folder) / "lab.sqlite"
        jobs = night(Path(folder) / "runs")
        with QueueStore(path) as store:
            store.add_many(jobs)
        window = app.open_window(path)
        try:
            window.appearance.set_theme(Theme.LIGHT)
            arrange(window, width, height)
            QTest.qWait(500)
            snapshot = lambda: window.service.snapshot  # noqa: E731 - always the latest one
            wait(
                window,
                "the forecasts",
                lambda: (
                    len(snapshot().queue) == len(jobs)
                    and all(entry.prediction for entry in snapshot().queue[:FORECAST_MOST])
                ),
            )
            window.start_queue()
            kinds: list[str] = []
            window.service.happened.connect(lambda event: kinds.append(type(event).__name__))
            wait(
                window,
                "the long run",
                lambda: len(snapshot().history) == N_SHORT and window.service.running is not None,
            )
            kinds.clear()
            wait(window, "plots", lambda: kinds.count("Views") > 20 and "RunningResults" in kinds)
            QTest.qWait(1000)
            target.parent.mkdir(parents=True, exist_ok=True)
            window.grab().save(str(target))
            if dark_target is not None:
                window.appearance.set_theme(Theme.DARK)
                wait(window, "plots in the dark", lambda: window.plots.grid.is_up_to_date())
                QTest.qWait(500)
                window.grab().save(str(dark_target))
            window.service.command(Command.STOP_AFTER)
            window.service.command(Command.ABORT)
            wait(window, "the end", lambda: window.service.running is None and not window.service.watching)
        finally:
            window.leave()


def main() -> int:
    """Take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, nargs="?", default=Path("docs/pictures/window-night.png"))
    parser.add_argument("--dark", type=Path, help="one more picture, in dark colours")
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--height", type=int, default=1000)
    options = parser.parse_args()
    app.make_application()
    take(options.target, options.dark, width=options.width, height=options.height)
    print(f"saved {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
