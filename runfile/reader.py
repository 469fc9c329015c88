"""Reading a run file: finished, still marked running after a crash, or refused with one clear line."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from runfile import layout
from runfile.damage import DAMAGE, damage_named
from runfile.encoding import analysis_from_json
from runfile.errors import RunFileError
from runfile.heaps import damaged_heap
from runfile.records import TagRecord
from runfile.results import Analysis
from runfile.table_reader import Table, read_rows

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class RunFile:
    """A run file open for reading; a context manager.

    Raises RunFileError, one line, when the file is absent, empty, foreign, truncated, newer than this program, or held
    by the process that is writing it; so do all properties and methods where it is damaged. Not for use inside the
    process that is still writing the file: HDF5 then answers from its own memory, which does not know of the tags'
    last chunk; ``runfile.live_run`` is for that.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = _open(self.path)
        try:
            _check_format(self._file, self.path)
        except RunFileError:
            self._file.close()
            raise
        except DAMAGE as error:
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
        with damage_named(self.path, "its duration"):
            return float(self._dataset(f"{layout.ENTRY}/duration_s")[()])

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the run: name -> value, in the unit given by :attr:`parameter_units`."""
        encoded = self._json(f"{layout.PROCESS}/parameters")
        with damage_named(self.path, "its list of parameters"):
            return {name: item["value"] for name, item in encoded.items()}

    @property
    def parameter_units(self) -> dict[str, str]:
        """Units of the parameters: name -> unit, "" for none."""
        encoded = self._json(f"{layout.PROCESS}/parameters")
        with damage_named(self.path, "its list of parameters"):
            return {name: item["unit"] for name, item in encoded.items()}

    @property
    def conditions(self) -> dict[str, float]:
        """Conditions set before the run, e.g. ``temperature_k``, ``field_t``."""
        return self._json(f"{layout.SAMPLE}/conditions")

    @property
    def sample(self) -> dict[str, Any]:
        """The sample as a dict of plain values."""
        return self._json(f"{layout.SAMPLE}/sample")

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
        return self._json(f"{layout.INSTRUMENT}/snapshot")

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the software: package -> version."""
        return self._json(f"{layout.PROCESS}/versions")

    @property
    def seed(self) -> int | None:
        """Seed of the twin, None on real hardware."""
        path = f"{layout.PROCESS}/seed"
        with damage_named(self.path, "its seed"):
            return int(self._dataset(path)[()]) if path in self._file else None

    @property
    def notes(self) -> dict[str, Any]:
        """Structured facts the procedure noted: name -> value; after a kill those that can be read."""
        found = {}
        with damage_named(self.path, "its notes"):
            try:
                for name in self._file[layout.NOTES]:
                    found[name] = self._value(f"{layout.NOTES}/{name}")
            except (RunFileError, *DAMAGE):
                if not self._killed:
                    raise
        return found

    @property
    def log(self) -> tuple[str, ...]:
        """Lines of the log, each with its time."""
        dataset = self._dataset(layout.LOG)
        with damage_named(self.path, "its log"):
            lines = read_rows(dataset, dataset.shape[0], self.path, killed=self._killed)
            return tuple(line.decode() for line in lines if line)

    def tables(self) -> tuple[str, ...]:
        """Names of the point tables."""
        try:
            entry = self._file[layout.ENTRY]
            return tuple(name for name in entry if _is_table(entry, name))
        except DAMAGE as error:
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
        with damage_named(self.path, "its time tags"):
            return self._read_tags(self._file[layout.PHOTONS])

    def _read_tags(self, group: h5py.Group) -> TagRecord:
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
        with damage_named(self.path, "its analysis"):
            process = self._file[layout.PROCESS]
            if not {"results", "verdict", "warnings"} <= set(process):
                return None
            return analysis_from_json(*(process[name].asstr()[()] for name in ("results", "verdict", "warnings")))

    @property
    def _killed(self) -> bool:
        return self.exit_status == layout.RUNNING

    def _dataset(self, path: str) -> h5py.Dataset:
        try:
            found = self._file[path]
        except DAMAGE as error:
            raise RunFileError(f"run file {self.path}: {path} is missing; the file is damaged") from error
        if not isinstance(found, h5py.Dataset):
            raise RunFileError(f"run file {self.path}: {path} is no data set; the file is damaged")
        return found

    def _text(self, path: str) -> str:
        with damage_named(self.path, path):
            return str(self._dataset(path).asstr()[()])

    def _value(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        text = self._text(path)
        with damage_named(self.path, path):
            return json.loads(text)

    def _json(self, path: str) -> dict[str, Any]:
        decoded = self._value(path)
        if not isinstance(decoded, dict):
            raise RunFileError(f"run file {self.path}: {path} is no list of names and values; the file is damaged")
        return decoded


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
    if damaged_heap(path, file):
        raise RunFileError(f"cannot read {path}: its texts are damaged; copy the file again")
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
