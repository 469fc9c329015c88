"""The SG384's driver: every setting is confirmed, the gate is armed before the RF."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.srs_sg384 import Sg384

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]


def done(command: str, error: int = 0) -> Pairs:
    return [(f"{command}\n".encode(), None), (b"LERR?\n", f"{error}\r\n".encode())]


def asked(query: str, reply: str) -> Pairs:
    return [(f"{query}\n".encode(), f"{reply}\r\n".encode())]


GATED: Pairs = [
    *done("TYPE 4"),
    *done("PFNC 5"),
    *done("MODL 1"),
    *asked("MODL?", "1"),
    *asked("TYPE?", "4"),
    *asked("PFNC?", "5"),
]


def test_the_frequency_read_back_is_returned(talk: Talk) -> None:
    power = asked("AMPR?", "-5.00")
    pairs = [*power, *done("FREQ 2870000000.000"), *asked("FREQ?", "2870000000.000000"), *power]
    assert talk(Sg384, pairs).set_frequency(2.87e9) == 2.87e9


def test_a_frequency_that_was_not_taken_is_an_error(talk: Talk) -> None:
    power = asked("AMPR?", "-5.00")
    pairs = [*power, *done("FREQ 2870000000.000"), *asked("FREQ?", "10000000.000000"), *power]
    with pytest.raises(NotReadyError, match="was not taken"):
        talk(Sg384, pairs).set_frequency(2.87e9)


def test_power_lost_above_3_ghz_is_told(talk: Talk) -> None:
    pairs = [*asked("AMPR?", "16.50"), *done("FREQ 4000000000.000"), *asked("FREQ?", "4e9"), *asked("AMPR?", "13.00")]
    with pytest.raises(NotReadyError, match=r"fell from 16\.5 to 13 dBm"):
        talk(Sg384, pairs).set_frequency(4e9)


@pytest.mark.parametrize("frequency_hz", [1e5, 4.1e9, float("nan"), float("inf")])
def test_a_frequency_beyond_the_limits_is_not_sent(talk: Talk, frequency_hz: float) -> None:
    with pytest.raises(LimitError, match="frequency"):
        talk(Sg384, asked("AMPR?", "0.00")).set_frequency(frequency_hz)


@pytest.mark.parametrize("power_dbm", [10.1, -111.0, float("nan")])
def test_a_power_beyond_the_limits_sends_no_byte(talk: Talk, power_dbm: float) -> None:
    with pytest.raises(LimitError, match="power"):
        talk(Sg384, []).set_power(power_dbm)


def test_the_power_read_back_is_returned(talk: Talk) -> None:
    assert talk(Sg384, [*done("AMPR -3.50"), *asked("AMPR?", "-3.50")]).set_power(-3.5) == -3.5


def test_an_error_of_the_generator_is_quoted(talk: Talk) -> None:
    with pytest.raises(WireError, match=r"'AMPR 5\.00' caused error 10"):
        talk(Sg384, done("AMPR 5.00", 10)).set_power(5.0)


def test_the_gate_is_armed_and_confirmed_before_the_rf(talk: Talk) -> None:
    talk(Sg384, [*GATED, *done("ENBR 1"), *asked("ENBR?", "1")]).set_output(True)


def test_ungated_rf_has_its_modulation_off(talk: Talk) -> None:
    pairs = [*done("MODL 0"), *asked("MODL?", "0"), *done("ENBR 1"), *asked("ENBR?", "1")]
    talk(Sg384, pairs).set_output(True, gated=False)


@pytest.mark.parametrize("position", [3, 4, 5])
def test_with_a_gate_that_did_not_arm_the_rf_stays_off(talk: Talk, position: int) -> None:
    answers = [*GATED[:6], *asked("MODL?", "1"), *asked("TYPE?", "4"), *asked("PFNC?", "5")]
    wrong = {3: asked("MODL?", "0"), 4: asked("TYPE?", "1"), 5: asked("PFNC?", "3")}[position]
    answers[3 + position] = wrong[0]
    with pytest.raises(NotReadyError, match="RF stays off"):
        talk(Sg384, answers).set_output(True)


def test_off_needs_no_gate_but_a_read_back(talk: Talk) -> None:
    with pytest.raises(NotReadyError, match="did not switch off"):
        talk(Sg384, [*done("ENBR 0"), *asked("ENBR?", "1")]).set_output(False)


def test_the_kind_of_modulation_has_a_name(talk: Talk) -> None:
    assert talk(Sg384, asked("TYPE?", "4")).modulation_type() == "pulse"
    with pytest.raises(WireError, match="TYPE"):
        talk(Sg384, asked("TYPE?", "12")).modulation_type()
