"""The ID900 on real ZeroMQ sockets on loopback: a SCPI port and the DataLinkTargetService's port.

One thread serves both, one request at a time, so that a run is repeatable. Each request costs a millisecond of
the bench's clock.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import zmq

from sims.bench.clock import VirtualClock
from sims.bench.time_controller import TimeController
from sims.wire.id900_data_link import DataLink, failure
from sims.wire.id900_scpi import Id900Scpi
from sims.wire.line import Disconnected, Disturbance, Reply

_LOG = logging.getLogger(__name__)

LATENCY_S = 1e-3
NAME = "id900"
PATIENCE_S = 5.0
"""No client waits longer than this (bench time); a later answer is none."""
_CONTROL = "inproc://stop"


class Id900Server:
    """Serves one time controller until close(). ``folder``: where the data link may write files."""

    def __init__(
        self,
        controller: TimeController,
        clock: VirtualClock,
        folder: Path,
        bench_lock: "threading.RLock | None" = None,
    ) -> None:
        self._clock = clock
        self._bench_lock = threading.RLock() if bench_lock is None else bench_lock
        self._disturbance: Disturbance | None = None
        self._is_dead = False
        self._context = zmq.Context()
        self._scpi = Id900Scpi(controller)
        self._link = DataLink(controller, self._context, folder)
        self._scpi_socket, self.address = self._listen()
        self._link_socket, self.data_link = self._listen()
        self._stop_receiver = self._context.socket(zmq.PAIR)
        self._stop_receiver.bind(_CONTROL)
        self._stop_sender = self._context.socket(zmq.PAIR)
        self._stop_sender.connect(_CONTROL)
        self._thread = threading.Thread(target=self._serve, name="id900", daemon=True)
        self._thread.start()

    def _listen(self) -> tuple[zmq.Socket[bytes], str]:
        socket = self._context.socket(zmq.ROUTER)  # as REP towards clients, but a reply may stay away or come late
        socket.setsockopt(zmq.LINGER, 0)
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        return socket, f"tcp://127.0.0.1:{port}"

    def disturb_by(self, disturbance: Disturbance) -> None:
        """Let ``disturbance`` spoil the answers of both sockets."""
        self._disturbance = disturbance

    def close(self) -> None:
        """Stop serving and free the ports; further calls do nothing."""
        if self._context.closed:
            return
        self._stop_sender.send(b"stop")
        self._thread.join()
        self._stop_sender.close()
        self._context.term()

    def _serve(self) -> None:
        handlers: dict[zmq.Socket[bytes], Callable[[str], str]] = {
            self._scpi_socket: self._scpi.execute,
            self._link_socket: self._link.execute,
        }
        poller = zmq.Poller()
        for socket in (*handlers, self._stop_receiver):
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self._stop_receiver in ready:
                break
            for socket, execute in handlers.items():
                if socket in ready:
                    self._reply(socket, execute)
        self._link.close()
        for socket in (*handlers, self._stop_receiver):
            socket.close(linger=0)

    def _reply(self, socket: zmq.Socket[bytes], execute: Callable[[str], str]) -> None:
        frames = socket.recv_multipart()
        if len(frames) < 3 or frames[-2] != b"":
            return  # not from a REQ socket: a REP socket, which the device has, ignores it too
        request = frames[-1].decode("utf-8", errors="replace")
        self._clock.advance(LATENCY_S)
        with self._bench_lock:
            for answer in self._answers(socket, request, execute):
                self._clock.advance(answer.delay_s)
                socket.send_multipart([*frames[:-1], answer.data])

    def _answers(self, socket: zmq.Socket[bytes], request: str, execute: Callable[[str], str]) -> Sequence[Reply]:
        """One answer, unless a fault on demand spoils it: ZeroMQ drops what comes too late, so late is never."""
        if self._disturbance is not None:
            self._disturbance.before(NAME)
        try:
            answer = execute(request.strip())
        except Exception as error:  # noqa: BLE001 - logged with its trace and told to the client
            # A dead thread would leave the client waiting: it gets the failure as an answer, the log the trace.
            _LOG.exception("ID900: %r failed", request)
            reason = f"{type(error).__name__}: {error}"
            answer = failure(reason) if socket is self._link_socket else f"SCPI_ERR_INTERNAL: {reason}"
        replies: Sequence[Reply] = [Reply(answer.encode("utf-8"))]
        if self._disturbance is None or self._is_dead:
            return [] if self._is_dead else replies
        try:
            replies = self._disturbance.disturb(NAME, replies)
        except Disconnected:
            self._is_dead = True
            return []
        return [reply for reply in replies if reply.delay_s < PATIENCE_S]
