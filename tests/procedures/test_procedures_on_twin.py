"""Controls, and runs continued after an interruption, on the simulated bench: does physics agree?"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from procedures.registry import result_names
from runfile.reader import RunFile
from runmanager.engine import RunOutcome, RunRequest, run
from runmanager.run_control import RunControl

pytestmark = pytest.mark.end_to_end

SETTINGS: dict[str, dict[str, str]] = {
    "g2": {"duration": "20", "batch": "2.5"},
    "spin-pumping": {"duration": "8", "batches": "4", "scan_points": "15"},
    "polarised-pl": {"repeats": "2", "exposure_time": "5"},
    "esr": {"frequency_points": "10", "counting_time": "2", "sweeps": "2", "scan_points": "15", "scan_time": "2"},
}
Measure = Callable[..., RunOutcome]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Run a procedure on the twin; ``stop_at``: the operator stops it at the first checkpoint of this text."""

    def make(
        procedure: str, *, stop_at: str = "", seed: int = 1, continues: Path | None = None, **settings: str
    ) -> Any:
        control = RunControl()

        def report(fraction: float, what: str) -> None:
            if stop_at and stop_at in what:
                control.stop.set()

        values = tuple((SETTINGS[procedure] | settings).items())
        request = RunRequest(procedure, twin=True, seed=seed, settings=values, out=tmp_path, continues=continues)
        return run(request, report=report, control=control)

    return make


def units_of(outcome: RunOutcome) -> dict[str, str]:
    return {name: result.unit for name, result in outcome.analysis.results.items()}


def declared(procedure: str, control: str = "none") -> dict[str, str]:
    return {result.name: result.unit for result in result_names(procedure, control)}


@pytest.mark.parametrize("procedure", ["g2", "polarised-pl", "spin-pumping"])
def test_blocked_laser_leaves_the_dark_rate(procedure: str, measure: Measure) -> None:
    outcome = measure(procedure, control="laser blocked")
    assert outcome.exit_status == "completed"
    assert outcome.analysis.verdict.passed, outcome.analysis.verdict.reason
    residual = outcome.analysis.results["residual_signal"]
    assert abs(residual.value) < 3.0 * residual.stderr
    assert units_of(outcome) == declared(procedure, "laser blocked")
    assert outcome.figure is not None


@pytest.mark.usefixtures("no_figure")
def test_swapped_helicity_reverses_the_sign(measure: Measure) -> None:
    outcome = measure("spin-pumping", control="helicity swapped")
    assert outcome.analysis.verdict.passed, outcome.analysis.verdict.reason
    assert outcome.analysis.results["helicity_asymmetry"].value < -0.8
    assert units_of(outcome) == declared("spin-pumping", "helicity swapped")


@pytest.mark.usefixtures("no_figure")
def test_pump_off_resonance_leaves_no_fluorescence(measure: Measure) -> None:
    outcome = measure("spin-pumping", control="off resonance")
    assert outcome.analysis.verdict.passed, outcome.analysis.verdict.reason
    assert abs(outcome.analysis.results["residual_signal"].value) < 0.1
    assert set(units_of(outcome)) <= set(declared("spin-pumping", "off resonance"))


@pytest.mark.usefixtures("no_figure")
def test_esr_with_swapped_helicity_sees_no_resonance_and_that_is_no_failure(measure: Measure) -> None:
    outcome = measure("esr", control="helicity swapped")
    assert outcome.analysis.verdict.passed, outcome.analysis.verdict.reason
    residual = outcome.analysis.results["residual_signal"]
    assert abs(residual.value) < 3.0 * residual.stderr
    assert set(units_of(outcome)) <= set(declared("esr", "helicity swapped"))


@pytest.mark.usefixtures("no_figure")
def test_photons_interrupted_and_continued_agree_with_an_uninterrupted_run(measure: Measure) -> None:
    batch = random.Random(7).randint(2, 8)
    first = measure("g2", stop_at=f"batch {batch} of 8")
    assert first.exit_status == "aborted"
    whole, other = measure("g2", continues=first.run_file), measure("g2", seed=2)
    with RunFile(whole.run_file) as recorded:
        assert recorded.table().n_points == 8
    _agree(whole, other, ("g2_zero", "lifetime", "cable_delay"))
    assert units_of(whole) == declared("g2")


@pytest.mark.usefixtures("no_figure")
def test_pumping_interrupted_and_continued_agrees_with_an_uninterrupted_run(measure: Measure) -> None:
    first = measure("spin-pumping", stop_at="control: linear pump")
    whole, other = measure("spin-pumping", continues=first.run_file), measure("spin-pumping", seed=2)
    with RunFile(whole.run_file) as recorded:
        assert list(recorded.table().column("condition")) == [0, 0, 0, 0, 2, 3, 1]
    _agree(whole, other, ("pumping_efficiency", "pumping_time", "linear_orientation"))
    assert units_of(whole) == declared("spin-pumping")


@pytest.mark.usefixtures("no_figure")
def test_spectra_interrupted_and_continued_agree_with_an_uninterrupted_run(measure: Measure) -> None:
    made = measure("polarised-pl", repeats="1")
    whole, other = measure("polarised-pl", continues=made.run_file), measure("polarised-pl", seed=2)
    with RunFile(whole.run_file) as recorded:
        assert recorded.table().n_points == 4
    _agree(whole, other, ("total_splitting", "line_1_energy", "circular_polarisation"))
    assert set(units_of(whole)) == set(declared("polarised-pl")) - {"zeeman_splitting", "exciton_g_factor"}


def _agree(one: RunOutcome, other: RunOutcome, names: tuple[str, ...]) -> None:
    assert one.exit_status == other.exit_status == "completed"
    for name in names:
        a, b = one.analysis.results[name], other.analysis.results[name]
        assert abs(a.value - b.value) < 4.0 * (a.stderr**2 + b.stderr**2) ** 0.5, name
