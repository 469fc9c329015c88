"""A real lab's way: drivers on sockets and serial lines, in a process of their own. The lab is a served bench.

Each command has a process of its own once (a check, a run); where a test asks again, it is asked in this process.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from instruments import station
from runmanager.cli import main

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(240)]

SPEED = "10"
Endpoints = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[Endpoints]:
    """``solotron bench serve`` in another process; ended by its process id."""
    command = [sys.executable, "-m", "runmanager", "bench", "serve", "--json", "--speed", SPEED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())
        finally:
            os.kill(server.pid, signal.SIGTERM)
            assert server.wait(timeout=30) == 0


@pytest.fixture
def station_file(endpoints: Endpoints, tmp_path: Path) -> Path:
    """The template with the served addresses; what has no wire (the camera) is left out."""
    text = station.TEMPLATE.read_text(encoding="utf-8")
    models = station.models(station.parse_station(text))
    content = YAML(typ="safe", pure=True).load(text)
    assert content["twin"] is False
    for name, model in models.items():
        entry = content["instruments"][name]
        where = endpoints.get(model)
        if where is None:
            del content["instruments"][name]
            content["roles"] = {role: player for role, player in content["roles"].items() if player != name}
        elif where["transport"] == "tcp":
            entry["address"] = f"TCPIP0::{where['host']}::{where['port']}::SOCKET"
        elif where["transport"] == "serial":
            entry["address"] = f"ASRL{where['port']}::INSTR"
        else:
            entry["address"], entry["init"]["data_link"] = where["endpoint"], where["data_link"]
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(content, stream)
    path = tmp_path / "lab.yaml"
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def solotron(*words: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "runmanager", *words, "--json"], capture_output=True, text=True, timeout=200, check=False
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def station_check(station_file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """The same command in this process: its start costs more than what it does."""
    capsys.readouterr()
    code = main(["station", "check", "--station", str(station_file), "--json"])
    return code, json.loads(capsys.readouterr().out)


def run_g2(station_file: Path) -> tuple[int, dict[str, Any], str]:
    settings = ("--set", "duration=2", "--set", "batch=1", "--sample", "mn-cdse-cds")
    return solotron("run", "g2", "--station", str(station_file), *settings, "--out", str(station_file.parent / "runs"))


def tell_magnet(endpoints: Endpoints, command: bytes) -> None:
    """What a person does at the programmer's panel."""
    where = endpoints["ami430"]
    with socket.create_connection((where["host"], where["port"]), timeout=5.0) as panel:
        panel.sendall(command + b"\r\n*IDN?\r\n")
        seen = b""
        while b"MODEL 430," not in seen:
            seen += panel.recv(1000)


def test_station_check_passes_and_says_what_is_missing(station_file: Path) -> None:
    code, found, _ = solotron("station", "check", "--station", str(station_file))
    assert code == 0
    assert found["passed"]
    rows = {row["instrument"]: row for row in found["instruments"]}
    assert rows["smb100a"]["firmware"]
    assert rows["ami430"]["limits"] == {"ramp_rate_limits": [[80.0, 0.06]]}
    assert 0.0 < rows["ami430"]["round_trip_ms"] < 1000.0
    assert {each["state"] for row in rows.values() for each in row["interlocks"]} == {"ok"}
    assert found["limits"]["highest_field_t"] == 5.0
    assert "camera" in found["unbound_roles"]
    assert found["procedures"]["g2"] == {"can_run": True, "lacks": {}}
    assert found["procedures"]["esr"] == {"can_run": False, "lacks": {"camera": "no instrument plays it"}}


def test_g2_runs_through_real_sockets(station_file: Path) -> None:
    code, outcome, said = run_g2(station_file)
    assert outcome["exit_status"] == "completed", said
    assert code in (0, 1)
    assert outcome["results"]["lifetime"]["value"] == pytest.approx(15.0, abs=2.0)


def test_an_instrument_that_is_off_hides_no_other(station_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed_port = free.getsockname()[1]
    content = YAML(typ="safe", pure=True).load(station_file.read_text(encoding="utf-8"))
    content["instruments"]["dg645"]["address"] = f"TCPIP0::127.0.0.1::{closed_port}::SOCKET"
    with station_file.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(content, file)
    code, found = station_check(station_file, capsys)
    assert code == 1
    assert {row["instrument"] for row in found["instruments"] if not row["ok"]} == {"dg645"}
    assert found["procedures"]["g2"]["lacks"] == {"gates": "dg645 does not answer"}


def test_a_quench_is_found_by_every_later_program_until_a_person_resets_it(
    endpoints: Endpoints, station_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_magnet(endpoints, b"QU 1")
    try:
        code, found = station_check(station_file, capsys)
        assert (code, found["passed"]) == (1, False)
        code, outcome, _ = run_g2(station_file)
        assert (code, outcome["exit_status"]) == (4, "failed")
        assert "QUENCH: nothing is sent to the magnet" in outcome["message"]
    finally:
        tell_magnet(endpoints, b"QU 0")
    code, _ = station_check(station_file, capsys)
    assert code == 0
