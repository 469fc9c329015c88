"""Physics of the optical table: what each instrument does to the light, and repeatability."""

from typing import Any

import numpy as np
import pytest

from sims.bench.config import CollectionPath, ExcitationPath, SpadTruth, SpectrographTruth, TableConfig, WavePlate
from sims.bench.illumination import TableError, build_cycle
from sims.bench.spectrometer import FloatArray
from sims.bench.state import read_state
from sims.dot.sample import Blinking
from sims.dot.stimulus import Cycle

STEADY = {"blinking": Blinking()}
PERFECT_PLATE = WavePlate(retardance_waves=0.25, design_wavelength_nm=605.0)
PERFECT_ANALYSER = TableConfig(
    collection=CollectionPath(
        quarter_wave=PERFECT_PLATE,
        half_wave=WavePlate(retardance_waves=0.5, design_wavelength_nm=605.0),
        polariser_extinction=0.0,
    )
)
QUIET = SpadTruth(dark_counts_hz=0.0)


def rates_hz(lab: Any, duration_s: float = 2.0) -> dict[int, float]:
    return {channel: len(times) / duration_s for channel, times in lab.table.record(duration_s).items()}


def cycle_of(lab: Any) -> Cycle:
    return build_cycle(read_state(lab.models), lab.table.config, lab.table.wiring)


# --- darkness -----------------------------------------------------------------------------------------------------


def test_an_idle_bench_gives_dark_counts_only(lab: Any) -> None:
    rates = rates_hz(lab(), 20.0)
    assert rates.keys() == {1, 2}
    for rate in rates.values():
        assert rate == pytest.approx(250 * 1.017, abs=5 * (250 / 20) ** 0.5)


def test_a_closed_beam_shutter_leaves_dark_counts(lab: Any) -> None:
    bench = lab().pulsed()
    assert min(rates_hz(bench).values()) > 2000
    bench.models.sc10.toggle()
    assert max(rates_hz(bench).values()) < 400


def test_gates_of_zero_width_are_dark(lab: Any) -> None:
    bench = lab().pulsed()
    bench.gate("CD", 0.0, 0.0)
    assert cycle_of(bench).pulses == ()


def test_an_untriggered_generator_is_dark(lab: Any) -> None:
    bench = lab().pulsed()
    bench.models.chameleon.set_laser(False)
    assert bench.table.look().response is None
    assert bench.table.look().trains == {}


def test_detectors_see_nothing_through_the_front_exit(lab: Any) -> None:
    bench = lab(config=TableConfig(spad_1=QUIET, spad_2=QUIET)).pulsed()
    bench.models.spectrapro.select_exit("front")
    assert rates_hz(bench) == {1: 0.0, 2: 0.0}


# --- the cycle ----------------------------------------------------------------------------------------------------


def test_the_pulse_picker_passes_the_pulses_in_its_gate(lab: Any) -> None:
    bench = lab().pulsed()
    bench.gate("CD", 45e-9, 30e-9)
    assert [pulse.time_ns for pulse in cycle_of(bench).pulses] == [50.0, 62.5]


def test_a_gate_that_reaches_over_the_trigger_wraps(lab: Any) -> None:
    bench = lab()
    bench.trigger(320)
    bench.cwave_on(604.0)
    bench.open_beam()
    bench.gate("AB", 3.5e-6, 0.3e-6)
    segments = cycle_of(bench).segments
    assert [(s.duration_ns, bool(s.lights)) for s in segments] == [(3500, False), (300, True), (200, False)]
    assert cycle_of(bench).period_ns == 4000.0


def test_both_cwave_gates_open_the_modulator_and_the_level_sets_the_power(lab: Any) -> None:
    bench = lab()
    bench.trigger(320)
    bench.cwave_on(604.0)
    bench.open_beam()
    bench.gate("AB", 0.0, 1e-6)
    bench.gate("GH", 2e-6, 0.5e-6, level_v=2.5)
    full, dark, half, rest = cycle_of(bench).segments
    assert (dark.lights, rest.lights) == ((), ())
    assert half.lights[0].power_w == pytest.approx(full.lights[0].power_w / 2)


