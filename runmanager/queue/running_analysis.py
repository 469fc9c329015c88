"""The analysis of a run that is not over: the ordinary analysis, of what is there so far."""

import logging

from runfile.errors import RunFileError
from runfile.reading import RecordedRun
from runfile.results import Result

log = logging.getLogger(__name__)


def analyse_so_far(run: RecordedRun) -> tuple[dict[str, Result], str]:
    """Results with today's uncertainties, and "" or why there are none yet. Raises nothing."""
    from analysis import registry
    from analysis.errors import AnalysisError

    try:
        return registry.analyse(run).results, ""
    except (AnalysisError, RunFileError) as error:
        return {}, str(error)
    except Exception as error:  # half a run may be beyond what an analysis foresees
        log.debug("the running analysis failed", exc_info=True)
        return {}, f"{type(error).__name__}: {error}"
