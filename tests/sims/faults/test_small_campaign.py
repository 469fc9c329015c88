"""Twenty runs of the fault campaign, by its own script: none lost, unsafe, wrong, hung or crashed; and its judge."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runfile.records import Column
from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import RunWriter
from sims import twin as twins
from sims.bench.sc10 import ShutterMode

ROOT = Path(__file__).resolve().parents[3]
FORBIDDEN = {"lost", "unsafe", "wrong", "hung", "crashed"}


@pytest.fixture(scope="module", autouse=True)
def campaign_on_the_path() -> Iterator[None]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.mark.end_to_end
@pytest.mark.timeout(900)
def test_twenty_faults(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    command = [sys.executable, str(ROOT / "benchmarks" / "fault_campaign.py"), "--runs", "20", "--processes", "1"]
    command += ["--stations", "first", "--folder", str(tmp_path), "--summary", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=850, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert len(rows) == 20
    assert not FORBIDDEN & {row["verdict"] for row in rows}
    assert sum(row["struck"] > 0 for row in rows) >= 15
    assert "| lost | 0 |" in page.read_text()


def recorded(folder: Path) -> RunWriter:
    return RunWriter.create(
        folder / "run.h5",
        procedure="g2",
        title="",
        parameters={},
        station="",
        snapshot={},
        sample_sheet="",
        sample={},
        conditions={},
        versions={},
        seed=1,
    )


def test_the_witness_misses_a_point_that_is_not_in_the_file(tmp_path: Path) -> None:
    from campaign.witness import lost_points, watching

    with watching() as witness:
        writer = recorded(tmp_path)
        table = writer.table("data", title="", signal="counts", axes=("counts",), columns=(Column("counts", "1", ""),))
        table.append(counts=3.0)
        writer.append_tags(np.array([1, 2]), np.array([1, 1]))
        writer.set_tag_metadata(duration_s=1.0, channels={"detector_1": 1})
        writer.finish("completed", 1.0)
    assert lost_points(witness, tmp_path / "run.h5") == ""
    [(name, rows)] = witness.rows.items()
    rows.append({"counts": np.array(4.0)})
    assert "2 points were recorded, 1 are in the file" in lost_points(witness, tmp_path / "run.h5")
    witness.rows[name] = [{"counts": np.array(5.0)}]
    assert "differs" in lost_points(witness, tmp_path / "run.h5")
    witness.rows, witness.n_tags = {}, 3
    assert "3 tags were recorded, 2 are in the file" in lost_points(witness, tmp_path / "run.h5")
    assert "RunFileError" in lost_points(witness, tmp_path / "nowhere.h5")


def test_the_witness_sees_what_is_left_on() -> None:
    from campaign.witness import left_on

    with twins.start("mn-cdse-cds", seed=1) as lab:
        assert left_on(lab) == []
        lab.models.chameleon.set_shutter(True)
        lab.clock.sleep_s(60.0)
        assert left_on(lab) == ["light from chameleon"]
        lab.models.sc10.set_mode(ShutterMode.MANUAL)
        lab.models.sc10.toggle()
        assert left_on(lab) == ["light from chameleon", "shutter open"]
        lab.models.chameleon.set_shutter(False)
        lab.models.smb100a.rf_on = True
        lab.models.ami430.set_target(5.0)
        lab.models.ami430.ramp()
        assert left_on(lab) == ["RF from smb100a", "ramp of ami430"]


def analysis(value: float, *, passed: bool = True) -> Analysis:
    return Analysis({"lifetime": Result(value, 0.1, "ns", "fit")}, Verdict((Check("c", passed=passed, detail=""),)))


@pytest.mark.parametrize(
    ("value", "passed", "is_wrong"), [(15.5, True, False), (16.0, True, True), (99.0, False, False)]
)
def test_a_number_is_wrong_when_it_passes_and_disagrees(value: float, passed: bool, is_wrong: bool) -> None:
    from campaign.judge import wrong_numbers

    baseline: Any = SimpleNamespace(results={"lifetime": (15.0, 0.1)})
    assert bool(wrong_numbers(analysis(value, passed=passed), baseline)) is is_wrong


def test_cases_follow_from_the_seed_and_cover_every_fault() -> None:
    from campaign.cases import Baseline, case

    from sims.faults.plan import BENCH_FAULTS, WIRE_FAULTS

    asked = dict.fromkeys(("sc10", "id900", "ami430", "chameleon", "cryostation"), 50)
    baselines = [Baseline("first", "g2", asked, 30.0, {}, passed=True)]
    found = [case(number, 1, baselines) for number in range(60)]
    assert found == [case(number, 1, baselines) for number in range(60)]
    assert {each.kind for each in found} == {*WIRE_FAULTS, *BENCH_FAULTS, "chance"}
    moments = [fault.at_message for each in found for fault in each.plan.faults if fault.at_message]
    assert min(moments) >= 1
    assert max(moments) <= 50
    assert len(set(moments)) > 15
