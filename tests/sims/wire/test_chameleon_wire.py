from typing import Any

import pytest

EXCHANGES = [
    (b"?VW\r\n", b"820\r\n"),
    (b"PRINT WAVELENGTH\r\n", b"820\r\n"),
    (b"?TMIN\r\n", b"680\r\n"),
    (b"?TMAX\r\n", b"1080\r\n"),
    (b"?L\r\n", b"1\r\n"),
    (b"?S\r\n", b"0\r\n"),
    (b"?K\r\n", b"1\r\n"),
    (b"?F\r\n", b"0\r\n"),
    (b"?TS\r\n", b"0\r\n"),
    (b"?MDLK\r\n", b"1\r\n"),
    (b"?HB\r\n", b"0\r\n"),
    (b"?HBR\r\n", b"10\r\n"),
    (b"SHUTTER=1\r\n", b"\r\n"),
    (b"WAVELENGTH=800\r\n", b"\r\n"),
    (b"HBR=30\r\n", b"\r\n"),
    (b"HBR=101\r\n", b"Range Error\r\n"),
    (b"L=2\r\n", b"Syntax Error\r\n"),
    (b"WAVELENGTH=eight\r\n", b"Syntax Error\r\n"),
    (b"FOO=1\r\n", b"Command Error\r\n"),
    (b"?FOO\r\n", b"Query Error\r\n"),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("chameleon", sent) == received


@pytest.mark.parametrize(("asked", "reached"), [("500", b"680\r\n"), ("2000", b"1080\r\n")])
def test_wavelength_out_of_range_is_clamped_without_a_word(bench: Any, asked: str, reached: bytes) -> None:
    assert bench.exchange("chameleon", f"WAVELENGTH={asked}\r\n".encode()) == b"\r\n"
    assert bench.exchange("chameleon", b"?VW\r\n") == reached


def test_tuning_goes_through_search_to_mode_lock(bench: Any) -> None:
    talk = bench.talk("chameleon")
    seen = []
    talk.write(b"VW=900\r\n")
    for _ in range(12):
        bench.clock.sleep_s(0.5)
        talk.discard_output()
        talk.write(b"?TS\r\n?MDLK\r\n")
        bench.clock.sleep_s(0.1)
        seen.append(talk.read()[0])
    assert list(dict.fromkeys(seen)) == [b"1\r\n2\r\n", b"2\r\n2\r\n", b"0\r\n1\r\n"]


def test_faults_are_joined_and_stop_the_laser(bench: Any) -> None:
    bench.models.chameleon.set_faults(1, 2)
    assert bench.exchange("chameleon", b"?F\r\n?L\r\n?MDLK\r\n") == b"1&2\r\n2\r\n0\r\n"
    assert bench.exchange("chameleon", b"L=1\r\n?L\r\n") == b"\r\n2\r\n"


def test_echo_begins_with_the_command_after_and_prompt_follows_replies(bench: Any) -> None:
    assert bench.exchange("chameleon", b"ECHO=1\r\n") == b"\r\n"
    assert bench.exchange("chameleon", b"PROMPT=1\r\n") == b"PROMPT=1\r\n\r\nCHAMELEON> "
    assert bench.exchange("chameleon", b"?S\r\n") == b"?S\r\n0\r\nCHAMELEON> "


def test_silence_longer_than_the_heartbeat_stops_the_laser(bench: Any) -> None:
    bench.exchange("chameleon", b"HBR=20\r\nHB=1\r\n")
    assert bench.exchange("chameleon", b"?L\r\n") == b"0\r\n"  # exchange listens for 100 s


def test_traffic_keeps_the_heartbeat_alive(bench: Any) -> None:
    talk = bench.talk("chameleon")
    talk.write(b"HBR=20\r\nHB=1\r\n")
    for _ in range(5):
        bench.clock.sleep_s(15.0)
        talk.write(b"?S\r\n")
    assert bench.models.chameleon.laser_on
