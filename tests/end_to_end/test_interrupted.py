"""Killed, terminated, out of space: the bench is safe and what was reported is there."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runfile.reader import RunFile

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(120)]

LONG_RUN = """
import sys
from pathlib import Path
from runmanager import engine

engine.draw = lambda path: None  # the figure of what was measured until then costs seconds and is not looked at
settings = (("duration", "20000"), ("batch", "2"))
request = engine.RunRequest("g2", settings=settings, out=Path(sys.argv[1]))
outcome = engine.run(request, report=lambda fraction, what: print(what, flush=True))
print(outcome.run_file, outcome.exit_status, outcome.message, flush=True)
sys.exit(outcome.exit_code)
"""


def command(out: Path) -> list[str]:
    return [sys.executable, "-c", LONG_RUN, str(out)]


@contextmanager
def running_since_batch(number: int, out: Path) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own that has reported the start of batch ``number``; killed at last."""
    with subprocess.Popen(command(out), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if f"batch {number} of" in line:
                    break
            yield process
        finally:
            process.kill()


def only_run_file(out: Path) -> Path:
    [path] = out.glob("*.h5")
    return path


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_killed_run_opens_and_holds_its_points(batch: int, tmp_path: Path) -> None:
    with running_since_batch(batch, tmp_path) as process:
        process.kill()
    with RunFile(only_run_file(tmp_path)) as recorded:
        assert recorded.exit_status == "running"
        assert recorded.table().n_points >= batch - 1
        if batch > 1:
            assert recorded.tags().timestamps_ps.size > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_run_reaches_the_safe_state_and_keeps_its_data(number: signal.Signals, tmp_path: Path) -> None:
    with running_since_batch(3, tmp_path) as process:
        process.send_signal(number)
        assert process.stdout is not None
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 3
    assert "aborted stopped by the operator" in rest
    with RunFile(only_run_file(tmp_path)) as recorded:
        assert recorded.exit_status == "aborted"
        assert recorded.table().n_points >= 2
        assert "safe state confirmed" in " ".join(recorded.log)


def _small_files_only() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))


def test_full_disk_ends_the_run_safely_and_keeps_what_was_written(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path),
        capture_output=True,
        text=True,
        preexec_fn=_small_files_only,
        timeout=100,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert "failed" in done.stdout.splitlines()[-1]
    with RunFile(only_run_file(tmp_path)) as recorded:
        assert recorded.exit_status == "failed"
        assert recorded.table().n_points >= 1
        assert recorded.tags().timestamps_ps.size > 0
