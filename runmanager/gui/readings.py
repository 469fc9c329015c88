"""Questions to the reading processes, answered in the window's own thread."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from PySide6.QtCore import QObject, Signal  # noqa: TID253 - the window's modules are imported late

from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.errors import BadInputError

_Answer = TypeVar("_Answer")
Failed = Callable[[str], None]


class Readings(QObject):
    """Asks; ``then(answer)`` or ``failed(one line)`` is called in the thread this object lives in.

    After :meth:`close`, or when the asking widget's object is gone, nothing is called any more.
    """

    _arrived = Signal(object, object)

    def __init__(self, processes: ReadingProcesses, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._processes = processes
        self._closed = False
        self._arrived.connect(self._hand_over)

    def ask(
        self, work: Callable[..., _Answer], *arguments: object, then: Callable[[_Answer], None], failed: Failed
    ) -> None:
        """Have ``work(*arguments)`` done in a reading process."""
        try:
            future = self._processes.submit(work, *arguments)
        except RuntimeError as error:  # closed: the window is going
            failed(str(error))
            return
        future.add_done_callback(lambda done: self._tell(done, then, failed))

    def close(self) -> None:
        """Forget all open questions."""
        self._closed = True

    def _tell(self, done: "Future[_Answer]", then: Callable[[_Answer], None], failed: Failed) -> None:
        """In whatever thread the answer came."""
        if self._closed:
            return
        try:
            answer = done.result()
        except CancelledError:
            return
        except BadInputError as error:
            self._emit(failed, str(error))
        except BrokenProcessPool:
            self._emit(failed, "the process that read the file died of it; the file is damaged")
        except Exception as error:  # noqa: BLE001 - data nobody foresaw must be told in the window, not end a thread
            self._emit(failed, f"{type(error).__name__}: {error}")
        else:
            self._emit(then, answer)

    def _emit(self, callback: Callable[..., None], value: object) -> None:
        try:
            self._arrived.emit(callback, value)
        except RuntimeError:  # Qt has deleted this object meanwhile: nobody waits for the answer
            return

    def _hand_over(self, callback: Callable[[object], None], value: object) -> None:
        if not self._closed:
            callback(value)
