"""The MercuryiTC's driver: whose answer it is, refusals, waiting, alarms."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import InterlockError, LimitError, NotReadyError, WireError
from instruments.oxford_mercury_itc import MercuryItc

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]
SENSOR = "DEV:MB1.T1:TEMP"
LOOP = f"{SENSOR}:LOOP"


def read(noun: str, value: str) -> Pairs:
    return [(f"READ:{noun}\n".encode(), f"STAT:{noun}:{value}\n".encode())]


def done(noun: str, value: str, verdict: str = "VALID") -> Pairs:
    return [(f"SET:{noun}:{value}\n".encode(), f"STAT:SET:{noun}:{value}:{verdict}\n".encode())]


def temperature(value: str) -> Pairs:
    return read(f"{SENSOR}:SIG:TEMP", value)


NO_ALARM = read("SYS:ALRM", "")
NO_RAMP = [*done(f"{LOOP}:RENA", "OFF"), *read(f"{LOOP}:RENA", "OFF")]
TO_5_K = [
    *NO_ALARM,
    *NO_RAMP,
    *done(f"{LOOP}:TSET", "5.0000"),
    *read(f"{LOOP}:TSET", "5.0000K"),
    *done(f"{LOOP}:ENAB", "ON"),
    *read(f"{LOOP}:ENAB", "ON"),
]


def looks(*readings: str) -> Pairs:
    return [pair for value in readings for pair in (*NO_ALARM, *temperature(value))]


def test_identity(talk: Talk) -> None:
    device = talk(MercuryItc, [(b"*IDN?\n", b"IDN:OXFORD INSTRUMENTS:MERCURY ITC:1234:2.6\n")])
    assert device.get_idn() == {
        "vendor": "OXFORD INSTRUMENTS",
        "model": "MERCURY ITC",
        "serial": "1234",
        "firmware": "2.6",
    }


def test_set_temperature_waits_for_four_steady_readings(talk: Talk, clock: Any) -> None:
    device = talk(MercuryItc, [*TO_5_K, *looks("4.2K", "4.99K", "5.01K", "5.00K", "5.00K"), *temperature("5.0010K")])
    assert device.set_temperature(5.0) == pytest.approx(5.001)
    assert clock.waits == [10.0] * 4


def test_a_drift_inside_the_tolerance_is_not_stable(talk: Talk, clock: Any) -> None:
    drifting = looks("4.96K", "4.98K", "5.00K", "5.03K", "5.04K", "5.03K")
    device = talk(MercuryItc, [*TO_5_K, *drifting, *temperature("5.00K")])
    assert device.set_temperature(5.0) == pytest.approx(5.0)
    assert len(clock.waits) == 5


def test_a_ramp_rate_is_programmed_and_read_back(talk: Talk) -> None:
    ramp = [
        *NO_ALARM,
        *done(f"{LOOP}:RSET", "2.0000"),
        *read(f"{LOOP}:RSET", "2.0000K/m"),
        *done(f"{LOOP}:RENA", "ON"),
        *read(f"{LOOP}:RENA", "ON"),
    ]
    rest = [*TO_5_K[1 + len(NO_RAMP) :], *looks("5.0K", "5.0K", "5.0K", "5.0K"), *temperature("5.0K")]
    assert talk(MercuryItc, [*ramp, *rest], ramp_k_per_min=2.0).set_temperature(5.0) == 5.0


@pytest.mark.parametrize("target_k", [1.9, 351.0, float("nan"), float("inf"), -4.0])
def test_a_temperature_beyond_the_limits_sends_no_byte(talk: Talk, target_k: float) -> None:
    with pytest.raises(LimitError, match="2 to 350 K"):
        talk(MercuryItc, []).set_temperature(target_k)


@pytest.mark.parametrize("verdict", ["INVALID", "DENIED", "NOT_FOUND"])
def test_a_refusal_is_not_taken_for_success(talk: Talk, verdict: str) -> None:
    device = talk(MercuryItc, done(f"{LOOP}:TSET", "5.0000", verdict))
    with pytest.raises(WireError, match=verdict):
        device.setpoint(5.0)


def test_a_setpoint_that_was_not_taken_is_an_error(talk: Talk) -> None:
    pairs = [*done(f"{LOOP}:TSET", "5.0000"), *read(f"{LOOP}:TSET", "4.0000K")]
    with pytest.raises(NotReadyError, match=r"it is 4\.00 K"):
        talk(MercuryItc, pairs).setpoint(5.0)


@pytest.mark.parametrize("reply", ["STAT:DEV:DB8.T1:TEMP:SIG:TEMP:4.2K", "4.2K", "STAT:DEV:MB1.T1:TEMP:SIG:VOLT:4.2mV"])
def test_another_ones_answer_is_not_believed(talk: Talk, reply: str) -> None:
    device = talk(MercuryItc, [(f"READ:{SENSOR}:SIG:TEMP\n".encode(), f"{reply}\n".encode())])
    with pytest.raises(WireError, match="SIG:TEMP"):
        device.temperature_k()


@pytest.mark.parametrize("value", ["4.2mK", "4.2", "4.2C", "warm", "INVALID", "1e999K"])
def test_a_value_without_kelvin_is_not_believed(talk: Talk, value: str) -> None:
    with pytest.raises(WireError, match=f"{SENSOR}:SIG:TEMP"):
        talk(MercuryItc, temperature(value)).temperature_k()


@pytest.mark.parametrize("value", ["nanK", "0.0000K", "-1.0K"])
def test_a_thermometer_without_a_value_is_not_ready(talk: Talk, value: str) -> None:
    with pytest.raises(NotReadyError, match="thermometer"):
        talk(MercuryItc, temperature(value)).temperature_k()


def test_an_alarm_stops_the_waiting(talk: Talk) -> None:
    alarm = read("SYS:ALRM", "MB1.T1\tOpen Circuit;")
    with pytest.raises(InterlockError, match="Open Circuit"):
        talk(MercuryItc, [*TO_5_K, *looks("4.2K"), *alarm]).set_temperature(5.0)


def test_an_alarm_of_an_empty_board_can_be_ignored(talk: Talk) -> None:
    empty = read("SYS:ALRM", "DB5.P1\tOpen Circuit;")
    device = talk(
        MercuryItc, [*empty, *NO_RAMP, *done(f"{LOOP}:TSET", "5.0000", "DENIED")], ignored_alarm_boards=["DB5.P1"]
    )
    with pytest.raises(WireError, match="DENIED"):  # it went on
        device.set_temperature(5.0)


def test_the_magnets_thermometer(talk: Talk) -> None:
    device = talk(MercuryItc, read("DEV:DB8.T1:TEMP:SIG:TEMP", "4.3K"), magnet_sensor="DB8.T1")
    assert device.magnet_temperature_k() == pytest.approx(4.3)
    with pytest.raises(NotReadyError, match="magnet_sensor"):
        talk(MercuryItc, []).magnet_temperature_k()
