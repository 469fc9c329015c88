"""What may be asked of a run while it goes on: to stop, to pause, to end early; from any thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from runmanager.interrupt import StopRequest


class PauseRequest:
    """A flag that a watcher sets and clears and the run reads at its safe checkpoints."""

    def __init__(self) -> None:
        self._wanted = threading.Event()

    def set(self) -> None:
        """Ask for a pause."""
        self._wanted.set()

    def clear(self) -> None:
        """Let the run go on."""
        self._wanted.clear()

    def is_set(self) -> bool:
        """True while a pause is wanted."""
        return self._wanted.is_set()


@dataclass(frozen=True)
class RunControl:
    """The handles of one run.

    ``stop``: end in order, at once. ``pause``: dark at the next checkpoint. ``enough``: given the bench time since
    the start, s, the reason to end early, "" to go on. ``quit``: set besides ``stop`` by a signal to the process,
    so that whoever started the run knows not to start another.
    """

    stop: StopRequest = field(default_factory=StopRequest)
    pause: PauseRequest = field(default_factory=PauseRequest)
    enough: Callable[[float], str] | None = None
    quit: StopRequest = field(default_factory=StopRequest)
