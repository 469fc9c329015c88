"""A pause: dark and silent while it lasts, everything as it was afterwards."""

from collections.abc import Callable
from typing import Any

import pytest

from instruments.errors import InterlockError
from procedures.experiment import LONGEST_WITHOUT_CHECKPOINT_S
from procedures.registry import PROCEDURES, load

Settings = dict[str, dict[str, object]]
RecordRun = Callable[..., Any]


def state(calls: list[tuple[Any, ...]]) -> tuple[bool, bool]:
    """Beam shutter open, microwave on, after these calls."""
    shutter, microwave = False, False
    for call in calls:
        if call[0] == "shutter":
            shutter = call[1] == "open"
        if call[:2] == ("microwave", "rf"):
            microwave = call[2]
    return shutter, microwave


class Pause:
    """Darkens and brightens at every checkpoint, as the engine does when somebody wants a pause."""

    def __init__(self, experiment: Any, bench: Any) -> None:
        self.experiment, self.bench = experiment, bench
        self.changed: list[tuple[Any, Any]] = []
        self.during: list[tuple[bool, bool]] = []
        self.before: list[tuple[bool, bool]] = []
        self.touched: set[str] = set()

    def __call__(self) -> None:
        before, n_calls = state(self.bench.calls), len(self.bench.calls)
        self.experiment.darken_for_pause()
        self.experiment.darken_for_pause()
        self.before.append(before)
        self.during.append(state(self.bench.calls))
        self.experiment.brighten_after_pause()
        self.changed.append((before, state(self.bench.calls)))
        self.touched |= {call[0] for call in self.bench.calls[n_calls:]}


@pytest.mark.parametrize("name", PROCEDURES)
def test_it_is_dark_in_every_pause_and_all_is_as_before_after_it(
    name: str, bench: Any, record_run: RecordRun, short: Settings
) -> None:
    experiment = load(name)(**short[name])
    pause = Pause(experiment, bench)
    paused = record_run(experiment, pause=pause)
    assert set(pause.during) == {(False, False)}
    assert any(light for light, _ in pause.before), "no checkpoint with light on was met"
    assert all(before == after for before, after in pause.changed)
    assert pause.touched <= {"shutter", "microwave"}
    bench.calls.clear()
    assert paused.table().n_points == record_run(load(name)(**short[name])).table().n_points


def test_the_microwave_is_switched_off_in_a_pause_while_it_counts(
    bench: Any, record_run: RecordRun, short: Settings
) -> None:
    experiment = load("esr")(**short["esr"])
    pause = Pause(experiment, bench)
    record_run(experiment, pause=pause)
    assert (True, True) in pause.before


def test_interlocks_are_looked_at_before_light_comes_back(bench: Any) -> None:
    experiment = load("g2")()
    experiment.attach(bench, None, {}, stop_requested=lambda: False, report=lambda f, w: None)
    experiment.beam_shutter.open()
    experiment.darken_for_pause()
    bench.calls.clear()
    bench.players["pulse_source"].assert_mode_locked = _unlocked
    with pytest.raises(InterlockError):
        experiment.brighten_after_pause()
    assert bench.calls == []


def _unlocked() -> None:
    raise InterlockError("no pulses")


def test_light_comes_back_last(bench: Any) -> None:
    experiment = load("esr")()
    experiment.attach(bench, None, {}, stop_requested=lambda: False, report=lambda f, w: None)
    experiment.beam_shutter.open()
    experiment.microwave.set_output(True, gated=False)
    experiment.darken_for_pause()
    experiment.brighten_after_pause()
    assert bench.calls[2:] == [
        ("microwave", "rf", False, True),
        ("shutter", "close"),
        ("microwave", "rf", True, False),
        ("shutter", "open"),
    ]


def test_what_was_off_stays_off(bench: Any) -> None:
    experiment = load("esr")()
    experiment.attach(bench, None, {}, stop_requested=lambda: False, report=lambda f, w: None)
    experiment.darken_for_pause()
    experiment.brighten_after_pause()
    assert bench.calls == []


@pytest.mark.parametrize("name", PROCEDURES)
def test_no_record_is_longer_than_allowed_without_a_checkpoint(name: str, bench: Any, record_run: RecordRun) -> None:
    since, longest = [0.0], [0.0]

    def pause() -> None:
        longest[0] = max(longest[0], bench.time_s - since[0])
        since[0] = bench.time_s

    settings = {"duration": 200.0} if name == "spin-pumping" else {}
    record_run(load(name)(**settings), pause=pause)
    longest[0] = max(longest[0], bench.time_s - since[0])
    assert longest[0] <= LONGEST_WITHOUT_CHECKPOINT_S + 0.1
