from pathlib import Path

import pytest

from runmanager.samples import read_sample
from sims.dot.sample import sample_path


def test_what_is_not_established_is_told_in_one_plain_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "erbium.yaml"
    text = sample_path("mn-cdse-cds").read_text(encoding="utf-8")
    dopants = text[text.index("dopants:") : text.index("hh_lh_splitting_mev")]
    path.write_text(text.replace(dopants, "dopants:\n  - {element: Er, position_nm: 0.5}\n"), encoding="utf-8")
    read_sample(str(path), twin=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("note: ") and "Er" in line for line in lines)
    assert len(lines) == len(set(lines))


def test_a_shipped_sample_needs_no_note(capsys: pytest.CaptureFixture[str]) -> None:
    read_sample("mn-cdse-cds", twin=True)
    assert capsys.readouterr().err == ""
