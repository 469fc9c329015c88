"""Forecasts of queued entries: each is run on the twin, one at a time, at low priority, in a process of its own.

Nothing is remembered outside the queue's file: a forecaster that is killed is started again and goes on. A forecast
for a real bench runs the same station file as a twin; no instrument is touched.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from procedures.errors import StoppedError
from runmanager.errors import BadInputError, QueueError
from runmanager.queue.entries import Entry, Job, Prediction
from runmanager.queue.finish_times import runs_on_twin
from runmanager.queue.store import QueueStore

log = logging.getLogger(__name__)

POLL_S = 0.5
AFTER_TROUBLE_S = 5.0
STILL_WANTED_EVERY_S = 1.0
NICENESS = 10
STOP_S = 10.0
BREAK_OFF_S = 60.0  # from a stop to the end of the dry run's analysis
WAIT_SLICE_S = 0.2  # Windows hears a Ctrl-C between two waits only

Tell = Callable[[Entry, Prediction], None]


def predict(job: Job, *, report: Callable[[float, str], None] = lambda fraction, what: None) -> Prediction:
    """Run the job on the twin. What is wrong with the job becomes a violation.

    A job that ends at a target uncertainty is forecast in full: the time is the longest that it can take. So is one
    that continues an earlier run of a real bench: the twin's dot is another than the one recorded there.
    """
    from runmanager.forecast import forecast

    began_s = time.monotonic()
    request = job.request() if runs_on_twin(job) else replace(job, continues=None).request()
    try:
        found = forecast(request, report=report)
    except BadInputError as error:
        return Prediction(0.0, 0, {}, passed=False, violations=(str(error),), wall_s=time.monotonic() - began_s)
    return Prediction(
        duration_s=found.duration_s,
        photons=found.photons,
        results=found.analysis.results,
        passed=found.analysis.verdict.passed,
        violations=found.violations,
        wall_s=time.monotonic() - began_s,
    )


class Forecaster:
    """Makes the forecasts of one queue until ``stop`` is set; to be used by one thread that is not the main one.

    (In the main thread a run takes the signals over: a stop of the forecaster would look like a stop of the run.)
    """

    def __init__(
        self,
        path: Path,
        stop: threading.Event,
        tell: Tell = lambda entry, prediction: None,
        only: frozenset[int] | None = None,
    ) -> None:
        self._path, self._stop, self._tell, self._only = path, stop, tell, only

    def all_waiting(self) -> None:
        """Forecast every queued entry (of ``only``) that has no forecast yet."""
        with QueueStore(self._path) as store:
            while not self._stop.is_set() and self._next(store):
                pass

    def for_ever(self) -> None:
        """Forecast what waits and what will be queued, until the stop. After trouble with the file it tries again."""
        while not self._stop.is_set():
            try:
                with QueueStore(self._path) as store:
                    self._watch(store)
            except QueueError as error:
                log.warning("%s", error)
                self._stop.wait(AFTER_TROUBLE_S)

    def _watch(self, store: QueueStore) -> None:
        seen = -1
        while not self._stop.is_set():
            counter = store.change_counter()
            if counter == seen or not self._next(store):
                seen = counter
                self._stop.wait(POLL_S)

    def _next(self, store: QueueStore) -> bool:
        """Forecast one entry; whether there was one."""
        entry = store.claim_forecast(self._only)
        if entry is None:
            return False
        try:
            prediction = self._predict(store, entry)
        except Exception:
            log.exception("no forecast of entry %d", entry.id)
            return True
        if prediction is None:
            store.release_forecast(entry.id)
        elif store.put_prediction(entry.id, entry.job, prediction):
            self._tell(entry, prediction)
        return True

    def of(self, entry_id: int) -> None:
        """Forecast one entry, whatever became of earlier attempts."""
        with QueueStore(self._path) as store:
            entry = store.entry(entry_id)
            prediction = self._predict(store, entry)
            if prediction is not None and store.put_prediction(entry_id, entry.job, prediction):
                self._tell(entry, prediction)

    def _predict(self, store: QueueStore, entry: Entry) -> Prediction | None:
        """The forecast; None when it was broken off."""
        wanted = _StillWanted(store, entry, self._stop)
        try:
            prediction = predict(entry.job, report=wanted.report)
        except StoppedError:
            return None
        return None if self._stop.is_set() or wanted.given_up else prediction


class _StillWanted:
    """Breaks a dry run off when the forecaster shall stop, or nobody waits for the answer any more."""

    def __init__(self, store: QueueStore, entry: Entry, stop: threading.Event) -> None:
        self._store, self._entry, self._stop = store, entry, stop
        self._next_look_s = 0.0
        self.given_up = False

    def report(self, fraction: float, what: str) -> None:
        """The dry run's progress; StoppedError to break it off."""
        if self._stop.is_set():
            self._give_up("the forecaster was stopped")
        if time.monotonic() < self._next_look_s:
            return
        self._next_look_s = time.monotonic() + STILL_WANTED_EVERY_S
        try:
            now = self._store.entry(self._entry.id)
        except QueueError:
            self._give_up("the entry was removed")
        else:
            if now.job != self._entry.job or now.status.ended:
                self._give_up("the entry was changed")

    def _give_up(self, why: str) -> None:
        self.given_up = True
        raise StoppedError(why)


