"""Every run ends in the safe state, with a finished file and a closed bench, whatever happens in it."""

import errno
import json
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from analysis import registry
from analysis.errors import AnalysisError
from instruments.errors import LimitError
from procedures.errors import RefusedError
from runfile import writer
from runfile.errors import RunFileError
from runfile.reader import RunFile
from runfile.results import Analysis
from runmanager import output
from runmanager.engine import RunOutcome
from runmanager.errors import BadInputError

Run = Callable[[], RunOutcome]


def raising(error: BaseException) -> Callable[..., Any]:
    """A function that does nothing but raise ``error``."""

    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


def test_completed_run_begins_and_ends_in_the_safe_state(run: Run, bench: Any) -> None:
    outcome = run()
    assert bench.events == ["safe state", "execute", "safe state", "closed"]
    assert (outcome.exit_status, outcome.exit_code, outcome.duration_s) == ("completed", 0, 5.0)
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == "completed"
        assert "safe state confirmed" in " ".join(recorded.log)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (RefusedError("the dot is dark"), "aborted", "the dot is dark"),
        (LimitError("cwave: 700 nm is too long"), "failed", "LimitError: cwave: 700 nm is too long"),
        (ZeroDivisionError("a defect"), "failed", "ZeroDivisionError: a defect"),
        (np.linalg.LinAlgError("singular"), "failed", "LinAlgError: singular"),
        (KeyboardInterrupt(), "aborted", "stopped by the operator"),
    ],
)
def test_whatever_is_raised_the_bench_is_safe_and_the_points_are_kept(
    error: BaseException, status: str, message: str, run: Run, bench: Any, experiment: Any
) -> None:
    experiment.then = raising(error)
    outcome = run()
    assert bench.events[-2:] == ["safe state", "closed"]
    assert (outcome.exit_status, outcome.message, outcome.exit_code) == (status, message, 3)
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == status
        assert recorded.table().n_points == 2
        assert message in " ".join(recorded.log)


def test_stop_ends_the_run_but_not_the_way_to_the_safe_state(
    run: Run, bench: Any, experiment: Any, stop: dict[str, Any]
) -> None:
    def ask_for_a_stop(_: object) -> None:
        stop["request"].set()
        bench.clock.sleep_s(1.0)

    experiment.then = ask_for_a_stop
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("aborted", 3)
    before_s = bench.now
    bench.clock.sleep_s(1.0)  # disarmed: the way to the safe state may wait in spite of the stop
    assert bench.now == before_s + 1.0


def test_refusal_before_the_start_leaves_no_file_and_touches_nothing(
    run: Run, bench: Any, experiment: Any, tmp_path: Any
) -> None:
    experiment.refuse = raising(RefusedError("the laser is too wide"))
    with pytest.raises(BadInputError, match="fake refused: the laser is too wide"):
        run()
    assert bench.events == ["closed"]
    assert list(tmp_path.iterdir()) == []


