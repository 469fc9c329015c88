import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from sims import twin as twins
from sims.serve.clock import PacedClock
from sims.serve.server import BenchServer

SPEED = 20.0


@pytest.fixture(scope="module")
def served() -> Iterator[BenchServer]:
    with twins.start("mn-cdse-cds", seed=1, clock=PacedClock(SPEED)) as twin, BenchServer(twin) as server:
        yield server


def connect(server: BenchServer, name: str) -> socket.socket:
    where = server.descriptions()[name]
    client = socket.create_connection((where["host"], where["port"]), timeout=5.0)
    client.settimeout(5.0)
    return client


def receive(client: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = client.recv(4096)
        if not more:
            break
        data += more
    return data


def test_the_magnet_greets_and_answers_on_its_socket(served: BenchServer) -> None:
    with connect(served, "ami430") as client:
        assert receive(client, b"Hello.\r\n") == b"American Magnetics Model 430 IP Interface\r\nHello.\r\n"
        client.sendall(b"*IDN?\r\n")
        assert receive(client, b"\r\n").startswith(b"AMERICAN MAGNETICS INC.,MODEL 430")


def test_two_clients_of_the_magnet_get_their_own_answers(served: BenchServer) -> None:
    with connect(served, "ami430") as one, connect(served, "ami430") as two:
        for client in (one, two):
            receive(client, b"Hello.\r\n")
        one.sendall(b"COIL?\r\n")
        two.sendall(b"*IDN?\r\n")
        assert b"MODEL" in receive(two, b"\r\n")
        assert b"MODEL" not in receive(one, b"\r\n")


def test_a_device_for_one_client_closes_the_second_ones_connection(served: BenchServer) -> None:
    with connect(served, "cryostation") as first:
        first.sendall(b"03GST")
        assert first.recv(100)[:2] == b"05"
        with connect(served, "cryostation") as second:
            assert second.recv(100) == b""
        first.sendall(b"03GST")
        assert first.recv(100)[:2] == b"05"


def test_the_place_is_free_again_when_the_only_client_has_left(served: BenchServer) -> None:
    for _ in range(3):
        with connect(served, "cryostation") as client:
            client.sendall(b"03GPT")
            assert client.recv(100)


def test_an_aborted_connection_frees_the_place_at_once(served: BenchServer) -> None:
    for _ in range(20):
        client = connect(served, "cryostation")
        client.sendall(b"03GPT")
        assert client.recv(100)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # with a reset, as a killed program's


def test_a_client_that_does_not_read_holds_nobody_up(served: BenchServer) -> None:
    with connect(served, "ami430") as sleeper, connect(served, "ami430") as other:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for client in (sleeper, other):
            receive(client, b"Hello.\r\n")
        sleeper.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            sleeper.sendall(b"*IDN?\r\n" * 50_000)
        began = time.monotonic()
        other.sendall(b"COIL?\r\n")
        assert receive(other, b"\r\n")
        assert time.monotonic() - began < 5.0


def test_a_serial_instrument_answers_on_its_terminal(served: BenchServer) -> None:
    terminal = os.open(served.descriptions()["ell14"]["port"], os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(terminal, b"0in")
        data = b""
        while not data.endswith(b"\r\n"):
            assert select.select([terminal], [], [], 5.0)[0], "the mount did not answer"
            data += os.read(terminal, 100)
    finally:
        os.close(terminal)
    assert data.startswith(b"0IN")
    assert len(data) == len("0IN0E1140051720231701016800023000\r\n")


def test_a_ramp_takes_its_time_divided_by_the_speed_up(served: BenchServer) -> None:
    with connect(served, "ami430") as client:
        receive(client, b"Hello.\r\n")
        client.sendall(b"CONF:FIELD:TARG 0.02\r\nRAMP\r\nSTATE?\r\n")
        assert receive(client, b"\r\n") == b"1\r\n"
        began = time.monotonic()
        while True:
            client.sendall(b"STATE?\r\n")
            if receive(client, b"\r\n") == b"2\r\n":
                break
            assert time.monotonic() - began < 30.0
        client.sendall(b"FIELD:MAG?\r\n")
        assert float(receive(client, b"\r\n")) == pytest.approx(0.02, abs=1e-4)


def test_everything_listens_on_loopback_only(served: BenchServer) -> None:
    for where in served.descriptions().values():
        if where["transport"] == "tcp":
            assert where["host"] == "127.0.0.1"
        elif where["transport"] == "zmq":
            assert where["endpoint"].startswith("tcp://127.0.0.1:")
            assert where["data_link"].startswith("tcp://127.0.0.1:")


def test_garbage_on_every_socket_leaves_the_bench_alive(served: BenchServer) -> None:
    for name, where in served.descriptions().items():
        if where["transport"] != "tcp" or name == "cryostation":
            continue
        with connect(served, name) as client:
            client.sendall(bytes(range(256)) * 64)
    with connect(served, "ami430") as client:
        assert receive(client, b"Hello.\r\n")


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed-up"):
        PacedClock(speed)


def test_a_twin_on_a_virtual_clock_cannot_be_served() -> None:
    with twins.start("mn-cdse-cds", seed=1) as twin, pytest.raises(TypeError, match="PacedClock"):
        BenchServer(twin)


def test_closing_frees_every_port() -> None:
    with twins.start("mn-cdse-cds", seed=1, clock=PacedClock(SPEED)) as twin:
        with BenchServer(twin) as server:
            where = server.descriptions()["ami430"]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((where["host"], where["port"]), timeout=1.0)
