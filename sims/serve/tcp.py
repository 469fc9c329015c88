"""A TCP server for one instrument, on loopback."""

import logging
import selectors
import socket
from typing import Any, cast

from sims.serve.clock import PacedClock
from sims.serve.endpoint import Endpoint
from sims.wire.line import Conversation, Port

HOST = "127.0.0.1"
_LOG = logging.getLogger(__name__)
_CHUNK = 65536
LONGEST_BACKLOG = 1 << 24
"""Bytes that a client may leave unread before it is let go; others of the same instrument must not wait for it."""


class TcpEndpoint(Endpoint):
    """Serves as many clients as the device allows; one more is told to go by a closed connection."""

    def __init__(self, name: str, port: Port, clock: PacedClock) -> None:
        super().__init__(name, clock)
        self._port = port
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._clients: dict[socket.socket, Conversation] = {}
        self._unsent: dict[socket.socket, bytearray] = {}

    def description(self) -> dict[str, Any]:
        """Host and port."""
        return {"transport": "tcp", "host": HOST, "port": self._listener.getsockname()[1]}

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._stopping.is_set():
                ready = selector.select(self._patience_s(list(self._clients.values())))
                # Who has left is noticed before who comes: the place of an only client must be free by then.
                for key, events in ready:
                    is_client = isinstance(key.fileobj, socket.socket) and key.fileobj is not self._listener
                    if is_client and events & selectors.EVENT_READ:
                        self._take(cast(socket.socket, key.fileobj), selector)
                if any(key.fileobj is self._listener for key, _ in ready):
                    self._accept(selector)
                for client in list(self._clients):
                    self._send_arrived(client, selector)

    def _release(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._listener.close()

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # the client gave up between the knock and the door
            return
        limit = self._port.device.most_clients
        if not self._port.is_connected or (limit is not None and len(self._clients) >= limit):
            _LOG.warning("%s: a further client was refused (the device takes %s)", self.name, limit)
            client.close()
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients[client] = self._port.open()
        self._unsent[client] = bytearray()
        selector.register(client, selectors.EVENT_READ)

    def _take(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        try:
            data = client.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client, selector)
            return
        self._clients[client].write(data)

    def _send_arrived(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        conversation = self._clients[client]
        if not conversation.is_connected:
            self._drop(client, selector)
            return
        unsent = self._unsent[client]
        for reply in conversation.take_arrived():
            # One packet a reply while the client keeps up, as the devices send them.
            unsent += reply if unsent else _rest_after_sending(client, reply)
        if len(unsent) > LONGEST_BACKLOG:
            self._drop(client, selector)
            return
        try:
            if unsent:
                del unsent[: client.send(unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client, selector)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
        if selector.get_key(client).events != wanted:
            selector.modify(client, wanted)

    def _drop(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        self._unsent.pop(client, None)
        if self._clients.pop(client, None) is not None:
            selector.unregister(client)
            client.close()


def _rest_after_sending(client: socket.socket, reply: bytes) -> bytes:
    """Send a reply at once; returns what the client has no room for yet (a broken line is noticed at the next read)."""
    try:
        return reply[client.send(reply) :]
    except OSError:
        return reply
