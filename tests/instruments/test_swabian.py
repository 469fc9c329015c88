"""The Time Tagger's driver at the border of its vendor's library."""

from typing import Any

import numpy as np
import pytest

from instruments.errors import LimitError, NotReadyError, StationError, WireError
from instruments.roles import PhotonCounter, TimeTagger
from instruments.swabian_time_tagger import SwabianTimeTagger

SWITCHED_ON_PS = 5_000_000_000_000


class Buffer:
    def __init__(self, tags: list[tuple[int, int]], types: list[int] | None = None, overflows: bool = False) -> None:
        self.tStart = SWITCHED_ON_PS
        self.size = len(tags)
        self.hasOverflows = overflows
        self._times = np.array([time + SWITCHED_ON_PS for time, _ in tags], dtype=np.int64)
        self._channels = np.array([channel for _, channel in tags], dtype=np.int32)
        self._types = np.array(types or [0] * len(tags), dtype=np.uint8)

    def getTimestamps(self) -> Any:
        return self._times

    def getChannels(self) -> Any:
        return self._channels

    def getEventTypes(self) -> Any:
        return self._types


class Measurement:
    """Runs for some polls; says what it was made with."""

    def __init__(self, library: "FakeLibrary", *arguments: Any) -> None:
        self.library, self.arguments = library, arguments
        self.polls = 2

    def startFor(self, capture_duration: int, clear: bool = True) -> None:
        self.library.log.append(("startFor", capture_duration))

    def isRunning(self) -> bool:
        self.polls -= 1
        return self.polls > 0 or self.library.never_ends

    def stop(self) -> None:
        self.library.log.append(("stop",))

    def getTagger(self) -> str:
        return "proxy"

    def getData(self) -> Any:
        return self.library.data.pop(0)


class Tagger:
    def __init__(self) -> None:
        self.levels = {1: 0.5}
        self.lost = 0

    def getModel(self) -> str:
        return "Time Tagger Ultra"

    def getSerial(self) -> str:
        return "2138000XYZ"

    def getOverflows(self) -> int:
        return self.lost

    def getOverflowsAndClear(self) -> int:
        return self.lost

    def setTriggerLevel(self, channel: int, voltage: float) -> None:
        self.levels[channel] = voltage

    def getTriggerLevel(self, channel: int) -> float:
        return self.levels[channel]

    def getInputDelay(self, channel: int) -> int:
        raise RuntimeError("device was unplugged")


class FakeLibrary:
    def __init__(self, *data: Any) -> None:
        self.data = list(data)
        self.log: list[Any] = []
        self.tagger = Tagger()
        self.never_ends = False

    def createTimeTagger(self, serial: str = "") -> Tagger:
        self.log.append(("createTimeTagger", serial))
        return self.tagger

    def freeTimeTagger(self, tagger: Tagger) -> bool:
        self.log.append(("freeTimeTagger",))
        return tagger is self.tagger

    def getVersion(self) -> str:
        return "2.17.4"

    def _made(self, name: str, *arguments: Any) -> Measurement:
        self.log.append((name, *arguments[1:]))
        return Measurement(self, *arguments)

    def TimeTagStream(self, tagger: Any, n_max_events: int, channels: list[int]) -> Measurement:
        return self._made("TimeTagStream", tagger, channels)

    def Histogram(self, tagger: Any, click: int, start: int, binwidth: int, n_bins: int) -> Measurement:
        return self._made("Histogram", tagger, click, start, binwidth, n_bins)

    def Countrate(self, tagger: Any, channels: list[int]) -> Measurement:
        return self._made("Countrate", tagger, channels)

    def SynchronizedMeasurements(self, tagger: Any) -> Measurement:
        return self._made("SynchronizedMeasurements", tagger)


