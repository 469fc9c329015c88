"""Messages waiting for one watcher. The sender never waits; a watcher that reads slowly sees fewer of them."""

import threading
from collections import OrderedDict

REPLACEABLE = frozenset({"Progress", "Views", "RunningResults", "BenchStatus"})
"""Kinds of which only the latest matters: a newer one takes the place of one not sent yet."""
MOST_WAITING = 2000
"""A watcher that lets more messages wait is given up."""


class Outbox:
    """First in, first out; one thread puts, another takes."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str | int, bytes] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._n_put = 0

    def put(self, kind: str, message: bytes) -> bool:
        """Add a message; False when the watcher is to be given up because too many wait."""
        with self._changed:
            if self._closed or len(self._waiting) >= MOST_WAITING:
                return False
            self._n_put += 1
            key = kind if kind in REPLACEABLE else self._n_put
            self._waiting.pop(key, None)  # the newer one goes behind what came meanwhile
            self._waiting[key] = message
            self._changed.notify()
            return True

    def take(self) -> bytes | None:
        """The next message, waited for; None when the outbox is closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return self._waiting.popitem(last=False)[1] if self._waiting else None

    @property
    def is_closed(self) -> bool:
        """True when nothing more is sent: its watcher has gone, or is being let go."""
        with self._changed:
            return self._closed

    def close(self) -> None:
        """Nothing more is put; what waits may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()
