"""An entry whose bench another program drives waits until that has ended, instead of being refused and lost."""

import logging
import time

from procedures.errors import StoppedError
from runmanager import engine
from runmanager.engine import RunOutcome, RunRequest
from runmanager.errors import BenchInUseError
from runmanager.queue.live import LiveFeed
from runmanager.run_control import RunControl

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""Between two attempts to get the bench, s."""
SLICE_S = 0.1
"""In which a stop is heard meanwhile, s."""
WHAT = "waiting: another program drives the bench"


def run_when_free(request: RunRequest, feed: LiveFeed, control: RunControl) -> RunOutcome:
    """Run the request; while its bench is in use, say so once and look again every few seconds.

    Errors as :func:`runmanager.engine.run`; StoppedError when a stop was asked for before the bench was free. While a
    pause is wanted the bench is not taken.
    """
    told = ""
    while True:
        try:
            return engine.run(request, observer=feed, control=control)
        except BenchInUseError as error:
            if str(error) != told:
                told = str(error)
                log.warning("waits for the bench: %s", told)
            feed.progressed(0.0, WHAT, 0.0)
        _wait(control, told)


def _wait(control: RunControl, why: str) -> None:
    until_s = time.monotonic() + LOOK_S
    while time.monotonic() < until_s or control.pause.is_set():
        if control.quit.is_set() or control.stop.wait(SLICE_S):
            raise StoppedError(f"stopped by the operator while it waited for the bench: {why}")