@pytest.fixture
def connected(clock: Any) -> Any:
    made: list[SwabianTimeTagger] = []

    def make(library: FakeLibrary) -> SwabianTimeTagger:
        made.append(SwabianTimeTagger(f"swabian_{id(library)}", sdk=library, clock=clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_plays_time_tagger_and_counter_and_connects_late(connected: Any) -> None:
    library = FakeLibrary()
    tagger = connected(library)
    assert isinstance(tagger, TimeTagger)
    assert isinstance(tagger, PhotonCounter)
    assert library.log == []
    assert tagger.get_idn() == {
        "vendor": "Swabian Instruments",
        "model": "Time Tagger Ultra",
        "serial": "2138000XYZ",
        "firmware": "2.17.4",
    }


def test_tags_are_merged_sorted_and_counted_from_the_start(connected: Any) -> None:
    library = FakeLibrary(Buffer([(700, 2)]), Buffer([(900, 1), (800, 2), (2_000_000_000, 1)]))
    tags = connected(library).record_tags(1e-3, (1, 2))
    assert tags.timestamps_ps.tolist() == [700, 800, 900]
    assert tags.channel.tolist() == [2, 2, 1]
    assert (tags.timestamps_ps.dtype, tags.channel.dtype, tags.duration_s) == (np.int64, np.uint8, 1e-3)
    assert ("startFor", 1_000_000_000) in library.log
    assert ("TimeTagStream", [1, 2]) not in library.log[:1]


def test_lost_tags_fail_the_record_and_name_the_channel(connected: Any) -> None:
    library = FakeLibrary(Buffer([]), Buffer([(1, 1), (2, 2)], types=[0, 4]))
    with pytest.raises(NotReadyError, match="lost on channel 2"):
        connected(library).record_tags(1e-3, (1, 2))


def test_an_overflow_fails_the_record(connected: Any) -> None:
    with pytest.raises(NotReadyError, match="overflow"):
        connected(FakeLibrary(Buffer([]), Buffer([(1, 1)], overflows=True))).record_tags(1e-3, (1,))


def test_histograms_run_together(connected: Any) -> None:
    library = FakeLibrary(np.array([1, 2, 3]), np.array([4, 5, 6]))
    counts = connected(library).record_histogram(3, (1, 2), 100, 3, 0.5)
    assert counts.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert [each for each in library.log if each[0] == "Histogram"] == [
        ("Histogram", 1, 3, 100, 3),
        ("Histogram", 2, 3, 100, 3),
    ]
    assert library.log.count(("startFor", 500_000_000_000)) == 1


def test_overflows_fail_the_histograms(connected: Any) -> None:
    library = FakeLibrary(np.zeros(3), np.zeros(3))
    library.tagger.lost = 7
    with pytest.raises(NotReadyError, match="7 overflows"):
        connected(library).record_histogram(3, (1, 2), 100, 3, 0.5)


def test_count_rates(connected: Any) -> None:
    assert connected(FakeLibrary(np.array([10.0, 20.0]))).count_rates_hz((2, 1), 0.1) == {2: 10.0, 1: 20.0}


@pytest.mark.parametrize("data", [np.array([1.0]), np.array([1.0, np.nan]), "nothing"])
def test_a_nonsense_rate_is_refused(connected: Any, data: Any) -> None:
    with pytest.raises(WireError, match=r"'Countrate\.getData' gave"):
        connected(FakeLibrary(data)).count_rates_hz((1, 2))


def test_a_measurement_that_never_ends_is_stopped(connected: Any) -> None:
    library = FakeLibrary(np.zeros(1))
    library.never_ends = True
    with pytest.raises(NotReadyError, match="end of the measurement did not happen"):
        connected(library).count_rates_hz((1,))
    assert ("stop",) in library.log


def test_a_failing_device_is_named(connected: Any) -> None:
    with pytest.raises(WireError, match="'getInputDelay' failed: device was unplugged"):
        connected(FakeLibrary()).channel_1.delay.get()


def test_levels_are_checked_and_set(connected: Any) -> None:
    library = FakeLibrary()
    tagger = connected(library)
    tagger.channel_1.trigger_level(0.25)
    assert library.tagger.levels[1] == 0.25
    with pytest.raises(LimitError, match=r"-2\.5 to 2\.5 V"):
        tagger.channel_1.trigger_level(5.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0.0, (1,)), "duration"), ((float("nan"), (1,)), "duration"), ((1.0, (9,)), "channel 9 is not in use")],
)
def test_refuses_before_anything_is_called(connected: Any, arguments: Any, words: str) -> None:
    library = FakeLibrary()
    with pytest.raises(LimitError, match=words):
        connected(library).record_tags(*arguments)
    assert library.log == []


def test_without_the_library_the_message_says_what_to_install(clock: Any) -> None:
    tagger = SwabianTimeTagger("swabian_missing", clock=clock)
    with pytest.raises(StationError, match="pip install Swabian-TimeTagger"):
        tagger.get_idn()
    tagger.close()


def test_closing_frees_the_device(clock: Any) -> None:
    library = FakeLibrary()
    tagger = SwabianTimeTagger("swabian_closing", sdk=library, clock=clock)
    tagger.get_idn()
    tagger.close()
    assert library.log[-1] == ("freeTimeTagger",)
