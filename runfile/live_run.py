"""A run in memory while it is being recorded: what the file gets, kept for those who watch.

The process that records writes to the file first and tells this afterwards; a thread that analyses or draws takes
:meth:`LiveRun.snapshot`, a frozen :class:`runfile.reading.RecordedRun`. Rows are not copied for it. Nothing here
touches the disk.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy.typing as npt

from runfile.encoding import plain, to_json
from runfile.errors import RunFileError
from runfile.live_table import LiveTable, TableSnapshot
from runfile.live_tags import LiveTags, TagPicture
from runfile.records import Column, FixedAxis, Parameter, TagRecord
from runfile.results import Analysis

__all__ = ["LiveRun", "LiveTable", "RunFacts", "RunSnapshot", "TableSnapshot"]

MOST_TAG_BYTES = 64 * 2**20
"""Room for time tags unless told otherwise: some seven million."""
MOST_TABLE_BYTES = 2**30
"""Room for the rows of one table unless told otherwise: a day and a night of g2 batches with the default settings."""


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run when it begins: as given to :meth:`runfile.writer.RunWriter.create`."""

    path: Path
    procedure: str
    title: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RunSnapshot:
    """A run as it was at one moment, a :class:`runfile.reading.RecordedRun`.

    ``left_out``: rows of a table (by name) or tags (by "photons") that were recorded but are no longer in memory;
    empty when all is here. Whoever needs every row reads the file.
    """

    facts: RunFacts
    exit_status: str
    duration_s: float
    found_tables: Mapping[str, TableSnapshot]
    found_notes: Mapping[str, str]
    found_tags: TagPicture | None
    found_analysis: Analysis | None
    left_out: Mapping[str, int]

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self.facts.path

    @property
    def procedure(self) -> str:
        """Name of the procedure, e.g. "spin-pumping"."""
        return self.facts.procedure

    @property
    def title(self) -> str:
        """One line for people."""
        return self.facts.title

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters: name -> value, in the unit given by :attr:`parameter_units`."""
        return {name: plain(item.value) for name, item in self.facts.parameters.items()}

    @property
    def parameter_units(self) -> dict[str, str]:
        """Units of the parameters: name -> unit, "" for none."""
        return {name: item.unit for name, item in self.facts.parameters.items()}

    @property
    def conditions(self) -> dict[str, float]:
        """Conditions set before the run, e.g. ``temperature_k``, ``field_t``."""
        return dict(self.facts.conditions)

    @cached_property
    def sample(self) -> dict[str, Any]:
        """The sample as a dict of plain values."""
        decoded: dict[str, Any] = json.loads(to_json(self.facts.sample))
        return decoded

    @property
    def notes(self) -> dict[str, Any]:
        """Structured facts the procedure noted: name -> value, as the file gives them back."""
        return {name: json.loads(text) for name, text in self.found_notes.items()}

    def tables(self) -> tuple[str, ...]:
        """Names of the point tables."""
        return tuple(sorted(self.found_tables))

    def has_table(self, group: str) -> bool:
        """True when there is a table of this name (it may have no rows)."""
        return group in self.found_tables

    def table(self, group: str = "data") -> TableSnapshot:
        """The point table ``group``; RunFileError names the tables there are."""
        if group not in self.found_tables:
            raise RunFileError(
                f"run {self.path}: no table {group!r}; it holds {', '.join(self.tables()) or 'no table'}"
            )
        return self.found_tables[group]

    def has_tags(self) -> bool:
        """True when time tags were recorded."""
        return self.found_tags is not None

    def tags(self) -> TagRecord:
        """The time tags that are in memory, with their live time; RunFileError when the run recorded none."""
        return self._joined

    def analysis(self) -> Analysis | None:
        """The analysis made at the end of the run, or None."""
        return self.found_analysis

    @cached_property
    def _joined(self) -> TagRecord:
        # joined when first asked for: most views need no tags
        if self.found_tags is None:
            raise RunFileError(f"run {self.path}: it holds no time tags")
        return self.found_tags.join()


class LiveRun:
    """A run being recorded. One thread records, any other takes snapshots.

    The methods have the signatures of :class:`runfile.writer.RunWriter`, so that what is told to the writer can be
    told to this in the same words. ``most_tag_bytes``, ``most_table_bytes``: room for the time tags and for the rows
    of each table; what does not fit is counted (:attr:`RunSnapshot.left_out`).
    """

    def __init__(
        self, facts: RunFacts, *, most_tag_bytes: int = MOST_TAG_BYTES, most_table_bytes: int = MOST_TABLE_BYTES
    ) -> None:
        self._facts = facts
        self._tables: dict[str, LiveTable] = {}
        self._notes: dict[str, str] = {}
        self._tags: LiveTags | None = None
        self._analysis: Analysis | None = None
        self._exit_status = "running"
        self._duration_s = float("nan")
        self._lock = Lock()
        self._most_tag_bytes = most_tag_bytes
        self._most_table_bytes = most_table_bytes

    @property
    def facts(self) -> RunFacts:
        """What was known when the run began."""
        return self._facts

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
    ) -> LiveTable:
        """Make a table; RunFileError when there is one of that name. ``errors`` is what viewers of the file need."""
        del errors
        table = LiveTable(
            f"run {self._facts.path}, table {group!r}",
            title=title,
            signal=signal,
            axes=axes,
            columns=columns,
            fixed_axes=fixed_axes,
            most_bytes=self._most_table_bytes,
        )
        with self._lock:
            if group in self._tables:
                raise RunFileError(f"run {self._facts.path}: table {group!r} exists already")
            self._tables[group] = table
        return table

    def note(self, name: str, value: object) -> None:
        """Keep a small structured fact; a second note of a name replaces it."""
        text = to_json(value)
        with self._lock:
            self._notes[name] = text

    def append_tags(self, timestamps_ps: npt.ArrayLike, channel: npt.ArrayLike) -> None:
        """Add time tags (int64 ps; channel numbers from 1)."""
        self._tag_store().append(timestamps_ps, channel)

    def set_tag_metadata(self, *, duration_s: float, channels: Mapping[str, int]) -> None:
        """Live time of all tags so far and what is connected to which channel."""
        self._tag_store().set_metadata(duration_s, channels)

    def write_analysis(self, analysis: Analysis) -> None:
        """Keep results, verdict and warnings."""
        with self._lock:
            self._analysis = analysis

    def finish(self, exit_status: str, duration_s: float) -> None:
        """The run has ended ("completed", "aborted", "failed") after ``duration_s`` of bench time."""
        with self._lock:
            self._exit_status, self._duration_s = exit_status, duration_s

    def snapshot(self) -> RunSnapshot:
        """The run as it is now, from any thread; rows are not copied."""
        with self._lock:
            tables, notes, tags = dict(self._tables), dict(self._notes), self._tags
            status, duration_s, analysis = self._exit_status, self._duration_s, self._analysis
        left_out = {name: table.n_left_out for name, table in tables.items() if table.n_left_out}
        if tags is not None and tags.n_left_out:
            left_out["photons"] = tags.n_left_out
        return RunSnapshot(
            facts=self._facts,
            exit_status=status,
            duration_s=duration_s,
            found_tables={name: table.snapshot() for name, table in tables.items()},
            found_notes=notes,
            found_tags=None if tags is None else tags.snapshot(),
            found_analysis=analysis,
            left_out=left_out,
        )

    def _tag_store(self) -> LiveTags:
        with self._lock:
            if self._tags is None:
                self._tags = LiveTags(self._most_tag_bytes)
            return self._tags
