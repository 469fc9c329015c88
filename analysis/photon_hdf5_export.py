"""Export to Photon-HDF5 0.5, the exchange format for photon counting; it passes the validator of ``phconvert``.

Source: Photon-HDF5 reference documentation, version 0.5. Every group and data set needs its official description as
TITLE (:mod:`analysis.photon_hdf5_titles`); texts must be scalars of fixed length with the attribute FLAVOR "python",
otherwise PyTables, on which the validator is built, hands them out as arrays; booleans are small integers. Photons
are copied chunk by chunk, so a file may be larger than the memory.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.photon_hdf5_titles import title_of
from analysis.tags import PhotonChunk, PhotonStream, Progress, StreamSummary

FORMAT_VERSION = "0.5"
_URL = "http://photon-hdf5.org/"
_CHUNK = 65_536
_COLUMNS = {"timestamps": "<i8", "detectors": "u1", "nanotimes": "<u4"}


class ExportError(AnalysisError):
    """A Photon-HDF5 file cannot be written; one line that names the file and the reason."""


@dataclass(frozen=True)
class ExportDetails:
    """What the photons do not say themselves.

    ``description``: one line for people. ``laser_repetition_rate_hz``: None for a cw laser; photons with nanotimes
    have a pulsed one, by default of the recorded sync period. ``non_photon_channels``: channels that hold triggers,
    not photons. ``source_name``: name of the file the photons come from. ValueError for a rate that is not positive.
    """

    description: str
    laser_repetition_rate_hz: float | None = None
    non_photon_channels: tuple[int, ...] = ()
    source_name: str = ""

    def __post_init__(self) -> None:
        rate_hz = self.laser_repetition_rate_hz
        if rate_hz is not None and not (math.isfinite(rate_hz) and rate_hz > 0.0):
            raise ValueError(f"the repetition rate of the laser must be a positive number of Hz, not {rate_hz}")


def export_photon_hdf5(
    stream: PhotonStream, path: Path, details: ExportDetails, report: Progress | None = None
) -> StreamSummary:
    """Write the photons of ``stream`` to ``path`` as Photon-HDF5; returns what was written.

    Photons with pulse number and nanotime are written as such, lossless; others as times in ps. Raises ExportError
    when ``path`` exists or cannot be written, and what the stream raises; then no file of that name is left.
    """
    if path.exists():
        raise ExportError(f"{path} exists already; remove it or choose another name")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(partial, "w") as file:
            summary = _write(file, stream, details, report)
        partial.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return summary


def _write(file: h5py.File, stream: PhotonStream, details: ExportDetails, report: Progress | None) -> StreamSummary:
    _Titled(file).name_root()
    columns: _Columns | None = None
    for chunk in stream.iter_chunks(report):
        columns = columns or _Columns(file, stream, pulsed=_has_pulses(stream, chunk))
        columns.append(chunk)
    summary = stream.summary()
    if columns is None:
        raise ExportError(f"nothing to write to {file.filename}: there are no photons")
    columns.finish()
    rate_hz = details.laser_repetition_rate_hz
    if columns.pulsed and rate_hz is None:
        rate_hz = 1e12 / columns.tick_ps
    _write_facts(file, summary, details, rate_hz, lifetime=columns.pulsed)
    _write_user(file, stream.metadata, summary)
    return summary


def _has_pulses(stream: PhotonStream, chunk: PhotonChunk) -> bool:
    return stream.sync_period_ps is not None and chunk.sync_index is not None and chunk.nanotimes_ps is not None


class _Titled:
    """Makes groups and data sets with their official description."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def name_root(self) -> None:
        """Title and format of the file."""
        self._title(self._file, "/")
        for name, value in (("format_name", "Photon-HDF5"), ("format_version", FORMAT_VERSION), ("format_url", _URL)):
            self._file.attrs[name] = np.bytes_(value)

    def put(self, path: str, value: object) -> None:
        """Store a scalar, text or small array at ``path``; makes the groups above it."""
        for end in [position for position, letter in enumerate(path) if letter == "/" and position > 0]:
            self._title(self._file.require_group(path[:end]), path[:end])
        data: Any = np.bytes_(value.encode("utf-8") or b" ") if isinstance(value, str) else value
        dataset = self._file.create_dataset(path, data=data)
        self._title(dataset, path)
        if isinstance(value, str):
            dataset.attrs["FLAVOR"] = np.bytes_("python")

    def _title(self, item: h5py.HLObject, path: str) -> None:
        item.attrs["TITLE"] = np.bytes_(title_of(path))


