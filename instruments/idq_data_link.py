"""ID Quantique DataLinkTargetService: the program on the measuring computer that receives an ID900's raw tags.

Wire: ZeroMQ REQ (port 6060), text commands, JSON answers, errors as ``{"error": {"description": …}}``. After
``start-stream`` the service *binds* a PAIR socket on the port it was told and this side connects (before, as the
vendor's examples do); messages are packed little-endian u64 in units of the time base, a message without content
ends the stream. Source: the vendor's Python examples as published.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import zmq

from instruments.errors import NotReadyError, WireError
from instruments.zeromq import RequestSocket, StreamSocket, free_local_port

PORT_ATTEMPTS = 5


@dataclass(frozen=True)
class LinkStatus:
    """State of one acquisition: finished records, tags handed on, seconds of silence, complaints."""

    acquisitions: int
    timestamps: int
    inactivity_s: float
    errors: tuple[str, ...]


class DataLink:
    """Client of the service. Thread-safe as far as its request socket is."""

    def __init__(self, who: str, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]", timeout_s: float) -> None:
        self._who = who
        self._context = context
        self._timeout_s = timeout_s
        self._requests = RequestSocket(who, endpoint, context, timeout_s)

    def close(self) -> None:
        """Close the request socket."""
        self._requests.close()

    def active(self) -> list[str]:
        """Identities of the acquisitions under way."""
        answer = self._ask("list")
        if answer is None:
            return []
        if not isinstance(answer, list):
            raise self._unexpected("list", answer, "a list of identities")
        return [str(identity) for identity in answer]

    def start_stream(self, controller_host: str, channel: int) -> "TagStream":
        """Begin to receive ``channel`` of the time controller at ``controller_host``; returns the open stream."""
        for attempt in range(PORT_ATTEMPTS):
            port = free_local_port()
            socket = StreamSocket(self._requests.host, port, self._context)
            command = f"start-stream --address {controller_host} --channel {channel} --stream-port {port}"
            try:
                answer = self._ask(command)
                if not isinstance(answer, Mapping) or "id" not in answer:
                    raise self._unexpected(command, answer, "an object with 'id'")
            except WireError as error:
                socket.close()
                if "bind" in str(error) and attempt + 1 < PORT_ATTEMPTS:
                    continue  # the port was free a moment ago: somebody else took it
                raise
            return TagStream(self._who, channel, str(answer["id"]), socket, self._timeout_s)
        raise NotReadyError(f"{self._who}: no free port for the stream of input {channel}; try again")

    def status(self, identity: str) -> LinkStatus:
        """State of one acquisition."""
        command = f"status --id {identity}"
        return self._parsed(command, self._ask(command))

    def stop(self, identity: str) -> LinkStatus:
        """End one acquisition; returns its last state."""
        command = f"stop --id {identity}"
        answer = self._ask(command)
        if not isinstance(answer, Mapping) or "status" not in answer:
            raise self._unexpected(command, answer, "an object with 'status'")
        return self._parsed(command, answer["status"])

    def _ask(self, command: str) -> Any:  # noqa: ANN401 - JSON
        text = self._requests.ask(command)
        if not text.strip():
            return None
        try:
            answer = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise self._unexpected(command, text, "JSON") from error
        if isinstance(answer, Mapping) and "error" in answer:
            detail = answer["error"]
            description = detail.get("description", detail) if isinstance(detail, Mapping) else detail
            raise WireError(f"{self._who}: data link refused '{command}': {description}; check the service's log")
        return answer

    def _parsed(self, command: str, answer: object) -> LinkStatus:
        try:
            fields = dict(answer)  # type: ignore[call-overload]
            errors = [e.get("description", str(e)) if isinstance(e, Mapping) else str(e) for e in fields["errors"]]
            return LinkStatus(
                int(fields["acquisitions_count"]),
                int(fields["timestamps_count"]),
                float(fields["inactivity"]),
                tuple(errors),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._unexpected(command, answer, "counts, inactivity and errors") from error

    def _unexpected(self, command: str, answer: object, expected: str) -> WireError:
        return WireError(f"{self._who}: data link answered '{command}' with {answer!r}, expected {expected}")


class TagStream:
    """Tags of one channel as they come."""

    def __init__(self, who: str, channel: int, identity: str, socket: StreamSocket, timeout_s: float) -> None:
        self._who = who
        self.channel = channel
        self.identity = identity
        self._socket = socket
        self._timeout_s = timeout_s

    def read_all(self, expected: int) -> npt.NDArray[np.uint64]:
        """All tags up to the end of the stream, in units of the time base; NotReadyError unless ``expected`` came."""
        parts: list[npt.NDArray[np.uint64]] = []
        received = 0
        while True:
            message = self._socket.receive(self._timeout_s if received < expected else 0.0)
            if not message:  # None: silence, empty: the end
                break
            if len(message) % 8:
                raise WireError(f"{self._who}: input {self.channel} sent {len(message)} bytes, no multiple of 8")
            parts.append(np.frombuffer(message, dtype="<u8").astype(np.uint64))
            received += len(parts[-1])
        if received != expected:
            raise NotReadyError(
                f"{self._who}: input {self.channel} lost tags: {received} of {expected} arrived; "
                "lower the count rate or record shorter"
            )
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
