"""The safe state: its order, and that nothing counts without read-back."""

from typing import Any

import pytest

from instruments.errors import InterlockError, QuenchError, UnsafeError, WireError
from instruments.safety import SafeStateReport, make_safe


class Player:
    """Plays any role; notes what it is told in a shared diary."""

    def __init__(self, name: str, diary: list[str], *, stuck: bool = False, error: Exception | None = None) -> None:
        self.name, self.diary, self.stuck, self.error = name, diary, stuck, error

    def _note(self, what: str) -> None:
        self.diary.append(f"{self.name} {what}")
        if self.error is not None:
            raise self.error

    def set_output(self, on: bool) -> None:
        self._note(f"rf {on}")

    def set_power(self, power_dbm: float) -> float:
        self._note(f"power {power_dbm:g}")
        return power_dbm

    def close(self) -> None:
        self._note("close")

    def close_output(self) -> None:
        self._note("close")

    def disable_gate(self, gate: str) -> None:
        self._note(gate)

    def hold(self) -> None:
        self._note("hold")

    def output_is_on(self) -> bool:
        return self.stuck

    is_open = output_is_open = output_is_on

    def is_at_rest(self) -> bool:
        return not self.stuck


NAMES = ("magnet", "gates", "resonant_laser", "pulse_source", "readout_laser", "shutter", "microwave", "cryostat")


def bench(**special: Player) -> tuple[dict[str, Any], list[str]]:
    diary: list[str] = []
    roles = {name: Player(name, diary) for name in NAMES}
    for name, player in special.items():
        player.diary = diary
        roles[name] = player
    return roles, diary


def test_the_order_is_microwave_shutter_lasers_gates_magnet() -> None:
    roles, diary = bench()
    report = make_safe(roles)
    assert diary == [
        "microwave rf False",
        "microwave power -100",
        "shutter close",
        "readout_laser close",
        "resonant_laser close",
        "pulse_source close",
        "gates AB",
        "gates CD",
        "gates EF",
        "gates GH",
        "magnet hold",
    ]
    assert report.confirmed
    assert report.instructions == ""
    report.raise_if_unsafe()


def unconfirmed(report: SafeStateReport) -> list[str]:
    return [step.role for step in report.steps if not step.confirmed]


@pytest.mark.parametrize("name", ["microwave", "shutter", "readout_laser", "resonant_laser", "pulse_source", "magnet"])
def test_a_step_the_read_back_denies_is_not_confirmed(name: str) -> None:
    roles, _ = bench(**{name: Player(name, [], stuck=True)})
    report = make_safe(roles)
    assert unconfirmed(report) == [name]
    assert not report.complete
    with pytest.raises(UnsafeError, match=name):
        report.raise_if_incomplete()


@pytest.mark.parametrize("name", ["microwave", "magnet"])
def test_rf_or_a_moving_magnet_is_dangerous_whatever_else_is_confirmed(name: str) -> None:
    roles, _ = bench(**{name: Player(name, [], stuck=True)})
    with pytest.raises(UnsafeError, match=name):
        make_safe(roles).raise_if_unsafe()


def test_gates_are_a_second_line_told_but_not_dangerous() -> None:
    roles, _ = bench(gates=Player("gates", [], stuck=True, error=WireError("gates: unplugged")))
    report = make_safe(roles)
    report.raise_if_unsafe()
    assert report.instructions == ""
    [remark] = report.remarks
    assert "gates: unplugged" in remark


@pytest.mark.parametrize("name", ["shutter", "readout_laser", "resonant_laser", "pulse_source"])
def test_a_shutter_or_laser_out_of_reach_is_dangerous_even_when_the_sample_is_dark(name: str) -> None:
    roles, _ = bench(**{name: Player(name, [], stuck=True, error=WireError(f"{name}: unplugged"))})
    report = make_safe(roles)
    assert report.dark
    with pytest.raises(UnsafeError, match=f"{name}: unplugged"):
        report.raise_if_unsafe()


@pytest.mark.parametrize("laser", ["readout_laser", "resonant_laser", "pulse_source"])
def test_shutter_and_one_laser_open_is_light_on_the_sample(laser: str) -> None:
    roles, _ = bench(shutter=Player("shutter", [], stuck=True), **{laser: Player(laser, [], stuck=True)})
    report = make_safe(roles)
    assert not report.dark
    assert "block the beam by hand" in report.instructions
    assert laser in report.instructions


class Emission:
    settable = True

    def __init__(self, obeys: bool) -> None:
        self.obeys, self.on = obeys, True

    def set(self, on: bool) -> None:
        self.on = on if self.obeys else self.on

    def get(self) -> bool:
        return self.on


@pytest.mark.parametrize("obeys", [True, False])
def test_the_last_means_against_light_is_emission_off(obeys: bool) -> None:
    laser = Player("resonant_laser", [], stuck=True)
    laser.parameters = {"emission": Emission(obeys)}  # type: ignore[attr-defined]
    report = make_safe(bench(shutter=Player("shutter", [], stuck=True), resonant_laser=laser)[0])
    assert report.dark is obeys
    assert laser.parameters["emission"].on is not obeys  # type: ignore[attr-defined]


