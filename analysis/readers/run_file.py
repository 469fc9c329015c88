"""Time tags of our own run files, also of one whose process died."""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from analysis.readers.base import CHUNK_RECORDS, Head, RawChunk, TagFileError
from analysis.readers.hdf5_column import Column
from runfile import layout
from runfile.errors import RunFileError
from runfile.reader import RunFile


class RunSource:
    """The time tags of a run file. TagFileError when it recorded none."""

    def __init__(self, path: Path) -> None:
        try:
            with RunFile(path) as run:
                if not run.has_tags():
                    raise TagFileError(f"cannot read {path}: it holds no time tags")
                self._killed = run.exit_status == layout.RUNNING
                metadata: dict[str, object] = {"procedure": run.procedure, "exit_status": run.exit_status}
            with h5py.File(path, "r") as file:
                group = file[layout.PHOTONS]
                self._n_tags = min(Column(path, group[name]).n_rows for name in ("timestamps", "channel"))
                duration_s = float(group["duration"][()]) if "duration" in group else float("nan")
                channels = json.loads(group["channels"].asstr()[()]) if "channels" in group else {}
        except RunFileError as error:
            raise TagFileError(str(error)) from error
        except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
            raise TagFileError(f"cannot read {path}: the run file is damaged ({_first_line(error)})") from error
        metadata["channels"] = channels
        self.head = Head(path, "run", metadata, stated_duration_s=duration_s, duration_is_live_time=True)

    @property
    def n_tags(self) -> int:
        """Number of tags stored; of a file whose process died, some of them may not have been written."""
        return self._n_tags

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all tags; of a file whose process died, those that were completely written."""
        path = self.head.path
        with h5py.File(path, "r") as file:
            group = file[layout.PHOTONS]
            times, channel = Column(path, group["timestamps"]), Column(path, group["channel"])
            for start in range(0, self._n_tags, CHUNK_RECORDS):
                stop = min(start + CHUNK_RECORDS, self._n_tags)
                try:
                    part = np.asarray(times.rows(start, stop), dtype=np.int64), channel.rows(start, stop)
                except TagFileError:
                    if self._killed:  # killed while it made a new chunk: what is before was flushed
                        return
                    raise
                yield _chunk(*part, stop / self._n_tags)
                if not part[1].all():
                    return  # channels count from 1: 0 was never written


def _chunk(times: npt.NDArray[np.int64], channel: npt.NDArray[np.integer], fraction: float) -> RawChunk:
    missing = np.flatnonzero(channel == 0)
    n_tags = int(missing[0]) if missing.size else len(channel)
    times = times[:n_tags]
    return RawChunk(times, channel[:n_tags].astype(np.uint8), int(times.max()) if n_tags else 0, fraction)


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]
