"""A run file to write into, with a header as a run engine would give it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runfile.records import Column, FixedAxis, Parameter
from runfile.writer import PointTable, RunWriter


def start(path: Path) -> RunWriter:
    return RunWriter.create(
        path,
        procedure="esr",
        title="Spin resonance of one dot",
        parameters={"power": Parameter(10.0, "dBm"), "gated": Parameter(True), "line": Parameter("highest")},
        station="twin: true\n",
        snapshot={"opo": {"wavelength": np.float64(560.0)}},
        sample_sheet="name: dot\n",
        sample={"name": "dot", "dopants": [{"g_factor": 2.0}]},
        conditions={"temperature_k": 4.0, "field_t": 0.5},
        versions={"solotron": "0.1.0"},
        seed=7,
    )


def sweep(writer: RunWriter) -> PointTable:
    return writer.table(
        "data",
        title="Fluorescence against microwave frequency",
        signal="counts",
        axes=["frequency"],
        columns=[
            Column("frequency", "GHz", "frequency (GHz)"),
            Column("counts", "counts", "counts, microwave on", dtype="i8"),
            Column("counts_reference", "counts", "counts, microwave off", dtype="i8"),
        ],
    )


def spectra(writer: RunWriter, group: str = "spectra", n_pixels: int = 8) -> PointTable:
    return writer.table(
        group,
        title="Spectra",
        signal="counts",
        axes=[".", "wavelength"],
        columns=[
            Column("counts", "counts", "counts", (n_pixels,), axes=("wavelength",)),
            Column("counts_errors", "counts", "error", (n_pixels,), axes=("wavelength",)),
            Column("analyser_angle", "deg", "analyser angle (deg)"),
        ],
        fixed_axes=[FixedAxis("wavelength", "nm", "wavelength (nm)", np.linspace(600.0, 610.0, n_pixels))],
        errors={"counts": "counts_errors"},
    )


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[[], RunWriter]:
    return lambda: start(tmp_path / "run.h5")


@pytest.fixture
def make_sweep() -> Callable[[RunWriter], PointTable]:
    return sweep


@pytest.fixture
def make_spectra() -> Callable[..., PointTable]:
    return spectra
