"""Each interlock: what it lets pass, what it ends a run for, and what it says."""

from typing import Any

import pytest

from instruments.errors import InterlockError, NotReadyError, QuenchError, WireError
from instruments.interlocks import Circumstances, State, read_interlocks, require
from instruments.station_file import Limits

LIGHT = Circumstances(light=True)
DARK = Circumstances()


class Parameter:
    def __init__(self, value: object) -> None:
        self.value = value

    def get(self) -> object:
        return self.value


class Player:
    """Plays any role; healthy unless told otherwise."""

    def __init__(self, **changes: Any) -> None:
        self.name = "player"
        self.error: Exception | None = None
        self.fails_once = False
        self.parameters: dict[str, Parameter] = {}
        self.at_rest, self.grounded, self.is_open = True, True, True
        self.kelvin, self.tesla, self.rate_hz = 4.0, 0.0, 1e4
        for name, value in changes.items():
            setattr(self, name, value)

    def _answer(self, value: Any) -> Any:
        error = self.error
        if self.fails_once:
            self.error = None
        if error is not None:
            raise error
        return value

    def is_at_rest(self) -> bool:
        return bool(self._answer(self.at_rest))

    def is_grounded(self) -> bool:
        return bool(self._answer(self.grounded))

    def output_is_open(self) -> bool:
        return bool(self._answer(self.is_open))

    def field_t(self) -> float:
        return float(self._answer(self.tesla))

    def temperature_k(self) -> float:
        return float(self._answer(self.kelvin))

    magnet_temperature_k = temperature_k

    def count_rates_hz(self, channels: Any, integration_s: float = 0.1) -> dict[int, float]:
        return {1: 10.0, 2: float(self._answer(self.rate_hz))}


class Oscillator(Player):
    def assert_mode_locked(self) -> None:
        self._answer(None)


def states(now: Circumstances = DARK, **roles: Any) -> dict[str, State]:
    return {f"{each.role}: {each.what}": each.state for each in read_interlocks(roles, Limits(), now)}


def complaint(now: Circumstances = DARK, **roles: Any) -> str:
    with pytest.raises(InterlockError) as caught:
        require(read_interlocks(roles, Limits(), now))
    return str(caught.value)


def test_a_healthy_bench_passes() -> None:
    roles = {name: Player() for name in ("readout_laser", "shutter", "magnet", "cryostat", "positioner", "time_tagger")}
    roles |= {"pulse_source": Oscillator(), "magnet_thermometer": Player()}
    now = Circumstances(light=True, counting=True, wanted_k=4.0, detectors=(1, 2))
    readings = read_interlocks(roles, Limits(), now)
    require(readings)
    assert {each.state for each in readings} == {State.GOOD}
    assert {each.role for each in readings} == set(roles) - {"magnet_thermometer"}


@pytest.mark.parametrize("now", [LIGHT, DARK])
def test_a_laser_fault_counts_with_and_without_light(now: Circumstances) -> None:
    laser = Oscillator(error=InterlockError("chameleon: external interlock is set; clear it at the laser"))
    assert "external interlock is set" in complaint(now, pulse_source=laser)


def test_lost_mode_lock_counts_with_light_only() -> None:
    laser = Oscillator(error=NotReadyError("chameleon: not mode-locked"))
    assert "not mode-locked" in complaint(LIGHT, pulse_source=laser)
    assert states(DARK, pulse_source=laser) == {"pulse_source: faults, emission, mode lock": State.NOT_READY}


def test_an_open_laser_that_has_lost_its_lock_counts_a_closed_one_does_not() -> None:
    unlocked = {"status": Parameter("OPO lock")}
    assert "status 'OPO lock', not OK" in complaint(LIGHT, resonant_laser=Player(parameters=unlocked))
    closed = Player(parameters=unlocked, is_open=False)
    assert states(LIGHT, resonant_laser=closed) == {"resonant_laser: faults, lock": State.GOOD}


