"""Change the truth, and the answer follows; where the question makes no sense, the verdict says so."""

from pathlib import Path

import pytest

from runmanager.engine import RunRequest, run
from sims.dot.sample import sample_path

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300), pytest.mark.usefixtures("no_figure")]


def changed_sample(tmp_path: Path, **changes: str) -> str:
    """A copy of the default sample with top-level fields replaced."""
    lines = []
    for line in sample_path("mn-cdse-cds").read_text().splitlines():
        key = line.partition(":")[0]
        lines.append(f"{key}: {changes.pop(key)}" if key in changes else line)
    assert not changes, f"no such field: {changes}"
    path = tmp_path / "changed.yaml"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_lifetime_follows_the_sample(tmp_path: Path) -> None:
    sample = changed_sample(tmp_path, lifetime_ns="22.0")
    outcome = run(RunRequest("g2", sample=sample, settings=(("duration", "10"),), out=tmp_path))
    lifetime = outcome.analysis.results["lifetime"]
    assert lifetime.value == pytest.approx(22.0, abs=4 * lifetime.stderr + 0.1)


def test_leaky_emitter_fails_the_verdict_and_says_why(tmp_path: Path) -> None:
    sample = changed_sample(tmp_path, biexciton_quantum_yield="0.75")
    outcome = run(RunRequest("g2", sample=sample, settings=(("duration", "10"),), out=tmp_path))
    assert outcome.exit_code == 1
    assert outcome.analysis.results["g2_zero"].value > 0.5
    assert "single" in outcome.analysis.verdict.reason


def test_undoped_dot_has_no_six_lines(tmp_path: Path) -> None:
    outcome = run(RunRequest("polarised-pl", sample="undoped-cdse-cds", out=tmp_path))
    assert outcome.exit_code == 1
    assert outcome.analysis.results["n_lines"].value == 1
    assert "undoped" in outcome.analysis.verdict.reason


def test_doubly_doped_dot_has_more_than_six_lines(tmp_path: Path) -> None:
    settings = (("exposure_time", "1"), ("repeats", "2"), ("calibrate", "false"))  # its 840 lines are slow to expose
    outcome = run(RunRequest("polarised-pl", sample="two-mn-cdse-cds", settings=settings, out=tmp_path))
    assert outcome.exit_code == 1
    assert outcome.analysis.results["n_lines"].value > 6


def test_detuned_pump_does_not_pump(tmp_path: Path) -> None:
    outcome = run(RunRequest("spin-pumping", settings=(("pump_detuning", "0.85"),), out=tmp_path))
    assert outcome.exit_code == 1
    assert "no pumping" in outcome.analysis.verdict.reason


def test_validation_dot_shows_its_published_splitting(tmp_path: Path) -> None:
    outcome = run(RunRequest("polarised-pl", sample="mn-cdte-znte", out=tmp_path))
    splitting = outcome.analysis.results["total_splitting"]
    assert outcome.analysis.results["n_lines"].value == 6
    assert splitting.value == pytest.approx(1.304, abs=4 * splitting.stderr + 0.01)


def test_reversing_the_field_swaps_sigma_plus_and_sigma_minus(tmp_path: Path) -> None:
    sweep = (("field_points", "2"), ("field_start", "-3"), ("field_stop", "3"), ("repeats", "3"))
    results = run(RunRequest("polarised-pl", settings=sweep, out=tmp_path)).analysis.results
    backward, forward = results["zeeman_splitting_1"], results["zeeman_splitting_2"]
    # truth: mean sigma-plus minus mean sigma-minus energy of the bright lines of Dot(...).transitions at 3 T
    assert forward.value == pytest.approx(-0.5403, abs=4 * forward.stderr + 5e-4)
    assert backward.value == pytest.approx(0.5403, abs=4 * backward.stderr + 5e-4)
