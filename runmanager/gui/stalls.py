"""How long the window does not answer: a heartbeat in its event loop, and the gaps between the beats."""

import time

from PySide6.QtCore import QObject, Qt, QTimer  # noqa: TID253

BEAT_MS = 5


class StallRecorder(QObject):
    """Records from ``start`` to ``stop``. A gap is the time between two beats less the beat itself.

    ``wall_ms``: as the user feels it, with everything else this computer does. ``own_ms``: processor time of the
    window's thread within the gap; what the window itself is to blame for, on a busy computer, too.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wall_ms: list[float] = []
        self.own_ms: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._wall_s = 0.0
        self._own_s = 0.0

    def start(self) -> None:
        """Begin, with an empty record."""
        self.wall_ms.clear()
        self.own_ms.clear()
        self._wall_s, self._own_s = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        """End; the record stays."""
        self._timer.stop()

    def _beat(self) -> None:
        wall_s, own_s = time.perf_counter(), time.thread_time()
        self.wall_ms.append(max(1e3 * (wall_s - self._wall_s) - BEAT_MS, 0.0))
        self.own_ms.append(1e3 * (own_s - self._own_s))
        self._wall_s, self._own_s = wall_s, own_s
