"""The 4G's driver: units, limits, read-backs, and above all what is not sent."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.cryomagnetics_4g import Cryomagnetics4G
from instruments.errors import InterlockError, LimitError, NotReadyError, WireError

Talk = Callable[..., Any]
Pairs = list[tuple[bytes, bytes | None]]
COIL = 0.1  # T/A, that is 1 kG/A
OK = (b"*ESR?\n", b"0\n")


def status(value: int) -> Pairs:
    return [(b"*STB?\n", f"{value}\n".encode())]


def done(command: str) -> Pairs:
    return [(f"{command}\n".encode(), None), OK]


def asked(query: str, reply: str) -> Pairs:
    return [(f"{query}\n".encode(), f"{reply}\n".encode())]


def programmed(rates: tuple[float, ...] = (0.06,) * 5, up_to_a: tuple[float, ...] = (60.0,) * 5) -> Pairs:
    pairs: Pairs = [*done("REMOTE"), *done("SWEEP PAUSE")]
    for i in range(5):
        pairs += [*done(f"RANGE {i} {up_to_a[i]:.4f}"), *asked(f"RANGE? {i}", f"{up_to_a[i]:.4f}")]
        pairs += [*done(f"RATE {i} {rates[i]:.4f}"), *asked(f"RATE? {i}", f"{rates[i]:.4f}")]
    return [*pairs, *done(f"RATE 5 {min(rates):.4f}"), *asked("RATE? 5", f"{min(rates):.4f}")]


def limits(lower: str, upper: str) -> Pairs:
    return [
        *asked("LLIM?", "-50.0000 kG"),
        *done(f"ULIM {upper}"),
        *done(f"LLIM {lower}"),
        *asked("ULIM?", f"{upper} kG"),
        *asked("LLIM?", f"{lower} kG"),
    ]


def coil_check(query: str = "ULIM?", reply: str = "10.0000 A") -> Pairs:
    return [*done("UNITS A"), *asked(query, reply), *done("UNITS G")]


READY: Pairs = [*status(0), *asked("IMAG?", "0.0000 kG")]
TO_1_T: Pairs = [
    *READY,
    *programmed(),
    *done("UNITS G"),
    *asked("IMAG?", "0.0000 kG"),
    *limits("0.0000", "10.0000"),
    *coil_check(),
]
PAUSED: Pairs = [*status(1), *done("SWEEP PAUSE"), *status(0)]


def supply(talk: Talk, pairs: Pairs, **keywords: Any) -> Cryomagnetics4G:
    defaults: dict[str, Any] = {"coil_constant_t_per_a": COIL, "ramp_rate_limits": ((60.0, 0.06),)}
    return talk(Cryomagnetics4G, pairs, **(defaults | keywords))


def test_connecting_sends_nothing(talk: Talk) -> None:
    assert supply(talk, []).visa_handle.sent == []


def test_a_ramp_is_prepared_confirmed_awaited_and_paused(talk: Talk, clock: Any) -> None:
    way: Pairs = [*done("SWEEP UP SLOW"), *status(1), *asked("IMAG?", "5.0000 kG")]
    there: Pairs = [*status(1), *asked("IMAG?", "10.0000 kG")] * 2
    device = supply(talk, [*TO_1_T, *way, *there, *PAUSED, *asked("IMAG?", "10.0000 kG")])
    assert device.set_field(1.0) == pytest.approx(1.0)
    assert clock.waits == [0.5, 0.5]


def test_downwards_sweeps_to_the_lower_limit(talk: Talk) -> None:
    prepared: Pairs = [
        *READY,
        *programmed(),
        *done("UNITS G"),
        *asked("IMAG?", "0.0000 kG"),
        *limits("-10.0000", "0.0000"),
        *coil_check("LLIM?", "-10.0000 A"),
    ]
    there: Pairs = [*done("SWEEP DOWN SLOW"), *([*status(1), *asked("IMAG?", "-10.0000 kG")] * 2)]
    device = supply(talk, [*prepared, *there, *PAUSED, *asked("IMAG?", "-10.0000 kG")])
    assert device.set_field(-1.0) == pytest.approx(-1.0)


def test_a_supply_that_ends_its_sweep_by_itself_is_no_fault(talk: Talk) -> None:
    there: Pairs = [*done("SWEEP UP SLOW"), *status(0), *asked("IMAG?", "10.0000 kG"), *status(0), *status(0)]
    assert supply(talk, [*TO_1_T, *there, *asked("IMAG?", "10.0000 kG")]).set_field(1.0) == pytest.approx(1.0)


def test_at_the_target_nothing_is_swept(talk: Talk) -> None:
    at_rest: Pairs = [*status(0), *asked("IMAG?", "10.0000 kG"), *status(0), *status(0), *asked("IMAG?", "10.0000 kG")]
    assert supply(talk, at_rest).set_field(1.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("reply", "field_t"), [("12.5 kG", 1.25), ("1.25T", 1.25), ("12500 G", 1.25), ("5 A", 0.5)])
def test_the_unit_of_the_reply_counts(talk: Talk, reply: str, field_t: float) -> None:
    assert supply(talk, asked("IMAG?", reply)).field_t() == pytest.approx(field_t)


@pytest.mark.parametrize("reply", ["12.5", "12.5 V", "kG", "nan kG", "1.2.3 kG", ""])
def test_a_field_without_its_unit_is_not_believed(talk: Talk, reply: str) -> None:
    with pytest.raises(WireError, match="IMAG"):
        supply(talk, asked("IMAG?", reply)).field_t()


@pytest.mark.parametrize("target_t", [5.1, -5.1, float("nan"), float("inf")])
def test_a_field_beyond_the_limit_sends_no_byte(talk: Talk, target_t: float) -> None:
    with pytest.raises(LimitError, match="-5 to 5 T"):
        supply(talk, []).set_field(target_t)


def test_a_current_above_the_rate_table_sends_no_byte(talk: Talk) -> None:
    with pytest.raises(LimitError, match="ramp_rate_limits"):
        supply(talk, [], ramp_rate_limits=((20.0, 0.06),)).set_field(2.1)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"coil_constant_t_per_a": -0.1}, "coil_constant"),
        ({"coil_constant_t_per_a": float("nan")}, "coil_constant"),
        ({"ramp_rate_limits": ()}, "1 to 5 pairs"),
        ({"ramp_rate_limits": ((60.0, 0.05), (50.0, 0.06))}, "must increase"),
        ({"ramp_rate_limits": ((60.0, 0.0),)}, "rate"),
        ({"ramp_rate_a_per_s": 0.07}, r"above 0\.06 A/s"),
        ({"field_limit_t": float("inf")}, "field_limit_t"),
    ],
)
def test_a_wrong_station_file_is_refused_at_once(talk: Talk, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(LimitError, match=message):
        supply(talk, [], **keywords)


def test_the_rate_table_is_programmed_range_by_range(talk: Talk) -> None:
    rates, up_to_a = (0.06, 0.04, 0.02, 0.02, 0.02), (20.0, 40.0, 60.0, 60.0, 60.0)
    prepared: Pairs = [*READY, *programmed(rates, up_to_a), *done("UNITS G"), (b"IMAG?\n", b"gone\n")]
    device = supply(talk, prepared, ramp_rate_limits=((20.0, 0.06), (40.0, 0.04), (60.0, 0.02)))
    with pytest.raises(WireError, match="gone"):
        device.set_field(1.0)


def test_a_rate_that_is_not_taken_is_not_ramped_with(talk: Talk) -> None:
    begin: Pairs = [*READY, *done("REMOTE"), *done("SWEEP PAUSE"), *done("RANGE 0 60.0000")]
    begin += [*asked("RANGE? 0", "60.0000"), *done("RATE 0 0.0600"), *asked("RATE? 0", "0.6000")]
    with pytest.raises(NotReadyError, match=r"RATE 0 = 0\.06 A/s was not taken, it is 0\.6 A/s"):
        supply(talk, begin).set_field(1.0)


def test_a_limit_in_other_units_than_believed_is_not_ramped_to(talk: Talk) -> None:
    wrong: Pairs = [*TO_1_T[: -len(coil_check()) - 2], *asked("ULIM?", "1.0000 kG")]
    with pytest.raises(NotReadyError, match="ULIM 1 T was not taken"):
        supply(talk, wrong).set_field(1.0)


def test_a_coil_constant_that_is_not_the_supplys_is_not_ramped_with(talk: Talk) -> None:
    wrong: Pairs = [*TO_1_T[: -len(coil_check())], *coil_check(reply="20.0000 A")]
    with pytest.raises(LimitError, match="20 A for the supply, but 10 A"):
        supply(talk, wrong).set_field(1.0)


def test_a_quench_is_latched_and_nothing_is_sent_any_more(talk: Talk) -> None:
    device = supply(talk, status(6))
    for action in (device.is_at_rest, lambda: device.set_field(0.0), device.hold, device.field_t):
        with pytest.raises(InterlockError, match="quench"):
            action()
    assert device.visa_handle.sent == [b"*STB?\n"]


def test_a_quench_during_a_ramp_sends_no_pause(talk: Talk) -> None:
    device = supply(talk, [*TO_1_T, *done("SWEEP UP SLOW"), *status(6)])
    with pytest.raises(InterlockError, match="until a person"):
        device.set_field(1.0)


def test_a_person_releases_the_latch(talk: Talk) -> None:
    device = supply(talk, [*status(4), (b"QRESET\n", None), *status(2), *status(2)])
    with pytest.raises(InterlockError):
        device.is_at_rest()
    device.reset_quench()
    assert device.is_at_rest()


def test_a_failed_power_module_forbids_a_ramp(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="power module failure"):
        supply(talk, status(8)).set_field(1.0)


def test_a_cold_persistent_switch_forbids_a_ramp(talk: Talk) -> None:
    with pytest.raises(InterlockError, match="cold"):
        supply(talk, [*status(0), *asked("PSHTR?", "0")], persistent_switch=True).set_field(1.0)


def test_a_warm_magnet_forbids_a_ramp(talk: Talk) -> None:
    device = supply(talk, status(0))
    device.watch_temperature(lambda: 7.0)
    with pytest.raises(InterlockError, match=r"7\.00 K"):
        device.set_field(1.0)


def test_a_magnet_that_warms_up_on_the_way_is_paused(talk: Talk) -> None:
    way: Pairs = [*done("SWEEP UP SLOW"), *status(1), *asked("IMAG?", "1.0000 kG"), *status(1)]
    device = supply(talk, [*TO_1_T, *way, *PAUSED])
    readings = iter([4.2, 4.2, 6.5])
    device.watch_temperature(lambda: next(readings))
    with pytest.raises(InterlockError, match=r"6\.50 K"):
        device.set_field(1.0)


def test_a_garbled_field_on_the_way_pauses_the_sweep(talk: Talk) -> None:
    device = supply(talk, [*TO_1_T, *done("SWEEP UP SLOW"), *status(1), (b"IMAG?\n", b"?\n"), *PAUSED])
    device._discard_late_replies = lambda: None  # type: ignore[method-assign] # the transcript has no late replies
    with pytest.raises(WireError, match=r"IMAG\?"):
        device.set_field(1.0)


def test_an_interrupted_wait_pauses_the_sweep(talk: Talk, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    device = supply(talk, [*TO_1_T, *done("SWEEP UP SLOW"), *status(1), *asked("IMAG?", "1.0000 kG"), *PAUSED])

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep_s", interrupted)
    with pytest.raises(KeyboardInterrupt):
        device.set_field(1.0)


def test_a_sweep_command_that_is_refused_pauses(talk: Talk) -> None:
    refused: Pairs = [(b"SWEEP UP SLOW\n", None), (b"*ESR?\n", b"16\n"), *status(1)]
    device = supply(talk, [*TO_1_T, *refused, *done("SWEEP PAUSE"), *status(0)])
    with pytest.raises(WireError, match="'SWEEP UP SLOW' was refused"):
        device.set_field(1.0)


def test_a_sweep_somebody_stopped_is_no_success(talk: Talk) -> None:
    stopped: Pairs = [*done("SWEEP UP SLOW"), *status(0), *asked("IMAG?", "3.0000 kG"), *status(0), *status(0)]
    with pytest.raises(NotReadyError, match=r"ended at 0\.3000 T"):
        supply(talk, [*TO_1_T, *stopped]).set_field(1.0)


def test_holding_a_magnet_at_rest_sends_no_command(talk: Talk) -> None:
    supply(talk, [*status(2), *status(2)]).hold()


def test_echoes_are_skipped(talk: Talk) -> None:
    echoing: Pairs = [(b"SWEEP PAUSE\n", b"SWEEP PAUSE\r\n"), (b"*ESR?\n", b"*ESR?\r\n0\r\n")]
    device = supply(talk, [(b"*STB?\n", b"*STB?\r\n1\r\n"), *echoing, (b"*STB?\n", b"*STB?\r\n0\r\n")])
    device.hold()
