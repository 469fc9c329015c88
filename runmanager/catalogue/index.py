"""The index of one folder: an SQLite file that can always be made again from the measurements."""

import difflib
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runmanager.catalogue import places
from runmanager.catalogue.records import Description, Kind, Stamp, Summary
from runmanager.catalogue.schema import SCHEMA_VERSION, SUMMARY_COLUMNS, TABLES
from runmanager.catalogue.search import Search, SearchError, parse
from runmanager.errors import BadInputError

log = logging.getLogger(__name__)

_BUSY_S = 20.0
_WRITE_BITS = 0o222


class DamagedIndexError(Exception):
    """The index cannot be read any further: :func:`discard` it, open it again and refresh."""


def discard(folder: Path) -> None:
    """Put the index of a folder aside (``….damaged``, one only); the next is made anew. No error without one."""
    for path in (places.index_beside(folder), places.index_elsewhere(folder)):
        if path.is_file():
            path.replace(_aside(path))


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


class Index:
    """The index of a folder, open; a context manager. Used in the thread that opened it; open one in each.

    Lies in the folder, or in the user's cache folder when that cannot be written. Several processes may use it.
    Raises BadInputError when the folder is absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise BadInputError(f"{self.folder} is not a folder: name the one that holds the run files")
        self.path, self._connection = _open_somewhere(self.folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- reading --------------------------------------------------------------------------------------------------

    def find(self, text: str | Search = "", *, limit: int | None = None) -> tuple[Summary, ...]:
        """What fits a search (see :mod:`runmanager.catalogue.search`), newest first; SearchError explains."""
        search = parse(text) if isinstance(text, str) else text
        with _damage_told(self.path):
            self._know_names(search.names)
        words = "words" in search.where
        table = "runs JOIN texts ON texts.run = runs.id" if words else "runs"
        query = (
            f"SELECT {SUMMARY_COLUMNS} FROM {table} WHERE {search.where} "  # noqa: S608 - values are bound
            "ORDER BY started_at IS NULL, started_at DESC, name LIMIT ?"
        )
        with _damage_told(self.path):
            rows = self._connection.execute(query, (*search.values, -1 if limit is None else limit)).fetchall()
        return tuple(_summary(row) for row in rows)

    def count(self) -> int:
        """How many measurements the index knows."""
        with _damage_told(self.path):
            return int(self._connection.execute("SELECT count(*) FROM runs").fetchone()[0])

    def change_counter(self) -> int:
        """Differs from before when another connection has changed the index."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def stamps(self) -> dict[str, tuple[Stamp, bool]]:
        """Name → stamp when it was described, and whether that was final."""
        with _damage_told(self.path):
            rows = self._connection.execute("SELECT name, size_bytes, mtime_ns, settled FROM runs").fetchall()
        return {name: (Stamp(size, mtime), bool(settled)) for name, size, mtime, settled in rows}

    def parameters(self, name: str) -> dict[str, tuple[Any, str]]:
        """Parameters of a run: name → value, unit; {} for an unknown one."""
        return {key: (item["value"], item["unit"]) for key, item in self._text(name, "parameters").items()}

    def number_names(self) -> tuple[str, ...]:
        """Every name of a parameter, condition or result that can be searched for."""
        return tuple(name for (name,) in self._connection.execute("SELECT DISTINCT name FROM facts ORDER BY name"))

    def thumbnail(self, name: str) -> bytes | None:
        """The picture as PNG; empty where there is nothing to draw; None when it was not made yet."""
        query = "SELECT png FROM thumbnails JOIN runs ON runs.id = thumbnails.run WHERE runs.name = ?"
        with _damage_told(self.path):
            row = self._connection.execute(query, (name,)).fetchone()
        return None if row is None else bytes(row[0])

    # --- writing --------------------------------------------------------------------------------------------------

    def put(self, descriptions: Iterable[Description]) -> None:
        """Add or replace descriptions in one step; pictures of replaced ones are forgotten."""
        with _damage_told(self.path), self._connection:
            for description in descriptions:
                self._put(description)

    def remove(self, names: Sequence[str]) -> None:
        """Forget files that are no longer there."""
        with _damage_told(self.path), self._connection:
            self._connection.executemany("DELETE FROM runs WHERE name = ?", [(name,) for name in names])

    def put_thumbnail(self, name: str, png: bytes) -> None:
        """Keep a picture; nothing happens when the file is unknown by now."""
        with _damage_told(self.path), self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO thumbnails SELECT id, ? FROM runs WHERE name = ?", (png, name)
            )

    def _put(self, description: Description) -> None:
        summary, stamp = description.summary, description.stamp
        execute = self._connection.execute
        execute("DELETE FROM runs WHERE name = ?", (summary.name,))
        passed = None if summary.passed is None else int(summary.passed)
        cursor = execute(
            f"INSERT INTO runs (mtime_ns, settled, {SUMMARY_COLUMNS}) VALUES ({', '.join('?' * 16)})",  # noqa: S608
            (
                stamp.mtime_ns, description.settled, summary.name, summary.kind.value, summary.size_bytes,
                summary.procedure, summary.title, summary.sample, summary.started_at, summary.duration_s,
                summary.exit_status, passed, summary.reason, summary.seed, summary.headline, summary.problem,
            ),
        )  # fmt: skip
        run = cursor.lastrowid
        execute(
            "INSERT INTO texts VALUES (?, ?, ?, ?)",
            (run, description.parameters, description.results, description.words),
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (run, fact.family, fact.name.casefold(), fact.number, fact.stderr, fact.text, fact.unit)
                for fact in description.facts
            ],
        )

    def _text(self, name: str, column: str) -> dict[str, Any]:
        query = f"SELECT {column} FROM texts JOIN runs ON runs.id = texts.run WHERE runs.name = ?"  # noqa: S608
        row = self._connection.execute(query, (name,)).fetchone()
        decoded: dict[str, Any] = {} if row is None else json.loads(row[0])
        return decoded

    def _know_names(self, names: Sequence[str]) -> None:
        """SearchError for a name that no run has: a slip of the pen is not an empty folder."""
        for name in names:
            if self._connection.execute("SELECT 1 FROM facts WHERE name = ?", (name.casefold(),)).fetchone() is None:
                known = self.number_names()
                near = difflib.get_close_matches(name.casefold(), known, n=3, cutoff=0.5)
                hint = (
                    f"did you mean {', '.join(near)}?" if near else f"there are: {', '.join(known[:12]) or 'none yet'}"
                )
                raise SearchError(f"no run here has a parameter, condition or result called '{name}'; {hint}")


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Damage met while reading or writing gets its own name; a full disk or a lock stays what it is, as one line."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BadInputError(f"the catalogue {path} cannot be used: {error}") from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedIndexError(f"the catalogue {path} is damaged ({error})") from error


