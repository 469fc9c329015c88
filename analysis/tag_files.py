"""Reading photon files: PicoQuant PTU (T2, T3), Photon-HDF5, and run files.

What a file says about itself is compared with the photons in it. The photons win; the contradiction is told.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.tags import IntArray, PhotonRecord, absolute_times_ps
from runfile import layout
from runfile.errors import RunFileError
from runfile.reader import RunFile

if TYPE_CHECKING:
    import ptufile

_PTU_MAGIC = b"PQTTTR"
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_CONTRADICTION = 1.5
"""Factor between two statements about the same quantity from which on they contradict each other."""


class TagFileError(AnalysisError):
    """A photon file cannot be read; one line that names the file and the reason."""


def read(path: Path | str) -> PhotonRecord:
    """Read any of the known photon files. TagFileError for absent, empty, foreign or truncated ones."""
    path = Path(path)
    kind = kind_of(path)
    if kind == "ptu":
        return read_ptu(path)
    if kind == "photon-hdf5":
        return read_photon_hdf5(path)
    return read_run(path)


def kind_of(path: Path) -> str:
    """What the file is from its content: "ptu", "photon-hdf5" or "run"; TagFileError for anything else."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_HDF5_MAGIC))
    except OSError as error:
        raise TagFileError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise TagFileError(f"cannot read {path}: the file is empty")
    if start.startswith(_PTU_MAGIC):
        return "ptu"
    if start != _HDF5_MAGIC:
        raise TagFileError(f"cannot read {path}: it is neither a PTU file nor Photon-HDF5 nor a run file")
    try:
        with h5py.File(path, "r") as file:
            name = file.attrs.get("format_name")
    except OSError as error:
        reason = "the file is truncated; copy it again" if "truncated" in str(error) else "it is damaged or in use"
        raise TagFileError(f"cannot read {path}: {reason}") from error
    name = name.decode() if isinstance(name, bytes) else name
    if name == layout.FORMAT_NAME:
        return "run"
    if name == "Photon-HDF5":
        return "photon-hdf5"
    raise TagFileError(f"cannot read {path}: it is an HDF5 file, but neither Photon-HDF5 nor a run file")


def read_run(path: Path) -> PhotonRecord:
    """The time tags of a run file, sorted by time."""
    try:
        with RunFile(path) as run:
            tags = run.tags()
            metadata = {"channels": tags.channels, "procedure": run.procedure, "exit_status": run.exit_status}
    except RunFileError as error:
        raise TagFileError(str(error)) from error
    if not tags.timestamps_ps.size:
        raise TagFileError(f"cannot read {path}: it holds no time tags")
    order = np.argsort(tags.timestamps_ps, kind="stable")
    return PhotonRecord(tags.timestamps_ps[order], tags.channel[order], tags.duration_s, warnings=(), metadata=metadata)


def read_ptu(path: Path) -> PhotonRecord:
    """A PTU file, T2 or T3. Channels count from 1 as on the instrument's front panel."""
    import ptufile

    try:
        with _complaints_of_ptufile() as complaints, ptufile.PtuFile(path) as file:
            record = _ptu_t3(path, file) if file.is_t3 else _ptu_t2(path, file)
    except TagFileError:
        raise
    except Exception as error:  # a damaged header makes the reader fail in ways it does not name
        reason = str(error).split("\n", maxsplit=1)[0]
        raise TagFileError(f"cannot read {path}: the PTU file is truncated or damaged ({reason})") from error
    if not complaints:
        return record
    told = f"the PTU header is odd ({len(complaints)} complaints), the first: {complaints[0]}"
    return replace(record, warnings=(*record.warnings, told))


