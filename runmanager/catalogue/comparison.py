"""Several files for one plot: their views laid over each other, and a table of what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis import views as plots
from analysis.views import View
from runmanager.catalogue.contents import Contents, read_contents, read_views
from runmanager.errors import BadInputError
from runmanager.numbers import with_error

_MOST_RESULTS = 8


@dataclass(frozen=True)
class Comparison:
    """``labels``: of the runs, by what differs. ``columns`` and ``cells``: a table, one row a run.

    The table's columns are the differing parameters, then results that all runs have. ``remarks``: files left out,
    with the reason.
    """

    views: tuple[View, ...]
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    normalised: bool
    remarks: tuple[str, ...] = ()


def read_comparison(paths: Sequence[Path], normalise: bool = False) -> Comparison:
    """Read and compare; files that cannot be read are left out and told. BadInputError when fewer than two remain."""
    contents: list[Contents] = []
    drawn: list[tuple[View, ...]] = []
    remarks: list[str] = []
    for path in paths:
        try:
            read, views = read_contents(path), read_views(path, with_fit=False)
        except BadInputError as error:
            remarks.append(f"left out: {error}")
        else:
            contents.append(read)
            drawn.append(views)
    if len(contents) < 2:
        raise BadInputError("; ".join(["there are fewer than two measurements to compare", *remarks]))
    labels = labels_of(contents)
    columns, cells = _table(contents)
    return Comparison(
        views=plots.compare_views(list(zip(labels, drawn, strict=True)), normalise=normalise),
        labels=labels,
        columns=columns,
        cells=cells,
        normalised=normalise,
        remarks=tuple(remarks),
    )


def labels_of(contents: Sequence[Contents]) -> tuple[str, ...]:
    """What tells the runs apart, parameters with units; start or file name where nothing does; each label is unique."""
    parameters = [_compared(each) for each in contents]
    units = {name: unit for each in contents for name, (_, unit) in each.parameters.items()}
    found = plots.labels_of(parameters, units)
    labels = [label or each.path.stem for label, each in zip(found, contents, strict=True)]
    return tuple(
        label if labels.count(label) == 1 else f"{label} ({each.path.stem})"
        for label, each in zip(labels, contents, strict=True)
    )


def _compared(contents: Contents) -> dict[str, object]:
    """What may tell runs apart: parameters, procedure, sample, conditions, and the bench (twin with its seed).

    Nothing of a photon file's header, in which everything differs: such files go by their names.
    """
    if "procedure" not in contents.facts:
        return {}
    facts = {name: contents.facts[name] for name in ("procedure", "sample", "conditions", "bench")}
    return {**{name: value for name, (value, _) in contents.parameters.items()}, **facts}


def _table(contents: Sequence[Contents]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """What differs, then the verdict, then the first results that all runs have."""
    differing = plots.differing_parameters([_compared(each) for each in contents])
    names = tuple(dict.fromkeys(name for each in differing for name in each))
    results = [{} if each.analysis is None else each.analysis.results for each in contents]
    common = [name for name in results[0] if all(name in each for each in results)][:_MOST_RESULTS]
    cells = []
    for facts, each, found in zip(differing, contents, results, strict=True):
        verdict = "" if each.analysis is None else ("✓ passed" if each.analysis.verdict.passed else "✗ failed")
        numbers = [with_error(found[name]).split("  [")[0] for name in common]
        cells.append((*(str(facts.get(name, "")) for name in names), verdict, *numbers))
    return (*names, "verdict", *common), tuple(cells)
