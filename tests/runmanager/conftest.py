"""A bench without instruments, and experiments that go wrong where they are told to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from analysis import registry
from instruments.errors import BenchError, QuenchError
from instruments.safety import SafeStateReport, SafeStep
from instruments.station_file import Conditions, Limits, Wiring
from procedures.experiment import Experiment
from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import Column
from runmanager import assemble as assembling
from runmanager import engine
from runmanager.interrupt import StoppableClock, StopRequest

PASSED = Analysis({"answer": Result(42.0, 1.5, "ns", "asked")}, Verdict((Check("asked", True, "it answers"),)))


class FakeMagnet:
    """Stays where it was put; ``broken``: cannot be read; ``quench``: refuses everything."""

    def __init__(self) -> None:
        self.at_t, self.broken, self.quench = 0.0, False, False

    def is_at_rest(self) -> bool:
        if self.quench:
            raise QuenchError("magnet: quench; nothing is sent")
        return True

    def field_t(self) -> float:
        if self.broken:
            raise BenchError("magnet: no answer")
        return self.at_t

    def set_field(self, target_t: float) -> float:
        self.at_t = target_t
        return target_t


class FakeBench:
    """What the engine needs of a bench; ``unconfirmed`` safe states from the given call on."""

    class Config:
        text = "a station"

    def __init__(self) -> None:
        self.events: list[str] = []
        self.config = self.Config()
        self.conditions, self.limits, self.wiring = Conditions(), Limits(), Wiring()
        self.magnet = FakeMagnet()
        self.clock: Any = None
        self.now = 0.0
        self.unsafe_from_call: int | None = None
        self.safe_state_error: Exception | None = None
        self.n_safe_states = 0

    def now_s(self) -> float:
        return self.now

    def sleep_s(self, duration_s: float) -> None:
        self.now += duration_s

    def snapshot(self) -> dict[str, Any]:
        return {}

    def roles(self) -> tuple[str, ...]:
        return ("magnet",)

    def has_role(self, name: str) -> bool:
        return name == "magnet"

    def role(self, name: str) -> Any:
        assert name == "magnet"
        return self.magnet

    def safe_state(self) -> SafeStateReport:
        self.events.append("safe state")
        self.n_safe_states += 1
        if self.safe_state_error is not None and self.n_safe_states > 1:
            raise self.safe_state_error
        bad = self.unsafe_from_call is not None and self.n_safe_states >= self.unsafe_from_call
        step = SafeStep("shutter", "close", not bad, "shutter still reads open", "block the beam by hand")
        return SafeStateReport((step,))


class FakeExperiment(Experiment):
    """Records two points, then does ``then``."""

    NAME: ClassVar[str] = "fake"
    NEEDS: ClassVar[tuple[str, ...]] = ()
    then: Callable[["FakeExperiment"], None] = staticmethod(lambda self: None)
    refuse: Callable[[], None] = staticmethod(lambda: None)

    def check(self, bench: Any, sample: Mapping[str, object]) -> None:
        self.refuse()

    def execute(self) -> None:
        bench: Any = self.bench
        bench.events.append("execute")
        columns = (Column("x", "s", "x (s)"), Column("y", "V", "y (V)"))
        table = self.recorder.table("data", title="t", signal="y", axes=("x",), columns=columns)
        for k in range(2):
            table.append(x=k, y=2 * k)
        bench.sleep_s(5.0)
        self.then(self)


@pytest.fixture
def bench() -> FakeBench:
    """A bench whose every safe state is confirmed."""
    return FakeBench()


@pytest.fixture
def experiment() -> FakeExperiment:
    """An experiment that completes."""
    return FakeExperiment()


@pytest.fixture
def stop() -> dict[str, StopRequest]:
    """The stop request of the run in progress, under "request"."""
    return {}


@pytest.fixture
def run(
    bench: FakeBench,
    experiment: FakeExperiment,
    stop: dict[str, StopRequest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], engine.RunOutcome]:
    """Run the fake experiment on the fake bench; its analysis passes."""

    @contextmanager
    def assemble(*_: object, **options: Any) -> Iterator[assembling.AssembledBench]:
        stop["request"] = options["stop"]
        clock = StoppableClock(bench, options["stop"], sliced=False)
        bench.clock = clock
        try:
            yield assembling.AssembledBench(bench, clock, is_twin=True)  # type: ignore[arg-type]
        finally:
            bench.events.append("closed")

    monkeypatch.setattr(assembling, "assemble", assemble)
    monkeypatch.setattr(engine, "make_experiment", lambda name, settings: experiment)
    monkeypatch.setattr(registry, "analyse", lambda run: PASSED)
    return lambda: engine.run(engine.RunRequest("fake", out=tmp_path))
