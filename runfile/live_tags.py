"""Time tags in memory: the newest ones, in whole records, with the live time that belongs to them."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
import numpy.typing as npt

from runfile.errors import RunFileError
from runfile.records import TagRecord

_TAG_BYTES = 9


@dataclass(frozen=True)
class TagBlock:
    """Tags handed over in one call; ``live_s``: the live time they took, NaN until it was told."""

    timestamps_ps: npt.NDArray[np.int64]
    channel: npt.NDArray[np.uint8]
    live_s: float


@dataclass(frozen=True)
class TagPicture:
    """The tags of one moment, not yet joined. ``live_s``: live time of all of them, NaN when it was not told yet."""

    blocks: tuple[TagBlock, ...]
    live_s: float
    channels: Mapping[str, int]

    def join(self) -> TagRecord:
        """All tags in one record; takes as long as a copy of them."""
        times = np.concatenate([block.timestamps_ps for block in self.blocks])
        channel = np.concatenate([block.channel for block in self.blocks])
        return TagRecord(times, channel, self.live_s, dict(self.channels))


class LiveTags:
    """The newest time tags. One thread appends, any other takes pictures.

    When the tags take more than ``most_bytes`` the oldest records go, each with its live time, so that rates and
    coincidences of what is left stay right. The newest record always stays, however long it is.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_tags = max(1, most_bytes // _TAG_BYTES)
        self._blocks: deque[TagBlock] = deque()
        self._channels: dict[str, int] = {}
        self._live_told_s = 0.0
        self._lock = Lock()
        self._n_tags = 0
        self.n_left_out = 0

    @property
    def n_tags(self) -> int:
        """Tags kept."""
        return self._n_tags

    def append(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Add tags (copied); RunFileError when the two arrays differ in shape."""
        times, channels = np.array(timestamps_ps, dtype=np.int64), np.array(channel, dtype=np.uint8)
        if times.ndim != 1 or times.shape != channels.shape:
            raise RunFileError(f"time tags: timestamps {times.shape} and channel {channels.shape} differ in shape")
        with self._lock:
            self._blocks.append(TagBlock(times, channels, float("nan")))
            self._n_tags += times.size
            self._forget_oldest()

    def set_metadata(self, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of all tags so far (s) and the names of the channels, as the run file is told."""
        with self._lock:
            untold = []
            while self._blocks and np.isnan(self._blocks[-1].live_s):
                untold.append(self._blocks.pop())
            untold.reverse()
            if untold:
                gained_s = max(0.0, duration_s - self._live_told_s)
                sizes = np.array([max(block.timestamps_ps.size, 1) for block in untold], dtype=np.float64)
                for block, share in zip(untold, sizes / sizes.sum(), strict=True):
                    self._blocks.append(replace(block, live_s=gained_s * float(share)))
            self._live_told_s = duration_s
            self._channels = dict(channels)
            self._forget_oldest()

    def snapshot(self) -> TagPicture | None:
        """What is kept and has a live time (without one all rates would be wrong); None before the first tag."""
        with self._lock:
            blocks, channels, n_left_out = tuple(self._blocks), dict(self._channels), self.n_left_out
            live_s = self._live_told_s
        if not blocks:
            return None
        told = tuple(block for block in blocks if not np.isnan(block.live_s))
        if not told:
            return TagPicture(blocks, float("nan"), channels)
        if n_left_out:
            live_s = float(sum(block.live_s for block in told))
        return TagPicture(told, live_s, channels)

    def _forget_oldest(self) -> None:
        """Only records whose live time is known may go: it goes with them."""
        while len(self._blocks) > 1 and self._n_tags > self._most_tags and not np.isnan(self._blocks[0].live_s):
            gone = self._blocks.popleft()
            self._n_tags -= gone.timestamps_ps.size
            self.n_left_out += gone.timestamps_ps.size
