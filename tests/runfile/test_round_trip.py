"""What goes into a run file comes out of it."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfile.encoding import analysis_from_json, plain, results_to_json, to_json, verdict_to_json
from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.records import Column
from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import PointTable, RunWriter, store_analysis

Run = Callable[[], RunWriter]
Table = Callable[..., PointTable]


def test_header_comes_back(new_run: Run) -> None:
    with new_run() as writer:
        writer.finish("completed", 12.5)
    with RunFile(writer.path) as run:
        assert (run.procedure, run.title, run.exit_status) == ("esr", "Spin resonance of one dot", "completed")
        assert run.parameters == {"power": 10.0, "gated": True, "line": "highest"}
        assert run.parameter_units["power"] == "dBm"
        assert run.conditions == {"temperature_k": 4.0, "field_t": 0.5}
        assert run.sample["dopants"][0]["g_factor"] == 2.0
        assert (run.station, run.sample_sheet) == ("twin: true\n", "name: dot\n")
        assert run.snapshot == {"opo": {"wavelength": 560.0}}
        assert (run.versions, run.seed, run.duration_s) == ({"solotron": "0.1.0"}, 7, 12.5)
        assert run.end_time >= run.start_time


def test_unfinished_run_says_running(new_run: Run) -> None:
    writer = new_run()
    with RunFile(writer.path) as run:
        assert run.exit_status == "running"
        assert math.isnan(run.duration_s)
        assert run.end_time == ""
    writer.close()


@pytest.mark.parametrize(("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "aborted")])
def test_leaving_early_is_marked(new_run: Run, error: type[BaseException], status: str) -> None:
    writer = new_run()
    with pytest.raises(error), writer:
        raise error
    with RunFile(writer.path) as run:
        assert run.exit_status == status


def test_rows_come_back_in_order(new_run: Run, make_sweep: Table) -> None:
    with new_run() as writer:
        table = make_sweep(writer)
        for i in range(3):
            table.append(frequency=4.8 + 0.1 * i, counts=100 + i, counts_reference=90)
        table.extend(frequency=[5.1, 5.2], counts=[103, 104], counts_reference=[90, 91])
        assert table.n_points == 5
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        data = run.table()
        assert data.n_points == 5
        assert data.columns == ("frequency", "counts", "counts_reference")
        np.testing.assert_allclose(data.column("frequency"), [4.8, 4.9, 5.0, 5.1, 5.2])
        np.testing.assert_array_equal(data.column("counts"), [100, 101, 102, 103, 104])
        assert data.column("counts").dtype == np.int64
        assert (data.unit("frequency"), data.long_name("frequency")) == ("GHz", "frequency (GHz)")
        assert (data.signal, data.axes) == ("counts", ("frequency",))


def test_arrays_and_fixed_axes_come_back(new_run: Run, make_spectra: Table) -> None:
    with new_run() as writer:
        make_spectra(writer).append(counts=np.arange(8.0), counts_errors=np.ones(8), analyser_angle=45.0)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        table = run.table("spectra")
        assert run.tables() == ("spectra",)
        assert table.column("counts").shape == (1, 8)
        np.testing.assert_allclose(table.column("wavelength"), np.linspace(600, 610, 8))
        assert table.fixed_axes == ("wavelength",)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"frequency": 1.0, "counts": 1}, "missing columns \\['counts_reference'\\]"),
        ({"frequency": 1.0, "counts": 1, "counts_reference": 1, "x": 1}, "unknown columns \\['x'\\]"),
        ({"frequency": [1.0, 2.0], "counts": 1, "counts_reference": 1}, "shape"),
        ({"frequency": 1.0, "counts": 1.5, "counts_reference": 1}, "does not fit"),
        ({"frequency": 1.0, "counts": math.nan, "counts_reference": 1}, "does not fit"),
        ({"frequency": "4.8", "counts": 1, "counts_reference": 1}, "not a number"),
    ],
)
def test_wrong_row_is_refused_before_anything_is_written(
    new_run: Run, make_sweep: Table, values: dict[str, object], match: str
) -> None:
    with new_run() as writer:
        table = make_sweep(writer)
        table.append(frequency=4.8, counts=1, counts_reference=2)
        with pytest.raises(RunFileError, match=match):
            table.append(**values)  # type: ignore[arg-type]
        table.append(frequency=4.9, counts=3, counts_reference=4)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        np.testing.assert_array_equal(run.table().column("counts"), [1, 3])
        np.testing.assert_array_equal(run.table().column("counts_reference"), [2, 4])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"signal": "light"}, "signal"),
        ({"axes": [".", "time"]}, "axes"),
        ({"columns": [Column("counts", "", "", (3,), axes=("time",))]}, "fixed axes"),
        ({"columns": [Column("counts", "", ""), Column("title", "", "")]}, "title"),
        ({"errors": {"counts": "counts_errors"}}, "errors"),
    ],
)
def test_table_that_cannot_be_plotted_is_refused(new_run: Run, change: dict[str, object], match: str) -> None:
    plan: dict[str, object] = {
        "title": "t",
        "signal": "counts",
        "axes": ["."],
        "columns": [Column("counts", "", "counts")],
        **change,
    }
    with new_run() as writer:
        with pytest.raises(RunFileError, match=match):
            writer.table("data", **plan)  # type: ignore[arg-type]
        writer.finish("failed", 0.0)
    with RunFile(writer.path) as run:
        assert not run.has_table("data")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 150_000), min_size=1, max_size=4), seed=st.integers(0, 2**31))
def test_tags_come_back_whatever_the_batches(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    path = tmp_path_factory.mktemp("tags") / "run.h5"
    writer = RunWriter.create(
        path,
        procedure="g2",
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
    stamps = [rng.integers(-(2**62), 2**62, size) for size in sizes]
    channels = [rng.integers(1, 256, size) for size in sizes]
    with writer:
        for t, c in zip(stamps, channels, strict=True):
            writer.append_tags(t, c)
        writer.set_tag_metadata(duration_s=2.0, channels={"detector_1": 1})
        writer.finish("completed", 1.0)
    with RunFile(path) as run:
        tags = run.tags()
        assert run.seed is None
    np.testing.assert_array_equal(tags.timestamps_ps, np.concatenate(stamps))
    np.testing.assert_array_equal(tags.channel, np.concatenate(channels))
    assert (tags.duration_s, tags.channels) == (2.0, {"detector_1": 1})


@pytest.mark.parametrize(
    ("stamps", "channel", "match"),
    [([1, 2], [1], "differ"), ([1.5], [1], "integers"), ([1], [0], "from 1"), ([1], [300], "from 1")],
)
def test_wrong_tags_are_refused(new_run: Run, stamps: list[float], channel: list[int], match: str) -> None:
    with new_run() as writer:
        with pytest.raises(RunFileError, match=match):
            writer.append_tags(stamps, channel)
        writer.finish("completed", 1.0)


def test_notes_and_log_come_back(new_run: Run) -> None:
    with new_run() as writer:
        writer.note("pulses", {"period_ns": 200.0, "starts": [1, 2]})
        writer.note("pulses", {"period_ns": np.float64(100.0), "starts": np.array([3])})
        writer.log("tuned to the line\nlocked")
        writer.log("µ" * 400)
        writer.finish("completed", 1.0)
    with RunFile(writer.path) as run:
        assert run.notes == {"pulses": {"period_ns": 100.0, "starts": [3]}}
        assert run.log[0].endswith(" tuned to the line")
        assert run.log[1].endswith(" locked")
        assert sum(line.count("µ") for line in run.log) == 400


def test_analysis_comes_back_with_nan_and_infinity(new_run: Run) -> None:
    analysis = Analysis(
        {"g2_zero": Result(math.nan, 0.1, "1", "none", (0.0, math.inf), 0.68), "tau": Result(1.0, 0.1, "ns", "ml")},
        Verdict((Check("a", True, "fine"), Check("b", False, "not fine"))),
        ("careful",),
    )
    with new_run() as writer:
        writer.finish("completed", 1.0)
    store_analysis(writer.path, Analysis({}, Verdict(())))
    store_analysis(writer.path, analysis)
    with RunFile(writer.path) as run:
        stored = run.analysis()
    assert stored is not None
    assert math.isnan(stored.results["g2_zero"].value)
    assert stored.results["g2_zero"].interval == (0.0, math.inf)
    assert stored.results["tau"] == analysis.results["tau"]
    assert (stored.verdict, stored.warnings) == (analysis.verdict, analysis.warnings)
    json.loads(results_to_json(analysis.results), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_plain_values_survive_json(value: object) -> None:
    assert json.loads(to_json(value)) == plain(value) == value


@given(st.floats(), st.floats())
def test_every_float_of_a_result_survives(value: float, stderr: float) -> None:
    results = {"x": Result(value, stderr, "1", "m")}
    again = analysis_from_json(results_to_json(results), verdict_to_json(Verdict(())), "[]").results["x"]
    assert again.value == value or (math.isnan(again.value) and math.isnan(value))
    assert again.stderr == stderr or (math.isnan(again.stderr) and math.isnan(stderr))


def test_nothing_is_recorded_after_the_end(new_run: Run) -> None:
    with new_run() as writer:
        writer.finish("completed", 1.0)
    with pytest.raises(RunFileError, match="finished"):
        writer.log("too late")
