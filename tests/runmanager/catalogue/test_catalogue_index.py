import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runmanager.catalogue import indexing, places
from runmanager.catalogue.index import DamagedIndexError, Index, discard
from runmanager.catalogue.indexing import Refreshed, refresh
from runmanager.catalogue.reading_process import ReadingProcesses
from runmanager.catalogue.records import Kind
from runmanager.catalogue.scan_folder import scan
from runmanager.errors import BadInputError


@pytest.fixture
def index(folder):
    with Index(folder) as opened:
        refresh(opened)
        yield opened


def names(rows):
    return {row.name for row in rows}


def test_every_file_is_a_row_also_in_subfolders(index):
    assert names(index.find()) == {"a.h5", "b.h5", "night/c.h5", "d.h5", "torn.h5"}


def test_a_row_says_what_the_run_was(index):
    row = next(row for row in index.find() if row.name == "a.h5")
    assert (row.procedure, row.sample, row.exit_status, row.passed, row.seed) == (
        "esr", "dot-1", "completed", True, 7,
    )  # fmt: skip
    assert row.headline == "lifetime 14.000 ± 0.030 ns"  # the first result that has an error
    assert row.duration_s == 90.0
    assert row.started_at is not None


def test_an_unreadable_file_is_a_row_with_the_reason(index):
    row = next(row for row in index.find() if row.name == "torn.h5")
    assert row.kind is Kind.UNREADABLE
    assert "truncated" in row.problem


def test_a_run_whose_process_died_is_interrupted(folder, write):
    write(folder / "dead.h5", status=None)
    with Index(folder) as index:
        refresh(index)
        assert index.find("file:dead")[0].exit_status == "interrupted"


@pytest.mark.skipif(sys.platform == "win32", reason="HDF5 does not lock there")
def test_a_run_that_is_being_written_is_running_and_looked_at_again(folder, write):
    import fcntl

    path = write(folder / "now.h5", status=None)
    with Index(folder) as index, path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)  # as HDF5 does
        refresh(index)
        assert index.find("file:now")[0].exit_status == "running"
        fcntl.flock(writer, fcntl.LOCK_UN)
        assert refresh(index).n_changed == 1
        assert index.find("file:now")[0].exit_status == "interrupted"


def test_nothing_is_read_twice(index, monkeypatch):
    monkeypatch.setattr(indexing, "describe_all", lambda *_: pytest.fail("read again"))
    assert refresh(index) == Refreshed()


def test_a_changed_file_is_read_again_and_its_picture_forgotten(index, write):
    index.put_thumbnail("a.h5", b"old picture")
    (index.folder / "a.h5").unlink()
    write(index.folder / "a.h5", lifetime_ns=20.0, changed_at_s=1_700_000_500)
    assert refresh(index).n_changed == 1
    assert "20.0" in index.find("file:a.h5")[0].headline
    assert index.thumbnail("a.h5") is None


def test_a_file_of_this_moment_is_read_again_later(folder, write):
    write(folder / "fresh.h5", changed_at_s=None)
    with Index(folder) as index:
        refresh(index)
        assert refresh(index).n_changed == 1  # a change within the clock's tick would not show in its time


def test_a_file_that_has_gone_is_no_row(index):
    (index.folder / "a.h5").unlink()
    assert refresh(index).n_removed == 1
    assert "a.h5" not in names(index.find())


def test_a_folder_that_is_away_is_not_an_empty_one(index):
    index.folder.rename(index.folder.with_name("elsewhere"))
    with pytest.raises(BadInputError, match="cannot be listed"):
        refresh(index)
    assert index.count() == 5


def test_rows_of_a_closed_subfolder_stay(index, monkeypatch):
    from runmanager.catalogue.scan_folder import Scan

    seen = scan(index.folder)
    without = Scan({name: stamp for name, stamp in seen.files.items() if "/" not in name}, ("night",))
    monkeypatch.setattr(indexing, "scan", lambda folder: without)
    assert refresh(index).closed_folders == ("night",)
    assert "night/c.h5" in names(index.find())


def test_hidden_files_and_folders_are_left_out(folder, write):
    write(folder / ".trash" / "x.h5")
    (folder / ".hidden.h5").write_bytes(b"x")
    assert not any(name.startswith(".") for name in scan(folder).files)


