"""A control run does all that the real run does, but for the one thing that is taken away."""

from collections.abc import Callable
from typing import Any

import pytest

from procedures.controls import (
    CHOICES,
    HELICITY_SWAPPED,
    LASER_BLOCKED,
    MEANING,
    MICROWAVE_OFF,
    NO_CONTROL,
    OFF_RESONANCE,
)
from procedures.errors import RefusedError
from procedures.experiment import LONGEST_WITHOUT_CHECKPOINT_S
from procedures.registry import PROCEDURES, controls, load

Perform = Callable[..., Any]
Settings = dict[str, dict[str, object]]
PAIRS = [(name, control) for name in PROCEDURES for control in MEANING]


def made(bench: Any, perform: Perform, name: str, **settings: object) -> tuple[Any, list[tuple[Any, ...]]]:
    """What a run records and what it asks of the bench."""
    bench.calls.clear()
    recorder = perform(load(name)(**settings))
    return recorder, list(bench.calls)


@pytest.mark.parametrize(("name", "control"), PAIRS)
def test_a_control_is_run_or_refused_by_name(
    name: str, control: str, bench: Any, perform: Perform, short: Settings
) -> None:
    known = [value for value, _ in controls(name)]
    experiment = load(name)(control=control, **short[name])
    if control in known:
        assert perform(experiment).tables["data"].rows
        return
    with pytest.raises(RefusedError, match=f"the control '{control}' does not apply to {name}; it has: {known[0]}"):
        perform(experiment)
    assert bench.calls == []


def test_every_control_applies_somewhere_and_none_is_the_default() -> None:
    assert {value for name in PROCEDURES for value, _ in controls(name)} == set(MEANING)
    assert CHOICES[0] == NO_CONTROL
    assert all(load(name)().control == NO_CONTROL for name in PROCEDURES)


@pytest.mark.parametrize("name", PROCEDURES)
def test_a_blocked_shutter_never_opens_and_all_else_is_done(
    name: str, bench: Any, perform: Perform, short: Settings
) -> None:
    real, real_calls = made(bench, perform, name, **short[name])
    blocked, calls = made(bench, perform, name, control=LASER_BLOCKED, **short[name])
    assert ("shutter", "open") not in calls
    assert ("shutter", "open") in real_calls
    assert len(blocked.tables["data"].rows) == len(real.tables["data"].rows)
    for call in real_calls:
        if call[0] not in {"shutter", "resonant_laser"}:  # the narrow laser goes where no scan says
            assert call in calls


@pytest.mark.parametrize("name", PROCEDURES)
def test_the_dark_reference_is_counted_with_every_laser_shut(
    name: str, bench: Any, perform: Perform, short: Settings
) -> None:
    recorder, calls = made(bench, perform, name, control=LASER_BLOCKED, **short[name])
    lit, dark_records = set(), 0
    for call in calls:
        if call[1] == "open" and call[0] != "shutter":
            lit.add(call[0])
        elif call[1] in {"close", "tune"}:
            lit.discard(call[0])
        elif call[1] in {"histogram", "tags", "expose"} and not lit:
            dark_records += 1
    assert dark_records >= 1
    rows = recorder.tables["dark"].rows
    assert all(
        row["counts"] > 0 and row["counts_errors"] > 0 and row["duration"] <= LONGEST_WITHOUT_CHECKPOINT_S
        for row in rows
    )
    lasers = {call[0] for call in calls if call[1] == "open"}
    assert lasers == {"readout_laser", "pulse_source"} | ({"resonant_laser"} if name != "g2" else set())


def test_only_blocked_runs_have_a_dark_reference(bench: Any, perform: Perform, short: Settings) -> None:
    for name in PROCEDURES:
        assert "dark" not in made(bench, perform, name, **short[name])[0].tables


def test_a_line_that_cannot_be_seen_is_taken_from_the_sample_sheet(bench: Any, perform: Perform) -> None:
    recorder, _ = made(bench, perform, "spin-pumping", control=LASER_BLOCKED, batches=1)
    assert recorder.notes["line_from_sheet"]["energy_mev"] == pytest.approx(2045.0)
    assert "resonance" in recorder.notes
    assert recorder.notes["resonance"]["shift_nm"] == 0.0


