"""``solotron analyze``: options of the command line and what they do. Heavy imports happen when it runs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runmanager.errors import BadInputError
from runmanager.photon_wishes import PhotonWishes, gate_of, jitter_of

if TYPE_CHECKING:
    from analysis.tag_files import ReadOptions

__all__ = ["add_parser", "add_reading_options", "reading_options"]


def add_parser(commands: Any) -> None:  # noqa: ANN401 - argparse has no public type for it
    """Put ``analyze`` among the commands."""
    analyse = commands.add_parser("analyze", aliases=["analyse"], help="analyse run files, PTU or Photon-HDF5")
    analyse.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file, or a folder with measurements")
    analyse.add_argument("--json", action="store_true", help="one JSON object on stdout")
    analyse.add_argument(
        "--report", action="store_true", help="write an HTML page, figures and a JSON file beside each file"
    )
    analyse.add_argument("--jobs", type=int, metavar="N", help="files side by side (default: one a processor)")
    analyse.add_argument("--scheduler", metavar="ADDRESS", help="analyse on a Dask cluster, e.g. tcp://host:8786")
    analyse.add_argument(
        "--gate-ns", metavar="START:STOP", help="pulsed light: also g2(0) of photons START to STOP ns after their pulse"
    )
    analyse.add_argument(
        "--irf",
        action="append",
        type=Path,
        metavar="FILE",
        help="measured response: lifetimes through it (pulsed light), g2(0) through it (continuous light)",
    )
    analyse.add_argument(
        "--irf-bin-ps", type=float, metavar="PS", help="bin width of a response in text that does not say it"
    )
    analyse.add_argument(
        "--jitter-ps",
        metavar="SIGMA[:TAIL][,SIGMA[:TAIL]]",
        help="continuous light: the detectors' timing errors, standard deviation and exponential tail",
    )
    add_reading_options(analyse)
    analyse.set_defaults(handler=_analyse)


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """What a photon file does not say itself."""
    parser.add_argument("--time-unit-ps", type=float, metavar="PS", help="text and quTAG files: what one count is")
    parser.add_argument("--separator", metavar="CHARACTER", help="text files (default: white space)")
    parser.add_argument("--header-lines", type=int, default=0, metavar="N", help="text files: lines to skip")
    parser.add_argument("--tac-window-ns", type=float, metavar="NS", help="SPC files without their set-up file")


def reading_options(options: argparse.Namespace) -> "ReadOptions | None":
    """None where the command line says nothing about the file; BadInputError for what makes no sense."""
    unit_ps, tac_ns = options.time_unit_ps, options.tac_window_ns
    if unit_ps is None and (options.separator is not None or options.header_lines):
        raise BadInputError("--separator and --header-lines are for text files, which need --time-unit-ps, too")
    if unit_ps is None and tac_ns is None:
        return None
    from analysis.tag_files import ReadOptions, SpcFormat, TextFormat

    try:
        text = None if unit_ps is None else TextFormat(unit_ps, options.separator, options.header_lines)
        spc = None if tac_ns is None else SpcFormat(tac_ns)
        return ReadOptions(text=text, spc=spc, qutag_unit_ps=1.0 if unit_ps is None else unit_ps)
    except ValueError as error:
        raise BadInputError(str(error)) from error


def _wishes(options: argparse.Namespace) -> PhotonWishes:
    gate_ns = None if options.gate_ns is None else gate_of(options.gate_ns)
    jitter_ps = None if options.jitter_ps is None else jitter_of(options.jitter_ps)
    responses = options.irf or [None]
    if len(responses) > 1:
        raise BadInputError(f"--irf is given {len(responses)} times; one response holds for all files of a call")
    return PhotonWishes(gate_ns, responses[0], options.irf_bin_ps, jitter_ps)


def _analyse(options: argparse.Namespace) -> int:
    from runmanager import batch, offline, output
    from runmanager.progress import progress_bar

    reading = reading_options(options)
    wishes = _wishes(options)
    files = batch.find_files(options.files, reading)
    if wishes.response is not None:  # the response may lie in the folder of the measurements
        files = tuple(each for each in files if each.resolve() != wishes.response.resolve())
        if not files:
            raise BadInputError(f"{wishes.response} is the response; name the measurement, too")
    if len(files) == 1 and options.scheduler is None and not options.files[0].is_dir():
        with progress_bar(f"analyze {files[0].name}") as report:
            found = offline.analyse_file(
                files[0], with_report=options.report, options=reading, wishes=wishes, report=report
            )
        output.print_analyses([found], as_json=options.json, several=False)
        return found.exit_code
    if wishes.response is not None:
        wishes = replace(wishes, response=wishes.response.resolve())
    with progress_bar("analyze") as report:
        outcomes = batch.analyse_all(
            files,
            with_report=options.report,
            options=reading,
            wishes=wishes,
            jobs=options.jobs,
            scheduler=options.scheduler,
            report=report,
        )
    for outcome in outcomes:
        if outcome.refusal:
            print(f"solotron: {outcome.refusal}", file=sys.stderr)
    analyses = [outcome.found for outcome in outcomes if outcome.found is not None]
    output.print_analyses(analyses, as_json=options.json, several=True)
    return 2 if len(analyses) < len(outcomes) else max(analysis.exit_code for analysis in analyses)
