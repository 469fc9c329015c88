"""A pyvisa resource that replays a transcript, a clock that only waiting moves, drivers on both."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyvisa import constants
from pyvisa.errors import VisaIOError
from qcodes.instrument import Instrument  # noqa: TID253 - these tests are about QCoDeS instruments

NUMBERS = itertools.count()


class FakeClock:
    """Virtual time."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.waits: list[float] = []

    def now_s(self) -> float:
        return self.time_s

    def sleep_s(self, duration_s: float) -> None:
        self.waits.append(duration_s)
        self.time_s += duration_s


class FakeHandle:
    """Expects the given (sent, reply) pairs in order; a reply of None is silence, then reading times out."""

    resource_name = "FAKE::INSTR"

    def __init__(self, pairs: list[tuple[bytes, bytes | None]], banner: bytes = b"") -> None:
        self.pairs = list(pairs)
        self.unread = bytearray(banner)
        self.sent: list[bytes] = []
        self.timeout = 5000.0
        self.session: int | None = 1
        self.visalib = self
        self.resource_manager = None
        self.write_termination = self.read_termination = None

    def write_raw(self, message: bytes) -> int:
        assert self.pairs, f"nothing more was expected, sent {message!r}"
        expected, reply = self.pairs.pop(0)
        assert message == expected
        self.sent.append(message)
        self.unread += reply or b""
        return len(message)

    def read_bytes(self, count: int) -> bytes:
        if len(self.unread) < count:
            raise VisaIOError(constants.StatusCode.error_timeout)
        taken = bytes(self.unread[:count])
        del self.unread[:count]
        return taken

    def read_raw(self) -> bytes:
        end = (self.read_termination or "\n")[-1].encode()
        position = self.unread.find(end)
        if position < 0:
            raise VisaIOError(constants.StatusCode.error_timeout)
        return self.read_bytes(position + 1)

    def read(self) -> str:
        return self.read_raw().decode().rstrip("\r\n")

    def close(self) -> None:
        self.session = None


@pytest.fixture
def handle() -> type[FakeHandle]:
    return FakeHandle


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def talk(clock: FakeClock) -> Iterator[Callable[..., Any]]:
    """``talk(Driver, [(sent, reply), …], **keywords)``: the driver; leftovers of the transcript fail the test."""
    made: list[tuple[Instrument, FakeHandle]] = []

    def make(driver: type, pairs: list[tuple[bytes, bytes | None]], banner: bytes = b"", **keywords: Any) -> Any:
        handle = FakeHandle(pairs, banner)
        instrument = driver(f"device_{next(NUMBERS)}", resource=handle, clock=clock, **keywords)
        made.append((instrument, handle))
        return instrument

    yield make
    leftovers = [handle.pairs for _, handle in made if handle.pairs]
    for instrument, _ in made:
        instrument.close()
    assert not leftovers, f"never sent: {leftovers}"
