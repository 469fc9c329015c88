"""Photon files of other programs on the command line: reading options, continuous light, files read in chunks."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.photon_hdf5_export import ExportDetails, export_photon_hdf5
from analysis.tags import IntArray, PhotonRecord, RecordStream
from runfile.records import Parameter
from runfile.writer import RunWriter
from runmanager import cli, offline, photon_analysis

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


def test_folder_of_text_files_is_read_with_one_set_of_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 2)):
        text_file(tmp_path / name, *pulsed_light(seed, 200_000))
    told = analysed(capsys, str(tmp_path), *OPTIONS, "--jobs", "1")
    assert [Path(each["run_file"]).name for each in told["analyses"]] == ["a.csv", "b.csv"]
    for each in told["analyses"]:
        assert each["results"]["lifetime"]["value"] == pytest.approx(15.0, rel=0.15)


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
    monkeypatch.setattr(photon_analysis, "STREAM_BYTES", 0)
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
    monkeypatch.setattr(photon_analysis, "STREAM_BYTES", 0)
    told: list[float] = []
    found = offline.analyse_file(path, with_report=True, report=lambda fraction, _: told.append(fraction))
    assert found.report is not None
    assert found.report.stat().st_size > 20_000
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_clock_of_the_recorder_is_not_taken_for_a_laser(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times, channel = steady_light(6)
    fine = text_file(tmp_path / "1ns.csv", times // 1000 * 1000, channel)
    told = analysed(capsys, str(fine), *OPTIONS)
    assert any("analysed as continuous (cw) light" in warning for warning in told["warnings"])
    coarse = text_file(tmp_path / "25ns.csv", times // 25_000 * 25_000, channel)
    assert cli.main(["analyze", str(coarse), *OPTIONS]) == 2
    assert "steps of 25 ns" in capsys.readouterr().err


def related_photons(path: Path, seed: int) -> Path:
    """Pulsed light whose recorder relates photons to pulses, as Photon-HDF5."""
    times, channel = pulsed_light(seed)
    nanotimes = times % PERIOD_PS // 64 * 64
    index = times // PERIOD_PS
    record = PhotonRecord(
        index * PERIOD_PS + nanotimes, channel.astype(np.uint8), 0.12, sync_period_ps=PERIOD_PS,
        nanotimes_ps=nanotimes, sync_index=index,
    )  # fmt: skip
    export_photon_hdf5(RecordStream(record), path, ExportDetails(description="test"))
    return path


def text_response(path: Path) -> Path:
    """A flash of 0.3 ns (standard deviation) as a histogram."""
    time_ns = np.arange(0.0, 12.0, 0.1)
    counts = np.round(2e4 * np.exp(-0.5 * ((time_ns - 4.0) / 0.3) ** 2))
    np.savetxt(path, np.column_stack([time_ns, counts]), fmt="%.2f %d", header="time (ns), counts")
    return path


@pytest.mark.parametrize("stream_bytes", [10**9, 0])
def test_gate_and_response_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stream_bytes: int
) -> None:
    monkeypatch.setattr(photon_analysis, "STREAM_BYTES", stream_bytes)
    path, response = related_photons(tmp_path / "dot.hdf5", 7), text_response(tmp_path / "irf.txt")
    told = analysed(capsys, str(path), "--gate-ns", "5:60", "--irf", str(response), "--report")["results"]
    assert told["g2_zero_gated"]["value"] == 0.0
    lifetime = told["detector_1_lifetime_1"]
    assert lifetime["value"] == pytest.approx(15.0, abs=5.0 * lifetime["stderr"])
    page = (tmp_path / "dot.hdf5.html").read_text(encoding="utf-8")
    assert "--gate-ns 5:60 --irf" in page
    assert "Lifetime with the measured response" in page
    assert "Late photons and the biexciton" in page


def test_response_of_counts_alone_with_its_bin_width(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, response = related_photons(tmp_path / "dot.hdf5", 7), text_response(tmp_path / "irf.txt")
    np.savetxt(response, np.loadtxt(response)[:, 1], fmt="%d", header="counts")
    assert cli.main(["analyze", str(path), "--irf", str(response)]) == 2
    refusal = capsys.readouterr().err
    assert f"--irf {response} --irf-bin-ps PS" in refusal
    told = analysed(capsys, str(path), "--irf", str(response), "--irf-bin-ps", "100", "--report")["results"]
    lifetime = told["detector_1_lifetime_1"]
    assert lifetime["value"] == pytest.approx(15.0, abs=5.0 * lifetime["stderr"])
    assert f"--irf {response} --irf-bin-ps 100" in (tmp_path / "dot.hdf5.html").read_text(encoding="utf-8")


JITTER_PS = 1000.0


def jittered_light(seed: int) -> tuple[IntArray, IntArray]:
    """Steady light seen with a timing error of 1 ns."""
    times, channel = steady_light(seed, 100_000)
    late = times + 50_000 + np.random.default_rng(seed).normal(0.0, JITTER_PS, times.size).astype(np.int64)
    order = np.argsort(late)
    return late[order], channel[order]


def laser_light(seed: int, n: int = 300_000) -> tuple[IntArray, IntArray]:
    """Scattered pulses every 12.5 ns, seen with the same error."""
    rng = np.random.default_rng(seed)
    times = (rng.integers(0, 10 * n, n) * 12_500 + 50_000 + rng.normal(0.0, JITTER_PS, n)).astype(np.int64)
    return np.sort(times), rng.integers(1, 3, n)


@pytest.mark.parametrize("stream_bytes", [10**9, 0])
@pytest.mark.parametrize("words", [("--jitter-ps", "1000"), ("--irf", "laser.csv"), ("--irf", "irf.txt")])
def test_continuous_light_is_seen_through_the_response(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    stream_bytes: int,
) -> None:
    monkeypatch.setattr(photon_analysis, "STREAM_BYTES", stream_bytes)
    monkeypatch.chdir(tmp_path)
    path = text_file(tmp_path / "tags.csv", *jittered_light(10))
    text_file(tmp_path / "laser.csv", *laser_light(11))
    flash = np.round(2e4 * np.exp(-0.5 * ((np.arange(400) - 100.0) / 20.0) ** 2))
    np.savetxt(tmp_path / "irf.txt", flash, fmt="%d")
    if words[1] == "irf.txt":  # counts alone; the options for text describe the measurement
        words = (*words, "--irf-bin-ps", "50")
    without = analysed(capsys, str(path), *OPTIONS)
    assert any("no detector response was given" in warning for warning in without["warnings"])
    assert without["results"]["g2_zero_95"]["interval"][0] > 0.05
    told = analysed(capsys, str(path), *OPTIONS, *words)
    low, high = told["results"]["g2_zero_95"]["interval"]
    assert low < 0.03
    assert high < 0.1
    assert not any("response" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--jitter-ps", "151:459,37:22"), "--jitter-ps 151:459,37:22"),
        (("--jitter-ps", "150"), "--jitter-ps 150:0,150:0"),
    ],
)
def test_command_of_the_report_says_the_jitter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str], said: str
) -> None:
    path = text_file(tmp_path / "tags.csv", *steady_light(12, 60_000))
    analysed(capsys, str(path), *OPTIONS, *words, "--report")
    assert json.loads((tmp_path / "tags.csv.json").read_text(encoding="utf-8"))["command"].endswith(said)


def test_jitter_of_pulsed_light_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (related_photons(tmp_path / "dot.hdf5", 7), g2_run(tmp_path / "run.h5", 8)):
        assert cli.main(["analyze", str(path), "--jitter-ps", "150"]) == 2
        assert f"{path.name}: --jitter-ps is for continuous light" in capsys.readouterr().err


def test_report_of_continuous_light_has_its_figure_and_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = text_file(tmp_path / "tags.csv", *steady_light(8, 60_000))
    told = analysed(capsys, str(path), *OPTIONS, "--report")
    assert not any("report" in warning for warning in told["warnings"])
    assert (tmp_path / "tags.csv.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads((tmp_path / "tags.csv.json").read_text(encoding="utf-8"))
    assert document["command"] == (
        "solotron analyze tags.csv --report --time-unit-ps 1000 --separator , --header-lines 1"
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--gate-ns", "5"], "START:STOP"),
        (["--gate-ns", "5:2"], "START < STOP"),
        (["--gate-ns", "nan:2"], "START:STOP"),
        (["--irf-bin-ps", "16"], "name it, too"),
        (["--irf", "irf.txt", "--irf-bin-ps", "0"], "0.001 to 1e9 ps"),
        (["--irf", "nowhere.ptu"], "no such file to read the response"),
        (["--gate-ns", "1:5"], "needs light in pulses"),
        (["--irf", "irf.txt", "--jitter-ps", "150"], "give one of them"),
        (["--jitter-ps", "0"], "1 to 100000 ps"),
        (["--jitter-ps", "150:nan"], "1 to 100000 ps"),
        (["--jitter-ps", "150,150,150"], "SIGMA"),
        (["--jitter-ps", "narrow"], "SIGMA"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    path = text_file(tmp_path / "tags.csv", *steady_light(9, 20_000))
    assert cli.main(["analyze", str(path), *OPTIONS, *words]) == 2
    assert complaint in capsys.readouterr().err


def g2_run(path: Path, seed: int) -> Path:
    """A g2 run file: two detectors and every 100th pulse on channel 4."""
    times, channel = pulsed_light(seed)
    trigger = np.arange(0, 600_000, 100, dtype=np.int64) * PERIOD_PS
    order = np.argsort(np.concatenate([times, trigger]), kind="stable")
    writer = RunWriter.create(
        path, procedure="g2", title="test", parameters={"duration": Parameter(0.12, "s")}, station="", snapshot={},
        sample_sheet="", sample={"name": "test"}, conditions={"temperature_k": 4.0}, versions={"solotron": "test"},
        seed=1,
    )  # fmt: skip
    with writer:
        tags = np.concatenate([channel, np.full(trigger.size, 4)])[order].astype(np.uint8)
        writer.append_tags(np.concatenate([times, trigger])[order], tags)
        writer.set_tag_metadata(duration_s=0.12, channels={"detector_1": 1, "detector_2": 2, "divided_trigger": 4})
        writer.note("pulses", {"period_ns": PERIOD_PS / 1e3, "trigger_divider": 100})
        writer.finish("completed", 0.12)
    return path


def sections_of(page: Path | None) -> str:
    """The words and numbers of a report between its figures, after the verdict."""
    assert page is not None
    return re.sub(r"<img[^>]*>|<svg.*?</svg>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("words", [(), ("--gate-ns", "5:60")])
def test_long_run_file_has_the_results_of_a_short_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    path = g2_run(tmp_path / "run.h5", 8)
    whole = analysed(capsys, str(path), *words)
    in_memory = sections_of(offline.analyse_file(path, with_report=True).report)
    monkeypatch.setattr(offline, "STREAM_TAGS", 0)
    told: list[float] = []
    found = offline.analyse_file(path, with_report=True, report=lambda fraction, _: told.append(fraction))
    assert found.report is not None
    assert sections_of(found.report) == in_memory
    assert "Late photons and the biexciton" in in_memory
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    chunked = analysed(capsys, str(path), *words)
    assert chunked["verdict"] == whole["verdict"]
    assert list(chunked["results"]) == list(whole["results"])
    for name, result in whole["results"].items():
        assert chunked["results"][name]["value"] == pytest.approx(result["value"], rel=1e-9), name
        assert chunked["results"][name]["stderr"] == pytest.approx(result["stderr"], rel=1e-7), name


def flashes(seed: int, first_channel: int) -> tuple[IntArray, IntArray]:
    """Scattered laser light of the pulses of :func:`pulsed_light` on two channels from ``first_channel`` on."""
    rng = np.random.default_rng(seed)
    pulse = np.unique(rng.integers(0, 600_000, 40_000))
    times = pulse * PERIOD_PS + 5000 + rng.normal(0.0, 30.0, pulse.size).astype(np.int64)
    return np.sort(times), rng.integers(first_channel, first_channel + 2, times.size)


@pytest.mark.parametrize("stream_bytes", [0, 10**9])
def test_response_of_plain_times_needs_the_same_channels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stream_bytes: int
) -> None:
    monkeypatch.setattr(photon_analysis, "STREAM_BYTES", stream_bytes)
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1))
    same, other = (text_file(tmp_path / f"laser{k}.csv", *flashes(2, k)) for k in (1, 5))
    told = analysed(capsys, str(path), "--irf", str(same), *OPTIONS)
    assert told["results"]["detector_1_lifetime_1"]["value"] == pytest.approx(15.0, rel=0.05)
    assert cli.main(["analyze", str(path), "--irf", str(other), *OPTIONS]) == 2
    assert "laser5.csv: the response holds photons of the channels [5, 6], the detectors" in capsys.readouterr().err


def test_response_of_another_mode_is_refused_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1))
    times, channel = flashes(2, 1)
    index, nanotimes = times // PERIOD_PS, times % PERIOD_PS
    record = PhotonRecord(times, channel.astype(np.uint8), 0.12, PERIOD_PS, nanotimes, index)
    laser = tmp_path / "laser.hdf5"
    export_photon_hdf5(RecordStream(record), laser, ExportDetails(description="scattered laser"))
    assert cli.main(["analyze", str(path), "--irf", str(laser), *OPTIONS]) == 2
    complaint = capsys.readouterr().err
    assert "laser.hdf5: the response was recorded as each photon since its pulse (T3), the measurement" in complaint


def test_response_that_is_a_folder_or_given_twice_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = text_file(tmp_path / "tags.csv", *pulsed_light(1, 2000))
    assert cli.main(["analyze", str(path), "--irf", str(tmp_path), *OPTIONS]) == 2
    assert "is a folder; --irf names one file" in capsys.readouterr().err
    assert cli.main(["analyze", str(path), "--irf", "a.txt", "--irf", "b.txt", *OPTIONS]) == 2
    assert "--irf is given 2 times" in capsys.readouterr().err
