"""What the run engine does at the checkpoints of an experiment: pause, read the bench, tell who looks on, end early."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from runmanager.bench_status import BenchWatch
from runmanager.observer import Announcer
from runmanager.pausing import Pausable, Pausing
from runmanager.run_control import RunControl

if TYPE_CHECKING:
    from instruments.bench import Bench
    from runfile.writer import RunWriter
    from runmanager.engine import Report


log = logging.getLogger(__name__)


class Checkpoints:
    """Called at every safe checkpoint: pauses if that is wanted; reads the bench now and then if somebody looks on."""

    def __init__(
        self,
        experiment: Pausable,
        bench: "Bench",
        recorder: "RunWriter",
        control: RunControl,
        look_at_interlocks: Callable[[], None],
        announcer: Announcer,
    ) -> None:
        self._pausing = Pausing(
            experiment,
            pause=control.pause,
            stop=control.stop,
            watch=look_at_interlocks,
            write_log=recorder.log,
            announcer=announcer,
        )
        self._announcer = announcer
        self._bench_watch: BenchWatch | None = BenchWatch(bench)

    def __call__(self) -> None:
        """Raises StoppedError, InterlockError and BenchError as a pause does."""
        self._pausing()
        if self._announcer.is_heard and self._bench_watch is not None:
            self._read_bench(self._bench_watch)

    def _read_bench(self, bench_watch: BenchWatch) -> None:
        try:
            roles = bench_watch.due_status()
        except Exception as error:  # noqa: BLE001 - a look at the bench must not cost the run
            self._bench_watch = None
            log.warning("the status of the bench is read no more (%s: %s)", type(error).__name__, error)
            return
        if roles is not None:
            self._announcer.tell(lambda observer: observer.bench_read(roles))


def observed_report(report: "Report", announcer: Announcer, bench_s: Callable[[], float]) -> "Report":
    """``report``, and the same told to the observer with the bench time since the start, s."""
    if not announcer.is_heard:
        return report

    def both(fraction: float, what: str) -> None:
        report(fraction, what)
        announcer.tell(lambda observer: observer.progressed(fraction, what, bench_s()))

    return both


def ending_early(control: RunControl, recorder: "RunWriter", bench_s: Callable[[], float]) -> Callable[[], str] | None:
    """What the measuring loops ask: "" go on, else the reason to end, which goes into the run's log, too."""
    asked = control.enough
    if asked is None:
        return None

    def enough() -> str:
        reason = asked(bench_s())
        if reason:
            recorder.log(f"ends early: {reason}")
        return reason

    return enough
