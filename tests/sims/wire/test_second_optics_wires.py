"""ESP301, PEM-200 and SR400 against byte-exact exchanges."""

from typing import Any

import pytest

ESP_EXCHANGES = [
    (b"VE?\r", b"ESP301 Version 3.0.1 6/1/99\r\n"),
    (b"1TP\r", b"0.0000\r\n"),
    (b"1TP?\r\n", b"0.0000\r\n"),
    (b"2MD?\r", b"1\r\n"),
    (b"3MO?\r", b"1\r\n"),
    (b"1SN?\r", b"7\r\n"),
    (b"1SL?;1SR?\r", b"-720.0000\r\n720.0000\r\n"),
    (b"1PA45;1WS;1TP\r", b"45.0000\r\n"),
    (b"1PR-1.5;1WS0;1TP\r", b"-1.5000\r\n"),
    (b"1PA30.00049;1WS;1TP\r", b"30.0000\r\n"),
    (b"1DH10;1TP\r", b"10.0000\r\n"),
    (b"1VA10;1VA?\r", b"10.0000\r\n"),
    (b"TB?\r", b"0, 0, NO ERROR DETECTED\r\n"),
    (b"TE?\r", b"0\r\n"),
]
ESP_ERRORS = [
    (b"QQ\r", 6),
    (b"garbage!\r", 6),
    (b"9TP\r", 9),
    (b"TP\r", 37),
    (b"1PA\r", 38),
    (b"1PAnan\r", 101),
    (b"2PA800\r", 206),
    (b"2PA-800\r", 207),
    (b"1MF;1PA10\r", 113),
    (b"1VA1e5\r", 101),
]


@pytest.mark.parametrize(("sent", "received"), ESP_EXCHANGES)
def test_esp301_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("esp301", sent) == received


@pytest.mark.parametrize(("sent", "code"), ESP_ERRORS)
def test_esp301_error_is_silent_and_queued(bench: Any, sent: bytes, code: int) -> None:
    assert bench.exchange("esp301", sent) == b""
    assert bench.exchange("esp301", b"TE?\r") == f"{code}\r\n".encode()
    assert bench.exchange("esp301", b"TE?\r") == b"0\r\n"


def test_esp301_error_line_has_code_time_and_words(bench: Any) -> None:
    bench.clock.sleep_s(2.5)
    bench.exchange("esp301", b"1PA999\r")
    code, time_ms, words = bench.exchange("esp301", b"TB?\r").decode().strip().split(", ")
    assert (code, words) == ("106", "AXIS-1 POSITIVE SOFTWARE LIMIT EXCEEDED")
    assert 2500 <= int(time_ms) < 2600


def test_esp301_moves_at_its_velocity_and_stops(bench: Any) -> None:
    talk = bench.talk("esp301")
    talk.write(b"1PA90\r")
    bench.clock.sleep_s(1.0)
    talk.write(b"1MD?\r1ST\r1TP\r")
    bench.clock.sleep_s(0.05)
    done, position = talk.read()[0].decode().split()
    assert done == "0"
    assert 15.0 < float(position) < 25.0
    bench.exchange("esp301", b"1PA40\rAB\r")
    assert not bench.models.esp301.axes[1].motor_on


PEM_EXCHANGES = [
    (b"*IDN?;", b"[IDN](Hinds Instruments,PEM-200,20231,1.07)\n"),
    (b":MOD:AMP?;", b"[AMP](150.00)\n"),
    (b":MOD:AMP 151.25;", b"[AMP](151.25)\n"),
    (b":MOD:AMP 9999;", b"[AMP](550.00)\n"),
    (b":MOD:AMP 1\r\n", b"[AMP](10.00)\n"),
    (b":mod:ampr?;", b"[AMPR](10.00,550.00)\n"),
    (b":MOD:FREQ?;", b"[FREQUENCY](50012.5)\n"),
    (b":MOD:STABLE?;", b"[STABLE](0)\n"),
    (b":SYS:PEMO 1;", b"[PEMOUT](1)\n"),
    (b":SYS:PEMO?;", b"[PEMOUT](0)\n"),
    (b":MOD:AMP nan;", b"<SCPINOP>(:MOD:AMP)\n"),
    (b":SYS:PEMO 7;", b"<SCPINOP>(:SYS:PEMO)\n"),
    (b"WHAT?;", b"<SCPINOP>(WHAT?)\n"),
    (b":MOD:AMP?;:MOD:STABLE?;", b"[AMP](150.00)\n[STABLE](0)\n"),
    (b":MOD:AMP?", b""),
]


