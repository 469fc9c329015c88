"""SIGKILL at seeded moments: the file opens and holds every point and tag that was reported before."""

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "kill_writer.py"


@pytest.fixture(scope="module")
def kill_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kill_writer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a POSIX facility")
@pytest.mark.parametrize("kind", ["tags", "points", "spectra"])
@pytest.mark.parametrize("seed", [1, 2])
def test_reported_points_survive_a_kill(kill_writer: ModuleType, tmp_path: Path, seed: int, kind: str) -> None:
    delay_s = random.Random(seed).uniform(0.02, 0.4)
    n_points, _ = kill_writer.kill_once(tmp_path, delay_s, kind)
    assert n_points >= 1
