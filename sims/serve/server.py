"""All instruments of one twin on real endpoints."""

from types import TracebackType
from typing import Any, Self

from sims.serve.clock import PacedClock
from sims.serve.endpoint import Endpoint
from sims.serve.serial_line import SerialEndpoint
from sims.serve.tcp import TcpEndpoint
from sims.twin import Twin
from sims.wire.library import RESOURCES


class BenchServer:
    """Serves a twin whose clock is a :class:`PacedClock`; close() (or leave the ``with`` block) to end it.

    Serial instruments get a pseudo-terminal, the ID900 its two ZeroMQ sockets, all others a TCP socket (also those
    whose own connector is USB or GPIB: the bytes are the same). The camera has no wire and is not served.
    """

    def __init__(self, twin: Twin) -> None:
        if not isinstance(twin.clock, PacedClock):
            raise TypeError("a served twin needs a PacedClock: start it with clock=PacedClock(speed)")
        self._twin = twin
        self._endpoints: dict[str, Endpoint] = {}
        try:
            for model, port in twin.ports.items():
                kind = SerialEndpoint if RESOURCES[model].startswith("ASRL") else TcpEndpoint
                self._endpoints[model] = kind(model, port, twin.clock)
        except OSError:
            self.close()
            raise
        for endpoint in self._endpoints.values():
            endpoint.start()

    def descriptions(self) -> dict[str, dict[str, Any]]:
        """Transport and address of every instrument, by name: what ``bench serve --json`` prints."""
        found = {name: endpoint.description() for name, endpoint in self._endpoints.items()}
        id900 = self._twin.connection("id900")
        found["id900"] = {"transport": "zmq", "endpoint": id900["address"], "data_link": id900["data_link"]}
        return dict(sorted(found.items()))

    def close(self) -> None:
        """Stop all endpoints; the twin itself stays."""
        for endpoint in self._endpoints.values():
            endpoint.stop()  # all at once: each takes a moment to notice
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
