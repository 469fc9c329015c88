import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.bench.chameleon import Chameleon, ModeLock, TuningStatus
from sims.bench.clock import VirtualClock
from sims.bench.cwave import CWave, PiezoMode, StatusBit
from sims.bench.opo_vis import OpoVis


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def chameleon(clock: VirtualClock) -> Chameleon:
    return Chameleon(clock)


@pytest.fixture
def opo(chameleon: Chameleon, clock: VirtualClock) -> OpoVis:
    return OpoVis(chameleon, clock, np.random.default_rng(3))


@pytest.fixture
def cwave(clock: VirtualClock) -> CWave:
    laser = CWave(clock, np.random.default_rng(3))
    laser.set_shutter("shg_out", True)
    return laser


def test_chameleon_starts_mode_locked_behind_a_closed_shutter(chameleon: Chameleon) -> None:
    assert chameleon.mode_lock() is ModeLock.LOCKED
    assert chameleon.repetition_rate_hz == 80e6
    assert chameleon.output() is None


def test_chameleon_pulses_are_transform_limited(chameleon: Chameleon) -> None:
    chameleon.set_shutter(True)
    beam = chameleon.output()
    assert beam is not None
    assert beam.fwhm_nm == pytest.approx(5.05, abs=0.01)  # 0.315 / 140 fs at 820 nm
    assert (beam.wavelength_nm, beam.repetition_rate_hz) == (820.0, 80e6)


def test_chameleon_emits_no_pulses_while_tuning(chameleon: Chameleon, clock: VirtualClock) -> None:
    chameleon.set_shutter(True)
    chameleon.set_wavelength(900)
    assert (chameleon.status(), chameleon.output(), chameleon.repetition_rate_hz) == (TuningStatus.TUNING, None, 0.0)
    clock.sleep_s(4.1)
    assert chameleon.output() is not None


def test_chameleon_recovers_after_standby(chameleon: Chameleon, clock: VirtualClock) -> None:
    chameleon.set_laser(False)
    assert chameleon.mode_lock() is ModeLock.OFF
    chameleon.set_laser(True)
    assert chameleon.status() is TuningStatus.RECOVERY
    clock.sleep_s(20.1)
    assert chameleon.mode_lock() is ModeLock.LOCKED


def test_chameleon_stays_off_with_the_key_off(chameleon: Chameleon) -> None:
    chameleon.turn_key(False)
    chameleon.set_laser(True)
    assert not chameleon.laser_on


def test_chameleon_fault_closes_the_shutter_and_holds_it(chameleon: Chameleon) -> None:
    chameleon.set_shutter(True)
    chameleon.set_faults(2)
    chameleon.set_shutter(True)
    assert not chameleon.shutter_open


def test_opo_needs_an_open_shutter_and_a_pump(opo: OpoVis, chameleon: Chameleon) -> None:
    opo.opo_out_open = True
    assert (opo.status(), opo.output()) == ("no pump", None)
    chameleon.set_shutter(True)
    beam = opo.output()
    assert beam is not None
    assert beam.wavelength_nm == pytest.approx(560.0, abs=0.02)
    assert (beam.fwhm_nm, beam.repetition_rate_hz) == (2.5, 80e6)
    opo.opo_out_open = False
    assert opo.output() is None


def test_opo_is_dark_until_tuned_and_optimised(opo: OpoVis, chameleon: Chameleon, clock: VirtualClock) -> None:
    chameleon.set_shutter(True)
    opo.opo_out_open = True
    opo.set_signal_wavelength(1200.0)
    clock.sleep_s(4.5)  # 80 nm at 20 nm/s
    assert (opo.status(), opo.output()) == ("optimizing", None)
    clock.sleep_s(3.0)
    beam = opo.output()
    assert beam is not None
    assert beam.wavelength_nm == pytest.approx(600.0, abs=0.02)


@pytest.mark.parametrize("hindrance", ["pump_in_open", "second_harmonic_mirror_in", "pump_bypass"])
def test_opo_is_dark_with_a_hindrance(opo: OpoVis, chameleon: Chameleon, hindrance: str) -> None:
    chameleon.set_shutter(True)
    opo.opo_out_open = True
    setattr(opo, hindrance, not getattr(opo, hindrance))
    assert opo.output() is None


