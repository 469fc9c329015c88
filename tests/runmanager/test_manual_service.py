"""The process that holds the bench, as its panel sees it: on the twin, through its pipes."""

import io
import signal
import sys
import threading

import pytest

from runmanager.manual import client as clients
from runmanager.manual.client import start
from runmanager.manual.interruption import Interruption
from runmanager.manual.messages import (
    Act,
    BenchShown,
    Done,
    Ended,
    Interlocks,
    Leave,
    Readings,
    Refused,
    SafeReached,
    decode_from_service,
    encode,
)
from runmanager.manual.pipes import Inbox, Outbox
from runmanager.manual.service import run_service

PATIENCE_S = 60.0


def until(client, kind):
    """The next message of a kind; what comes before it is passed over."""
    while True:
        message = client.wait(PATIENCE_S)
        assert message is not None, f"no {kind.__name__} within {PATIENCE_S} s"
        if isinstance(message, kind):
            return message
        assert not isinstance(message, Ended), message


@pytest.fixture
def client():
    made = start(None, twin=True)
    yield made
    made.close()


@pytest.mark.end_to_end
def test_a_session_by_hand(client):
    """One process for all: connecting takes seconds."""
    bench = until(client, BenchShown)
    assert bench.twin
    rows = {row.row: row for role in bench.roles for row in role.rows}
    assert (rows["magnet.field"].fields[0].low, rows["magnet.field"].fields[0].high) == (-5.0, 5.0)
    assert all(each.state == "ok" for each in until(client, Interlocks).readings)
    assert set(until(client, Readings).rates_cps) == {"detector 1", "detector 2"}

    client.act("magnet.field", "Ramp", {"target_t": 9.0})
    assert "9 T is outside -5 to 5 T" in until(client, Refused).text

    number = client.act("excitation_quarter_wave.angle", "Rotate", {"angle_deg": 45.0})
    done = until(client, Done)
    assert done.number == number
    assert done.text.startswith("Fast axis: 45")

    client.act("microwave.output", "On, gated", {})
    assert until(client, Done).text == "RF: on, gated: confirmed"
    client.make_safe()
    assert until(client, SafeReached) == SafeReached(why="asked for", by_hand="")
    while "microwave.output" not in (read := {each.row: each.text for each in until(client, Readings).values}):
        pass
    assert read["microwave.output"] == "off"

    ended = client.close()
    assert ended == Ended(why="the panel was closed", by_hand="", failed=False)


@pytest.mark.end_to_end
def test_a_signal_ends_it_in_the_safe_state(client):
    until(client, BenchShown)
    client._process.send_signal(signal.SIGTERM)
    assert until_end(client) == Ended(why="asked to end", by_hand="", failed=False)
    assert client._process.wait(PATIENCE_S) == 0


def until_end(client):
    while not isinstance(message := client.wait(PATIENCE_S), Ended):
        assert message is not None
    return message


def test_a_process_that_dies_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "executable", sys.executable)
    died = clients.subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.exit('no bench here')"],
        stdin=clients.subprocess.PIPE,
        stdout=clients.subprocess.PIPE,
        stderr=clients.subprocess.PIPE,
    )
    client = clients.ManualClient(died)
    ended = until_end(client)
    assert "exit code 1" in ended.why
    assert "no bench here" in ended.why
    assert "solotron station safe" in ended.by_hand
    client.close()


def served(commands, **options):
    """What a service in this process says to these commands, and its exit code."""
    replies = io.BytesIO()
    choice = {"station": None, "twin": True, "sample": None, "seed": 1, "without": (), **options}
    code = run_service(**choice, commands=io.BytesIO(commands), replies=replies)
    return code, [decode_from_service(line + b"\n") for line in replies.getvalue().splitlines()]


def test_a_closed_pipe_ends_it_in_the_safe_state():
    code, said = served(b"")
    assert code == 0
    assert said[-1] == Ended(why="the panel was closed", by_hand="", failed=False)


def test_nonsense_ends_it_in_the_safe_state():
    code, said = served(b"open everything\n")
    assert code == 0
    assert said[-1].why == "the panel sent something that is no message"


def test_a_station_that_cannot_be_read_is_told(tmp_path):
    code, said = served(b"", station=tmp_path / "none.yaml")
    assert code == 2
    assert said[-1].failed
    assert "none.yaml" in said[-1].why


def test_roles_that_are_left_out_are_not_connected_but_those_of_safety_are():
    wanted = encode(Act(number=1, row="camera.exposure", verb="Expose", values={"exposure_s": 0.1}))
    held = _Held(wanted)
    code, said = served_by(held, without=("camera", "magnet"))
    bench = next(each for each in said if isinstance(each, BenchShown))
    roles = [role.role for role in bench.roles]
    assert "camera" not in roles
    assert "magnet" in roles
    assert code == 0
    assert any(isinstance(each, Refused) and "no 'camera.exposure'" in each.text for each in said)


class _Held(io.RawIOBase):
    """A pipe that stays open until the service has answered what it was sent."""

    def __init__(self, line):
        self._lines = [line]
        self.answered = threading.Event()

    def readline(self, limit=-1):
        if self._lines:
            return self._lines.pop()
        assert self.answered.wait(PATIENCE_S)
        return encode(Leave())


class _Replies(io.BytesIO):
    """Collects what the service says, and lets the pipe end once it has refused or done something."""

    def __init__(self, held):
        super().__init__()
        self._held = held

    def write(self, line):
        if isinstance(decode_from_service(bytes(line)), Refused | Done):
            self._held.answered.set()
        return super().write(line)


def served_by(held, **options):
    replies = _Replies(held)
    choice = {"station": None, "twin": True, "sample": None, "seed": 1, "without": (), **options}
    code = run_service(**choice, commands=held, replies=replies)
    return code, [decode_from_service(line + b"\n") for line in replies.getvalue().splitlines()]


def test_a_panel_that_does_not_read_holds_nobody_up():
    """The first line is never taken; all others are dropped, and nobody waits."""
    stuck, taken = threading.Event(), threading.Event()

    class Stuck(io.RawIOBase):
        def write(self, line):
            taken.set()
            stuck.wait(PATIENCE_S)
            return len(line)

    outbox = Outbox(Stuck(), on_broken=lambda: None)
    for number in range(1000):
        outbox.send(Done(number=number, text="x"))
    assert taken.wait(PATIENCE_S)
    stuck.set()
    outbox.close()


def test_a_broken_pipe_is_noticed():
    broken = threading.Event()

    class Broken(io.RawIOBase):
        def write(self, line):
            raise BrokenPipeError

    outbox = Outbox(Broken(), on_broken=broken.set)
    outbox.send(Done(number=1, text="x"))
    assert broken.wait(PATIENCE_S)


def test_acts_asked_before_the_safe_state_are_forgotten():
    interruption = Interruption()
    line = encode(Act(number=1, row="magnet.field", verb="Ramp", values={"target_t": 1.0}))
    inbox = Inbox(io.BytesIO(line), interruption)
    inbox._thread.join(PATIENCE_S)
    inbox.forget_acts()
    assert inbox.acts.empty()
    assert interruption.leaving