class _Columns:
    """The arrays of /photon_data, growing chunk by chunk."""

    def __init__(self, file: h5py.File, stream: PhotonStream, *, pulsed: bool) -> None:
        self.pulsed = pulsed
        self.tick_ps = float(stream.sync_period_ps) if pulsed and stream.sync_period_ps else 1.0
        self._bin_ps = _bin_ps(stream.metadata) if pulsed else 1.0
        self._highest_bin = 0
        self._put = _Titled(file)
        self._put.put("/photon_data/timestamps_specs/timestamps_unit", self.tick_ps * 1e-12)
        names = ["timestamps", "detectors", *(["nanotimes"] if pulsed else [])]
        self._datasets = {name: self._make(file["photon_data"], name) for name in names}

    def _make(self, group: h5py.Group, name: str) -> h5py.Dataset:
        dataset = group.create_dataset(
            name, (0,), _COLUMNS[name], maxshape=(None,), chunks=(_CHUNK,), shuffle=True, compression="gzip",
            compression_opts=1,
        )  # fmt: skip
        dataset.attrs["TITLE"] = np.bytes_(title_of(f"/photon_data/{name}"))
        return dataset

    def append(self, chunk: PhotonChunk) -> None:
        """Add photons, in order of their timestamps."""
        if not self.pulsed or chunk.sync_index is None or chunk.nanotimes_ps is None:
            self._extend("timestamps", chunk.timestamps_ps)
            self._extend("detectors", chunk.channel)
            return
        bins = np.rint(chunk.nanotimes_ps / self._bin_ps).astype(np.int64)
        if int(bins.min()) < 0 or int(bins.max()) >= 1 << 32:
            raise ExportError("nanotimes are negative or too long for Photon-HDF5")
        self._highest_bin = max(self._highest_bin, int(bins.max()))
        order = np.argsort(chunk.sync_index, kind="stable")
        self._extend("timestamps", chunk.sync_index[order])
        self._extend("detectors", chunk.channel[order])
        self._extend("nanotimes", bins[order])

    def _extend(self, name: str, values: npt.NDArray[np.integer]) -> None:
        dataset = self._datasets[name]
        before = dataset.shape[0]
        dataset.resize((before + len(values),))
        dataset[before:] = values

    def finish(self) -> None:
        """Describe the nanotimes: the range is the pulse period, or what was found if that is longer."""
        if not self.pulsed:
            return
        n_bins = max(self._highest_bin + 1, math.ceil(self.tick_ps / self._bin_ps))
        self._put.put("/photon_data/nanotimes_specs/tcspc_unit", self._bin_ps * 1e-12)
        self._put.put("/photon_data/nanotimes_specs/tcspc_num_bins", n_bins)
        self._put.put("/photon_data/nanotimes_specs/tcspc_range", n_bins * self._bin_ps * 1e-12)


def _bin_ps(facts: Mapping[str, object]) -> float:
    """Width of a nanotime bin; 1 ps where the record does not say."""
    value = facts.get("resolution_ps", 1.0)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) and value >= 1.0 else 1.0


def _write_facts(
    file: h5py.File, summary: StreamSummary, details: ExportDetails, rate_hz: float | None, *, lifetime: bool
) -> None:
    detectors = [number for number in summary.counts if number not in details.non_photon_channels]
    triggers = [number for number in summary.counts if number in details.non_photon_channels]
    if not detectors:
        raise ExportError("all channels are said to hold no photons; there is nothing to export")
    values: dict[str, object] = {
        "/acquisition_duration": float(summary.duration_s),
        "/description": details.description or "photons",
        "/setup/num_pixels": len(detectors),
        "/setup/num_spots": 1,
        "/setup/num_spectral_ch": 1,
        "/setup/num_polarization_ch": 1,
        "/setup/num_split_ch": len(detectors),
        "/setup/modulated_excitation": np.uint8(0),
        "/setup/lifetime": np.uint8(lifetime),
        "/setup/excitation_alternated": np.zeros(1, dtype=np.uint8),
        "/setup/excitation_cw": np.full(1, rate_hz is None, dtype=np.uint8),
        "/photon_data/measurement_specs/measurement_type": "generic",
    }
    if rate_hz is not None:
        values["/setup/laser_repetition_rates"] = np.array([rate_hz])
        values["/photon_data/measurement_specs/laser_repetition_rate"] = rate_hz
    put = _Titled(file).put
    for path, value in values.items():
        put(path, value)
    specs = "/photon_data/measurement_specs/detectors_specs"
    for k, number in enumerate(detectors, start=1):
        put(f"{specs}/split_ch{k}", np.array([number], dtype=np.uint8))
    for k, number in enumerate(triggers, start=1):
        put(f"{specs}/non_photon_id{k}", np.array([number], dtype=np.uint8))
    put("/identity/format_name", "Photon-HDF5")
    put("/identity/format_version", FORMAT_VERSION)
    put("/identity/format_url", _URL)
    put("/identity/software", "solotron")
    put("/identity/software_version", metadata.version("solotron"))
    put("/identity/creation_time", datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))
    if details.source_name:
        put("/provenance/filename", details.source_name)


def _write_user(file: h5py.File, facts: Mapping[str, object], summary: StreamSummary) -> None:
    """What Photon-HDF5 has no field for."""
    plain = {key: value for key, value in facts.items() if isinstance(value, str | int | float | bool | dict)}
    put = _Titled(file).put
    put("/user/solotron/metadata", json.dumps(plain, default=str))
    put("/user/solotron/warnings", json.dumps(summary.warnings))
    if summary.missing_pairs:
        put("/user/solotron/missing_pairs", summary.missing_pairs)
