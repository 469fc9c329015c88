"""Watching a run from outside: the twin behind it and every point the procedure handed to the run file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from runfile.errors import RunFileError
from runfile.point_table import PointTable
from runfile.reader import RunFile
from runfile.writer import RunWriter
from sims import twin as twins
from sims.bench.ami430 import MagnetState
from sims.twin import Twin

Row = dict[str, np.ndarray[Any, Any]]


@dataclass
class Witness:
    """What was seen of one run."""

    twins: list[Twin] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    n_tags: int = 0

    @property
    def twin(self) -> Twin | None:
        """The twin of the run; None when none was started."""
        return self.twins[-1] if self.twins else None

    def points(self) -> int:
        """Number of points that were handed over and acknowledged."""
        return sum(len(rows) for rows in self.rows.values())


@contextmanager
def watching() -> Iterator[Witness]:
    """While inside, a Witness sees the twins that start and the points that are recorded (acknowledged ones only)."""
    witness = Witness()
    start, append, extend, tags = twins.start, PointTable.append, PointTable.extend, RunWriter.append_tags

    def started(*arguments: Any, **keywords: Any) -> Twin:  # noqa: ANN401
        witness.twins.append(start(*arguments, **keywords))
        return witness.twins[-1]

    def appended(table: PointTable, **values: Any) -> None:  # noqa: ANN401
        append(table, **values)
        witness.rows.setdefault(table._name, []).append({k: np.array(v) for k, v in values.items()})

    def extended(table: PointTable, **values: Any) -> None:  # noqa: ANN401
        extend(table, **values)
        count = len(next(iter(values.values())))
        rows = [{k: np.array(v[i]) for k, v in values.items()} for i in range(count)]
        witness.rows.setdefault(table._name, []).extend(rows)

    def tagged(writer: RunWriter, timestamps_ps: Any, channel: Any) -> None:  # noqa: ANN401
        tags(writer, timestamps_ps, channel)
        witness.n_tags += len(timestamps_ps)

    with (
        mock.patch.object(twins, "start", started),
        mock.patch.object(PointTable, "append", appended),
        mock.patch.object(PointTable, "extend", extended),
        mock.patch.object(RunWriter, "append_tags", tagged),
    ):
        yield witness


def lost_points(witness: Witness, path: Path) -> str:
    """Empty when the run file opens and holds every acknowledged point and tag unchanged, else what is missing."""
    try:
        with RunFile(path) as recorded:
            for name, rows in witness.rows.items():
                problem = _missing(recorded, name.rsplit("/", 1)[-1], rows)
                if problem:
                    return problem
            n_tags = recorded.tags().timestamps_ps.size if witness.n_tags else 0
            return "" if n_tags == witness.n_tags else f"{witness.n_tags} tags were recorded, {n_tags} are in the file"
    except (RunFileError, OSError, KeyError) as error:
        return f"{type(error).__name__}: {error}"


def _missing(recorded: RunFile, name: str, rows: list[Row]) -> str:
    table = recorded.table(name)
    if table.n_points != len(rows):
        return f"{name}: {len(rows)} points were recorded, {table.n_points} are in the file"
    for column in rows[0]:
        written = np.array([row[column] for row in rows])
        if not np.array_equal(table.column(column), written, equal_nan=written.dtype.kind == "f"):
            return f"{name}: column {column} in the file differs from what was recorded"
    return ""


def left_on(twin: Twin) -> list[str]:
    """What truly emits, radiates, ramps or carries voltage on the twin now; empty for a safe bench.

    An open beam shutter counts only when a laser emits: without light it endangers nothing.
    """
    models = twin.models
    lasers = ("chameleon", "mai_tai", "superk", "opo_vis", "cwave")
    found = [f"light from {name}" for name in lasers if getattr(models, name).output() is not None]
    if found and models.sc10.is_open():
        found.append("shutter open")
    found += [f"RF from {name}" for name in ("smb100a", "sg384") if getattr(models, name).output() is not None]
    if models.ami430.state() in (MagnetState.RAMPING, MagnetState.ZEROING):
        found.append("ramp of ami430")
    if models.cryomagnetics_4g.is_sweeping() and not models.cryomagnetics_4g.is_quenched():
        found.append("ramp of cryomagnetics_4g")
    if any(models.anc300.mode(number) != "gnd" for number in (1, 2, 3)):
        found.append("voltage on the positioner")
    return found
