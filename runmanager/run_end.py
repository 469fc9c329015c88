"""The end of a run: its file is analysed, results and verdict go into it, a figure is drawn beside it."""

import logging
from dataclasses import replace
from pathlib import Path

from runfile.results import Analysis, Check, Verdict

log = logging.getLogger(__name__)


def analyse_and_store(path: Path, status: str, *, why: str = "") -> Analysis:
    """Analyse a finished run file and write results and verdict into it. A failure becomes a failed verdict.

    ``why`` the run ended as it did: with it the verdict names the cause, not only what is missing in the file.
    """
    from runfile.errors import RunFileError
    from runfile.writer import store_analysis

    analysis = _analyse(path, f"{status}: {why}" if why else status)
    try:
        store_analysis(path, analysis)
    except RunFileError as error:
        return replace(analysis, warnings=(*analysis.warnings, f"results and verdict are not in the file: {error}"))
    return analysis


def _analyse(path: Path, status: str) -> Analysis:
    from analysis import registry
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    try:
        with RunFile(path) as recorded:
            return registry.analyse(recorded)
    except (AnalysisError, RunFileError) as error:
        return _not_analysed(status, str(error))
    except Exception as error:  # data nobody foresaw: the run is safe in its file, and its end must be told
        log.debug("the analysis failed", exc_info=True)
        return _not_analysed(status, f"{type(error).__name__}: {error}")


def _not_analysed(status: str, reason: str) -> Analysis:
    check = Check("analysed", passed=False, detail=f"the run ({status}) could not be analysed: {reason}")
    return Analysis({}, Verdict((check,)))


def draw(path: Path) -> Path | None:
    """The figure of a run, beside its file; None when there is nothing to draw."""
    from analysis import registry
    from analysis.errors import AnalysisError
    from runfile.errors import RunFileError
    from runfile.reader import RunFile

    target = path.with_suffix(".png")
    try:
        with RunFile(path) as recorded:
            figure = registry.figure(recorded)
        figure.savefig(target, dpi=150)
    except (AnalysisError, RunFileError) as error:
        log.info("no figure of %s: %s", path, error)  # the verdict says the same
        return None
    except Exception as error:  # noqa: BLE001 - a full disk, or data nobody foresaw: the run must end in order
        target.unlink(missing_ok=True)
        log.warning("no figure of %s: %s: %s", path, type(error).__name__, error)
        return None
    return target
