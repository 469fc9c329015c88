"""Bad input gets one clear line and exit code 2, and leaves nothing behind."""

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


def test_missing_data_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(["analyze", str(tmp_path / "gone.h5")], capsys)
