"""Shared by all tests: where the real measurements are, if they are here."""

import os
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


@pytest.fixture(autouse=True)
def _locks_of_this_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run side by side and name the same addresses; a lab's instruments are claimed for the whole computer."""
    monkeypatch.setenv("SOLOTRON_LOCK_FOLDER", str(tmp_path / "locks"))
