"""A long g2 run, its tags read in chunks, has the results of the same run in memory."""

import math
from pathlib import Path

import numpy as np
import pytest

from analysis import run_stream
from analysis.errors import AnalysisError
from analysis.g2 import analyse, analysis_of, evaluate_photons
from analysis.g2_stream import evaluate_run
from analysis.gate_pairs import gate_pairs
from analysis.pulsed import from_run
from analysis.readers import run_file
from runfile.reader import RunFile
from runfile.records import Parameter
from runfile.results import Analysis
from runfile.writer import RunWriter

PERIOD_PS, DIVIDER = 200_000, 1000
CHANNELS = {"detector_1": 1, "detector_2": 2, "divided_trigger": 4}
Tags = tuple[np.ndarray, np.ndarray]


def tags(seed: int, n_pulses: int = 1_000_000, start_ps: int = 37_000) -> Tags:
    """One emitter with dark counts; every 1000th pulse leaves a tag on channel 4, some of them are missing."""
    rng = np.random.default_rng(seed)
    pulse = np.unique(rng.integers(0, n_pulses, n_pulses // 20))
    times = pulse * PERIOD_PS + 150_000 + rng.exponential(15_000, pulse.size).astype(np.int64)
    channel = rng.integers(1, 3, times.size)
    dark = rng.integers(0, n_pulses * PERIOD_PS, n_pulses // 1000)
    trigger = np.arange(20, n_pulses - 9000, DIVIDER) * PERIOD_PS
    trigger = trigger[rng.random(trigger.size) > 0.1]
    all_times = np.concatenate([times, dark, trigger]) + start_ps
    channels = np.concatenate([channel, rng.integers(1, 3, dark.size), np.full(trigger.size, 4)])
    order = np.argsort(all_times, kind="stable")
    return all_times[order], channels[order].astype(np.uint8)


def run(path: Path, batches: list[Tags], duration_s: float = 0.4, channels: dict[str, int] = CHANNELS) -> Path:
    writer = RunWriter.create(
        path, procedure="g2", title="test", parameters={"duration": Parameter(duration_s, "s")}, station="",
        snapshot={}, sample_sheet="", sample={"name": "test"}, conditions={"temperature_k": 4.0},
        versions={"solotron": "test"}, seed=1,
    )  # fmt: skip
    with writer:
        for stamps, channel in batches:
            writer.append_tags(stamps, channel)
        writer.set_tag_metadata(duration_s=duration_s, channels=channels)
        writer.note("pulses", {"period_ns": PERIOD_PS / 1e3, "trigger_divider": DIVIDER})
        writer.finish("completed", 0.4)
    return path


@pytest.fixture(params=[811, 20_000, 1 << 19])
def chunk_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(run_file, "CHUNK_RECORDS", request.param)
    return int(request.param)


def both(path: Path) -> tuple[Analysis, Analysis]:
    """In memory, and as a stream."""
    with RunFile(path) as recorded:
        return analyse(recorded), analysis_of(evaluate_run(recorded))


def assert_same(found: Analysis, expected: Analysis) -> None:
    assert list(found.results) == list(expected.results)
    for name, result in expected.results.items():
        other = found.results[name]
        assert other.value == pytest.approx(result.value, rel=1e-9, nan_ok=True), name
        assert other.stderr == pytest.approx(result.stderr, rel=1e-7, nan_ok=True), name
        assert other.method == result.method
        if result.interval is not None:
            assert other.interval == pytest.approx(result.interval, rel=1e-9)
    assert found.verdict == expected.verdict
    assert found.warnings == expected.warnings


def test_batches_with_jumping_trigger_give_the_same(tmp_path: Path, chunk_size: int) -> None:
    later_ps = 250_000_000_123
    path = run(tmp_path / "run.h5", [tags(1), tags(2, start_ps=later_ps)])
    expected, found = both(path)
    assert expected.results["lifetime"].value == pytest.approx(15.0, rel=0.05)
    assert expected.verdict.passed
    assert_same(found, expected)


def test_scan_of_gates_gives_the_same(tmp_path: Path, chunk_size: int) -> None:
    path = run(tmp_path / "run.h5", [tags(9, 400_000), tags(10, 400_000, start_ps=250_000_000_123)])
    with RunFile(path) as recorded:
        found, expected = evaluate_run(recorded), evaluate_photons(from_run(recorded))
        pairs, whole = gate_pairs(found.photons, 0), gate_pairs(expected.photons, 0)
    assert whole.side.sum() > 1000
    for name in ("time_ns", "centre", "side"):
        assert np.array_equal(getattr(pairs, name), getattr(whole, name)), name


def test_run_without_trigger_gives_the_same(tmp_path: Path) -> None:
    path = run(tmp_path / "run.h5", [tags(3)], channels={"detector_1": 1, "detector_2": 2})
    expected, found = both(path)
    assert any("no trigger was recorded" in warning for warning in found.warnings)
    assert_same(found, expected)


def test_run_without_live_time_gives_the_same(tmp_path: Path) -> None:
    path = run(tmp_path / "run.h5", [tags(4), tags(8, start_ps=600_000_000_000)], duration_s=math.nan)
    expected, found = both(path)
    assert any("live time" in warning for warning in found.warnings)
    assert found.results["live_time"].value == pytest.approx(0.4, rel=2e-3)
    assert "0.4 s of pauses" in found.results["live_time"].method
    assert_same(found, expected)


def test_detector_without_photons_is_named(tmp_path: Path) -> None:
    stamps, channel = tags(5, 100_000)
    path = run(tmp_path / "run.h5", [(stamps[channel != 2], channel[channel != 2])])
    with RunFile(path) as recorded, pytest.raises(AnalysisError, match="detector_2 recorded no photons"):
        evaluate_run(recorded)


def test_trigger_that_contradicts_the_note_is_refused(tmp_path: Path) -> None:
    stamps, channel = tags(6, 100_000)
    path = run(tmp_path / "run.h5", [(stamps * 2, channel)])
    with RunFile(path) as recorded, pytest.raises(AnalysisError, match="trigger tags say a pulse period of 400 ns"):
        evaluate_run(recorded)


def test_photons_that_never_meet_a_trigger_are_refused_instead_of_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps, channel = tags(7, 100_000)
    late = (channel != 4) | (stamps < stamps[2000])
    path = run(tmp_path / "run.h5", [(stamps[late], channel[late])])
    monkeypatch.setattr(run_stream, "_MOST_WAITING", 1000)
    monkeypatch.setattr(run_file, "CHUNK_RECORDS", 500)
    with RunFile(path) as recorded, pytest.raises(AnalysisError, match="without a tag of the divided trigger"):
        evaluate_run(recorded)
