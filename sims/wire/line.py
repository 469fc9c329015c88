"""A wire: bytes in, bytes out, and the time they take on the bench's clock.

A ``Device`` knows one protocol. A ``Port`` is the socket or serial line it listens at. A ``Conversation`` is one
opened session: it has buffers of its own, so two sessions at one port never get each other's answers.
"""

import heapq
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pyvisa.constants import StatusCode

from sims.bench.clock import VirtualClock

_BITS_PER_SERIAL_BYTE = 10
_LONGEST_INPUT = 1 << 16
_NS_PER_S = 1e9


@dataclass(frozen=True)
class WireSpeed:
    """Time a transfer takes: so much a message, so much a byte."""

    per_message_s: float
    per_byte_s: float = 0.0

    def time_s(self, n_bytes: int) -> float:
        """Duration of a transfer of ``n_bytes``."""
        return self.per_message_s + n_bytes * self.per_byte_s


NETWORK = WireSpeed(1e-3)
USB = WireSpeed(1e-3)


def serial(baud_rate: int) -> WireSpeed:
    """Speed of a serial line: ten bits a byte, and a millisecond until the device looks at a message."""
    return WireSpeed(1e-3, _BITS_PER_SERIAL_BYTE / baud_rate)


@dataclass(frozen=True)
class Reply:
    """Bytes that begin to come ``delay_s`` after the request (motion, slow firmware)."""

    data: bytes
    delay_s: float = 0.0


class Disconnected(Exception):  # noqa: N818 - an event, not an error of ours
    """The plug is pulled while a request is answered."""


class Disturbance(Protocol):
    """What can spoil an answer on its way (faults on demand)."""

    def before(self, instrument: str) -> None:
        """A request has come."""

    def disturb(self, instrument: str, replies: Sequence[Reply]) -> Sequence[Reply]:
        """The replies as they really come; raises Disconnected when the plug is pulled."""


class Device(ABC):
    """One protocol, spoken for one model. ``answer`` never raises for anything a client can send."""

    speed: WireSpeed = NETWORK
    answers_in_order: bool = True
    """False when a quick answer may overtake a slow one (the device still listens while it moves)."""
    most_clients: int | None = None
    """How many may be connected at once over a network; None: no limit that matters."""
    forgets_after_s: float | None = None
    """An unfinished message is dropped after this silence (protocols without an end mark); None: never."""

    def greeting(self) -> bytes:
        """What is sent when a session is opened."""
        return b""

    def split(self, received: bytearray) -> list[bytes]:
        """Take the complete messages off the front of ``received``: here, lines ended by CR, LF or both."""
        return take_lines(received)

    @abstractmethod
    def answer(self, message: bytes) -> Sequence[Reply]:
        """Carry out one message and give its replies."""


def take_lines(received: bytearray) -> list[bytes]:
    """Take complete lines (CR, LF or both end one; empty lines are dropped) off the front of ``received``."""
    last_end = max(received.rfind(b"\r"), received.rfind(b"\n"))
    complete = bytes(received[: last_end + 1])
    del received[: last_end + 1]
    return [line for line in complete.replace(b"\n", b"\r").split(b"\r") if line]


class Port:
    """Where a device listens. One lock makes every transfer and every answer one transaction."""

    def __init__(self, device: Device, clock: VirtualClock, bench_lock: "threading.RLock | None" = None) -> None:
        """``bench_lock``: one lock for all ports of a bench served by several threads (devices share the table)."""
        self.device = device
        self.clock = clock
        self.lock = threading.RLock()
        self.bench_lock = threading.RLock() if bench_lock is None else bench_lock
        self._name = ""
        self._disturbance: Disturbance | None = None
        self.is_connected = True

    def open(self) -> "Conversation":
        """Open a session."""
        return Conversation(self)

    def disturb_by(self, disturbance: Disturbance, name: str) -> None:
        """Let ``disturbance`` spoil what this port answers; ``name`` is the instrument's in the fault plan."""
        self._disturbance, self._name = disturbance, name

    def answers(self, message: bytes) -> Sequence[Reply]:
        """What the device says to one message, spoilt as the fault plan wants; nothing once the plug is pulled."""
        with self.bench_lock:
            if self._disturbance is None:
                return self.device.answer(message)
            self._disturbance.before(self._name)
            try:
                return self._disturbance.disturb(self._name, self.device.answer(message))
            except Disconnected:
                self.disconnect()
                return []

    def disconnect(self) -> None:
        """Pull the plug: every session at this port finds its connection lost."""
        self.is_connected = False