@pytest.mark.parametrize(("sent", "received"), PEM_EXCHANGES)
def test_pem200_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("pem200", sent) == received


def test_pem200_needs_half_a_second_to_be_stable(bench: Any) -> None:
    talk = bench.talk("pem200")
    talk.write(b":SYS:PEMO 1;:MOD:STABLE?;")
    bench.clock.sleep_s(0.6)
    talk.write(b":MOD:STABLE?;")
    bench.clock.sleep_s(0.05)
    assert talk.read()[0] == b"[PEMOUT](1)\n[STABLE](0)\n[STABLE](1)\n"


SR400_EXCHANGES = [
    (b"CM\r\n", b"0\r\n"),
    (b"CI 0\r\n", b"1\r\n"),
    (b"CI 1,3;CI 1\r\n", b"3\r\n"),
    (b"CP 2\r\n", b"1E+07\r\n"),
    (b"CP 2,2.7E6;CP 2\r\n", b"2E+06\r\n"),
    (b"NP 5;NP\r\n", b"5\r\n"),
    (b"DL 0,0.12345;DL 0\r\n", b"0.1234\r\n"),
    (b"DT 0.5;DT\r\n", b"0.5\r\n"),
    (b"GM 0,1;GD 0,1.23456E-6;GW 0,50E-9;GM 0;GD 0;GW 0\r\n", b"1\r\n1.235e-06\r\n5e-08\r\n"),
    (b"QA\r\n", b"-1\r\n"),
    (b"SS\r\n", b"0\r\n"),
    (b"SI\r\n", b"0\r\n"),
    (b"cs;si\r\n", b"4\r\n"),
]


@pytest.mark.parametrize(("sent", "received"), SR400_EXCHANGES)
def test_sr400_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("sr400", sent) == received


@pytest.mark.parametrize(
    "sent", [b"ZZ", b"CP 2,-1", b"NP 0", b"NP 2001", b"DL 0,5", b"GW 0,2", b"CI 2,1", b"CM x", b"GD"]
)
def test_sr400_refusal_sets_bit_7_which_is_read_once(bench: Any, sent: bytes) -> None:
    assert bench.exchange("sr400", sent + b"\r\n") == b""
    assert bench.exchange("sr400", b"SS 7\r\n") == b"1\r\n"
    assert bench.exchange("sr400", b"SS 7\r\n") == b"0\r\n"


def test_sr400_counts_appear_when_the_period_has_ended(bench: Any) -> None:
    bench.exchange("sr400", b"CP 2,1E7\r\n")
    talk = bench.talk("sr400")
    talk.write(b"CI 0,0;CR;CS;QA\r\n")
    bench.clock.sleep_s(1.01)
    talk.write(b"QA;SS;SS\r\n")
    bench.clock.sleep_s(0.05)
    assert talk.read()[0] == b"-1\r\n10000000\r\n6\r\n0\r\n"


def test_sr400_fast_scan_sends_every_count_at_its_time(bench: Any) -> None:
    talk = bench.talk("sr400")
    talk.write(b"CI 0,0;CP 2,1E6;NP 3;FA\r\n")
    bench.clock.sleep_s(0.25)
    assert talk.read()[0] == b"1000000\r\n" * 2
    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == b"1000000\r\n"
