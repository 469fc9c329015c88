"""Which analysis belongs to which procedure. Modules are imported when asked for: each has its own heavy parts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from analysis.errors import AnalysisError
from runfile.reading import RecordedRun
from runfile.results import Analysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODULES = {
    "spin-pumping": "analysis.spin_pumping",
    "polarised-pl": "analysis.polarised_pl",
    "g2": "analysis.g2",
    "esr": "analysis.esr",
}
"""Procedure name → module with ``analyse(run)`` and ``figure(run)``."""


def analyse(run: RecordedRun) -> Analysis:
    """Analyse a run by the procedure it came from. Raises AnalysisError when that has no analysis or no usable data.

    A control run is judged by whether the effect is gone.
    """
    if run.parameters.get("control", "none") != "none":
        from analysis.controls import analyse_control

        judged: Analysis = analyse_control(run, _module(run).analyse)
        return judged
    found: Analysis = _module(run).analyse(run)
    return found


def figure(run: RecordedRun) -> "Figure":
    """The figure of a run. Raises AnalysisError as :func:`analyse`."""
    if run.parameters.get("control", "none") == "laser blocked":
        from analysis.controls_figure import draw_blocked

        blocked: Figure = draw_blocked(run)
        return blocked
    drawn: Figure = _module(run).figure(run)
    return drawn


def _module(run: RecordedRun) -> Any:  # noqa: ANN401 - modules have no common static type
    if run.procedure not in MODULES:
        raise AnalysisError(
            f"{run.path}: there is no analysis for procedure {run.procedure!r}; known: {', '.join(MODULES)}"
        )
    return import_module(MODULES[run.procedure])
