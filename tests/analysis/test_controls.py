"""Verdicts on control runs: nothing left is a pass, something left is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import registry
from analysis.controls import mean_contrast
from analysis.errors import AnalysisError
from analysis.resonances import make_sweep
from runfile.reader import RunFile
from runfile.records import Column, FixedAxis, Parameter
from runfile.writer import RunWriter

TIME = np.arange(0.0, 3300.0, 2.0)
SEQUENCE = {
    "reset_start_ns": 0.0,
    "reset_width_ns": 1200.0,
    "pump_start_ns": 1400.0,
    "pump_width_ns": 1000.0,
    "probe_start_ns": 2700.0,
    "probe_width_ns": 200.0,
    "background_windows_ns": [[3100.0, 3300.0]],
}
MN = {"dopants": [{"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0}]}
Fill = Callable[[RunWriter], None]
Judge = Callable[..., Any]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """``judge(procedure, control, fill, notes)``: the analysis of a control run that ``fill(writer)`` wrote."""

    def make(procedure: str, control: str, fill: Fill, notes: dict[str, Any] | None = None) -> Any:
        path = tmp_path / "run.h5"
        writer = RunWriter.create(
            path,
            procedure=procedure,
            title="a control",
            parameters={"control": Parameter(control)},
            station="",
            snapshot={},
            sample_sheet="",
            sample=MN,
            conditions={},
            versions={},
            seed=1,
        )
        for name, value in (notes or {}).items():
            writer.note(name, value)
        fill(writer)
        writer.finish("completed", 1.0)
        with RunFile(path) as run:
            return registry.analyse(run)

    return make


def dark_table(writer: RunWriter, counts: list[float], seconds: float) -> None:
    columns = [Column("counts", "counts", "c"), Column("counts_errors", "counts", "e"), Column("duration", "s", "t")]
    table = writer.table("dark", title="d", signal="counts", axes=(".",), columns=columns)
    for number in counts:
        table.append(counts=number, counts_errors=np.sqrt(number), duration=seconds)


def cycles(writer: RunWriter, rows: list[tuple[int, np.ndarray, float]]) -> None:
    table = writer.table(
        "data",
        title="d",
        signal="counts",
        axes=("batch", "time"),
        columns=[
            Column("counts", "counts", "c", (TIME.size,), dtype="i8", axes=("time",)),
            Column("condition", "", "c", dtype="i4"),
            Column("duration", "s", "t"),
        ],
        fixed_axes=[FixedAxis("time", "ns", "t", TIME)],
    )
    for condition, counts, seconds in rows:
        table.append(counts=counts, condition=condition, duration=seconds)


def scan(writer: RunWriter, top: float, monitor: float) -> None:
    columns = [Column("shift", "nm", "s"), Column("counts", "counts", "c"), Column("monitor", "counts", "m")]
    table = writer.table("scan", title="s", signal="counts", axes=("shift",), columns=columns)
    for shift in np.linspace(-0.1, 0.1, 15):
        table.append(shift=shift, counts=top / (1 + (shift / 0.03) ** 2), monitor=monitor)


def cycle(rng: np.random.Generator, *, pump: float, reset: float = 20.0, dark: float = 0.5) -> np.ndarray:
    """Counts of one cycle histogram: reset light, a flat pump, dark counts."""
    mean = np.full(TIME.size, dark)
    mean[TIME < 1200] += reset
    mean[(TIME >= 1400) & (TIME < 2400)] += pump
    return rng.poisson(mean)


# --- laser blocked


@pytest.mark.parametrize(("leak", "passed"), [(0.0, True), (60.0, False)])
def test_light_past_the_blocked_shutter_is_found(leak: float, passed: bool, judge: Judge) -> None:
    rng = np.random.default_rng(1)

    def fill(writer: RunWriter) -> None:
        per_bin = (500.0 + leak) * 5.0 / TIME.size
        cycles(writer, [(0, rng.poisson(np.full(TIME.size, per_bin)), 5.0) for _ in range(12)])
        dark_table(writer, list(rng.poisson(5000.0, 2).astype(float)), 10.0)

    analysis = judge("spin-pumping", "laser blocked", fill, {"sequence": SEQUENCE})
    assert analysis.verdict.passed is passed
    residual = analysis.results["residual_signal"]
    assert residual.value == pytest.approx(leak, abs=3 * residual.stderr)
    assert residual.stderr == pytest.approx(np.hypot(np.sqrt(500 * 60) / 60, np.sqrt(500 * 20) / 20), rel=0.1)
    assert analysis.results["dark_rate"].value == pytest.approx(500.0, abs=20.0)
    if not passed:
        assert "laser light reaches the detectors past the beam shutter" in analysis.verdict.reason


def test_residual_of_a_blocked_laser_has_the_error_it_states(judge: Judge, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    deviations = []
    for _ in range(25):

        def fill(writer: RunWriter) -> None:
            cycles(writer, [(0, rng.poisson(np.full(TIME.size, 0.4)), 5.0)])
            dark_table(writer, [float(rng.poisson(0.4 * TIME.size / 5.0 * 8.0))], 8.0)

        residual = judge("spin-pumping", "laser blocked", fill, {"sequence": SEQUENCE}).results["residual_signal"]
        (tmp_path / "run.h5").unlink()
        deviations.append(residual.value / residual.stderr)
    assert np.std(deviations) == pytest.approx(1.0, abs=0.3)
    assert abs(np.mean(deviations)) < 0.5


def test_blocked_run_without_reference_or_without_rows_says_so(judge: Judge, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    with pytest.raises(AnalysisError, match="with every laser shut were not measured"):
        judge("spin-pumping", "laser blocked", lambda w: cycles(w, [(0, cycle(rng, pump=0.0), 5.0)]))
    (tmp_path / "run.h5").unlink()
    with pytest.raises(AnalysisError, match="nothing was recorded behind the shutter"):
        judge("spin-pumping", "laser blocked", lambda w: dark_table(w, [10.0], 1.0))


# --- spin pumping


@pytest.mark.parametrize(("left", "passed"), [(0.0, True), (0.4, False)])
def test_fluorescence_under_the_shifted_pump_is_measured_against_the_scan(
    left: float, passed: bool, judge: Judge
) -> None:
    rng = np.random.default_rng(4)

    def fill(writer: RunWriter) -> None:
        cycles(writer, [(0, cycle(rng, pump=10.0 * left), 5.0) for _ in range(4)])
        scan(writer, top=10.0 * 500, monitor=20.0 * 600)

    analysis = judge("spin-pumping", "off resonance", fill, {"sequence": SEQUENCE})
    residual = analysis.results["residual_signal"]
    assert residual.value == pytest.approx(left, abs=0.05 + 3 * residual.stderr)
    assert analysis.verdict.passed is passed
    assert {"pumping_efficiency", "pumping_time"} <= set(analysis.results)
    assert not any("control was measured" in text for text in analysis.warnings)


@pytest.mark.parametrize(("co", "crossed", "turned"), [(10.0, 1.0, True), (5.0, 5.0, False), (1.0, 10.0, False)])
def test_fluorescence_must_follow_the_helicity(co: float, crossed: float, turned: bool, judge: Judge) -> None:
    rng = np.random.default_rng(5)
    rows = [(0, cycle(rng, pump=co), 5.0), (4, cycle(rng, pump=crossed), 5.0)]
    analysis = judge("spin-pumping", "helicity swapped", lambda w: cycles(w, rows), {"sequence": SEQUENCE})
    check = next(check for check in analysis.verdict.checks if check.name == "sign reversed")
    assert check.passed is turned
    found = analysis.results["helicity_asymmetry"]
    assert found.value == pytest.approx((crossed - co) / (crossed + co), abs=4 * found.stderr)


def test_swapped_helicity_without_the_crossed_analyser_cannot_be_judged(judge: Judge) -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(AnalysisError, match="before the other setting of the analyser was measured"):
        judge(
            "spin-pumping",
            "helicity swapped",
            lambda w: cycles(w, [(0, cycle(rng, pump=5.0), 5.0)]),
            {"sequence": SEQUENCE},
        )


# --- esr


def sweeps(rng: np.random.Generator, *, heating: float = 0.0, n_sweeps: int = 2) -> Fill:
    """Sweeps without a resonance; ``heating``: counts that the microwave adds at any frequency, relative."""

    def fill(writer: RunWriter) -> None:
        names = ("frequency", "counts", "counts_reference", "field", "sweep", "duration")
        table = writer.table(
            "data", title="d", signal="counts", axes=("frequency",), columns=[Column(n, "", n) for n in names]
        )
        for sweep in range(n_sweeps):
            for frequency in np.linspace(8.3, 9.8, 60):
                on, off = rng.poisson([3000 * (1 + heating), 3000])
                table.append(
                    frequency=frequency, counts=on, counts_reference=off, field=0.15, sweep=sweep, duration=8.0
                )

    return fill


@pytest.mark.parametrize("control", ["microwave off", "off resonance", "helicity swapped"])
def test_no_resonance_is_what_an_esr_control_shall_show(control: str, judge: Judge) -> None:
    notes = {"probe": {"spin_projection": 2.5}}
    analysis = judge("esr", control, sweeps(np.random.default_rng(7)), notes)
    assert analysis.verdict.passed, analysis.verdict.reason
    residual = analysis.results["residual_signal"]
    assert abs(residual.value) < 3 * residual.stderr
    assert residual.stderr == pytest.approx(np.sqrt(2 / (3000 * 120)), rel=0.25)
    assert "resonance_frequency" in analysis.results


def test_a_microwave_that_changes_the_light_everywhere_fails_the_control(judge: Judge) -> None:
    notes = {"probe": {"spin_projection": 2.5}}
    analysis = judge("esr", "off resonance", sweeps(np.random.default_rng(8), heating=0.03), notes)
    assert not analysis.verdict.passed
    assert "heating, or pick-up" in analysis.verdict.reason
    assert analysis.results["residual_signal"].value == pytest.approx(0.03, abs=0.006)


def test_repeated_sweeps_are_one_point_a_frequency_also_when_the_last_is_not_finished() -> None:
    rng = np.random.default_rng(9)
    passes = np.array([2.0] * 20 + [1.0] * 40)
    on, off = rng.poisson(3000 * passes), rng.poisson(3000 * passes)
    sweep = make_sweep(np.linspace(8.0, 9.0, 60), on, off, np.full(60, 0.15), passes=passes)
    pull = (sweep.reference - np.mean(sweep.reference)) / sweep.reference_error
    assert np.std(pull) == pytest.approx(1.0, abs=0.35)
    value, error = mean_contrast(sweep)
    assert abs(value) < 3 * error


def test_a_control_nobody_knows_is_no_analysis(judge: Judge) -> None:
    with pytest.raises(AnalysisError, match="no analysis of the control 'microwave off' of g2"):
        judge("g2", "microwave off", lambda writer: None)
