"""The picture of a working night in the README: the window over a real queue on the twin. Needs no screen.

    python benchmarks/window_picture.py [docs/images/window.png] [--dark] [--width 1600] [--height 1000]

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

from PySide6.QtTest import QTest  # noqa: TID253

from runmanager.gui import app, docks
from runmanager.gui.main_window import MainWindow
from runmanager.gui.theme import Theme
from runmanager.queue.entries import Job, Target
from runmanager.queue.events import Command
from runmanager.queue.store import QueueStore

PATIENCE_S = 600.0


def night(out: Path) -> list[Job]:
    """What a lab queues for a night: short first runs, a long one to be watched, and what waits behind it."""
    return [
        Job("g2", settings=(("duration", "20"),), twin=True, out=out),
        Job("g2", settings=(("duration", "20"), ("control", "laser blocked")), twin=True, out=out),
        Job("spin-pumping", settings=(("duration", "8000"), ("batches", "1600")), twin=True, out=out),
        Job("polarised-pl", settings=(("exposure_time", "2"), ("repeats", "3")), twin=True, out=out),
        Job(
            "polarised-pl",
            settings=(("grating", "1200"), ("field_stop", "19"), ("field_points", "2")),
            twin=True,
            out=out,
        ),
        Job("g2", settings=(("duration", "30"),), twin=True, out=out, until=(Target("g2_zero", 0.02),)),
        Job("esr", settings=(("frequency_points", "41"), ("counting_time", "4")), twin=True, out=out),
    ]


def wait(window: MainWindow, what: str, done: object) -> None:
    """Let the window live until ``done()``; RuntimeError after ten minutes."""
    until_s = time.monotonic() + PATIENCE_S
    while not done():  # type: ignore[operator]
        if time.monotonic() > until_s:
            raise RuntimeError(f"the picture was not taken: {what} did not come\n{window.log_view.toPlainText()}")
        QTest.qWait(100)


def take(target: Path, *, dark: bool, width: int, height: int) -> None:
    """Run the night until there is something to see, and save the window."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOLOTRON_GUI_SETTINGS"] = str(Path(folder) / "settings.ini")
        path = Path(folder) / "lab.sqlite"
        jobs = night(Path(folder) / "runs")
        with QueueStore(path) as store:
            store.add_many(jobs)
        window = app.open_window(path)
        try:
            window.appearance.set_theme(Theme.DARK if dark else Theme.LIGHT)
            window.resize(width, height)
            docks.usual_sizes(window, window.docks)
            QTest.qWait(500)
            snapshot = lambda: window.service.snapshot  # noqa: E731 - always the latest one
            wait(
                window,
                "the forecasts",
                lambda: len(snapshot().queue) == len(jobs) and all(e.prediction for e in snapshot().queue[:6]),
            )
            window.start_queue()
            kinds: list[str] = []
            window.service.happened.connect(lambda event: kinds.append(type(event).__name__))
            wait(window, "the third run", lambda: len(snapshot().history) == 2 and window.service.running is not None)
            kinds.clear()
            wait(window, "plots", lambda: kinds.count("Views") > 20 and "RunningResults" in kinds)
            QTest.qWait(1000)
            target.parent.mkdir(parents=True, exist_ok=True)
            window.grab().save(str(target))
            window.service.command(Command.STOP_AFTER)
            window.service.command(Command.ABORT)
            wait(window, "the end", lambda: window.service.running is None and not window.service.watching)
        finally:
            window.leave()


def main() -> int:
    """Take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, nargs="?", default=Path("docs/images/window.png"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--height", type=int, default=1000)
    options = parser.parse_args()
    app.make_application()
    take(options.target, dark=options.dark, width=options.width, height=options.height)
    print(f"saved {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
