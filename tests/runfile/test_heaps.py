"""Damage to the store of texts, on which HDF5 would stay for ever, is seen before HDF5 reads it."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from runfile import heaps
from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.writer import PointTable, RunWriter

HEAD = 16


@pytest.fixture
def written(new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable]) -> Path:
    with new_run() as writer:
        make_sweep(writer).append(frequency=1.0, counts=1, counts_reference=1)
        writer.finish("completed", 1.0)
    return writer.path


@pytest.fixture(params=["small", "large"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files looked through whole, and files looked through without their chunks."""
    if request.param == "large":
        monkeypatch.setattr(heaps, "_SMALL_BYTES", 0)


def object_places(content: bytes) -> list[int]:
    """Where the heads of all objects in global heaps are, the free space (number 0) of each heap last."""
    places = []
    heap = content.find(b"GCOL")
    while heap >= 0:
        end = heap + int.from_bytes(content[heap + 8 : heap + 16], "little")
        place = heap + HEAD
        while place + HEAD <= end:
            places.append(place)
            length = int.from_bytes(content[place + 8 : place + 16], "little")
            place += HEAD + -(-length // 8) * 8 if content[place : place + 2] != b"\0\0" else length
        assert place == end or end - place < HEAD
        heap = content.find(b"GCOL", heap + 4)
    return places


@pytest.mark.usefixtures("_size")
def test_sound_files_are_read(written: Path) -> None:
    assert len(object_places(written.read_bytes())) > 20
    with RunFile(written) as run:
        assert run.exit_status == "completed"


@pytest.mark.usefixtures("_size")
@pytest.mark.parametrize("length", [0, 2**64 - 32, 2**63])
@pytest.mark.parametrize("which", [0, -1])
def test_a_heap_that_leads_nowhere_is_refused(written: Path, which: int, length: int) -> None:
    content = bytearray(written.read_bytes())
    place = object_places(bytes(content))[which]
    content[place : place + 2] = b"\0\0" if length == 0 else b"\1\0"
    content[place + 8 : place + 16] = length.to_bytes(8, "little")
    written.write_bytes(content)
    with pytest.raises(RunFileError, match="texts are damaged"):
        RunFile(written)


def test_chunks_of_large_files_are_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that look like a damaged heap are still numbers."""
    monkeypatch.setattr(heaps, "_SMALL_BYTES", 0)
    path = tmp_path / "numbers.h5"
    looks_so = np.frombuffer(b"GCOL\x01\0\0\0" + (4096).to_bytes(8, "little") + bytes(4080), dtype="i8")
    with h5py.File(path, "w") as file:
        file.create_dataset("numbers", data=looks_so, chunks=looks_so.shape)
    with h5py.File(path) as file:
        assert not heaps.damaged_heap(path, file)


def test_a_large_file_with_a_torn_list_is_looked_through_whole(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heaps, "_SMALL_BYTES", 0)

    def torn(file: h5py.File) -> list[tuple[int, int]]:
        raise RuntimeError(f"{file} cannot be listed")

    monkeypatch.setattr(heaps, "_chunks", torn)
    with RunFile(written) as run:
        assert run.exit_status == "completed"
