"""Bringing the index up to date: only what is new or changed is read."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from runmanager.catalogue.describe import describe_all
from runmanager.catalogue.index import Index
from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.catalogue.records import Description, Kind, Stamp, Summary
from runmanager.catalogue.scan_folder import Scan, scan

Report = Callable[[float, str], None]
_AT_A_TIME = 40
_WAIT_S = 0.1
_Portion = tuple[str, ...]


@dataclass(frozen=True)
class Refreshed:
    """What a look at the folder found. ``complete`` False: it was stopped; the next look goes on from there."""

    n_new: int = 0
    n_changed: int = 0
    n_removed: int = 0
    closed_folders: tuple[str, ...] = ()
    complete: bool = True

    @property
    def changed_anything(self) -> bool:
        """True when rows are different from before."""
        return bool(self.n_new or self.n_changed or self.n_removed)


def refresh(
    index: Index,
    *,
    report: Report = lambda fraction, what: None,
    stop: Callable[[], bool] = lambda: False,
    readers: ReadingProcesses | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Refreshed:
    """Look at the folder and describe what is new or changed; rows can be read meanwhile.

    ``report``: fraction (0-1) and what is going on. ``stop``: asked between portions. ``readers``: processes that read
    side by side; without them this process reads. ``meanwhile``: called some ten times a second while they do.
    Raises BadInputError when the folder cannot be listed, DamagedIndexError when the index must be made anew.
    """
    seen = scan(index.folder)
    known = index.stamps()
    gone = [name for name in known if name not in seen.files and not _is_below(name, seen)]
    if gone:
        index.remove(gone)
    wanted = [name for name, stamp in seen.files.items() if not _is_current(known.get(name), stamp)]
    wanted.sort(key=lambda name: seen.files[name].mtime_ns, reverse=True)  # the last night first
    n_changed = sum(name in known for name in wanted)
    complete = True
    n_done = 0
    for described in _described(index, wanted, readers, meanwhile):
        index.put(described)
        n_done += len(described)
        report(min(1.0, n_done / len(wanted)), f"{n_done} of {len(wanted)} files read")
        if stop():
            complete = n_done >= len(wanted)
            break
    return Refreshed(len(wanted) - n_changed, n_changed, len(gone), seen.closed, complete)


def _is_current(known: tuple[Stamp, bool] | None, stamp: Stamp) -> bool:
    return known is not None and known[0] == stamp and known[1]


def _is_below(name: str, seen: Scan) -> bool:
    """In a subfolder that could not be listed: it may well be there still."""
    return any(name.startswith(folder + "/") for folder in seen.closed)


def _described(
    index: Index, names: Sequence[str], readers: ReadingProcesses | None, meanwhile: Callable[[], None]
) -> Iterator[tuple[Description, ...]]:
    portions = [tuple(names[k : k + _AT_A_TIME]) for k in range(0, len(names), _AT_A_TIME)]
    if readers is None:
        return (describe_all(str(index.folder), portion) for portion in portions)
    return _side_by_side(index, portions, readers, meanwhile)


def _side_by_side(
    index: Index, portions: Sequence[_Portion], readers: ReadingProcesses, meanwhile: Callable[[], None]
) -> Iterator[tuple[Description, ...]]:
    """No more portions are handed out than there are readers (and one), so that other questions get their turn.

    When a reader dies, the files it may have had are read again, one by one.
    """
    left, unsure = list(reversed(portions)), list[str]()
    waiting: dict[Future[tuple[Description, ...]], _Portion] = {}
    try:
        while left or waiting:
            while left and len(waiting) <= readers.n_processes:
                portion = left.pop()
                waiting[readers.submit(describe_all, str(index.folder), portion)] = portion
            done, _ = wait(waiting, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
            meanwhile()
            for future in done:
                portion = waiting.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    unsure += portion
    finally:
        for future in waiting:
            future.cancel()
    for name in sorted(unsure):
        yield _alone(index, name, readers)


def _alone(index: Index, name: str, readers: ReadingProcesses) -> tuple[Description, ...]:
    try:
        return readers.submit(describe_all, str(index.folder), (name,)).result()
    except BrokenProcessPool:
        return _deadly(index, name)


def _deadly(index: Index, name: str) -> tuple[Description, ...]:
    try:
        status = (index.folder / name).stat()
    except OSError:
        return ()
    problem = f"{name}: the process that read it died of it; the file is damaged"
    summary = Summary(name, Kind.UNREADABLE, status.st_size, problem=problem)
    words = f"{name}\nunreadable".casefold()
    return (Description(summary, Stamp(status.st_size, status.st_mtime_ns), words=words),)
