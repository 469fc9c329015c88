"""The MultiHarp's driver at the border of MHLib, and the decoding of T2 records."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import picoquant_t2
from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.picoquant_multiharp import MultiHarp, delays_histogram
from instruments.roles import PhotonCounter, TimeTagger

WRAP = 1 << 25
SPECIAL = 1 << 31


def event(time: int, channel: int) -> int:
    """One record by the format's description: channel 0 sync, inputs from 1."""
    return SPECIAL | time if channel == 0 else (channel - 1) << 25 | time


def wraps(count: int) -> int:
    return SPECIAL | 0x3F << 25 | count


def records(tags: list[tuple[int, int]]) -> list[int]:
    """Records of (time in units, channel), sorted in time."""
    found, seen = [], 0
    for time, channel in tags:
        if time // WRAP > seen:
            found.append(wraps(time // WRAP - seen))
            seen = time // WRAP
        found.append(event(time % WRAP, channel))
    return found


@settings(max_examples=100, deadline=None)
@given(
    tags=st.lists(st.tuples(st.integers(0, 40 * WRAP), st.integers(0, 16)), max_size=50).map(sorted),
    cut=st.integers(0, 60),
)
def test_decoding_gives_back_what_was_encoded_also_in_pieces(tags: list[tuple[int, int]], cut: int) -> None:
    raw = np.array(records(tags), dtype=np.uint32)
    first, after = picoquant_t2.decode(raw[:cut])
    second, _ = picoquant_t2.decode(raw[cut:], after)
    times = np.concatenate([first.time, second.time])
    channels = np.concatenate([first.channel, second.channel])
    assert list(zip(times.tolist(), channels.tolist(), strict=True)) == tags


def test_markers_are_left_out_and_a_wrap_without_count_is_one() -> None:
    events, after = picoquant_t2.decode(np.array([SPECIAL | 3 << 25 | 9, wraps(0), event(5, 1)], dtype=np.uint32))
    assert (events.time.tolist(), events.channel.tolist(), after) == ([WRAP + 5], [1], 1)


class FakeLibrary:
    """MHLib's functions with its signatures: numbers and ``byref`` in, an error code out."""

    def __init__(self, *fifo: list[int]) -> None:
        self.fifo = list(fifo)
        self.calls: list[tuple[Any, ...]] = []
        self.flags = 0
        self.failing: dict[str, int] = {}
        self.never_done = False

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("MH_"):
            raise AttributeError(name)

        def call(device: int, *arguments: Any) -> int:
            self.calls.append((name, *[each for each in arguments if isinstance(each, int)]))
            return self.failing.get(name, 0)

        return call

    def MH_GetNumOfInputChannels(self, device: int, n: Any) -> int:
        n._obj.value = 8
        return 0

    def MH_GetBaseResolution(self, device: int, resolution: Any, steps: Any) -> int:
        resolution._obj.value, steps._obj.value = 5.0, 24
        return 0

    def MH_GetHardwareInfo(self, device: int, model: Any, part: Any, version: Any) -> int:
        model.value, part.value, version.value = b"MultiHarp 150", b"930037", b"1.0"
        return 0

    def MH_GetSerialNumber(self, device: int, serial: Any) -> int:
        serial.value = b"1045483"
        return 0

    def MH_GetErrorString(self, text: Any, code: int) -> int:
        text.value = b"MH_ERROR_DEVICE_OPEN_FAIL"
        return 0

    def MH_CTCStatus(self, device: int, done: Any) -> int:
        done._obj.value = int(not self.fifo and not self.never_done)
        return 0

    def MH_GetFlags(self, device: int, flags: Any) -> int:
        flags._obj.value = self.flags
        return 0

    def MH_ReadFiFo(self, device: int, buffer: Any, n: Any) -> int:
        chunk = self.fifo.pop(0) if self.fifo else []
        for i, record in enumerate(chunk):
            buffer[i] = record
        n._obj.value = len(chunk)
        return 0

    def MH_GetSyncRate(self, device: int, rate: Any) -> int:
        rate._obj.value = 5_000_000
        return 0

    def MH_GetCountRate(self, device: int, channel: int, rate: Any) -> int:
        rate._obj.value = 1000 * (channel + 1)
        return 0


@pytest.fixture
def connected(clock: Any) -> Any:
    made: list[MultiHarp] = []

    def make(library: FakeLibrary, **options: Any) -> MultiHarp:
        made.append(MultiHarp(f"harp_{len(made)}_{id(library)}", sdk=library, clock=clock, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_plays_its_roles_and_is_prepared_when_first_used(connected: Any) -> None:
    library = FakeLibrary()
    harp = connected(library, trigger_level_mv=200.0)
    assert isinstance(harp, TimeTagger)
    assert isinstance(harp, PhotonCounter)
    assert library.calls == []
    assert harp.get_idn()["serial"] == "1045483"
    assert ("MH_Initialize", 2, 0) in library.calls
    assert ("MH_SetSyncEdgeTrg", 200, 1) in library.calls
    assert ("MH_SetInputEdgeTrg", 7, 200, 1) in library.calls
    assert harp.base_resolution() == 5.0


def test_tags_in_ps_with_the_stations_channel_numbers(connected: Any) -> None:
    tags = [(10, 1), (20, 2), (WRAP + 1, 0), (3 * WRAP, 5)]
    harp = connected(FakeLibrary(records(tags)[:3], [], records(tags)[3:]), sync_channel=3)
    found = harp.record_tags(1.0, (1, 2, 3))
    assert found.timestamps_ps.tolist() == [50, 100, (WRAP + 1) * 5]
    assert found.channel.tolist() == [1, 2, 3]
    assert found.duration_s == 1.0


def test_only_the_inputs_asked_for_are_enabled(connected: Any) -> None:
    library = FakeLibrary([])
    connected(library).record_tags(0.25, (2, 3))
    enabled = [call[1:] for call in library.calls if call[0] == "MH_SetInputChannelEnable"]
    assert enabled == [(number, int(number == 1)) for number in range(8)]
    assert ("MH_StartMeas", 250) in library.calls
    assert library.calls[-1] == ("MH_StopMeas",)


def test_a_full_fifo_fails_the_record_and_stops_it(connected: Any) -> None:
    library = FakeLibrary([event(1, 1)])
    library.flags = 2
    with pytest.raises(NotReadyError, match="FIFO overran"):
        connected(library).record_tags(1.0, (1,))
    assert library.calls[-1] == ("MH_StopMeas",)


def test_a_record_that_never_ends_is_stopped(connected: Any, clock: Any) -> None:
    library = FakeLibrary()
    library.never_done = True
    with pytest.raises(NotReadyError, match="did not end"):
        connected(library).record_tags(1.0, (1,))
    assert 11.0 <= clock.time_s < 11.1


def test_histograms_come_from_one_record(connected: Any) -> None:
    tags = [(100, 0), (104, 1), (130, 2), (200, 0), (204, 1)]
    library = FakeLibrary(records(tags))
    counts = connected(library).record_histogram(3, (1, 2), 50, 4, 0.001)
    assert counts.tolist() == [[2, 0, 0, 0], [0, 0, 0, 1]]
    assert library.calls.count(("MH_StartMeas", 1)) == 1


def test_delays_since_the_latest_start() -> None:
    counts = delays_histogram(np.array([100, 200]), np.array([50, 100, 199, 200, 500]), 50, 3)
    assert counts.tolist() == [2, 1, 0]


def test_count_rates_of_inputs_and_sync(connected: Any, clock: Any) -> None:
    assert connected(FakeLibrary()).count_rates_hz((1, 3), 0.3) == {1: 1000.0, 3: 5_000_000.0}
    assert clock.time_s == pytest.approx(0.33)


def test_an_error_code_is_worded_by_the_library(connected: Any) -> None:
    library = FakeLibrary()
    library.failing["MH_OpenDevice"] = -1
    with pytest.raises(WireError, match=r"'MH_OpenDevice' failed: MH_ERROR_DEVICE_OPEN_FAIL \(-1\)"):
        connected(library).get_idn()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((1.0, (12,)), "channel 12 does not exist"), ((0.0, (1,)), "duration"), ((float("inf"), (1,)), "duration")],
)
def test_refuses_nonsense(connected: Any, arguments: Any, words: str) -> None:
    with pytest.raises(LimitError, match=words):
        connected(FakeLibrary()).record_tags(*arguments)


def test_without_the_library_the_message_says_what_to_install(clock: Any) -> None:
    harp = MultiHarp("harp_missing", sdk="libmh_is_not_here.so", clock=clock)
    with pytest.raises(StationError, match=r"MHLib cannot be loaded.*install the MultiHarp software"):
        harp.get_idn()
    harp.close()
