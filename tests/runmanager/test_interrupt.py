"""Stopping a run: heard while waiting, but never on the way to the safe state."""

import os
import signal

import pytest

from procedures.errors import StoppedError
from runmanager.interrupt import StoppableClock, StopRequest, stop_on_signals


class CountingClock:
    """A clock that only counts."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.sleeps: list[float] = []

    def now_s(self) -> float:
        return self.time_s

    def sleep_s(self, duration_s: float) -> None:
        self.sleeps.append(duration_s)
        self.time_s += duration_s


def test_long_wait_is_sliced_so_that_a_stop_is_heard() -> None:
    clock, stop = CountingClock(), StopRequest()
    StoppableClock(clock, stop, sliced=True).sleep_s(1.0)
    assert clock.time_s == pytest.approx(1.0)
    assert max(clock.sleeps) <= 0.1


def test_wait_ends_when_a_stop_was_asked_for() -> None:
    stop = StopRequest()
    stop.set()
    with pytest.raises(StoppedError):
        StoppableClock(CountingClock(), stop, sliced=True).sleep_s(1.0)


def test_disarmed_clock_waits_in_spite_of_a_stop() -> None:
    clock, stop = CountingClock(), StopRequest()
    stop.set()
    stoppable = StoppableClock(clock, stop, sliced=False)
    stoppable.armed = False
    stoppable.sleep_s(1.0)
    assert clock.sleeps == [1.0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_becomes_a_request_and_the_old_handler_returns(number: signal.Signals) -> None:
    before, stop = signal.getsignal(number), StopRequest()
    with stop_on_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.is_set()
    assert signal.getsignal(number) is before
