"""What the photons of a file show of themselves that makes numbers wrong: pauses, tags recorded twice, a wrong period.

Everything is a sum over photons in time order, so that chunks of any size tell the same.
"""

import numpy as np
import numpy.typing as npt

from analysis.live_time import Silences
from analysis.tags import IntArray, PhotonChunk

_NANOTIME_BINS = 200
_EMPTY_END = 0.02
_END_BINS = 16
_SURE_COUNTS = 30.0
_REPEATED_SHARE = 0.01


class TagChecks:
    """Takes the photons of a record, sorted by time, and tells what is odd. ``period_ps``: as the file states it."""

    def __init__(self, period_ps: float | None, start_ps: int | None = 0) -> None:
        self._period_ps = period_ps
        self._silences = Silences(start_ps)
        self._n_photons = 0
        self._n_repeated = 0
        self._nanotimes = np.zeros(_NANOTIME_BINS + 1, dtype=np.int64)

    def take(self, chunk: PhotonChunk) -> None:
        """The next photons."""
        times = chunk.timestamps_ps
        if not times.size:
            return
        self._n_photons += times.size
        self._silences.take(times)
        self._n_repeated += _n_repeated(times, chunk.channel)
        if chunk.nanotimes_ps is not None and self._period_ps:
            place = (chunk.nanotimes_ps * (_NANOTIME_BINS / self._period_ps)).astype(np.int64)
            self._nanotimes += np.bincount(np.clip(place, 0, _NANOTIME_BINS), minlength=_NANOTIME_BINS + 1)

    def warnings(self, latest_ps: int, duration_s: float, *, with_pauses: bool) -> tuple[str, ...]:
        """What is odd; ``latest_ps``: end of the record. ``with_pauses``: False where the duration is the live time."""
        told = (*self._about_repeated(), *self._about_period())
        return (*told, *self._about_pauses(latest_ps, duration_s)) if with_pauses else told

    def _about_repeated(self) -> tuple[str, ...]:
        if self._n_repeated <= max(10.0, _REPEATED_SHARE * self._n_photons):
            return ()
        return (
            f"{self._n_repeated / self._n_photons:.0%} of the tags have the same time and channel as another "
            "one, which no detector gives: recorded or joined twice, or times too coarse; rates are too high, errors "
            "too small",
        )

    def _about_period(self) -> tuple[str, ...]:
        """Light that ends abruptly before the period does: the period or the unit of the nanotimes is wrong."""
        inside = self._nanotimes[:_NANOTIME_BINS]
        filled = np.flatnonzero(inside)
        if self._period_ps is None or not filled.size or self._nanotimes[_NANOTIME_BINS]:
            return ()
        last = int(filled[-1])
        n_empty = _NANOTIME_BINS - 1 - last
        if last + 1 < 2 * _END_BINS:
            return ()
        # steady light goes on as it is, a decay goes on to die out, a flash has ended: its quarters are not filled
        light, earlier = (
            4.0 * float(part.reshape(4, -1).sum(axis=1).min())
            for part in (
                inside[last + 1 - _END_BINS : last + 1],
                inside[last + 1 - 2 * _END_BINS : last + 1 - _END_BINS],
            )
        )
        expected = light * min(light / max(earlier, 1.0), 1.0) * min(n_empty / _END_BINS, 1.0)
        if n_empty < _EMPTY_END * _NANOTIME_BINS or expected < _SURE_COUNTS:
            return ()
        end_ns = (last + 1) / _NANOTIME_BINS * self._period_ps * 1e-3
        return (
            f"the photons end abruptly {end_ns:.4g} ns after their sync, the stated sync period is "
            f"{self._period_ps * 1e-3:.4g} ns: the period or the time resolution in the header is wrong, or the "
            "recorder's range ends there; check rates and lifetimes against another source",
        )

    def _about_pauses(self, latest_ps: int, duration_s: float) -> tuple[str, ...]:
        silent_ps = self._silences.pauses_ps(latest_ps, duration_s * 1e12)
        if not silent_ps:
            return ()
        start, stop = self._silences.longest_ps(latest_ps)
        return (
            f"no photon at all came during {silent_ps / (duration_s * 1e12):.0%} of the record, the longest time "
            f"from {start * 1e-12:.4g} to {stop * 1e-12:.4g} s: rates and accidental pairs are those of the live time, "
            "without such pauses",
        )


def _n_repeated(times: IntArray, channel: npt.NDArray[np.uint8]) -> int:
    """Tags with the time and channel of an earlier one; ``times`` ascending."""
    same = times[1:] == times[:-1]
    if not same.any():
        return 0
    shared = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    times, channel = times[shared], channel[shared]
    return sum(int(np.count_nonzero(np.diff(times[channel == number]) == 0)) for number in np.unique(channel))
