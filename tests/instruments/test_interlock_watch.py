"""When the interlocks are looked at: not too often, not too late, and of the right instruments."""

from typing import Any

import pytest

from instruments.errors import InterlockError, NotReadyError, WireError
from instruments.interlock_watch import INTERVAL_S, InterlockWatch
from instruments.station_file import Limits, Wiring


class Bench:
    """Roles and a clock that only ``now`` moves; counts what is asked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.limits, self.wiring, self.clock = Limits(), Wiring(), self
        self.open = True
        self.shutter_error: Exception | None = None
        self.locked, self.at_rest, self.rate_hz, self.kelvin = True, True, 10.0, 4.0
        self.names = ("shutter", "pulse_source", "magnet", "cryostat", "time_tagger")

    def now_s(self) -> float:
        return self.now

    def roles(self) -> tuple[str, ...]:
        return self.names

    def role(self, name: str) -> "Bench":
        return self

    # every role

    def is_open(self) -> bool:
        if self.shutter_error is not None:
            raise self.shutter_error
        return self.open

    def assert_mode_locked(self) -> None:
        self.asked.append("lock")
        if not self.locked:
            raise NotReadyError("not mode-locked")

    def is_at_rest(self) -> bool:
        self.asked.append("rest")
        return self.at_rest

    def temperature_k(self) -> float:
        return self.kelvin

    def count_rates_hz(self, channels: Any, integration_s: float = 0.1) -> dict[int, float]:
        self.asked.append("rates")
        return dict.fromkeys(channels, self.rate_hz)


ALL = ("shutter", "pulse_source", "magnet", "cryostat", "time_tagger")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def watching(bench: Bench, needs: tuple[str, ...] = ALL) -> InterlockWatch:
    return InterlockWatch(bench, needs)  # type: ignore[arg-type]


def test_checkpoints_in_quick_succession_look_once(bench: Bench) -> None:
    watch = watching(bench)
    for _ in range(10):
        watch.at_checkpoint()
        bench.now += INTERVAL_S / 20
    assert bench.asked.count("rest") == 1


def test_a_violation_is_found_within_the_interval(bench: Bench) -> None:
    watch = watching(bench)
    watch.at_checkpoint()
    bench.locked = False
    bench.now += INTERVAL_S
    with pytest.raises(InterlockError, match="not mode-locked"):
        watch.at_checkpoint()


def test_waits_do_not_put_the_counting_off(bench: Bench) -> None:
    watch = watching(bench)
    watch.before_light()
    bench.rate_hz = 1e7
    for _ in range(4):
        bench.now += INTERVAL_S
        watch.while_waiting()
    with pytest.raises(InterlockError, match="photon counter"):
        watch.at_checkpoint()


def test_detectors_are_not_asked_in_a_wait(bench: Bench) -> None:
    watching(bench).while_waiting()
    assert "rates" not in bench.asked


def test_the_magnet_may_move_in_a_wait_only(bench: Bench) -> None:
    bench.at_rest = False
    watching(bench).while_waiting()
    with pytest.raises(InterlockError, match="the magnet moves"):
        watching(bench).at_checkpoint()


def test_lost_mode_lock_matters_with_the_shutter_open_before_light_and_after_the_run(bench: Bench) -> None:
    bench.locked, bench.open = False, False
    watching(bench).before_run()
    watching(bench).at_checkpoint()
    for look in (watching(bench).before_light, watching(bench).after_run):
        with pytest.raises(InterlockError, match="not mode-locked"):
            look()


def test_a_shutter_that_cannot_be_asked_counts_as_open(bench: Bench) -> None:
    bench.locked, bench.shutter_error = False, WireError("sc10: no reply")
    with pytest.raises(InterlockError, match="not mode-locked"):
        watching(bench).at_checkpoint()


def test_lasers_and_detectors_that_the_run_does_not_use_are_left_alone(bench: Bench) -> None:
    bench.locked, bench.rate_hz = False, 1e7
    watching(bench, needs=()).before_light()
    assert set(bench.asked) == {"rest"}


def test_the_temperature_counts_once_it_was_reached(bench: Bench) -> None:
    bench.kelvin = 40.0
    watch = watching(bench)
    watch.before_run()
    watch.wanted_k = 4.0
    with pytest.raises(InterlockError, match=r"40\.000 K instead of 4 K"):
        watch.before_run()


def test_a_look_that_waits_does_not_look_again(bench: Bench) -> None:
    watch = watching(bench)
    inner = bench.is_at_rest

    def slow() -> bool:
        bench.now += 2 * INTERVAL_S
        watch.while_waiting()
        return inner()

    bench.is_at_rest = slow  # type: ignore[method-assign]
    watch.before_run()
    assert bench.asked.count("rest") == 1
