"""Count rates for the strip: photons recorded over the time they were recorded in, of what came since the last look."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from runfile.reading import RecordedRun, RecordedTable

DURATIONS = ("duration", "live_time", "exposure_time")
"""Columns that say how long a row was recorded, s."""
COUNTING_TIME = "counting_time"
"""Parameter that says it for the tables that have no such column."""
COUNTS = ("counts", "counts_reference")
N_CHANNELS = 256


class TagRates:
    """Rates of the detectors of a run that keeps time tags."""

    def __init__(self) -> None:
        self._counts = np.zeros(N_CHANNELS, dtype=np.int64)
        self._duration_s = 0.0

    def count(self, channel: npt.ArrayLike) -> None:
        """Add tags; ``channel`` (n,) numbers from 1."""
        self._counts += np.bincount(np.asarray(channel, dtype=np.uint8), minlength=N_CHANNELS)

    def rates_cps(self, duration_s: float, channels: Mapping[str, int]) -> dict[str, float]:
        """Counts per second of each detector since the last call; ``duration_s``: live time of all tags so far."""
        elapsed_s, counts = duration_s - self._duration_s, self._counts
        if not elapsed_s > 0.0:
            return {}
        self._counts, self._duration_s = np.zeros(N_CHANNELS, dtype=np.int64), duration_s
        return {
            name: float(counts[number] / elapsed_s) for name, number in channels.items() if name.startswith("detector")
        }


class TableRates:
    """Rates of a run that keeps counts in tables, from the rows that are new since the last look."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def rates_cps(self, run: RecordedRun) -> dict[str, float]:
        """Counts per second by column ("counts") or table and column ("scan counts"); {} when nothing is new."""
        rates: dict[str, float] = {}
        for group in run.tables():
            table = run.table(group)
            first, n_points = self._seen.get(group, 0), table.n_points
            self._seen[group] = n_points
            times_s = _times_s(run, table)
            if n_points <= first or times_s is None:
                continue
            elapsed_s = float(times_s[first:].sum())
            for name in COUNTS:
                if name in table.columns and elapsed_s > 0.0:
                    label = name if group == "data" else f"{group} {name}"
                    rates[label] = float(np.sum(table.column(name)[first:])) / elapsed_s
        return rates


def _times_s(run: RecordedRun, table: RecordedTable) -> npt.NDArray[np.float64] | None:
    """How long each row was recorded, s, shape (n_points,); None when nothing says it."""
    for name in DURATIONS:
        if name in table.columns:
            return np.asarray(table.column(name), dtype=np.float64)
    counting_s = run.parameters.get(COUNTING_TIME)
    if isinstance(counting_s, int | float) and table.axes[0] == "frequency":
        return np.full(table.n_points, float(counting_s))
    return None