def test_an_inverted_gate_output_leaves_the_modulator_open(lab: Any) -> None:
    bench = lab()
    bench.trigger(320)
    bench.cwave_on(604.0)
    bench.open_beam()
    bench.models.dg645.outputs[1].positive = False
    assert all(segment.lights for segment in cycle_of(bench).segments)


def test_the_excitation_quarter_wave_sets_the_helicity(lab: Any) -> None:
    bench = lab(config=TableConfig(excitation=ExcitationPath(quarter_wave=PERFECT_PLATE))).pulsed()
    found = []
    for angle_deg in (45.0, 0.0, -45.0):
        bench.rotate("0", angle_deg)
        found.append(cycle_of(bench).pulses[0].stokes[2])
    assert found == pytest.approx([1.0, 0.0, -1.0], abs=0.02)


def test_a_gated_microwave_follows_its_gate_and_an_ungated_one_fills_the_cycle(lab: Any) -> None:
    bench = lab()
    bench.trigger(320)
    bench.gate("EF", 1e-6, 0.5e-6)
    source = bench.models.smb100a
    source.set_frequency(4.84e9)
    source.set_power(10.0)
    source.rf_on = True
    assert [s.microwave.field_mt for s in cycle_of(bench).segments] == pytest.approx([0.6])
    source.pulse_modulation_on = source.pulse_source_external = True
    assert [(s.duration_ns, s.microwave is not None) for s in cycle_of(bench).segments] == [
        (1000, False),
        (500, True),
        (2500, False),
    ]


def test_a_divided_gate_lengthens_the_cycle_only_when_its_light_is_on(lab: Any) -> None:
    bench = lab().pulsed()
    bench.gate("GH", 0.0, 20e-9, divider=1000)
    assert cycle_of(bench).period_ns == 200.0
    bench.cwave_on(604.0)
    with pytest.raises(TableError, match="gate dividers"):
        cycle_of(bench)
    bench.gate("GH", 0.0, 20e-9, divider=4)
    assert cycle_of(bench).period_ns == 800.0


# --- light --------------------------------------------------------------------------------------------------------


def test_default_pulses_make_about_a_third_of_a_pair_and_plausible_count_rates(lab: Any) -> None:
    bench = lab(**STEADY).pulsed()
    look = bench.table.look()
    assert look.dot.mean_pairs(look.cycle.pulses[0]) == pytest.approx(0.3, abs=0.03)
    for rate in rates_hz(bench).values():
        assert 3e3 < rate < 3e4


def test_default_resonant_power_is_about_twice_saturation(lab: Any) -> None:
    bench = lab()
    bench.trigger(320)
    bench.gate("AB", 0.0, 1e-6)
    bench.cwave_on(604.0)
    bench.open_beam()
    power_w = cycle_of(bench).segments[0].lights[0].power_w
    assert power_w / bench.table.sample.resonant_saturation_power_w == pytest.approx(2.0, rel=0.05)


def resonant_rate(bench: Any, wavelength_nm: float) -> float:
    bench.trigger(320)
    bench.gate("CD", 0.0, 1.2e-6)
    bench.gate("AB", 1.4e-6, 1.0e-6)
    bench.opo_on()
    bench.cwave_on(wavelength_nm)
    bench.open_beam()
    bench.rotate("0", 45.0)
    bench.rotate("1", 45.0)
    bench.spectrograph("side", 614.0)
    begin_ps = bench.table.now_ps()
    times = np.concatenate(list(bench.table.record(2.0).values()))
    phase_ns = ((times + begin_ps) % 4_000_000) / 1000
    return np.count_nonzero((phase_ns > 1410) & (phase_ns < 1500)) / 2.0