def test_emission_stays_on_when_the_shutter_is_closed() -> None:
    laser = Player("resonant_laser", [], stuck=True)
    laser.parameters = {"emission": Emission(True)}  # type: ignore[attr-defined]
    make_safe(bench(resonant_laser=laser)[0])
    assert laser.parameters["emission"].on  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_failing_step_is_tried_three_times_and_does_not_stop_the_others(name: str) -> None:
    roles, diary = bench(**{name: Player(name, [], error=WireError(f"{name}: no reply"))})
    report = make_safe(roles)
    assert unconfirmed(report) == [name]
    tries = {"gates": 12}.get(name, 3)
    assert len([entry for entry in diary if entry.startswith(name)]) == tries
    assert {entry.split()[0] for entry in diary} == set(NAMES[:-1])


class Flaky(Player):
    """Fails the first time, as when a reply is lost."""

    def close(self) -> None:
        self.error = None if self.diary.count("shutter close") else WireError("lost")
        super().close()


def test_a_reply_lost_once_does_not_cost_the_confirmation() -> None:
    assert make_safe(bench(shutter=Flaky("shutter", []))[0]).complete


class Width:
    def get(self) -> float:
        return 2e-8


def test_a_gate_that_reads_wide_again_is_not_confirmed() -> None:
    generator = Player("gates", [])
    generator.parameters = {"width_EF": Width()}  # type: ignore[attr-defined]
    report = make_safe(bench(gates=generator)[0])
    assert unconfirmed(report) == ["gates"]
    assert "EF still reads 2e-08 s wide" in report.remarks[0]


def test_a_driven_modulator_is_switched_off_and_read_back() -> None:
    modulator = Player("polarisation_modulator", [], stuck=True)
    report = make_safe(bench(polarisation_modulator=modulator)[0])
    assert "polarisation_modulator rf False" in modulator.diary
    assert unconfirmed(report) == ["polarisation_modulator"]
    assert report.confirmed


class Alarmed(Player):
    """A cryostat with an alarm; ``obeys``: its heaters go off."""

    def __init__(self, obeys: bool) -> None:
        super().__init__("cryostat", [])
        self.obeys = obeys

    def assert_no_alarm(self) -> None:
        raise InterlockError("cryostat: alarm")

    def heaters_off(self) -> None:
        self._note("heaters off")

    def heaters_are_off(self) -> bool:
        return self.obeys


@pytest.mark.parametrize("obeys", [True, False])
def test_heaters_go_off_on_an_alarm(obeys: bool) -> None:
    cryostat = Alarmed(obeys)
    report = make_safe(bench(cryostat=cryostat)[0])
    assert "cryostat heaters off" in cryostat.diary
    assert report.confirmed is obeys
    assert "cryostat: alarm" in " ".join((*report.remarks, report.instructions))


def test_an_error_of_any_kind_is_no_reason_to_stop() -> None:
    roles, diary = bench(microwave=Player("microwave", [], error=ZeroDivisionError("bug")))
    assert not make_safe(roles).confirmed
    assert diary[-1] == "magnet hold"


class Quenched(Player):
    def is_at_rest(self) -> bool:
        self._note("asked")
        raise AssertionError("unreachable: the note raises")


def test_in_a_quench_the_magnet_is_left_alone_and_a_person_is_told() -> None:
    quench = QuenchError("ami430: quench; nothing is sent")
    magnet = Quenched("magnet", [], error=quench)
    report = make_safe(bench(magnet=magnet)[0])
    assert not report.confirmed
    assert "QUENCH: nothing is sent" in report.instructions
    assert "do not touch a quenched magnet" in report.instructions
    assert "reset the quench at the supply's front panel" in report.instructions
    assert magnet.diary.count("magnet hold") == 1, "a refusal in a quench is not repeated"


def test_another_interlock_of_the_magnet_is_no_quench() -> None:
    failure = InterlockError("4g: power module failure")
    report = make_safe(bench(magnet=Quenched("magnet", [], error=failure))[0])
    assert "power module failure" in report.instructions


def test_only_connected_roles_are_steps() -> None:
    diary: list[str] = []
    report = make_safe({"shutter": Player("shutter", diary)})
    assert [step.role for step in report.steps] == ["shutter"]
    assert make_safe({}).confirmed


def test_one_laser_in_two_roles_is_closed_once() -> None:
    diary: list[str] = []
    laser = Player("laser", diary)
    make_safe({"readout_laser": laser, "resonant_laser": laser})
    assert diary == ["laser close"]


def test_the_cryostat_is_left_alone() -> None:
    roles, diary = bench()
    report = make_safe(roles)
    assert report.steps[-1].role == "cryostat"
    assert not any(entry.startswith("cryostat") for entry in diary)


def test_each_step_has_its_line() -> None:
    roles, _ = bench(shutter=Player("shutter", [], stuck=True))
    assert make_safe(roles).lines()[2].startswith("NOT CONFIRMED: shutter: close: shutter still reads open")
