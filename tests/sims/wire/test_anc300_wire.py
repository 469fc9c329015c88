"""Exact exchanges with the ANC300's console."""

from collections.abc import Callable
from typing import Any

import pytest

from sims.wire.line import Conversation

MODEL = "anc300"
GREETING = b"\xff\xfb\x01\xff\xfb\x03\r\nAuthorization code: "
EXCHANGES = [
    (b"getm 1\r\n", b"mode = gnd\r\nOK\r\n"),
    (b"getv 1\r\n", b"voltage = 30.000000 V\r\nOK\r\n"),
    (b"setv 1 25.5\r\ngetv 1\r\n", b"OK\r\nvoltage = 25.500000 V\r\nOK\r\n"),
    (b"setf 1 150.000\r\ngetf 1\r\n", b"OK\r\nfrequency = 150 Hz\r\nOK\r\n"),
    (b"setf 1 150\r\ngetf 1\r\n", b"OK\r\nfrequency = 150 Hz\r\nOK\r\n"),
    (b"geto 2\r\n", b"voltage = 0.000000 V\r\nOK\r\n"),
    (b"getc 2\r\n", b"capacitance = 0.000000 nF\r\nOK\r\n"),
    (b"getaci 1\r\ngetdci 1\r\n", b"acin = off\r\nOK\r\ndcin = off\r\nOK\r\n"),
    (b"settu 1 3\r\ngettu 1\r\ngettd 1\r\n", b"OK\r\ntrigger = 3\r\nOK\r\ntrigger = off\r\nOK\r\n"),
    (b"getser 1\r\n", b"serial = ANM300-4701\r\nOK\r\n"),
    (b"setm 1 stp\r\nstepu 1 5\r\ngeto 1\r\n", b"OK\r\nOK\r\nvoltage = 30.000000 V\r\nOK\r\n"),
    (b"stepw 1\r\n", b"OK\r\n"),
    (b"stepu 1 5\r\n", b"Axis in wrong mode\r\nERROR\r\n"),
    (b"getm 4\r\n", b"Wrong axis number or axis not present\r\nERROR\r\n"),
    (b"setv 1 151\r\n", b"Argument out of range\r\nERROR\r\n"),
    (b"setv 1 much\r\n", b"Wrong argument\r\nERROR\r\n"),
    (b"setv 1\r\n", b"Missing argument\r\nERROR\r\n"),
    (b"getv\r\n", b"Missing argument\r\nERROR\r\n"),
    (b"setm 1 fly\r\n", b"Axis in wrong mode\r\nERROR\r\n"),
    (b"moon 1\r\n", b"Unknown command\r\nERROR\r\n"),
]


@pytest.fixture
def console(bench: Any) -> tuple[Conversation, Callable[[bytes], bytes]]:
    """A console with the password given and the echo off."""
    talk = bench.talk(MODEL)

    def say(sent: bytes, wait_s: float = 0.1) -> bytes:
        talk.write(sent)
        bench.clock.sleep_s(wait_s)
        received: bytes = talk.read()[0]
        return received

    bench.clock.sleep_s(0.1)
    assert talk.read()[0] == GREETING
    assert say(b"123456\r\n") == b"******\r\nAuthorization success\r\n"
    assert say(b"echo off\r\n") == b"echo off\r\nOK\r\n"
    return talk, say


@pytest.mark.parametrize(("sent", "received"), EXCHANGES)
def test_exchange(console: Any, sent: bytes, received: bytes) -> None:
    assert console[1](sent) == received


def test_without_the_password_nothing_works(bench: Any) -> None:
    reply = bench.exchange(MODEL, b"getv 1\r\n")
    assert reply == b"******\r\nAuthorization failed\r\n"


def test_a_new_connection_has_to_authorise_again(bench: Any, console: Any) -> None:
    assert bench.exchange(MODEL, b"123456\r\ngetm 1\r\n").endswith(b"getm 1\r\nmode = gnd\r\nOK\r\n")


def test_the_echo_can_be_switched_on_again(console: Any) -> None:
    _, say = console
    assert say(b"echo on\r\n") == b"OK\r\n"
    assert say(b"getm 1\r\n") == b"getm 1\r\nmode = gnd\r\nOK\r\n"


def test_stepw_answers_when_the_steps_are_done(console: Any) -> None:
    _, say = console
    say(b"setm 3 stp\r\nsetf 3 100\r\nstepu 3 200\r\n", 0.0)
    assert say(b"stepw 3\r\n", 1.5).count(b"OK") == 3
    assert say(b"", 1.0) == b"OK\r\n"


def test_an_endless_motion_goes_on_until_stopped(console: Any) -> None:
    _, say = console
    say(b"setm 1 stp\r\nstepd 1 c\r\n", 100.0)
    assert say(b"geto 1\r\n") == b"voltage = 30.000000 V\r\nOK\r\n"
    assert say(b"stop 1\r\ngeto 1\r\n") == b"OK\r\nvoltage = 0.000000 V\r\nOK\r\n"


def test_ground_ends_a_motion(bench: Any, console: Any) -> None:
    _, say = console
    say(b"setm 3 stp\r\nstepu 3 1000\r\n", 1.0)
    say(b"setm 3 gnd\r\n")
    coupling = bench.models.anc300.coupling()
    bench.clock.sleep_s(10.0)
    assert bench.models.anc300.coupling() == coupling < 0.9


def test_the_capacity_takes_a_second_and_ends_in_ground(console: Any) -> None:
    _, say = console
    assert say(b"setm 1 cap\r\ngetm 1\r\n") == b"OK\r\nmode = cap\r\nOK\r\n"
    assert say(b"capw 1\r\n", 0.5) == b""
    assert say(b"", 0.6) == b"OK\r\n"
    assert say(b"getm 1\r\ngetc 1\r\n") == b"mode = gnd\r\nOK\r\ncapacitance = 1050.000000 nF\r\nOK\r\n"


def test_down_and_up_steps_do_not_cancel(bench: Any, console: Any) -> None:
    _, say = console
    say(b"setm 3 stp\r\nstepu 3 100\r\nstepw 3\r\n", 1.0)
    say(b"stepd 3 100\r\nstepw 3\r\n", 1.0)
    assert 0.5 < bench.models.anc300.coupling() < 0.999
