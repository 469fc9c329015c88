"""Ctrl-C, SIGTERM and a closed terminal become a request to stop at the next safe point, never a torn transaction."""

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from instruments.clock import Clock
from procedures.errors import StoppedError

SLICE_S = 0.1
WATCH_SLICE_S = 1.0


class StopRequest:
    """A flag that signal handlers set and experiments read."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for a stop."""
        self._event.set()

    def is_set(self) -> bool:
        """True when a stop was asked for."""
        return self._event.is_set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for the request for at most ``timeout_s`` (None: for ever); whether it came."""
        return self._event.wait(timeout_s)


class StoppableClock:
    """A clock whose waits end with StoppedError soon after a stop was asked for.

    ``armed`` is switched off before the safe state is reached, so that the way there is never interrupted.
    ``watch``, while armed, is called again and again during every wait and may end it with an exception.
    """

    def __init__(self, clock: Clock, stop: StopRequest, *, sliced: bool) -> None:
        self._clock, self._stop, self._sliced = clock, stop, sliced
        self.armed = True
        self.watch: Callable[[], None] | None = None

    def now_s(self) -> float:
        """Seconds since the clock's origin."""
        return self._clock.now_s()

    def sleep_s(self, duration_s: float) -> None:
        """Wait; on hardware in slices of a tenth of a second, so that a stop is heard; with a watch in slices, too."""
        left_s = duration_s
        while True:
            if self.armed and self._stop.is_set():
                raise StoppedError("stopped by the operator while waiting")
            step_s = min(left_s, self._slice_s())
            self._clock.sleep_s(step_s)
            left_s -= step_s
            if self.armed and self.watch is not None:
                self.watch()
            if left_s <= 0.0:
                return

    def _slice_s(self) -> float:
        if self._sliced:
            return SLICE_S
        return WATCH_SLICE_S if self.armed and self.watch is not None else math.inf


@contextmanager
def stop_on_signals(*stops: StopRequest) -> Iterator[None]:
    """While inside, SIGINT, SIGTERM and SIGHUP set ``stops``, however often they come; then the old handlers return."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        for stop in stops:
            stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # the terminal was closed; under nohup the run goes on
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
