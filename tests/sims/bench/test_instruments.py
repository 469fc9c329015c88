"""State and motion of the other simulated instruments, without any bytes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.bench.ami430 import Ami430, MagnetState
from sims.bench.clock import VirtualClock
from sims.bench.cryostation import Cryostation
from sims.bench.dg645 import Dg645, TriggerSource
from sims.bench.ell14 import Ell14, MountStatus
from sims.bench.models import build_models
from sims.bench.pm100d import Pm100d
from sims.bench.sc10 import Sc10, ShutterMode
from sims.bench.smb100a import Smb100a
from sims.bench.spectrapro import FOCAL_LENGTH_MM, SpectraPro


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def test_the_bench_starts_cold_idle_and_dark(clock: VirtualClock) -> None:
    models = build_models(clock, np.random.default_rng(1), lambda: 0.0)
    assert models.cryostation.sample_temperature_k() == 4.0
    assert models.cryostation.setpoint_k == 4.0
    assert models.ami430.field_t() == 0.0
    assert models.smb100a.output() is None
    assert not models.sc10.is_open()
    assert [models.chameleon.output(), models.opo_vis.output(), models.cwave.output()] == [None] * 3
    assert all(gate.width_s == 0.0 for gate in models.dg645.gates().values())


# rotation mounts


@given(st.integers(-143_360, 143_360))
def test_mount_arrives_exactly(position: int) -> None:
    clock = VirtualClock()
    bus = Ell14(clock)
    assert bus.mounts["1"].move_to(position) is MountStatus.OK
    clock.sleep_s(bus.mounts["1"].remaining_s())
    assert bus.angle_deg("1") == position * 360.0 / 143_360
    assert bus.angle_deg("0") == 0.0


def test_slow_mount_takes_longer(clock: VirtualClock) -> None:
    mount = Ell14(clock).mounts["0"]
    mount.move_to(143_360)
    full_speed_s = mount.remaining_s()
    clock.sleep_s(full_speed_s)
    mount.speed_percent = 50
    mount.move_to(0)
    assert mount.remaining_s() == pytest.approx(2.0 * full_speed_s, rel=0.05)


def test_stopped_mount_stays(clock: VirtualClock) -> None:
    mount = Ell14(clock).mounts["0"]
    mount.move_to(143_360)
    clock.sleep_s(0.3)
    mount.stop()
    here = mount.position_pulses()
    clock.sleep_s(5.0)
    assert 0 < mount.position_pulses() == here < 143_360


# shutter


def test_single_mode_opens_once(clock: VirtualClock) -> None:
    shutter = Sc10(clock)
    shutter.set_mode(ShutterMode.SINGLE)
    shutter.toggle()
    assert shutter.is_open()
    clock.sleep_s(0.25)
    assert not shutter.is_open()
    clock.sleep_s(0.25)
    assert not shutter.enabled


def test_repeat_mode_counts(clock: VirtualClock) -> None:
    shutter = Sc10(clock)
    shutter.repetitions = 3
    shutter.set_mode(ShutterMode.REPEAT)
    shutter.toggle()
    seen = []
    for _ in range(9):
        seen.append(shutter.is_open())
        clock.sleep_s(0.2)
    assert seen == [True, False, True, False, True, False, False, False, False]


def test_changing_the_mode_closes(clock: VirtualClock) -> None:
    shutter = Sc10(clock)
    shutter.toggle()
    shutter.set_mode(ShutterMode.EXTERNAL_GATE)
    assert not shutter.is_open()


# spectrograph


def test_dispersion_of_the_model(clock: VirtualClock) -> None:
    spectrograph = SpectraPro(clock)
    spectrograph.go_to(435.8)
    clock.sleep_s(10.0)
    turn = math.asin(1200e-6 * 435.8 / (2.0 * math.cos(math.radians(8.59))))
    expected = math.cos(turn - math.radians(8.59)) / (1200e-6 * 500.0)
    assert spectrograph.dispersion_nm_per_mm() == pytest.approx(expected, rel=1e-12)
    assert expected == pytest.approx(1.655, abs=0.001)


@given(st.floats(300.0, 900.0), st.sampled_from([1, 2, 3]), st.floats(-12.0, 12.0))
def test_wavelengths_in_the_exit_plane_obey_the_grating_equation(centre_nm: float, grating: int, x_mm: float) -> None:
    clock = VirtualClock()
    spectrograph = SpectraPro(clock)
    spectrograph.select_grating(grating)
    spectrograph.go_to(centre_nm)
    clock.sleep_s(1000.0)
    assert spectrograph.wavelength_nm_at(0.0) == pytest.approx(centre_nm, rel=1e-12)
    step_mm = 1e-4
    slope = (spectrograph.wavelength_nm_at(x_mm + step_mm) - spectrograph.wavelength_nm_at(x_mm - step_mm)) / 2e-4
    assert slope > 0.0
    if x_mm == 0.0:
        assert slope == pytest.approx(spectrograph.dispersion_nm_per_mm(), rel=1e-6)
    assert slope <= 1e6 / (spectrograph.groove_per_mm * FOCAL_LENGTH_MM) * (1.0 + 1e-6)


def test_grating_change_keeps_the_wavelength_in_reach(clock: VirtualClock) -> None:
    spectrograph = SpectraPro(clock)
    spectrograph.go_to(1300.0)
    clock.sleep_s(20.0)
    spectrograph.select_grating(3)
    assert spectrograph.centre_nm == pytest.approx(1400.0 * 1200.0 / 1800.0)


# cryostat


def test_sample_settles_exponentially(clock: VirtualClock) -> None:
    cryostat = Cryostation(clock)
    cryostat.set_setpoint(14.0)
    clock.sleep_s(40.0)
    assert cryostat.sample_temperature_k() == pytest.approx(14.0 - 10.0 / math.e)
    assert cryostat.sample_stability_k() > 0.5
    clock.sleep_s(600.0)
    assert cryostat.sample_temperature_k() == pytest.approx(14.0, abs=1e-5)
    assert cryostat.sample_stability_k() == 0.003


def test_sample_cannot_be_colder_than_the_base(clock: VirtualClock) -> None:
    cryostat = Cryostation(clock)
    cryostat.set_setpoint(2.0)
    clock.sleep_s(10_000.0)
    assert cryostat.sample_temperature_k() == pytest.approx(3.2)


def test_warm_up_heads_for_room_temperature_and_ignores_the_setpoint(clock: VirtualClock) -> None:
    cryostat = Cryostation(clock)
    cryostat.warm_up()
    cryostat.set_setpoint(10.0)
    clock.sleep_s(1e5)
    assert cryostat.sample_temperature_k() == pytest.approx(295.0)
    cryostat.cool_down()
    clock.sleep_s(1e5)
    assert cryostat.sample_temperature_k() == pytest.approx(10.0)


# magnet


def test_ramp_passes_its_segments_at_their_rates(clock: VirtualClock) -> None:
    magnet = Ami430(clock)
    magnet.set_segment_count(2)
    magnet.set_segment(1, 0.1, 20.0)
    magnet.set_segment(2, 0.05, 80.0)
    magnet.set_target(30.0)
    magnet.ramp()
    clock.sleep_s(200.0)
    assert magnet.supply_current_a() == pytest.approx(20.0)
    clock.sleep_s(100.0)
    assert magnet.supply_current_a() == pytest.approx(25.0)
    clock.sleep_s(100.0)
    assert magnet.state() is MagnetState.HOLDING


def test_ramp_through_zero_is_symmetric(clock: VirtualClock) -> None:
    magnet = Ami430(clock)
    magnet.set_target(-10.0)
    magnet.ramp()
    clock.sleep_s(201.0)
    magnet.set_target(10.0)
    clock.sleep_s(200.0)
    assert magnet.field_t() == pytest.approx(0.0, abs=1e-9)


def test_changing_the_rate_on_the_way_never_jumps(clock: VirtualClock) -> None:
    magnet = Ami430(clock)
    magnet.set_target(10.0)
    magnet.ramp()
    clock.sleep_s(50.0)
    magnet.set_segment(1, 0.1, None)
    assert magnet.supply_current_a() == pytest.approx(2.5)
    clock.sleep_s(75.0)
    assert magnet.state() is MagnetState.HOLDING


@given(
    st.lists(st.tuples(st.sampled_from(["ramp", "pause", "zero"]), st.floats(-80, 80), st.floats(0, 500)), max_size=8)
)
def test_current_never_changes_faster_than_the_fastest_segment(steps: list[tuple[str, float, float]]) -> None:
    clock = VirtualClock()
    magnet = Ami430(clock)
    magnet.set_segment_count(2)
    magnet.set_segment(1, 0.2, 30.0)
    for action, target_a, wait_s in steps:
        before_a = magnet.supply_current_a()
        magnet.set_target(target_a)
        getattr(magnet, action)()
        clock.sleep_s(wait_s)
        assert abs(magnet.supply_current_a() - before_a) <= 0.2 * wait_s + 1e-6


def test_quench_decays_and_holds_nothing_back(clock: VirtualClock) -> None:
    magnet = Ami430(clock)
    magnet.set_target(40.0)
    magnet.ramp()
    clock.sleep_s(801.0)
    magnet.quench()
    clock.sleep_s(2.0)
    assert magnet.field_t() == pytest.approx(4.5 / math.e, rel=1e-6)
    magnet.ramp()
    assert magnet.state() is MagnetState.QUENCH


# microwave


@pytest.mark.parametrize(("setter", "value"), [("set_frequency", 99e3), ("set_frequency", 20.1e9), ("set_power", 31.0)])
def test_generator_limits(setter: str, value: float) -> None:
    with pytest.raises(ValueError, match="is not between"):
        getattr(Smb100a(), setter)(value)


# delay generator


@pytest.fixture
def delays() -> Dg645:
    generator = Dg645()
    generator.trigger_source = TriggerSource.EXTERNAL_RISING
    generator.advanced_triggering = True
    generator.prescalers[0] = 16
    return generator


def test_trigger_period_is_the_prescaled_laser_period(delays: Dg645) -> None:
    assert delays.trigger_period_s(80e6) == pytest.approx(200e-9)


def test_prescaler_counts_only_with_advanced_triggering(delays: Dg645) -> None:
    delays.advanced_triggering = False
    assert delays.trigger_period_s(1e6) == pytest.approx(1e-6)


def test_triggers_during_the_longest_delay_are_missed(delays: Dg645) -> None:
    delays.set_delay(9, 0, 150e-9)
    assert delays.misses_triggers(80e6)
    assert delays.trigger_period_s(80e6) == pytest.approx(400e-9)


def test_delay_that_just_fits_misses_nothing(delays: Dg645) -> None:
    delays.set_delay(9, 0, 100e-9)
    assert not delays.misses_triggers(80e6)


def test_internal_trigger_needs_no_laser(delays: Dg645) -> None:
    delays.trigger_source = TriggerSource.INTERNAL
    delays.trigger_rate_hz = 1e5
    assert delays.trigger_period_s(0.0) == pytest.approx(1e-5)


@pytest.mark.parametrize("source", [TriggerSource.SINGLE_SHOT, TriggerSource.EXTERNAL_RISING])
def test_without_pulses_nothing_triggers(delays: Dg645, source: TriggerSource) -> None:
    delays.trigger_source = source
    assert delays.trigger_period_s(0.0) is None


def test_inverted_gate_is_high_outside(delays: Dg645) -> None:
    delays.set_delay(3, 2, 1e-6)
    delays.outputs[1].positive = False
    gate = delays.gates()["AB"]
    assert (gate.level_v, gate.idle_v) == (0.0, 5.0)


@given(st.floats(0.0, 1e-3), st.floats(0.0, 1e-3))
def test_gate_width_does_not_depend_on_which_edge_comes_first(first_s: float, second_s: float) -> None:
    generator = Dg645()
    generator.set_delay(4, 0, first_s)
    generator.set_delay(5, 0, second_s)
    gate = generator.gates()["CD"]
    assert gate.delay_s == pytest.approx(min(first_s, second_s), abs=2.6e-12)
    assert gate.width_s == pytest.approx(abs(second_s - first_s), abs=1.1e-11)


def test_refused_delay_changes_nothing(delays: Dg645) -> None:
    delays.set_delay(2, 0, 1e-6)
    with pytest.raises(ValueError, match="outside 0-2000 s"):
        delays.set_delay(2, 0, 3000.0)
    assert delays.delay(2) == (0, pytest.approx(1e-6))


# power meter


def test_power_meter_reads_the_table_with_noise() -> None:
    meter = Pm100d(lambda: 1e-3, np.random.default_rng(5))
    readings = np.array([meter.power_w() for _ in range(400)])
    assert readings.mean() == pytest.approx(1e-3, abs=3e-7)
    assert readings.std() == pytest.approx(1e-6, rel=0.2)


def test_averaging_lowers_the_noise() -> None:
    meter = Pm100d(lambda: 1e-3, np.random.default_rng(5))
    meter.averages = 100
    assert np.std([meter.power_w() for _ in range(400)]) == pytest.approx(1e-7, rel=0.2)
