"""One instrument's real endpoint: what is common to sockets and serial lines."""

import threading
from abc import ABC, abstractmethod
from typing import Any

from sims.serve.clock import PacedClock
from sims.wire.line import Conversation

LONGEST_IDLE_S = 0.2
"""How often a waiting thread looks whether it shall stop."""


class Endpoint(ABC):
    """A listening thread. ``start`` after construction, ``close`` to end it."""

    def __init__(self, name: str, clock: PacedClock) -> None:
        self.name = name
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"serve {name}", daemon=True)

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What ``bench serve --json`` says of it: transport and address."""

    @abstractmethod
    def _serve(self) -> None: ...

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end soon."""
        self._stopping.set()

    def close(self) -> None:
        """Stop serving and free the address; further calls do nothing."""
        self.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._release()

    @abstractmethod
    def _release(self) -> None:
        """Close what is open; called when nothing serves any more, possibly twice."""

    def _patience_s(self, conversations: list[Conversation]) -> float:
        """Real time until the next reply is due, at most ``LONGEST_IDLE_S``."""
        arrivals = [a for a in (c.next_arrival_ns() for c in conversations) if a is not None]
        if not arrivals:
            return LONGEST_IDLE_S
        return min(LONGEST_IDLE_S, self._clock.real_seconds_until(min(arrivals)))
