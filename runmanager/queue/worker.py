"""The process that runs a queue: ``python -m runmanager.queue.worker QUEUE [--forever] [--hook CMD] [--detach]``.

With ``--detach`` it starts itself once more, free of the terminal and of the window that asked for it, prints the
number of that process and ends.
"""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the queue; the worst exit code of its entries, 2 when it cannot be run at all."""
    for library in ("OPENBLAS", "MKL", "OMP"):  # before numpy is imported: one thread each, the run needs the others
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(prog="python -m runmanager.queue.worker", description="run a queue")
    parser.add_argument("queue", type=Path, help="the queue's file")
    parser.add_argument("--forever", action="store_true", help="wait for more when the queue is empty")
    parser.add_argument("--hook", help="command to call when an entry has ended")
    parser.add_argument("--detach", action="store_true", help="start a process of its own, print its number and end")
    given = parser.parse_args(arguments)
    if given.detach:
        words = ["--forever"] * given.forever + (["--hook", given.hook] if given.hook is not None else [])
        sys.stdout.write(f"{_detached(given.queue.absolute(), words)}\n")
        return 0
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    return _run(given.queue, forever=given.forever, hook=given.hook)


def _run(queue: Path, *, forever: bool, hook: str | None) -> int:
    from runmanager.errors import BadInputError
    from runmanager.queue.hooks import HookRunner
    from runmanager.queue.runner import run_queue

    try:
        with HookRunner(hook) as call_hooks:
            return run_queue(queue, forever=forever, hook=call_hooks)
    except BadInputError as error:
        sys.stderr.write(f"solotron: {error}\n")
        return 2


def _detached(queue: Path, words: list[str]) -> int:
    """Start the process, its own session or process group, what it says in a file beside the queue; its pid."""
    from runmanager.queue.client import log_path

    command = [sys.executable, "-m", "runmanager.queue.worker", str(queue), *words]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    with log_path(queue).open("ab") as told:
        started = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )
    return started.pid


if __name__ == "__main__":
    sys.exit(main())
