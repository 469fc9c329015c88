"""What the served bench really listens on, from the system's own tables; and nothing that runs what a wire says."""

import ast
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LISTENING = "0A"
ROOMS = ("analysis", "instruments", "procedures", "pyvisa_solotron", "runfile", "runmanager", "sims")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, dict[str, dict[str, object]]]]:
    """Process id and endpoints of ``solotron bench serve --json``."""
    command = [sys.executable, "-m", "runmanager", "bench", "serve", "--json", "--speed", "20"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.pid, json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0


def sockets_of(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[len("socket:[") : -1])
    return found


def listening(pid: int) -> list[tuple[str, int]]:
    """Address in hexadecimal and port of every listening TCP socket of the process, IPv4 and IPv6."""
    own = sockets_of(pid)
    found = []
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in own:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's /proc")
def test_everything_listens_on_loopback(server: tuple[int, dict[str, dict[str, object]]]) -> None:
    pid, endpoints = server
    found = listening(pid)
    assert {address for address, _ in found} == {"0100007F"}  # 127.0.0.1
    ports = {port for _, port in found}
    assert ports >= {where["port"] for where in endpoints.values() if where["transport"] == "tcp"}
    assert len(ports) >= 2 + sum(where["transport"] == "tcp" for where in endpoints.values())  # and the ID900's two


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's /proc")
def test_no_datagram_socket_is_open(server: tuple[int, dict[str, dict[str, object]]]) -> None:
    pid, _ = server
    own = sockets_of(pid)
    rows = [
        line.split() for kind in ("udp", "udp6") for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()
    ]
    assert [row for row in rows if len(row) > 9 and row[9] in own] == []


def test_serial_instruments_are_terminals(server: tuple[int, dict[str, dict[str, object]]]) -> None:
    _, endpoints = server
    ports = [str(where["port"]) for where in endpoints.values() if where["transport"] == "serial"]
    assert ports
    assert all(Path(port).exists() and port.startswith("/dev/") for port in ports)


FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "jsonpickle", "yaml"}


def offences(source: str) -> list[str]:
    """Calls and imports that would let data run as a program."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in FORBIDDEN_CALLS:
                found.append(name)
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if keywords.get("allow_pickle") == "True" or keywords.get("shell") == "True":
                found.append(ast.unparse(node)[:60])
            if name.split(".")[-1] == "YAML" and keywords.get("typ") not in ("'safe'",):
                found.append(ast.unparse(node)[:60])
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
            found.append(str(node.module))
    return found


@pytest.mark.parametrize(
    "bad",
    [
        "eval(reply)",
        "import pickle",
        "YAML()",
        "YAML(typ='unsafe')",
        "np.load(p, allow_pickle=True)",
        "from yaml import load",
    ],
)
def test_the_search_finds_what_it_looks_for(bad: str) -> None:
    assert offences(bad)


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_from_a_wire_or_a_file_is_ever_run(room: str) -> None:
    found = {str(path): offences(path.read_text(encoding="utf-8")) for path in (ROOT / room).rglob("*.py")}
    assert {path: what for path, what in found.items() if what} == {}
