"""quTAG and quTAU binary files: a header of 40 bytes, then 10 bytes an event (u64 time, u16 channel, little endian).

Source: qutools, quTAU/quPSI manual 4.0, "Time Stamping", binary file with 10 bytes per event. The header does not
say the unit of time: quTAG writes ps, quTAU its base unit of 81 ps.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.readers.base import CHUNK_RECORDS, Head, RawChunk, TagFileError, checked_reach
from analysis.tags import absolute_times_ps

HEADER_BYTES = 40
EVENT = np.dtype([("time", "<u8"), ("channel", "<u2")])
HIGHEST_CHANNEL = 255
_LOOK = 1000


class QutagSource:
    """A quTAG binary file; ``time_unit_ps``: what one count is. Channels are the numbers in the file."""

    def __init__(self, path: Path, time_unit_ps: float = 1.0) -> None:
        n_bytes = path.stat().st_size - HEADER_BYTES
        if n_bytes < 0 or n_bytes % EVENT.itemsize:
            raise TagFileError(
                f"cannot read {path}: {n_bytes + HEADER_BYTES} bytes are no 40-byte header and whole 10-byte events; "
                "the file is truncated or not from a quTAG"
            )
        self._n_events = n_bytes // EVENT.itemsize
        self._unit_ps = time_unit_ps
        self.head = Head(path, "qutag", {"resolution_ps": time_unit_ps}, starts_at_zero=False)

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all events in the order of the file."""
        path = self.head.path
        with path.open("rb") as stream:
            stream.seek(HEADER_BYTES)
            done = 0
            while done < self._n_events:
                wanted = min(CHUNK_RECORDS, self._n_events - done)
                events = np.frombuffer(stream.read(wanted * EVENT.itemsize), dtype=EVENT)
                if len(events) < wanted:
                    raise TagFileError(f"cannot read {path}: it became shorter while it was read; copy it again")
                done += wanted
                yield self._chunk(events, done / self._n_events)

    def _chunk(self, events: npt.NDArray[np.void], fraction: float) -> RawChunk:
        highest = int(events["channel"].max())
        if highest > HIGHEST_CHANNEL:
            raise TagFileError(
                f"cannot read {self.head.path}: it has an event on channel {highest}; 0 to {HIGHEST_CHANNEL} are "
                "possible; the file is damaged or not from a quTAG"
            )
        checked_reach(self.head.path, int(events["time"].max()), self._unit_ps)
        ticks = events["time"].astype(np.int64)
        times = absolute_times_ps(ticks, self._unit_ps, np.zeros(ticks.size, dtype=np.int64))
        return RawChunk(times, events["channel"].astype(np.uint8), int(times.max()), fraction)


def looks_like_qutag(path: Path) -> bool:
    """True when the first events have few channels and times that grow: the file has no mark of its own."""
    size = path.stat().st_size - HEADER_BYTES
    if size < 2 * EVENT.itemsize or size % EVENT.itemsize:
        return False
    with path.open("rb") as stream:
        stream.seek(HEADER_BYTES)
        events = np.frombuffer(stream.read(min(_LOOK, size // EVENT.itemsize) * EVENT.itemsize), dtype=EVENT)
    grows = events["time"][1:] >= events["time"][:-1]
    return int(events["channel"].max()) <= HIGHEST_CHANNEL and float(np.mean(grows)) > 0.9
