"""Photon files of other programs on the command line: reading options, continuous light, files read in chunks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.photon_hdf5_export import ExportDetails, export_photon_hdf5
from analysis.tags import IntArray, PhotonRecord, RecordStream
from runmanager import cli, offline

PERIOD_PS = 200_000


def pulsed_light(seed: int, n_pulses: int = 600_000) -> tuple[IntArray, IntArray]:
    """Times (ps) and detectors (1, 2) of one emitter under pulses."""
    rng = np.random.default_rng(seed)
    pulse = np.unique(rng.integers(0, n_pulses, n_pulses // 20))
    times = pulse * PERIOD_PS + 5000 + rng.exponential(15_000, pulse.size).astype(np.int64)
    return np.sort(times), rng.integers(1, 3, times.size)


def steady_light(seed: int, n_photons: int = 150_000) -> tuple[IntArray, IntArray]:
    """One two-level emitter under constant light: 10 ns pumping and 10 ns decay between photons."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(10_000, (n_photons, 2)).sum(axis=1)
    times = np.cumsum(gaps).astype(np.int64)
    return times, rng.integers(1, 3, times.size)


def text_file(path: Path, times: IntArray, channel: IntArray) -> Path:
    """Comma-separated, times in ns, one header line."""
    lines = [f"{time / 1000:.3f},{number}" for time, number in zip(times, channel, strict=True)]
    path.write_text("\n".join(["time,channel", *lines]), encoding="ascii")
    return path


OPTIONS = ["--time-unit-ps", "1000", "--separator", ",", "--header-lines", "1"]


def analysed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main(["analyze", "--json", *words]) in (0, 1)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_text_file_is_analysed_with_its_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1))
    told = analysed(capsys, str(path), *OPTIONS)
    assert told["results"]["lifetime"]["value"] == pytest.approx(15.0, rel=0.1)
    assert told["results"]["g2_zero"]["value"] < 0.1
    assert any("does not say that the light was pulsed" in warning for warning in told["warnings"])


def test_text_file_without_options_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1, 2000))
    assert cli.main(["analyze", str(path)]) == 2
    assert "unit of time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--separator", ","], "need --time-unit-ps"),
        (["--time-unit-ps", "-1"], "positive number of ps"),
        (["--time-unit-ps", "nan"], "positive number of ps"),
        (["--tac-window-ns", "0"], "TAC window"),
    ],
)
def test_senseless_options_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1, 2000))
    assert cli.main(["analyze", str(path), *words]) == 2
    assert complaint in capsys.readouterr().err


def test_options_for_several_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(text_file(tmp_path / name, *pulsed_light(1, 2000))) for name in ("a.csv", "b.csv")]
    assert cli.main(["analyze", *paths, *OPTIONS]) == 2
    assert "one file" in capsys.readouterr().err


def test_continuous_light_is_told_and_analysed_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = text_file(tmp_path / "tags.csv", *steady_light(2))
    told = analysed(capsys, str(path), *OPTIONS)
    assert any("analysed as continuous (cw) light" in warning for warning in told["warnings"])
    low, high = told["results"]["g2_zero_95"]["interval"]
    assert low <= 0.05
    assert high < 0.5
    # g2 = 1 - exp(-(1/10 + 1/10) t)
    assert told["results"]["antibunching_time"]["value"] == pytest.approx(5.0, rel=0.15)


@pytest.mark.parametrize("make", [pulsed_light, steady_light])
def test_large_file_has_the_results_of_a_small_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    path = text_file(tmp_path / "tags.csv", *make(3))
    whole = analysed(capsys, str(path), *OPTIONS)
    monkeypatch.setattr(offline, "_STREAM_BYTES", 0)
    assert analysed(capsys, str(path), *OPTIONS) == whole


def test_report_of_a_large_file_has_its_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times, channel = pulsed_light(4)
    nanotimes = times % PERIOD_PS // 64 * 64
    index = times // PERIOD_PS
    record = PhotonRecord(
        index * PERIOD_PS + nanotimes, channel.astype(np.uint8), 0.12, sync_period_ps=PERIOD_PS,
        nanotimes_ps=nanotimes, sync_index=index,
    )  # fmt: skip
    path = tmp_path / "photons.hdf5"
    export_photon_hdf5(RecordStream(record), path, ExportDetails(description="test"))
    monkeypatch.setattr(offline, "_STREAM_BYTES", 0)
    told: list[float] = []
    found = offline.analyse_file(path, with_report=True, report=lambda fraction, _: told.append(fraction))
    assert found.report is not None
    assert found.report.stat().st_size > 20_000
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_long_cw_record_says_which_part_is_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    times, channel = steady_light(5, 10_000)
    record = PhotonRecord(times, channel.astype(np.uint8), 1.0)
    monkeypatch.setattr(offline, "_MOST_CW_PHOTONS", 4000)
    part, told = offline._beginning(RecordStream(record, 1500))
    assert part.timestamps_ps.size == 4500
    assert part.duration_s == pytest.approx(times[4499] * 1e-12)
    assert len(told) == 1
    assert "of 10000 photons the first 4500" in told[0]


def test_clock_of_the_recorder_is_not_taken_for_a_laser(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times, channel = steady_light(6)
    fine = text_file(tmp_path / "1ns.csv", times // 1000 * 1000, channel)
    told = analysed(capsys, str(fine), *OPTIONS)
    assert any("analysed as continuous (cw) light" in warning for warning in told["warnings"])
    coarse = text_file(tmp_path / "25ns.csv", times // 25_000 * 25_000, channel)
    assert cli.main(["analyze", str(coarse), *OPTIONS]) == 2
    assert "steps of 25 ns" in capsys.readouterr().err
