"""Rows go straight to their place: nothing moves them, nothing writes over them, nothing is left behind them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfile import disk, point_table
from runfile.chunk_plan import NODE_CHUNKS, next_chunk_count, rows_per_chunk
from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.records import Column
from runfile.writer import PointTable, RunWriter

Run = Callable[[], RunWriter]
Table = Callable[..., PointTable]


def mixed(writer: RunWriter) -> PointTable:
    """Columns of every kind of number."""
    kinds = {"a": "f8", "b": "i8", "c": "f4", "d": "u1", "e": ">f8", "f": "i2"}
    columns = [Column(name, "", name, dtype=kind) for name, kind in kinds.items()]
    return writer.table("data", title="t", signal="a", axes=["."], columns=columns)


def mixed_row(number: int) -> dict[str, Any]:
    return {
        "a": number / 3.0,
        "b": -number,
        "c": np.float32(number) / np.float32(7.0),
        "d": number % 256,
        "e": number * 0.1,
        "f": np.int16(number % 1000),
    }


def assert_mixed(table: Any, n_rows: int) -> None:
    assert table.n_points == n_rows
    for name in "abcdef":
        np.testing.assert_array_equal(table.column(name), [mixed_row(i)[name] for i in range(n_rows)])


def test_rows_survive_whatever_hdf5_writes_between(new_run: Run, make_spectra: Table) -> None:
    """Other tables, tags, notes and the log grow between the rows, over several steps of new chunks."""
    n_rows = 3500
    with new_run() as writer:
        table, spectra = mixed(writer), make_spectra(writer)
        for i in range(n_rows):
            table.append(**mixed_row(i))
            if i % 100 == 0:
                spectra.append(counts=np.full(8, i), counts_errors=np.ones(8), analyser_angle=45.0)
                writer.append_tags(np.arange(i), np.ones(i, dtype=int))
                writer.note(f"n{i}", {"row": i})
                writer.log(f"row {i}")
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        assert_mixed(run.table(), n_rows)
        np.testing.assert_array_equal(run.table("spectra").column("counts")[:, 3], np.arange(0, n_rows, 100))
        assert len(run.notes) == len(run.log) == n_rows // 100


def test_without_positioned_writes_the_file_is_the_same(new_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_table, "CAN_PLACE", False)
    monkeypatch.setattr(os, "pwrite", lambda *_: pytest.fail("a positioned write"))
    with new_run() as writer:
        table = mixed(writer)
        for i in range(1100):
            table.append(**mixed_row(i))
        rows = [mixed_row(i) for i in range(1100, 2400)]
        table.extend(**{name: np.array([row[name] for row in rows]) for name in "abcdef"})
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        assert_mixed(run.table(), 2400)


def test_a_live_reader_of_the_same_process_sees_the_rows(new_run: Run) -> None:
    with new_run() as writer:
        table = mixed(writer)
        for i in range(1500):
            table.append(**mixed_row(i))
            if i % 300 == 0:
                with RunFile(writer.path) as run:
                    assert_mixed(run.table(), i + 1)
        writer.finish("completed", 1.0)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=6), n_pixels=st.sampled_from([1, 5, 1024]))
def test_blocks_come_back_whatever_their_size(
    tmp_path_factory: pytest.TempPathFactory, make_spectra: Table, sizes: list[int], n_pixels: int
) -> None:
    sizes = [size // n_pixels for size in sizes]
    path = tmp_path_factory.mktemp("blocks") / "run.h5"
    writer = RunWriter.create(
        path,
        procedure="",
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
    rng = np.random.default_rng(sum(sizes))
    counts, angles = rng.normal(size=(sum(sizes), n_pixels)), rng.normal(size=sum(sizes))
    with writer:
        table = make_spectra(writer, "data", n_pixels)
        first = 0
        for size in sizes:
            block = slice(first, first + size)
            if size == 1:
                table.append(counts=counts[first], counts_errors=-counts[first], analyser_angle=angles[first])
            else:
                table.extend(counts=counts[block], counts_errors=-counts[block], analyser_angle=angles[block])
            first += size
        writer.finish("completed", 1.0)
    with RunFile(path) as run:
        np.testing.assert_array_equal(run.table().column("counts"), counts)
        np.testing.assert_array_equal(run.table().column("counts_errors"), -counts)
        np.testing.assert_array_equal(run.table().column("analyser_angle"), angles)


@pytest.mark.parametrize("end", [lambda writer: writer.finish("completed", 1.0), lambda writer: writer.close()])
def test_nothing_is_left_behind_the_last_row(new_run: Run, make_sweep: Table, end: Callable[[RunWriter], None]) -> None:
    writer = new_run()
    table = make_sweep(writer)
    for i in range(5):
        table.append(frequency=4.8 + i, counts=i, counts_reference=1)
    end(writer)
    with h5py.File(writer.path) as file:
        lengths = {name: item.shape[0] for name, item in file["entry/data"].items() if item.shape}
    assert lengths == {"frequency": 5, "counts": 5, "counts_reference": 5, "point": 5}
    assert writer.path.stat().st_size < 200_000


def test_nothing_is_put_into_a_file_that_is_closed(new_run: Run, make_sweep: Table, tmp_path: Path) -> None:
    """The number of the closed file's descriptor belongs to somebody else's file now."""
    with new_run() as writer:
        table = make_sweep(writer)
        table.append(frequency=4.8, counts=1, counts_reference=1)
        writer.finish("completed", 1.0)
    content = writer.path.read_bytes()
    others = [(tmp_path / f"other{i}").open("wb+") for i in range(8)]
    with pytest.raises(RunFileError, match="closed"):
        table.append(frequency=4.9, counts=2, counts_reference=2)
    with pytest.raises(RunFileError, match="closed"):
        table.extend(frequency=np.zeros(9999), counts=np.zeros(9999), counts_reference=np.zeros(9999))
    for other in others:
        other.close()
        assert Path(other.name).stat().st_size == 0
    assert writer.path.read_bytes() == content


@pytest.mark.skipif(not disk.CAN_PLACE, reason="no positioned writes here")
def test_a_failing_disk_is_named_and_what_was_recorded_stays(
    new_run: Run, make_sweep: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = new_run()
    table = make_sweep(writer)
    table.append(frequency=4.8, counts=1, counts_reference=2)
    real = os.pwrite
    calls = []

    def failing(descriptor: int, content: bytes, place: int) -> int:
        calls.append(place)
        if len(calls) == 3:
            raise OSError(5, "Input/output error")
        return real(descriptor, content, place)

    monkeypatch.setattr(os, "pwrite", failing)
    with pytest.raises(RunFileError, match=r"run\.h5: recording in /entry/data failed: Input/output error"):
        table.append(frequency=4.9, counts=3, counts_reference=4)
    with pytest.raises(RunFileError, match="an earlier write failed"):
        table.append(frequency=4.9, counts=3, counts_reference=4)
    with pytest.raises(RunFileError, match="an earlier write failed"):
        writer.finish("failed", 1.0)
    assert len(calls) == 3
    with RunFile(writer.path) as run:
        assert run.exit_status == "running"
        np.testing.assert_array_equal(run.table().column("counts"), [1])


@pytest.mark.skipif(not disk.CAN_PLACE, reason="no positioned writes here")
def test_a_write_that_is_cut_short_goes_on(new_run: Run, make_spectra: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda descriptor, content, place: real(descriptor, content[:13], place))
    with new_run() as writer:
        make_spectra(writer).append(counts=np.arange(8.0), counts_errors=np.ones(8), analyser_angle=45.0)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        np.testing.assert_array_equal(run.table("spectra").column("counts")[0], np.arange(8.0))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400, "1", None, 1.5, np.nan, True])
def test_odd_numbers_in_an_integer_column(new_run: Run, make_sweep: Table, value: object) -> None:
    with new_run() as writer:
        table = make_sweep(writer)
        if value is True:
            table.append(frequency=1.0, counts=value, counts_reference=0)
        else:
            with pytest.raises(RunFileError, match="column 'counts'"):
                table.append(frequency=1.0, counts=value, counts_reference=0)  # type: ignore[arg-type]
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        np.testing.assert_array_equal(run.table().column("counts"), [1] if value is True else [])


def test_an_interrupted_row_is_not_counted_and_is_written_over(
    new_run: Run, make_sweep: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_run() as writer:
        table = make_sweep(writer)
        table.append(frequency=4.8, counts=1, counts_reference=2)
        real = os.pwrite
        with monkeypatch.context() as patch:
            calls = iter(range(9))

            def interrupted(descriptor: int, content: bytes, place: int) -> int:
                if next(calls) == 2:
                    raise KeyboardInterrupt
                return real(descriptor, content, place)

            patch.setattr(os, "pwrite", interrupted)
            with pytest.raises(KeyboardInterrupt):
                table.append(frequency=9.9, counts=99, counts_reference=99)
        table.append(frequency=4.9, counts=3, counts_reference=4)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        np.testing.assert_array_equal(run.table().column("counts"), [1, 3])
        np.testing.assert_array_equal(run.table().column("frequency"), [4.8, 4.9])


def test_a_shape_without_entries_is_refused(new_run: Run) -> None:
    with new_run() as writer:
        with pytest.raises(RunFileError, match="no entries"):
            writer.table("data", title="", signal="x", axes=["."], columns=[Column("x", "", "x", (0,), axes=("y",))])
        writer.finish("failed", 1.0)


def test_a_long_row_is_a_chunk_of_its_own() -> None:
    assert rows_per_chunk([Column("image", "", "", (1024, 1024)), Column("x", "", "")]) == 1
    assert rows_per_chunk([Column("spectrum", "", "", (1024,)), Column("x", "", "")]) == 16
    assert rows_per_chunk([Column("x", "", "")]) == 1024


@settings(deadline=None)
@given(chunk_bytes=st.integers(2_000, 10**8), wanted=st.lists(st.integers(1, 300), max_size=20))
def test_full_nodes_of_the_list_never_hold_recorded_chunks_that_move(chunk_bytes: int, wanted: list[int]) -> None:
    """A model of HDF5's list: a node of 64 that gets one more keeps 57 and hands on 7 and the new one."""
    count = last_node = 0
    for more in wanted:
        recorded_in_last_node = last_node
        new_count = next_chunk_count(count, count + more, chunk_bytes)
        assert new_count >= count + more
        for _ in range(new_count - count):
            if last_node == NODE_CHUNKS:
                assert recorded_in_last_node <= 57
                last_node, recorded_in_last_node = 8, 0
            else:
                last_node += 1
        count = new_count
