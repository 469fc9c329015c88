"""The time tagger against a peer of our own on loopback sockets: SCPI port, data link, streams."""

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import zmq

from instruments.errors import LimitError, NotReadyError, WireError
from instruments.idq_id900 import Id900, number_with_unit
from instruments.zeromq import free_local_port

TAGS = {1: np.array([10, 30, 50], dtype="<u8"), 2: np.array([20, 30], dtype="<u8")}


class Peer:
    """Answers settings with nothing, queries from a table, and the data link like the service."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.received: list[str] = []
        self.answers = {"DEVI:RES:BWID?": "1", "REC:STAGe?": "STOPPED", "*IDN?": "IDQ,ID900,1,2.2"}
        self.answers |= {f"RAW{n}:ERRORS?": "0" for n in (1, 2)}
        self.status: dict[str, Any] = {}
        self.lost = 0
        self.link_failure = ""
        self.streams: dict[str, tuple[int, Any]] = {}
        self.scpi, self.address = self._listen()
        self.link, self.data_link = self._listen()
        self.stop_end = self.context.socket(zmq.PAIR)
        self.stop_end.bind("inproc://stop")
        self.stopper = self.context.socket(zmq.PAIR)
        self.stopper.connect("inproc://stop")
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _listen(self) -> tuple[Any, str]:
        socket = self.context.socket(zmq.REP)
        socket.linger = 0
        return socket, f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"

    def _serve(self) -> None:
        poller = zmq.Poller()
        for socket in (self.scpi, self.link, self.stop_end):
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self.stop_end in ready:
                return
            if self.scpi in ready:
                command = self.scpi.recv_string()
                self.received.append(command)
                self.scpi.send_string(self.answers.get(command, ""))
            if self.link in ready:
                command = self.link.recv_string()
                self.received.append(command)
                self.link.send_string(json.dumps(self._link_answer(command.split())))

    def _link_answer(self, words: list[str]) -> object:
        if self.link_failure:
            return {"error": {"description": self.link_failure}}
        if words[0] == "list":
            return list(self.streams)
        if words[0] == "start-stream":
            channel, port = int(words[4]), int(words[6])
            stream = self.context.socket(zmq.PAIR)
            stream.linger = 0
            stream.sndtimeo = 500  # nobody listens to a leftover
            stream.bind(f"tcp://127.0.0.1:{port}")
            identity = f"127.0.0.1:{channel}"
            self.streams[identity] = channel, stream
            return {"id": identity}
        channel, stream = self.streams[words[2]]
        tags = TAGS[channel]
        status = {"acquisitions_count": 1, "timestamps_count": len(tags), "inactivity": 0.0, "errors": []}
        status |= self.status
        if words[0] == "status":
            return status
        del self.streams[words[2]]
        sent = tags[: len(tags) - self.lost]
        messages = [part.tobytes() for part in np.array_split(sent, 2) if part.size]  # a record comes in pieces
        with contextlib.suppress(zmq.Again):
            for message in [*messages, b""]:
                stream.send(message)
        stream.close(linger=500)
        return {"status": status}

    def close(self) -> None:
        self.stopper.send(b"")
        self.thread.join()
        for socket in (self.scpi, self.link, self.stop_end, self.stopper, *(s for _, s in self.streams.values())):
            socket.close(linger=0)
        self.context.term()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def tagger(peer: Peer, clock: Any) -> Iterator[Id900]:
    made = Id900("tagger", peer.address, data_link=peer.data_link, clock=clock, timeout=1.0)
    yield made
    made.close()


def test_tags_are_merged_sorted_and_labelled(peer: Peer, tagger: Id900) -> None:
    tags = tagger.record_tags(2.0, (1, 2))
    assert tags.timestamps_ps.tolist() == [10, 20, 30, 30, 50]
    assert tags.timestamps_ps.dtype == np.int64
    assert sorted(tags.channel[2:4].tolist()) == [1, 2]
    assert tags.channel.dtype == np.uint8
    assert tags.duration_s == 2.0


def test_tags_come_in_units_of_the_time_base(peer: Peer, tagger: Id900) -> None:
    peer.answers["DEVI:RES:BWID?"] = "100"
    assert tagger.record_tags(1.0, (2,)).timestamps_ps.tolist() == [2000, 3000]


def test_a_record_is_set_up_before_it_plays_and_cleared_afterwards(peer: Peer, tagger: Id900, clock: Any) -> None:
    tagger.record_tags(2.0, (1,))
    commands = [command for command in peer.received if not command.startswith(("start-stream", "status"))]
    assert commands == [
        "DEVI:RES:BWID?",
        "REC:TRIG:ARM:MODE MANUal",
        "REC:ENABle ON",
        "REC:STOP",
        "REC:NUM 1",
        "REC:DURation 2000000000000",
        "list",
        "INPU1:ENAB ON",
        "RAW1:ERRORS:CLEAR",
        "RAW1:REF:LINK NONE",
        "RAW1:SEND ON",
        "REC:PLAY",
        "REC:STAGe?",
        "RAW1:SEND OFF",
        "stop --id 127.0.0.1:1",
        "RAW1:ERRORS?",
    ]
    assert clock.waits == [2.0]


def test_tags_that_did_not_arrive_are_a_loss(peer: Peer, tagger: Id900) -> None:
    peer.lost = 1
    with pytest.raises(NotReadyError, match="input 1 lost tags: 2 of 3 arrived"):
        tagger.record_tags(1.0, (1,))


def test_errors_of_the_controller_are_a_loss(peer: Peer, tagger: Id900) -> None:
    peer.answers["RAW2:ERRORS?"] = "7"
    with pytest.raises(NotReadyError, match="input 2 lost tags: 7 errors"):
        tagger.record_tags(1.0, (1, 2))


@pytest.mark.parametrize("complaint", ["buffer full", {"description": "buffer full"}])
def test_complaints_of_the_data_link_are_a_loss(peer: Peer, tagger: Id900, complaint: object) -> None:
    peer.status = {"errors": [complaint]}
    with pytest.raises(NotReadyError, match="buffer full"):
        tagger.record_tags(1.0, (1,))


def test_a_silent_stream_is_named(peer: Peer, tagger: Id900) -> None:
    peer.status = {"acquisitions_count": 0, "inactivity": 11.0}
    with pytest.raises(NotReadyError, match="input 1 sent nothing for 11 s"):
        tagger.record_tags(1.0, (1,))
    assert peer.streams == {}


def test_a_stream_that_never_ends_is_given_up(peer: Peer, tagger: Id900) -> None:
    peer.status = {"acquisitions_count": 0}
    with pytest.raises(NotReadyError, match="last tag of input 1 did not happen"):
        tagger.record_tags(1.0, (1,))


def test_a_record_that_never_ends_is_stopped(peer: Peer, tagger: Id900) -> None:
    peer.answers["REC:STAGe?"] = "PLAYING"
    with pytest.raises(NotReadyError, match="end of the record"):
        tagger.record_tags(1.0, (1,))
    assert peer.received.count("REC:STOP") == 2


def test_a_refusal_of_the_data_link_is_quoted(peer: Peer, tagger: Id900) -> None:
    peer.link_failure = "no controller there"
    with pytest.raises(WireError, match="no controller there"):
        tagger.record_tags(1.0, (1,))


def test_leftovers_of_a_killed_program_are_stopped(peer: Peer, tagger: Id900) -> None:
    tagger._link.start_stream("127.0.0.1", 1).close()
    assert len(tagger.record_tags(1.0, (1,)).channel) == 3


def test_a_scpi_error_is_quoted(peer: Peer, tagger: Id900) -> None:
    peer.answers["REC:PLAY"] = "SCPI_ERR_EXECUTION_ERROR"
    with pytest.raises(WireError, match="'REC:PLAY' was refused with 'SCPI_ERR_EXECUTION_ERROR'"):
        tagger.record_tags(1.0, (1,))


@pytest.mark.parametrize(("duration_s", "channels"), [(1.0, ()), (1.0, (1, 1)), (1.0, (5,)), (0.0, (1,)), (1e9, (1,))])
def test_records_out_of_limits_send_nothing(
    peer: Peer, tagger: Id900, duration_s: float, channels: tuple[int, ...]
) -> None:
    with pytest.raises(LimitError):
        tagger.record_tags(duration_s, channels)
    assert peer.received == []


def prepare_histograms(peer: Peer) -> None:
    for number, data in ((1, "[1, 2, 3]"), (2, "[4,5,6]")):
        peer.answers |= {f"HIST{number}:BWID?": "2000TB", f"HIST{number}:BCOU?": "3", f"HIST{number}:DATA?": data}


def test_histograms_of_all_stops_come_from_one_record(peer: Peer, tagger: Id900) -> None:
    prepare_histograms(peer)
    counts = tagger.record_histogram(3, (1, 2), 2000, 3, 1.0)
    assert counts.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert peer.received.count("REC:PLAY") == 1
    for command in ("HIST1:REF:LINK TSCO7", "HIST1:STOP:LINK TSCO5", "HIST2:STOP:LINK TSCO6", "HIST2:FLUS"):
        assert command in peer.received


@pytest.mark.parametrize("data", ["__import__('os')", "[1, 2]", "[1, 2, -3]", "[1.5, 2, 3]", "", "{}"])
def test_histogram_data_are_parsed_never_evaluated(peer: Peer, tagger: Id900, data: str) -> None:
    prepare_histograms(peer)
    peer.answers["HIST1:DATA?"] = data
    with pytest.raises(WireError, match=r"HIST1:DATA\?"):
        tagger.record_histogram(3, (1,), 2000, 3, 1.0)


def test_a_bin_width_the_controller_rounded_is_no_success(peer: Peer, tagger: Id900) -> None:
    prepare_histograms(peer)
    peer.answers["HIST1:BWID?"] = "2100TB"
    with pytest.raises(NotReadyError, match="2100"):
        tagger.record_histogram(3, (1,), 2000, 3, 1.0)


def test_a_bin_width_off_the_time_base_is_refused(peer: Peer, tagger: Id900) -> None:
    peer.answers["DEVI:RES:BWID?"] = "100"
    with pytest.raises(LimitError, match="multiple of the time base 100 ps"):
        tagger.record_histogram(3, (1,), 150, 3, 1.0)


def test_too_many_bins_are_refused(peer: Peer, tagger: Id900) -> None:
    with pytest.raises(LimitError, match="number of bins"):
        tagger.record_histogram(3, (1,), 100, 16384, 1.0)
    assert peer.received == []


def test_count_rates_wait_for_a_complete_cycle(peer: Peer, tagger: Id900, clock: Any) -> None:
    peer.answers["INPU1:COUN?"] = "500"
    assert tagger.count_rates_hz([1], 0.1) == {1: pytest.approx(5000.0)}
    assert "INPU1:COUN:MODE CYCL;INTE 100000000;RESEt" in peer.received
    assert clock.now_s() > 0.1


def test_nobody_at_the_address_is_said_at_once() -> None:
    nowhere = f"tcp://127.0.0.1:{free_local_port()}"
    device = Id900("lonely", nowhere, data_link=nowhere, timeout=1.0)
    with pytest.raises(WireError, match="nothing answers at tcp://127"):
        device.ask("*IDN?")
    device.close()


def test_a_lost_reply_does_not_block_the_next_question(peer: Peer, clock: Any) -> None:
    device = Id900("patient", peer.address, data_link=peer.data_link, clock=clock, timeout=0.1)
    silent = peer.answers
    peer.answers = _Stubborn(silent)
    with pytest.raises(WireError, match=r"got no reply from .* within 0\.1 s"):
        device.ask("*IDN?")
    peer.answers.release.set()  # type: ignore[attr-defined]
    device._scpi._timeout_s = 5.0
    assert device.ask("DEVI:RES:BWID?") == "1"
    device.close()


class _Stubborn(dict[str, str]):
    """Keeps the first reply back until it is released."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(answers)
        self.release = threading.Event()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        if key == "*IDN?":
            self.release.wait(5.0)
        return super().get(key, default)


def test_closing_leaves_no_socket_open(peer: Peer, clock: Any) -> None:
    device = Id900("brief", peer.address, data_link=peer.data_link, clock=clock)
    device.ask("*IDN?")
    context = device._context
    device.close()
    assert context.closed
    device.close()


@pytest.mark.parametrize("address", ["192.168.1.5", "tcp://host", "http://h:1", "tcp://h:port"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(WireError, match="tcp://host:port"):
        Id900("misaddressed", address, data_link="tcp://127.0.0.1:6060")


@pytest.mark.parametrize(("text", "value"), [("3000TB", 3000.0), ("500mV", 0.5), (" 1.0 V\n", 1.0), ("42", 42.0)])
def test_numbers_with_units(text: str, value: float) -> None:
    assert number_with_unit(text, {"TB": 1.0, "mV": 1e-3, "V": 1.0}) == value