def test_safe_state_that_is_not_confirmed_is_exit_code_4_and_loud(
    run: Run, bench: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.unsafe_from_call = 2
    outcome = run()
    assert (outcome.exit_code, outcome.exit_status) == (4, "completed")
    assert "block the beam by hand" in caplog.text, "said at once, not only after the analysis"
    with RunFile(outcome.run_file) as recorded:
        assert "UNSAFE" in " ".join(recorded.log)
    output.print_outcome(outcome, as_json=True)
    said = capsys.readouterr()
    assert "SAFE STATE NOT CONFIRMED. Do this by hand now" in said.err
    assert "block the beam by hand" in json.loads(said.out)["unsafe"]


def test_experiment_does_not_start_from_a_bench_that_is_not_safe(run: Run, bench: Any) -> None:
    bench.unsafe_from_call = 1
    outcome = run()
    assert "execute" not in bench.events
    assert (outcome.exit_status, outcome.exit_code) == ("failed", 4)


def test_safe_state_that_itself_breaks_is_unsafe_and_the_file_is_finished(run: Run, bench: Any) -> None:
    bench.safe_state_error = RuntimeError("a defect")
    outcome = run()
    assert outcome.exit_code == 4
    assert "RuntimeError: a defect" in outcome.unsafe
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == "completed"
    assert bench.events[-1] == "closed"


@pytest.mark.parametrize("error", [np.linalg.LinAlgError("singular"), AnalysisError("too few photons")])
def test_analysis_that_breaks_costs_the_verdict_not_the_run(
    error: Exception, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "analyse", raising(error))
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("completed", 1)
    assert str(error) in outcome.analysis.verdict.reason
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == "completed"
        assert recorded.table().n_points == 2


def test_bench_is_closed_before_the_analysis_begins(run: Run, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def analyse(_: object) -> Analysis:
        bench.events.append("analysis")
        raise AnalysisError("nothing to see")

    monkeypatch.setattr(registry, "analyse", analyse)
    run()
    assert bench.events[-2:] == ["closed", "analysis"]


@pytest.mark.parametrize("error", [ValueError("no finite limits"), OSError(errno.ENOSPC, "full"), AnalysisError("-")])
def test_figure_that_cannot_be_drawn_is_missing_and_no_more(
    error: Exception, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "figure", raising(error))
    outcome = run()
    assert outcome.figure is None
    assert outcome.exit_code == 0


def test_results_that_cannot_be_stored_are_still_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "store_analysis", raising(RunFileError("the disk is full")))
    outcome = run()
    assert outcome.analysis.results["answer"].value == 42.0
    assert outcome.exit_code == 0
    assert outcome.analysis.warnings == ("results and verdict are not in the file: the disk is full",)


def test_full_disk_cannot_keep_the_exit_status_out_of_the_file(
    run: Run, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer.RunWriter, "log", raising(RunFileError("the disk has no room")))
    experiment.then = raising(RunFileError("the disk has no room"))
    outcome = run()
    assert outcome.exit_code == 3
    with RunFile(outcome.run_file) as recorded:
        assert recorded.exit_status == "failed"
        assert recorded.duration_s == 5.0


def test_run_whose_file_cannot_be_finished_has_failed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = writer.RunWriter.finish

    def finish_and_fail(self: writer.RunWriter, exit_status: str, duration_s: float) -> None:
        finish(self, exit_status, duration_s)
        raise RunFileError("the disk is gone")

    monkeypatch.setattr(writer.RunWriter, "finish", finish_and_fail)
    outcome = run()
    assert (outcome.exit_status, outcome.exit_code) == ("failed", 3)
    assert "the run file could not be completed: the disk is gone" in outcome.message


def test_magnet_left_at_another_field_is_told_and_logged(
    run: Run, experiment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment.then = lambda self: self.bench.magnet.set_field(0.15)
    outcome = run()
    assert outcome.notes == ("the magnet was left at 0.15 T; the station's condition is 0 T",)
    with RunFile(outcome.run_file) as recorded:
        assert outcome.notes[0] in " ".join(recorded.log)
    output.print_outcome(outcome, as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["notes"] == list(outcome.notes)
    assert f"note: {outcome.notes[0]}" in said.err


def test_magnet_that_no_longer_answers_is_told(run: Run, experiment: Any) -> None:
    experiment.then = lambda self: setattr(self.bench.magnet, "broken", True)
    assert "unknown: magnet: no answer" in run().notes[0]


def test_field_of_the_experiment_is_reached_before_it_begins_and_recorded(run: Run, experiment: Any) -> None:
    experiment.conditions = lambda bench: bench.conditions.model_copy(update={"field_t": 0.5})
    seen: list[float] = []
    experiment.then = lambda self: seen.append(self.bench.magnet.at_t)
    outcome = run()
    assert seen == [0.5]
    with h5py.File(outcome.run_file) as file:
        assert json.loads(file["entry/sample/conditions"][()])["field_t"] == 0.5