class _Collector(logging.Handler):
    """Appends each message, as one line, to ``found``."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(" ".join(record.getMessage().split()))


@contextmanager
def _complaints_of_ptufile() -> Iterator[list[str]]:
    """What the reader logs about the file, collected instead of printed line by line."""
    found: list[str] = []
    handler = _Collector(found)
    logger = logging.getLogger("ptufile")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def _ptu_records(path: Path, file: "ptufile.PtuFile") -> npt.NDArray[np.void]:
    """All records decoded; refuses a file that holds fewer than its header says."""
    promised = int(file.tags.get("TTResult_NumberOfRecords", 0))
    present = (path.stat().st_size - int(file.record_offset)) // 4
    if present < promised:
        raise TagFileError(f"cannot read {path}: the file is truncated: {present} of {promised} records; copy it again")
    records: npt.NDArray[np.void] = file.decode_records()
    if not np.any(records["channel"] >= 0):
        raise TagFileError(f"cannot read {path}: the file holds no photons")
    return records


def _ptu_t3(path: Path, file: "ptufile.PtuFile") -> PhotonRecord:
    records = _ptu_records(path, file)
    photons = records[records["channel"] >= 0]
    period_ps = _positive_ps(path, "sync period", float(file.global_resolution))
    bin_ps = _positive_ps(path, "TCSPC resolution", float(file.tcspc_resolution))
    sync_index = photons["time"].astype(np.int64)
    nanotimes = np.rint(photons["dtime"].astype(np.int64) * bin_ps).astype(np.int64)
    times = absolute_times_ps(sync_index, period_ps, nanotimes)
    duration_s = float(records["time"].max()) * period_ps * 1e-12
    order = np.argsort(times, kind="stable")
    warnings = [*_rate_warnings(file.tags, len(photons), duration_s)]
    beyond = float(np.mean(nanotimes > 1.02 * period_ps))
    if beyond > 1e-3:
        warnings.append(
            f"{beyond:.0%} of the photons are dated later than one sync period ({period_ps / 1e3:.4g} ns, from "
            f"the header) after their sync, up to {nanotimes.max() / 1e3:.4g} ns: the header's sync period is not "
            "the period of the recorded syncs; times in seconds and nanoseconds across pulses cannot be trusted"
        )
    return PhotonRecord(
        times[order],
        (photons["channel"][order] + 1).astype(np.uint8),
        duration_s,
        sync_period_ps=period_ps,
        nanotimes_ps=nanotimes[order],
        sync_index=sync_index[order],
        warnings=tuple(warnings),
        metadata=_ptu_metadata(file, bin_ps),
    )


def _ptu_t2(path: Path, file: "ptufile.PtuFile") -> PhotonRecord:
    records = _ptu_records(path, file)
    photons = records[records["channel"] >= 0]
    tick_ps = _positive_ps(path, "time base", float(file.global_resolution))
    times = absolute_times_ps(photons["time"].astype(np.int64), tick_ps, np.zeros(len(photons), dtype=np.int64))
    duration_s = float(records["time"].max()) * tick_ps * 1e-12
    order = np.argsort(times, kind="stable")
    return PhotonRecord(
        times[order],
        (photons["channel"][order] + 1).astype(np.uint8),
        duration_s,
        warnings=_rate_warnings(file.tags, len(photons), duration_s),
        metadata=_ptu_metadata(file, tick_ps),
    )


def _positive_ps(path: Path, what: str, value_s: float) -> float:
    """A time of the header in ps; TagFileError unless between a femtosecond and a second."""
    if not 1e-15 <= value_s <= 1.0:
        raise TagFileError(
            f"cannot read {path}: the header's {what} is {value_s:g} s, outside 1e-15 to 1 s; the header is damaged"
        )
    return value_s * 1e12


def _ptu_metadata(file: "ptufile.PtuFile", resolution_ps: float) -> dict[str, object]:
    plain = {key: value for key, value in file.tags.items() if isinstance(value, str | int | float | bool)}
    return {**plain, "record_type": str(file.record_type.name), "resolution_ps": resolution_ps}


def _rate_warnings(tags: Mapping[str, Any], n_photons: int, duration_s: float) -> tuple[str, ...]:
    """Compare the count rates in the header with photons per decoded second."""
    rates = np.atleast_1d(np.asarray(tags.get("TTResult_InputRate", []), dtype=np.float64))
    stated = float(rates.sum())
    if stated <= 0.0 or duration_s <= 0.0:
        return ()
    implied_s = n_photons / stated
    if 1.0 / _CONTRADICTION < duration_s / implied_s < _CONTRADICTION:
        return ()
    return (
        f"metadata contradict the data: {n_photons} photons at the header's {stated:.4g} counts/s take "
        f"{_seconds(implied_s)}, but the records decode to {_seconds(duration_s)} "
        f"({n_photons / duration_s:.3g} counts/s); rates and durations of this file cannot be trusted",
    )


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1.0 else f"{value * 1e3:.3g} ms"


def read_photon_hdf5(path: Path) -> PhotonRecord:
    """A Photon-HDF5 file (0.4 and 0.5) with one spot."""
    try:
        with h5py.File(path, "r") as file:
            return _photon_hdf5(path, file)
    except KeyError as error:
        raise TagFileError(f"cannot read {path}: this Photon-HDF5 file lacks a mandatory field: {error}") from error
    except OSError as error:
        raise TagFileError(f"cannot read {path}: the Photon-HDF5 file is damaged") from error


def _photon_hdf5(path: Path, file: h5py.File) -> PhotonRecord:
    if "photon_data" not in file:
        raise TagFileError(f"cannot read {path}: it has no /photon_data (files with several spots are not read)")
    data = file["photon_data"]
    unit_ps = float(data["timestamps_specs/timestamps_unit"][()]) * 1e12
    ticks = np.asarray(data["timestamps"], dtype=np.int64)
    if not ticks.size:
        raise TagFileError(f"cannot read {path}: the file holds no photons")
    detectors = np.asarray(data["detectors"]) if "detectors" in data else np.zeros(ticks.size)
    nanotimes: IntArray | None = None
    if "nanotimes" in data:
        bin_ps = float(data["nanotimes_specs/tcspc_unit"][()]) * 1e12
        nanotimes = np.rint(np.asarray(data["nanotimes"], dtype=np.int64) * bin_ps).astype(np.int64)
    rate_hz = _repetition_rate_hz(file)
    zero = np.zeros(ticks.size, dtype=np.int64)
    times = absolute_times_ps(ticks, unit_ps, zero if nanotimes is None else nanotimes)
    counts_syncs = nanotimes is not None and rate_hz is not None and abs(unit_ps * 1e-12 * rate_hz - 1.0) < 0.01
    span_s = float(times.max() - min(0, int(times.min()))) * 1e-12
    stated_s = float(file["acquisition_duration"][()]) if "acquisition_duration" in file else span_s
    warnings = []
    if span_s > 1.01 * stated_s or span_s * _CONTRADICTION < stated_s:
        warnings.append(
            f"metadata contradict the data: acquisition_duration is {_seconds(stated_s)}, "
            f"the photons span {_seconds(span_s)}; the span is used"
        )
        stated_s = span_s
    order = np.argsort(times, kind="stable")
    first = 1 if int(detectors.min()) == 0 else 0
    description = file["description"][()] if "description" in file else b""
    return PhotonRecord(
        times[order],
        (detectors[order] + first).astype(np.uint8),
        stated_s,
        sync_period_ps=1e12 / rate_hz if rate_hz else None,
        nanotimes_ps=None if nanotimes is None else nanotimes[order],
        sync_index=ticks[order] if counts_syncs else None,
        warnings=tuple(warnings),
        metadata={"description": description.decode() if isinstance(description, bytes) else str(description)},
    )


def _repetition_rate_hz(file: h5py.File) -> float | None:
    for place in ("photon_data/measurement_specs/laser_repetition_rate", "setup/laser_repetition_rates"):
        if place in file:
            value = float(np.atleast_1d(file[place][()])[0])
            if value > 0.0:
                return value
    return None
