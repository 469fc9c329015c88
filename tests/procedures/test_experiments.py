"""What each experiment does on a bench of fakes, and what it records."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from procedures.esr import SpinResonance, expected_window_ghz
from procedures.g2 import Antibunching
from procedures.polarised_pl import PolarisedPhotoluminescence
from procedures.spin_pumping import SpinPumping

Perform = Callable[..., Any]
MN = {"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0, "hyperfine_uev": 0.7}


def column(recorder: Any, name: str, table: str = "data") -> list[Any]:
    return [row[name] for row in recorder.tables[table].rows]


# --- polarised-pl


def test_exposures_alternate_the_analyser_and_the_order_turns_round(bench: Any, perform: Perform) -> None:
    recorder = perform(PolarisedPhotoluminescence(repeats=3, calibrate=False))
    assert column(recorder, "analyser_angle") == [45.0, -45.0, -45.0, 45.0, 45.0, -45.0]


def test_analyser_offset_turns_both_settings(bench: Any, perform: Perform) -> None:
    recorder = perform(PolarisedPhotoluminescence(repeats=1, analyser_offset=90.0, calibrate=False))
    assert column(recorder, "analyser_angle") == [135.0, 45.0]
    assert recorder.notes["analyser"] == {"sigma_plus_deg": 45.0, "sigma_minus_deg": -45.0}


def test_field_is_ramped_in_the_dark_and_recorded_with_every_spectrum(bench: Any, perform: Perform) -> None:
    settings = {"repeats": 1, "field_points": 3, "field_start": 0.0, "field_stop": 1.0, "calibrate": False}
    recorder = perform(PolarisedPhotoluminescence(**settings))
    assert column(recorder, "field") == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    shutter_at_ramps, is_open = [], False
    for call in bench.calls:
        is_open = call[1] == "open" if call[0] == "shutter" else is_open
        if call[1] == "ramp":
            shutter_at_ramps.append(is_open)
    assert shutter_at_ramps == [False, False, False]


def test_calibration_light_comes_through_one_gate_only(bench: Any, perform: Perform) -> None:
    perform(PolarisedPhotoluminescence(repeats=1))
    until_light = bench.calls[: bench.calls.index(("shutter", "open"))]
    shut = {call[2] for call in until_light if call[:2] == ("gates", "off")}
    opened = {call[2] for call in until_light if call[:2] == ("gates", "set")}
    assert (shut, opened) == ({"CD", "EF", "GH"}, {"AB"})


# --- g2


def test_live_time_is_what_the_tagger_says_not_what_was_asked(bench: Any, perform: Perform) -> None:
    recorder = perform(Antibunching(duration=6.0, batch=2.0))
    assert recorder.tag_metadata["duration_s"] == pytest.approx(0.9 * 6.0)
    assert sum(column(recorder, "live_time")) == pytest.approx(0.9 * 6.0)


def test_batches_share_the_time_and_their_starts_are_kept(bench: Any, perform: Perform) -> None:
    recorder = perform(Antibunching(duration=5.0, batch=2.0))
    pulses = recorder.notes["pulses"]
    assert pulses["batch_duration_s"] == pytest.approx(5.0 / 3)
    assert len(pulses["batch_starts_ps"]) == 3
    assert np.all(np.diff(pulses["batch_starts_ps"]) >= pulses["batch_duration_s"] * 1e12)
    assert pulses["period_ns"] == pytest.approx(16 * 12.5)


def test_coincidences_fill_every_bin_of_the_delay_axis(bench: Any, perform: Perform) -> None:
    recorder = perform(Antibunching(duration=2.0, bin_width=700, maximum_delay=100.0))
    limit = round(100_000 / 700)
    assert {len(row) for row in column(recorder, "coincidences")} == {2 * limit}


# --- spin-pumping


def test_pump_batches_come_first_and_every_control_once(bench: Any, perform: Perform) -> None:
    recorder = perform(SpinPumping(duration=4.0, batches=2))
    assert column(recorder, "condition") == [0, 0, 2, 3, 1]
    assert column(recorder, "duration") == [2.0, 2.0, 1.0, 1.0, 1.0]


def test_without_controls_only_the_pump_is_measured(bench: Any, perform: Perform) -> None:
    assert column(perform(SpinPumping(batches=3, controls=False)), "condition") == [0, 0, 0]


def test_laser_ends_its_scan_on_the_resonance(bench: Any, perform: Perform) -> None:
    recorder = perform(SpinPumping(batches=1, controls=False))
    assert recorder.notes["resonance"]["shift_nm"] == pytest.approx(0.020, abs=0.002)
    assert bench.players["resonant_laser"].shifted_nm == pytest.approx(0.020, abs=0.002)


@pytest.mark.parametrize(("line", "sign"), [("highest", -1.0), ("lowest", 1.0)])
def test_detuned_control_leaves_the_multiplet_and_returns(line: str, sign: float, bench: Any, perform: Perform) -> None:
    perform(SpinPumping(line=line, batches=1, control_detuning=0.5))
    away, back = [call[2] for call in bench.calls if call[1] == "shift"][-2:]
    assert away * sign > 0.0
    assert away == pytest.approx(sign * 0.5 * 1.7 * 605.9 / 2047, rel=0.01)
    assert back == -away


def test_positive_pump_detuning_is_blue(bench: Any, perform: Perform) -> None:
    perform(SpinPumping(batches=1, controls=False, pump_detuning=0.5))
    assert bench.players["resonant_laser"].shifted_nm < 0.020 - 0.1


def test_gates_are_shut_when_the_experiment_ends(bench: Any, perform: Perform) -> None:
    perform(SpinPumping(batches=1, controls=False))
    last: dict[str, str] = {}
    for call in bench.calls:
        if call[0] == "gates" and call[1] != "trigger":
            last[call[2]] = call[1]
    assert last == {"AB": "off", "CD": "off", "EF": "off", "GH": "off"}


# --- esr


def test_microwave_alternates_and_ends_off(bench: Any, perform: Perform) -> None:
    recorder = perform(SpinResonance(frequency_points=9, counting_time=1.0, sweeps=1))
    states = [call[2] for call in bench.calls if call[:2] == ("microwave", "rf")]
    assert states == [True, False, False, True] * 4 + [True, False] + [False]
    assert all(call[3] for call in bench.calls if call[:3] == ("microwave", "rf", True)), "always gated"
    assert len(column(recorder, "frequency")) == 9


def test_microwave_power_is_set_before_the_output_is_switched_on(bench: Any, perform: Perform) -> None:
    perform(SpinResonance(frequency_points=8, counting_time=1.0))
    microwave = [call for call in bench.calls if call[0] == "microwave"]
    assert [call[1] for call in microwave[:3]] == ["power", "frequency", "rf"]


@pytest.mark.parametrize(
    ("station_t", "sweep_t"), [(0.0, 0.15), (-0.0, 0.15), (0.1, 0.15), (-0.1, -0.15), (0.3, 0.3), (-2.0, -2.0)]
)
def test_sweep_field_keeps_the_direction_of_the_station_s(station_t: float, sweep_t: float, bench: Any) -> None:
    bench.conditions = bench.conditions.model_copy(update={"field_t": station_t})
    assert SpinResonance().conditions(bench).field_t == sweep_t


def test_window_of_the_sweep_is_zeeman_plus_zero_field_splitting() -> None:
    centre, half = expected_window_ghz({"dopants": [MN]}, 0.15, highest=True)
    assert centre == pytest.approx(2.0 * 13.99624 * 0.15 + 4 * 5.0 * 0.2417989, rel=1e-5)
    assert half > 2.5 * 0.7 * 0.2417989


def test_lowest_line_s_resonance_lies_below_by_twice_the_zero_field_term() -> None:
    high, _ = expected_window_ghz({"dopants": [MN]}, 1.0, highest=True)
    low, _ = expected_window_ghz({"dopants": [MN]}, 1.0, highest=False)
    assert high - low == pytest.approx(2 * 4 * 5.0 * 0.2417989, rel=1e-5)


def test_sheet_without_dopant_is_swept_around_the_free_electron() -> None:
    assert expected_window_ghz({}, -0.5, highest=True)[0] == pytest.approx(2.0023 * 13.99624 * 0.5, rel=1e-5)
