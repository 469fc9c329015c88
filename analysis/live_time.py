"""The live time of a record: its duration without the pauses in which no photon came at all.

A shutter that was closed, a laser that was off, or batches joined into one file leave silences that no light of the
record's mean rate leaves by chance. Accidental pairs follow from the rates while there was light: stretches of equal
rates, T_1 … T_n long, hold Σ (N1·T_i/T)(N2·T_i/T)·Δτ/T_i = N1·N2·Δτ/T pairs in a bin Δτ with T = Σ T_i, and pulsed
light N1·N2·period/T in a peak: the duration with the pauses would give too few. (At the ends of the stretches pairs of
delay τ are lost, a share n·τ/T: nothing, where delays are µs and stretches ms.)

Only silence counts as a pause, and only silence that stands by itself: where silences of all lengths up to it are
found, they are gaps between the dark counts behind a closed shutter, or off-times of an emitter, and leaving out the
longer ones would count a dark stretch by half. Where dark counts go on, no record tells a closed shutter from an
emitter that is off: nothing is left out, and :meth:`Silences.undecided` says so.

Everything is a sum over photons in time order, so that chunks of any size tell the same.
"""

import numpy as np
import numpy.typing as npt

from analysis.rate_trace import RateTrace

IntArray = npt.NDArray[np.int64]

_SILENT_SHARE = 0.01
"""Pauses that are a smaller share of the record are no matter."""
_SILENT_INTERVALS = 30.0
_LONGEST_BREATH_PS = 2e11
"""Silences from 0.2 s on are no chance at the dark rates of most detectors."""
_LEAST_PHOTONS = 100
_SHORTEST_PS = 1 << 17
"""Shorter silences (0.13 µs) are never pauses: 30 mean intervals of the fastest detectors are longer."""
_PER_OCTAVE = 8
_ALONE_OCTAVES = 2
_ALONE_SHARE = 0.01
"""Pauses stand by themselves: silences of a quarter of their length and more hold 1 % of their time at most."""
_DIM_SHARE = 0.02
_SLICE = 1 << 20


