"""A small helping of ``benchmarks/fuzz_wires.py`` for every wire."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sims.wire.library import RESOURCES

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "fuzz_wires.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_wires", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_wires"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


FUZZ = _loaded()


def test_every_wire_is_fuzzed() -> None:
    assert set(FUZZ.SEEDS) == {*RESOURCES, "id900", "id900 data link"}


@pytest.mark.parametrize("model", sorted(FUZZ.SEEDS))
def test_any_bytes_leave_the_bench_alive_and_consistent(model: str) -> None:
    tally = FUZZ.fuzz(model, 400, seed=20)
    assert tally.messages == 400
    assert tally.replies > 0
