"""Rows on their way from the run's thread into the copy in memory.

The run's thread only keeps them (about a microsecond); they are put away many at a time by whoever wants to see them.
"""

import threading
from collections import deque
from collections.abc import Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from runfile.live_run import LiveTable

_NUMBERS = frozenset({float, int, np.float64, np.int64})
"""What cannot be changed by whoever gave it and needs no copy."""


class PendingRows:
    """One thread appends, any other puts away. The order of the rows stays."""

    def __init__(self) -> None:
        self._tables: dict[str, LiveTable] = {}
        self._waiting: deque[tuple[str, dict[str, npt.ArrayLike]]] = deque()
        self._putting_away = threading.Lock()

    def begin(self, group: str, table: LiveTable) -> None:
        """From now on rows of ``group`` belong into ``table``."""
        self._tables[group] = table

    def append(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """Keep one row; arrays are copied, since the caller may use his again."""
        row = {name: value if type(value) in _NUMBERS else np.array(value) for name, value in values.items()}
        self._waiting.append((group, row))

    def extend(self, group: str, values: Mapping[str, npt.ArrayLike]) -> None:
        """Put several rows away at once, behind those that wait."""
        with self._putting_away:
            self._put_away()
            self._tables[group].extend(**values)

    def put_away(self) -> None:
        """Every row that waits is in its table when this returns."""
        with self._putting_away:
            self._put_away()

    def _put_away(self) -> None:
        rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
        for group, run_of_rows in groupby(rows, key=lambda row: row[0]):
            each = [row for _, row in run_of_rows]
            self._tables[group].extend(**{name: np.array([row[name] for row in each]) for name in each[0]})
