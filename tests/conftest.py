"""Shared by all tests: where the real measurements are, if they are here."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

for _library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported, as the command line does
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """Folder of real measurements; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"real measurements are not here: {DATA.parent.name}/{DATA.name} beside the checkout is missing")
    return DATA


@pytest.fixture(scope="session")
def _lock_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders nobody has used; whoever claims an instrument makes its own."""
    home = tmp_path_factory.mktemp("locks")
    return (home / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _locks_of_this_test(_lock_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run side by side and name the same addresses; a lab's instruments are claimed for the whole computer."""
    monkeypatch.setenv("SOLOTRON_LOCK_FOLDER", str(next(_lock_folders)))


@pytest.fixture
def no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without their figure: it costs as much as a short run, and no run fails by it.

    Figures are looked at in end_to_end/test_defaults.py and beside each analysis.
    """
    from runmanager import engine

    monkeypatch.setattr(engine, "draw", lambda path: None)
