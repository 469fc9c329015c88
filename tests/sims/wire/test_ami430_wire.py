from typing import Any

import pytest

from sims.wire.line import Conversation

BANNER = b"American Magnetics Model 430 IP Interface\r\nHello.\r\n"

EXCHANGES = [
    (b"*IDN?\r\n", b"AMERICAN MAGNETICS INC.,MODEL 430,2.65\r\n"),
    (b"COIL?\n", b"0.11250\r\n"),
    (b"coil?\r", b"0.11250\r\n"),
    (b"COILconst?\r\n", b"0.11250\r\n"),
    (b"FIELD:UNITS?\r\n", b"1\r\n"),
    (b"FIELD:MAG?\r\n", b"0.000000\r\n"),
    (b"FIELD:MAGnet?\r\n", b"0.000000\r\n"),
    (b"FIELD:TARG?\r\n", b"0.000000\r\n"),
    (b"CURR:LIMIT?\r\n", b"80.0000\r\n"),
    (b"CURRent:LIMit?\r\n", b"80.0000\r\n"),
    (b"CURR:MAG?\r\n", b"0.00000\r\n"),
    (b"CURR:SUPP?\r\n", b"0.00000\r\n"),
    (b"VOLT:LIM?\r\n", b"5.000\r\n"),
    (b"RAMP:RATE:UNITS?\r\n", b"0\r\n"),
    (b"RAMP:RATE:SEG?\r\n", b"1\r\n"),
    (b"RAMP:RATE:FIELD:1?\r\n", b"0.0056250,9.000000\r\n"),
    (b"RAMP:RATE:CURR:1?\r\n", b"0.050000,80.00000\r\n"),
    (b"STATE?\r\n", b"3\r\n"),
    (b"QU?\r\n", b"0\r\n"),
    (b"PS?\r\n", b"0\r\n"),
    (b"PSwitch?\r\n", b"0\r\n"),
    (b"PS:INST?\r\n", b"0\r\n"),
    (b"PS:CURR?\r\n", b"50.0\r\n"),
    (b"PS:HTIME?\r\n", b"20\r\n"),
    (b"PS:CTIME?\r\n", b"20\r\n"),
    (b"PERS?\r\n", b"0\r\n"),
    (b"SYST:ERR?\r\n", b'0,"No errors"\r\n'),
    (b"CONF:FIELD:TARG 1.5\r\nFIELD:TARG?\r\n", b"1.500000\r\n"),
    (b"CONF:CURR:TARG 40\r\nFIELD:TARG?\r\n", b"4.500000\r\n"),
    (b"CONFigure:RAMP:RATE:FIELD 1,0.005,0\r\nRAMP:RATE:FIELD:1?\r\n", b"0.0050000,0.000000\r\n"),
    (b"CONF:RAMP:RATE:CURR 1,0.04\r\nRAMP:RATE:CURR:1?\r\n", b"0.040000,80.00000\r\n"),
    (b"CONF:RAMP:RATE:SEG 2\r\nRAMP:RATE:SEG?\r\n", b"2\r\n"),
    (b"CONF:CURR:LIMIT 50\r\nCURR:LIMIT?\r\n", b"50.0000\r\n"),
    (b"CONF:COIL 0.1\r\nCOIL?\r\n", b"0.10000\r\n"),
    (b"CONF:FIELD:UNITS 0\r\nCOIL?\r\n", b"1.12500\r\n"),
    (b"CONF:RAMP:RATE:UNITS 1\r\nRAMP:RATE:CURR:1?\r\n", b"3.000000,80.00000\r\n"),
    # errors: nothing comes back, the queue remembers
    (b"MOON?\r\n", b""),
    (b"MOON?\r\nSYST:ERR?\r\n", b'-201,"Unrecognized query"\r\n'),
    (b"MOON 1\r\nSYST:ERR?\r\n", b'-101,"Unrecognized command"\r\n'),
    (b"CONF:FIELD:TARG\r\nSYST:ERR?\r\n", b'-104,"Missing parameter"\r\n'),
    (b"CONF:FIELD:TARG high\r\nSYST:ERR?\r\n", b'-102,"Invalid argument"\r\n'),
    (b"CONF:FIELD:TARG 9.01\r\nSYST:ERR?\r\n", b'-105,"Argument out of range"\r\n'),
    (b"CONF:CURR:TARG -80.1\r\nSYST:ERR?\r\n", b'-105,"Argument out of range"\r\n'),
    (b"CONF:RAMP:RATE:CURR 1,0,80\r\nSYST:ERR?\r\n", b'-105,"Argument out of range"\r\n'),
    (b"CONF:RAMP:RATE:CURR 9,0.01,80\r\nSYST:ERR?\r\n", b'-105,"Argument out of range"\r\n'),
    (b"RAMP:RATE:FIELD:4?\r\nSYST:ERR?\r\n", b'-105,"Argument out of range"\r\n'),
    (b"MOON\r\n*CLS\r\nSYST:ERR?\r\n", b'0,"No errors"\r\n'),
    (b"MOON\r\nMOON?\r\nSYST:ERR?\r\nSYST:ERR?\r\n", b'-101,"Unrecognized command"\r\n-201,"Unrecognized query"\r\n'),
]


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(bench: Any, sent: bytes, received: bytes) -> None:
    assert bench.exchange("ami430", sent) == received


