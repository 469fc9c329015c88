"""Each procedure with all defaults on the default twin: completed, passed, and right."""

from collections.abc import Callable
from typing import Any

import pytest

from procedures.registry import PROCEDURES
from runmanager.engine import RunOutcome

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

DefaultRun = Callable[[str], RunOutcome]


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_default_run_completes_and_passes(procedure: str, default_run: DefaultRun) -> None:
    outcome = default_run(procedure)
    assert outcome.exit_status == "completed", outcome.message
    assert outcome.analysis.verdict.passed, outcome.analysis.verdict.reason
    assert outcome.exit_code == 0


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_every_result_has_unit_method_and_error(procedure: str, default_run: DefaultRun) -> None:
    for name, result in default_run(procedure).analysis.results.items():
        assert result.unit, name
        assert result.method, name
        assert result.stderr >= 0.0, name


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_figure_is_drawn_beside_the_run_file(procedure: str, default_run: DefaultRun) -> None:
    outcome = default_run(procedure)
    assert outcome.figure == outcome.run_file.with_suffix(".png")
    assert outcome.figure is not None
    assert outcome.figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("procedure", "name"),
    [
        ("spin-pumping", "pumping_efficiency"),
        ("polarised-pl", "total_splitting"),
        ("g2", "g2_zero"),
        ("g2", "lifetime"),
    ],
)
def test_results_are_what_the_inside_of_the_twin_says(
    procedure: str, name: str, default_made: Callable[[str], Any]
) -> None:
    """No analysis can see that; means over runs would hide an error common to all of them."""
    made = default_made(procedure)
    result = made.outcome.analysis.results[name]
    assert abs(result.value - made.truth[name]) < 3 * result.stderr


def test_six_lines_are_counted(default_run: DefaultRun) -> None:
    assert default_run("polarised-pl").analysis.results["n_lines"].value == 6


def test_lifetime_is_the_sample_s(default_run: DefaultRun) -> None:
    lifetime = default_run("g2").analysis.results["lifetime"]
    assert lifetime.value == pytest.approx(15.0, abs=4 * lifetime.stderr + 0.05)


def test_hyperfine_constant_is_the_sample_s(default_run: DefaultRun) -> None:
    hyperfine = default_run("esr").analysis.results["hyperfine_constant"]
    assert hyperfine.value == pytest.approx(0.77 * 241.799, abs=4 * hyperfine.stderr)


def test_resonance_is_zeeman_plus_four_d(default_run: DefaultRun) -> None:
    resonance = default_run("esr").analysis.results["resonance_frequency"]
    zeeman_ghz = 2.003 * 13.99624 * 0.15
    assert resonance.value == pytest.approx(zeeman_ghz + 4 * 5.0 * 0.241799, abs=4 * resonance.stderr)
