"""No light before the interlocks were looked at, and none while a wavelength moves."""

from typing import Any

import pytest

from instruments.errors import InterlockError
from procedures.guards import GuardedFineLaser, GuardedShutter, guarded
from procedures.registry import PROCEDURES, load

SHORT: dict[str, dict[str, object]] = {
    "g2": {"duration": 4.0, "batch": 2.0},
    "polarised-pl": {"repeats": 3, "exposure_time": 1.0},
    "spin-pumping": {"duration": 4.0, "batches": 2},
    "esr": {"frequency_points": 8, "counting_time": 1.0},
}


class Interlocks:
    """Counts the looks; violated from the given look before light on."""

    def __init__(self, diary: list[Any], violated_from: int = 10**6) -> None:
        self.diary, self.looks, self.violated_from = diary, 0, violated_from

    def before_light(self) -> None:
        self.looks += 1
        self.diary.append(("interlocks", "look"))
        if self.looks >= self.violated_from:
            raise InterlockError("chameleon: not mode-locked")

    def at_checkpoint(self) -> None:
        self.diary.append(("interlocks", "checkpoint"))


def perform(name: str, bench: Any, interlocks: Interlocks, recorder: Any) -> None:
    experiment = load(name)(**SHORT[name])
    sample = {
        "emission_mev": 2045.0,
        "dopants": [{"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0, "hyperfine_uev": 0.7}],
    }
    experiment.check(bench, sample)
    experiment.attach(
        bench, recorder, sample, stop_requested=lambda: False, report=lambda f, w: None, interlocks=interlocks
    )  # type: ignore[arg-type]
    experiment.execute()


@pytest.fixture
def recorder() -> Any:
    class Table:
        def append(self, **row: Any) -> None: ...

    class Recorder:
        def table(self, group: str, **_: Any) -> Table:
            return Table()

        def note(self, name: str, value: Any) -> None: ...

        def append_tags(self, stamps: Any, channel: Any) -> None: ...

        def set_tag_metadata(self, **metadata: Any) -> None: ...

    return Recorder()


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_opening_follows_a_look_at_the_interlocks(name: str, bench: Any, recorder: Any) -> None:
    perform(name, bench, Interlocks(bench.calls), recorder)
    openings = [k for k, call in enumerate(bench.calls) if call == ("shutter", "open")]
    assert openings
    assert all(bench.calls[k - 1] == ("interlocks", "look") for k in openings)


@pytest.mark.parametrize("name", PROCEDURES)
def test_no_wavelength_moves_with_the_shutter_open(name: str, bench: Any, recorder: Any) -> None:
    perform(name, bench, Interlocks(bench.calls), recorder)
    is_open, moves = False, []
    for call in bench.calls:
        if call[0] == "shutter":
            is_open = call[1] == "open"
        if call[1] in ("tune", "shift"):
            moves.append(is_open)
    assert moves
    assert not any(moves)


@pytest.mark.parametrize(
    ("name", "look"), [("g2", 1), ("spin-pumping", 1), ("spin-pumping", 2), ("polarised-pl", 2), ("esr", 3)]
)
def test_a_violated_interlock_keeps_the_shutter_closed(name: str, look: int, bench: Any, recorder: Any) -> None:
    interlocks = Interlocks(bench.calls, violated_from=look)
    with pytest.raises(InterlockError, match="not mode-locked"):
        perform(name, bench, interlocks, recorder)
    assert bench.calls.count(("shutter", "open")) == look - 1
    assert bench.calls[-1] == ("interlocks", "look")


@pytest.mark.parametrize("name", PROCEDURES)
def test_every_checkpoint_looks_at_the_interlocks(name: str, bench: Any, recorder: Any) -> None:
    perform(name, bench, Interlocks(bench.calls), recorder)
    assert ("interlocks", "checkpoint") in bench.calls


def test_without_interlocks_the_pulses_are_asserted_before_light(bench: Any) -> None:
    experiment = load("g2")()
    experiment.attach(bench, None, {}, stop_requested=lambda: False, report=lambda f, w: None)  # type: ignore[arg-type]
    bench.players["pulse_source"].assert_mode_locked = _unlocked
    with pytest.raises(InterlockError):
        experiment.beam_shutter.open()
    assert bench.calls == []


def _unlocked() -> None:
    raise InterlockError("no pulses")


def test_a_shift_reopens_only_what_was_open(bench: Any) -> None:
    shutter = GuardedShutter(bench.players["shutter"], lambda: None)
    laser = guarded(bench.players["resonant_laser"], shutter)
    assert isinstance(laser, GuardedFineLaser)
    laser.shift(0.001)
    assert bench.calls == [("resonant_laser", "shift", 0.001)]
    shutter.open()
    bench.calls.clear()
    laser.shift(0.001)
    assert [call[:2] for call in bench.calls] == [
        ("shutter", "close"),
        ("resonant_laser", "shift"),
        ("shutter", "open"),
    ]


def test_a_laser_that_cannot_be_shifted_does_not_seem_to(bench: Any) -> None:
    laser = guarded(bench.players["readout_laser"], GuardedShutter(bench.players["shutter"], lambda: None))
    assert not hasattr(laser, "shift")