def ask(bench: Any, talk: Conversation, query: str) -> str:
    talk.discard_output()
    talk.write(query.encode() + b"\r\n")
    bench.clock.sleep_s(0.01)
    return talk.read()[0].decode().strip()


def test_every_connection_is_greeted(bench: Any) -> None:
    for _ in range(2):
        talk = bench.talk("ami430")
        bench.clock.sleep_s(0.1)
        assert talk.read()[0] == BANNER


@pytest.mark.parametrize("upper_bound", ["0", "1.00", "80"])
def test_ramp_reaches_its_target_whatever_the_segment_bound(bench: Any, upper_bound: str) -> None:
    talk = bench.talk("ami430")
    talk.write(f"CONF:RAMP:RATE:CURR 1,0.05,{upper_bound}\r\nCONF:FIELD:TARG 0.9\r\nRAMP\r\n".encode())
    assert ask(bench, talk, "STATE?") == "1"
    bench.clock.sleep_s(80.0)
    assert float(ask(bench, talk, "FIELD:MAG?")) == pytest.approx(0.45, abs=0.002)
    bench.clock.sleep_s(80.1)
    assert (ask(bench, talk, "STATE?"), ask(bench, talk, "FIELD:MAG?")) == ("2", "0.900000")


def test_ramp_to_target_zero_ends_holding_and_zero_ends_at_zero(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:FIELD:TARG 0.1\r\nRAMP\r\n")
    bench.clock.sleep_s(30.0)
    talk.write(b"CONF:FIELD:TARG 0\r\nRAMP\r\n")
    bench.clock.sleep_s(30.0)
    assert ask(bench, talk, "STATE?") == "2"
    talk.write(b"ZERO\r\n")
    assert ask(bench, talk, "STATE?") == "8"


def test_zero_shows_its_progress(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:FIELD:TARG 0.1\r\nRAMP\r\n")
    bench.clock.sleep_s(30.0)
    talk.write(b"ZERO\r\n")
    assert ask(bench, talk, "STATE?") == "6"
    bench.clock.sleep_s(30.0)
    assert (ask(bench, talk, "STATE?"), ask(bench, talk, "FIELD:MAG?")) == ("8", "0.000000")


def test_pause_stays_where_it_is(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:FIELD:TARG 1\r\nRAMP\r\n")
    bench.clock.sleep_s(10.0)
    talk.write(b"PAUSE\r\n")
    field = ask(bench, talk, "FIELD:MAG?")
    bench.clock.sleep_s(100.0)
    assert (ask(bench, talk, "STATE?"), ask(bench, talk, "FIELD:MAG?")) == ("3", field)


def test_a_new_target_moves_a_holding_magnet_but_not_a_paused_one(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:FIELD:TARG 0.1\r\n")
    assert ask(bench, talk, "STATE?") == "3"
    talk.write(b"RAMP\r\n")
    bench.clock.sleep_s(30.0)
    talk.write(b"CONF:FIELD:TARG 0.2\r\n")
    assert ask(bench, talk, "STATE?") == "1"


def test_quench_is_latched_until_reset(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:FIELD:TARG 0.5\r\nRAMP\r\n")
    bench.clock.sleep_s(100.0)
    bench.models.ami430.quench()
    bench.clock.sleep_s(60.0)
    for command in (b"RAMP\r\n", b"ZERO\r\n", b"PAUSE\r\n"):
        talk.write(command)
        assert (ask(bench, talk, "STATE?"), ask(bench, talk, "QU?")) == ("7", "1")
    assert ask(bench, talk, "FIELD:MAG?") == "0.000000"
    talk.write(b"QU 0\r\n")
    assert (ask(bench, talk, "STATE?"), ask(bench, talk, "QU?")) == ("3", "0")


def test_persistent_switch_keeps_the_field_while_the_supply_ramps_down(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:PS 1\r\n")
    bench.clock.sleep_s(25.0)
    talk.write(b"CONF:FIELD:TARG 0.1\r\nRAMP\r\n")
    bench.clock.sleep_s(30.0)
    talk.write(b"PS 0\r\n")
    assert ask(bench, talk, "STATE?") == "10"
    bench.clock.sleep_s(25.0)
    talk.write(b"ZERO\r\n")
    bench.clock.sleep_s(30.0)
    assert ask(bench, talk, "PERS?") == "1"
    assert (ask(bench, talk, "FIELD:MAG?"), ask(bench, talk, "FIELD:SUPP?")) == ("0.100000", "0.000000")


def test_heating_the_switch_takes_time(bench: Any) -> None:
    talk = bench.talk("ami430")
    talk.write(b"CONF:PS 1\r\n")
    bench.clock.sleep_s(25.0)
    talk.write(b"PS 0\r\n")
    bench.clock.sleep_s(25.0)
    talk.write(b"PS 1\r\n")
    assert ask(bench, talk, "STATE?") == "9"
    bench.clock.sleep_s(25.0)
    assert (ask(bench, talk, "STATE?"), ask(bench, talk, "PS?")) == ("3", "1")
