"""Keeping the progress of an entry in the queue's file, from the thread that tells the watchers."""

import logging
from pathlib import Path

from runmanager.errors import QueueError
from runmanager.queue.store import QueueStore

log = logging.getLogger(__name__)


class ProgressSaver:
    """Opens the queue for each writing (some 1 ms, once a second): a store belongs to one thread."""

    def __init__(self, store_path: Path, entry_id: int) -> None:
        self._store_path, self._entry_id = store_path, entry_id

    def save(self, fraction: float, what: str) -> None:
        """Keep the fraction done (0-1) and what is going on; a progress that cannot be kept is no reason to worry."""
        try:
            with QueueStore(self._store_path) as store:
                store.set_progress(self._entry_id, fraction, what)
        except QueueError as error:
            log.info("the progress of entry %d was not kept: %s", self._entry_id, error)
