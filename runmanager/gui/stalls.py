"""How long the window does not answer: a heartbeat in its event loop, and the gaps between the beats."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer  # noqa: TID253

BEAT_MS = 5
TASKS = Path("/proc/self/task")


class StallRecorder(QObject):
    """Records from ``start`` to ``stop``. A gap is the time between two beats less the beat itself.

    ``wall_ms``: by the clock, with everything else this computer does. ``felt_ms``: the same without the time in which
    this process was ready and no processor was free (Linux; elsewhere as ``wall_ms``): what a user feels on a computer
    that is not overloaded, waits for the interpreter's lock and for the disk included. ``own_ms``: processor time of
    the window's thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wall_ms: list[float] = []
        self.felt_ms: list[float] = []
        self.own_ms: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._wall_s = self._own_s = self._queued_s = 0.0

    def start(self) -> None:
        """Begin, with an empty record."""
        for record in (self.wall_ms, self.felt_ms, self.own_ms):
            record.clear()
        self._wall_s, self._own_s, self._queued_s = time.perf_counter(), time.thread_time(), queued_s()
        self._timer.start()

    def stop(self) -> None:
        """End; the record stays."""
        self._timer.stop()

    def _beat(self) -> None:
        wall_s, own_s, waited_s = time.perf_counter(), time.thread_time(), queued_s()
        gap_ms, own_ms = 1e3 * (wall_s - self._wall_s) - BEAT_MS, 1e3 * (own_s - self._own_s)
        self.wall_ms.append(max(gap_ms, 0.0))
        self.own_ms.append(own_ms)
        self.felt_ms.append(max(gap_ms - 1e3 * (waited_s - self._queued_s), own_ms - BEAT_MS, 0.0))
        self._wall_s, self._own_s, self._queued_s = wall_s, own_s, waited_s


def queued_s() -> float:
    """Seconds in which threads of this process were ready to run and no processor was free; 0 where it is not told."""
    waited_ns = 0
    try:
        for task in TASKS.iterdir():
            waited_ns += int((task / "schedstat").read_bytes().split()[1])
    except (OSError, ValueError, IndexError):  # no such file system, or a thread that has just ended
        return 1e-9 * waited_ns
    return 1e-9 * waited_ns
