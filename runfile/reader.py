"""Reading a run file: finished, still marked running after a crash, or refused with one clear line."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.encoding import analysis_from_json
from runfile.errors import RunFileError
from runfile.records import TagRecord
from runfile.results import Analysis

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
Array = npt.NDArray[Any]


class RunFile:
    """A run file open for reading; a context manager.

    Raises RunFileError, one line, when the file is absent, empty, foreign, truncated, newer than this program,
    or held by the process that is writing it. Not for use inside the process that is still writing the file: HDF5
    then answers from its own memory, which does not know of the tags' last chunk; ``runfile.live_run`` is for that.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = _open(self.path)
        try:
            _check_format(self._file, self.path)
        except RunFileError:
            self._file.close()
            raise
        except RuntimeError as error:
            self._file.close()
            raise RunFileError(_torn(self.path, error)) from error

    def close(self) -> None:
        """Close the file; tables can no longer be read."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def procedure(self) -> str:
        """Name of the procedure, e.g. "spin-pumping"."""
        return self._text(f"{layout.PROCESS}/procedure")

    @property
    def title(self) -> str:
        """One line for people."""
        return self._text(f"{layout.ENTRY}/title")

    @property
    def exit_status(self) -> str:
        """One of "completed", "aborted", "failed"; "running" when the process still writes or died."""
        return self._text(f"{layout.ENTRY}/exit_status")

    @property
    def start_time(self) -> str:
        """Wall-clock start, UTC, ISO 8601."""
        return self._text(f"{layout.ENTRY}/start_time")

    @property
    def end_time(self) -> str:
        """Wall-clock end, UTC, ISO 8601; empty when the run never ended properly."""
        return self._text(f"{layout.ENTRY}/end_time")

    @property
    def duration_s(self) -> float:
        """Duration on the bench's clock; NaN when the run never ended properly."""
        return float(self._dataset(f"{layout.ENTRY}/duration_s")[()])

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the run: name -> value, in the unit given by :attr:`parameter_units`."""
        return {name: item["value"] for name, item in self._json(f"{layout.PROCESS}/parameters").items()}

    @property
    def parameter_units(self) -> dict[str, str]:
        """Units of the parameters: name -> unit, "" for none."""
        return {name: item["unit"] for name, item in self._json(f"{layout.PROCESS}/parameters").items()}

    @property
    def conditions(self) -> dict[str, float]:
        """Conditions set before the run, e.g. ``temperature_k``, ``field_t``."""
        return dict(self._json(f"{layout.SAMPLE}/conditions"))

    @property
    def sample(self) -> dict[str, Any]:
        """The sample as a dict of plain values."""
        return dict(self._json(f"{layout.SAMPLE}/sample"))

    @property
    def sample_sheet(self) -> str:
        """The sample file as it was."""
        return self._text(f"{layout.SAMPLE}/sheet")

    @property
    def station(self) -> str:
        """The station file as it was."""
        return self._text(f"{layout.INSTRUMENT}/station")

    @property
    def snapshot(self) -> dict[str, Any]:
        """Settings of all instruments at the start."""
        return dict(self._json(f"{layout.INSTRUMENT}/snapshot"))

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software: package -> version."""
        return dict(self._json(f"{layout.PROCESS}/versions"))

    @property
    def seed(self) -> int | None:
        """Seed of the twin, None on real hardware."""
        path = f"{layout.PROCESS}/seed"
        return int(self._dataset(path)[()]) if path in self._file else None

    @property
    def notes(self) -> dict[str, Any]:
        """Structured facts the procedure noted: name -> value; after a kill those that can be read."""
        notes = {}
        try:
            for name in self._file[layout.NOTES]:
                notes[name] = self._json(f"{layout.NOTES}/{name}")
        except (OSError, RuntimeError, RunFileError) as error:
            if not self._killed:
                raise RunFileError(f"run file {self.path}: the notes are damaged ({error})") from error
        return notes

    @property
    def log(self) -> tuple[str, ...]:
        """Lines of the log, each with its time."""
        dataset = self._dataset(layout.LOG)
        lines = read_rows(dataset, dataset.shape[0], self.path, killed=self._killed)
        return tuple(line.decode() for line in lines if line)

    def tables(self) -> tuple[str, ...]:
        """Names of the point tables."""
        entry = self._file[layout.ENTRY]
        try:
            return tuple(name for name in entry if _is_table(entry, name))
        except (OSError, RuntimeError) as error:
            raise RunFileError(_torn(self.path, error)) from error

    def has_table(self, group: str) -> bool:
        """True when there is a table of this name (it may have no rows)."""
        return group in self.tables()

    def table(self, group: str = layout.DEFAULT_TABLE) -> "Table":
        """The point table ``group``; RunFileError names the tables there are."""
        if not self.has_table(group):
            raise RunFileError(
                f"run file {self.path}: no table {group!r}; it holds {', '.join(self.tables()) or 'no table'}"
            )
        return Table(self._file[layout.ENTRY][group], self.path, killed=self._killed)

    def has_tags(self) -> bool:
        """True when time tags were recorded."""
        try:
            return "channel" in self._file[layout.PHOTONS]
        except (KeyError, RuntimeError):  # killed while this group was made: nothing was recorded in it
            return False

    def tags(self) -> TagRecord:
        """All time tags; RunFileError when the run recorded none."""
        if not self.has_tags():
            raise RunFileError(f"run file {self.path}: it holds no time tags")
        group = self._file[layout.PHOTONS]
        n_tags = min(group["timestamps"].shape[0], group["channel"].shape[0])
        channel, timestamps = (
            read_rows(group[name], n_tags, self.path, killed=self._killed) for name in ("channel", "timestamps")
        )
        n_tags = min(len(channel), len(timestamps))
        missing = np.flatnonzero(channel[:n_tags] == 0)  # channels count from 1: 0 was never written
        n_tags = int(missing[0]) if missing.size else n_tags
        channels = json.loads(group["channels"].asstr()[()]) if "channels" in group else {}
        return TagRecord(timestamps[:n_tags], channel[:n_tags], float(group["duration"][()]), channels)

    def analysis(self) -> Analysis | None:
        """The analysis stored in the file, or None."""
        process = self._file[layout.PROCESS]
        if not {"results", "verdict", "warnings"} <= set(process):
            return None
        return analysis_from_json(*(process[name].asstr()[()] for name in ("results", "verdict", "warnings")))

    @property
    def _killed(self) -> bool:
        return self.exit_status == layout.RUNNING

    def _dataset(self, path: str) -> h5py.Dataset:
        try:
            return self._file[path]
        except KeyError as error:
            raise RunFileError(f"run file {self.path}: {path} is missing; the file is damaged") from error

    def _text(self, path: str) -> str:
        return str(self._dataset(path).asstr()[()])

    def _json(self, path: str) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self._text(path))
        return decoded


