"""The end of a run is told in order, even when its data are beyond the analysis."""

from pathlib import Path
from typing import Any

import pytest

from analysis import registry
from runfile.writer import RunWriter
from runmanager.engine import analyse_and_store, draw


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    writer = RunWriter.create(
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
        seed=1,
    )
    writer.finish("completed", 1.0)
    return writer.path


def _unforeseen(*arguments: object) -> Any:
    raise ValueError("array must not contain infs")


def test_unforeseen_failure_of_the_analysis_fails_the_verdict(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "analyse", _unforeseen)
    verdict = analyse_and_store(finished, "completed").verdict
    assert not verdict.passed
    assert "array must not contain infs" in verdict.checks[0].detail


def test_verdict_of_a_broken_run_names_the_cause(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "analyse", _unforeseen)
    verdict = analyse_and_store(finished, "failed", why="cryostat: 2 K not reached").verdict
    assert "failed: cryostat: 2 K not reached" in verdict.reason


def test_unforeseen_failure_of_the_figure_is_a_warning(
    finished: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(registry, "figure", _unforeseen)
    assert draw(finished) is None
    assert "array must not contain infs" in caplog.text
