"""Rows of the queue's table as entries."""

import json
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any

from runmanager.errors import QueueError
from runmanager.queue.entries import Entry, Status
from runmanager.queue.job_text import ending_from_text, job_from_text, prediction_from_text

COLUMNS = (
    "id, status, position, job, added_at, started_at, run_file, fraction, what, prediction, ending, repeats, confirmed"
)
LARGEST_ID = 2**63 - 1  # SQLite's
NUMBERED = "CASE WHEN status IN ('running', 'paused') THEN 0 WHEN status = 'queued' THEN 1 ELSE 2 END"
IN_ORDER = f"{NUMBERED}, CASE WHEN status = 'queued' THEN position ELSE 0 END, finished_at DESC, id DESC"


def entry_of(row: tuple[Any, ...], path: Path) -> Entry:
    """The entry of one row with the ``COLUMNS``; QueueError when it cannot be read."""
    number, status, position, job, added_at, started_at, run_file, fraction, what, prediction, ending, *rest = row
    repeats, confirmed = rest
    try:
        return Entry(
            id=number,
            status=Status(status),
            position=position,
            job=job_from_text(job),
            added_at=added_at,
            started_at=started_at,
            run_file=path_from_text(run_file),
            fraction=fraction,
            what=what,
            prediction=None if prediction is None else prediction_from_text(prediction),
            ending=None if ending is None else ending_from_text(ending),
            repeats=repeats,
            confirmed=bool(confirmed),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise QueueError(f"queue {path}: entry {number} is damaged ({type(error).__name__}: {error})") from error


def path_text(path: Path) -> str:
    """A path as ASCII text: names in another encoding survive, too."""
    return json.dumps(str(path))


def path_from_text(text: str | None) -> Path | None:
    """The path of such a text."""
    return None if text is None else Path(json.loads(text))


def one(connection: sqlite3.Connection, entry_id: int, path: Path) -> Entry:
    """The entry of that number; QueueError when there is none."""
    known = 0 < entry_id <= LARGEST_ID
    query = f"SELECT {COLUMNS} FROM entries WHERE id = ?"  # noqa: S608 - our own text only
    row = connection.execute(query, (entry_id,)).fetchone() if known else None
    if row is None:
        raise QueueError(f"queue {path}: there is no entry {entry_id}; 'solotron queue list' shows them")
    return entry_of(row, path)


def each(
    connection: sqlite3.Connection, path: Path, condition: str, values: tuple[object, ...] = (), order: str = IN_ORDER
) -> Generator[Entry, None, None]:
    """The entries for which the SQL ``condition`` holds, one by one: running, queued in order, ended newest first."""
    query = f"SELECT {COLUMNS} FROM entries WHERE {condition} ORDER BY {order}"  # noqa: S608 - our own texts only
    for row in connection.execute(query, values):
        yield entry_of(row, path)


def some(
    connection: sqlite3.Connection, path: Path, condition: str, values: tuple[object, ...] = (), order: str = IN_ORDER
) -> list[Entry]:
    """The same, all at once."""
    return list(each(connection, path, condition, values, order))