def test_opo_refuses_a_pump_it_cannot_use(opo: OpoVis, chameleon: Chameleon, clock: VirtualClock) -> None:
    chameleon.set_shutter(True)
    chameleon.set_wavelength(1000)
    clock.sleep_s(10.0)
    assert opo.status() == "out of range"


@given(st.integers(0, 2**32))
def test_dial_error_is_small_and_belongs_to_the_seed(seed: int) -> None:
    def emitted_nm() -> float:
        clock = VirtualClock()
        laser = CWave(clock, np.random.default_rng(seed))
        laser.set_shutter("shg_out", True)
        beam = laser.output()
        assert beam is not None
        return beam.wavelength_nm

    assert abs(emitted_nm() - 560.0) <= 0.02
    assert emitted_nm() == emitted_nm()


def test_cwave_is_narrow_and_continuous(cwave: CWave) -> None:
    beam = cwave.output()
    assert beam is not None
    assert (beam.fwhm_nm, beam.repetition_rate_hz) == (1e-6, None)


def test_cwave_is_dark_until_locked(cwave: CWave, clock: VirtualClock) -> None:
    cwave.dial(575.0)
    clock.sleep_s(32.9)
    assert cwave.output() is None
    clock.sleep_s(0.2)
    assert cwave.output() is not None


@given(st.lists(st.integers(-20, 20), max_size=8))
def test_cwave_shifts_are_exact(steps_pm: list[int]) -> None:
    clock = VirtualClock()
    laser = CWave(clock, np.random.default_rng(3))
    laser.set_shutter("shg_out", True)
    before = laser.output()
    for step_pm in steps_pm:
        laser.move_etalon(step_pm * 1e-3)
        assert laser.output() is None
        clock.sleep_s(2.0)
    after = laser.output()
    assert before is not None
    assert after is not None
    assert after.wavelength_nm - before.wavelength_nm == pytest.approx(sum(steps_pm) * 1e-3, abs=1e-9)


def test_cwave_dial_forgets_the_shift(cwave: CWave, clock: VirtualClock) -> None:
    before = cwave.output()
    cwave.move(0.5)
    cwave.dial(560.0)
    clock.sleep_s(60.0)
    assert cwave.output() == before


@pytest.mark.parametrize("wavelength_nm", [449.9, 650.1, 899.0, 1301.0])
def test_cwave_refuses_wavelengths_it_lacks(cwave: CWave, wavelength_nm: float) -> None:
    with pytest.raises(ValueError, match="is in neither"):
        cwave.dial(wavelength_nm)


def test_cwave_off_is_dark_and_warms_up(cwave: CWave, clock: VirtualClock) -> None:
    cwave.set_laser(False)
    assert cwave.output() is None
    assert cwave.status_bits() >> StatusBit.LASER_EMISSION & 1
    cwave.set_laser(True)
    clock.sleep_s(59.0)
    assert cwave.output() is None
    clock.sleep_s(1.1)
    assert cwave.output() is not None


def test_cwave_loses_its_lock_when_a_piezo_is_not_under_control(cwave: CWave) -> None:
    cwave.set_piezo_mode("opo", PiezoMode.SCAN)
    assert cwave.status_bits() == 1 << StatusBit.OPO_LOCK
    assert cwave.output() is None


def test_cwave_stopped_optimisation_never_locks(cwave: CWave, clock: VirtualClock) -> None:
    cwave.dial(600.0)
    clock.sleep_s(5.0)
    cwave.stop_optimisation()
    clock.sleep_s(1000.0)
    assert cwave.output() is None


def test_cwave_infrared_leaves_by_its_own_shutter(cwave: CWave, clock: VirtualClock) -> None:
    cwave.dial(1000.0)
    clock.sleep_s(200.0)
    assert cwave.output() is None
    cwave.set_shutter("opo_out", True)
    beam = cwave.output()
    assert beam is not None
    assert beam.wavelength_nm == pytest.approx(1000.0, abs=0.02)
