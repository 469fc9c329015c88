"""Whole runs on the twin, each made once a session and worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runmanager.engine import RunOutcome, RunRequest, run

SHORT: dict[str, tuple[tuple[str, str], ...]] = {
    "polarised-pl": (("exposure_time", "5"), ("repeats", "1")),
    "g2": (("duration", "5"), ("batch", "2.5")),
    "spin-pumping": (("duration", "8"), ("batches", "2"), ("scan_points", "15"), ("scan_time", "1")),
    "esr": (("frequency_points", "8"), ("counting_time", "0.2"), ("scan_points", "15"), ("scan_time", "2")),
}
"""Settings for runs whose result does not matter, only that they are made."""

Runner = Callable[..., RunOutcome]


@pytest.fixture(scope="session")
def default_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunOutcome]:
    """A run of a procedure with all defaults, made once."""
    made: dict[str, RunOutcome] = {}

    def get(procedure: str) -> RunOutcome:
        if procedure not in made:
            made[procedure] = run(RunRequest(procedure, out=tmp_path_factory.mktemp(procedure)))
        return made[procedure]

    return get


@pytest.fixture
def short_run(tmp_path: Path) -> Runner:
    """Run a procedure with the short settings and whatever else is given."""

    def make(procedure: str, *, settings: tuple[tuple[str, str], ...] = (), **changes: object) -> RunOutcome:
        options = {"out": tmp_path} | changes
        return run(RunRequest(procedure, settings=SHORT[procedure] + settings, **options))  # type: ignore[arg-type]

    return make
