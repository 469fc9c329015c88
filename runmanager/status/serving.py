"""``solotron queue status-page``: the page of one queue until SIGTERM or Ctrl-C."""

import json
import os
import sys
import threading
import time
from pathlib import Path

from runmanager.errors import BadInputError
from runmanager.interrupt import StopRequest, stop_on_signals
from runmanager.queue.store import QueueStore
from runmanager.status.server import StatusServer
from runmanager.status.snapshot import Snapshot, take

TOKEN_VARIABLE = "SOLOTRON_STATUS_TOKEN"  # noqa: S105 - the name of a variable
LOOKED_BACK = 500
"""Ended entries in which the newest word on each bench is looked for."""


def look_at(queue: Path) -> Snapshot:
    """The queue as it is now; what a dead process was running is marked first. BadInputError if it cannot be read."""
    if not queue.exists():
        raise BadInputError(f"there is no queue at {queue}: name its file with --queue, or add a run first")
    with QueueStore(queue) as store:
        store.recover()
        return take(
            store.running(), store.queued(), store.history(LOOKED_BACK), held=store.is_paused(), now=time.time()
        )


def serve(queue: Path, *, host: str, port: int, token: str | None, as_json: bool) -> int:
    """Serve until asked to stop; exit code 0. BadInputError before anything listens."""
    token = os.environ.get(TOKEN_VARIABLE, "") if token is None else token
    look_at(queue)
    stop = StopRequest()
    with stop_on_signals(stop), StatusServer(lambda: look_at(queue), host=host, port=port, token=token) as server:
        thread = threading.Thread(target=server.serve_forever, name="status page")
        thread.start()
        try:
            _announce(server.url, as_json=as_json)
            stop.wait(None)
        finally:
            server.shutdown()
            thread.join()
    return 0


def _announce(url: str, *, as_json: bool) -> None:
    print(json.dumps({"url": url}) if as_json else url, flush=True)
    print("serving until Ctrl-C or SIGTERM; the page can be read, not used to change anything", file=sys.stderr)
