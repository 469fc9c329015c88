"""Exact exchanges with the MercuryiTC."""

from typing import Any

import pytest

MODEL = "mercury-itc"
SENSOR = b"DEV:MB1.T1:TEMP"
LOOP = SENSOR + b":LOOP:"
EXCHANGES = [
    (b"*IDN?\n", b"IDN:OXFORD INSTRUMENTS:MERCURY ITC:141250041:2.6.04.000\n"),
    (b"READ:" + SENSOR + b":SIG:TEMP\n", b"STAT:" + SENSOR + b":SIG:TEMP:4.0000K\n"),
    (b"READ:" + SENSOR + b":SIG:TEMP?\r\n", b"STAT:" + SENSOR + b":SIG:TEMP:4.0000K\n"),
    (b"READ:DEV:DB8.T1:TEMP:SIG:TEMP\n", b"STAT:DEV:DB8.T1:TEMP:SIG:TEMP:4.2000K\n"),
    (b"READ:" + LOOP + b"TSET\n", b"STAT:" + LOOP + b"TSET:4.0000K\n"),
    (b"READ:" + LOOP + b"ENAB\n", b"STAT:" + LOOP + b"ENAB:OFF\n"),
    (b"READ:" + LOOP + b"RSET\n", b"STAT:" + LOOP + b"RSET:5.0000K/m\n"),
    (b"READ:SYS:ALRM\n", b"STAT:SYS:ALRM:\n"),
    (b"READ:SYS:CAT\n", b"STAT:SYS:CAT:DEV:MB1.T1:TEMP:DEV:MB0.H1:HTR:DEV:DB8.T1:TEMP\n"),
    (b"SET:" + LOOP + b"TSET:5.5\n", b"STAT:SET:" + LOOP + b"TSET:5.5:VALID\n"),
    (b"SET:" + LOOP + b"TSET:-1\n", b"STAT:SET:" + LOOP + b"TSET:-1:INVALID\n"),
    (b"SET:" + LOOP + b"TSET:warm\n", b"STAT:SET:" + LOOP + b"TSET:WARM:INVALID\n"),
    (b"SET:" + LOOP + b"HSET:101\n", b"STAT:SET:" + LOOP + b"HSET:101:INVALID\n"),
    (b"SET:" + LOOP + b"ENAB:MAYBE\n", b"STAT:SET:" + LOOP + b"ENAB:MAYBE:INVALID\n"),
    (b"READ:DEV:DB9.T1:TEMP:SIG:TEMP\n", b"STAT:DEV:DB9.T1:TEMP:SIG:TEMP:NOT_FOUND\n"),
    (b"READ:" + SENSOR + b":SIG:MOON\n", b"STAT:" + SENSOR + b":SIG:MOON:INVALID\n"),
    (b"MOON\n", b"MOON:INVALID\n"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange(MODEL, sent) == received


def say(bench: Any, sent: bytes) -> bytes:
    """Send and listen for a moment; ``exchange`` listens so long that everything has moved."""
    talk = bench.talk(MODEL)
    talk.write(sent)
    bench.clock.sleep_s(0.05)
    received: bytes = talk.read()[0]
    return received


def test_a_setting_comes_back(bench: Any) -> None:
    say(bench, b"SET:" + LOOP + b"TSET:5.5K\n")
    assert say(bench, b"READ:" + LOOP + b"TSET\n") == b"STAT:" + LOOP + b"TSET:5.5000K\n"


def temperature_k(bench: Any) -> float:
    reply = say(bench, b"READ:" + SENSOR + b":SIG:TEMP\n")
    return float(reply.rstrip(b"K\n").rpartition(b":")[2])


def test_until_it_is_used_it_shows_what_the_cryostation_does(bench: Any) -> None:
    bench.models.cryostation.set_setpoint(20.0)
    bench.clock.sleep_s(600.0)
    assert temperature_k(bench) == pytest.approx(20.0, abs=1e-3)


def test_a_ramp_moves_at_its_rate_and_lags_by_the_time_constant(bench: Any) -> None:
    for setting in (b"RSET:6", b"RENA:ON", b"TSET:34", b"ENAB:ON"):
        say(bench, b"SET:" + LOOP + setting + b"\n")
    start_s = bench.clock.now_s()
    bench.clock.sleep_s(200.0)
    elapsed_s = bench.clock.now_s() - start_s
    assert temperature_k(bench) == pytest.approx(4.0 + 0.1 * (elapsed_s - 40.0), abs=0.2)
    bench.clock.sleep_s(400.0)
    assert temperature_k(bench) == pytest.approx(34.0, abs=0.02)


def test_with_the_loop_off_the_stage_cools_to_base(bench: Any) -> None:
    say(bench, b"SET:" + LOOP + b"ENAB:OFF\n")
    bench.clock.sleep_s(600.0)
    assert temperature_k(bench) == pytest.approx(3.2, abs=1e-3)


def test_an_open_sensor_reads_nan_and_an_alarm_is_listed(bench: Any) -> None:
    bench.models.mercury_itc.sample_sensor_connected = False
    bench.models.mercury_itc.alarms = "MB1.T1\tOpen Circuit;"
    assert say(bench, b"READ:" + SENSOR + b":SIG:TEMP\n").endswith(b":nanK\n")
    assert say(bench, b"READ:SYS:ALRM\n") == b"STAT:SYS:ALRM:MB1.T1\tOpen Circuit;\n"