def test_resonant_light_makes_fluorescence_and_detuned_light_hardly_any(lab: Any) -> None:
    line_nm = lab().top_line_nm()
    on, off = resonant_rate(lab(**STEADY), line_nm), resonant_rate(lab(**STEADY), line_nm - 0.25)
    assert on > 4 * off


def test_the_power_meter_sees_the_share_of_the_gated_beam(lab: Any) -> None:
    bench = lab().pulsed()
    one = bench.table.incident_power_w()
    bench.gate("CD", 0.0, 0.06e-6)  # 5 pulses of 16 in place of 1
    assert bench.table.incident_power_w() == pytest.approx(5 * one)
    look = bench.table.look()
    at_sample_w = sum(pulse.energy_j for pulse in look.cycle.pulses) / 200e-9
    assert bench.table.incident_power_w() == pytest.approx(0.04 * at_sample_w / 0.8)


# --- spectra ------------------------------------------------------------------------------------------------------


def spectrum(bench: Any, analyser_deg: float) -> FloatArray:
    bench.rotate("1", analyser_deg)
    return bench.table.expected_electrons(bench.table.look(), 10.0)


def emitting(lab: Any, field_t: float, **config: Any) -> Any:
    bench = lab(config=PERFECT_ANALYSER.model_copy(update=config), **STEADY).pulsed()
    bench.spectrograph("front", 605.0)
    bench.field(field_t)
    return bench


def test_rotating_the_analyser_by_90_degrees_swaps_the_circular_spectra(lab: Any) -> None:
    bench = emitting(lab, 3.0)
    plus, minus = spectrum(bench, 45.0), spectrum(bench, -45.0)
    assert np.abs(plus - minus).sum() > 0.5 * plus.sum()
    np.testing.assert_allclose(spectrum(bench, 135.0), minus, rtol=1e-3, atol=1e-3 * minus.max())


def test_reversing_the_field_swaps_the_circular_spectra(lab: Any) -> None:
    up, down = emitting(lab, 3.0), emitting(lab, -3.0)
    plus_up, minus_down = spectrum(up, 45.0), spectrum(down, -45.0)
    np.testing.assert_allclose(plus_up, minus_down, atol=0.02 * plus_up.max())


def test_lines_fall_on_the_pixels_of_their_wavelength(lab: Any) -> None:
    bench = emitting(lab, 0.0)
    model = bench.models.spectrapro
    expected = spectrum(bench, 45.0)
    edges = bench.table.wavelength_edges_nm(bench.table.look())
    line_nm = bench.top_line_nm()
    window = (edges[:-1] > line_nm - 0.2) & (edges[1:] < line_nm + 0.2)
    peak_nm = edges[:-1][window][np.argmax(expected[window])]
    assert peak_nm == pytest.approx(line_nm, abs=0.04)
    assert model.exit == "front"


def test_zero_order_passes_every_wavelength_to_the_side_exit(lab: Any) -> None:
    bench = lab(config=TableConfig(collection=CollectionPath(laser_scatter=0.0)), **STEADY).pulsed()
    narrow = rates_hz(bench)[1]
    bench.spectrograph("side", 0.0)
    assert rates_hz(bench)[1] > 1.1 * narrow


def test_a_laser_that_floods_the_detectors_is_refused(lab: Any) -> None:
    bench = lab(config=TableConfig(collection=CollectionPath(laser_scatter=1e-2))).pulsed()
    bench.spectrograph("side", 0.0)
    with pytest.raises(TableError, match="floods"):
        bench.table.record(1.0)


def test_a_cycle_with_too_many_photons_is_refused_with_the_reason(lab: Any) -> None:
    bench = lab(config=TableConfig(collection=CollectionPath(efficiency=1.0))).pulsed()
    bench.trigger(8000)
    bench.gate("CD", 0.0, 99e-6)
    with pytest.raises(TableError, match="cycle"):
        bench.table.record(0.1)


