"""Logarithmic correlation while the tags arrive, or of files larger than memory, with the counts of the whole."""

import numpy as np
import numpy.typing as npt

from analysis.correlation_channels import TagSplitter
from analysis.multitau import LogCorrelation, checked_edges, pairs_by_delay, record_limits

IntArray = npt.NDArray[np.int64]

_ENOUGH = 1 << 20
"""Tags gathered before their pairs are counted."""


class LogCorrelator:
    """Pairs of a growing record of tags by delay, in logarithmic (or any) bins ``edges_ps``.

    :meth:`result` gives after every :meth:`add` what :func:`analysis.multitau.cross_correlation` gives for all tags
    so far, to the pair, however the record was cut. Kept in memory: about a million tags and those of the longest
    delay.

    Equal channels: autocorrelation, for which the first edge must be 1 ps at least. Raises ValueError for edges that
    are negative or do not ascend and for channels outside 0…255.
    """

    def __init__(
        self, edges_ps: npt.ArrayLike, *, start_channel: int = 1, stop_channel: int = 2, threads: int = 2
    ) -> None:
        self.edges_ps = checked_edges(edges_ps, lowest=1 if start_channel == stop_channel else 0)
        self._middle = (self.edges_ps[:-1] + self.edges_ps[1:]) // 2
        self._tags = TagSplitter(start_channel, stop_channel)
        self._threads = threads
        self._counts = np.zeros(self.edges_ps.size - 1, dtype=np.int64)
        self._early_stops = np.zeros_like(self._counts)
        self._starts: list[IntArray] = []
        self._stops: list[IntArray] = []
        self._n_new = 0

    def add(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Take the next tags of the stream: ascending times (int64, ps) and their channels, same length.

        Raises ValueError for times that fall and for arrays that do not fit; such a chunk changes nothing.
        """
        for starts, stops in self._tags.split(timestamps_ps, channel):
            self._starts.append(starts.copy())
            self._stops.append(stops.copy())
            self._n_new += starts.size + stops.size
            if self._tags.first_ps is not None:
                self._early_stops += np.searchsorted(stops, self._tags.first_ps + self._middle)
            if self._n_new >= _ENOUGH:
                self._settle()

    def result(self, end_ps: int | None = None) -> LogCorrelation:
        """The correlation of all tags so far; the record lasts from the first tag of any channel to ``end_ps``.

        ``end_ps``: by default the last tag of any channel. Raises ValueError if it lies before that tag.
        """
        first, last = self._tags.first_ps or 0, self._tags.last_ps or 0
        _, end = record_limits(first, last, first, end_ps)
        starts, stops = np.concatenate([np.zeros(0, np.int64), *self._starts]), self._open_stops()
        counts = self._counts + pairs_by_delay(starts, stops, self.edges_ps, threads=self._threads)
        late_starts = starts.size - np.searchsorted(starts, end - self._middle, side="right")
        n_start = np.int64(self._tags.n_start) - late_starts.astype(np.int64)
        n_stop = self._tags.n_stop - self._early_stops
        return LogCorrelation(self.edges_ps, counts, n_start, n_stop, (end - first) * 1e-12)

    def _open_stops(self) -> IntArray:
        return np.concatenate([np.zeros(0, np.int64), *self._stops])

    def _settle(self) -> None:
        """Count the starts whose last possible partner has come, once; keep the others and the stops they need."""
        if self._tags.last_ps is None:
            return
        starts, stops = np.concatenate(self._starts), self._open_stops()
        newest = max(int(times[-1]) for times in (starts, stops) if times.size)
        n_settled = int(np.searchsorted(starts, newest - int(self.edges_ps[-1]), side="right"))
        self._counts += pairs_by_delay(starts[:n_settled], stops, self.edges_ps, threads=self._threads)
        starts = starts[n_settled:]
        needed = int(starts[0]) if starts.size else newest
        self._starts = [starts.copy()]
        self._stops = [stops[np.searchsorted(stops, needed + int(self.edges_ps[0])) :].copy()]
        self._n_new = 0
