"""Several runs in one plot: views of one name laid over each other, labelled by what differs between the runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.views import Curve, Floats, View
from runfile.reading import RecordedRun

_ABSENT = object()
_MOST_NAMED = 4


def differing_parameters(parameters: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Of each run's parameters those that are not the same in all runs, in the order in which they first appear.

    A parameter that only some runs have differs; the others leave it out.
    """
    names: dict[str, None] = {}
    for one in parameters:
        names |= dict.fromkeys(one)
    differing = [name for name in names if not _all_same([one.get(name, _ABSENT) for one in parameters])]
    return tuple({name: one[name] for name in differing if name in one} for one in parameters)


def labels_of(parameters: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> tuple[str, ...]:
    """What tells the runs apart, as text: "counting_time = 5 s, line = lowest"; at most four parameters are named.

    ``units``: parameter -> unit. Runs that agree in everything get the label "", and so the caller's own name.
    """
    labels = []
    for one in differing_parameters(parameters):
        told = [f"{name} = {_text(value, units.get(name, ''))}" for name, value in one.items()]
        more = f", {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
        labels.append(", ".join(told[:_MOST_NAMED]) + more)
    return tuple(labels)


def label_runs(runs: Sequence[tuple[str, RecordedRun]]) -> tuple[str, ...]:
    """The given labels; for an empty one what differs in parameters, conditions and sample, or the file's name.

    Where that does not tell two runs apart, the file's name is added.
    """
    facts, units = [], {"temperature_k": "K", "field_t": "T"}
    for _, run in runs:
        facts.append({**run.parameters, **run.conditions, "sample": str(run.sample.get("name", ""))})
        units |= run.parameter_units
    found = labels_of(facts, units)
    labels = [given or found[i] or run.path.stem for i, (given, run) in enumerate(runs)]
    return tuple(
        label if labels.count(label) == 1 else f"{label} ({run.path.stem})"
        for label, (_, run) in zip(labels, runs, strict=True)
    )


def compare_views(sets: Sequence[tuple[str, Sequence[View]]], *, normalise: bool = False) -> tuple[View, ...]:
    """One view a name, with the curves of all sets (label, views of a run). Pictures are left out.

    Curves stand in one plot only when their axes mean the same; otherwise there is a plot for each meaning, which
    says so. ``normalise``: each run's curves are divided by the largest value of its data in that plot, so that shapes
    can be compared whatever the bins and the counting times were.
    """
    groups: dict[tuple[str, ...], list[tuple[str, View]]] = {}
    for label, views in sets:
        for view in views:
            if view.curves:
                axes = (view.name, view.x_label) if normalise else (view.name, view.x_label, view.y_label)
                groups.setdefault(axes, []).append((label, view))
    meanings = [axes[0] for axes in groups]
    return tuple(
        _together(members, normalise=normalise, alone=meanings.count(axes[0]) > 1) for axes, members in groups.items()
    )


def compare(
    runs: Sequence[tuple[str, RecordedRun]],
    views_of: Callable[[RecordedRun], tuple[View, ...]],
    *,
    normalise: bool,
) -> tuple[View, ...]:
    """As :func:`analysis.views.compare`; ``views_of`` makes the views of one run."""
    labels = label_runs(runs)
    sets = [(label, views_of(run)) for label, (_, run) in zip(labels, runs, strict=True)]
    return compare_views(sets, normalise=normalise)


def _together(members: Sequence[tuple[str, View]], *, normalise: bool, alone: bool) -> View:
    """The views ``members`` (label, view) as one."""
    first = members[0][1]
    one_each = all(sum(curve.kind != "fit" for curve in view.curves) == 1 for _, view in members)
    curves: list[Curve] = []
    for label, view in members:
        factor = 1.0 / _largest(view) if normalise else 1.0
        for curve in view.curves:
            bare = one_each and curve.kind != "fit"
            curves.append(replace(_scaled(curve, factor), label=label if bare else f"{label}: {curve.label}"))
    same_title = _all_same([view.title for _, view in members])
    remarks = [f"{label}: {view.remark}" for label, view in members if view.remark]
    if alone:
        remarks.append("other runs have other units or bins: see the other plot of this name, or normalise")
    return replace(
        first,
        title=first.title if same_title else f"{first.name}: {len(members)} runs",
        y_label=f"{first.y_label}, largest value = 1" if normalise else first.y_label,
        curves=tuple(curves),
        image=None,
        remark="; ".join(remarks),
        x_range=_widest([view.x_range for _, view in members]),
    )


def _largest(view: View) -> float:
    """Largest finite value of the data (not the fits), 1 when there is none above 0."""
    values = [curve.y[np.isfinite(curve.y)] for curve in view.curves if curve.kind != "fit"]
    top = max((float(one.max()) for one in values if one.size), default=1.0)
    return top if top > 0 else 1.0


def _scaled(curve: Curve, factor: float) -> Curve:
    def times(values: Floats | None) -> Floats | None:
        return None if values is None else values * factor

    return replace(curve, y=curve.y * factor, y_error=times(curve.y_error), y_error_low=times(curve.y_error_low))


def _widest(ranges: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [one for one in ranges if one is not None]
    if len(known) < len(ranges):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _all_same(values: Sequence[object]) -> bool:
    return all(value == values[0] and type(value) is type(values[0]) for value in values)


def _text(value: object, unit: str) -> str:
    number = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return f"{number} {unit}" if unit else number
