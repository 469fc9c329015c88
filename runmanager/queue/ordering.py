"""Places in the queue: an entry put between two others gets the number half-way between theirs."""

import sqlite3
from pathlib import Path

from runmanager.errors import QueueError
from runmanager.queue.entries import Status
from runmanager.queue.rows import one

SMALLEST_GAP = 1e-6  # below it the places are numbered anew


def position_after(connection: sqlite3.Connection, after: int | None, path: Path) -> float:
    """The place at the end, or behind the queued entry ``after``; in front of all if ``after`` is running."""
    if after is None:
        return last_position(connection)
    entry = one(connection, after, path)
    if entry.status in (Status.RUNNING, Status.PAUSED):
        return first_position(connection)
    if entry.status is not Status.QUEUED:
        raise QueueError(f"entry {after} is {entry.status}: nothing can be put behind it")
    behind = _place(connection, "min(position)", "position > ?", entry.position)
    return entry.position + 1.0 if behind is None else _between(connection, entry.position, behind)


def position_before(connection: sqlite3.Connection, before: int | None, path: Path, *, moving: int) -> float:
    """The place at the end, or in front of the queued entry ``before``, for the entry that is moving."""
    if before is None:
        return last_position(connection)
    entry = one(connection, before, path)
    if entry.status is not Status.QUEUED:
        raise QueueError(f"entry {before} is {entry.status}: nothing can be put in front of it")
    ahead = _place(connection, "max(position)", "position < ? AND id != ?", entry.position, moving)
    return entry.position - 1.0 if ahead is None else _between(connection, ahead, entry.position)


def first_position(connection: sqlite3.Connection) -> float:
    """The place in front of all."""
    first = _place(connection, "min(position)", "1")
    return 0.0 if first is None else first - 1.0


def last_position(connection: sqlite3.Connection) -> float:
    """The place behind all."""
    last = _place(connection, "max(position)", "1")
    return 1.0 if last is None else last + 1.0


def _between(connection: sqlite3.Connection, low: float, high: float) -> float:
    """Half-way. Numbers all places anew first (keeping their order) where the two have come too close."""
    if high - low > SMALLEST_GAP:
        return 0.5 * (low + high)
    query = "SELECT id, position FROM entries WHERE status = 'queued' ORDER BY position"
    places = connection.execute(query).fetchall()
    rank = {place: float(number) for number, (_, place) in enumerate(places, start=1)}
    connection.executemany(
        "UPDATE entries SET position = ?, changed = (SELECT changes FROM queue) WHERE id = ?",
        [(rank[place], entry_id) for entry_id, place in places],
    )
    return 0.5 * (rank[low] + rank[high])


def _place(connection: sqlite3.Connection, wanted: str, condition: str, *values: float) -> float | None:
    """One place among the queued entries; None when there is none."""
    query = f"SELECT {wanted} FROM entries WHERE status = 'queued' AND {condition}"  # noqa: S608 - our own texts only
    (place,) = connection.execute(query, values).fetchone()
    return None if place is None else float(place)
