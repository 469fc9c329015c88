"""``solotron bench serve``: the twin's instruments on real endpoints until SIGTERM or Ctrl-C."""

import json
import sys
from pathlib import Path
from typing import Any

from instruments.errors import StationError
from runmanager.assemble import read_faults, read_station
from runmanager.errors import BadInputError
from runmanager.interrupt import StopRequest, stop_on_signals
from runmanager.samples import read_sample
from sims import twin as twins
from sims.serve.clock import PacedClock
from sims.serve.server import BenchServer


def serve(
    station: Path | None, *, sample: str | None, seed: int, speed: float, faults: Path | None, as_json: bool
) -> int:
    """Start the twin of a station, say where everything listens, and serve until asked to stop; exit code 0.

    ``speed``: bench seconds per real second; ``faults``: a fault file. Raises BadInputError before anything listens.
    """
    stop = StopRequest()
    with stop_on_signals(stop):
        try:
            config = read_station(station, twin=True)
            sheet = read_sample(sample, twin=True)
            clock = PacedClock(speed)
            twin = twins.start(
                sheet.sample,
                seed=seed,
                table=config.table,
                wiring=config.wiring.model_dump(),
                clock=clock,
                faults=read_faults(faults, twin=True),
            )
        except (StationError, ValueError) as error:
            raise BadInputError(str(error)) from error
        with twin, BenchServer(twin) as server:
            _announce(server.descriptions(), as_json=as_json)
            stop.wait(None)
    return 0


def _announce(endpoints: dict[str, dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(endpoints), flush=True)
        return
    for name, where in endpoints.items():
        print(f"{name:<16} {_address(where)}")
    print("serving until Ctrl-C or SIGTERM; the camera has no wire and is not served", file=sys.stderr)
    sys.stdout.flush()


def _address(where: dict[str, Any]) -> str:
    if where["transport"] == "tcp":
        return f"TCPIP::{where['host']}::{where['port']}::SOCKET"
    if where["transport"] == "serial":
        return f"{where['port']} (ASRL{where['port']}::INSTR)"
    return f"{where['endpoint']}, data link {where['data_link']}"
