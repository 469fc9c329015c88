"""Spin pumping from run file to verdict, with its controls."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from analysis import registry
from analysis.errors import AnalysisError
from analysis.spin_pumping import (
    DETUNED,
    LINEAR_MINUS,
    LINEAR_PLUS,
    PUMP,
    Histogram,
    analyse,
    brightnesses,
    figure,
    pulse_times,
)
from runfile.reader import RunFile
from runfile.records import Column, FixedAxis
from runfile.writer import RunWriter

FloatArray = npt.NDArray[np.float64]
Fill = Callable[[RunWriter], None]
MakeRun = Callable[..., RunFile]

TIME = np.arange(0.0, 3300.0, 2.0)
SEQUENCE = {
    "period_ns": 3300.0,
    "reset_start_ns": 0.0,
    "reset_width_ns": 1200.0,
    "pump_start_ns": 1400.0,
    "pump_width_ns": 1000.0,
    "probe_start_ns": 2700.0,
    "probe_width_ns": 200.0,
    "background_windows_ns": [[3100.0, 3300.0]],
}
NOTES = {
    "sequence": SEQUENCE,
    "lines": {"energies_mev": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "pumped": 5},
    "overlap": {"cross_excitation": 0.01, "maximum_cross_excitation": 0.2},
}
LIFETIME = 15.0


def follow(drive: FloatArray) -> FloatArray:
    """The exciton's answer to a driving term: a first-order filter of 5 ns under light, 15 ns in the dark."""
    out, level = np.zeros(drive.size), 0.0
    for k, value in enumerate(drive):
        response = 5.0 if value > 0 else LIFETIME
        level += (value - level) * (1 - np.exp(-2.0 / response))
        out[k] = level
    return out


def cycle(efficiency: float = 0.75, time_ns: float = 90.0, pumped: bool = True, light: float = 1.0) -> FloatArray:
    """Expected photons per bin (arbitrary unit) of one cycle."""
    drive = np.zeros(TIME.size)
    drive[TIME < 1200] = 5.0
    pump = (TIME >= 1400) & (TIME < 2400)
    decay = np.exp(-(TIME[pump] - 1400) / time_ns) if pumped else 1.0
    drive[pump] = light * ((1 - efficiency) + efficiency * decay)
    drive[(TIME >= 2700) & (TIME < 2900)] = light * ((1 - efficiency) if pumped else 1.0)
    return follow(drive)


def fill_with(
    rng: np.random.Generator, shapes: dict[int, FloatArray], *, photons: float = 20000.0, blink: float = 0.0
) -> Fill:
    """``shapes``: condition → expected cycle, normalised so that the standard pump window holds ``photons``."""
    scale = photons / cycle()[(TIME >= 1400) & (TIME < 2400)].sum()

    def fill(writer: RunWriter) -> None:
        table = writer.table(
            "data",
            title="d",
            signal="counts",
            axes=("batch", "time"),
            columns=(
                Column("counts", "counts", "counts", (TIME.size,), dtype="i8", axes=("time",)),
                Column("condition", "", "condition", dtype="i4"),
                Column("duration", "s", "duration"),
            ),
            fixed_axes=(FixedAxis("time", "ns", "time", TIME),),
        )
        for condition, shape in shapes.items():
            for _ in range(4):
                bright = np.exp(blink * rng.normal())
                counts = rng.poisson(0.25 * scale * bright * shape + 0.05)
                table.append(counts=counts, condition=condition, duration=5.0)

    return fill


def all_conditions(**pump: Any) -> dict[int, FloatArray]:
    return {
        PUMP: cycle(**pump),
        LINEAR_PLUS: 0.6 * cycle(),
        LINEAR_MINUS: 0.6 * cycle(),
        DETUNED: cycle(light=0.01, pumped=False),
    }


def test_pumping_with_controls_passes(make_run: MakeRun) -> None:
    run = make_run("spin-pumping", fill_with(np.random.default_rng(1), all_conditions(), blink=0.1), notes=NOTES)
    analysis = registry.analyse(run)
    assert analysis.verdict.passed, analysis.verdict.reason
    efficiency, time = analysis.results["pumping_efficiency"], analysis.results["pumping_time"]
    assert efficiency.interval is not None
    assert abs(efficiency.value - 0.75) < 4 * efficiency.stderr + 0.01
    assert abs(time.value - 90.0) < 4 * time.stderr
    assert abs(analysis.results["linear_orientation"].value) < 4 * analysis.results["linear_orientation"].stderr
    assert {c.name for c in analysis.verdict.checks} >= {"six lines", "pumping", "detuned control", "linear control"}


