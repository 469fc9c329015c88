"""Watchers attach, are told what goes on, ask for things, and go away; none of it is waited for."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from runmanager.queue import codec, events
from runmanager.queue.client import NoWorkerError, QueueClient, WorkerGoneError, connect, is_running
from runmanager.queue.events import Command
from runmanager.queue.outbox import MOST_WAITING, Outbox
from runmanager.queue.server import WatchServer
from runmanager.queue.store import QueueStore
from runmanager.queue.worker_lock import worker_lock

PROGRESS = events.Progress(1, 0.5, "measuring", 3.0)
posix = pytest.mark.skipif(os.name == "nt", reason="folders and sockets of POSIX")


class Host:
    """A queue's server with the store that names it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue.sqlite"
        self.commands: list[Command] = []
        self.n_joined = 0
        self.server = WatchServer(lambda: events.Hello(1, 4, False), self.commands.append, self._joined)
        with QueueStore(self.path) as store:
            store.set_worker(os.getpid(), self.server.address, self.server.authkey)

    def _joined(self) -> None:
        self.n_joined += 1


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.server.close()


@pytest.fixture
def client(host: Host) -> Iterator[QueueClient]:
    with connect(host.path) as client:
        assert isinstance(next_event(client), events.Hello)
        yield client


def next_event(client: QueueClient) -> events.Event:
    event = client.poll(5.0)
    assert event is not None
    return event


def eventually(true: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_watcher_is_greeted_and_told(host: Host) -> None:
    with connect(host.path) as client:
        assert next_event(client) == events.Hello(1, 4, False)
        eventually(lambda: host.n_joined == 1)
        host.server.tell(PROGRESS)
        assert next_event(client) == PROGRESS
        assert client.poll(0.0) is None


def test_command_arrives(host: Host, client: QueueClient) -> None:
    client.send(Command.PAUSE)
    eventually(lambda: host.commands == [Command.PAUSE])


def test_new_watcher_is_told_where_the_running_entry_stands(host: Host) -> None:
    line = events.LogLine(1, "INFO", "a line")
    started = events.Started(1, "g2", "run.h5")
    for event in (started, line, events.Progress(1, 0.1, "", 1.0), PROGRESS):
        host.server.tell(event)
    with connect(host.path) as client:
        assert [next_event(client) for _ in range(4)][1:] == [started, PROGRESS, line]


def test_nothing_of_an_ended_entry_is_told_to_a_new_watcher_but_the_log(host: Host) -> None:
    for event in (events.Started(1, "g2", "run.h5"), PROGRESS, events.Finished(1, "completed", 0)):
        host.server.tell(event)
    with connect(host.path) as client:
        assert isinstance(next_event(client), events.Hello)
        assert client.poll(0.1) is None


def test_watchers_come_and_go(host: Host) -> None:
    for _ in range(20):
        connect(host.path).close()
    eventually(lambda: not host.server.is_watched)
    with connect(host.path) as client:
        assert isinstance(next_event(client), events.Hello)


def test_frozen_watcher_is_not_waited_for(host: Host, client: QueueClient) -> None:
    frozen = connect(host.path)
    eventually(lambda: host.n_joined == 2)
    line = events.LogLine(None, "INFO", "x" * 10_000)
    longest_s = 0.0
    n_told = 0
    for _ in range(MOST_WAITING + 300):  # more than the socket and the outbox of the frozen one hold
        began_s = time.monotonic()
        host.server.tell(line)
        longest_s = max(longest_s, time.monotonic() - began_s)
        if client.poll(5.0) is not None:  # the other one keeps up, however quick the telling is
            n_told += 1
    assert longest_s < 1.0
    while client.poll(0.5) is not None:
        n_told += 1
    assert n_told >= MOST_WAITING + 300
    frozen.close()


def test_watcher_that_never_proves_its_key_keeps_nobody_out(host: Host) -> None:
    silent = Client(host.server.address)
    with connect(host.path) as client:
        assert isinstance(next_event(client), events.Hello)
    silent.close()


def test_watcher_with_a_wrong_key_is_not_let_in(host: Host) -> None:
    with QueueStore(host.path) as store:
        store.set_worker(1, host.server.address, b"guessed")
    with pytest.raises(NoWorkerError, match="does not let this watcher in"):
        connect(host.path)
    assert host.n_joined == 0


def test_watcher_that_sends_nonsense_is_sent_away(host: Host, client: QueueClient) -> None:
    client._connection.send_bytes(b'{"command": "explode"}')
    with pytest.raises(WorkerGoneError):
        client.poll(5.0)
    assert host.commands == []


def test_watcher_that_sends_too_much_is_sent_away(host: Host, client: QueueClient) -> None:
    client._connection.send_bytes(b" " * (codec.MAX_COMMAND_BYTES + 1))
    with pytest.raises(WorkerGoneError):
        client.poll(5.0)


def test_end_of_the_server_is_told(host: Host, client: QueueClient) -> None:
    host.server.tell(PROGRESS)
    host.server.close()
    assert list(client.events()) == [PROGRESS]
    with pytest.raises(WorkerGoneError):
        client.send(Command.WAKE)


@posix
def test_socket_is_in_a_folder_of_its_owner_alone(host: Host) -> None:
    folder = Path(host.server.address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    host.server.close()
    assert not folder.exists()


def test_event_that_is_too_long_is_left_out(host: Host, client: QueueClient, caplog: pytest.LogCaptureFixture) -> None:
    host.server.tell(events.LogLine(None, "INFO", "x" * (codec.MAX_EVENT_BYTES + 1)))
    host.server.tell(PROGRESS)
    assert next_event(client) == PROGRESS
    assert "watchers are not told" in caplog.text


def test_nobody_runs_the_queue(tmp_path: Path) -> None:
    with pytest.raises(NoWorkerError, match="nobody runs"):
        connect(tmp_path / "queue.sqlite")
    assert not is_running(tmp_path / "queue.sqlite")


def test_whoever_ran_the_queue_is_gone(host: Host) -> None:
    host.server.close()
    with pytest.raises(NoWorkerError, match="is gone"):
        connect(host.path)


def test_lock_says_that_the_queue_is_run(tmp_path: Path) -> None:
    with worker_lock(tmp_path / "queue.sqlite"):
        QueueStore(tmp_path / "queue.sqlite").close()
        assert is_running(tmp_path / "queue.sqlite")
    assert not is_running(tmp_path / "queue.sqlite")


def test_outbox_keeps_the_order_and_replaces_what_is_old() -> None:
    outbox = Outbox()
    for kind, message in (("Views", b"old"), ("LogLine", b"1"), ("LogLine", b"2"), ("Views", b"new")):
        assert outbox.put(kind, message)
    outbox.close()
    assert [outbox.take() for _ in range(4)] == [b"1", b"2", b"new", None]
    assert not outbox.put("LogLine", b"3")


def test_outbox_is_given_up_when_too_much_waits() -> None:
    outbox = Outbox()
    assert all(outbox.put("LogLine", b"") for _ in range(MOST_WAITING))
    assert not outbox.put("LogLine", b"")
    assert outbox.put("Views", b"") is False
