"""The ID900 over real sockets: its SCPI dialect, its data link, and their errors."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.bench.time_controller import TimeController
from sims.wire.id900 import LATENCY_S, Id900Server
from sims.wire.id900_scpi import Id900Scpi

MS = 10**9


class Client:
    """A measuring program: REQ sockets to both ports, PAIR sockets for streams."""

    def __init__(self, server: Id900Server) -> None:
        self.context = zmq.Context()
        self._sockets = []
        self._scpi, self._link = self._request(server.address), self._request(server.data_link)

    def _request(self, address: str) -> Any:
        request = self.context.socket(zmq.REQ)
        request.setsockopt(zmq.RCVTIMEO, 10_000)
        request.setsockopt(zmq.LINGER, 0)
        request.connect(address)
        self._sockets.append(request)
        return request

    def scpi(self, command: str) -> str:
        self._scpi.send_string(command)
        return self._scpi.recv_string()

    def link(self, command: str) -> Any:
        self._link.send_string(command)
        return json.loads(self._link.recv_string())

    def refused(self, command: str) -> str:
        return self.link(command)["error"]["description"]

    def stream(self, port: int) -> Any:
        pair = self.context.socket(zmq.PAIR)
        pair.setsockopt(zmq.RCVTIMEO, 10_000)
        pair.setsockopt(zmq.LINGER, 0)
        pair.connect(f"tcp://127.0.0.1:{port}")
        self._sockets.append(pair)
        return pair

    def start_stream(self, channel: int, *options: str) -> tuple[str, Any]:
        port = free_port()
        words = [f"start-stream --address 127.0.0.1 --channel {channel} --stream-port {port}", *options]
        return self.link(" ".join(words))["id"], self.stream(port)

    def close(self) -> None:
        for one in self._sockets:
            one.close()
        self.context.term()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def bench(fake_table: Any, tmp_path: Path) -> Any:
    """(table, client, folder) with events on input 1 and a trigger every microsecond on input 3."""
    table = fake_table({1: [MS, 2 * MS, 30 * MS]})
    server = Id900Server(TimeController(table), table.clock, tmp_path)
    client = Client(server)
    yield table, client, tmp_path
    client.close()
    server.close()


def record(table: Any, client: Client, duration_ps: int = 10 * MS) -> None:
    client.scpi("REC:TRIG:ARM:MODE MANUal")
    client.scpi("REC:ENABle ON")
    client.scpi("REC:STOP")
    client.scpi("REC:NUM 1")
    client.scpi(f"REC:DURation {duration_ps}")
    client.scpi("REC:PLAY")
    assert client.scpi("REC:STAGe?") == "PLAYING"
    table.clock.advance(duration_ps * 1e-12)
    assert client.scpi("REC:STAGe?") != "PLAYING"


# --- the language -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("*IDN?", "IDQ,ID900,2140500,2.2.0"),
        ("*idn?", "IDQ,ID900,2140500,2.2.0"),
        ("DEVI:RES:BWID?", "1"),
        ("DEVIce:RESolution?", "HIRES"),
        ("INPU1:ENAB?", "ON"),
        ("input1:enable?", "ON"),
        (":INPUt1:ENABle?", "ON"),
        ("INPU1:THRE?", "1.000V"),
        ("INPU4:EDGE?", "RISING"),
        ("INPU2:COUP?", "DC"),
        ("INPU2:DELAY?", "0TB"),
        ("INPU1:COUN:INTE?", "1000000000"),
        ("RAW1:REF:LINK?", "NONE"),
        ("RAW3:SEND?", "OFF"),
        ("RAW3:ERRORS?", "0"),
        ("HIST1:BCOU?", "16383"),
        ("HIST4:BWID?", "100TB"),
        ("REC:NUM?", "1"),
        ("REC:STAG?", "STOPPED"),
        ("REC:TRIG:ARM:MODE?", "MANUAL"),
        ("INPU1:COUN:MODE?", "CYCLE"),
    ],
)
def test_queries_in_short_and_long_form_and_any_case(bench: Any, command: str, answer: str) -> None:
    assert bench[1].scpi(command) == answer


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        ("INPU1:THRE 500mV", "INPU1:THRE?", "0.500V"),
        ("INPU1:THRE -0.25", "INPU1:THRE?", "-0.250V"),
        ("INPU1:DELAY 3000 TB", "INPU1:DELAY?", "3000TB"),
        ("INPU1:DELAY 3 GTB", "INPU1:DELAY?", "3000000000TB"),
        ("INPU1:DELAY 2 kTB", "INPU1:DELAY?", "2000TB"),
        ("INPU1:EDGE fall", "INPU1:EDGE?", "FALLING"),
        ("INPU1:ENAB 0", "INPU1:ENAB?", "OFF"),
        ("HIST1:REF:LINK INPU3", "HIST1:REF:LINK?", "INPU3"),
        ("HIST1:STOP:LINK TSCO6", "HIST1:STOP:LINK?", "INPU2"),
        ("HIST1:MIN 5 MTB", "HIST1:MIN?", "5000000TB"),
        ("REC:NUM INF", "REC:NUM?", "INF"),
        ("REC:NUM 12", "REC:NUMber?", "12"),
        ("REC:DUR 2500000000000.0", "REC:DUR?", "2500000000000TB"),
        ("DEVI:RES LOWRES", "DEVI:RES:BWID?", "100"),
    ],
)
def test_sets_answer_nothing_and_hold(bench: Any, command: str, query: str, answer: str) -> None:
    assert bench[1].scpi(command) == ""
    assert bench[1].scpi(query) == answer


def test_a_missing_argument_means_the_default(bench: Any) -> None:
    client = bench[1]
    client.scpi("INPU1:THRE 0.2V")
    client.scpi("INPU1:THRE")
    assert client.scpi("INPU1:THRE?") == "1.000V"


def test_joined_commands_stay_on_their_level_or_return_to_the_root(bench: Any) -> None:
    client = bench[1]
    assert client.scpi("INPU1:COUN:MODE CYCL;INTE 5000;RESEt") == ""
    assert client.scpi("REC:PWID 1000000;PPER 2000000;:INPU1:COUN:INTE?") == "5000"
    assert client.scpi("REC:PWID?;PPER?") == "1000000TB\n2000000TB"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("NONSENSE", "UNDEFINED_HEADER"),
        ("INPU1:NONSENSE?", "UNDEFINED_HEADER"),
        ("INP1:ENAB?", "UNDEFINED_HEADER"),  # shorter than the short form
        ("REC:PLAY?", "UNDEFINED_HEADER"),
        ("HIST1:DATA 5", "UNDEFINED_HEADER"),
        ("REC:TRIG:ARM:MODE MAN;REC:ENAB ON", "UNDEFINED_HEADER"),  # REC is not below REC:TRIG:ARM
        ("INPU5:ENAB ON", "HEADER_SUFFIX_OUT_OF_RANGE"),
        ("RAW0:SEND ON", "HEADER_SUFFIX_OUT_OF_RANGE"),
        ("HIST9:DATA?", "HEADER_SUFFIX_OUT_OF_RANGE"),
        ("INPU1:THRE 5V", "DATA_OUT_OF_RANGE"),
        ("HIST1:BCOU 16384", "DATA_OUT_OF_RANGE"),
        ("INPU1:THRE high", "DATA_TYPE_ERROR"),
        ("HIST1:BCOU 2.5", "DATA_TYPE_ERROR"),
        ("INPU1:THRE 5TB", "INVALID_SUFFIX"),
        ("INPU1:DELAY 5 s", "INVALID_SUFFIX"),
        ("INPU1:EDGE sideways", "ILLEGAL_PARAMETER_VALUE"),
        ("RAW1:SEND maybe", "ILLEGAL_PARAMETER_VALUE"),
        ("HIST1:REF:LINK INPU7", "ILLEGAL_PARAMETER_VALUE"),
        ("REC:PLAY", "EXECUTION_ERROR"),  # not enabled
    ],
)
def test_errors_name_what_is_wrong(bench: Any, command: str, code: str) -> None:
    assert f"SCPI_ERR_{code}" in bench[1].scpi(command)


def test_an_error_in_a_joined_line_does_not_hide_the_other_answers(bench: Any) -> None:
    lines = bench[1].scpi("*IDN?;:NONSENSE;:DEVI:RES:BWID?").splitlines()
    assert lines[0].startswith("IDQ")
    assert "SCPI_ERR_UNDEFINED_HEADER" in lines[1]
    assert lines[2] == "1"


def test_every_request_costs_latency_on_the_bench_clock(bench: Any) -> None:
    table, client, _ = bench
    before = table.clock.now_s()
    client.scpi("*IDN?")
    client.link("list")
    assert table.clock.now_s() - before == pytest.approx(2 * LATENCY_S)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40) | st.from_regex(r"(INPU|RAW|HIST|REC|DEVI)[0-9]?(:[A-Z]{3,6}){1,2}\??( .{0,9})?"))
def test_no_text_breaks_the_language(fake_table: Any, message: str) -> None:
    scpi = Id900Scpi(TimeController(fake_table()))
    assert isinstance(scpi.execute(message), str)
    assert scpi.execute("*IDN?").startswith("IDQ")


# --- histograms and counters --------------------------------------------------------------------------------------


def test_a_histogram_fills_during_a_record_and_is_read_as_a_list(bench: Any) -> None:
    table, client, _ = bench
    client.scpi("HIST1:STOP:LINK INPU1;:HIST1:BWID 1 GTB;BCOU 4;FLUS")
    record(table, client)
    answer = client.scpi("HIST1:DATA?")
    assert answer.startswith("[")
    assert sum(json.loads(answer)) == 0  # the events lie before this record began
    assert len(json.loads(answer)) == 4


def test_a_histogram_against_the_trigger(fake_table: Any, tmp_path: Path) -> None:
    table = fake_table({1: [20 * MS + k * 1_000_000 + 250_000 for k in range(7)]})
    server = Id900Server(TimeController(table), table.clock, tmp_path)
    client = Client(server)
    try:
        client.scpi("HIST2:REF:LINK INPU3;:HIST2:STOP:LINK INPU1;:HIST2:BWID 100 kTB;BCOU 10;FLUS")
        record(table, client, 50 * MS)
        assert json.loads(client.scpi("HIST2:DATA?")) == [0, 0, 7, 0, 0, 0, 0, 0, 0, 0]
    finally:
        client.close()
        server.close()


def test_counters_are_read_in_one_line_each(bench: Any) -> None:
    table, client, _ = bench
    for channel in (1, 3):
        client.scpi(f"INPU{channel}:COUN:MODE CYCL;INTE 100000000;RESEt")
    table.clock.advance(0.1)
    assert client.scpi("INPU1:COUNter?;:INPU3:COUNter?") == "3\n100000"


# --- the data link ------------------------------------------------------------------------------------------------


def words(message: str) -> list[int]:
    return np.frombuffer(message, dtype="<u8").tolist()


def test_a_stream_carries_little_endian_words_and_ends_with_an_empty_message(bench: Any) -> None:
    table, client, _ = bench
    identity, pair = client.start_stream(1)
    client.scpi("RAW1:SEND ON")
    table.clock.advance_to_ns(20_000_000)
    begin = table.clock.now_ns() + 6_000_000  # six more requests until PLAY
    record(table, client, 20 * MS)
    assert words(pair.recv()) == [30 * MS - begin * 1000]
    status = client.link(f"status --id {identity}")
    assert (status["acquisitions_count"], status["timestamps_count"], status["errors"]) == (1, 1, [])
    assert client.link(f"stop --id {identity}")["status"]["timestamps_count"] == 1
    assert pair.recv() == b""
    assert client.link("list") == []


def test_the_client_may_connect_before_the_stream_starts(bench: Any) -> None:
    table, client, _ = bench
    port = free_port()
    pair = client.stream(port)
    client.link(f"start-stream --address 127.0.0.1 --channel 3 --stream-port {port}")
    client.scpi("RAW3:SEND ON")
    record(table, client, 5 * MS)
    assert len(words(pair.recv())) == 5000


def test_a_stream_with_reference_index_carries_pairs(bench: Any) -> None:
    table, client, _ = bench
    _, pair = client.start_stream(1, "--with-ref-index")
    client.scpi("RAW1:REF:LINK INPU3;:RAW1:SEND ON")
    record(table, client, 40 * MS)
    pairs = np.array(words(pair.recv())).reshape(-1, 2)
    assert pairs.shape[1] == 2
    assert np.all(pairs[:, 0] < 1_000_000)
    assert np.all(np.diff(pairs[:, 1]) > 0)


def test_an_empty_record_counts_but_sends_no_message(bench: Any) -> None:
    table, client, _ = bench
    identity, pair = client.start_stream(2)
    client.scpi("RAW2:SEND ON")
    record(table, client)
    assert client.link(f"status --id {identity}")["acquisitions_count"] == 1
    client.link(f"stop --id {identity}")
    assert pair.recv() == b""


def test_inactivity_is_counted_on_the_bench_clock(bench: Any) -> None:
    table, client, _ = bench
    identity, _ = client.start_stream(1)
    table.clock.advance(3.0)
    assert client.link(f"status --id {identity}")["inactivity"] == pytest.approx(3.0, abs=0.01)


def test_a_stream_nobody_takes_reports_the_loss(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sims.wire.id900_data_link.SEND_TIMEOUT_MS", 50)
    table, client, _ = bench
    port = free_port()
    identity = client.link(f"start-stream --address 127.0.0.1 --channel 3 --stream-port {port}")["id"]
    client.scpi("RAW3:SEND ON")
    record(table, client, 5 * MS)
    status = client.link(f"stop --id {identity}")["status"]
    assert status["timestamps_count"] == 0
    assert "lost" in status["errors"][0]["description"]


@pytest.mark.parametrize(("kind", "expected"), [("bin", b"\x00\xca\x9a;\x00\x00\x00\x00"), ("ascii", b"1000000000\n")])
def test_saving_writes_a_file_in_the_output_folder(fake_table: Any, tmp_path: Path, kind: str, expected: bytes) -> None:
    table = fake_table({1: [2 * MS]})
    controller = TimeController(table)
    server = Id900Server(controller, table.clock, tmp_path)
    client = Client(server)
    try:
        controller.record.enabled = True
        controller.raws[1].send = True
        identity = client.link(f'start-save --address tc --channel 1 --filename "a b.{kind}" --format {kind}')["id"]
        controller.play()
        table.clock.advance(1.5)
        client.link(f"stop --id {identity}")
        assert (tmp_path / f"a b.{kind}").read_bytes() == expected
    finally:
        client.close()
        server.close()


def test_start_save_stays_inside_its_folder(bench: Any) -> None:
    _, client, folder = bench
    for name in ("../outside.bin", "/outside.bin"):
        assert "outside the output folder" in client.refused(f"start-save --address tc --channel 1 --filename {name}")
    assert list(folder.iterdir()) == []


def test_a_channel_has_one_acquisition_at_a_time(bench: Any) -> None:
    client = bench[1]
    identity, _ = client.start_stream(1)
    assert client.link("list") == [identity]
    refusal = client.refused(f"start-stream --address 127.0.0.1 --channel 1 --stream-port {free_port()}")
    assert "already" in refusal


def test_a_taken_port_is_refused(bench: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in bench[1].refused(f"start-stream --address tc --channel 1 --stream-port {port}")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "nonsense",
        "status --id nobody",
        "stop --id nobody",
        "stop",
        "start-stream --address tc --channel 9 --stream-port 5000",
        "start-stream --address tc --stream-port 5000",
        "start-stream --address tc --channel 1 --stream-port many",
        'start-save --address tc --channel 1 --filename "unclosed',
    ],
)
def test_a_bad_command_is_answered_with_a_description(bench: Any, command: str) -> None:
    assert bench[1].refused(command)


def test_close_frees_the_ports(fake_table: Any, tmp_path: Path) -> None:
    table = fake_table()
    server = Id900Server(TimeController(table), table.clock, tmp_path)
    port = int(server.address.rpartition(":")[2])
    server.close()
    server.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
