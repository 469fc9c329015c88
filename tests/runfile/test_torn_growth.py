"""Killed between any two system calls while room is made: every row recorded before is read.

A writer runs under strace; its writes are done again one by one on another file, which is read after each.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runfile.errors import RunFileError
from runfile.reader import RunFile

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from runfile import chunk_plan, layout
from runfile.writer import Column, RunWriter
layout.TABLE_CHUNK_BYTES = 16  # two rows in a chunk, and one chunk at a time: many steps from few rows
chunk_plan._LARGEST_STEP_BYTES = 1
writer = RunWriter.create(Path(sys.argv[1]), procedure="", title="", parameters={}, station="", snapshot={},
    sample_sheet="", sample={}, conditions={}, versions={}, seed=None)
table = writer.table("data", title="", signal="x", axes=["."], columns=[Column("x", "", "x")])
reports = os.open(sys.argv[1] + ".reports", os.O_WRONLY | os.O_CREAT)
for i in range(300):
    table.append(x=float(i))
    os.write(reports, b"point")
"""
_TRACED = "pwrite64,fallocate,ftruncate,write"


def calls(log: Path) -> Iterator[tuple[str, int, bytes]]:
    """What was done to the run file: the call, where the file was written or where it ends, the bytes."""
    for line in log.read_text(encoding="ascii").splitlines():
        found = re.search(r"(\w+)\(\d+<((?:\\x..)*)>, (.*)\) += \d+$", line)
        name = _decoded(found[2]) if found else b""
        if not found or not name.endswith((b"run.h5", b"run.h5.new", b"run.h5.reports")):
            continue
        arguments = found[3].split(", ")
        if name.endswith(b".reports"):
            yield "report", 0, b""
        elif found[1] == "pwrite64":
            yield "write", int(arguments[2]), _decoded(arguments[0].strip('"'))
        elif found[1] == "fallocate":
            yield "lengthen", int(arguments[1]) + int(arguments[2]), b""
        else:
            yield "cut", int(arguments[0]), b""


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def traced(tmp_path: Path) -> list[tuple[str, int, bytes]]:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log, path = tmp_path / "log", tmp_path / "run.h5"
    command = [strace, "-y", "-f", "-qq", "-xx", "-s", "99999999", "-e", f"trace={_TRACED}", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, "-c", WRITER, str(path), str(ROOT)], capture_output=True, text=True
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("strace is not allowed here")
    assert done.returncode == 0, done.stderr
    return list(calls(log))


def rows_read(path: Path) -> np.ndarray:
    try:
        with RunFile(path) as run:
            return np.asarray(run.table().column("x"))
    except RunFileError as error:
        pytest.fail(str(error))


@pytest.mark.skipif(sys.platform != "linux", reason="strace is for Linux")
def test_every_moment_of_growth_keeps_the_rows(tmp_path: Path) -> None:
    content = bytearray()
    n_reported = n_checked = 0
    for kind, place, data in traced(tmp_path):
        if kind == "report":
            n_reported += 1
        elif kind == "write":
            content.extend(bytes(max(0, place + len(data) - len(content))))
            content[place : place + len(data)] = data
        elif kind == "lengthen" or place > len(content):
            content.extend(bytes(max(0, place - len(content))))
        else:
            del content[place:]
        if n_reported and kind != "report" and len(data) != 8:  # 8 bytes: a row's, into its place
            n_checked += 1
            (tmp_path / "replayed.h5").write_bytes(content)
            rows = rows_read(tmp_path / "replayed.h5")
            assert len(rows) >= n_reported
            np.testing.assert_array_equal(rows, np.arange(len(rows)))
    assert n_reported == 300
    assert n_checked > 300
