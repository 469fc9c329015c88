"""Bad input gets one clear line and exit code 2, and leaves nothing behind."""

import json
from pathlib import Path

import pytest

from instruments.station import TEMPLATE
from runmanager.cli import main

pytestmark = pytest.mark.end_to_end


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command, expect exit code 2, and return its single line on stderr."""
    code = main(arguments)
    captured = capsys.readouterr()
    assert code == 2, captured
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "unknown procedure 'nonsense'; there are: spin-pumping"),
        (["g2", "--set", "durration=3"], "no parameter 'durration'"),
        (["g2", "--set", "duration=0"], "duration = '0' is refused; it takes a number from 0.1 to 86400 s"),
        (["g2", "--set", "duration=3 min"], "duration = '3 min' is refused"),
        (["g2", "--sample", "no-such-dot"], "no-such-dot"),
        (["g2", "--sample", "missing.yaml"], "missing.yaml"),
        (["g2", "--station", "missing.yaml"], "missing.yaml"),
    ],
)
def test_wrong_word_is_named(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(["run", *arguments, "--out", str(tmp_path)], capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("instruments.thorlabs_sc10.", "instruments.thorlabs_sc99.", "thorlabs_sc99"),
        ("  shutter: sc10.shutter", "  shutter: nothing", "nothing"),
        ("  magnet: ami430\n", "", "magnet"),
        ("roles:", "rolls:", "rolls"),
        ("80.0e+6", "-1", "repetition_rate_hz = -1 must be a number above 0 Hz"),
        ("[500.0, 750.0]", "[750.0, 500.0]", "must be [lowest, highest] in nm"),
        ("[500.0, 750.0]", "[500.0]", "must be [lowest, highest] in nm"),
        ("repetition_rate_hz", "repetiton_rate_hz", "repetiton_rate_hz"),
        ("instruments.thorlabs_sc10.Sc10", "Sc10", "instruments.sc10.type = 'Sc10'"),
        ("highest_field_t: 5.0", "highest_field_t: 1e300", "limits.highest_field_t = 1e+300"),
        ("table: {}", "table: {colection: {}}", "table.colection: unknown key; known are excitation, collection"),
        ("table: {}", "table: {spad_1: {dark_counts_hz: .inf}}", "dark_counts_hz = inf"),
        (
            "    init: {level_limits_v",
            "    parameters: {foo: {initial_value: 3}}\n    init: {level_limits_v",
            "parameter foo",
        ),
    ],
)
def test_station_mistake_is_named(
    old: str, new: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEMPLATE.read_text()
    assert old in text
    station = tmp_path / "station.yaml"
    station.write_text(text.replace(old, new, 1))
    out = tmp_path / "out"
    line = refused(["run", "polarised-pl", "--twin", "--station", str(station), "--out", str(out)], capsys)
    assert words in line
    assert not out.exists() or list(out.iterdir()) == []


def test_wide_laser_is_refused_before_anything_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station = tmp_path / "station.yaml"
    station.write_text(TEMPLATE.read_text().replace("resonant_laser: cwave", "resonant_laser: opo"))
    out = tmp_path / "out"
    line = refused(["run", "spin-pumping", "--twin", "--station", str(station), "--out", str(out)], capsys)
    assert "meV wide" in line
    assert list(out.iterdir()) == []


def test_real_bench_without_sample_sheet_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["run", "g2", "--station", str(TEMPLATE), "--out", str(tmp_path)], capsys)
    assert "--sample" in line


def test_output_folder_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    assert "cannot be written" in refused(["run", "g2", "--out", str(blocked / "runs")], capsys)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.ptu", b""),
        ("foreign.ptu", b"hello, I am not a photon file" * 10),
        ("empty.h5", b""),
        ("truncated.h5", b"\x89HDF\r\n\x1a\n" + bytes(64)),
        ("cut.ptu", b"PQTTTR\0\x001.0.00\0\0" + bytes(16)),
    ],
)
def test_data_file_that_is_none_is_refused(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert name in refused(["analyze", str(path)], capsys)


@pytest.mark.parametrize("option", ["--station", "--sample"])
def test_endless_nesting_is_refused(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("[" * 1000)  # as many as the interpreter's limit; more only take longer
    assert "nested too deeply" in refused(["run", "g2", option, str(path)], capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "g2", "--frob"], "unrecognized arguments: --frob"),
        (["run"], "PROCEDURE"),
        (["run", "g2", "--seed", "1.5"], "whole number"),
        (["run", "g2", "--seed", str(2**63)], "whole number from 0 to"),
        (["run", "g2", "--set", "duration"], "NAME=VALUE"),
    ],
)
def test_malformed_command_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in refused(arguments, capsys)


def test_refusal_with_json_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "nonsense", "--out", str(tmp_path), "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["exit_status"] == "failed"
    assert document["verdict"]["passed"] is False
    assert "nonsense" in document["message"]
    assert len(captured.err.splitlines()) == 1


def test_folder_instead_of_data_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a folder" in refused(["analyze", str(tmp_path)], capsys)


def test_missing_data_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(["analyze", str(tmp_path / "gone.h5")], capsys)
