"""Working ahead: the next piece of a stream is drawn in a second thread while the present one is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(pieces: Iterable[T]) -> Iterator[T]:
    """The same pieces in the same order; one is always in the making (the compiled loops release the interpreter)."""
    iterator = iter(pieces)
    with ThreadPoolExecutor(max_workers=1) as worker:
        end = object()
        coming = worker.submit(next, iterator, end)
        while True:
            piece = coming.result()
            if piece is end:
                return
            coming = worker.submit(next, iterator, end)
            yield piece  # type: ignore[misc]
