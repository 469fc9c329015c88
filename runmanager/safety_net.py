"""The last net: whatever ends a run, the bench is made safe exactly once, and not interrupted on the way."""

import atexit
import logging
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from instruments.bench import Bench
    from runmanager.interrupt import StoppableClock

log = logging.getLogger(__name__)

SWITCH_OFF = "switch off light and microwave, press PAUSE at the magnet's supply"


class SafetyNet:
    """Use as a context manager around everything that may leave the bench unsafe.

    ``reach()`` is the ordinary way. Leaving the ``with`` block without it reaches the safe state, too; so does the end
    of the process (atexit), should even that not have happened. ``unsafe``: "" once the safe state is confirmed, else
    what to do by hand; ``remarks``: what was not confirmed though the bench is safe.
    """

    def __init__(self, bench: "Bench", clock: "StoppableClock") -> None:
        self._bench, self._clock = bench, clock
        self._reached = False
        self.unsafe = ""
        self.remarks: tuple[str, ...] = ()

    def reach(self) -> str:
        """Reach the safe state; "" when confirmed, else what to do by hand, which is shouted at once."""
        if self._reached:
            return self.unsafe
        self._clock.watch = None
        self._clock.armed = False  # from here on no request to stop and no interlock ends a wait
        try:
            report = self._bench.safe_state()
            self.remarks = report.remarks
            self.unsafe = report.instructions
        except Exception as error:  # noqa: BLE001 - whatever went wrong on the way, a person must know
            self.unsafe = f"the safe state was not reached ({type(error).__name__}: {error}): {SWITCH_OFF}"
        self._reached = True
        if self.unsafe:
            log.critical("SAFE STATE NOT CONFIRMED. Do this by hand now: %s", self.unsafe)
        for remark in self.remarks:
            log.info("%s", remark)  # told at the end of the run, with its other notes
        return self.unsafe

    def _at_exit(self) -> None:
        self.reach()

    def __enter__(self) -> Self:
        atexit.register(self._at_exit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.reach()
        atexit.unregister(self._at_exit)
