"""A pseudo-terminal that behaves as a serial line with one instrument at its end (POSIX systems)."""

import os
import select
import termios
import tty
from typing import Any

from sims.serve.clock import PacedClock
from sims.serve.endpoint import Endpoint
from sims.wire.line import Conversation, Port

_CHUNK = 4096


class SerialEndpoint(Endpoint):
    """The instrument listens at the terminal's far end; clients open ``port`` as they open a serial device.

    A serial line does not know who is at its other end: there is one conversation, and what one client left
    unread the next one finds, as on a cable.
    """

    def __init__(self, name: str, port: Port, clock: PacedClock) -> None:
        super().__init__(name, clock)
        self._port = port
        self._device_end, self._client_end = os.openpty()
        self._open_ends: tuple[int, ...] = (self._device_end, self._client_end)
        tty.setraw(self._client_end, termios.TCSANOW)
        os.set_blocking(self._device_end, False)
        self._path = os.ttyname(self._client_end)
        self._conversation: Conversation = port.open()

    def description(self) -> dict[str, Any]:
        """Path of the terminal."""
        return {"transport": "serial", "port": self._path}

    def _serve(self) -> None:
        # This process keeps the client's end open as well, so that a client's leaving is no end of file here.
        while not self._stopping.is_set():
            readable, _, _ = select.select([self._device_end], [], [], self._patience_s([self._conversation]))
            if readable:
                self._take()
            for reply in self._conversation.take_arrived():
                self._send(reply)

    def _release(self) -> None:
        for end in self._open_ends:
            os.close(end)
        self._open_ends = ()

    def _take(self) -> None:
        try:
            data = os.read(self._device_end, _CHUNK)
        except BlockingIOError:
            return
        if data and self._port.is_connected:
            self._conversation.write(data)

    def _send(self, reply: bytes) -> None:
        while reply and not self._stopping.is_set():
            _, writable, _ = select.select([], [self._device_end], [], 1.0)
            if not writable:  # nobody reads: the line's buffer is full and the rest is lost, as without handshake
                return
            try:
                reply = reply[os.write(self._device_end, reply) :]
            except BlockingIOError:
                return
