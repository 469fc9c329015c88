"""Analysis of files that already exist: our run files and photon files of other programs."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis
from runmanager.errors import BadInputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.tags import PhotonRecord
    from runmanager.html_report import Section

log = logging.getLogger(__name__)


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


def analyse_file(path: Path, *, with_report: bool = False) -> FileAnalysis:
    """Analyse one file; BadInputError with one line for a missing, empty, truncated or foreign file."""
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError

    if path.is_dir():
        raise BadInputError(f"{path} is a folder; name the files in it")
    if not path.is_file():
        raise BadInputError(f"{path}: there is no such file")
    try:
        if _is_run_file(path):
            return _analyse_run(path, with_report)
        return _analyse_photons(path, with_report)
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


def _analyse_photons(path: Path, with_report: bool) -> FileAnalysis:
    from analysis import g2, tag_files

    record = tag_files.read(path)
    found = g2.analyse_photons(record)
    report = None
    if with_report:
        sections = _brightness(record)
        report = _write_report(path, path.name, found, g2.figure(record), sections)
    return FileAnalysis(path, "completed", record.duration_s, found, report)


def _brightness(record: "PhotonRecord") -> "tuple[Section, ...]":
    """Blinking and memory of the light; nothing where times cannot be trusted or are too few."""
    from analysis import brightness, pulsed
    from analysis.errors import AnalysisError
    from runmanager.html_report import Section

    photons = pulsed.from_record(record)
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
