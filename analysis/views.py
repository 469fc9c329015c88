"""What a plot shows, as data: the same for the live window, the catalogue and a comparison of runs. No drawing here.

:func:`views` makes the plots of a run, finished or still being recorded. The builders, one module a procedure, are
imported when asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from analysis.g2 import Evaluation
    from analysis.tags import PhotonRecord
    from runfile.reading import RecordedRun

Floats = npt.NDArray[np.float64]

THUMBNAIL_POINTS = 200
LASER_BLOCKED = "laser blocked"
"""Value of the parameter ``control`` of a run that got no light."""


@dataclass(frozen=True)
class Curve:
    """Points (n,), errors (n,) or None, and how to draw them; ``kind`` "fit" is a model through the data.

    ``x`` of "steps" are the bins' left edges. ``y_error_low``: length of the lower bars where it differs (few counts);
    ``y_error`` is then the upper one.
    """

    label: str
    x: Floats
    y: Floats
    y_error: Floats | None = None
    kind: Literal["points", "line", "steps", "fit"] = "line"
    y_error_low: Floats | None = None


@dataclass(frozen=True)
class Image:
    """A two-dimensional sweep: ``values`` (x.size, y.size) over the centres ``x`` and ``y``."""

    x: Floats
    y: Floats
    values: Floats
    label: str


@dataclass(frozen=True)
class View:
    """One plot. ``name`` is stable ("spectra", "decay", "coincidences", "sweep", ...); labels carry the units.

    ``remark``: what a reader should know, e.g. why there is no fit yet. ``x_range``: what to show first, None for all.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...] = ()
    image: Image | None = None
    log_y: bool = False
    log_x: bool = False
    remark: str = ""
    x_range: tuple[float, float] | None = None


class _Builder(Protocol):
    def build(self, run: "RecordedRun", *, with_fit: bool) -> tuple[View, ...]:
        """The views of a run of this procedure."""
        ...


BUILDERS = {
    "spin-pumping": "analysis.view_spin_pumping",
    "polarised-pl": "analysis.view_polarised_pl",
    "g2": "analysis.view_g2",
    "esr": "analysis.view_esr",
}
"""Procedure name → module with ``build(run, with_fit=...)``."""


def views(run: "RecordedRun", *, with_fit: bool = True) -> tuple[View, ...]:
    """The plots of a run, the most telling one first; what the data do not allow (yet) is left out.

    ``with_fit=False`` leaves out the fits of the analysis, which take most of the time. Procedures that have no
    builder of their own get their tables as plots. Too little data is no error: there are fewer views then, or a view
    without fit whose ``remark`` says why. Control runs with the laser blocked are not fitted: there is nothing but dark
    counts. Raises RunFileError when the file is damaged.
    """
    builder = cast(_Builder, import_module(BUILDERS.get(run.procedure, "analysis.view_tables")))
    lit = run.parameters.get("control") != LASER_BLOCKED
    return builder.build(run, with_fit=with_fit and lit)


def views_of_photons(record: "PhotonRecord", *, with_fit: bool = True) -> tuple[View, ...]:
    """Coincidences, decays and rates of photons that somebody else recorded; only rates if not of two detectors."""
    from analysis.view_photons import build

    return build(record, with_fit=with_fit)


def views_of_evaluation(evaluation: "Evaluation") -> tuple[View, ...]:
    """The same from an evaluation that was made already, e.g. of a file too large to be read as a whole."""
    from analysis.view_photons import of_evaluation

    return of_evaluation(evaluation)


def thumbnail(view: View) -> View:
    """The view with at most 200 points a curve and 64 × 64 pixels, peaks kept: for the small pictures of a list."""
    from analysis.view_decimation import decimated

    return decimated(view, THUMBNAIL_POINTS)


def compare(
    runs: "Sequence[tuple[str, RecordedRun]]", *, with_fit: bool = False, normalise: bool = False
) -> tuple[View, ...]:
    """Views of several runs (label, run), those of one name in one plot; see :func:`compare_views`.

    An empty label is filled with what differs between the runs (:func:`differing_parameters`; conditions and sample,
    too), or with the name of the file. Raises RunFileError when a file is damaged.
    """
    from analysis import view_comparison

    return view_comparison.compare(runs, partial(views, with_fit=with_fit), normalise=normalise)


def compare_views(sets: Sequence[tuple[str, Sequence[View]]], *, normalise: bool = False) -> tuple[View, ...]:
    """Views that were made before (label, views of a run), those of one name in one plot; pictures are left out.

    Curves stand in one plot only when their axes mean the same (unit, bin width); otherwise there is one for each
    meaning. ``normalise``: each run's curves are divided by the largest value of its data in that plot.
    """
    from analysis import view_comparison

    return view_comparison.compare_views(sets, normalise=normalise)


def differing_parameters(parameters: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Of each run's parameters those that are not the same in all runs, in the order in which they first appear."""
    from analysis import view_comparison

    return view_comparison.differing_parameters(parameters)


def labels_of(parameters: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> tuple[str, ...]:
    """What tells the runs apart, as text with units; "" where nothing does. ``units``: parameter -> unit."""
    from analysis import view_comparison

    return view_comparison.labels_of(parameters, units)
