"""Request-reply and stream sockets over ZeroMQ with finite waits, for instruments that speak it.

A ZeroMQ REQ socket that lost a reply is stuck for ever: it is thrown away and opened anew, so that the next
question gets its own answer.
"""

import socket
import threading
from urllib.parse import urlsplit

import zmq

from instruments.errors import LimitError, WireError

REACH_TIMEOUT_S = 3.0


def host_and_port(who: str, endpoint: str) -> tuple[str, int]:
    """Parts of ``tcp://host:port``. WireError for anything else."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not endpoint.startswith("tcp://") or host is None or port is None:
        raise WireError(f"{who}: address '{endpoint}' is not of the form tcp://host:port; correct the station file")
    return host, port


def free_local_port() -> int:
    """A TCP port that is free on this computer now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RequestSocket:
    """One ``tcp://host:port`` that answers each text with one text. Thread-safe."""

    def __init__(self, who: str, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]", timeout_s: float) -> None:
        self._who = who
        self._endpoint = endpoint
        self._host, self._port = host_and_port(who, endpoint)
        self._context = context
        if not 0.0 < timeout_s < float("inf"):
            raise LimitError(f"{who}: timeout {timeout_s!r} s; give a finite time above 0 s")
        self._timeout_s = timeout_s
        self._socket: zmq.Socket[bytes] | None = None
        self.lock = threading.RLock()

    @property
    def host(self) -> str:
        """Host part of the address."""
        return self._host

    def ask(self, text: str, timeout_s: float | None = None) -> str:
        """Send ``text`` and return the answer, awaited for ``timeout_s`` (None: the usual time).

        WireError names instrument, text and what was wrong.
        """
        wait_s = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        with self.lock:
            link = self._opened()
            try:
                link.setsockopt(zmq.RCVTIMEO, int(wait_s * 1000))
                link.send_string(text)
                return link.recv().decode("utf-8")
            except zmq.ZMQError as error:
                self.close()
                raise WireError(
                    f"{self._who}: '{text}' got no reply from {self._endpoint} within {wait_s:g} s "
                    f"({error}); check power, network and address"
                ) from error
            except UnicodeDecodeError as error:
                raise WireError(f"{self._who}: '{text}' was answered with bytes that are no text; check it") from error

    def close(self) -> None:
        """Close at once, dropping what was not sent."""
        with self.lock:
            if self._socket is not None:
                self._socket.close(linger=0)
                self._socket = None

    def _opened(self) -> "zmq.Socket[bytes]":
        if self._socket is None:
            self._require_listener()
            link = self._context.socket(zmq.REQ)
            link.setsockopt(zmq.LINGER, 0)
            link.setsockopt(zmq.RCVTIMEO, int(self._timeout_s * 1000))
            link.setsockopt(zmq.SNDTIMEO, int(self._timeout_s * 1000))
            link.connect(self._endpoint)
            self._socket = link
        return self._socket

    def _require_listener(self) -> None:
        # ZeroMQ connects to nothing without complaint; a plain connection tells at once.
        try:
            socket.create_connection((self._host, self._port), timeout=REACH_TIMEOUT_S).close()
        except OSError as error:
            raise WireError(
                f"{self._who}: nothing answers at {self._endpoint} ({error}); check power, network and address"
            ) from error


class StreamSocket:
    """The receiving end of a PAIR stream that the other side binds; an empty message ends the stream."""

    def __init__(self, host: str, port: int, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        self._socket = context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, 0)  # never drop tags on this side
        self._socket.connect(f"tcp://{host}:{port}")

    def receive(self, timeout_s: float) -> bytes | None:
        """The next message, empty at the end of the stream, None if there is none within ``timeout_s``."""
        if self._socket.poll(int(timeout_s * 1000)) == 0:
            return None
        return self._socket.recv()

    def close(self) -> None:
        """Close at once."""
        self._socket.close(linger=0)
