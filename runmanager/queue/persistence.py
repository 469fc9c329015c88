"""The end of a run into the queue, even when its disk is full just now: the run is over, safe and worth the wait."""

import logging
import time

from runmanager.errors import QueueError
from runmanager.interrupt import StopRequest
from runmanager.queue.entries import Ending, Entry, Status
from runmanager.queue.store import QueueStore

log = logging.getLogger(__name__)

PATIENCE_S = 1800.0
PAUSE_S = 10.0


def finish_in_the_end(
    store: QueueStore, entry_id: int, status: Status, ending: Ending, *, give_up: StopRequest
) -> Entry:
    """``store.finish``, again and again for half an hour; QueueError when it failed to the last, or on ``give_up``.

    Without it a completed run would later count as interrupted, and the night would end here.
    """
    last_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return store.finish(entry_id, status, ending)
        except QueueError as error:
            if time.monotonic() >= last_s or give_up.is_set():
                raise
            log.error(  # noqa: TRY400 - the message says all; a traceback would hide it
                "the end of entry %d cannot be kept: %s. It is tried again every %.0f s", entry_id, error, PAUSE_S
            )
        give_up.wait(PAUSE_S)