class Silences:
    """Takes the times of photons, ascending, and tells how long no photon came.

    ``start_ps``: when the record began; None: with its first photon.
    """

    def __init__(self, start_ps: int | None = 0) -> None:
        self._start_ps = start_ps
        self._first_ps: int | None = None
        self._last_ps = 0
        self._n_photons = 0
        self._by_length = np.zeros(64 * _PER_OCTAVE, dtype=np.int64)
        self._longest = (0, 0)
        self._trace = RateTrace()

    def take(self, times_ps: IntArray) -> None:
        """The next photons."""
        for first in range(0, times_ps.size, _SLICE):
            self._take(times_ps[first : first + _SLICE])

    def longest_ps(self, end_ps: int) -> tuple[int, int]:
        """Start and end of the longest silence of the record that ends at ``end_ps``."""
        return max((self._longest, *self._edges(end_ps)), key=lambda silence: silence[1] - silence[0])

    def pauses_ps(self, end_ps: int, duration_ps: float | None = None) -> float:
        """How long no photon came in all, counting only what cannot be chance; 0 where that is below 1 %.

        The record ends at ``end_ps``; ``duration_ps``: by what chance is judged, default the time from start to end.
        """
        if self._first_ps is None:
            return 0.0
        start_ps = self._first_ps if self._start_ps is None else self._start_ps
        return self._pauses_ps(float(end_ps - start_ps) if duration_ps is None else duration_ps, self._edges(end_ps))

    def pauses_between_photons_ps(self) -> float:
        """As :meth:`pauses_ps`, for a record that begins and ends with a photon."""
        return 0.0 if self._first_ps is None else self._pauses_ps(float(self._last_ps - self._first_ps), ())

    def live_s(self, duration_s: float) -> float:
        """``duration_s`` without the pauses; as it is where it is a live time already (the photons span more)."""
        end_ps = max(round(duration_s * 1e12), self._last_ps)
        pauses_ps = self.pauses_ps(end_ps)
        return min(duration_s, (end_ps - pauses_ps) * 1e-12) if pauses_ps else duration_s

    def undecided(self, duration_s: float) -> tuple[str, ...]:
        """A warning where the rate was far below the rest for long, beyond the pauses; none where it was not."""
        if self._first_ps is None or duration_s <= 0.0:
            return ()
        end_ps = max(round(duration_s * 1e12), self._last_ps)
        edges = self._edges(end_ps)
        pauses_ps, silent_ps = self._silent_ps(float(end_ps - edges[0][0]), edges)
        dim_ps, (start_ps, stop_ps) = self._trace.dim_ps()
        if pauses_ps:  # the trace knows nothing before the first and after the last photon
            dim_ps += sum(stop - start for start, stop in edges)
        share = (max(dim_ps, silent_ps) - pauses_ps) / (duration_s * 1e12)
        if share < _DIM_SHARE:
            return ()
        longest = f", the longest time from about {start_ps * 1e-12:.3g} to {stop_ps * 1e-12:.3g} s" if stop_ps else ""
        told = (
            f"during {share:.0%} of the record hardly any photons came{longest}: a closed shutter with dark counts, or "
            "an emitter that was off; no record tells these apart, so nothing is left out for it: rates and accidental "
            "pairs are those of the whole time; if the light was off, cut these times out of the file"
        )
        return (told,)

    def _edges(self, end_ps: int) -> tuple[tuple[int, int], ...]:
        """Start and end of the silences before the first and after the last photon."""
        if self._first_ps is None:
            return ()
        start_ps = self._first_ps if self._start_ps is None else self._start_ps
        return (start_ps, self._first_ps), (self._last_ps, end_ps)

    def _pauses_ps(self, whole_ps: float, edges: tuple[tuple[int, int], ...]) -> float:
        return self._silent_ps(whole_ps, edges)[0]

    def _silent_ps(self, whole_ps: float, edges: tuple[tuple[int, int], ...]) -> tuple[float, float]:
        """Time of the pauses, and of all silences that are no chance; each 0 where it is below 1 %."""
        if whole_ps <= 0.0 or self._n_photons < _LEAST_PHOTONS:
            return 0.0, 0.0
        by_length = self._by_length.astype(np.float64)
        for start_ps, stop_ps in edges:
            if stop_ps - start_ps >= _SHORTEST_PS:
                by_length[int(_place(np.array([stop_ps - start_ps]))[0])] += stop_ps - start_ps
        silent_ps = float(max(stop - start for start, stop in (self._longest, *edges)))
        shortest = np.exp2(np.arange(by_length.size) / _PER_OCTAVE)
        for _ in range(3):  # the mean interval is that of the time that is not silent
            interval_ps = max(whole_ps - silent_ps, 0.0) / self._n_photons
            limit_ps = max(_SILENT_INTERVALS * interval_ps, min(_LONGEST_BREATH_PS, _SILENT_SHARE * whole_ps))
            place = int(np.searchsorted(shortest, limit_ps))
            silent_ps = _alone_ps(by_length, place)
        pauses_ps, all_ps = (
            each if each >= _SILENT_SHARE * whole_ps else 0.0 for each in (silent_ps, float(by_length[place:].sum()))
        )
        return pauses_ps, all_ps

    def _take(self, times_ps: IntArray) -> None:
        if self._first_ps is None:
            self._first_ps = self._last_ps = int(times_ps[0])
        gaps = np.diff(times_ps, prepend=self._last_ps)
        widest = int(np.argmax(gaps))
        if gaps[widest] > self._longest[1] - self._longest[0]:
            self._longest = (int(times_ps[widest] - gaps[widest]), int(times_ps[widest]))
        gaps = gaps[gaps >= _SHORTEST_PS]
        sums = np.bincount(_place(gaps), weights=gaps.astype(np.float64), minlength=self._by_length.size)
        self._by_length += np.rint(sums).astype(np.int64)
        self._trace.take(times_ps)
        self._n_photons += times_ps.size
        self._last_ps = int(times_ps[-1])


def merged(first_ps: IntArray, second_ps: IntArray) -> IntArray:
    """The times of two detectors as one ascending list."""
    return np.sort(np.concatenate([first_ps, second_ps]), kind="stable")


def live_time_s(first_ps: IntArray, second_ps: IntArray, duration_s: float) -> float:
    """Live time of a record from the times of two detectors, each ascending from 0 to ``duration_s``."""
    silences = Silences()
    silences.take(merged(first_ps, second_ps))
    return silences.live_s(duration_s)


def _alone_ps(by_length: npt.NDArray[np.float64], first: int) -> float:
    """Time in silences that stand by themselves, of those in the bins from ``first`` on; 0 where none do."""
    longer = np.cumsum(by_length[::-1])[::-1]
    for place in range(first, by_length.size):
        nearly = float(by_length[max(0, place - _ALONE_OCTAVES * _PER_OCTAVE) : place].sum())
        if nearly <= _ALONE_SHARE * longer[place]:
            return float(longer[place])
    return 0.0


def _place(gaps_ps: IntArray) -> npt.NDArray[np.int64]:
    """Number of the eighth of an octave in which each length (above 0) lies."""
    place: npt.NDArray[np.int64] = np.floor(np.log2(gaps_ps.astype(np.float64)) * _PER_OCTAVE).astype(np.int64)
    return place
