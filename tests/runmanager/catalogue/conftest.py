"""Run files of a small laboratory, written as the engine writes them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runfile.records import Column, Parameter
from runfile.results import Analysis, Check, Result, Verdict
from runfile.writer import RunWriter

OLD_S = 1_700_000_000
"""A time of change that is long past: files this old are settled."""

Write = Callable[..., Path]


def write_run(
    path: Path,
    *,
    procedure: str = "esr",
    sample: str = "dot-1",
    seed: int | None = 7,
    status: str | None = "completed",
    passed: bool = True,
    lifetime_ns: float = 15.0,
    parameters: dict[str, Any] | None = None,
    field_t: float = 0.1,
    duration_s: float = 90.0,
    analysed: bool = True,
    changed_at_s: float | None = OLD_S,
) -> Path:
    """One run. ``status`` None: its process died. ``parameters``: name → (value, unit)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    given = parameters if parameters is not None else {"duration": (60.0, "s"), "line": ("highest", "")}
    writer = RunWriter.create(
        path,
        procedure=procedure,
        title=f"{procedure} on {sample}",
        parameters={name: Parameter(value, unit) for name, (value, unit) in given.items()},
        station="twin: true\n",
        snapshot={"opo": {"wavelength": 560.0, "modes": [{"name": "cw"}]}},
        sample_sheet=f"name: {sample}\n",
        sample={"name": sample},
        conditions={"temperature_k": 4.0, "field_t": field_t},
        versions={"solotron": "0.0.9"},
        seed=seed,
    )
    table = writer.table(
        "data",
        title="sweep",
        signal="counts",
        axes=["frequency"],
        columns=(Column("frequency", "GHz", "frequency (GHz)"), Column("counts", "counts", "counts", dtype="i8")),
    )
    random = np.random.default_rng(seed or 0)
    for k in range(12):
        table.append(frequency=9.0 + 0.01 * k, counts=int(random.poisson(400)))
    writer.note("lines", {"n": 6})
    writer.log("measuring")
    if status is None:
        writer.close()
    else:
        writer.finish(status, duration_s)
        if analysed:
            writer.write_analysis(analysis(lifetime_ns=lifetime_ns, passed=passed))
    if changed_at_s is not None:
        os.utime(path, (changed_at_s, changed_at_s))
    return path


def analysis(*, lifetime_ns: float = 15.0, passed: bool = True) -> Analysis:
    checks = (Check("fit", passed, "the fit is good" if passed else "the fit is bad"),)
    results = {
        "n_lines": Result(6.0, 0.0, "1", "counted"),
        "lifetime": Result(lifetime_ns, 0.03, "ns", "fit"),
        "unclear": Result(float("nan"), float("nan"), "1", "could not be"),
    }
    return Analysis(results, Verdict(checks), ("a warning of importance",))


@pytest.fixture
def write() -> Write:
    return write_run


@pytest.fixture(autouse=True)
def _own_user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLOTRON_CACHE_FOLDER", str(tmp_path / "user-cache"))
    monkeypatch.setenv("SOLOTRON_DATA_FOLDER", str(tmp_path / "user-data"))


@pytest.fixture(scope="session")
def _written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("laboratory") / "runs"
    write_run(home / "a.h5", procedure="esr", lifetime_ns=14.0)
    write_run(home / "b.h5", procedure="g2", sample="CdSe dot", passed=False, lifetime_ns=16.0, field_t=0.3)
    write_run(home / "night" / "c.h5", procedure="g2", seed=None, status="aborted", duration_s=400.0)
    write_run(home / "d.h5", procedure="polarised-pl", analysed=False)
    torn = home / "torn.h5"
    torn.write_bytes((home / "a.h5").read_bytes()[:3000])
    os.utime(torn, (OLD_S, OLD_S))
    return home


@pytest.fixture
def folder(tmp_path: Path, _written_once: Path) -> Path:
    """Four readable runs, one in a subfolder, and a torn one."""
    return Path(shutil.copytree(_written_once, tmp_path / "runs"))
