"""A small version of ``benchmarks/mutated_files.py``: damaged files are refused by name, or make sense."""

from pathlib import Path

import mutated_files
import photon_files
import pytest


@pytest.mark.parametrize("kind", list(photon_files.SAMPLES))
def test_damaged_files_are_refused_or_make_sense(tmp_path: Path, kind: str) -> None:
    suffix, write = photon_files.SAMPLES[kind]
    content = write(tmp_path / f"sound{suffix}").read_bytes()
    path = tmp_path / f"damaged{suffix}"
    outcomes = set()
    for number in range(60):
        path.write_bytes(mutated_files.mutated(content, number))
        outcomes.add(mutated_files.outcome(path, kind))
    assert "refused" in outcomes
    assert outcomes <= {"refused", "read"}