def _summary(row: tuple[Any, ...]) -> Summary:
    name, kind, size, procedure, title, sample, started, duration, status, passed, *rest = row
    verdict = None if passed is None else bool(passed)
    return Summary(name, Kind(kind), size, procedure, title, sample, started, duration, status, verdict, *rest)


# --- where the index lies, and in which state it is ---------------------------------------------------------------


def _open_somewhere(folder: Path) -> tuple[Path, sqlite3.Connection]:
    """Beside the data if that works; otherwise in the user's cache folder."""
    beside, elsewhere = places.index_beside(folder), places.index_elsewhere(folder)
    if folder.stat().st_mode & _WRITE_BITS:  # the administrator can write what is meant to be read-only
        try:
            return beside, _open_or_renew(beside)
        except (sqlite3.OperationalError, OSError, _NewerError) as error:
            log.info("the catalogue of %s goes to %s: %s", folder, elsewhere, error)
    try:
        elsewhere.parent.mkdir(parents=True, exist_ok=True)
        return elsewhere, _open_or_renew(elsewhere)
    except (sqlite3.OperationalError, OSError, _NewerError) as error:
        raise BadInputError(
            f"the catalogue of {folder} can be written neither there nor at {elsewhere} ({error}); set "
            "SOLOTRON_CACHE_FOLDER to a folder that can be written"
        ) from error


class _NewerError(Exception):
    """The index was made by a newer program."""


def _open_or_renew(path: Path) -> sqlite3.Connection:
    """Open; a damaged or older index is put aside and made anew."""
    try:
        return _opened(path)
    except sqlite3.OperationalError:  # cannot be opened, written or locked: nothing wrong with its content
        raise
    except sqlite3.DatabaseError:
        path.replace(_aside(path))
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S)
    try:
        connection.create_function("fold", 1, str.casefold, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = TRUNCATE")  # not WAL: data often lie on network shares
        connection.execute("PRAGMA synchronous = NORMAL")
        with closing(connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")  # proves that it can be written; one process makes the tables
            _check_tables(cursor, path)
            connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tables(cursor: sqlite3.Cursor, path: Path) -> None:
    """Tables of this version, made if need be; _NewerError leaves a newer program's index alone."""
    version = int(cursor.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise _NewerError(f"{path} was made by a newer program")
    if version < SCHEMA_VERSION:
        _make_tables(cursor)
    cursor.execute("SELECT count(*) FROM runs").fetchone()


def _make_tables(cursor: sqlite3.Cursor) -> None:
    old = cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    for (name,) in old:
        cursor.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
    for statement in TABLES.split(";"):
        if statement.strip():
            cursor.execute(statement)
    cursor.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
