"""Whoever looks on sees every record after it is on the disk, and cannot hurt the run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter
from runmanager import engine
from runmanager.engine import RunOutcome
from runmanager.mirror import MirroredWriter
from runmanager.observer import Announcer
from runmanager.run_control import RunControl

FakeExperiment = Any
Run = Callable[[], RunOutcome]


class Notebook:
    """An observer that writes down what it is told: (method, arguments)."""

    def __init__(self) -> None:
        self.told: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.told.append((name, arguments))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for each, arguments in self.told if each == name]


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def watched(run: Run, notebook: Notebook, tmp_path: Path) -> Run:
    """Run the fake experiment with the notebook looking on."""
    return lambda: engine.run(engine.RunRequest("fake", out=tmp_path), observer=notebook)


def test_observer_sees_the_run_in_its_order(watched: Run, notebook: Notebook) -> None:
    outcome = watched()
    names = [name for name, _ in notebook.told]
    wanted = [
        "run_opened",
        "progressed",
        "table_made",
        "row_recorded",
        "row_recorded",
        "logged",
        "finished",
        "analysed",
    ]
    assert [name for name in names if name in wanted] == wanted
    assert notebook.of("run_opened")[0][0].path == outcome.run_file
    assert notebook.of("row_recorded")[1] == ("data", {"x": 1, "y": 2})
    assert notebook.of("finished") == [("completed", 5.0)]
    assert notebook.of("analysed") == [(outcome.analysis,)]


def test_row_is_in_the_file_before_it_is_shown(watched: Run, notebook: Notebook, monkeypatch: Any) -> None:
    in_file: list[int] = []

    def look(group: str, values: object) -> None:
        path = notebook.of("run_opened")[0][0].path
        monkeypatch.setenv("HDF5_USE_FILE_LOCKING", "FALSE")
        content = path.read_bytes()
        in_file.append(content.count(np.float64(2.0).tobytes()))

    notebook.row_recorded = look
    watched()
    assert in_file[1] > in_file[0]


def test_observer_that_fails_is_left_out_and_the_run_completes(
    watched: Run, notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object) -> None:
        raise ValueError("the window is gone")

    notebook.row_recorded = fail
    outcome = watched()
    assert outcome.exit_status == "completed"
    assert "the window is gone" in caplog.text
    assert not notebook.of("finished")  # told nothing any more
    with RunFile(outcome.run_file) as recorded:
        assert recorded.table().n_points == 2


def test_without_observer_the_experiment_gets_the_plain_writer(run: Run, experiment: FakeExperiment) -> None:
    kinds: list[type] = []
    experiment.then = lambda self: kinds.append(type(self.recorder))
    run()
    assert kinds == [RunWriter]


def test_enough_ends_the_run_with_its_reason_in_the_log(run: Run, experiment: FakeExperiment, tmp_path: Path) -> None:
    asked: list[float] = []

    def enough(bench_s: float) -> str:
        asked.append(bench_s)
        return "known to 1 %"

    ended: list[bool] = []
    experiment.then = lambda self: ended.append(self.enough())
    outcome = engine.run(engine.RunRequest("fake", out=tmp_path), control=RunControl(enough=enough))
    assert ended == [True]
    assert asked == [5.0]
    with RunFile(outcome.run_file) as recorded:
        assert any("ends early: known to 1 %" in line for line in recorded.log)


def test_mirrored_table_tells_rows_tags_notes_and_log(tmp_path: Path, notebook: Notebook) -> None:
    writer = MirroredWriter.create(
        tmp_path / "run.h5",
        procedure="fake",
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
    writer.announcer = Announcer(notebook)  # type: ignore[arg-type]
    columns = (Column("y", "", "y", (2,), axes=("pixel",)),)
    axes = (FixedAxis("pixel", "", "pixel", np.arange(2)),)
    table = writer.table("data", title="t", signal="y", axes=(".", "pixel"), columns=columns, fixed_axes=axes)
    table.append(y=np.array([1.0, 2.0]))
    table.extend(y=np.array([[3.0, 4.0], [5.0, 6.0]]))
    writer.note("fact", {"a": 1})
    writer.append_tags(np.array([1, 2]), np.array([1, 2]))
    writer.set_tag_metadata(duration_s=2.0, channels={"detector_1": 1})
    writer.log("a line")
    assert table.n_points == 3
    writer.finish("completed", 1.0)
    assert [name for name, _ in notebook.told] == [
        "table_made",
        "row_recorded",
        "rows_recorded",
        "noted",
        "tags_recorded",
        "tags_described",
        "logged",
    ]
    with RunFile(tmp_path / "run.h5") as recorded:
        np.testing.assert_array_equal(recorded.table().column("y"), [[1, 2], [3, 4], [5, 6]])
        assert recorded.tags().duration_s == 2.0


def test_row_that_was_refused_is_not_shown(tmp_path: Path, watched: Run, notebook: Notebook, experiment: Any) -> None:
    def record_nonsense(self: Any) -> None:
        table = self.recorder.table("more", title="", signal="z", axes=(".",), columns=(Column("z", "", "z"),))
        table.append(z="text")

    experiment.then = record_nonsense
    assert watched().exit_status == "failed"
    assert len(notebook.of("row_recorded")) == 2
