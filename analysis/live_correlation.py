"""Coincidences while the tags arrive, or of files larger than memory: chunk by chunk, with the counts of the whole."""

import numpy as np
import numpy.typing as npt

from analysis.correlation import checked_bins, coincidences, delays
from analysis.correlation_channels import TagSplitter

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Correlator:
    """Histogram of t_stop − t_start of all pairs of a growing record of tags.

    After every :meth:`add` the counts are those of :func:`analysis.correlation.coincidences` for all tags so far, to
    the pair, however the record was cut. Kept in memory: the histogram and the tags of the last ``max_delay``.

    Times and widths in whole ps; ``start_channel`` and ``stop_channel`` in 0…255, equal for an autocorrelation
    (each tag then pairs with itself at delay 0, too). Raises ValueError as ``coincidences`` does for the bins.
    """

    def __init__(
        self, bin_width: int, max_delay: int, *, start_channel: int = 1, stop_channel: int = 2, threads: int = 2
    ) -> None:
        self.bin_width, self.max_delay = checked_bins(bin_width, max_delay)
        self._tags = TagSplitter(start_channel, stop_channel)
        self._threads = threads
        self._counts = np.zeros(2 * self.max_delay // self.bin_width, dtype=np.int64)
        self._starts, self._stops = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def add(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Take the next tags of the stream: ascending times (int64, ps) and their channels, same length.

        Other channels are ignored; equal times, within a chunk or across two, are allowed; an empty chunk does
        nothing. Raises ValueError for times that fall and for arrays that do not fit; such a chunk leaves the
        histogram as it was.
        """
        for starts, stops in self._tags.split(timestamps_ps, channel):
            self._count(starts, self._joined(self._stops, stops, starts))
            self._count(self._joined(self._starts, np.zeros(0, np.int64), stops), stops)
            newest = max((int(times[-1]) for times in (starts, stops) if times.size), default=None)
            if newest is not None:
                self._starts = self._recent(self._starts, starts, newest)
                self._stops = self._recent(self._stops, stops, newest)

    def _count(self, starts: IntArray, stops: IntArray) -> None:
        if starts.size and stops.size:
            stops = stops[np.searchsorted(stops, starts[0] - self.max_delay) :]
            stops = stops[: np.searchsorted(stops, starts[-1] + self.max_delay)]
            self._counts += coincidences(starts, stops, self.bin_width, self.max_delay, threads=self._threads)

    def _joined(self, older: IntArray, newer: IntArray, partners: IntArray) -> IntArray:
        """Both lists; of the older one only what can still pair with the first of ``partners``."""
        if not partners.size:
            return newer
        return np.concatenate([older[np.searchsorted(older, partners[0] - self.max_delay) :], newer])

    def _recent(self, older: IntArray, newer: IntArray, newest: int) -> IntArray:
        """A copy of the tags that a later tag can still pair with."""
        both = (older, newer)
        return np.concatenate([times[np.searchsorted(times, newest - self.max_delay) :] for times in both])

    @property
    def counts(self) -> IntArray:
        """All pairs so far by delay; int64, a copy, shape (2·max_delay / bin_width,)."""
        return self._counts.copy()

    @property
    def delays_ps(self) -> IntArray:
        """Left edges of the bins, ps."""
        return delays(self.bin_width, self.max_delay)

    @property
    def n_start(self) -> int:
        """Starts so far."""
        return self._tags.n_start

    @property
    def n_stop(self) -> int:
        """Stops so far."""
        return self._tags.n_stop

    @property
    def duration_s(self) -> float:
        """From the first tag of any channel to the last, s."""
        return self._tags.duration_s

    @property
    def g2(self) -> FloatArray:
        """Counts over those of uncorrelated steady light, N1·N2·Δτ·(T − |τ|)/T²; NaN where nothing is expected."""
        duration_ps = self.duration_s * 1e12
        middle_ps = self.delays_ps + 0.5 * self.bin_width
        if not (self.n_start and self.n_stop and duration_ps):
            return np.full(self._counts.shape, np.nan)
        left = np.maximum(duration_ps - np.abs(middle_ps), 0.0)
        expected: FloatArray = self.n_start / duration_ps * self.n_stop / duration_ps * self.bin_width * left
        ratio: FloatArray = np.full(expected.shape, np.nan)
        return np.divide(self._counts, expected, out=ratio, where=expected > 0.0)
