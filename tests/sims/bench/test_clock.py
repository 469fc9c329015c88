import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.bench.clock import VirtualClock


def test_starts_at_zero_and_moves_by_waiting() -> None:
    clock = VirtualClock()
    clock.sleep_s(1.5)
    assert clock.now_s() == 1.5


def test_many_small_steps_add_up_exactly() -> None:
    clock = VirtualClock()
    for _ in range(100_000):
        clock.advance(1e-7)
    assert clock.now_ns() == 10_000_000


@pytest.mark.parametrize("duration_s", [-1e-9, float("nan"), float("inf")])
def test_refuses_what_is_no_duration(duration_s: float) -> None:
    with pytest.raises(ValueError, match="clock cannot move"):
        VirtualClock().advance(duration_s)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_never_goes_back(first_ns: int, second_ns: int) -> None:
    clock = VirtualClock()
    clock.advance_to_ns(first_ns)
    clock.advance_to_ns(second_ns)
    assert clock.now_ns() == max(first_ns, second_ns)


def test_threads_lose_no_time() -> None:
    clock = VirtualClock()

    def wait() -> None:
        for _ in range(1000):
            clock.sleep_s(0.001)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now_ns() == 4_000_000_000