def test_no_pumping_fails_and_says_so(make_run: MakeRun) -> None:
    shapes = all_conditions(pumped=False)
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(2), shapes), notes=NOTES))
    assert "no pumping: the fluorescence stays constant" in analysis.verdict.reason
    assert np.isnan(analysis.results["pumping_time"].value)
    low, high = analysis.results["pumping_efficiency"].interval
    assert low <= analysis.results["pumping_efficiency"].value <= high
    assert 0.0 < high < 0.2


def test_detuned_pump_gives_no_fluorescence_and_no_number(make_run: MakeRun) -> None:
    shapes = {PUMP: cycle(light=1e-4, pumped=False)}
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(3), shapes), notes=NOTES))
    assert not analysis.verdict.passed
    assert "no fluorescence during the pump" in analysis.verdict.reason
    assert np.isnan(analysis.results["pumping_efficiency"].value)


def test_loud_detuned_control_fails(make_run: MakeRun) -> None:
    shapes = all_conditions() | {DETUNED: cycle(light=0.4, pumped=False)}
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(4), shapes), notes=NOTES))
    assert "leaks into the detectors" in analysis.verdict.reason


def test_orientation_by_linear_light_fails(make_run: MakeRun) -> None:
    weak = 0.6 * cycle()
    weak[TIME >= 1400] *= 0.7
    shapes = all_conditions() | {LINEAR_MINUS: weak}
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(5), shapes), notes=NOTES))
    assert "linear light must not orient" in analysis.verdict.reason
    assert analysis.results["linear_orientation"].value > 0.1


def test_controls_too_uncertain_to_show_anything_do_not_pass(make_run: MakeRun) -> None:
    """Control records so short that they hold a few photons: nothing is shown, whichever way they fall."""
    shapes = {kind: shape if kind == PUMP else 0.003 * shape for kind, shape in all_conditions().items()}
    fill = fill_with(np.random.default_rng(6), shapes)
    verdict = analyse(make_run("spin-pumping", fill, notes=NOTES)).verdict
    judged = {check.name: check for check in verdict.checks}
    for name in ("detuned control", "linear control"):
        assert not judged[name].passed
        assert "too uncertain to show anything" in judged[name].detail


def test_conditions_that_are_compared_have_one_measure_of_brightness() -> None:
    """Reset light that is enough in one record only: then all are taken relative to their live times."""
    times = pulse_times(NOTES)
    loud, faint = (
        Histogram(TIME, np.random.default_rng(7).poisson(factor * cycle() + 0.05).astype(float), 5.0)
        for factor in (100.0, 1e-3)
    )
    assert [level.value for level in brightnesses((loud, faint), times)] == [5.0, 5.0]
    assert brightnesses((loud, loud), times)[0].value > 1000.0


def test_missing_controls_are_warned_about_not_checked(make_run: MakeRun) -> None:
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(6), {PUMP: cycle()}), notes=NOTES))
    assert "detuned control" not in {c.name for c in analysis.verdict.checks}
    assert len(analysis.warnings) == 2


def test_one_line_and_a_wide_laser_fail(make_run: MakeRun) -> None:
    notes = NOTES | {"lines": {"energies_mev": [1.0], "pumped": 0}, "overlap": {"cross_excitation": 0.5}}
    analysis = analyse(make_run("spin-pumping", fill_with(np.random.default_rng(7), all_conditions()), notes=notes))
    assert "the dot looks undoped" in analysis.verdict.reason
    assert "use a narrower laser" in analysis.verdict.reason


def test_missing_sequence_or_pump_is_an_error_of_one_line(make_run: MakeRun) -> None:
    fill = fill_with(np.random.default_rng(8), {DETUNED: cycle()})
    with pytest.raises(AnalysisError, match="no note 'sequence'"):
        analyse(make_run("spin-pumping", fill))
    with pytest.raises(AnalysisError, match="no pump batch"):
        analyse(make_run("spin-pumping", fill, notes=NOTES))


def test_figure_with_and_without_fluorescence(make_run: MakeRun) -> None:
    drawn = figure(make_run("spin-pumping", fill_with(np.random.default_rng(9), all_conditions()), notes=NOTES))
    assert any("ns)" in axes.get_xlabel() for axes in drawn.axes)
    dark = fill_with(np.random.default_rng(9), {PUMP: cycle(light=1e-4, pumped=False)})
    assert len(figure(make_run("spin-pumping", dark, notes=NOTES)).axes) == 1
