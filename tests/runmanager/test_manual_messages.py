"""The pipe of manual control: what goes through, and what does not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runmanager.manual import messages
from runmanager.manual.messages import (
    Act,
    Begun,
    Done,
    Ended,
    Leave,
    MakeSafe,
    MessageError,
    Readings,
    ReadingShown,
    Refused,
    SafeReached,
    decode_from_service,
    decode_to_service,
    encode,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(numbers, st.text(), st.booleans(), st.integers(-(10**15), 10**15))


@given(st.integers(0, 10**9), st.text(), st.text(), st.dictionaries(st.text(), values, max_size=4))
def test_an_act_arrives_as_it_was_sent(number, row, verb, given_values):
    act = Act(number=number, row=row, verb=verb, values=given_values)
    arrived = decode_to_service(encode(act))
    assert arrived == act
    assert isinstance(arrived, Act)
    assert [type(value) for value in arrived.values.values()] == [type(value) for value in given_values.values()]


@pytest.mark.parametrize("message", [MakeSafe(), Leave()])
def test_wishes_arrive(message):
    assert decode_to_service(encode(message)) == message


@given(st.text(), st.text(), numbers, st.booleans())
def test_what_the_service_says_arrives(text, other, number, flag):
    for message in (
        Begun(number=1, text=text),
        Done(number=2, text=text),
        Refused(number=3, text=text),
        SafeReached(why=text, by_hand=other),
        Ended(why=text, by_hand=other, failed=flag),
        Readings(
            time_s=number, values=(ReadingShown(row=text, text=other, good=flag),), rates_cps={"detector 1": number}
        ),
    ):
        line = encode(message)
        assert line.count(b"\n") == 1
        assert decode_from_service(line) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense\n",
        b"[]\n",
        b'{"what": "quench"}\n',
        b'{"what": "leave", "now": true}\n',
        b'{"what": "act", "number": 1, "row": "magnet.field", "verb": "Ramp", "values": {"target_t": NaN}}\n',
        b'{"what": "act", "number": 1, "row": "magnet.field", "verb": "Ramp", "values": {"target_t": [1]}}\n',
        b'{"what": "act", "number": "one", "row": "magnet.field", "verb": "Ramp"}\n',
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_message_is_refused(line):
    with pytest.raises(MessageError, match="no message of manual control"):
        decode_to_service(line)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(line):
    for decode in (decode_to_service, decode_from_service):
        with suppress(MessageError):  # any other exception fails the test
            assert decode(line).what


def test_the_panel_cannot_play_the_service():
    with pytest.raises(MessageError):
        decode_to_service(encode(Done(number=1, text="done")))


def test_a_line_that_is_too_long_is_not_read():
    with pytest.raises(MessageError, match="longer than"):
        decode_to_service(b" " * (messages.LONGEST_LINE + 1))
