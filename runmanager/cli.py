"""The ``solotron`` command. Heavy imports happen inside the commands, so that ``--help`` answers at once."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from procedures.errors import StoppedError
from runmanager import analyze_command
from runmanager.catalogue import cli as catalogue_cli
from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from runmanager.engine import RunRequest

HIGHEST_SEED = 2**63 - 1  # what the run file can hold

EPILOG = """\
exit codes: 0 completed and verdict passed; 1 completed, verdict failed; 2 bad input (nothing moved);
3 the run failed or was stopped (safe state reached, data kept); 4 safe state NOT confirmed: act by hand.
"""


# The matrices here are small: a second thread in the linear algebra only waits for the first, and on a busy
# machine makes everything many times slower. Read when numpy is first imported.
for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        options = build_parser().parse_args(words)
        return int(options.handler(options))
    except BadInputError as error:
        return _give_up(_one_line(str(error)), code=2, as_json="--json" in words)
    except (KeyboardInterrupt, StoppedError):
        return _give_up("stopped by the operator; nothing was moving", code=3, as_json="--json" in words)
    except BrokenPipeError:
        _discard_stdout()
        return 1


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give_up(message: str, *, code: int, as_json: bool) -> int:
    """One line on stderr; with --json also the one object on stdout that a script waits for."""
    print(f"solotron: {message}", file=sys.stderr)
    if as_json:
        from runmanager import output

        output.print_refusal(message)
    return code


def _one_line(text: str) -> str:
    return " ".join(text.split())


def build_parser() -> argparse.ArgumentParser:
    """The command line; stable, because scripts depend on it."""
    parser = _Parser(
        prog="solotron",
        description="Experiments on single-dopant quantum dots, on the bench or on its digital twin.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    listing = commands.add_parser("procedures", help="list what can be measured")
    listing.add_argument("name", nargs="?", metavar="PROCEDURE", help="show the parameters of this one")
    listing.set_defaults(handler=_procedures)

    run = commands.add_parser("run", help="run an experiment")
    _add_run_options(run)
    run.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="output folder (default: runs)")
    run.set_defaults(handler=_run)

    dry = commands.add_parser("dry-run", help="forecast on the twin: duration, photons, standard errors, violations")
    _add_run_options(dry)
    dry.set_defaults(handler=_dry_run)

    analyze_command.add_parser(commands)

    runs = commands.add_parser("runs", aliases=["catalogue"], help="the measurements of a folder, searched and listed")
    catalogue_cli.add_options(runs)
    runs.set_defaults(handler=catalogue_cli.run)

    exporting = commands.add_parser("export", help="write the photons of a file in an exchange format")
    exporting.add_argument("file", type=Path, metavar="FILE")
    exporting.add_argument("--photon-hdf5", action="store_true", required=True, help="Photon-HDF5 0.5")
    exporting.add_argument("--out", type=Path, metavar="FILE", help="name of the new file (default: beside FILE)")
    analyze_command.add_reading_options(exporting)
    exporting.add_argument("--laser-rate-hz", type=float, metavar="HZ", help="repetition rate, where the file has none")
    exporting.add_argument("--json", action="store_true", help="one JSON object on stdout")
    exporting.set_defaults(handler=_export)

    _add_station_commands(commands)
    _add_bench_commands(commands)

    from runmanager.queue import cli as queue_cli

    queue_cli.register(commands, run_options=_add_run_options, setting=_setting, seed=_seed)

    window = commands.add_parser("gui", help="the window: queue, live plots, history, instruments")
    window.add_argument("--queue", type=Path, metavar="FILE", help="the queue's file (default: as 'solotron queue')")
    window.set_defaults(handler=_gui)

    validation = commands.add_parser("validate", help="the physics validation table: value, expected, origin, outcome")
    validation.add_argument("--json", action="store_true", help="one JSON object on stdout")
    validation.set_defaults(handler=_validate)
    return parser


def _add_station_commands(commands: "argparse._SubParsersAction[Any]") -> None:
    station = commands.add_parser("station", help="the real bench").add_subparsers(
        dest="station_command", metavar="COMMAND", required=True
    )
    check = station.add_parser("check", help="connect, identify, read status; changes nothing")
    check.add_argument("--station", type=Path, metavar="FILE", help="station file (default: the built-in twin)")
    check.add_argument("--twin", action="store_true", help="the same models on the simulated table")
    check.add_argument("--json", action="store_true", help="one JSON object on stdout")
    check.set_defaults(handler=_station_check)
    safe = station.add_parser("safe", help="bring whatever answers into the safe state, say what to do by hand")
    safe.add_argument("--station", type=Path, metavar="FILE", help="station file (default: the built-in twin)")
    safe.add_argument("--twin", action="store_true", help="the same models on the simulated table")
    safe.add_argument("--json", action="store_true", help="one JSON object on stdout")
    safe.set_defaults(handler=_station_safe)
    template = station.add_parser("template", help="print the station file to copy and edit")
    template.set_defaults(handler=_station_template)


def _add_bench_commands(commands: "argparse._SubParsersAction[Any]") -> None:
    bench = commands.add_parser("bench", help="the simulated bench").add_subparsers(
        dest="bench_command", metavar="COMMAND", required=True
    )
    serving = bench.add_parser(
        "serve", help="the twin's instruments on real TCP, serial and ZeroMQ endpoints, loopback"
    )
    serving.add_argument("--station", type=Path, metavar="FILE", help="station file (default: the built-in one)")
    serving.add_argument("--sample", metavar="FILE", help="sample file, or the name of a built-in sample")
    serving.add_argument("--seed", type=_seed, default=1, metavar="N", help="seed of the twin (default: 1)")
    serving.add_argument("--faults", type=Path, metavar="FILE", help="what shall go wrong (docs: faults)")
    serving.add_argument("--speed", type=float, default=1.0, metavar="X", help="bench seconds per second (default: 1)")
    serving.add_argument("--json", action="store_true", help="one JSON line with all endpoints on stdout")
    serving.set_defaults(handler=_bench_serve)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("procedure", metavar="PROCEDURE", help="see 'solotron procedures'")
    parser.add_argument("--station", type=Path, metavar="FILE", help="station file (default: the built-in twin)")
    parser.add_argument("--twin", action="store_true", help="the same models on the simulated table")
    parser.add_argument("--sample", metavar="FILE", help="sample file, or the name of a built-in sample")
    parser.add_argument("--seed", type=_seed, default=1, metavar="N", help="seed of the twin (default: 1)")
    parser.add_argument(
        "--set", dest="settings", type=_setting, action="append", default=[], metavar="NAME=VALUE",
        help="set a parameter, e.g. --set duration=60 or --set 'duration=60 s'",
    )  # fmt: skip
    parser.add_argument("--faults", type=Path, metavar="FILE", help="twin only: what shall go wrong (docs: faults)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, all else on stderr")


class _Parser(argparse.ArgumentParser):
    """Complains in one line, as everything else does, instead of printing the usage."""

    def error(self, message: str) -> NoReturn:
        raise BadInputError(f"{message}; see '{self.prog} --help'")


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **rest: object) -> None:
        super().__init__(option_strings, dest, nargs=0, help=str(rest.get("help")))

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        print(f"solotron {metadata.version('solotron')}")
        parser.exit()


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the seed must be a whole number >= 0, not '{text}'") from error
    if not 0 <= seed <= HIGHEST_SEED:
        raise argparse.ArgumentTypeError(f"the seed must be a whole number from 0 to {HIGHEST_SEED}, not {seed}")
    return seed


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=VALUE")
    return name.strip(), value.strip()


def _request(options: argparse.Namespace, out: Path) -> "RunRequest":
    from runmanager.engine import RunRequest

    return RunRequest(
        procedure=options.procedure,
        station=options.station,
        twin=options.twin,
        sample=options.sample,
        seed=options.seed,
        settings=tuple(options.settings),
        out=out,
        faults=options.faults,
    )


def _procedures(options: argparse.Namespace) -> int:
    from runmanager import output

    output.print_procedures(options.name)
    return 0


def _run(options: argparse.Namespace) -> int:
    from runmanager import engine, output
    from runmanager.interrupt import StopRequest, stop_on_signals
    from runmanager.progress import progress_bar

    with progress_bar(options.procedure) as report:
        outcome = engine.run(_request(options, options.out), report=report)
    with stop_on_signals(StopRequest()):  # the run is over: a late Ctrl-C must not swallow how it ended
        try:
            output.print_outcome(outcome, as_json=options.json)
            sys.stdout.flush()
        except BrokenPipeError:  # nobody reads on; the exit code still tells
            _discard_stdout()
    return outcome.exit_code


def _dry_run(options: argparse.Namespace) -> int:
    from runmanager import forecast, output
    from runmanager.progress import progress_bar

    with progress_bar(f"dry run of {options.procedure}") as report:
        prediction = forecast.forecast(_request(options, Path()), report=report)
    output.print_forecast(prediction, as_json=options.json)
    return prediction.exit_code


def _export(options: argparse.Namespace) -> int:
    from runmanager import photon_export

    request = photon_export.ExportRequest(
        file=options.file,
        out=options.out,
        time_unit_ps=options.time_unit_ps,
        separator=options.separator,
        header_lines=options.header_lines,
        tac_window_ns=options.tac_window_ns,
        laser_rate_hz=options.laser_rate_hz,
    )
    return photon_export.export(request, as_json=options.json)


def _station_safe(options: argparse.Namespace) -> int:
    import json

    from runmanager import station_safe

    found = station_safe.rescue(options.station, twin=options.twin)
    if options.json:
        print(json.dumps(found.as_object()))
    else:
        print("\n".join(found.report.lines()))
    if found.instructions:
        print(f"solotron: SAFE STATE NOT CONFIRMED. Do this by hand now: {found.instructions}", file=sys.stderr)
    return found.exit_code


def _station_check(options: argparse.Namespace) -> int:
    from runmanager import output, station_check

    findings = station_check.check(options.station, twin=options.twin)
    output.print_station(findings, as_json=options.json)
    return 0 if findings.passed else 1


def _bench_serve(options: argparse.Namespace) -> int:
    from runmanager import serve

    return serve.serve(
        options.station,
        sample=options.sample,
        seed=options.seed,
        speed=options.speed,
        faults=options.faults,
        as_json=options.json,
    )


def _gui(options: argparse.Namespace) -> int:
    from runmanager.gui import start

    return start.start(options.queue)


def _validate(options: argparse.Namespace) -> int:
    from runmanager import validate

    return validate.run(as_json=options.json)


def _station_template(options: argparse.Namespace) -> int:
    from instruments import station

    print(station.TEMPLATE.read_text(encoding="utf-8"), end="")
    return 0
