"""What all client programs share: addresses, a fair comparison, one line about the work done.

These programs run in environments of their own and know nothing of solotron: they speak to a socket or a serial
line through somebody else's driver, as they would to the instrument.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

Endpoint = dict[str, Any]
"""One entry of what ``bench serve --json`` prints."""


def visa_address(where: Endpoint) -> str:
    """VISA resource name of a served endpoint, for the backend "@py"."""
    if where["transport"] == "serial":
        return f"ASRL{where['port']}::INSTR"
    return f"TCPIP0::{where['host']}::{where['port']}::SOCKET"


def close_to(what: str, value: float, expected: float, tolerance: float) -> None:
    """AssertionError that names the quantity unless ``value`` is within ``tolerance`` of ``expected``."""
    if not abs(value - expected) <= tolerance:
        raise AssertionError(f"{what} reads {value}, expected {expected} +- {tolerance}")


def must(what: str, holds: object) -> None:
    """AssertionError that says ``what`` unless it ``holds``."""
    if not holds:
        raise AssertionError(what)


def wait(what: str, condition: Callable[[], bool], timeout_s: float = 600.0, poll_s: float = 0.1) -> None:
    """Poll until ``condition()``; AssertionError after ``timeout_s`` real seconds."""
    end = time.monotonic() + timeout_s
    while not condition():
        must(f"{what} within {timeout_s:g} s", time.monotonic() < end)
        time.sleep(poll_s)


def main(clients: dict[str, Callable[[Endpoint], str]]) -> None:
    """Run the client named on the command line on the endpoint given as JSON; last line: what it did or why not."""
    name, where = sys.argv[1], json.loads(sys.argv[2])
    try:
        print(clients[name](where))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the outcome
        traceback.print_exc()
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        sys.exit(1)
