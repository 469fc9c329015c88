"""A pause: at a safe checkpoint the light goes off and the run waits, for as long as people want.

While it waits the interlocks are watched and a stop is heard. The waiting is in wall time and does not advance the
bench's clock: the twin's stands still, the real one goes on by itself.
"""

import time
from collections.abc import Callable
from typing import Protocol

from procedures.errors import StoppedError
from runmanager.interrupt import StopRequest
from runmanager.observer import Announcer
from runmanager.run_control import PauseRequest

SLICE_S = 0.1
"""Wall time between two looks at what is wanted, s."""


class Pausable(Protocol):
    """What can be made dark and light again (:class:`procedures.experiment.Experiment`)."""

    def darken_for_pause(self) -> None:
        """Beam shutter closed, microwave off; what was on is remembered."""
        ...

    def brighten_after_pause(self) -> None:
        """After a look at the interlocks: what was on is on again."""
        ...


class Pausing:
    """Call it at every safe checkpoint; it returns at once unless a pause is wanted.

    ``watch`` looks at the interlocks and may end the pause, and the run, with InterlockError; ``write_log`` writes a
    line into the run's log.
    """

    def __init__(
        self,
        experiment: Pausable,
        *,
        pause: PauseRequest,
        stop: StopRequest,
        watch: Callable[[], None],
        write_log: Callable[[str], None],
        announcer: Announcer,
    ) -> None:
        self._experiment, self._pause, self._stop = experiment, pause, stop
        self._watch, self._write_log, self._announcer = watch, write_log, announcer

    def __call__(self) -> None:
        """Wait, dark, while a pause is wanted. Raises StoppedError on a stop, InterlockError, BenchError."""
        if not self._pause.is_set():
            return
        self._experiment.darken_for_pause()
        self._announcer.tell(lambda observer: observer.paused(True))
        self._write_log("paused by the operator: shutter closed, microwave off")
        began_s = time.monotonic()
        try:
            self._wait()
        except StoppedError:
            self._write_log(f"stopped after a pause of {time.monotonic() - began_s:.0f} s")
            raise
        self._experiment.brighten_after_pause()
        self._write_log(f"goes on after a pause of {time.monotonic() - began_s:.0f} s")
        self._announcer.tell(lambda observer: observer.paused(False))

    def _wait(self) -> None:
        while self._pause.is_set():
            if self._stop.wait(SLICE_S):
                raise StoppedError("stopped by the operator while paused")
            self._watch()
