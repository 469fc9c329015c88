"""The safe state: its order, and that nothing counts without read-back."""

from typing import Any

import pytest

from instruments.errors import InterlockError, UnsafeError, WireError
from instruments.safety import make_safe


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


@pytest.mark.parametrize("name", ["microwave", "shutter", "readout_laser", "resonant_laser", "pulse_source", "magnet"])
def test_a_step_the_read_back_denies_is_not_confirmed(name: str) -> None:
    roles, _ = bench(**{name: Player(name, [], stuck=True)})
    report = make_safe(roles)
    assert [step.role for step in report.steps if not step.confirmed] == [name]
    with pytest.raises(UnsafeError, match=name):
        report.raise_if_unsafe()


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_failing_step_does_not_stop_the_others(name: str) -> None:
    roles, diary = bench(**{name: Player(name, [], error=WireError(f"{name}: no reply"))})
    report = make_safe(roles)
    assert [step.role for step in report.steps if not step.confirmed] == [name]
    assert len(diary) == 10
    assert f"{name}: no reply" in report.instructions


def test_an_error_of_any_kind_is_no_reason_to_stop() -> None:
    roles, diary = bench(microwave=Player("microwave", [], error=ZeroDivisionError("bug")))
    assert not make_safe(roles).confirmed
    assert diary[-1] == "magnet hold"


def test_a_quench_is_reported_with_what_not_to_do() -> None:
    quench = InterlockError("ami430: quench; nothing is sent")
    report = make_safe(bench(magnet=Player("magnet", [], error=quench))[0])
    assert "do not touch a quenched magnet" in report.instructions


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
    assert make_safe(roles).lines()[1].startswith("NOT CONFIRMED: shutter: close: shutter still reads open")
