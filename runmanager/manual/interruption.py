"""Two wishes that end a wait at once: make the bench safe and go on, or make it safe and leave."""

import threading

from runmanager.interrupt import StopRequest


class Interruption(StopRequest):
    """The stop request of manual control. Set by other threads and by signal handlers, looked at by the waits."""

    def __init__(self) -> None:
        super().__init__()
        self._leave, self._safe = threading.Event(), threading.Event()
        self.why = ""

    def set(self) -> None:
        """Leave: a signal, a closed pipe."""
        self.leave("asked to end")

    def leave(self, why: str) -> None:
        """Leave, and say why; the first reason stays."""
        self.why = self.why or why
        self._leave.set()
        super().set()

    def make_safe(self) -> None:
        """Reach the safe state, then go on."""
        self._safe.set()
        super().set()

    @property
    def leaving(self) -> bool:
        """True once it was asked to leave."""
        return self._leave.is_set()

    def safe_was_asked(self) -> bool:
        """Whether the safe state was asked for since the last question; waits are possible again unless leaving."""
        asked = self._safe.is_set()
        if asked:
            self._safe.clear()
            if not self._leave.is_set():
                self._event.clear()
                if self._leave.is_set() or self._safe.is_set():  # asked in between
                    self._event.set()
        return asked
