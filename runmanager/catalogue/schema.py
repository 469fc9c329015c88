"""The tables of the index. It is a cache: another version, or damage, means a new one."""

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    kind TEXT NOT NULL,
    procedure TEXT NOT NULL,
    title TEXT NOT NULL,
    sample TEXT NOT NULL,
    started_at REAL,
    duration_s REAL,
    exit_status TEXT NOT NULL,
    passed INTEGER,
    reason TEXT NOT NULL,
    seed INTEGER,
    headline TEXT NOT NULL,
    problem TEXT NOT NULL
);
CREATE TABLE texts (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    parameters TEXT NOT NULL,
    results TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE TABLE facts (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    number REAL,
    stderr REAL,
    text TEXT NOT NULL,
    unit TEXT NOT NULL,
    PRIMARY KEY (run, family, name)
) WITHOUT ROWID;
CREATE TABLE thumbnails (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    png BLOB NOT NULL
);
CREATE INDEX facts_by_name ON facts (name, number);
CREATE INDEX runs_by_start ON runs (started_at);
"""
"""``facts.name`` is in small letters. ``thumbnails.png`` empty: there is nothing to draw."""

SUMMARY_COLUMNS = (
    "name, kind, size_bytes, procedure, title, sample, started_at, duration_s, exit_status, passed, reason, seed, "
    "headline, problem"
)
"""In the order of :class:`runmanager.catalogue.records.Summary`."""
