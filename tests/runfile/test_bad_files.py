"""Bad files and full disks: one clear line, and what was recorded stays readable."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.writer import PointTable, RunWriter

ROOT = Path(__file__).resolve().parents[2]


def one_line(path: Path) -> str:
    with pytest.raises(RunFileError) as caught:
        RunFile(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    return text


def test_absent_file(tmp_path: Path) -> None:
    assert "No such file" in one_line(tmp_path / "none.h5")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.h5").touch()
    assert "empty" in one_line(tmp_path / "empty.h5")


def test_file_that_is_not_hdf5(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_text("wavelength,counts\n")
    assert "not an HDF5 file" in one_line(tmp_path / "a.h5")


def test_hdf5_of_somebody_else(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = 1
    assert "not a run file" in one_line(tmp_path / "b.h5")


def test_newer_file(new_run: Callable[[], RunWriter]) -> None:
    with new_run() as writer:
        writer.finish("completed", 1.0)
    with h5py.File(writer.path, "r+") as file:
        file.attrs["format_version"] = 99
    assert "newer" in one_line(writer.path)


def test_truncated_file(new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable]) -> None:
    with new_run() as writer:
        make_sweep(writer).append(frequency=1.0, counts=1, counts_reference=1)
        writer.finish("completed", 1.0)
    content = writer.path.read_bytes()
    writer.path.write_bytes(content[: len(content) // 2])
    assert "truncated" in one_line(writer.path)


def test_missing_tables_and_columns_are_named(
    new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable]
) -> None:
    with new_run() as writer:
        make_sweep(writer)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        assert run.table().n_points == 0
        with pytest.raises(RunFileError, match="it holds data"):
            run.table("spectra")
        with pytest.raises(RunFileError, match="frequency"):
            run.table().column("field")
        with pytest.raises(RunFileError, match="no time tags"):
            run.tags()


def test_existing_file_is_not_overwritten(new_run: Callable[[], RunWriter]) -> None:
    with new_run() as writer:
        writer.finish("completed", 1.0)
    before = writer.path.read_bytes()
    with pytest.raises(RunFileError, match="exists"):
        new_run()
    assert writer.path.read_bytes() == before


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="folder"):
        RunWriter.create(
            tmp_path / "nowhere" / "run.h5",
            procedure="esr",
            title="",
            parameters={},
            station="",
            snapshot={},
            sample_sheet="",
            sample={},
            conditions={},
            versions={},
            seed=None,
        )


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import numpy as np
from pathlib import Path
from runfile.errors import RunFileError
from runfile.writer import Column, RunWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, resource.RLIM_INFINITY))
writer = RunWriter.create(Path(sys.argv[1]), procedure="g2", title="", parameters={}, station="", snapshot={},
    sample_sheet="", sample={}, conditions={}, versions={}, seed=None)
table = writer.table("data", title="", signal="x", axes=["."], columns=[Column("x", "", "x")])
rng, n = np.random.default_rng(0), 0
try:
    while True:
        table.append(x=float(n))
        writer.append_tags(rng.integers(0, 2**62, 5000), np.ones(5000, dtype=int))
        n += 1
except RunFileError as error:
    print(table.n_points, n, str(error))
writer.finish("failed", 1.0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX facility")
def test_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    """The limit on the file's size fails writes in the way a full disk does."""
    path = tmp_path / "run.h5"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(ROOT)], capture_output=True, text=True, check=True
    )
    n_points, n_batches, message = done.stdout.strip().split(" ", 2)
    assert "no room" in message
    assert int(n_batches) > 5
    with RunFile(path) as run:
        assert run.exit_status == "failed"
        np.testing.assert_array_equal(run.table().column("x"), np.arange(int(n_points)))
        assert run.tags().timestamps_ps.size == 5000 * int(n_batches)


def test_file_in_use_by_another_process_is_named(new_run: Callable[[], RunWriter]) -> None:
    writer = new_run()
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from runfile.reader import RunFile\n"
        "try: RunFile(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(writer.path), str(ROOT)], capture_output=True, text=True, check=True
    )
    writer.close()
    assert done.stdout.startswith("RunFileError")
    assert "is writing it" in done.stdout


def test_header_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        RunWriter.create(
            tmp_path / "run.h5",
            procedure="g2",
            title="",
            parameters={},
            station="",
            snapshot={},
            sample_sheet="",
            sample={},
            conditions={},
            versions={},
            seed=10**30,  # HDF5 has no integer of this size
        )
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_tables_written_in_part_is_named(
    new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable]
) -> None:
    """What a kill between two system calls leaves while a table is made: the names of /entry are damaged."""
    with new_run() as writer:
        make_sweep(writer).append(frequency=1.0, counts=1, counts_reference=1)
        writer.finish("completed", 1.0)
    content = bytearray(writer.path.read_bytes())
    heaps = [place for place in range(len(content)) if content[place : place + 4] == b"HEAP"]
    for place in heaps:  # the head of the list of free places, far outside the heap
        content[place + 16 : place + 24] = (2**40).to_bytes(8, "little")
    writer.path.write_bytes(content)
    one_line(writer.path)
