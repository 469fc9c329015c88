"""The DataLinkTargetService: the program on the measuring computer that takes the ID900's tags and hands them on.

Text commands, JSON answers. ``start-stream`` binds a ZeroMQ PAIR socket on the wanted port (the client connects) and
sends packed little-endian u64 timestamps, or pairs of timestamp and reference index; a message of length zero ends a
stream. ``start-save`` writes files, here only inside one folder.
"""

import argparse
import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import zmq

from sims.bench.detectors import Times
from sims.bench.illumination import TableError
from sims.bench.time_controller import INPUTS, TimeController

SEND_TIMEOUT_MS = 5000
"""How long (wall time) a stream waits for its client to connect before tags count as lost."""
LATER_TIMEOUT_MS = 500
"""How long it waits for a client that was there. One that did not come, or has gone, is not waited for again: the
whole bench stands still meanwhile, also for the next program that wants to make it safe."""
_ID_PORT = 5555


Words = npt.NDArray[np.uint64]


class DataLinkError(RuntimeError):
    """A command is refused; the text becomes the answer's description."""


def failure(description: str) -> str:
    """The answer that says why not."""
    return json.dumps({"error": {"description": description}})


class _Target(Protocol):
    """Where one channel's tags go."""

    def put(self, content: Words) -> None: ...

    def close(self) -> None: ...


class _Stream:
    """A PAIR socket on loopback."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], port: int) -> None:
        self._socket = context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.SNDTIMEO, SEND_TIMEOUT_MS)
        self._socket.setsockopt(zmq.LINGER, SEND_TIMEOUT_MS)
        try:
            self._socket.bind(f"tcp://127.0.0.1:{port}")
        except zmq.ZMQError as error:
            self._socket.close(linger=0)
            raise DataLinkError(f"cannot bind stream port {port} ({error}); choose a free one") from error

    def put(self, content: Words) -> None:
        try:
            self._socket.send(content.astype("<u8").tobytes())
        except zmq.Again as error:
            self._socket.setsockopt(zmq.SNDTIMEO, 0)
            raise DataLinkError("no client took the stream; its timestamps are lost") from error
        self._socket.setsockopt(zmq.SNDTIMEO, LATER_TIMEOUT_MS)

    def close(self) -> None:
        try:
            self._socket.send(b"", zmq.NOBLOCK)  # end of the stream
        except zmq.Again:
            self._socket.close(linger=0)  # nobody is connected: nobody waits for the end
        else:
            self._socket.close()


class _File:
    """A file of packed u64 or of text lines."""

    def __init__(self, path: Path, as_text: bool) -> None:
        self._as_text = as_text
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        except OSError as error:
            raise DataLinkError(f"cannot write {path.name}: {error.strerror}") from error

    def put(self, content: Words) -> None:
        rows = content.reshape(len(content), -1)
        try:
            if self._as_text:
                self._file.write("".join(";".join(map(str, row)) + "\n" for row in rows.tolist()).encode())
            else:
                self._file.write(content.astype("<u8").tobytes())
        except OSError as error:
            raise DataLinkError(f"cannot write: {error.strerror}") from error

    def close(self) -> None:
        self._file.close()


@dataclass
class _Acquisition:
    channel: int
    target: _Target
    with_index: bool
    last_ps: int
    acquisitions: int = 0
    timestamps: int = 0
    errors: list[str] = field(default_factory=list)


class _Arguments(argparse.ArgumentParser):
    """Complains by DataLinkError in place of leaving the program."""

    def error(self, message: str) -> NoReturn:
        raise DataLinkError(message)


def _parser() -> _Arguments:
    parser = _Arguments(prog="DataLinkTargetService", add_help=False, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", add_help=False)
    for name in ("start-stream", "start-save"):
        start = commands.add_parser(name, add_help=False)
        start.add_argument("--address", required=True)
        start.add_argument("--channel", required=True, type=int, choices=INPUTS)
        start.add_argument("--with-ref-index", action="store_true")
        if name == "start-stream":
            start.add_argument("--stream-port", required=True, type=int)
        else:
            start.add_argument("--filename", required=True)
            start.add_argument("--format", choices=("bin", "ascii"), default="bin")
    for name in ("status", "stop"):
        commands.add_parser(name, add_help=False).add_argument("--id", required=True)
    return parser


class DataLink:
    """The service of one time controller. ``folder``: the only place where start-save writes."""

    def __init__(self, controller: TimeController, context: zmq.Context[zmq.Socket[bytes]], folder: Path) -> None:
        self._controller = controller
        self._context = context
        self._folder = folder
        self._parser = _parser()
        self._active: dict[str, _Acquisition] = {}

    def execute(self, message: str) -> str:
        """JSON answer of one command."""
        try:
            self._controller.settle()
            arguments = self._parser.parse_args(shlex.split(message))
            return json.dumps(self._run(arguments))
        except (DataLinkError, TableError, ValueError) as error:
            return failure(str(error))

    def close(self) -> None:
        """Stop everything."""
        for identity in list(self._active):
            self._stop(identity)

    def _run(self, arguments: argparse.Namespace) -> object:
        if arguments.command == "list":
            return list(self._active)
        if arguments.command == "status":
            return self._status(arguments.id)
        if arguments.command == "stop":
            status = self._status(arguments.id)
            self._stop(arguments.id)
            return {"status": status}
        return {"id": self._start(arguments)}

    def _start(self, arguments: argparse.Namespace) -> str:
        channel: int = arguments.channel
        identity = f"{arguments.address}:{_ID_PORT + channel}"
        if any(acquisition.channel == channel for acquisition in self._active.values()):
            raise DataLinkError(f"channel {channel} already has an acquisition; stop {identity} first")
        if arguments.command == "start-stream":
            target: _Target = _Stream(self._context, arguments.stream_port)
        else:
            target = _File(self._inside(arguments.filename), arguments.format == "ascii")
        acquisition = _Acquisition(channel, target, arguments.with_ref_index, self._controller.now_ps)
        self._active[identity] = acquisition
        self._controller.attach(channel, lambda times, index: self._take(acquisition, times, index))
        return identity

    def _inside(self, filename: str) -> Path:
        path = (self._folder / filename).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise DataLinkError(f"{filename!r} is outside the output folder {self._folder}")
        return path

    def _take(self, acquisition: _Acquisition, times: Times, index: Times) -> None:
        acquisition.last_ps = self._controller.now_ps
        acquisition.acquisitions += 1
        if len(times) == 0:  # an empty message would end the stream
            return
        content = np.stack([times, index], axis=1) if acquisition.with_index else times
        try:
            acquisition.target.put(content.astype(np.uint64))
        except DataLinkError as error:
            acquisition.errors.append(str(error))
        else:
            acquisition.timestamps += len(times)

    def _find(self, identity: str) -> _Acquisition:
        if identity not in self._active:
            raise DataLinkError(f"no acquisition {identity!r}")
        return self._active[identity]

    def _status(self, identity: str) -> dict[str, object]:
        acquisition = self._find(identity)
        return {
            "acquisitions_count": acquisition.acquisitions,
            "timestamps_count": acquisition.timestamps,
            "inactivity": (self._controller.now_ps - acquisition.last_ps) / 1e12,
            "errors": [{"description": text} for text in acquisition.errors],
        }

    def _stop(self, identity: str) -> None:
        acquisition = self._find(identity)
        self._controller.detach(acquisition.channel)
        acquisition.target.close()
        del self._active[identity]
