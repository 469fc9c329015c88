from typing import Any

import pytest

EXCHANGES = [
    (b"03GST", b"054.000"),
    (b"04GTSP", b"054.000"),
    (b"03GPT", b"053.240"),
    (b"03GSS", b"050.003"),
    (b"03GPS", b"050.002"),
    (b"03GAS", b"01F"),
    (b"04GS1T", b"0632.080"),
    (b"04GS2T", b"053.016"),
    (b"05GS1HP", b"050.000"),
    (b"03GUT", b"06-0.100"),
    (b"06STSP10", b"02OK"),
    (b"10STSP010.00", b"02OK"),
    (b"10STSP 12.00", b"02OK"),
    (b"03SCD", b"02OK"),
    (b"03SWU", b"02OK"),
    (b"03SSB", b"02OK"),
    (b"03STP", b"02OK"),
    (b"05*IDN?", b"31Montana Instruments Cryostation"),
    (b"03XXX", b"23Error: Invalid command."),
    (b"03gst", b"23Error: Invalid command."),
    (b"04STSP", b"23Error: Invalid command."),
    (b"07STSPnan", b"23Error: Invalid command."),
    (b"06STSP,4", b"23Error: Invalid command."),
    (b"07STSP1.9", b"29Error: Setpoint out of range."),
    (b"07STSP351", b"29Error: Setpoint out of range."),
    (b"00", b"23Error: Invalid command."),
    (b"03GS", b""),
    (b"xx03GST", b"054.000"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("cryostation", sent) == received


def test_several_messages_in_one_packet_are_all_answered(bench: Any) -> None:
    assert bench.exchange("cryostation", b"03GST04GTSP") == b"054.000054.000"


def test_lost_sensor_reads_as_the_sentinel(bench: Any) -> None:
    bench.models.cryostation.sample_sensor_connected = False
    assert bench.exchange("cryostation", b"03GST03GSS") == b"06-0.10006-0.100"


def test_alarm_is_true(bench: Any) -> None:
    bench.models.cryostation.alarm = True
    assert bench.exchange("cryostation", b"03GAS") == b"01T"


def test_temperature_follows_the_setpoint_in_time(bench: Any) -> None:
    talk = bench.talk("cryostation")
    talk.write(b"06STSP20")
    readings = []
    for _ in range(20):
        bench.clock.sleep_s(30.0)
        talk.discard_output()
        talk.write(b"03GST")
        bench.clock.sleep_s(0.01)
        readings.append(float(talk.read()[0][2:]))
    assert readings == sorted(readings)
    assert readings[-1] == pytest.approx(20.0, abs=0.001)
    assert 10.0 < readings[0] < 19.0
