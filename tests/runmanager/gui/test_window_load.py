"""The window under load, small: the benchmark benchmarks/window_stalls.py does the same for longer."""

import importlib.util
import sys
from pathlib import Path

import pytest

from runmanager.gui import app

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks" / "window_stalls.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("window_stalls", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def quick_turns(qapp):
    usual = sys.getswitchinterval()
    sys.setswitchinterval(app.WINDOW_TURN_S)
    yield
    sys.setswitchinterval(usual)


def test_a_million_points_and_a_thousand_rows_cost_the_window_less_than_100_ms_at_a_time(benchmark, quick_turns):
    recorder = benchmark.stalls(seconds=2.0, points=1_000_000, rows=1000)
    assert len(recorder.felt_ms) > 10
    assert max(recorder.felt_ms) < 100.0  # waits for the interpreter's lock count, those for a processor do not


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_memory_is_steady_over_many_runs(benchmark, quick_turns):
    found = benchmark.memory(60)
    assert len(found) == 10
    assert found[-1] - found[2] < 15.0
