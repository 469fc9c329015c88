"""Warnings and errors of this process, told to the watchers as lines of the log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runmanager.queue.events import Event, LogLine


class _EventHandler(logging.Handler):
    def __init__(self, tell: Callable[[Event], None], entry_id: Callable[[], int | None]) -> None:
        super().__init__(logging.WARNING)
        self._tell_watchers, self._entry_id = tell, entry_id

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one line; what cannot be told goes the way logging's errors go."""
        try:
            self._tell_watchers(LogLine(self._entry_id(), record.levelname, record.getMessage()))
        except Exception:  # noqa: BLE001 - logging must never raise into the run
            self.handleError(record)


@contextmanager
def events_of_log(tell: Callable[[Event], None], entry_id: Callable[[], int | None]) -> Iterator[None]:
    """While inside, whatever is logged as a warning or worse is told, too, with the number of the running entry."""
    handler = _EventHandler(tell, entry_id)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