class ForecasterBusyError(QueueError):
    """Another process makes the forecasts of this queue."""


def forecast_waiting(path: Path, *, only: frozenset[int] | None = None, tell: Tell) -> None:
    """Have the forecasts that are missing (of ``only``) and return; Ctrl-C keeps what is done and raises.

    Where another process is the queue's forecaster, it makes them, and this waits for them.
    """
    with QueueStore(path) as store:
        waiting = store.without_forecast(only)
        while waiting:
            try:
                with the_only_one(path):
                    stop = threading.Event()
                    _in_a_thread(Forecaster(path, stop, tell, only).all_waiting, stop)
                    waiting.clear()
            except ForecasterBusyError:
                time.sleep(POLL_S)
            still = {entry.id for entry in store.without_forecast(only)}
            for entry in [entry for entry in waiting if entry.id not in still]:
                waiting.remove(entry)
                _tell_of_another(store, entry, tell)


def _tell_of_another(store: QueueStore, entry: Entry, tell: Tell) -> None:
    with suppress(QueueError):  # removed meanwhile
        prediction = store.entry(entry.id).prediction
        if prediction is not None:
            tell(entry, prediction)


@contextmanager
def the_only_one(path: Path) -> Iterator[None]:
    """Be the queue's only forecaster while inside; ForecasterBusyError when another process is."""
    lock = FileLock(path.with_name(f"{path.name}.forecaster.lock"), is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ForecasterBusyError(f"queue {path}: another process makes its forecasts already") from None
    except OSError as error:
        raise QueueError(f"queue {path}: the forecaster's lock cannot be made beside it ({error})") from error
    try:
        yield
    finally:
        lock.release()


class ForecasterHandle:
    """A forecaster in its own process. It ends with ``stop``, and by itself when this process dies."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """True while the process lives; where another forecaster serves the queue, it waits for that one's end."""
        return self._process.poll() is None

    def stop(self, timeout_s: float = STOP_S) -> None:
        """End it at the dry run's next checkpoint; after ``timeout_s`` by force. Further calls do nothing."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_forecaster(store_path: Path | str, *, entry_id: int | None = None) -> ForecasterHandle:
    """Forecast everything queued now and later, in another process; what it complains of is in FILE.forecaster.log.

    ``entry_id``: this entry alone, beside whatever other forecaster there is; the process ends then. Raises QueueError
    when the process cannot be started.
    """
    path = Path(store_path).absolute()
    environment = dict(os.environ)
    for library in ("OPENBLAS", "MKL", "OMP"):
        environment.setdefault(f"{library}_NUM_THREADS", "1")
    words = [sys.executable, "-m", "runmanager.queue.forecasting", str(path)]
    words += [] if entry_id is None else [str(entry_id)]
    flags = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows; elsewhere the process is nice by itself
    try:
        with path.with_name(f"{path.name}.forecaster.log").open("wb" if entry_id is None else "ab") as complaints:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env=environment,
                creationflags=flags,
            )
    except OSError as error:
        raise QueueError(f"the forecaster of {path} cannot be started: {error}") from error
    return ForecasterHandle(process)


def main(arguments: list[str] | None = None) -> int:
    """``python -m runmanager.queue.forecasting FILE [ID]``: forecast until the standard input closes, or one entry."""
    name, *only = sys.argv[1:] if arguments is None else arguments
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    stop = threading.Event()

    def asked_to_end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked_to_end)
    threading.Thread(target=_until_input_closes, args=(stop,), daemon=True).start()
    if only:
        _in_a_thread(lambda: Forecaster(Path(name), stop).of(int(only[0])), stop)
        return 0
    while not stop.is_set():
        try:
            with the_only_one(Path(name)):
                _in_a_thread(Forecaster(Path(name), stop).for_ever, stop)
        except ForecasterBusyError:
            stop.wait(POLL_S)  # another window's; take over when it ends
        except QueueError as error:
            log.warning("%s", error)
            return 2
    return 0


def _until_input_closes(stop: threading.Event) -> None:
    """The parent holds the other end of our input: when it goes, for whatever reason, so do we."""
    with suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    stop.set()


def _in_a_thread(work: Callable[[], None], stop: threading.Event) -> None:
    """Do ``work`` in a thread and wait; an error of it is raised here. On Ctrl-C: set ``stop``, wait, raise."""
    failed: list[BaseException] = []
    done = threading.Event()  # not thread.join: interrupted, it takes a living thread for a dead one (Python 3.11)

    def guarded() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that waits
            failed.append(error)
        finally:
            done.set()

    try:
        threading.Thread(target=guarded, name="forecaster").start()
        while not done.wait(WAIT_SLICE_S):
            pass
    except BaseException:
        stop.set()
        done.wait(BREAK_OFF_S)
        raise
    if failed:
        raise failed[0]


if __name__ == "__main__":
    raise SystemExit(main())
