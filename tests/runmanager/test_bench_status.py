"""The status of the bench: read through the roles, seldom enough, and never in the way of the run."""

from types import SimpleNamespace
from typing import Any

import pytest

from instruments.errors import NotReadyError, WireError
from instruments.interlocks import Reading, State
from instruments.station_file import Limits
from runmanager.bench_status import INTERVAL_S, SHARE, BenchWatch, key_values, read_status
from runmanager.checkpoints import Checkpoints
from runmanager.observer import Announcer
from runmanager.queue.events import RoleStatus
from runmanager.run_control import RunControl


class Shutter:
    def __init__(self) -> None:
        self.state = False

    def open(self) -> None:
        self.state = True

    def close(self) -> None:
        self.state = False

    def is_open(self) -> bool:
        return self.state


class Laser:
    def __init__(self) -> None:
        self.error: Exception | None = None

    def wavelength_range_nm(self) -> tuple[float, float]:
        return 500.0, 650.0

    def wavelength_nm(self) -> float:
        if self.error is not None:
            raise self.error
        return 603.25

    def spectral_width_nm(self) -> float:
        return 0.1

    def tune(self, wavelength_nm: float) -> float:
        raise AssertionError("a look at the bench must not tune a laser")

    def open_output(self) -> None:
        raise AssertionError("a look at the bench must not open a laser")

    def close_output(self) -> None:
        raise AssertionError("a look at the bench must not close a laser")

    def output_is_open(self) -> bool:
        return True


class Bench:
    """A laser and a shutter; a look at an instrument takes a second."""

    def __init__(self) -> None:
        self.now_s, self.players = 0.0, {"resonant_laser": Laser(), "shutter": Shutter()}
        self.limits = Limits()
        self.clock = SimpleNamespace(now_s=lambda: self.now_s)
        self.n_looks = 0

    def roles(self) -> tuple[str, ...]:
        return tuple(self.players)

    def role(self, name: str) -> Any:
        if name == "shutter":
            self.n_looks += 1
            self.now_s += 1.0
        return self.players[name]

    def instrument_name(self, role: str) -> str:
        return f"{role}_driver.part"

    def instruments(self) -> dict[str, Any]:
        idn = {"vendor": "Maker", "model": "Model 1", "serial": None, "firmware": "3"}
        return {"resonant_laser_driver": SimpleNamespace(get_idn=lambda: idn)}


@pytest.fixture
def bench() -> Any:
    return Bench()


def test_key_values_carry_their_units(bench: Any) -> None:
    assert key_values(bench.players["resonant_laser"]) == (("wavelength", "603.250 nm"), ("output open", "yes"))
    assert key_values(bench.players["shutter"]) == (("open", "no"),)
    assert key_values(object()) == ()


@pytest.mark.parametrize(
    ("error", "shown"),
    [(NotReadyError("tune() first"), "not known yet"), (WireError("no reply\nwithin 1 s"), "no answer (no reply)")],
)
def test_value_that_cannot_be_read_says_so(bench: Any, error: Exception, shown: str) -> None:
    bench.players["resonant_laser"].error = error
    assert key_values(bench.players["resonant_laser"])[0] == ("wavelength", shown)


def test_every_role_has_identity_values_and_interlock(bench: Any) -> None:
    laser, shutter = read_status(bench, {"resonant_laser": "Maker Model 1"})
    assert laser.identity == "Maker Model 1"
    assert shutter.role == "shutter"
    assert isinstance(shutter, RoleStatus)


def test_violated_interlock_is_shown_and_not_raised(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    violated = Reading("shutter", "loop", State.VIOLATED, "open")
    monkeypatch.setattr("runmanager.bench_status.read_interlocks", lambda roles, limits, now: (violated,))
    _, shutter = read_status(bench, {})
    assert not shutter.satisfied
    assert shutter.interlock == "loop: open"


def test_identity_is_asked_once_and_looks_take_a_small_share_of_the_time(bench: Any) -> None:
    watch = BenchWatch(bench)
    first = watch.due_status()
    assert first is not None
    assert first[0].identity == "Maker Model 1"
    cost_s = bench.now_s
    n_after_first = bench.n_looks
    assert watch.due_status() is None
    bench.now_s += max(INTERVAL_S, cost_s / SHARE) - 0.1
    assert watch.due_status() is None
    assert bench.n_looks == n_after_first
    bench.now_s += 0.2
    assert watch.due_status() is not None


def test_look_that_fails_in_a_way_nobody_foresaw_does_not_cost_the_run(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = []
    observer: Any = SimpleNamespace(bench_read=told.append)
    bench.role = None  # cannot be called
    checkpoints = Checkpoints(
        SimpleNamespace(darken_for_pause=None, brighten_after_pause=None),  # type: ignore[arg-type]
        bench,
        SimpleNamespace(log=None),  # type: ignore[arg-type]
        RunControl(),
        lambda: None,
        Announcer(observer),
    )
    checkpoints()
    checkpoints()
    assert told == []
    assert caplog.text.count("is read no more") == 1
