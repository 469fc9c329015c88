"""Writing a run file: every point and every batch of tags is on disk before the procedure goes on."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from runfile import layout
from runfile.disk import OpenFile, reason
from runfile.encoding import JSON, results_to_json, to_json, verdict_to_json
from runfile.errors import RunFileError
from runfile.header import split_log_lines, utc_now, write_header
from runfile.point_table import PointTable, check_table
from runfile.records import Column, FixedAxis, Parameter
from runfile.results import Analysis
from runfile.tag_store import TagStore

__all__ = ["Column", "FixedAxis", "Parameter", "PointTable", "RunFileError", "RunWriter", "store_analysis"]

_SMALL_BYTES = 65_536


class RunWriter:
    """One run file being written. A context manager: leaving it without :meth:`finish` marks the run failed.

    Every method raises RunFileError (one line naming the file) when the disk is full or the value does not
    fit; what was recorded before stays readable.
    """

    def __init__(self, store: OpenFile) -> None:
        self._store: OpenFile | None = store
        self._path = store.path
        self._tags: TagStore | None = None
        self._tables: list[PointTable] = []

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        procedure: str,
        title: str,
        parameters: Mapping[str, Parameter],
        station: str,
        snapshot: Mapping[str, Any],
        sample_sheet: str,
        sample: Mapping[str, Any],
        conditions: Mapping[str, float],
        versions: Mapping[str, str],
        seed: int | None,
    ) -> Self:
        """Make a new file with ``exit_status`` "running". RunFileError when it exists or cannot be written."""
        path = Path(path)
        if not path.parent.is_dir():
            raise RunFileError(f"cannot create run file {path}: the folder {path.parent} does not exist")
        if path.exists():
            raise RunFileError(f"cannot create run file {path}: it exists; choose another name")
        # The header is written under another name, so that no half-made file ever bears the run's.
        unfinished = path.with_name(path.name + ".new")
        try:
            store = OpenFile(unfinished, "w")
        except OSError as error:
            raise RunFileError(f"cannot create run file {path}: {reason(error)}") from error
        try:
            with store.writing(4 * _SMALL_BYTES + len(station) + len(sample_sheet), "writing the header"):
                write_header(
                    store.h5,
                    path,
                    procedure=procedure,
                    title=title,
                    parameters=parameters,
                    station=station,
                    snapshot=snapshot,
                    sample_sheet=sample_sheet,
                    sample=sample,
                    conditions=conditions,
                    versions=versions,
                    seed=seed,
                )
            store.close()
        except BaseException:  # no half-made file stays behind, whatever went wrong
            with suppress(RunFileError):
                store.close()
            unfinished.unlink(missing_ok=True)
            raise
        try:
            unfinished.replace(path)
            return cls(OpenFile(path, "r+"))
        except OSError as error:
            raise RunFileError(f"cannot create run file {path}: {reason(error)}") from error

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    def table(
        self,
        group: str,
        *,
        title: str,
        signal: str,
        axes: Sequence[str],
        columns: Sequence[Column],
        fixed_axes: Sequence[FixedAxis] = (),
        errors: Mapping[str, str] | None = None,
    ) -> PointTable:
        """Make the point table ``/entry/<group>``; "data" is the default plot.

        ``axes[0]`` is a column with one number per row (the coordinate), or any other name (".") for the
        number of the point; ``axes[1:]`` are the fixed axes of the signal. ``errors`` maps a column to the
        column of its standard errors.
        """
        store = self._open()
        if group in layout.RESERVED_GROUPS or not group.isidentifier():
            raise RunFileError(f"run file {self._path}: {group!r} cannot be the name of a table")
        entry = store.h5["entry"]
        if group in entry and layout.NOTHING_YET not in entry[group]:
            raise RunFileError(f"run file {self._path}: {group!r} exists already")
        check_table(f"table {group!r}", signal, axes, columns, fixed_axes, errors or {})
        with store.writing(_SMALL_BYTES * (2 + len(columns)), f"making table {group!r}"):
            if group in entry:  # the empty plot makes room; on disk before its place is used again
                del entry[group]
                store.flush()
            made = layout.make_group(store.h5["entry"], group, "NXdata")
            table = PointTable(store, made, title, signal, axes, columns, fixed_axes, errors or {})
        self._tables.append(table)
        return table

    def note(self, name: str, value: JSON) -> None:
        """Store a small structured fact under ``/entry/process/notes``; a second note of a name replaces it."""
        text = to_json(value)
        with self._open().writing(len(text) + _SMALL_BYTES, f"note {name!r}") as h5:
            layout.put_text(h5[layout.NOTES], name, text)

    def append_tags(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Append time tags (int64 ps; channel numbers from 1), compressed and flushed."""
        self._tag_store().append(timestamps_ps, channel)

    def set_tag_metadata(self, *, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of all tags so far and what is connected to which channel."""
        self._tag_store().set_metadata(duration_s, to_json(dict(channels)))

    def log(self, message: str) -> None:
        """Add a line to ``/entry/log`` with the wall-clock time (UTC)."""
        lines = split_log_lines(message)
        with self._open().writing(2 * _SMALL_BYTES, "writing to the log") as h5:
            dataset = h5[layout.LOG]
            n_before = dataset.shape[0]
            dataset.resize((n_before + len(lines),))
            dataset[n_before:] = np.array(lines, dtype=object)

    def write_analysis(self, analysis: Analysis) -> None:
        """Store results, verdict and warnings, also after :meth:`finish` (see :func:`store_analysis`)."""
        if self._store is None:
            store_analysis(self._path, analysis)
        else:
            _put_analysis(self._store, analysis)

    def finish(self, exit_status: str, duration_s: float) -> None:
        """Write the exit status ("completed", "aborted", "failed") and the bench time it took, and close."""
        if exit_status not in layout.EXIT_STATUSES:
            raise RunFileError(f"exit status {exit_status!r} is none of {', '.join(layout.EXIT_STATUSES)}")
        store = self._open()
        self._store = None
        try:
            self._trim_tables()
            # written in place: needs no room, so it works on a full disk
            with store.writing(None, "finishing") as h5:
                entry = h5["entry"]
                entry["end_time"][()] = utc_now()
                entry["duration_s"][()] = duration_s
                entry["exit_status"][()] = exit_status
        finally:
            store.close()

    def close(self) -> None:
        """Close the file as it is, without an exit status; nothing happens when it is closed already."""
        store, self._store = self._store, None
        if store is None:
            return
        try:
            self._trim_tables()
        finally:
            store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is not None:
            self.finish("aborted" if kind is KeyboardInterrupt else "failed", float("nan"))

    def _open(self) -> OpenFile:
        if self._store is None:
            raise RunFileError(f"run file {self._path}: it is finished; nothing more can be recorded")
        return self._store

    def _trim_tables(self) -> None:
        for table in self._tables:
            table.trim()

    def _tag_store(self) -> TagStore:
        if self._tags is None:
            self._tags = TagStore(self._open())
        self._open()
        return self._tags


def store_analysis(path: Path, analysis: Analysis) -> None:
    """Store an analysis in a finished run file, in place of one that is there; RunFileError if it cannot be."""
    try:
        store = OpenFile(Path(path), "r+")
    except OSError as error:
        raise RunFileError(f"run file {path}: the analysis cannot be added: {reason(error)}") from error
    try:
        _put_analysis(store, analysis)
    finally:
        store.close()


def _put_analysis(store: OpenFile, analysis: Analysis) -> None:
    results, verdict = results_to_json(analysis.results), verdict_to_json(analysis.verdict)
    with store.writing(len(results) + len(verdict) + _SMALL_BYTES, "writing the analysis") as h5:
        process = h5[layout.PROCESS]
        layout.put_text(process, "results", results)
        layout.put_text(process, "verdict", verdict)
        layout.put_text(process, "warnings", to_json(list(analysis.warnings)))
