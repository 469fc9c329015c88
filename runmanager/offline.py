"""Analysis of files that already exist: our run files and photon files of other programs."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis
from runmanager.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.figure import Figure

    from analysis.tag_files import ReadOptions
    from analysis.tags import PhotonRecord, PhotonStream, Progress
    from runmanager.html_report import Section

log = logging.getLogger(__name__)

_STREAM_BYTES = 100_000_000
"""Photon files from this size on are read in chunks: some 25 million photons of a PTU file."""
_SORTED_BYTES = 1_000_000_000
_MOST_CW_PHOTONS = 50_000_000
_CW_BIN_PS, _WIDEST_CW_BIN_PS, _CW_REACH_PS = 500, 5_000, 100_000


@dataclass(frozen=True)
class FileAnalysis:
    """One analysed file. ``exit_status`` and ``duration_s`` are the recorded run's."""

    path: Path
    exit_status: str
    duration_s: float
    analysis: Analysis
    report: Path | None = None

    @property
    def exit_code(self) -> int:
        """0 verdict passed, 1 failed."""
        return 0 if self.analysis.verdict.passed else 1


def analyse_file(
    path: Path,
    *,
    with_report: bool = False,
    options: "ReadOptions | None" = None,
    report: "Progress | None" = None,
) -> FileAnalysis:
    """Analyse one file; BadInputError with one line for a missing, empty, truncated or foreign file.

    ``options``: what a photon file does not say itself; ``report`` is told the progress.
    """
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError

    if path.is_dir():
        raise BadInputError(f"{path} is a folder; name the files in it")
    if not path.is_file():
        raise BadInputError(f"{path}: there is no such file")
    try:
        if _is_run_file(path):
            return _analyse_run(path, with_report)
        return _analyse_photon_file(path, with_report, options, report)
    except (RunFileError, AnalysisError) as error:
        raise BadInputError(str(error)) from error
    except (OSError, MemoryError, RuntimeError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        # What a damaged file does to its reader cannot be foreseen case by case.
        raise BadInputError(
            f"{path}: its content makes no sense ({type(error).__name__}: {error}); it is damaged or not of this kind: "
            "copy it again"
        ) from error


def _is_run_file(path: Path) -> bool:
    """By content, not by name: HDF5 with an /entry group (Photon-HDF5 has none)."""
    import h5py

    if not h5py.is_hdf5(path):
        return False
    try:
        with h5py.File(path, "r") as file:
            return "entry" in file
    except OSError as error:
        raise BadInputError(f"{path}: not a readable HDF5 file ({error}): truncated or damaged?") from error


def _analyse_run(path: Path, with_report: bool) -> FileAnalysis:
    from analysis import registry
    from runfile.reader import RunFile

    with RunFile(path) as recorded:
        found = registry.analyse(recorded)
        report = None
        if with_report:
            report = _write_report(path, recorded.title, found, registry.figure(recorded))
        return FileAnalysis(path, recorded.exit_status, recorded.duration_s, found, report)


def _analyse_photon_file(
    path: Path, with_report: bool, options: "ReadOptions | None", report: "Progress | None"
) -> FileAnalysis:
    """Small files as a whole, others in chunks; one that must be sorted as a whole only if it fits into memory."""
    from analysis.tag_files import OutOfOrderError

    n_bytes = path.stat().st_size
    if n_bytes < _STREAM_BYTES:
        return _analyse_photons(path, with_report, options, report)
    try:
        return _analyse_stream(path, with_report, options, report)
    except OutOfOrderError:
        if n_bytes > _SORTED_BYTES:
            raise
        log.info("%s is out of order by more than 1 ms: read as a whole and sorted", path)
        return _analyse_photons(path, with_report, options, report)


def _analyse_photons(
    path: Path, with_report: bool, options: "ReadOptions | None", report: "Progress | None"
) -> FileAnalysis:
    """The whole record in memory."""
    from analysis import g2, tag_files

    record = tag_files.read(path, options, report)
    light = _light_of_record(record)
    if light.is_cw:
        return _analyse_cw(path, record, with_report, light.warnings)
    found = _with_warnings(g2.analyse_photons(record, light.guess_period_ps), light.warnings)
    page = None
    if with_report:
        sections = _brightness(record, light.guess_period_ps)
        page = _write_report(path, path.name, found, g2.figure(record, light.guess_period_ps), sections)
    return FileAnalysis(path, "completed", record.duration_s, found, page)


def _analyse_stream(
    path: Path, with_report: bool, options: "ReadOptions | None", report: "Progress | None"
) -> FileAnalysis:
    """The same numbers in bounded memory: the file is read several times."""
    from analysis import g2, g2_stream, tag_files
    from analysis.g2_figure import draw
    from analysis.pulsed_stream import survey

    stream = tag_files.open_stream(path, options)
    seen = survey(stream, _share(report, 0.0, 0.2))
    light = _light(seen.related, seen.period_ps, seen.trigger_ps, seen.beginning_ps)
    if light.is_cw:
        record, told = _beginning(stream)
        return _analyse_cw(path, record, with_report, (*light.warnings, *told))
    evaluation = g2_stream.evaluate_stream(stream, seen, light.guess_period_ps, _share(report, 0.2, 1.0))
    found = _with_warnings(g2.analysis_of(evaluation), light.warnings)
    page = _write_report(path, path.name, found, draw(evaluation)) if with_report else None
    return FileAnalysis(path, "completed", seen.duration_s, found, page)


@dataclass(frozen=True)
class _Light:
    """How the light was, as far as file and photons tell: continuous, or pulsed with a period to be refined."""

    is_cw: bool
    guess_period_ps: float | None = None
    warnings: tuple[str, ...] = ()


def _light_of_record(record: "PhotonRecord") -> _Light:
    from analysis.pulse_search import trigger_period_ps

    trigger_ps = trigger_period_ps(record.timestamps_ps[record.channel == 0])
    related = record.sync_index is not None and bool(record.sync_period_ps)
    return _light(related, record.sync_period_ps, trigger_ps, record.timestamps_ps[:1_000_000])


def _light(
    related: bool, period_ps: float | None, trigger_ps: float | None, beginning_ps: "npt.NDArray[np.int64]"
) -> _Light:
    """``beginning_ps``: times of the first million photons, in which pulses are searched for if nothing else tells."""
    from analysis.pulse_search import comb_period_ps

    if related or period_ps or trigger_ps:
        return _Light(is_cw=False)
    found_ps = comb_period_ps(beginning_ps)
    if found_ps is not None:
        told = f"the file does not say that the light was pulsed; the photons do: a period near {found_ps / 1e3:.4g} ns"
        return _Light(is_cw=False, guess_period_ps=found_ps, warnings=(told,))
    told = (
        "the file knows no laser pulses and the photons show none: analysed as continuous (cw) light; were it pulsed "
        "(with a period above 1 µs, say), record the sync"
    )
    return _Light(is_cw=True, warnings=(told,))


def _analyse_cw(path: Path, record: "PhotonRecord", with_report: bool, warnings: tuple[str, ...]) -> FileAnalysis:
    from analysis.errors import AnalysisError
    from analysis.g2_cw_analysis import analyse_cw
    from analysis.pulse_search import whole_steps_ps

    bin_ps = whole_steps_ps(record.timestamps_ps[:1_000_000], _CW_BIN_PS)
    if bin_ps > _WIDEST_CW_BIN_PS:
        raise AnalysisError(
            f"{path}: the file knows no laser pulses and its times come in steps of {bin_ps * 1e-3:.4g} ns, more than "
            f"the {_WIDEST_CW_BIN_PS * 1e-3:.4g} ns that a g2 under continuous light allows; SPC files need their TAC "
            "window (--tac-window-ns)"
        )
    told = warnings
    if with_report:
        told = (*told, "no report page is written for continuous light")
    found = _with_warnings(analyse_cw(record, bin_ps=bin_ps, reach_ps=_CW_REACH_PS // bin_ps * bin_ps), told)
    return FileAnalysis(path, "completed", record.duration_s, found)


def _beginning(stream: "PhotonStream") -> "tuple[PhotonRecord, tuple[str, ...]]":
    """The first 50 million photons, and the warning that the rest is left out, if there is one."""
    import numpy as np

    from analysis.tags import PhotonRecord

    whole = stream.summary()
    times, channels, n_photons = [], [], 0
    for chunk in stream.iter_chunks():
        times.append(chunk.timestamps_ps)
        channels.append(chunk.channel)
        n_photons += chunk.n_photons
        if n_photons >= _MOST_CW_PHOTONS:
            break
    stamps, channel = np.concatenate(times), np.concatenate(channels)
    if n_photons >= whole.n_photons:
        return PhotonRecord(stamps, channel, whole.duration_s, warnings=whole.warnings), ()
    duration_s = float(stamps[-1]) * 1e-12
    told = f"of {whole.n_photons} photons the first {n_photons} are analysed ({duration_s:.4g} s): cw light in memory"
    return PhotonRecord(stamps, channel, duration_s, warnings=whole.warnings), (told,)


def _with_warnings(found: Analysis, warnings: tuple[str, ...]) -> Analysis:
    return replace(found, warnings=(*warnings, *found.warnings))


def _share(report: "Progress | None", start: float, stop: float) -> "Progress | None":
    """The progress of one part of the work."""
    if report is None:
        return None
    return lambda fraction, what: report(start + (stop - start) * fraction, what)


def _brightness(record: "PhotonRecord", guess_period_ps: float | None) -> "tuple[Section, ...]":
    """Blinking and memory of the light; nothing where times cannot be trusted or are too few."""
    from analysis import brightness, pulsed
    from analysis.errors import AnalysisError
    from runmanager.html_report import Section

    photons = pulsed.from_record(record, guess_period_ps)
    if photons.timing_fault:
        return ()
    first, second = photons.detector_1.times_ps, photons.detector_2.times_ps
    try:
        steady = brightness.evaluate(first, second, record.duration_s, period_ps=photons.period_ps)
    except (AnalysisError, ValueError) as error:
        log.info("no section on brightness: %s", error)
        return ()
    caption = (
        "Brightness with the levels between change points; correlation of the detectors on a logarithmic axis; "
        "lengths of the on and off times with the likeliest law."
    )
    heading = "Brightness and memory of the light"
    return (Section("brightness", heading, caption, brightness.figure(steady), steady.results, steady.remarks),)


def _write_report(
    path: Path, title: str, found: Analysis, figure: "Figure", sections: "tuple[Section, ...]" = ()
) -> Path:
    from runmanager.html_report import write_report

    try:
        return write_report(path, title, found, figure, sections=sections)
    except OSError as error:
        raise BadInputError(f"the report beside {path} cannot be written: {error}") from error
