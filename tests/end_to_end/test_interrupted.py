"""Killed, terminated, out of space: the bench is safe and what was reported is there."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runfile.reader import RunFile

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

COMMAND = [sys.executable, "-m", "runmanager", "run", "g2", "--json", "--set", "duration=2000", "--set", "batch=1"]


def start(out: Path) -> tuple[subprocess.Popen[str], Path]:
    """A long run in a process of its own; returns it and its run file once a point is recorded."""
    process = subprocess.Popen([*COMMAND, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        files = list(out.glob("*.h5")) if out.exists() else []
        if files and files[0].stat().st_size > 400_000:
            return process, files[0]
    process.kill()
    pytest.fail(f"the run did not get going: {process.communicate()}")


def test_killed_run_opens_and_holds_its_points(tmp_path: Path) -> None:
    process, path = start(tmp_path / "out")
    process.kill()
    process.wait(timeout=30)
    with RunFile(path) as recorded:
        assert recorded.exit_status == "running"
        assert recorded.table().n_points >= 1
        assert recorded.tags().timestamps_ps.size > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_run_reaches_the_safe_state_and_keeps_its_data(number: signal.Signals, tmp_path: Path) -> None:
    process, path = start(tmp_path / "out")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert json.loads(out)["exit_status"] == "aborted"
    with RunFile(path) as recorded:
        assert recorded.exit_status == "aborted"
        assert recorded.table().n_points >= 1
        assert "safe state confirmed" in recorded.log


def _small_files_only() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


def test_full_disk_ends_the_run_safely_and_keeps_what_was_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        preexec_fn=_small_files_only,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    [path] = tmp_path.glob("*.h5")
    with RunFile(path) as recorded:
        assert recorded.table().n_points >= 1