def test_an_open_interlock_loop_of_the_shutter_ends_the_run() -> None:
    assert "interlock is tripped" in complaint(shutter=Player(parameters={"interlock": Parameter(True)}))


def test_a_quench_says_what_a_person_has_to_do() -> None:
    said = complaint(magnet=Player(error=QuenchError("ami430: quench; nothing is sent")))
    assert "has QUENCHED" in said
    assert "reset the quench at the supply's front panel" in said


def test_a_magnet_that_moves_by_itself_ends_the_run_one_that_is_ramped_does_not() -> None:
    magnet = Player(at_rest=False)
    assert "the magnet moves" in complaint(magnet=magnet)
    ramping = Circumstances(resting=False)
    require(read_interlocks({"magnet": magnet}, Limits(), ramping))


@pytest.mark.parametrize(
    ("kelvin", "tesla", "at_rest", "good"),
    [
        (5.9, 2.0, True, True),
        (6.1, 2.0, True, False),
        (6.1, -2.0, True, False),
        (6.1, 0.0, True, True),
        (6.1, 0.0, False, False),  # on its way up
    ],
)
def test_no_field_on_a_warm_magnet(kelvin: float, tesla: float, at_rest: bool, good: bool) -> None:
    magnet = Player(tesla=tesla, at_rest=at_rest)
    now = Circumstances(resting=False)
    found = states(now, magnet=magnet, magnet_thermometer=Player(kelvin=kelvin))
    assert (found["magnet: field and magnet temperature"] is State.GOOD) is good


def test_the_cryostats_own_magnet_thermometer_serves_when_no_role_is_bound() -> None:
    cryostat = Player(kelvin=8.0, has_magnet_thermometer=lambda: True)
    assert "8.00 K at 1.000 T" in complaint(magnet=Player(tesla=1.0), cryostat=cryostat)


@pytest.mark.parametrize("alarm", [{"alarm": Parameter(True)}, {"alarms": Parameter("MB1.T1 Open Circuit;")}])
def test_an_alarm_of_the_cryostat_ends_the_run(alarm: dict[str, Parameter]) -> None:
    assert "alarm" in complaint(cryostat=Player(parameters=alarm))


@pytest.mark.parametrize(
    ("kelvin", "wanted_k", "good"),
    [(4.4, 4.0, True), (4.6, 4.0, False), (3.4, 4.0, False), (20.0, None, True), (351.0, None, False)],
)
def test_the_sample_stays_at_the_temperature_asked_for(kelvin: float, wanted_k: float | None, good: bool) -> None:
    now = Circumstances(wanted_k=wanted_k)
    found = states(now, cryostat=Player(kelvin=kelvin))
    assert (found["cryostat: sample temperature"] is State.GOOD) is good


def test_a_thermometer_without_a_reading_ends_the_run() -> None:
    assert "unavailable" in complaint(cryostat=Player(error=NotReadyError("reads -0.100 (unavailable)")))


def test_too_much_light_on_a_detector_names_the_input_and_the_limit() -> None:
    now = Circumstances(counting=True, detectors=(1, 2))
    said = complaint(now, time_tagger=Player(rate_hz=5e6))
    assert "input 2 counts 5e+06 Hz, above the station's limit of 2e+06 Hz" in said


def test_detectors_are_asked_only_when_told_to() -> None:
    assert states(DARK, time_tagger=Player(rate_hz=5e6)) == {}


def test_a_live_positioner_ends_the_run() -> None:
    assert "not grounded" in complaint(positioner=Player(grounded=False))


def test_one_lost_reply_is_forgiven_a_silent_instrument_is_not() -> None:
    lost = WireError("ami430: 'STATE?' got no complete reply")
    require(read_interlocks({"magnet": Player(error=lost, fails_once=True)}, Limits(), DARK))
    assert "cannot be read" in complaint(magnet=Player(error=lost))


def test_all_violations_are_told_at_once() -> None:
    said = complaint(magnet=Player(at_rest=False), positioner=Player(grounded=False))
    assert "magnet" in said
    assert "positioner" in said
