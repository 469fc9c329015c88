"""The words of ``solotron queue …``; what they do is in ``cli_commands``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runmanager.queue import cli_commands

if TYPE_CHECKING:
    from runmanager.queue.entries import Target

Setting = Callable[[str], tuple[str, str]]
Seed = Callable[[str], int]
UNTIL_HELP = "end as soon as the standard error of this result is at most so much (in the result's unit)"


def register(
    commands: "argparse._SubParsersAction[Any]",
    *,
    run_options: Callable[[argparse.ArgumentParser], None],
    setting: Setting,
    seed: Seed,
) -> None:
    """Add ``queue`` and its subcommands; the options of a run are those of ``solotron run``."""
    queue = commands.add_parser("queue", help="a night of measurements: queue, forecast, run, what came of it")
    inner = queue.add_subparsers(dest="queue_command", metavar="COMMAND", required=True)

    def command(name: str, text: str, handler: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = inner.add_parser(name, help=text)
        made.add_argument("--queue", type=Path, metavar="FILE", help="queue file (default: ./solotron-queue.sqlite)")
        made.set_defaults(handler=handler)
        return made

    adding = command("add", "queue an experiment, or a scan of it", cli_commands.add)
    run_options(adding)
    _add_adding_options(adding)

    listing = command("list", "what runs and what waits", cli_commands.list_entries)
    listing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    showing = command("show", "all about one entry", cli_commands.show)
    showing.add_argument("--json", action="store_true", help="one JSON object on stdout")
    history = command("history", "what has ended, newest first", cli_commands.history)
    history.add_argument("--limit", type=_count, default=50, metavar="N", help="at most so many (default: 50)")
    history.add_argument("--json", action="store_true", help="one JSON object on stdout")

    moving = command("move", "change the order", cli_commands.move)
    removing = command("remove", "take entries out of the queue or the history; run files stay", cli_commands.remove)
    editing = command("edit", "change a queued entry", cli_commands.edit)
    _add_editing_options(editing, setting, seed)
    copies = (
        command("duplicate", "the same once more, behind the original", cli_commands.duplicate),
        command("repeat", "an ended entry once more, from its start", cli_commands.repeat),
        command(
            "resume", "go on with an interrupted, aborted or failed entry where its run file ends", cli_commands.resume
        ),
        command("confirm", "let an entry run although its forecast names violations", cli_commands.confirm),
    )
    for one in (showing, moving, editing):
        one.add_argument("id", type=int, metavar="ID")
    for several in (removing, *copies):
        several.add_argument("ids", type=int, nargs="+", metavar="ID")
    _add_places(moving)

    command("forecast", "make the missing forecasts now: each entry on the twin", cli_commands.forecast)
    running = command("run", "run what is queued; exit code: the worst of the entries", cli_commands.run)
    _add_running_options(running)
    command("pause", "start nothing new; what runs stops at its next safe checkpoint, in the dark", cli_commands.pause)
    command("continue", "let a paused queue go on", cli_commands.go_on)
    command("abort", "end what runs: safe state, data kept; the queue goes on with the next", cli_commands.abort)
    _add_status_page_options(command("status-page", "a read-only page for a phone or an office", _status_page))


def _add_places(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--first", action="store_true", help="to the front")
    where.add_argument("--before", type=int, metavar="ID", help="in front of this entry")
    where.add_argument("--last", action="store_true", help="to the end")


def _add_status_page_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="default: this computer only")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--token", metavar="TEXT", help="needed beyond this computer (or SOLOTRON_STATUS_TOKEN)")
    parser.add_argument("--json", action="store_true", help="the address as one JSON line")


def _status_page(options: argparse.Namespace) -> int:
    from runmanager.queue import store
    from runmanager.status import serving

    queue = options.queue if options.queue is not None else store.default_path()
    return serving.serve(queue, host=options.host, port=options.port, token=options.token, as_json=options.json)


def _add_adding_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="output folder (default: runs)")
    parser.add_argument("--until", type=_target, action="append", default=[], metavar="NAME=STDERR", help=UNTIL_HELP)
    parser.add_argument(
        "--scan", action="append", default=[], metavar="NAME=A:B:N",
        help="one run a value: NAME=first:last:n, NAME=first:last:n:log or NAME=value,value,…; several: their product",
    )  # fmt: skip
    parser.add_argument("--control", metavar="NAME", help="as a control, e.g. 'laser blocked'")
    parser.add_argument(
        "--forecast", action="store_true", help="make the forecasts at once; 2 when they name violations"
    )


def _add_editing_options(parser: argparse.ArgumentParser, setting: Setting, seed: Seed) -> None:
    parser.add_argument("--set", dest="settings", type=setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--unset", action="append", default=[], metavar="NAME", help="back to the default")
    parser.add_argument("--until", type=_target, action="append", metavar="NAME=STDERR", help=UNTIL_HELP)
    parser.add_argument("--no-until", action="store_true", help="no target: the whole duration")
    parser.add_argument("--control", metavar="NAME", help="as a control, e.g. 'laser blocked'")
    parser.add_argument("--station", type=Path, metavar="FILE", help="station file")
    parser.add_argument("--twin", action=argparse.BooleanOptionalAction, default=None, help="on the simulated table")
    parser.add_argument("--sample", metavar="FILE", help="sample file, or the name of a built-in sample")
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the twin")
    parser.add_argument("--out", type=Path, metavar="DIR", help="output folder")


def _add_running_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="one entry only")
    parser.add_argument("--forever", action="store_true", help="wait for new entries when the queue is empty")
    parser.add_argument(
        "--hook", metavar="COMMAND",
        help="run this when an entry has ended, with the entry as JSON on its input (default: SOLOTRON_HOOK)",
    )  # fmt: skip
    parser.add_argument("--notify", action="store_true", help="desktop notification and terminal bell at each end")


def _target(text: str) -> "Target":
    from runmanager.queue.entries import Target

    name, equals, value = text.partition("=")
    try:
        stderr = float(value)
    except ValueError:
        stderr = 0.0
    if not equals or not name.strip() or not 0.0 < stderr < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=STDERR with a standard error above 0")
    return Target(name.strip(), stderr)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)
