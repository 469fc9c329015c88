"""The notebooks of the documentation run from top to bottom."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"


def cells(name: str) -> list[dict[str, Any]]:
    return list(json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"])


def run(name: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the code cells as one script, as a notebook server would: no notebook software is needed."""
    script = tmp_path / "notebook.py"
    code = ["".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code"]
    script.write_text("\n".join(code), encoding="utf-8")
    everything = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=everything,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_the_notebook_on_the_twin_agrees_with_the_rate_equations(tmp_path: Path) -> None:
    done = run("twin.ipynb", tmp_path)
    assert done.returncode == 0, done.stderr
    distances = [float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines() if "rms distance" in line]
    assert len(distances) == 2
    assert max(distances) < 1.3


def test_the_notebook_on_real_data_gives_the_known_numbers(tmp_path: Path, real_data: Path) -> None:
    if not (real_data / "hbt_t3_80MHz.ptu").is_file():
        pytest.skip("hbt_t3_80MHz.ptu is not here")
    done = run("real-data.ipynb", tmp_path, SOLOTRON_DATA=str(real_data))
    assert done.returncode == 0, done.stderr
    values = {
        line.split()[0]: float(line.split()[1])
        for line in done.stdout.splitlines()
        if "±" in line and "bunching" not in line
    }
    assert values["g2_zero"] == pytest.approx(0.0026, abs=2e-4)
    assert values["lifetime"] == pytest.approx(0.131, abs=0.005)


def test_the_notebook_on_real_data_says_why_it_cannot_run(tmp_path: Path) -> None:
    done = run("real-data.ipynb", tmp_path, SOLOTRON_DATA=str(tmp_path))
    assert done.returncode != 0
    assert "set SOLOTRON_DATA" in done.stderr


@pytest.mark.parametrize("name", ["twin.ipynb", "real-data.ipynb"])
def test_no_place_of_one_computer_is_left_in_a_notebook(name: str) -> None:
    text = (NOTEBOOKS / name).read_text(encoding="utf-8")
    for place in (Path(__file__).resolve().parents[2], Path(__file__).resolve().parents[3], Path.home()):
        assert f"{place}/" not in text
    assert "/home/" not in text
    assert "Traceback" not in text