def test_the_microwave_stays_off_and_the_rest_is_the_real_run(bench: Any, perform: Perform, short: Settings) -> None:
    real, real_calls = made(bench, perform, "esr", **short["esr"])
    control, calls = made(bench, perform, "esr", control=MICROWAVE_OFF, **short["esr"])
    assert {call[2] for call in calls if call[:2] == ("microwave", "rf")} == {False}
    changed = [(a, b) for a, b in zip(real_calls, calls, strict=True) if a[:2] != ("microwave", "rf") and a != b]
    assert changed == []
    assert len(control.tables["data"].rows) == len(real.tables["data"].rows)


@pytest.mark.parametrize("name", ["spin-pumping", "esr"])
def test_swapped_helicity_turns_excitation_and_analyser(
    name: str, bench: Any, perform: Perform, short: Settings
) -> None:
    recorder, calls = made(bench, perform, name, control=HELICITY_SWAPPED, **short[name])
    excitation = [call[2] for call in calls if call[:2] == ("excitation_quarter_wave", "rotate")]
    assert excitation[0] == -45.0
    assert 45.0 not in excitation
    assert recorder.tables["spectra"].rows[0]["analyser_angle"] == -45.0


def test_swapped_helicity_is_also_measured_behind_the_crossed_analyser(bench: Any, perform: Perform) -> None:
    recorder, _ = made(bench, perform, "spin-pumping", control=HELICITY_SWAPPED, duration=4.0, batches=2)
    assert [row["condition"] for row in recorder.tables["data"].rows] == [0, 0, 4, 2, 3, 1]
    assert recorder.notes["probe"] == {"spin_projection_sign": -1}


def test_esr_with_swapped_helicity_drives_the_transition_of_the_real_run(
    bench: Any, perform: Perform, short: Settings
) -> None:
    real, _ = made(bench, perform, "esr", **short["esr"])
    swapped, _ = made(bench, perform, "esr", control=HELICITY_SWAPPED, **short["esr"])
    for name in ("frequency",):
        assert [r[name] for r in swapped.tables["data"].rows] == [r[name] for r in real.tables["data"].rows]
    assert swapped.notes["probe"] == real.notes["probe"] == {"spin_projection": 2.5}


@pytest.mark.parametrize(("line", "sign"), [("highest", 1.0), ("lowest", -1.0)])
def test_pump_off_resonance_stands_outside_the_multiplet_in_every_batch(
    line: str, sign: float, bench: Any, perform: Perform
) -> None:
    settings = {"line": line, "batches": 3, "control_detuning": 0.5}
    recorder, _ = made(bench, perform, "spin-pumping", control=OFF_RESONANCE, **settings)
    assert [row["condition"] for row in recorder.tables["data"].rows] == [0, 0, 0]
    away_mev = recorder.notes["off_resonance"]["pump_detuning_mev"]
    assert away_mev == pytest.approx(sign * 0.5 * 1.7, rel=0.02)
    assert bench.players["resonant_laser"].shifted_nm == pytest.approx(0.020 - away_mev * 605.9 / 2047, abs=0.003)


@pytest.mark.parametrize(("line", "d_uev", "direction"), [("highest", 5.0, 1.0), ("highest", -5.0, -1.0)])
def test_sweep_off_resonance_is_shifted_outwards_by_its_width(
    line: str, d_uev: float, direction: float, bench: Any, perform: Perform, short: Settings
) -> None:
    dopant = {"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": d_uev, "hyperfine_uev": 0.7}
    sample = {"emission_mev": 2045.0, "dopants": [dopant]}
    real, shifted = (
        load("esr")(line=line, control=control, minimum_field=0.5).frequencies_ghz(sample, 0.5)
        for control in (NO_CONTROL, OFF_RESONANCE)
    )
    width = real[-1] - real[0]
    assert shifted[0] - real[0] == pytest.approx(direction * width)
    assert shifted[-1] - shifted[0] == pytest.approx(width)


def test_a_shift_out_of_the_generator_s_range_is_refused_before_anything_moves(bench: Any, perform: Perform) -> None:
    with pytest.raises(RefusedError, match="leaves the range of the_microwave"):
        perform(load("esr")(control=OFF_RESONANCE, frequency_start=10.0, frequency_stop=19.0))
    assert bench.calls == []
