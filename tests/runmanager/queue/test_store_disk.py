"""Files that are no queue, queues of another version, disks that are full: one clear line each."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from runmanager.errors import QueueError
from runmanager.queue import schema
from runmanager.queue.entries import Job
from runmanager.queue.store import QueueStore


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="its folder must exist"):
        QueueStore(tmp_path / "nowhere" / "queue.sqlite")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match="cannot be opened"):
        QueueStore(tmp_path)


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("measured all night, " * 1000)
    with pytest.raises(QueueError, match="is not a queue file"):
        QueueStore(path)
    assert path.read_text().startswith("measured all night")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE entries (id INTEGER)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(QueueError, match="a database of another program"):
        QueueStore(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_queue(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    path.touch()
    with QueueStore(path) as queue:
        assert queue.add(Job("g2")).id == 1


def test_a_newer_queue_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    QueueStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(QueueError, match=f"newer solotron .format {schema.VERSION + 1}"):
        QueueStore(path)


def test_the_log_is_written_ahead_and_to_the_disk(tmp_path: Path) -> None:
    with QueueStore(tmp_path / "queue.sqlite") as queue:
        assert queue._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert queue._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    with QueueStore(tmp_path / "queue.sqlite") as queue:
        kept = queue.add(Job("g2"))
        (pages,) = queue._connection.execute("PRAGMA page_count").fetchone()
        queue._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then answers as on a full disk
        long = Job("g2", tuple((f"p{k}", "x" * 100) for k in range(200)))
        with pytest.raises(QueueError, match="the disk is full; the queue is as it was before"):
            queue.add(long)
        assert queue.queued() == [kept]
        queue._connection.execute("PRAGMA max_page_count = 100000")
        assert queue.add(long).job.settings == long.settings


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    with QueueStore(tmp_path / "queue.sqlite") as queue:
        entry = queue.add(Job("g2"))
        for broken in ("nonsense", "{}", '{"procedure": 1}', "[]"):
            queue._connection.execute("UPDATE entries SET job = ?", (broken,))
            with pytest.raises(QueueError, match=f"entry {entry.id} is damaged"):
                queue.queued()


def test_a_truncated_queue_is_told(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    with QueueStore(path) as queue:
        queue.add_many([Job("g2")] * 200)
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(QueueError, match="damaged"), QueueStore(path) as queue:
        queue.entries()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nobody forbids the superuser anything")
def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    QueueStore(path).close()
    path.chmod(0o400)
    with pytest.raises(QueueError, match="cannot be written"), QueueStore(path) as queue:
        queue.add(Job("g2"))


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    queue = QueueStore(tmp_path / "queue.sqlite")
    queue.close()
    queue.close()
    with pytest.raises(QueueError, match="closed"):
        queue.entries()
    assert not queue.set_progress(1, 0.5, "")
