"""The queue's file: an SQLite database with a write-ahead log, every change on the disk before the caller goes on."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runmanager.errors import QueueError

APPLICATION_ID = 0x534F4C51  # "SOLQ": tells our files from other programs' databases
VERSION = 1
BUSY_S = 15.0
PATIENCE_S = 10.0  # for a second program that is just making the same file

TABLES = (
    """
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again, even after a removal
        status TEXT NOT NULL,
        position REAL NOT NULL,                 -- orders the queued ones
        job TEXT NOT NULL,                      -- JSON, as the next three texts
        prediction TEXT,
        ending TEXT,
        run_file TEXT,
        added_at REAL NOT NULL,                 -- wall clock, seconds since 1970
        started_at REAL,
        finished_at REAL,
        fraction REAL NOT NULL DEFAULT 0,
        what TEXT NOT NULL DEFAULT '',
        repeats INTEGER,
        confirmed INTEGER NOT NULL DEFAULT 0,
        holder TEXT,                            -- whose lock file says whether the runner lives
        forecast_attempts INTEGER NOT NULL DEFAULT 0,
        changed INTEGER NOT NULL                -- the queue's counter at the last change of this row
    )
    """,
    "CREATE INDEX by_status ON entries (status, position)",
    "CREATE INDEX by_end ON entries (finished_at)",
    """
    CREATE TABLE queue (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        changes INTEGER NOT NULL,
        paused INTEGER NOT NULL,
        worker_pid INTEGER,
        worker_address TEXT,
        worker_authkey BLOB
    )
    """,
    "INSERT INTO queue (one, changes, paused) VALUES (1, 0, 0)",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the queue's file, made first where there is none.

    QueueError for a folder that does not exist, a file of another program, one written by a newer solotron, and
    whatever the disk refuses.
    """
    _make_private(path)
    with told(path):
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        with told(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Whatever SQLite refuses inside becomes a QueueError that names the file and says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise QueueError(f"queue {path}: {_advice(error)}") from error


def _advice(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    advice = {
        "SQLITE_FULL": "the disk is full; the queue is as it was before: free some space and try again",
        "SQLITE_NOTADB": "is not a queue file; name another with --queue or SOLOTRON_QUEUE",
        "SQLITE_CORRUPT": "is damaged; keep a copy of it with its -wal file, and start a new queue with --queue FILE",
        "SQLITE_READONLY": "cannot be written; make the file and its folder writable",
        "SQLITE_CANTOPEN": "cannot be opened; its folder must exist and be writable",
        "SQLITE_BUSY": f"another program has kept it locked for {BUSY_S:g} s; end that program",
    }
    for key, text in advice.items():
        if name.startswith(key):
            return f"{text} ({error})"
    return f"{type(error).__name__}: {error}"


def _make_private(path: Path) -> None:
    """An empty file that only its owner may read: the key to the running measurement stands in it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise QueueError(
            f"queue {path}: cannot be made ({error.strerror or error}); its folder must exist and be writable"
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    _check_owner(connection, path)
    _write_ahead(connection, path)
    if _number(connection, "user_version") == 0:
        _create(connection, path)
    _check_owner(connection, path)


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # one moment for all three: another process may be making this very queue
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        version = _number(connection, "user_version")
        owner = _number(connection, "application_id")
    finally:
        connection.execute("ROLLBACK")
    if owner != APPLICATION_ID and (tables or version or owner):
        raise QueueError(f"queue {path}: is a database of another program; name another file with --queue")
    if version > VERSION:
        raise QueueError(
            f"queue {path}: was written by a newer solotron (format {version}, this program knows {VERSION}); "
            "update solotron, or name another file with --queue"
        )


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """Switch the write-ahead log on; SQLite does not wait here for another program that does the same."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise QueueError(f"queue {path}: its file system knows no write-ahead log; keep the queue on a local disk")


def _create(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _number(connection, "user_version") == 0:  # nobody was faster
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
