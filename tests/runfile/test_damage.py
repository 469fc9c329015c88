"""Whatever part of a run file is damaged, the reader says so in one line and takes no memory for it."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.writer import PointTable, RunWriter


@pytest.fixture
def written(new_run: Callable[[], RunWriter], make_sweep: Callable[..., PointTable]) -> Path:
    with new_run() as writer:
        make_sweep(writer).append(frequency=1.0, counts=1, counts_reference=1)
        writer.note("lines", {"n": 6})
        writer.append_tags([1, 2], [1, 2])
        writer.finish("completed", 1.0)
    return writer.path


def refusal(path: Path, read: Callable[[RunFile], object]) -> str:
    with RunFile(path) as run, pytest.raises(RunFileError) as caught:
        read(run)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("place", "read"),
    [
        ("process/parameters", lambda run: run.parameters),
        ("process/parameters", lambda run: run.parameter_units),
        ("process/notes/lines", lambda run: run.notes),
        ("process/versions", lambda run: run.versions),
        ("sample/conditions", lambda run: run.conditions),
        ("photons/channels", lambda run: run.tags()),
    ],
)
@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_text_that_is_no_json_is_named(written: Path, place: str, text: str, read: Callable[[RunFile], object]) -> None:
    with h5py.File(written, "r+") as file:
        file["entry"].pop(place, None)
        file["entry"][place] = text
    assert "damaged" in refusal(written, read)


def test_a_list_in_place_of_names_and_values_is_named(written: Path) -> None:
    with h5py.File(written, "r+") as file:
        del file["entry/process/versions"]
        file["entry/process/versions"] = "[1]"
    assert "no list of names and values" in refusal(written, lambda run: run.versions)


def test_a_number_in_place_of_a_text_is_named(written: Path) -> None:
    with h5py.File(written, "r+") as file:
        del file["entry/title"]
        file["entry/title"] = 1.0
    assert "/entry/title" in refusal(written, lambda run: run.title)


def test_a_group_in_place_of_a_dataset_is_named(written: Path) -> None:
    with h5py.File(written, "r+") as file:
        del file["entry/duration_s"]
        file.create_group("entry/duration_s")
    assert "duration" in refusal(written, lambda run: run.duration_s)


def test_a_table_without_its_units_is_named(written: Path) -> None:
    with h5py.File(written, "r+") as file:
        del file["entry/data/counts"].attrs["units"]
    assert "units of counts" in refusal(written, lambda run: run.table().unit("counts"))


def test_a_column_that_claims_more_than_the_file_holds_is_refused(written: Path) -> None:
    with h5py.File(written, "r+") as file:
        del file["entry/data/counts"]
        file["entry/data"].create_dataset(
            "counts", shape=(1, 10**9), dtype="f4", maxshape=(None, 10**9), chunks=(1, 1000)
        )
    assert "claims 4000000000 bytes where 0 are stored" in refusal(written, lambda run: run.table().column("counts"))


def test_what_compresses_well_is_no_false_claim(tmp_path: Path, new_run: Callable[[], RunWriter]) -> None:
    """Tags at one moment, all in one channel, take a thousandth of their size."""
    with new_run() as writer:
        writer.append_tags(np.zeros(3_000_000, dtype=np.int64), np.ones(3_000_000, dtype=np.uint8))
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        assert run.tags().timestamps_ps.size == 3_000_000
