"""Events and commands survive the way through bytes unchanged; anything else is refused by name."""

import dataclasses
import json
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from analysis.views import Curve, Image, View
from runfile.results import Result
from runmanager.queue import codec, events
from runmanager.queue.events import Command

texts = st.text(max_size=30)
numbers = st.floats(width=64)
arrays = st_np.arrays(np.float64, st.integers(0, 20), elements=numbers)
results = st.builds(
    Result, numbers, numbers, texts, texts, st.none() | st.tuples(numbers, numbers), st.none() | numbers
)
curves = st.builds(
    Curve, texts, arrays, arrays, st.none() | arrays, st.sampled_from(["points", "line", "steps", "fit"])
)
images = st.builds(Image, arrays, arrays, st_np.arrays(np.float64, st.tuples(*[st.integers(0, 6)] * 2)), texts)
views = st.builds(View, *[texts] * 4, st.lists(curves, max_size=3).map(tuple), st.none() | images, st.booleans())
roles = st.builds(events.RoleStatus, texts, texts, st.lists(st.tuples(texts, texts)).map(tuple), texts, st.booleans())
ids = st.integers(1, 2**40)
any_event = st.one_of(
    st.builds(events.Hello, ids, st.none() | ids, st.booleans()),
    st.builds(events.Started, ids, texts, texts),
    st.builds(events.Progress, ids, numbers, texts, numbers),
    st.builds(events.CountRates, ids, numbers, st.dictionaries(texts, numbers, max_size=4)),
    st.builds(events.Views, ids, st.lists(views, max_size=3).map(tuple)),
    st.builds(events.RunningResults, ids, st.dictionaries(texts, results, max_size=4), texts),
    st.builds(events.LogLine, st.none() | ids, texts, texts),
    st.builds(events.StateChanged, st.none() | ids, st.booleans()),
    st.builds(events.BenchStatus, st.none() | ids, st.lists(roles, max_size=3).map(tuple)),
    st.builds(events.Finished, ids, texts, st.integers(0, 4)),
)


def same(a: Any, b: Any) -> bool:
    """Equal, with NaN equal to NaN and arrays compared number by number."""
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, field.name), getattr(b, field.name)) for field in dataclasses.fields(a)
        )
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and np.isnan(a):
        return isinstance(b, float) and bool(np.isnan(b))
    return type(a) is type(b) and bool(a == b)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(any_event)
def test_event_comes_back_unchanged(event: events.Event) -> None:
    assert same(codec.decode(codec.encode(event)), event)


def test_every_kind_of_event_is_covered_above() -> None:
    assert len(get_args(events.Event)) == 10


@pytest.mark.parametrize("command", list(Command))
def test_command_comes_back_unchanged(command: Command) -> None:
    assert codec.decode_command(codec.encode_command(command)) is command


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"", "no JSON"),
        (b"\x80\x04N.", "no JSON"),
        (b"[1]", "unknown event"),
        (b'{"event": ["Hello"]}', "unknown event"),
        (b'{"event": "Sabotage"}', "unknown event 'Sabotage'"),
        (b'{"event": "StateChanged", "entry_id": null}', "missing"),
        (b'{"event": "StateChanged", "entry_id": null, "paused": 1}', "StateChanged.paused"),
        (b'{"event": "StateChanged", "entry_id": true, "paused": true}', "StateChanged.entry_id"),
        (b'{"event": "StateChanged", "entry_id": 1, "paused": true, "x": 1}', "unknown field 'x'"),
        (b'{"event": "Progress", "entry_id": 1, "fraction": NaN, "what": "", "bench_s": 0}', "NaN is not JSON"),
        (b'{"event": "Progress", "entry_id": 1, "fraction": "much", "what": "", "bench_s": 0}', "fraction"),
        (b'{"event": "Views", "entry_id": 1, "views": [{"name": 1}]}', r"views\[0\]\.name"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_foreign_message_is_refused_by_name(message: bytes, complaint: str) -> None:
    with pytest.raises(codec.CodecError, match=complaint):
        codec.decode(message)


@pytest.mark.parametrize(
    "array",
    [
        {"shape": [3], "base64": "AAAAAAAAAAA="},
        {"shape": [-1, -1], "base64": "AAAAAAAAAAA="},
        {"shape": [1], "base64": "AAAA*AAAAAAA="},
        {"shape": [1, 1, 1], "base64": "AAAAAAAAAAA="},
        {"shape": [1]},
        [0.0],
    ],
)
def test_array_that_does_not_hold_what_it_says_is_refused(array: object) -> None:
    view = {"name": "", "title": "", "x_label": "", "y_label": "", "curves": [{"label": "", "x": array, "y": array}]}
    message = json.dumps({"event": "Views", "entry_id": 1, "views": [view]}).encode()
    with pytest.raises(codec.CodecError, match=r"curves\[0\]\.x"):
        codec.decode(message)


def test_oversized_event_is_not_sent() -> None:
    curve = Curve("", np.zeros(200_000), np.zeros(200_000))
    with pytest.raises(codec.CodecError, match="thin it out"):
        codec.encode(events.Views(1, (View("", "", "", "", (curve,)),)))


def test_oversized_message_is_not_read() -> None:
    with pytest.raises(codec.CodecError, match="at most"):
        codec.decode(b" " * (codec.MAX_EVENT_BYTES + 1))


@pytest.mark.parametrize(
    "message", [b"", b"{}", b'{"command": "explode"}', b'{"command": ["pause"]}', b"null", b" " * 2000]
)
def test_unknown_command_is_refused(message: bytes) -> None:
    with pytest.raises(codec.CodecError, match="command"):
        codec.decode_command(message)


def test_numbers_of_numpy_are_sent_as_numbers() -> None:
    event = events.Progress(1, np.float64(0.5), "", np.float64("nan"))
    back = codec.decode(codec.encode(event))
    assert isinstance(back, events.Progress)
    assert back.fraction == 0.5
    assert np.isnan(back.bench_s)
