"""Something slow, done outside the window's thread; its result comes back into it."""

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot  # noqa: TID253

from runmanager.errors import BadInputError

log = logging.getLogger(__name__)


class Errands(QObject):
    """Runs errands, each in a thread of its own. ``refused(text)`` when one was refused or failed."""

    refused = Signal(str)
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._done.connect(self._deliver)
        self._threads: list[threading.Thread] = []

    def run(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        """Do ``work()`` elsewhere, then ``then(result)`` here. BadInputError becomes ``refused``."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._work, args=(work, then), name="errand", daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait for what is under way; nothing is delivered any more."""
        self._done.disconnect(self._deliver)
        for thread in self._threads:
            thread.join()

    def _work(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        try:
            result = work()
        except BadInputError as error:
            self.refused.emit(str(error))
        except Exception as error:  # the window lives on, and the user is told
            log.exception("an errand of the window failed")
            self.refused.emit(f"{type(error).__name__}: {error}")
        else:
            self._done.emit(then, result)

    @Slot(object, object)
    def _deliver(self, then: Callable[[object], None], result: object) -> None:
        then(result)