def test_a_stopped_refresh_goes_on_at_the_next(index, write, monkeypatch):
    monkeypatch.setattr(indexing, "_AT_A_TIME", 1)
    for k in range(4):
        write(index.folder / f"more-{k}.h5")
    stopped = refresh(index, stop=lambda: True)
    assert not stopped.complete
    assert index.count() == 6
    assert refresh(index).complete
    assert index.count() == 9


def test_processes_give_the_same_rows(folder):
    with Index(folder) as index, ReadingProcesses(1) as readers:
        told = []
        refresh(index, readers=readers, report=lambda fraction, what: told.append(fraction))
        beside = index.find()
        discard(folder)
    with Index(folder) as index:
        refresh(index)
        assert index.find() == beside
    assert told[-1] == 1.0


def test_a_file_that_kills_its_reader_costs_one_row(index):
    class Readers:
        n_processes = 1

        def submit(self, work, folder, names):
            from concurrent.futures import Future
            from concurrent.futures.process import BrokenProcessPool

            future = Future()
            if "deadly.h5" in names:
                future.set_exception(BrokenProcessPool("died"))
            else:
                future.set_result(work(folder, names))
            return future

    (index.folder / "deadly.h5").write_bytes(b"x")
    (index.folder / "harmless.ptu").write_bytes(b"y")
    refresh(index, readers=Readers())
    problems = {row.name: row.problem for row in index.find("kind:unreadable")}
    assert "died of it" in problems["deadly.h5"]
    assert "harmless.ptu" in problems
    assert "died" not in problems["harmless.ptu"]


def test_an_index_that_is_no_database_is_made_anew(folder):
    places.index_beside(folder).write_bytes(b"this is not an index" * 100)
    with Index(folder) as index:
        refresh(index)
        assert index.count() == 5
    assert places.index_beside(folder).with_name(places.INDEX_NAME + ".damaged").exists()


def test_damage_found_later_has_a_name_and_a_cure(folder):
    with Index(folder) as index:
        refresh(index)
    path = places.index_beside(folder)
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'facts_by_name'").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * page_bytes : page * page_bytes] = b"\xa5" * page_bytes
    path.write_bytes(content)
    with Index(folder) as index, pytest.raises(DamagedIndexError, match="is damaged"):
        index.find("lifetime>3")
    discard(folder)
    with Index(folder) as index:
        refresh(index)
        assert index.count() == 5


def test_an_older_index_is_made_anew_and_a_newer_left_alone(folder):
    path = places.index_beside(folder)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (x)")
    connection.close()
    with Index(folder) as index:
        assert index.path == path
        refresh(index)
        assert index.count() == 5
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with Index(folder) as index:
        assert index.path == places.index_elsewhere(folder)
        refresh(index)
        assert index.count() == 5


def test_a_read_only_folder_keeps_its_index_in_the_users_cache(folder):
    folder.chmod(0o555)
    try:
        with Index(folder) as index:
            refresh(index)
            assert index.path == places.index_elsewhere(folder)
            assert index.count() == 5
        assert not places.index_beside(folder).exists()
    finally:
        folder.chmod(0o755)


def test_a_missing_folder_is_refused_by_name(tmp_path):
    with pytest.raises(BadInputError, match="nowhere is not a folder"):
        Index(tmp_path / "nowhere")


def test_two_processes_at_once_agree(folder, write):
    for k in range(30):
        write(folder / f"more-{k}.h5")
    program = (
        "import sys; from pathlib import Path\n"
        "from runmanager.catalogue.index import Index\n"
        "from runmanager.catalogue.indexing import refresh\n"
        "with Index(Path(sys.argv[1])) as index:\n"
        "    refresh(index); print(index.count())\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in running] == ["35", "35"]
    with sqlite3.connect(places.index_beside(folder)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_real_photon_files_are_listed_with_what_their_header_says(real_data):
    with Index(real_data) as index:
        refresh(index)
        row = index.find("file:hbt_t3_80MHz.ptu")[0]
    assert row.kind is Kind.PHOTONS
    assert row.procedure == "ptu"
    assert row.duration_s == 5.0
    assert "12.5 ns" in row.title
    assert index.path == places.index_elsewhere(real_data)
