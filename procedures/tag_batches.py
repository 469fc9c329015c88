"""The photons of an earlier g2 run, batch by batch: never more than one batch and one chunk of the file in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.readers.base import TagFileError
from analysis.readers.run_file import RunSource
from procedures.errors import RefusedError
from runfile.reader import RunFile

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TagBatch:
    """Tags of one batch: times (int64, ps since the first batch) and channels (uint8); ``live_s``: live time, s."""

    start_ps: int
    timestamps_ps: IntArray
    channel: npt.NDArray[np.uint8]
    live_s: float


class EarlierTags:
    """Complete batches of an earlier run. RefusedError when the file does not hold what is needed to go on.

    A batch is complete when its row is in the table: tags without a row (the process was killed between the two)
    are left out.
    """

    def __init__(self, run: RunFile) -> None:
        self.name = run.path.name
        note = run.notes.get("pulses")
        if not isinstance(note, dict) or not {"period_ns", "batch_starts_ps", "batch_duration_s"} <= set(note):
            raise RefusedError(f"{self.name} does not note its pulses and batches: repeat the run")
        self._live_s = [float(live) for live in run.table("data").column("live_time")]
        starts = [int(start) for start in note["batch_starts_ps"]]
        self.n_batches = min(len(self._live_s), len(starts))
        self.starts_ps = starts[: self.n_batches]
        self.batch_s, self.period_ns = float(note["batch_duration_s"]), float(note["period_ns"])
        self._edges_ps = np.array(starts[: self.n_batches + 1], dtype=np.int64)
        try:
            self._source = RunSource(run.path)
        except TagFileError as error:
            raise RefusedError(f"{error}: repeat the run") from error

    @property
    def live_s(self) -> float:
        """Live time of all complete batches, s."""
        return sum(self._live_s[: self.n_batches])

    @property
    def end_ps(self) -> int:
        """End of the last complete batch, ps."""
        return self.starts_ps[-1] + round(self.batch_s * 1e12)

    def refuse_other_channels(self, channels: Mapping[str, int]) -> None:
        """RefusedError unless detectors and trigger are on the inputs they were on."""
        then = self._source.head.metadata["channels"]
        if then != dict(channels):
            raise RefusedError(
                f"{self.name} was measured with {then} on the time tagger's inputs, the station file now says "
                f"{dict(channels)}: connect them as they were or start a run of its own"
            )

    def batches(self) -> Iterator[TagBatch]:
        """The complete batches in order. RefusedError when the file is damaged."""
        number = 0
        times: list[IntArray] = []
        channels: list[npt.NDArray[np.uint8]] = []
        try:
            for chunk in self._source.raw_chunks():
                start = 0
                while start < chunk.timestamps_ps.size:
                    stop = start + self._tags_before_next(number, chunk.timestamps_ps[start:])
                    times.append(np.asarray(chunk.timestamps_ps[start:stop], dtype=np.int64))
                    channels.append(np.asarray(chunk.channel[start:stop], dtype=np.uint8))
                    start = stop
                    if start < chunk.timestamps_ps.size:  # the next tag belongs to the next batch
                        yield self._batch(number, times, channels)
                        number, times, channels = number + 1, [], []
                        if number == self.n_batches:
                            return
        except TagFileError as error:
            raise RefusedError(f"{error}: repeat the run") from error
        while number < self.n_batches:
            yield self._batch(number, times, channels)
            number, times, channels = number + 1, [], []

    def _tags_before_next(self, number: int, times_ps: IntArray) -> int:
        """How many of the leading tags belong to batch ``number``; tags of a batch may be out of order in it."""
        if number + 1 >= self._edges_ps.size:
            return int(times_ps.size)
        later = times_ps >= self._edges_ps[number + 1]
        return int(np.argmax(later)) if later.any() else int(times_ps.size)

    def _batch(self, number: int, times: list[IntArray], channels: list[npt.NDArray[np.uint8]]) -> TagBatch:
        return TagBatch(
            self.starts_ps[number],
            np.concatenate([np.zeros(0, np.int64), *times]),
            np.concatenate([np.zeros(0, np.uint8), *channels]),
            self._live_s[number],
        )
