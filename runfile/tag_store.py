"""Time tags on disk: two growing datasets, ``timestamps`` (int64, ps) and ``channel`` (uint8).

Chunks are compressed one by one. The last, partly filled chunk of an append is stored uncompressed and later
overwritten in place, because a compressed chunk changes its size and moves: a process killed meanwhile would
lose tags that had been safe. HDF5 marks such chunks itself, so every reader gets the same numbers.
"""

import zlib
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.disk import OpenFile
from runfile.errors import RunFileError

_ALL_FILTERS_SKIPPED = 0b11  # shuffle, deflate
_COMPRESSION_LEVEL = 1


class _TagColumn:
    """One dataset of tags, written chunk by chunk."""

    def __init__(self, group: h5py.Group, name: str, dtype: str, unit: str, long_name: str) -> None:
        self.dtype = np.dtype(dtype)
        self._dataset = group.create_dataset(
            name,
            shape=(0,),
            maxshape=(None,),
            chunks=(layout.TAG_CHUNK,),
            dtype=self.dtype,
            shuffle=True,
            compression="gzip",
            compression_opts=_COMPRESSION_LEVEL,
        )
        layout.set_attributes(self._dataset, units=unit, long_name=long_name)
        self._tail: npt.NDArray[Any] = np.empty(0, dtype=self.dtype)

    def write(self, n_before: int, values: npt.NDArray[Any]) -> None:
        """Append ``values`` after the ``n_before`` tags that are there."""
        first_chunk = n_before // layout.TAG_CHUNK
        pending = np.concatenate([self._tail, values])
        self._dataset.id.set_extent((n_before + len(values),))
        for number, start in enumerate(range(0, len(pending), layout.TAG_CHUNK)):
            block = pending[start : start + layout.TAG_CHUNK]
            began_before = number == 0 and len(self._tail) > 0
            compress = len(block) == layout.TAG_CHUNK and not began_before
            self._write_chunk((first_chunk + number) * layout.TAG_CHUNK, block, compress=compress)
        self._tail = pending[len(pending) - len(pending) % layout.TAG_CHUNK :].copy()

    def _write_chunk(self, offset: int, block: npt.NDArray[Any], *, compress: bool) -> None:
        if compress:
            # HDF5's shuffle filter: all first bytes, then all second bytes, …
            shuffled = block.view(np.uint8).reshape(len(block), self.dtype.itemsize).T.tobytes()
            self._dataset.id.write_direct_chunk((offset,), zlib.compress(shuffled, _COMPRESSION_LEVEL))
            return
        padded = np.zeros(layout.TAG_CHUNK, dtype=self.dtype)
        padded[: len(block)] = block
        self._dataset.id.write_direct_chunk((offset,), padded.tobytes(), _ALL_FILTERS_SKIPPED)


class TagStore:
    """The group ``/entry/photons``; made by :class:`runfile.writer.RunWriter` at the first tags."""

    def __init__(self, store: OpenFile) -> None:
        self._store = store
        self._channels_text = ""
        self._n_tags = 0
        with store.writing(4 * layout.TAG_CHUNK, "making the store of time tags"):
            self._make(store.h5["entry"])

    def _make(self, entry: h5py.Group) -> None:
        self._group = layout.make_group(entry, "photons", "NXcollection")
        self._timestamps = _TagColumn(self._group, "timestamps", "i8", "ps", "arrival time (ps)")
        self._channel = _TagColumn(self._group, "channel", "u1", "", "channel of the time tagger")
        self._duration = self._group.create_dataset("duration", data=np.nan)
        layout.set_attributes(self._duration, units="s", long_name="live time of the record (s)")

    def append(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Append tags; RunFileError, before anything is written, when the two do not fit together."""
        times, channels = np.asarray(timestamps_ps), np.asarray(channel)
        if times.ndim != 1 or times.shape != channels.shape:
            raise RunFileError(f"time tags: timestamps {times.shape} and channel {channels.shape} differ in shape")
        if times.size and (times.dtype.kind not in "iu" or channels.dtype.kind not in "iu"):
            raise RunFileError("time tags: timestamps (ps) and channel must be integers")
        if channels.size and (channels.min() < 1 or channels.max() > 255):
            raise RunFileError("time tags: channels are numbered from 1 to 255")
        if not times.size:
            return
        n_bytes = (len(times) // layout.TAG_CHUNK + 2) * layout.TAG_CHUNK * 9
        with self._store.writing(n_bytes, f"recording {len(times)} time tags"):
            self._timestamps.write(self._n_tags, times.astype(np.int64))
            self._store.flush()
            # channel 0 does not exist: a reader stops at the first tag whose channel was never written
            self._channel.write(self._n_tags, channels.astype(np.uint8))
        self._n_tags += len(times)

    def set_metadata(self, duration_s: float, channels_json: str) -> None:
        """Live time and names of the channels; may be called again as the record grows."""
        with self._store.writing(len(channels_json), "describing the time tags"):
            self._duration[()] = duration_s
            if channels_json != self._channels_text:
                layout.put_text(self._group, "channels", channels_json)
                self._channels_text = channels_json