class Table:
    """A point table: rows that were completely recorded, and the fixed axes of its columns."""

    def __init__(self, group: h5py.Group, path: Path, *, killed: bool) -> None:
        self._group = group
        self._path = path
        datasets = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset) and item.shape}
        self._columns = {name: item for name, item in datasets.items() if item.maxshape[0] is None}
        self._fixed = {name: item for name, item in datasets.items() if item.maxshape[0] is not None}
        n_rows = min(item.shape[0] for item in self._columns.values())
        point = read_rows(self._columns[layout.POINT], n_rows, path, killed=killed)
        written = point != layout.NO_POINT
        self.n_points = len(point) if written.all() else int(np.argmin(written))

    @property
    def title(self) -> str:
        """Title of the plot."""
        return str(self._group["title"].asstr()[()])

    @property
    def signal(self) -> str:
        """Name of the column that is plotted."""
        return str(self._group.attrs["signal"])

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the signal's axes; the first runs over the points."""
        return tuple(str(name) for name in self._group.attrs["axes"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without the counter ``point``."""
        return tuple(str(name) for name in self._group.attrs["columns"])

    @property
    def fixed_axes(self) -> tuple[str, ...]:
        """Names of the fixed axes."""
        return tuple(self._fixed)

    def column(self, name: str) -> Array:
        """Column ``name``, shape (n_points, …), or the fixed axis of that name. RunFileError when there is none."""
        if name in self._fixed:
            return read_rows(self._fixed[name], self._fixed[name].shape[0], self._path)
        return read_rows(self._find(name), self.n_points, self._path)

    def unit(self, name: str) -> str:
        """Unit of a column or fixed axis, "" for none."""
        return str(self._find(name).attrs["units"])

    def long_name(self, name: str) -> str:
        """Axis label of a column or fixed axis, unit included."""
        return str(self._find(name).attrs["long_name"])

    def _find(self, name: str) -> h5py.Dataset:
        if name in self._columns:
            return self._columns[name]
        if name in self._fixed:
            return self._fixed[name]
        known = ", ".join([*self.columns, *self.fixed_axes])
        raise RunFileError(f"run file {self._path}, table {self._group.name}: no column {name!r}; it has {known}")


def read_rows(dataset: h5py.Dataset, n_rows: int, path: Path, *, killed: bool = False) -> Array:
    """The first ``n_rows`` rows; RunFileError when the bytes on disk are damaged.

    ``killed``: the file's process may have died while it made a new chunk; then the rows before that chunk.
    """
    try:
        return np.asarray(dataset[:n_rows])
    except OSError as error:
        if not killed:
            raise RunFileError(f"run file {path}: {dataset.name} cannot be read; the file is damaged") from error
    step = dataset.chunks[0]
    blocks = [np.empty((0, *dataset.shape[1:]), dtype=dataset.dtype)]
    for start in range(0, n_rows, step):
        try:
            blocks.append(np.asarray(dataset[start : min(start + step, n_rows)]))
        except OSError:
            break
    return np.concatenate(blocks)


def _is_table(entry: h5py.Group, name: str) -> bool:
    try:
        item = entry[name]
    except (KeyError, RuntimeError):  # killed while this group was made: nothing was recorded in it
        return False
    return isinstance(item, h5py.Group) and item.attrs.get("NX_class") == "NXdata" and layout.POINT in item


def _open(path: Path) -> h5py.File:
    """Open with h5py, or say in one line why not."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_HDF5_SIGNATURE))
    except OSError as error:
        raise RunFileError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise RunFileError(f"cannot read {path}: the file is empty")
    if start != _HDF5_SIGNATURE:
        raise RunFileError(f"cannot read {path}: it is not an HDF5 file")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        text = str(error)
        if "truncated" in text:
            raise RunFileError(f"cannot read {path}: the file is truncated; copy it again") from error
        if "lock" in text:
            raise RunFileError(f"cannot read {path}: a running process is writing it; wait for its end") from error
        raise RunFileError(f"cannot read {path}: the HDF5 file is damaged") from error


def _torn(path: Path, error: Exception) -> str:
    return (
        f"cannot read {path}: its list of tables is damaged ({str(error).splitlines()[0]}); the process that wrote "
        "it was killed while it made a table"
    )


def _check_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format_name") != layout.FORMAT_NAME:
        raise RunFileError(f"cannot read {path}: it is an HDF5 file, but not a run file of solotron")
    version = int(file.attrs.get("format_version", 0))
    if version > layout.FORMAT_VERSION:
        raise RunFileError(
            f"cannot read {path}: its format version {version} is newer than {layout.FORMAT_VERSION}, "
            "which this program reads; update solotron"
        )
    if layout.ENTRY not in file or layout.PROCESS not in file:
        raise RunFileError(f"cannot read {path}: the run ended before its header was written")
