"""The ID900 on real ZeroMQ sockets on loopback: a SCPI port and the DataLinkTargetService's port.

One thread serves both, one request at a time, so that a run is repeatable. Each request costs a millisecond of
the bench's clock.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import zmq

from sims.bench.clock import VirtualClock
from sims.bench.time_controller import TimeController
from sims.wire.id900_data_link import DataLink, failure
from sims.wire.id900_scpi import Id900Scpi

_LOG = logging.getLogger(__name__)

LATENCY_S = 1e-3
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
        socket = self._context.socket(zmq.REP)
        socket.setsockopt(zmq.LINGER, 0)
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        return socket, f"tcp://127.0.0.1:{port}"

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
        request = socket.recv().decode("utf-8", errors="replace")
        self._clock.advance(LATENCY_S)
        try:
            with self._bench_lock:
                answer = execute(request.strip())
        except Exception as error:  # noqa: BLE001 - logged with its trace and told to the client
            # A dead thread would leave the client waiting: it gets the failure as an answer, the log the trace.
            _LOG.exception("ID900: %r failed", request)
            reason = f"{type(error).__name__}: {error}"
            answer = failure(reason) if socket is self._link_socket else f"SCPI_ERR_INTERNAL: {reason}"
        socket.send_string(answer)
