"""Photon-HDF5 0.4 and 0.5 with one spot, by h5py.

Field names: Photon-HDF5 reference documentation, version 0.5, "Photon-HDF5 format definition".
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from analysis.readers.base import CHUNK_RECORDS, Head, RawChunk, TagFileError, checked_reach, positive_ps
from analysis.readers.hdf5_column import Column
from analysis.tags import IntArray, absolute_times_ps
from runfile.heaps import damaged_heap

_MAX_NUMBER = 254
_MISSING_PAIRS = "user/solotron/missing_pairs"
"""Where the export says that the recorder could not record pairs near zero delay."""
_DAMAGE = (OSError, RuntimeError, ValueError, TypeError, OverflowError)
"""What h5py raises on damaged files."""


class PhotonHdf5Source:
    """A Photon-HDF5 file. TagFileError for several spots, missing fields or columns that do not fit together."""

    def __init__(self, path: Path) -> None:
        try:
            with h5py.File(path, "r") as file:
                self._open(path, file)
        except TagFileError:
            raise
        except KeyError as error:
            raise TagFileError(f"cannot read {path}: this Photon-HDF5 file lacks a mandatory field: {error}") from error
        except _DAMAGE as error:
            raise TagFileError(f"cannot read {path}: the Photon-HDF5 file is damaged ({_line(error)})") from error

    def _open(self, path: Path, file: h5py.File) -> None:
        if damaged_heap(path, file):
            raise TagFileError(f"cannot read {path}: its texts are damaged; copy the file again")
        if "photon_data" not in file:
            raise TagFileError(f"cannot read {path}: it has no /photon_data (files with several spots are not read)")
        data = file["photon_data"]
        self._unit_ps = positive_ps(path, "timestamps_unit", _scalar(path, data["timestamps_specs/timestamps_unit"]))
        self._names = [name for name in ("timestamps", "detectors", "nanotimes") if name in data]
        columns = {name: Column(path, data[name]) for name in ["timestamps", *self._names]}
        self._n_photons = columns["timestamps"].n_rows
        for column in columns.values():
            if column.n_rows != self._n_photons:
                raise TagFileError(
                    f"cannot read {path}: {column.name} has {column.n_rows} entries for {self._n_photons} timestamps"
                )
        self._bin_ps = 0.0
        if "nanotimes" in columns:
            unit = _scalar(path, data["nanotimes_specs/tcspc_unit"])
            self._bin_ps = positive_ps(path, "tcspc_unit", unit)
        rate_hz = _repetition_rate_hz(path, file)
        # Timestamps in units of the laser period count pulses; the nanotime then belongs to that pulse.
        self._counts_syncs = bool(self._bin_ps and rate_hz and abs(self._unit_ps * 1e-12 * rate_hz - 1.0) < 0.01)
        stated_s = _scalar(path, file["acquisition_duration"]) if "acquisition_duration" in file else None
        metadata = {"description": _text(file["description"])} if "description" in file else {}
        self._first_detector: int | None = None
        self.head = Head(
            path,
            "photon-hdf5",
            {**metadata, "resolution_ps": self._bin_ps or self._unit_ps},
            sync_period_ps=1e12 / rate_hz if rate_hz else None,
            stated_duration_s=stated_s,
            missing_pairs=_text(file[_MISSING_PAIRS]) if _MISSING_PAIRS in file else "",
        )

    def raw_chunks(self) -> Iterator[RawChunk]:
        """Yield all photons. Detector numbers count from 1; a file that counts from 0 is shifted by one."""
        path = self.head.path
        try:
            with h5py.File(path, "r") as file:
                data = {name: Column(path, file["photon_data"][name]) for name in self._names}
                if self._first_detector is None:
                    self._first_detector = self._lowest_detector(data.get("detectors"))
                for start in range(0, self._n_photons, CHUNK_RECORDS):
                    yield self._chunk(data, start, min(start + CHUNK_RECORDS, self._n_photons))
        except TagFileError:
            raise
        except (*_DAMAGE, KeyError) as error:
            raise TagFileError(f"cannot read {path}: the Photon-HDF5 file is damaged ({_line(error)})") from error

    def _lowest_detector(self, detectors: Column | None) -> int:
        """Lowest detector number in the whole file; all numbers are checked."""
        if detectors is None:
            return 0
        lowest = _MAX_NUMBER
        for start in range(0, self._n_photons, CHUNK_RECORDS):
            part = detectors.rows(start, min(start + CHUNK_RECORDS, self._n_photons))
            if int(part.min()) < 0 or int(part.max()) > _MAX_NUMBER:
                raise TagFileError(
                    f"cannot read {self.head.path}: detector numbers from {int(part.min())} to {int(part.max())}; "
                    f"0 to {_MAX_NUMBER} are possible"
                )
            lowest = min(lowest, int(part.min()))
        return lowest

    def _chunk(self, data: dict[str, Column], start: int, stop: int) -> RawChunk:
        ticks = self._integers(data["timestamps"], start, stop)
        if int(ticks.min()) < 0:
            raise TagFileError(f"cannot read {self.head.path}: it has negative timestamps; the file is damaged")
        checked_reach(self.head.path, int(ticks.max()), self._unit_ps)
        nanotimes: IntArray | None = None
        if "nanotimes" in data:
            bins = self._integers(data["nanotimes"], start, stop)
            checked_reach(self.head.path, int(np.abs(bins).max()), self._bin_ps)
            nanotimes = np.rint(bins * self._bin_ps).astype(np.int64)
        zero = np.zeros(ticks.size, dtype=np.int64)
        times = absolute_times_ps(ticks, self._unit_ps, zero if nanotimes is None else nanotimes)
        number = np.ones(ticks.size, dtype=np.uint8)
        if "detectors" in data:
            shift = 1 if self._first_detector == 0 else 0
            number = (data["detectors"].rows(start, stop) + shift).astype(np.uint8)
        sync_index = ticks if self._counts_syncs else None
        return RawChunk(times, number, int(times.max()), stop / self._n_photons, nanotimes, sync_index)

    def _integers(self, column: Column, start: int, stop: int) -> npt.NDArray[np.int64]:
        values = column.rows(start, stop)
        if int(values.max()) > np.iinfo(np.int64).max:
            raise TagFileError(f"cannot read {self.head.path}: {column.name} goes beyond 63 bits; the file is damaged")
        return values.astype(np.int64)


def _scalar(path: Path, dataset: object) -> float:
    if not isinstance(dataset, h5py.Dataset) or dataset.size != 1 or dataset.dtype.kind not in "iuf":
        raise TagFileError(f"cannot read {path}: {getattr(dataset, 'name', 'a field')} is no number")
    return float(np.asarray(dataset[()]).reshape(-1)[0])


def _text(dataset: object) -> str:
    value = dataset[()] if isinstance(dataset, h5py.Dataset) and dataset.shape == () else b""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _repetition_rate_hz(path: Path, file: h5py.File) -> float | None:
    for place in ("photon_data/measurement_specs/laser_repetition_rate", "setup/laser_repetition_rates"):
        if place in file and isinstance(file[place], h5py.Dataset) and 0 < file[place].size < 100:
            value = float(np.atleast_1d(np.asarray(file[place][()], dtype=np.float64))[0])
            if np.isfinite(value) and value > 0.0:
                positive_ps(path, "laser repetition period", 1.0 / value)
                return value
    return None


def _line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]