def test_the_exit_slit_selects(lab: Any) -> None:
    bench = lab(config=TableConfig(spad_1=QUIET, spad_2=QUIET), **STEADY).pulsed()
    bench.spectrograph("side", 607.0)
    wide = rates_hz(bench)[1]
    bench.models.spectrapro.set_side_slit(100)
    assert rates_hz(bench)[1] < 0.3 * wide


def test_the_laser_shows_at_its_wavelength_with_its_polarisation(lab: Any) -> None:
    bench = lab(config=TableConfig(collection=CollectionPath(laser_scatter=1e-3))).pulsed()
    bench.rotate("0", 45.0)
    bench.spectrograph("front", 560.0)
    passed, blocked = spectrum(bench, 45.0), spectrum(bench, -45.0)
    edges = bench.table.wavelength_edges_nm(bench.table.look())
    assert edges[np.argmax(passed)] == pytest.approx(560.0, abs=0.5)
    assert blocked.sum() < 0.05 * passed.sum()


def test_stray_laser_light_reaches_the_detectors_with_the_pulses(lab: Any) -> None:
    config = TableConfig(
        spad_1=QUIET,
        spad_2=QUIET,
        collection=CollectionPath(laser_scatter=1e-3),
        spectrograph=SpectrographTruth(stray_light=1e-5),
    )
    bench = lab(sample="undoped-cdse-cds", config=config).pulsed()
    bench.spectrograph("side", 700.0)  # no line of the dot there
    begin_ps = bench.table.now_ps()
    times = bench.table.record(1.0)[1]
    phase_ns = ((times + begin_ps) % 200_000) / 1000
    assert len(times) > 500
    assert np.mean((phase_ns < 3) | (phase_ns > 198)) > 0.9


# --- time and chance ----------------------------------------------------------------------------------------------


def test_fluorescence_follows_the_pulses_and_decays(lab: Any) -> None:
    bench = lab(**STEADY).pulsed()
    begin_ps = bench.table.now_ps()
    times = bench.table.record(5.0)[1]
    phase_ns = ((times + begin_ps) % 200_000) / 1000
    early, late = np.count_nonzero(phase_ns < 20), np.count_nonzero((phase_ns > 40) & (phase_ns < 60))
    assert early > 5 * late


def test_a_record_and_an_exposure_move_the_clock(lab: Any) -> None:
    bench = lab()
    before = bench.clock.now_s()
    bench.table.record(2.5)
    bench.table.camera_frame(1.5)
    assert bench.clock.now_s() - before == pytest.approx(4.0)


def test_the_same_seed_gives_the_same_tags_and_frames(lab: Any) -> None:
    def everything(seed: int) -> list[Any]:
        bench = lab(seed=seed).pulsed()
        return [*bench.table.record(1.0).values(), bench.table.camera_frame(1.0)]

    first, again, other = everything(7), everything(7), everything(8)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[0], other[0])


def test_blinking_changes_the_counts_from_exposure_to_exposure(lab: Any) -> None:
    slow = Blinking(on_to_off_per_s=1.0, off_to_on_per_s=1.0, off_brightness=0.0)
    bench = lab(blinking=slow).pulsed()
    bench.spectrograph("front", 607.0)
    look, frames = bench.table.look(), []
    for _ in range(20):
        frames.append(bench.table.expected_electrons(look, 0.5).sum())
        bench.clock.advance(0.5)
    assert np.std(frames) > 0.2 * np.mean(frames)


def test_triggers_keep_their_phase_on_the_clock(lab: Any) -> None:
    bench = lab().pulsed()
    bench.gate("GH", 50e-9, 20e-9, divider=10)
    trains = bench.table.look().trains
    start_ps = 123_456_000
    for channel, period_ps, phase_ps in ((3, 200_000, 0), (4, 2_000_000, 50_000)):
        times = trains[channel].times(start_ps, 10_000_000)
        assert len(times) == trains[channel].count(start_ps, 10_000_000)
        assert set((times + start_ps) % period_ps) == {phase_ps}
        assert times[0] < period_ps
