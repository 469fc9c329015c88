"""States and motions of the second magnet, cryostat, generator, of the lock-in and of the steppers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.bench.anc300 import Anc300, step_size_um
from sims.bench.clock import VirtualClock
from sims.bench.cryomagnetics_4g import Cryomagnetics4g, Sweep
from sims.bench.mercury_itc import MercuryItc
from sims.bench.models import build_models
from sims.bench.sg384 import RF_RANGE_HZ, Sg384, highest_power_dbm
from sims.bench.sr830 import Sr830
from sims.bench.state import read_state


def test_an_idle_second_bench_changes_nothing() -> None:
    models = build_models(VirtualClock(), np.random.default_rng(1), lambda: 0.0)
    state = read_state(models)
    assert (state.temperature_k, state.field_t, state.microwave, state.coupling) == (4.0, 0.0, None, 1.0)


def test_building_the_second_models_draws_nothing() -> None:
    rng, untouched = np.random.default_rng(1), np.random.default_rng(1)
    clock = VirtualClock()
    Sr830(clock, lambda: 0.0, rng)
    assert rng.random() == untouched.random()


@settings(max_examples=50, deadline=None)
@given(
    goal_a=st.floats(-80.0, 80.0),
    rates=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
    wait_s=st.floats(0.0, 5000.0),
)
def test_the_current_never_changes_faster_than_the_fastest_rate_and_ends_at_the_limit(
    goal_a: float, rates: list[float], wait_s: float
) -> None:
    clock = VirtualClock()
    supply = Cryomagnetics4g(clock)
    for index, rate in enumerate(rates):
        supply.set_range_limit(index, 20.0 * (index + 1))
        supply.set_rate(index, rate)
    supply.set_limit(goal_a > 0, goal_a)
    supply.start(Sweep.UP if goal_a > 0 else Sweep.DOWN)
    clock.advance(wait_s)
    before_a = supply.supply_current_a()
    clock.advance(1.0)
    assert abs(supply.supply_current_a() - before_a) <= max(*rates, 0.05) + 1e-6
    clock.advance(1e5)
    assert supply.supply_current_a() == pytest.approx(goal_a)


def test_a_quench_decays_from_the_magnets_current() -> None:
    clock = VirtualClock()
    supply = Cryomagnetics4g(clock)
    supply.set_limit(True, 10.0)
    supply.start(Sweep.UP)
    clock.advance(300.0)
    supply.quench()
    clock.advance(2.0)
    assert supply.field_t() == pytest.approx(10.0 * 0.1125 * math.exp(-1.0))
    with pytest.raises(ValueError, match="quench"):
        supply.start(Sweep.UP)


@settings(max_examples=50, deadline=None)
@given(target_k=st.floats(3.5, 300.0), rate=st.floats(0.5, 50.0), wait_s=st.floats(0.0, 2000.0))
def test_the_stage_stays_between_start_and_setpoint(target_k: float, rate: float, wait_s: float) -> None:
    clock = VirtualClock()
    controller = MercuryItc(clock, lambda: 4.0)
    controller.set_ramp_rate(rate)
    controller.set_ramp(True)
    controller.set_loop(True)
    controller.set_setpoint(target_k)
    clock.advance(wait_s)
    low_k, high_k = sorted((4.0, target_k))
    assert low_k - 1e-6 <= controller.sample_temperature_k() <= high_k + 1e-6
    clock.advance(1e6)
    assert controller.sample_temperature_k() == pytest.approx(target_k)


def test_the_power_limit_falls_above_3_ghz() -> None:
    assert (highest_power_dbm(RF_RANGE_HZ[0]), highest_power_dbm(3e9), highest_power_dbm(4e9)) == (16.5, 16.5, 13.0)
    generator = Sg384()
    generator.set_frequency(4e9)
    with pytest.raises(ValueError, match="13 dBm"):
        generator.set_rf_power(13.1)


def test_the_lock_in_settles_to_the_fundamental_of_the_chopped_light() -> None:
    clock = VirtualClock()
    lock_in = Sr830(clock, lambda: 1e-6, np.random.default_rng(1))
    lock_in.external_reference = True
    clock.advance(100.0)
    assert lock_in.output_v().real == pytest.approx(0.4 * math.sqrt(2.0) / math.pi, rel=1e-4)
    wave = np.where(np.arange(10_000) < 5000, 1.0, 0.0)  # fundamental of a square wave, computed otherwise
    rms = abs(np.fft.rfft(wave)[1]) / 10_000 * math.sqrt(2.0)
    assert rms == pytest.approx(math.sqrt(2.0) / math.pi, rel=1e-6)


@pytest.mark.parametrize("time_constant_index", [6, 8])
def test_the_noise_is_the_input_noise_in_the_filters_bandwidth(time_constant_index: int) -> None:
    clock = VirtualClock()
    lock_in = Sr830(clock, lambda: 0.0, np.random.default_rng(1))
    lock_in.time_constant_index, lock_in.slope_index = time_constant_index, 0
    samples = [lock_in.output_v().real for _ in range(4000)]
    expected_v = 6e-9 * math.sqrt(1.0 / (4.0 * lock_in.time_constant_s))  # one pole: 1/(4 τ)
    assert np.std(samples) == pytest.approx(expected_v, rel=0.05)


def test_steps_below_the_threshold_voltage_go_nowhere() -> None:
    assert step_size_um(10.0, upwards=True) == 0.0
    assert step_size_um(40.0, upwards=False) < step_size_um(40.0, upwards=True) < 0.1


def test_out_of_focus_the_objective_collects_less() -> None:
    clock = VirtualClock()
    steppers = Anc300(clock)
    steppers.set_mode(3, "stp")
    couplings = []
    for _ in range(4):
        couplings.append(steppers.coupling())
        steppers.step(3, 50)
        clock.advance(1.0)
    assert couplings[0] == 1.0
    assert couplings == sorted(couplings, reverse=True)
    z_um = 50 * step_size_um(30.0, upwards=True)
    assert couplings[1] == pytest.approx(1.0 / (1.0 + (z_um / 1.5) ** 2))


def test_a_positioner_stops_at_the_end_of_its_travel() -> None:
    clock = VirtualClock()
    steppers = Anc300(clock)
    steppers.set_mode(1, "stp")
    steppers.step_endlessly(1, True)
    clock.advance(1e6)
    assert steppers.is_stepping(1)
    assert 0.0 <= steppers.coupling() < 1e-6