class Conversation:
    """One session at a port."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._input = bytearray()
        self._output = bytearray()
        self._coming: list[tuple[int, int, bytes]] = []  # (arrival on the bench's clock, order, bytes)
        self._order = 0
        self._latest_arrival_ns = 0
        self._last_input_ns = port.clock.now_ns()
        self._send(Reply(port.device.greeting()))

    @property
    def is_connected(self) -> bool:
        """False when the plug has been pulled."""
        return self._port.is_connected

    def write(self, data: bytes) -> None:
        """Send ``data`` to the device, which answers every complete message in it."""
        with self._port.lock:
            self._forget_unfinished()
            self._port.clock.advance(self._port.device.speed.time_s(len(data)))
            self._last_input_ns = self._port.clock.now_ns()
            self._input += data
            messages = self._port.device.split(self._input)
            del self._input[:-_LONGEST_INPUT]
            for message in messages:
                for reply in self._answers(message):
                    self._send(reply)

    def _forget_unfinished(self) -> None:
        patience_s = self._port.device.forgets_after_s
        silence_s = (self._port.clock.now_ns() - self._last_input_ns) / _NS_PER_S
        if patience_s is not None and silence_s > patience_s:
            self._input.clear()

    def _answers(self, message: bytes) -> Sequence[Reply]:
        try:
            return self._port.answers(message)
        except AttributeError as error:  # pyvisa-sim takes an AttributeError for "not supported" and hides it
            raise RuntimeError(f"fault in the simulated {type(self._port.device).__name__}: {error}") from error

    def _send(self, reply: Reply) -> None:
        if not reply.data:
            return
        delay_s = reply.delay_s + self._port.device.speed.time_s(len(reply.data))
        self._order += 1
        arrival_ns = self._port.clock.now_ns() + round(delay_s * _NS_PER_S)
        if self._port.device.answers_in_order:
            arrival_ns = max(arrival_ns, self._latest_arrival_ns)
            self._latest_arrival_ns = arrival_ns
        heapq.heappush(self._coming, (arrival_ns, self._order, reply.data))

    def _collect(self) -> None:
        now_ns = self._port.clock.now_ns()
        while self._coming and self._coming[0][0] <= now_ns:
            self._output += heapq.heappop(self._coming)[2]

    def next_arrival_ns(self) -> int | None:
        """When the next reply comes (bench clock); None when nothing is on its way."""
        with self._port.lock:
            return self._coming[0][0] if self._coming else None

    def take_arrived(self) -> list[bytes]:
        """The replies that have arrived, one by one (a network device sends each in a packet of its own)."""
        with self._port.lock:
            now_ns = self._port.clock.now_ns()
            arrived = []
            while self._coming and self._coming[0][0] <= now_ns:
                arrived.append(heapq.heappop(self._coming)[2])
            return arrived

    def read(self) -> tuple[bytes, bool]:
        """All bytes that have arrived, and whether any did (the form pyvisa-sim's own sessions ask for)."""
        with self._port.lock:
            self._collect()
            data = self._take(len(self._output))
            return data, bool(data)

    def receive(
        self, count: int, end_byte: int | None, timeout_s: float | None, ends_with_message: bool
    ) -> tuple[bytes, StatusCode]:
        """Read up to ``count`` bytes, or through ``end_byte``, waiting on the bench's clock for at most ``timeout_s``.

        ``timeout_s`` None waits for what is on its way but never for nothing. ``ends_with_message``: the line marks
        the end of a transmission (network, USB), so what has arrived is returned; on a serial line only ``end_byte``
        or ``count`` ends a read, and bytes that came before a timeout are lost, as in VISA.
        """
        with self._port.lock:
            clock = self._port.clock
            deadline_ns = None if timeout_s is None else clock.now_ns() + round(timeout_s * _NS_PER_S)
            while True:
                self._collect()
                end = -1 if end_byte is None else self._output.find(end_byte, 0, count)
                if end >= 0:
                    return self._take(end + 1), StatusCode.success_termination_character_read
                if len(self._output) >= count:
                    return self._take(count), StatusCode.success_max_count_read
                if self._output and ends_with_message:
                    return self._take(len(self._output)), StatusCode.success
                arrival_ns = self._coming[0][0] if self._coming else None
                if arrival_ns is None or (deadline_ns is not None and arrival_ns > deadline_ns):
                    if deadline_ns is not None:
                        clock.advance_to_ns(deadline_ns)
                    return self._take(len(self._output)), StatusCode.error_timeout
                clock.advance_to_ns(arrival_ns)

    def _take(self, count: int) -> bytes:
        data = bytes(self._output[:count])
        del self._output[:count]
        return data

    def available(self) -> int:
        """Bytes that have arrived and were not read."""
        with self._port.lock:
            self._collect()
            return len(self._output)

    def discard_input(self) -> None:
        """Forget an unfinished message."""
        with self._port.lock:
            self._input.clear()

    def discard_output(self) -> None:
        """Forget what has arrived and what is on its way (a late reply would answer the next question)."""
        with self._port.lock:
            self._output.clear()
            self._coming.clear()
            self._latest_arrival_ns = 0
