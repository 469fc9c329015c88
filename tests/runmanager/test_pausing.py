"""A pause is dark, is heard at the next checkpoint, ends with a look at the interlocks, and can be aborted."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import InterlockError
from procedures.errors import StoppedError
from runfile.reader import RunFile
from runmanager import engine
from runmanager.engine import RunOutcome
from runmanager.interrupt import StopRequest
from runmanager.observer import Announcer
from runmanager.pausing import Pausing
from runmanager.run_control import PauseRequest, RunControl

Run = Callable[[], RunOutcome]


class Lamp:
    """Something that can be made dark; writes down what happens to it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.when_dark: Callable[[], None] = lambda: None

    def darken_for_pause(self) -> None:
        self.events.append("dark")
        threading.Timer(0.05, self.when_dark).start()

    def brighten_after_pause(self) -> None:
        self.events.append("bright")


class Scene:
    """A pause request, a stop request, and a pause that looks at the interlocks."""

    def __init__(self, watch: Callable[[], None] = lambda: None) -> None:
        self.lamp, self.pause, self.stop = Lamp(), PauseRequest(), StopRequest()
        self.log: list[str] = []
        self.pausing = Pausing(
            self.lamp,
            pause=self.pause,
            stop=self.stop,
            watch=watch,
            write_log=self.log.append,
            announcer=Announcer(None),
        )


def test_nothing_happens_unless_a_pause_is_wanted() -> None:
    scene = Scene()
    scene.pausing()
    assert scene.lamp.events == []
    assert scene.log == []


def test_pause_is_dark_until_it_is_over_and_the_log_says_so() -> None:
    looks: list[list[str]] = []

    def watch() -> None:
        looks.append(list(scene.lamp.events))
        if len(looks) == 2:
            scene.pause.clear()

    scene = Scene(watch)
    scene.pause.set()
    scene.pausing()
    assert looks == [["dark"], ["dark"]]
    assert scene.lamp.events == ["dark", "bright"]
    assert scene.log[0].startswith("paused by the operator")
    assert scene.log[1].startswith("goes on after a pause of 0 s")


def test_stop_ends_the_pause_in_the_dark() -> None:
    scene = Scene()
    scene.pause.set()
    scene.stop.set()
    with pytest.raises(StoppedError, match="while paused"):
        scene.pausing()
    assert scene.lamp.events == ["dark"]


def test_violated_interlock_ends_the_pause_in_the_dark() -> None:
    def violated() -> None:
        raise InterlockError("magnet: quench")

    scene = Scene(violated)
    scene.pause.set()
    with pytest.raises(InterlockError, match="quench"):
        scene.pausing()
    assert scene.lamp.events == ["dark"]


@pytest.fixture
def paused_at_checkpoint(experiment: Any) -> Any:
    """An experiment that comes to a checkpoint after its points; its shutter is only written about."""
    lamp = Lamp()
    experiment.lamp = lamp
    experiment.darken_for_pause = lamp.darken_for_pause
    experiment.brighten_after_pause = lamp.brighten_after_pause
    experiment.then = lambda self: self.checkpoint(0.5, "measuring")
    return experiment


def test_run_waits_at_its_checkpoint_and_the_clock_of_the_twin_stands_still(
    run: Run, paused_at_checkpoint: Any, tmp_path: Path
) -> None:
    control = RunControl()
    control.pause.set()
    paused_at_checkpoint.lamp.when_dark = control.pause.clear
    outcome = engine.run(engine.RunRequest("fake", out=tmp_path), control=control)
    assert outcome.exit_status == "completed"
    assert outcome.duration_s == 5.0
    assert paused_at_checkpoint.lamp.events == ["dark", "bright"]
    with RunFile(outcome.run_file) as recorded:
        assert any("paused by the operator" in line for line in recorded.log)


def test_abort_while_paused_reaches_the_safe_state(
    run: Run, paused_at_checkpoint: Any, bench: Any, tmp_path: Path
) -> None:
    control = RunControl()
    control.pause.set()
    paused_at_checkpoint.lamp.when_dark = control.stop.set
    outcome = engine.run(engine.RunRequest("fake", out=tmp_path), control=control)
    assert outcome.exit_status == "aborted"
    assert "while paused" in outcome.message
    assert paused_at_checkpoint.lamp.events == ["dark"]
    assert bench.events[-2:] == ["safe state", "closed"]


def test_signal_before_the_handlers_were_in_place_stops_the_run(run: Run, tmp_path: Path, experiment: Any) -> None:
    control = RunControl()
    control.quit.set()
    experiment.then = lambda self: self.checkpoint(0.5, "measuring")
    outcome = engine.run(engine.RunRequest("fake", out=tmp_path), control=control)
    assert outcome.exit_status == "aborted"
