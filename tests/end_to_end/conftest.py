"""Whole runs on the twin, each made once a session and worker."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runmanager.engine import RunOutcome, RunRequest, run

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if str(BENCHMARKS) not in sys.path:
    sys.path.insert(0, str(BENCHMARKS))

from twin_truth import truths, watched  # noqa: E402 - found there

SHORT: dict[str, tuple[tuple[str, str], ...]] = {
    "polarised-pl": (("exposure_time", "5"), ("repeats", "1")),
    "g2": (("duration", "5"), ("batch", "2.5")),
    "spin-pumping": (("duration", "8"), ("batches", "2"), ("scan_points", "15"), ("scan_time", "1")),
    "esr": (("frequency_points", "8"), ("counting_time", "0.2"), ("scan_points", "15"), ("scan_time", "2")),
}
"""Settings for runs whose result does not matter, only that they are made."""

Runner = Callable[..., RunOutcome]


@dataclass(frozen=True)
class Made:
    """A run, and what the inside of the twin says of its results: name -> value."""

    outcome: RunOutcome
    truth: dict[str, float]


@pytest.fixture(scope="session")
def default_made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """A run of a procedure with all defaults, made once, and its truth."""
    made: dict[str, Made] = {}

    def get(procedure: str) -> Made:
        if procedure not in made:
            with watched(procedure) as responses:
                outcome = run(RunRequest(procedure, out=tmp_path_factory.mktemp(procedure)))
            made[procedure] = Made(outcome, truths(procedure, responses))
        return made[procedure]

    return get


@pytest.fixture(scope="session")
def default_run(default_made: Callable[[str], Made]) -> Callable[[str], RunOutcome]:
    """A run of a procedure with all defaults, made once."""
    return lambda procedure: default_made(procedure).outcome


@pytest.fixture
def short_run(tmp_path: Path, no_figure: None) -> Runner:
    """Run a procedure with the short settings and whatever else is given; no figure."""

    def make(procedure: str, *, settings: tuple[tuple[str, str], ...] = (), **changes: object) -> RunOutcome:
        options = {"out": tmp_path} | changes
        return run(RunRequest(procedure, settings=SHORT[procedure] + settings, **options))  # type: ignore[arg-type]

    return make
