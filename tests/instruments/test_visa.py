"""What every VISA driver shares: terminators, errors that name the culprit, late replies, locks, waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.visa import LabInstrument, limit_pair, positive, require_within, wait_until

Talk = Callable[..., Any]


class CarriageReturn(LabInstrument):
    WRITE_TERMINATOR = b"\r"
    READ_TERMINATOR = b"\r\n"


def test_constructing_sends_nothing(talk: Talk) -> None:
    talk(LabInstrument, [])


def test_terminators_of_the_class_are_used(talk: Talk) -> None:
    assert talk(CarriageReturn, [(b"X?\r", b"42\r\n")]).ask_int("X?") == 42


def test_silence_names_instrument_command_and_time(talk: Talk) -> None:
    device = talk(LabInstrument, [(b"X?\n", None)])
    with pytest.raises(WireError, match=rf"{device.name}: 'X\?' got no complete reply \(VI_ERROR_TMO\) within 5 s"):
        device.ask("X?")


def test_a_late_reply_does_not_answer_the_next_question(talk: Talk) -> None:
    device = talk(LabInstrument, [(b"A?\n", None), (b"B?\n", b"2\n")])
    with pytest.raises(WireError):
        device.ask("A?")
    device.visa_handle.unread += b"1\n"
    assert device.ask_int("B?") == 2
    assert device.visa_handle.timeout == 5000.0


@pytest.mark.parametrize("reply", [b"abc\n", b"\n", b"nan\n", b"inf\n", b"1,2\n"])
def test_what_is_no_number_is_quoted(talk: Talk, reply: bytes) -> None:
    device = talk(LabInstrument, [(b"X?\n", reply)])
    with pytest.raises(WireError, match=r"'X\?' was answered"):
        device.ask_float("X?")


def test_half_a_number_is_no_whole_number(talk: Talk) -> None:
    with pytest.raises(WireError, match="whole number"):
        talk(LabInstrument, [(b"X?\n", b"1.5\n")]).ask_int("X?")


def test_bytes_that_are_no_text_are_refused(talk: Talk) -> None:
    with pytest.raises(WireError, match="ASCII"):
        talk(LabInstrument, [(b"X?\n", b"\xff\xfe\n")]).ask("X?")


def test_a_message_stays_one_line_through_a_parameter(talk: Talk) -> None:
    device = talk(LabInstrument, [(b"X?\n", b"abc\n")])
    device.add_parameter("x", get_cmd=lambda: device.ask_float("X?"))
    with pytest.raises(WireError) as caught:
        device.x()
    assert str(caught.value).startswith(device.name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("inf"), float("nan")])
def test_timeouts_are_finite(talk: Talk, timeout: float) -> None:
    with pytest.raises(LimitError, match="timeout"):
        LabInstrument("device_with_bad_timeout", "ASRL1::INSTR", timeout=timeout)


def test_two_threads_do_not_interleave(talk: Talk) -> None:
    device = talk(LabInstrument, [])
    events: list[str] = []
    first_has_written, second_has_written = threading.Event(), threading.Event()

    def write(message: bytes) -> None:
        events.append(f"{message.decode().strip()} sent")
        if message == b"A?\n":
            first_has_written.set()
            second_has_written.wait(0.2)  # every chance to come between question and answer
        else:
            second_has_written.set()

    def read() -> bytes:
        events.append("answer read")
        return b"1\n"

    device.visa_handle.write_raw, device.visa_handle.read_raw = write, read
    first = threading.Thread(target=device.ask, args=("A?",))
    second = threading.Thread(target=device.ask, args=("B?",))
    first.start()
    first_has_written.wait(5.0)
    second.start()
    first.join()
    second.join()
    assert events == ["A? sent", "answer read", "B? sent", "answer read"]


def test_waiting_goes_through_the_clock_and_ends(clock: Any) -> None:
    with pytest.raises(NotReadyError, match="laser: mode lock did not happen within 10 s"):
        wait_until("laser", clock, lambda: False, timeout_s=10.0, poll_s=1.0, what="mode lock")
    assert clock.now_s() == 10.0


def test_waiting_ends_when_the_condition_holds(clock: Any) -> None:
    wait_until("laser", clock, lambda: clock.now_s() >= 3.0, timeout_s=10.0, poll_s=1.0, what="x")
    assert clock.waits == [1.0, 1.0, 1.0]


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(-1e6, 1e6), st.floats(0.0, 1e6))
def test_a_value_is_returned_unchanged_or_refused(value: float, low: float, span: float) -> None:
    high = low + span
    if low <= value <= high:
        assert require_within("x", "value", value, low, high, "u", "change it") == value
    else:
        with pytest.raises(LimitError):
            require_within("x", "value", value, low, high, "u", "change it")


def test_limits_in_order_are_numbers() -> None:
    assert limit_pair("opo", "wavelength_limits_nm", [500, 750.0], "nm") == (500.0, 750.0)


@pytest.mark.parametrize("limits", [[2.0, 1.0], [1.0], [1.0, 2.0, 3.0], [float("nan"), 1.0], ["a", "b"], "12"])
def test_limits_that_are_no_pair_are_refused(limits: Any) -> None:
    with pytest.raises(LimitError, match=r"opo: wavelength_limits_nm = .* must be \[lowest, highest\] in nm"):
        limit_pair("opo", "wavelength_limits_nm", limits, "nm")


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), "fast"])
def test_what_must_be_positive_is_checked(value: Any) -> None:
    with pytest.raises(LimitError, match="must be a number above 0 Hz"):
        positive("laser", "repetition_rate_hz", value, "Hz")
