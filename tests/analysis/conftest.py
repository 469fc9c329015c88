"""A maker of small synthetic run files. What makes data for a benchmark makes them for its small version, too."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runfile.reader import RunFile
from runfile.writer import RunWriter

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if str(BENCHMARKS) not in sys.path:
    sys.path.insert(0, str(BENCHMARKS))

Fill = Callable[[RunWriter], None]
MakeRun = Callable[..., RunFile]


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[MakeRun]:
    """``make_run(procedure, fill, sample=..., notes=...)``: a run file whose tables ``fill(writer)`` wrote, open."""
    opened = []

    def make(
        procedure: str, fill: Fill, *, sample: dict[str, Any] | None = None, notes: dict[str, Any] | None = None
    ) -> RunFile:
        path = tmp_path / f"{procedure}-{len(opened)}.h5"
        mn = {"dopants": [{"spin": 2.5, "nuclear_spin": 2.5, "g_factor": 2.0, "zero_field_d_uev": 5.0}]}
        writer = RunWriter.create(
            path,
            procedure=procedure,
            title=f"synthetic {procedure}",
            parameters={},
            station="",
            snapshot={},
            sample_sheet="",
            sample=mn if sample is None else sample,
            conditions={"temperature_k": 4.0, "field_t": 0.0},
            versions={},
            seed=1,
        )
        with writer:
            for name, value in (notes or {}).items():
                writer.note(name, value)
            fill(writer)
            writer.finish("completed", 1.0)
        run = RunFile(path)
        opened.append(run)
        return run

    yield make
    for run in opened:
        run.close()
