"""``python -m runmanager.manual``: manual control of a bench; speaks JSON lines on standard input and output."""

import argparse
import logging
import sys
from pathlib import Path

from runmanager.manual.service import run_service, standard_streams


def main(arguments: list[str] | None = None) -> int:
    """Run the service; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m runmanager.manual", description=__doc__)
    parser.add_argument("--station", type=Path, help="station file (default: the built-in one on the twin)")
    parser.add_argument("--twin", action="store_true", help="the same models on the simulated table")
    parser.add_argument("--sample", help="sample file or name, of the twin")
    parser.add_argument("--seed", type=int, default=1, help="seed of the twin")
    parser.add_argument("--without", action="append", default=[], metavar="ROLE", help="do not connect this role")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s: %(message)s")
    commands, replies = standard_streams()
    return run_service(
        options.station,
        twin=options.twin,
        sample=options.sample,
        seed=options.seed,
        without=tuple(options.without),
        commands=commands,
        replies=replies,
    )


if __name__ == "__main__":
    raise SystemExit(main())
