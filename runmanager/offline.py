"""Analysis of files that already exist: our run files and photon files of other programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfile.results import Analysis
from runmanager.errors import BadInputError
from runmanager.photon_wishes import PhotonWishes, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from analysis.tag_files import ReadOptions
    from analysis.tags import Progress
    from runfile.reader import RunFile
    from runmanager.html_report import Section

STREAM_TAGS = 25_000_000
"""Run files with so many time tags are read in chunks."""


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
    wishes: PhotonWishes | None = None,
    report: "Progress | None" = None,
) -> FileAnalysis:
    """Analyse one file; BadInputError with one line for a missing, empty, truncated or foreign file.

    ``options``: what a photon file does not say itself; ``wishes``: what is wanted of pulsed photons beyond the usual;
    ``report`` is told the progress.
    """
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError

    if path.is_dir():
        raise BadInputError(f"{path} is a folder; name the files in it")
    if not path.is_file():
        raise BadInputError(f"{path}: there is no such file")
    wanted = wishes or PhotonWishes()
    if wanted.response is not None and wanted.response.is_dir():
        raise BadInputError(f"{wanted.response} is a folder; --irf names one file, the response")
    if wanted.response is not None and not wanted.response.is_file():
        raise BadInputError(f"{wanted.response}: there is no such file to read the response from")
    try:
        if _is_run_file(path):
            return _analyse_run(path, with_report, wanted, report)
        return _analyse_photons(path, with_report, options, wanted, report)
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


def _analyse_run(path: Path, with_report: bool, wishes: PhotonWishes, report: "Progress | None") -> FileAnalysis:
    from analysis import registry
    from runfile.reader import RunFile

    with RunFile(path) as recorded:
        if wishes.any or _is_long(recorded) or (with_report and _has_photons_of_g2(recorded)):
            found, sections, drawn = _evaluated(recorded, wishes, with_report, report)
        else:
            found, sections = registry.analyse(recorded), ()
            drawn = registry.figure(recorded) if with_report else None
        page = None
        if drawn is not None:
            page = _write_report(path, recorded.title, found, drawn, sections, words_of(None, wishes))
        return FileAnalysis(path, recorded.exit_status, recorded.duration_s, found, page)


def _has_photons_of_g2(recorded: "RunFile") -> bool:
    """Whether this is a g2 run with tags (of a control run only the counts are taken)."""
    no_control = recorded.parameters.get("control", "none") == "none"
    return recorded.procedure == "g2" and no_control and recorded.has_tags()


def _is_long(recorded: "RunFile") -> bool:
    """Whether this is a g2 run whose tags are better read in chunks."""
    from analysis.readers.run_file import RunSource

    return _has_photons_of_g2(recorded) and RunSource(recorded.path).n_tags >= STREAM_TAGS


def _evaluated(
    recorded: "RunFile", wishes: PhotonWishes, with_report: bool, report: "Progress | None"
) -> "tuple[Analysis, tuple[Section, ...], Figure | None]":
    """A g2 run as any pulsed photons; BadInputError for other runs."""
    from analysis import g2, g2_figure, g2_stream, pulsed
    from runmanager import photon_analysis

    if recorded.procedure != "g2":
        raise BadInputError(
            f"{recorded.path}: --gate-ns, --irf and --jitter-ps are for photons, this is a {recorded.procedure} run"
        )
    wishes.refuse_for_pulses(recorded.path)
    until = 0.7 if with_report or wishes.gate_ns is not None else 1.0
    if _is_long(recorded):
        evaluation = g2_stream.evaluate_run(recorded, photon_analysis.share(report, 0.0, until))
    else:
        evaluation = g2.evaluate_photons(pulsed.from_run(recorded))
    analysis, sections = photon_analysis.further(
        evaluation, wishes, with_report=with_report, report=photon_analysis.share(report, until, 1.0)
    )
    return analysis, sections, g2_figure.draw(evaluation) if with_report else None


def _analyse_photons(
    path: Path,
    with_report: bool,
    options: "ReadOptions | None",
    wishes: PhotonWishes,
    report: "Progress | None",
) -> FileAnalysis:
    from runmanager import photon_analysis

    found = photon_analysis.analyse(photon_analysis.PhotonFile(path, with_report, options, wishes, report))
    page = None
    if found.figure is not None:
        words = words_of(options, wishes)
        page = _write_report(path, path.name, found.analysis, found.figure, found.sections, words)
    return FileAnalysis(path, "completed", found.duration_s, found.analysis, page)


def _write_report(
    path: Path,
    title: str,
    found: Analysis,
    figure: "Figure",
    sections: "Sequence[Section]",
    words: tuple[str, ...],
) -> Path:
    from runmanager.html_report import write_report

    try:
        return write_report(path, title, found, figure, sections=sections, words=words)
    except OSError as error:
        raise BadInputError(f"the report beside {path} cannot be written: {error}") from error
