"""The ANC300's driver: log-in, refusals, voltage caps, and an axis that always ends up grounded."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.attocube_anc300 import Anc300
from instruments.errors import InterlockError, LimitError, NotReadyError, WireError

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]
GREETING = b"\xff\xfb\x01\xff\xfb\x03\r\nAuthorization code: "
LOG_IN: Pairs = [(b"123456\r\n", b"******\r\nAuthorization success\r\n"), (b"echo off\r\n", b"echo off\r\nOK\r\n")]


def done(command: str) -> Pairs:
    return [(f"{command}\r\n".encode(), b"OK\r\n")]


def asked(command: str, line: str) -> Pairs:
    return [(f"{command}\r\n".encode(), f"{line}\r\nOK\r\n".encode())]


GROUNDING: Pairs = [*done("stop 1"), *done("setm 1 gnd"), *asked("getm 1", "mode = gnd")]
READY: Pairs = [*asked("getv 1", "voltage = 30.0 V"), *asked("getf 1", "frequency = 100 Hz")]
STEPPING: Pairs = [*done("setm 1 stp"), *asked("getm 1", "mode = stp")]


def controller(talk: Talk, pairs: Pairs, **keywords: Any) -> Anc300:
    return talk(Anc300, [*LOG_IN, *pairs] if pairs else [], GREETING, **keywords)


def test_connecting_sends_nothing(talk: Talk) -> None:
    assert controller(talk, []).visa_handle.sent == []


def test_the_password_is_given_once_and_the_echo_switched_off(talk: Talk) -> None:
    device = controller(talk, [*asked("getv 1", "voltage = 30.0 V")] * 2)
    assert (device.axis_1.voltage(), device.axis_1.voltage()) == (30.0, 30.0)


def test_a_wrong_password_is_told(talk: Talk) -> None:
    device = talk(Anc300, [(b"654321\r\n", b"******\r\nAuthorization failed\r\n")], GREETING, password="654321")  # noqa: S106
    with pytest.raises(WireError, match="Authorization failed"):
        device.axis_1.mode()


def test_steps_are_made_awaited_and_grounded(talk: Talk, clock: Any) -> None:
    done_stepping = [*done("stepu 1 50"), *asked("geto 1", "voltage = 30.0 V"), *asked("geto 1", "voltage = 0.0 V")]
    device = controller(talk, [*READY, *STEPPING, *done_stepping, *GROUNDING])
    assert device.axis_1.step(50) == 50
    assert clock.waits == [0.5, 0.1]


def test_negative_steps_go_down(talk: Talk) -> None:
    pairs = [*READY, *STEPPING, *done("stepd 1 5"), *asked("geto 1", "voltage = 0.0 V"), *GROUNDING]
    assert controller(talk, pairs).axis_1.step(-5) == -5


def test_no_steps_send_only_nothing(talk: Talk) -> None:
    assert controller(talk, []).axis_1.step(0) == 0


@pytest.mark.parametrize("steps", [1.5, float("nan"), float("inf")])
def test_half_a_step_is_refused(talk: Talk, steps: float) -> None:
    with pytest.raises(LimitError, match="whole number"):
        controller(talk, []).axis_1.step(steps)


def test_whatever_goes_wrong_the_axis_is_grounded(talk: Talk) -> None:
    refused: Pairs = [(b"stepu 1 5\r\n", b"Axis in wrong mode\r\nERROR\r\n")]
    with pytest.raises(WireError, match="Axis in wrong mode"):
        controller(talk, [*READY, *STEPPING, *refused, *GROUNDING]).axis_1.step(5)


def test_steps_that_never_end_are_stopped(talk: Talk) -> None:
    stuck = [*asked("geto 1", "voltage = 30.0 V")] * 102
    with pytest.raises(NotReadyError, match="end of 5 steps"):
        controller(talk, [*READY, *STEPPING, *done("stepu 1 5"), *stuck, *GROUNDING]).axis_1.step(5)


def test_during_an_acquisition_nothing_moves(talk: Talk) -> None:
    device = controller(talk, [])
    device.axis_1.forbid_while(lambda: True)
    with pytest.raises(InterlockError, match="acquisition"):
        device.axis_1.step(5)


@pytest.mark.parametrize(("temperature_k", "cap_v"), [(None, 40.0), (4.0, 60.0), (200.0, 40.0)])
def test_the_voltage_cap_depends_on_the_temperature(talk: Talk, temperature_k: float | None, cap_v: float) -> None:
    device = controller(talk, done(f"setv 1 {cap_v:.3f}"))
    if temperature_k is not None:
        device.watch_temperature(lambda: temperature_k)
    with pytest.raises(LimitError, match=f"0 to {cap_v:g} V"):
        device.axis_1.voltage(cap_v + 0.1)
    device.axis_1.voltage(cap_v)


@pytest.mark.parametrize("temperature_k", [301.0, -1.0, float("nan")])
def test_without_a_known_temperature_no_voltage_is_allowed(talk: Talk, temperature_k: float) -> None:
    device = controller(talk, [])
    device.watch_temperature(lambda: temperature_k)
    with pytest.raises(LimitError, match="no step voltage"):
        device.axis_1.voltage(1.0)


def test_a_voltage_left_too_high_forbids_a_step(talk: Talk) -> None:
    with pytest.raises(LimitError, match="step voltage"):
        controller(talk, asked("getv 1", "voltage = 70.0 V")).axis_1.step(1)


def test_a_mode_that_was_not_taken_is_an_error(talk: Talk) -> None:
    pairs = [*done("stop 1"), *done("setm 1 gnd"), *asked("getm 1", "mode = stp")]
    with pytest.raises(NotReadyError, match="mode gnd was not taken"):
        controller(talk, pairs).axis_1.ground()


def test_grounded_means_mode_and_voltage(talk: Talk) -> None:
    pairs = [*asked("getm 1", "mode = gnd"), *asked("geto 1", "voltage = 5.0 V")]
    assert controller(talk, pairs).axis_1.is_grounded() is False


@pytest.mark.parametrize(
    "line", ["voltage = 30.0 mV", "frequency = 30.0 V", "30.0 V", "voltage = high V", "voltage = nan V"]
)
def test_a_garbled_value_is_refused(talk: Talk, line: str) -> None:
    with pytest.raises(WireError, match="getv 1"):
        controller(talk, asked("getv 1", line)).axis_1.voltage()
