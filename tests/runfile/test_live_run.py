"""A run in memory says what the file of the same run says, costs no copies, and keeps to its bounds."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfile.errors import RunFileError
from runfile.live_run import LiveRun, RunFacts
from runfile.live_table import LiveTable
from runfile.live_tags import LiveTags
from runfile.reader import RunFile
from runfile.reading import RecordedRun, RecordedTable
from runfile.records import Column, FixedAxis, Parameter
from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import RunWriter

CHANNELS = {"detector_1": 1, "detector_2": 2}
PARAMETERS = {"power": Parameter(10.0, "dBm"), "gated": Parameter(True), "line": Parameter("highest")}


def live_run(**bounds: int) -> LiveRun:
    facts = RunFacts(
        path=Path("run.h5"),
        procedure="esr",
        title="Spin resonance of one dot",
        parameters=PARAMETERS,
        sample={"name": "dot", "dopants": ({"g_factor": np.float64(2.0)},)},
        conditions={"temperature_k": 4.0, "field_t": 0.5},
    )
    return LiveRun(facts, **bounds)


def sweep(target: Any) -> Any:
    return target.table(
        "data",
        title="Fluorescence",
        signal="counts",
        axes=["frequency"],
        columns=[Column("frequency", "GHz", "frequency (GHz)"), Column("counts", "counts", "photons", dtype="i8")],
    )


def spectra(target: Any) -> Any:
    return target.table(
        "spectra",
        title="Spectra",
        signal="counts",
        axes=[".", "wavelength"],
        columns=[Column("counts", "counts", "photo-electrons", (8,), axes=("wavelength",))],
        fixed_axes=[FixedAxis("wavelength", "nm", "wavelength (nm)", np.linspace(600.0, 610.0, 8))],
    )


def record(target: Any) -> None:
    """The same words to a file and to the memory."""
    table, exposures = sweep(target), spectra(target)
    for k in range(40):
        table.append(frequency=8.0 + 0.01 * k, counts=1000 + k)
    table.extend(frequency=[9.0, 9.1], counts=[7, 8])
    exposures.append(counts=np.arange(8.0))
    target.note("pulses", {"period_ns": np.float64(200.0), "starts": (0, 5), "nothing": float("nan")})
    target.note("pulses", {"period_ns": np.float64(200.0), "starts": (0, 6), "nothing": float("nan")})
    target.append_tags(np.array([10, 20, 30]), np.array([1, 2, 1]))
    target.set_tag_metadata(duration_s=1.5, channels=CHANNELS)
    target.write_analysis(
        Analysis({"x": Result(1.0, 0.1, "ns", "counted")}, Verdict((Check("light", True, "there is light"),)), ("w",))
    )


def same_table(one: RecordedTable, other: RecordedTable) -> None:
    for name in ("title", "signal", "axes", "columns", "fixed_axes", "n_points"):
        assert getattr(one, name) == getattr(other, name), name
    for name in (*other.columns, *other.fixed_axes, "point"):
        np.testing.assert_array_equal(one.column(name), other.column(name))
        assert one.column(name).dtype == other.column(name).dtype
        assert (one.unit(name), one.long_name(name)) == (other.unit(name), other.long_name(name))


def same_run(one: RecordedRun, other: RecordedRun) -> None:
    for name in ("procedure", "title", "parameters", "parameter_units", "conditions", "sample", "notes", "exit_status"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.duration_s == pytest.approx(other.duration_s, nan_ok=True)
    assert one.tables() == other.tables()
    for name in other.tables():
        same_table(one.table(name), other.table(name))
    assert one.has_tags() == other.has_tags()
    np.testing.assert_array_equal(one.tags().timestamps_ps, other.tags().timestamps_ps)
    np.testing.assert_array_equal(one.tags().of("detector_1"), other.tags().of("detector_1"))
    assert one.tags().duration_s == other.tags().duration_s
    assert one.analysis() == other.analysis()


def test_memory_and_file_say_the_same(tmp_path: Path) -> None:
    live = live_run()
    writer = RunWriter.create(
        tmp_path / "run.h5",
        procedure=live.facts.procedure,
        title=live.facts.title,
        parameters=live.facts.parameters,
        station="",
        snapshot={},
        sample_sheet="",
        sample=live.facts.sample,
        conditions=live.facts.conditions,
        versions={},
        seed=None,
    )
    for target in (writer, live):
        record(target)
        target.finish("completed", 12.5)
    with RunFile(writer.path) as run:
        same_run(live.snapshot(), run)


def test_a_snapshot_does_not_change() -> None:
    live = live_run()
    table = sweep(live)
    for k in range(20):
        table.append(frequency=float(k), counts=k)
    live.note("a", 1)
    live.append_tags(np.array([1, 2]), np.array([1, 2]))
    live.set_tag_metadata(duration_s=1.0, channels=CHANNELS)
    before = live.snapshot()
    for k in range(2000):
        table.append(frequency=-1.0, counts=k)
    live.note("a", 2)
    live.append_tags(np.array([3]), np.array([1]))
    live.set_tag_metadata(duration_s=2.0, channels=CHANNELS)
    live.finish("completed", 3.0)
    np.testing.assert_array_equal(before.table().column("frequency"), np.arange(20.0))
    assert (before.notes, before.exit_status, before.tags().timestamps_ps.size) == ({"a": 1}, "running", 2)
    assert live.snapshot().table().n_points == 2020


def test_a_snapshot_costs_no_copy_and_cannot_be_written_to() -> None:
    live = live_run()
    table = sweep(live)
    for k in range(20):
        table.append(frequency=float(k), counts=k)
    first, second = (live.snapshot().table().column("frequency") for _ in range(2))
    assert np.shares_memory(first, second)
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-(2**40), 2**40), max_size=30), max_size=12))
def test_every_row_comes_back_in_order(batches: list[list[int]]) -> None:
    table = sweep(live_run())
    for batch in batches:
        if len(batch) == 1:
            table.append(frequency=float(batch[0]), counts=batch[0])
        else:
            table.extend(frequency=[float(x) for x in batch], counts=batch)
    found = table.snapshot()
    expected = [x for batch in batches for x in batch]
    assert found.column("counts").tolist() == expected
    assert found.column("frequency").tolist() == expected
    assert found.n_points == len(expected)


def test_a_reader_sees_only_whole_rows_while_a_writer_writes() -> None:
    table = sweep(live_run())

    def write() -> None:
        for k in range(20_000):
            table.append(frequency=float(k), counts=k)

    thread = Thread(target=write)
    thread.start()
    seen = []
    while thread.is_alive():
        now = table.snapshot()
        seen.append(now.n_points)
        np.testing.assert_array_equal(now.column("frequency"), now.column("counts"))
        np.testing.assert_array_equal(now.column("counts"), np.arange(now.n_points))
    thread.join()
    assert seen == sorted(seen)
    assert table.snapshot().n_points == 20_000


def test_rows_beyond_the_bound_are_counted_not_kept() -> None:
    live = live_run(most_table_bytes=16 * 100)
    table = sweep(live)
    for k in range(90):
        table.append(frequency=float(k), counts=k)
    table.extend(frequency=np.zeros(30), counts=np.zeros(30, dtype=np.int64))
    table.append(frequency=0.0, counts=0)
    found = live.snapshot()
    assert found.table().n_points == 100
    assert found.left_out == {"data": 21}


def test_nothing_is_left_out_of_a_usual_run() -> None:
    live = live_run()
    record(live)
    assert live.snapshot().left_out == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.append(frequency=1.0), "missing columns \\['counts'\\]"),
        (lambda t: t.append(frequency=1.0, counts=1, more=2), "unknown columns \\['more'\\]"),
        (lambda t: t.append(frequency=[1.0, 2.0], counts=1), "column 'frequency': got shape"),
        (lambda t: t.extend(frequency=[1.0, 2.0], counts=[1]), "same number of rows"),
        (lambda t: t.snapshot().column("nonsense"), "no column 'nonsense'; it has frequency, counts"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call: Callable[[LiveTable], object], message: str) -> None:
    table = sweep(live_run())
    with pytest.raises(RunFileError, match=message):
        call(table)
    assert table.n_points == 0


def test_tables_are_refused_by_name() -> None:
    live = live_run()
    sweep(live)
    with pytest.raises(RunFileError, match="'data' exists already"):
        sweep(live)
    with pytest.raises(RunFileError, match="no table 'scan'; it holds data"):
        live.snapshot().table("scan")
    with pytest.raises(RunFileError, match="no time tags"):
        live.snapshot().tags()


def test_oldest_tags_go_with_their_live_time() -> None:
    live = live_run(most_tag_bytes=9 * 2500)
    for batch in range(10):
        live.append_tags(np.arange(1000) + 1000 * batch, np.ones(1000, dtype=np.uint8))
        live.set_tag_metadata(duration_s=2.0 * (batch + 1), channels=CHANNELS)
    found = live.snapshot()
    tags = found.tags()
    assert tags.timestamps_ps.tolist() == list(range(8000, 10_000))
    assert tags.timestamps_ps.size / tags.duration_s == pytest.approx(500.0)
    assert found.left_out == {"photons": 8000}


def test_tags_whose_live_time_is_not_told_yet_wait() -> None:
    live = live_run()
    live.append_tags([1, 2, 3], [1, 2, 1])
    assert np.isnan(live.snapshot().tags().duration_s)
    live.set_tag_metadata(duration_s=1.0, channels=CHANNELS)
    live.append_tags([4, 5], [1, 2])
    tags = live.snapshot().tags()
    assert (tags.timestamps_ps.tolist(), tags.duration_s) == ([1, 2, 3], 1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 10.0), st.booleans()), min_size=1, max_size=30))
def test_rate_of_bounded_tags_is_that_of_their_own_records(records: list[tuple[int, float, bool]]) -> None:
    tags, total_s, told = LiveTags(9 * 100), 0.0, []
    for number, (size, live_s, split) in enumerate(records):
        times = np.full(size, number)
        for part in np.array_split(times, 2) if split else [times]:
            tags.append(part, np.ones(part.size))
        total_s += live_s
        tags.set_metadata(total_s, CHANNELS)
        told.append((size, live_s))
    picture = tags.snapshot()
    assert picture is not None
    found = picture.join()
    kept = sorted(set(found.timestamps_ps.tolist()))
    assert found.timestamps_ps.size <= 150
    if tags.n_left_out == 0:
        assert found.duration_s == pytest.approx(total_s)
        assert found.timestamps_ps.size == sum(size for size, _ in told)
    else:
        assert found.duration_s <= total_s + 1e-9
        assert found.duration_s >= sum(told[k][1] for k in kept[1:]) - 1e-9


def test_tags_of_two_lengths_are_refused() -> None:
    with pytest.raises(RunFileError, match="differ in shape"):
        live_run().append_tags([1, 2], [1])


def test_the_memory_needs_no_hdf5() -> None:
    import subprocess
    import sys

    code = "import runfile.live_run, runfile.reading, sys; sys.exit('h5py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
