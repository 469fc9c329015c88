"""The magnet: ramps, limits, and above all what is not sent."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.ami430 import Ami430, State
from instruments.errors import InterlockError, LimitError, NotReadyError, WireError

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]
BANNER = b"American Magnetics Model 430 IP Interface\r\nHello\r\n"
COIL = 0.1  # T/A
CONNECT: Pairs = [
    (b"COIL?\r\n", b"0.1\r\n"),
    (b"COIL?\r\n", b"0.1\r\n"),
    (b"RAMP:RATE:UNITS?\r\n", b"0\r\n"),
    (b"FIELD:UNITS?\r\n", b"1\r\n"),
    (b"COIL?\r\n", b"0.1\r\n"),
]
TESLA: Pairs = [(b"FIELD:UNITS?\r\n", b"1\r\n")]
NO_ERROR: Pairs = [(b"SYST:ERR?\r\n", b'0,"No error"\r\n')]


def state(code: int) -> tuple[bytes, bytes]:
    return b"STATE?\r\n", f"{code}\r\n".encode()


def field(value_t: str) -> Pairs:
    return [(b"FIELD:MAG?\r\n", f"{value_t}\r\n".encode()), *TESLA]


READY: Pairs = [state(2), (b"QU?\r\n", b"0\r\n"), (b"PS:INST?\r\n", b"0\r\n")]
CURRENT: Pairs = [(b"COIL?\r\n", b"0.1\r\n"), *TESLA, (b"CURR:LIMIT?\r\n", b"60\r\n")]


def segments(*programmed: str) -> Pairs:
    """Queries of the ramp segments as the driver makes them."""
    rates = [(f"RAMP:RATE:FIELD:{n}?\r\n".encode(), f"{text}\r\n".encode()) for n, text in enumerate(programmed, 1)]
    return [
        (b"COIL?\r\n", b"0.1\r\n"),
        *TESLA,
        (b"RAMP:RATE:UNITS?\r\n", b"0\r\n"),
        (b"COIL?\r\n", b"0.1\r\n"),
        (b"RAMP:RATE:SEG?\r\n", f"{len(programmed)}\r\n".encode()),
        *rates,
    ]


def start(target: str) -> Pairs:
    return [
        (b"PAUSE\r\n", None),
        *NO_ERROR,
        *TESLA,
        (f"CONF:FIELD:TARG {target}\r\n".encode(), None),
        *NO_ERROR,
        (b"FIELD:TARG?\r\n", f"{target}\r\n".encode()),
        *TESLA,
        (b"RAMP\r\n", None),
        *NO_ERROR,
    ]


def magnet(talk: Talk, pairs: Pairs, **keywords: Any) -> Ami430:
    return talk(Ami430, [*CONNECT, *pairs], BANNER, **keywords)


def test_connecting_only_asks(talk: Talk) -> None:
    device = magnet(talk, [])
    assert all(message.endswith(b"?\r\n") for message in device.visa_handle.sent)


def test_a_ramp_is_awaited_through_the_clock(talk: Talk, clock: Any) -> None:
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.005,6.0"), *start("1.000000")]
    device = magnet(talk, [*ramp, state(1), state(1), state(2), *field("1.0001")])
    assert device.set_field(1.0) == pytest.approx(1.0001)
    assert clock.waits == [0.5, 0.5]


def test_the_station_rate_is_programmed_before_the_ramp(talk: Talk) -> None:
    programme: Pairs = [
        (b"RAMP:RATE:UNITS?\r\n", b"1\r\n"),
        (b"COIL?\r\n", b"0.1\r\n"),
        *TESLA,
        (b"CONF:RAMP:RATE:SEG 1\r\n", None),
        *NO_ERROR,
        (b"CONF:RAMP:RATE:FIELD 1,0.300000,5.000000\r\n", None),  # 0.05 A/s x 0.1 T/A x 60 s
        *NO_ERROR,
    ]
    checked = [pair if pair[0] != b"RAMP:RATE:UNITS?\r\n" else (pair[0], b"1\r\n") for pair in segments("0.3,5.0")]
    ramp = [*READY, *field("0.0"), *CURRENT, *programme, *checked, *start("1.000000")]
    device = magnet(talk, [*ramp, state(2), *field("1.0")], ramp_rate_a_per_s=0.05)
    assert device.set_field(1.0) == 1.0


def test_kilogauss_are_converted(talk: Talk) -> None:
    device = magnet(talk, [(b"FIELD:MAG?\r\n", b"12.5\r\n"), (b"FIELD:UNITS?\r\n", b"0\r\n")])
    assert device.field_t() == pytest.approx(1.25)


@pytest.mark.parametrize("target_t", [5.1, -5.1, float("nan"), float("inf")])
def test_a_field_beyond_the_limit_sends_no_byte(talk: Talk, target_t: float) -> None:
    device = magnet(talk, [])
    with pytest.raises(LimitError, match="-5 to 5 T"):
        device.set_field(target_t)
    assert len(device.visa_handle.sent) == len(CONNECT)


def test_a_field_beyond_the_current_limit_is_not_ramped_to(talk: Talk) -> None:
    low: Pairs = [*CURRENT[:-1], (b"CURR:LIMIT?\r\n", b"10\r\n")]
    with pytest.raises(LimitError, match="coil constant times current limit"):
        magnet(talk, [*READY, *field("0.0"), *low]).set_field(2.0)


def test_a_rate_above_the_table_is_not_ramped_with(talk: Talk) -> None:
    device = magnet(talk, [*READY, *field("0.0"), *CURRENT, *segments("0.007,6.0")])
    with pytest.raises(LimitError, match=r"0\.07 A/s, allowed are 0\.06 A/s"):
        device.set_field(1.0)


def test_the_rate_is_judged_by_the_currents_on_the_way(talk: Talk) -> None:
    table = ((20.0, 0.06), (60.0, 0.03))
    slow_up_to_2_t = [*READY, *field("0.0"), *CURRENT, *segments("0.006,2.0", "0.006,6.0")]
    device = magnet(talk, [*slow_up_to_2_t], ramp_rate_limits=table)
    with pytest.raises(LimitError, match=r"segment 2 .* up to 60 A"):
        device.set_field(3.0)


def test_a_fast_upper_segment_does_not_forbid_a_low_field(talk: Talk) -> None:
    table = ((20.0, 0.06), (60.0, 0.03))
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.006,2.1", "0.006,6.0"), *start("1.000000")]
    device = magnet(talk, [*ramp, state(2), *field("1.0")], ramp_rate_limits=table)
    assert device.set_field(1.0) == 1.0


def test_a_station_rate_above_the_table_is_refused_at_once(talk: Talk) -> None:
    with pytest.raises(LimitError, match="ramp_rate_a_per_s"):
        magnet(talk, [], ramp_rate_a_per_s=0.1)


def test_a_quench_is_latched_and_nothing_is_sent_any_more(talk: Talk) -> None:
    device = magnet(talk, [state(7)])
    for action in (device.is_at_rest, lambda: device.set_field(0.0), device.hold, device.field_t, device.pause):
        with pytest.raises(InterlockError, match="quench"):
            action()
    assert len(device.visa_handle.sent) == len(CONNECT) + 1


def test_a_quench_during_a_ramp_sends_no_pause(talk: Talk) -> None:
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.005,6.0"), *start("1.000000")]
    device = magnet(talk, [*ramp, state(1), state(7)])
    with pytest.raises(InterlockError, match="until a person"):
        device.set_field(1.0)


def test_a_quench_flag_alone_is_latched(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="quench"):
        magnet(talk, [state(2), (b"QU?\r\n", b"1\r\n")]).set_field(1.0)


def test_a_person_releases_the_latch(talk: Talk) -> None:
    device = magnet(talk, [state(7), (b"QU 0\r\n", None), (b"QU?\r\n", b"0\r\n"), state(3)])
    with pytest.raises(InterlockError):
        device.is_at_rest()
    device.reset_quench()
    assert device.state() is State.PAUSED


@pytest.mark.parametrize("code", [9, 10])
def test_a_moving_switch_forbids_a_ramp(talk: Talk, code: int) -> None:
    with pytest.raises(InterlockError, match="persistent switch"):
        magnet(talk, [state(code), (b"QU?\r\n", b"0\r\n")]).set_field(1.0)


def test_a_cold_switch_forbids_a_ramp(talk: Talk) -> None:
    cold: Pairs = [state(2), (b"QU?\r\n", b"0\r\n"), (b"PS:INST?\r\n", b"1\r\n"), (b"PS?\r\n", b"0\r\n")]
    with pytest.raises(InterlockError, match="cold"):
        magnet(talk, cold).set_field(1.0)


def test_a_ramp_that_takes_too_long_is_paused(talk: Talk) -> None:
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.005,6.0"), *start("0.010000")]
    # 0.01 T at 0.005 T/s are 2 s; the wait ends after 1.5 times that and a minute: 63 s in half seconds
    stuck = [state(1)] * 127
    device = magnet(talk, [*ramp, *stuck, state(1), (b"PAUSE\r\n", None), *NO_ERROR, state(3)])
    with pytest.raises(NotReadyError, match="end of ramp"):
        device.set_field(0.01)


def test_a_ramp_somebody_stopped_is_no_success(talk: Talk) -> None:
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.005,6.0"), *start("1.000000")]
    device = magnet(talk, [*ramp, state(3), state(3), state(3)])
    with pytest.raises(NotReadyError, match="paused"):
        device.set_field(1.0)


def test_a_field_that_misses_its_target_is_no_success(talk: Talk) -> None:
    ramp = [*READY, *field("0.0"), *CURRENT, *segments("0.005,6.0"), *start("1.000000")]
    with pytest.raises(NotReadyError, match=r"holds at 0\.8000 T"):
        magnet(talk, [*ramp, state(2), *field("0.8")]).set_field(1.0)


def test_an_error_of_the_programmer_is_quoted(talk: Talk) -> None:
    error: Pairs = [(b"PAUSE\r\n", None), (b"SYST:ERR?\r\n", b'-105,"Command not allowed"\r\n')]
    with pytest.raises(WireError, match="Command not allowed"):
        magnet(talk, [state(1), *error]).hold()


def test_holding_a_magnet_at_rest_sends_no_command(talk: Talk) -> None:
    magnet(talk, [state(2), state(2)]).hold()


@pytest.mark.parametrize("limits", [[], [80.0], [[80.0, float("nan")]], [[float("nan"), 0.06]], [[80.0, -0.06]]])
def test_ramp_rate_limits_that_would_limit_nothing_are_refused(talk: Talk, limits: Any) -> None:
    with pytest.raises(LimitError, match="ramp_rate_limits"):
        magnet(talk, [], ramp_rate_limits=limits)
