"""The catalogue's index, used in a thread of its own: neither a slow disk nor 10,000 new files hold up the window."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal  # noqa: TID253 - the window's modules are imported late
from PySide6.QtGui import QImage  # noqa: TID253

from runmanager.catalogue import search
from runmanager.catalogue.index import DamagedIndexError, Index, discard
from runmanager.catalogue.indexing import refresh
from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.catalogue.records import Summary
from runmanager.catalogue.thumbnails import make_thumbnail
from runmanager.errors import BadInputError

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
SHOW_EVERY_S = 1.0
"""While many files are read, the rows found so far are shown this often."""


@dataclass(frozen=True)
class Found:
    """What fits the search now. ``in_words``: how the search was understood. ``n_all``: measurements known."""

    folder: Path
    rows: tuple[Summary, ...]
    in_words: str
    n_all: int


class CatalogueThread(QThread):
    """Looks at the folder every few seconds, searches, makes small pictures.

    ``found(Found)`` whenever the rows changed; ``refused(text)``: the search cannot be understood; ``progress(fraction,
    text)`` while files are read, fraction 1 at the end; ``picture(name, QImage)``, a null image when there is nothing
    to draw; ``problem(text)``: the folder cannot be used, "" when it can again.
    """

    found = Signal(object)
    refused = Signal(str)
    progress = Signal(float, str)
    picture = Signal(str, object)
    problem = Signal(str)

    def __init__(self, readers: ReadingProcesses, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("catalogue")
        self._readers = readers
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._folder: Path | None = None
        self._index: Index | None = None
        self._text = ""
        self._look_at_s = 0.0
        self._shown_at_s = 0.0
        self._pictures_asked: set[str] = set()

    # --- called from the window -----------------------------------------------------------------------------------

    def set_folder(self, folder: Path) -> None:
        """Show the measurements of another folder."""
        self._work.put(lambda: self._open(folder))

    def search(self, text: str) -> None:
        """Show what fits ``text``."""
        self._work.put(lambda: self._search(text))

    def look(self) -> None:
        """Look at the folder now."""
        self._work.put(self._look_soon)

    def want_pictures(self, names: tuple[str, ...]) -> None:
        """Get the small pictures of these, from the index or made anew."""
        self._work.put(lambda: self._want_pictures(names))

    def finish(self) -> None:
        """End the thread; waits for it."""
        self._ending.set()
        self._work.put(lambda: None)
        self.wait()

    # --- in the thread --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work and look in turns until :meth:`finish`."""
        while not self._ending.is_set():
            self._do_waiting(wait_s=max(0.0, min(LOOK_EVERY_S, self._look_at_s - time.monotonic())))
            if not self._ending.is_set() and self._folder is not None and time.monotonic() >= self._look_at_s:
                self._guarded(self._look)
        self._close()

    def _do_waiting(self, wait_s: float) -> None:
        """All that waits; for the first waits up to ``wait_s``."""
        try:
            work = self._work.get(timeout=wait_s) if wait_s > 0.0 else self._work.get_nowait()
            while not self._ending.is_set():
                self._guarded(work)
                work = self._work.get_nowait()
        except queue.Empty:
            return

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except search.SearchError as error:
            self.refused.emit(str(error))
        except BadInputError as error:
            self.problem.emit(str(error))
        except OSError as error:
            self.problem.emit(f"the folder cannot be used now: {error}")
        except DamagedIndexError as error:
            log.warning("%s; it is made anew", error)
            folder = self._folder
            self._close()
            if folder is not None:
                discard(folder)
                self._guarded(lambda: self._open(folder))

    def _open(self, folder: Path) -> None:
        self._close()
        self._folder = folder
        self._pictures_asked.clear()
        self._look_soon()
        self._index = Index(folder)
        self.problem.emit("")
        self._show()

    def _close(self) -> None:
        index, self._index = self._index, None
        if index is not None:
            index.close()

    def _look_soon(self) -> None:
        self._look_at_s = 0.0

    def _look(self) -> None:
        self._look_at_s = time.monotonic() + LOOK_EVERY_S
        if self._index is None:  # the folder was away: perhaps it is back
            folder = self._folder
            if folder is None or not folder.is_dir():
                return
            self._open(folder)
            self._look_at_s = time.monotonic() + LOOK_EVERY_S
        index = self._index
        if index is None:
            return
        told = False

        def report(fraction: float, what: str) -> None:
            nonlocal told
            told = True
            self.progress.emit(min(fraction, 0.999), what)
            self._show_now_and_then()

        try:
            seen = refresh(
                index,
                report=report,
                stop=lambda: self._stopped(index),
                readers=self._readers,
                meanwhile=lambda: self._do_waiting(wait_s=0.0),
            )
        finally:
            if told:
                self.progress.emit(1.0, "")
        if seen.changed_anything and index is self._index:
            self._show()

    def _stopped(self, index: Index) -> bool:
        return self._ending.is_set() or index is not self._index

    def _show_now_and_then(self) -> None:
        """What was read so far."""
        if self._index is not None and time.monotonic() - self._shown_at_s > SHOW_EVERY_S:
            self._guarded(self._show)

    def _search(self, text: str) -> None:
        search.parse(text)  # SearchError: the earlier search stays
        earlier, self._text = self._text, text
        try:
            self._show()
        except search.SearchError:
            self._text = earlier
            raise

    def _show(self) -> None:
        if self._index is None or self._folder is None:
            return
        self._shown_at_s = time.monotonic()
        found = search.parse(self._text)
        rows = self._index.find(found)
        self.found.emit(Found(self._folder, rows, found.in_words(), self._index.count()))

    def _want_pictures(self, names: tuple[str, ...]) -> None:
        index, folder = self._index, self._folder
        if index is None or folder is None:
            return
        for name in names:
            png = index.thumbnail(name)
            if png is not None:
                self.picture.emit(name, QImage.fromData(png))
            elif name not in self._pictures_asked:
                self._pictures_asked.add(name)
                future = self._readers.submit(make_thumbnail, folder / name)
                future.add_done_callback(lambda done, name=name: self._picture_made(index, name, done))  # type: ignore[misc]

    def _picture_made(self, index: Index, name: str, done: "Future[bytes]") -> None:
        """In whatever thread: hands the picture to this one. A reader that died leaves no picture."""
        if not done.cancelled():
            png = b"" if done.exception() is not None else done.result()
            self._work.put(lambda: self._keep_picture(index, name, png))

    def _keep_picture(self, index: Index, name: str, png: bytes) -> None:
        self._pictures_asked.discard(name)
        if index is self._index:
            index.put_thumbnail(name, png)
            self.picture.emit(name, QImage.fromData(png))
