"""``solotron export FILE --photon-hdf5``: the photons of any file that can be read, as Photon-HDF5."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from analysis.photon_hdf5_export import ExportDetails
    from analysis.tag_files import ReadOptions
    from analysis.tags import PhotonStream, Progress, StreamSummary


@dataclass(frozen=True)
class ExportRequest:
    """What the command line asks for; None and 0 where nothing was said."""

    file: Path
    out: Path | None = None
    time_unit_ps: float | None = None
    separator: str | None = None
    header_lines: int = 0
    tac_window_ns: float | None = None
    laser_rate_hz: float | None = None


def export(request: ExportRequest, *, as_json: bool = False) -> int:
    """Write the file, tell what was written; returns 0. BadInputError in one line for whatever cannot be done."""
    from analysis.errors import AnalysisError
    from runmanager.progress import progress_bar

    out = request.out or request.file.with_name(f"{request.file.stem}.photon.hdf5")
    try:
        with progress_bar(f"export of {request.file.name}") as report:
            summary = _write(request, out, report)
    except (AnalysisError, ValueError) as error:
        raise BadInputError(str(error)) from error
    for warning in summary.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if as_json:
        counts = {str(number): count for number, count in summary.counts.items()}
        told = {"file": str(out), "counts": counts, "duration_s": summary.duration_s, "warnings": summary.warnings}
        print(json.dumps(told))
    else:
        print(f"{out}: {summary.n_photons} photons on channels {', '.join(map(str, summary.counts))}")
    return 0


def _write(request: ExportRequest, out: Path, report: "Progress") -> "StreamSummary":
    from analysis.photon_hdf5_export import export_photon_hdf5
    from analysis.tag_files import OutOfOrderError, open_stream, read
    from analysis.tags import RecordStream

    options = _options(request)
    stream = open_stream(request.file, options)
    details = _details(request, stream)
    try:
        return export_photon_hdf5(stream, out, details, report)
    except OutOfOrderError:  # then it must be sorted as a whole
        return export_photon_hdf5(RecordStream(read(request.file, options)), out, details, report)


def _options(request: ExportRequest) -> "ReadOptions":
    from analysis.tag_files import ReadOptions, SpcFormat, TextFormat

    unit_ps = request.time_unit_ps
    text = None
    if unit_ps is not None:
        text = TextFormat(unit_ps, separator=request.separator, header_lines=request.header_lines)
    spc = None if request.tac_window_ns is None else SpcFormat(request.tac_window_ns)
    return ReadOptions(text=text, spc=spc, qutag_unit_ps=1.0 if unit_ps is None else unit_ps)


def _details(request: ExportRequest, stream: "PhotonStream") -> "ExportDetails":
    from analysis.photon_hdf5_export import ExportDetails

    names = stream.metadata.get("channels")
    triggers: tuple[int, ...] = ()
    if isinstance(names, dict):  # a run file says what is connected
        triggers = tuple(number for name, number in names.items() if not name.startswith("detector"))
    return ExportDetails(
        description=f"photons of {request.file.name}",
        laser_repetition_rate_hz=request.laser_rate_hz,
        non_photon_channels=triggers,
        source_name=request.file.name,
    )
