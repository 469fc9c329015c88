"""Somebody reads the file at the moment in which it is written to: the writer waits instead of failing."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from runfile import disk
from runfile.reader import RunFile
from runfile.results import Analysis, Check, Verdict
from runfile.writer import RunFileError, RunWriter, store_analysis

READER = "import h5py, sys; file = h5py.File(sys.argv[1], 'r'); print('open', flush=True); sys.stdin.read()"
ANALYSIS = Analysis({}, Verdict((Check("looked at", passed=True, detail="yes"),)))


@pytest.fixture
def finished(new_run: Callable[[], RunWriter]) -> Path:
    with new_run() as writer:
        writer.finish("completed", 1.0)
    return writer.path


def test_an_analysis_is_stored_when_the_reader_has_gone(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(finished)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        waits = []

        def wait(_: float) -> None:
            waits.append(1)
            reader.communicate()  # its input ends, and so does it

        monkeypatch.setattr(disk, "time", SimpleNamespace(monotonic=time.monotonic, sleep=wait))
        store_analysis(finished, ANALYSIS)
    assert waits
    with RunFile(finished) as run:
        assert run.analysis() == ANALYSIS


def test_a_reader_that_stays_is_told_of(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "PATIENCE_S", 0.0)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(finished)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        with pytest.raises(RunFileError, match="the analysis cannot be added"):
            store_analysis(finished, ANALYSIS)
        reader.communicate()
