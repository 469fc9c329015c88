"""A TCP server for one instrument, on loopback."""

import logging
import selectors
import socket
from typing import Any

from sims.serve.clock import PacedClock
from sims.serve.endpoint import Endpoint
from sims.wire.line import Conversation, Port

HOST = "127.0.0.1"
_LOG = logging.getLogger(__name__)
_CHUNK = 65536


class TcpEndpoint(Endpoint):
    """Serves as many clients as the device allows; one more is told to go by a closed connection."""

    def __init__(self, name: str, port: Port, clock: PacedClock) -> None:
        super().__init__(name, clock)
        self._port = port
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        self._clients: dict[socket.socket, Conversation] = {}

    def description(self) -> dict[str, Any]:
        """Host and port."""
        return {"transport": "tcp", "host": HOST, "port": self._listener.getsockname()[1]}

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select(self._patience_s(list(self._clients.values()))):
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif isinstance(key.fileobj, socket.socket):
                        self._take(key.fileobj, selector)
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
        try:
            for reply in conversation.take_arrived():
                client.setblocking(True)
                client.settimeout(5.0)
                client.sendall(reply)
                client.setblocking(False)
        except OSError:
            self._drop(client, selector)

    def _drop(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        if self._clients.pop(client, None) is not None:
            selector.unregister(client)
            client.close()
