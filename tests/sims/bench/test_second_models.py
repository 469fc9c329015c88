"""The second models on the optical table: the same physics behind other instruments."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import jv

from sims.bench import optics
from sims.bench.clock import VirtualClock
from sims.bench.detection import Lines, analyser_transmission
from sims.bench.esp301 import Esp301
from sims.bench.pem200 import mean_mueller, mueller_at, peak_retardance_rad
from sims.bench.sr400 import Gate, GateMode, Sr400, one_digit
from sims.bench.state import read_state
from sims.bench.superk import SuperK
from sims.bench.swabian import SimulatedTimeTaggerModule

# SuperK + VARIA


def lit_superk(clock: VirtualClock) -> SuperK:
    laser = SuperK(clock)
    laser.varia.set_lower(550.0)
    laser.varia.set_upper(570.0)
    laser.set_emission(True)
    clock.advance(20.0)
    return laser


def test_the_band_gives_centre_width_and_power() -> None:
    light = lit_superk(VirtualClock()).output()
    assert light is not None
    assert (light.wavelength_nm, light.fwhm_nm) == (560.0, 20.0)
    assert light.average_power_w == pytest.approx(20 * 2.5e-3)
    assert light.repetition_rate_hz == 78e6


def test_power_follows_level_neutral_density_and_pulse_picker() -> None:
    clock = VirtualClock()
    laser = lit_superk(clock)
    full_w = laser.output().average_power_w  # type: ignore[union-attr]
    laser.power_permille = 500
    laser.varia.set_transmission(0.4)
    laser.pulse_picker = 2
    clock.advance(10.0)
    light = laser.output()
    assert light is not None
    assert light.average_power_w == pytest.approx(full_w * 0.5 * 0.4 / 2)
    assert light.repetition_rate_hz == 39e6


def test_crossed_edges_pass_nothing() -> None:
    clock = VirtualClock()
    laser = lit_superk(clock)
    laser.varia.set_upper(540.0)
    clock.advance(10.0)
    assert laser.output() is None


def test_the_table_takes_the_superk_and_its_sync_in_place_of_the_opo(lab: Any) -> None:
    bench = lab()
    bench.opo_on()
    before = read_state(bench.models)
    superk = bench.models.superk
    superk.set_emission(True)
    bench.clock.advance(5.0)
    after = read_state(bench.models)
    assert before.opo.wavelength_nm == pytest.approx(560.0, abs=0.03)
    assert after.opo == superk.output()
    bench.trigger(10)
    assert read_state(bench.models).trigger_period_s == pytest.approx(10 / 78e6)


# Oscillators


def test_the_open_oscillator_pumps_and_triggers(lab: Any) -> None:
    bench = lab()
    models = bench.models
    assert models.oscillators.selected() is models.chameleon
    models.mai_tai.set_shutter(True)
    assert models.oscillators.selected() is models.mai_tai
    bench.trigger(10)
    assert read_state(models).trigger_period_s == pytest.approx(10 / 80e6)
    models.mai_tai.switch_off()
    assert read_state(models).trigger_period_s is None
    models.chameleon.set_shutter(True)
    assert models.oscillators.selected() is models.chameleon


# ESP301


def test_plates_turn_with_either_mount(lab: Any) -> None:
    bench = lab()
    bench.models.esp301.axes[2].move_to(45.0)
    bench.clock.advance(10.0)
    by_stage = read_state(bench.models).analyser_quarter_deg
    bench.models.esp301.axes[2].move_to(0.0)
    bench.rotate("1", 45.0)
    bench.clock.advance(10.0)
    assert by_stage == pytest.approx(read_state(bench.models).analyser_quarter_deg, abs=0.002)


@settings(max_examples=50, deadline=None)
@given(angles=st.lists(st.floats(-720.0, 720.0), min_size=1, max_size=5))
def test_a_stage_arrives_within_its_resolution(angles: list[float]) -> None:
    clock = VirtualClock()
    stage = Esp301(clock).axes[1]
    for angle_deg in angles:
        stage.move_to(angle_deg)
        clock.advance(stage.remaining_s())
        assert not stage.is_moving()
        assert abs(stage.position_deg() - angle_deg) <= 0.0005 + 1e-9


# PEM-200


@settings(max_examples=30, deadline=None)
@given(amplitude_nm=st.floats(10.0, 550.0), wavelength_nm=st.floats(450.0, 900.0))
def test_the_mean_matrix_is_the_mean_of_the_matrices(amplitude_nm: float, wavelength_nm: float) -> None:
    phases = np.arange(256) / 256
    averaged = np.mean([mueller_at(phase, amplitude_nm, wavelength_nm) for phase in phases], axis=0)
    np.testing.assert_allclose(mean_mueller(amplitude_nm, wavelength_nm), averaged, atol=1e-12)


def test_a_modulator_swinging_to_2_405_rad_washes_the_analyser_out() -> None:
    amplitude_nm = 2.404825557695773 / (2 * np.pi) * 600.0
    assert jv(0, peak_retardance_rad(amplitude_nm, 600.0)) == pytest.approx(0.0, abs=1e-12)
    horizontal = optics.polariser(0.0) @ mean_mueller(amplitude_nm, 600.0)
    for stokes in (optics.HORIZONTAL, np.array([1.0, -1.0, 0.0, 0.0]), optics.SIGMA_PLUS):
        assert optics.transmission(horizontal, stokes) == pytest.approx(0.5)


def test_quarter_wave_swing_carries_circular_light_at_its_frequency() -> None:
    """The first harmonic of sigma-plus light behind PEM and polariser is J1(δ0) of the mean (Kemp 1969)."""
    phases = np.arange(512) / 512
    signal = [
        float(optics.transmission(optics.polariser(0.0) @ mueller_at(phase, 150.0, 600.0), optics.SIGMA_PLUS))
        for phase in phases
    ]
    first_harmonic = 2 * np.mean(np.array(signal) * np.sin(2 * np.pi * phases))
    assert first_harmonic == pytest.approx(jv(1, np.pi / 2), abs=1e-9)


def test_the_camera_sees_the_modulator_only_while_it_is_driven(lab: Any) -> None:
    bench = lab()
    line = Lines(np.array([2050.0]), np.array([0.1]), np.array([[1.0, 0.0, 0.0, 1.0]]))
    bench.rotate("1", 45.0)

    def share() -> float:
        return float(analyser_transmission(read_state(bench.models), bench.table.config, line)[0])

    before = share()
    assert before > 0.95
    bench.models.pem200.set_amplitude(2.4048 / (2 * np.pi) * 604.8)
    assert share() == before
    bench.models.pem200.set_output(True)
    assert share() == pytest.approx(0.5, abs=0.01)


# SR400


def test_presets_keep_one_digit() -> None:
    assert [one_digit(n) for n in (1, 9, 10, 27, 999, 12_345_678)] == [1, 9, 10, 20, 900, 10_000_000]


def counted(fake_table: Any, gate: Gate, events: Any, preset: int = 100) -> int:
    table = fake_table(events)
    counter = Sr400(table.clock)
    counter.plug(table, (1, 2), 3)
    counter.presets[2] = preset  # 100: 10 µs
    counter.gates[0] = gate
    counter.start()
    table.clock.advance(counter.period_s)
    return counter.counts(0)


EVENTS = {1: [100_000, 1_150_000, 1_400_000, 3_120_000, 9_100_000, 20_000_000], 2: []}


def test_an_open_gate_counts_what_falls_into_the_period(fake_table: Any) -> None:
    assert counted(fake_table, Gate(), EVENTS) == 5


def test_a_gate_counts_what_follows_a_trigger_in_time(fake_table: Any) -> None:
    # A trigger every microsecond: four of the five come 50 to 200 ns after one.
    assert counted(fake_table, Gate(GateMode.FIXED, 50e-9, 150e-9), EVENTS) == 4


def test_triggers_during_a_gate_are_not_seen(fake_table: Any) -> None:
    # The gate closes 1.2 µs after its trigger, so every second trigger is lost: what comes at 1.4 µs is not counted,
    # 0.4 µs after a trigger though it is.
    assert counted(fake_table, Gate(GateMode.FIXED, 0.05e-6, 1.15e-6), EVENTS) == 4
    assert counted(fake_table, Gate(GateMode.FIXED, 0.05e-6, 0.9e-6), EVENTS) == 5


def test_counts_agree_with_the_time_controller_on_the_lit_table(lab: Any) -> None:
    bench = lab().pulsed()
    counter = bench.models.sr400
    counter.plug(bench.table, (1, 2), 3)
    counter.start()
    bench.clock.advance(1.0)
    n_other = len(bench.table.record(1.0)[1])
    n = counter.counts(0)
    assert n > 500
    assert abs(n - n_other) < 6 * np.sqrt(n + n_other) + 0.3 * n  # the dot blinks between the two seconds


# Swabian


def test_a_recorded_stream_agrees_with_the_table(fake_table: Any) -> None:
    table = fake_table({1: [100, 300], 2: [200]})
    module = SimulatedTimeTaggerModule(table)
    tagger = module.createTimeTagger()
    stream = module.TimeTagStream(tagger, 1000, [1, 2])
    stream.startFor(1000)
    assert stream.isRunning()
    assert stream.getData().size == 0
    table.clock.advance(1e-9)
    assert not stream.isRunning()
    buffer = stream.getData()
    assert (buffer.getTimestamps() - buffer.tStart).tolist() == [100, 200, 300]
    assert buffer.getChannels().tolist() == [1, 2, 1]
    assert stream.getData().size == 0


def test_a_full_buffer_is_an_overflow(fake_table: Any) -> None:
    table = fake_table({1: [100, 300], 2: []})
    module = SimulatedTimeTaggerModule(table)
    stream = module.TimeTagStream(module.createTimeTagger(), 1, [1])
    stream.startFor(1000)
    table.clock.advance(1e-9)
    buffer = stream.getData()
    assert (buffer.size, buffer.hasOverflows) == (1, True)


def test_synchronised_histograms_see_one_record(fake_table: Any) -> None:
    table = fake_table({1: [1_000_150], 2: [1_000_050, 2_000_250]})
    module = SimulatedTimeTaggerModule(table)
    together = module.SynchronizedMeasurements(module.createTimeTagger())
    histograms = [module.Histogram(together.getTagger(), stop, 3, 100, 4) for stop in (1, 2)]
    together.startFor(3_000_000)
    table.clock.advance(3e-6)
    assert [each.getData().tolist() for each in histograms] == [[0, 1, 0, 0], [1, 0, 1, 0]]
    assert len(table.records) == 1
