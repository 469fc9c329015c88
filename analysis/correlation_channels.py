"""Starts and stops out of one time-ordered stream of tags (time, channel), chunk by chunk."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analysis.correlation import as_times

IntArray = npt.NDArray[np.int64]

_CHUNK = 1 << 22
"""Tags taken at a time however long the chunk is: what bounds the memory."""
_N_CHANNELS = 256


class TagSplitter:
    """The starts and stops of a time-ordered stream of tags; keeps count of them and of the time."""

    def __init__(self, start_channel: int, stop_channel: int) -> None:
        for name, number in (("start_channel", start_channel), ("stop_channel", stop_channel)):
            if not 0 <= number < _N_CHANNELS:
                raise ValueError(f"{name} must lie in 0…{_N_CHANNELS - 1}, got {number}")
        self._is_start, self._is_stop = np.zeros((2, _N_CHANNELS), dtype=np.uint64)
        self._is_start[start_channel], self._is_stop[stop_channel] = 1, 1
        self.n_start = self.n_stop = 0
        self.first_ps: int | None = None
        self.last_ps: int | None = None

    def split(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> Iterator[tuple[IntArray, IntArray]]:
        """Starts and stops of the next tags, in pieces of bounded size (an iterator: use all of it); a refused chunk
        leaves no trace.

        Raises ValueError for times and channels of different length or kind, and for times that fall, within the
        chunk or from the last tag of the chunk before.
        """
        from analysis.correlation_order import ascending

        times, channels = as_times(timestamps_ps, "timestamps_ps"), _channels(channel)
        if times.shape != channels.shape:
            raise ValueError(f"timestamps_ps and channel differ in length: {times.size} and {channels.size}")
        if not times.size:
            return
        if not ascending(times, 0, times.size):
            raise ValueError("the times of a chunk must ascend: sort the stream before it is correlated")
        if self.last_ps is not None and times[0] < self.last_ps:
            raise ValueError(f"the chunk begins at {times[0]} ps, before the last tag so far at {self.last_ps} ps")
        self.first_ps = int(times[0]) if self.first_ps is None else self.first_ps
        if max(abs(self.first_ps), abs(int(times[-1])), int(times[-1]) - self.first_ps) > 2**61:
            raise ValueError(f"times from {self.first_ps} to {times[-1]} ps are too far apart to be subtracted exactly")
        self.last_ps = int(times[-1])
        for k in range(0, times.size, _CHUNK):
            yield self._split(times[k : k + _CHUNK], channels[k : k + _CHUNK])

    def _split(self, times: IntArray, channel: npt.NDArray[np.uint8]) -> tuple[IntArray, IntArray]:
        from analysis.tag_kernels import split_channels

        starts, stops = np.empty(times.size + 1, np.int64), np.empty(times.size + 1, np.int64)
        n_start, n_stop = split_channels(times, channel, self._is_start, self._is_stop, starts, stops)
        self.n_start += int(n_start)
        self.n_stop += int(n_stop)
        return starts[: int(n_start)], stops[: int(n_stop)]

    @property
    def duration_s(self) -> float:
        """From the first tag (of any channel) to the last, s; 0 without tags."""
        return 0.0 if self.first_ps is None or self.last_ps is None else (self.last_ps - self.first_ps) * 1e-12


def _channels(channel: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    array = np.asarray(channel)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"channel must be a one-dimensional array of integers, got {array.dtype}, {array.shape}")
    if array.dtype != np.uint8 and array.size and not 0 <= int(array.min()) <= int(array.max()) < _N_CHANNELS:
        raise ValueError(f"channels must lie in 0…{_N_CHANNELS - 1}, got {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.uint8)
