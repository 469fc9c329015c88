"""What the views of several procedures share: bins, bars, pictures of batches, spectra and scans."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.errors import AnalysisError
from analysis.views import Curve, Floats, Image, View
from runfile.reading import RecordedRun, RecordedTable

T = TypeVar("T")

ONE_SIGMA_TAIL = 0.158655
"""Chance of a normal deviate below −1 standard deviation."""
MOST_IMAGE_BINS = 400
MOST_ROWS = 200


def poisson_bars(counts: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Lengths of the upper and lower 68 % bars of counts (any shape); 1.84 and 0 for zero counts.

    The central interval of Garwood, Biometrika 28, 437 (1936), as :func:`analysis.poisson.poisson_interval`. Raises
    ValueError for counts that are negative or not finite.
    """
    found = np.asarray(counts, dtype=np.float64)
    if not np.all(np.isfinite(found)) or np.any(found < 0):
        raise ValueError("counts must be finite and not negative to have Poisson errors")
    distinct, where = np.unique(found, return_inverse=True)
    upper = special.gammaincinv(distinct + 1.0, 1.0 - ONE_SIGMA_TAIL) - distinct
    lower = distinct - np.where(distinct > 0, special.gammaincinv(np.maximum(distinct, 1e-9), ONE_SIGMA_TAIL), 0.0)
    return upper[where].reshape(found.shape), lower[where].reshape(found.shape)


def rebinned(left: Floats, counts: npt.NDArray[Any], step: int) -> tuple[Floats, Floats]:
    """Left edges and sums of groups of ``step`` bins along the last axis, as float64; a rest at the end is dropped."""
    n = counts.shape[-1] // step * step
    summed = counts[..., :n].reshape(*counts.shape[:-1], -1, step).sum(axis=-1)
    return left[:n:step], np.asarray(summed, dtype=np.float64)


def bin_centres(left: Floats, width: float) -> Floats:
    """Centres of bins from their left edges."""
    return np.asarray(left + 0.5 * width, dtype=np.float64)


def counted(label: str, x: Floats, counts: Floats, scale: float = 1.0) -> Curve:
    """Points of photon counts (n,) with Poisson bars, all multiplied by ``scale``."""
    upper, lower = poisson_bars(counts)
    return Curve(label, x, counts * scale, upper * scale, "points", lower * scale)


def rate_curve(label: str, start_s: Floats, live_s: Floats, counts: Floats) -> Curve:
    """Counts per second of consecutive records, (n,) each, over the middle of each record's time (s)."""
    upper, lower = poisson_bars(counts)
    return Curve(label, start_s + 0.5 * live_s, counts / live_s, upper / live_s, "points", lower / live_s)


def batch_image(x: Floats, rows: Floats, numbers: Floats, label: str) -> Image:
    """A picture of ``rows`` (n_rows, x.size), one row a record; neighbouring rows averaged beyond 200.

    ``numbers`` (n_rows,): what the rows are drawn against.
    """
    step = -(-rows.shape[0] // MOST_ROWS)
    if step > 1:
        starts = np.arange(0, rows.shape[0], step)
        sizes = np.diff(np.append(starts, rows.shape[0]))
        rows = np.add.reduceat(rows, starts, axis=0) / sizes[:, None]
        numbers = np.add.reduceat(numbers, starts) / sizes
    return Image(x, numbers, np.ascontiguousarray(rows.T), label)


def column(table: RecordedTable, name: str) -> Floats:
    """A column as float64; RunFileError when there is none of that name."""
    return np.asarray(table.column(name), dtype=np.float64)


def column_sum(table: RecordedTable, name: str) -> Floats:
    """A column of counts summed over the rows; the rows of a long run are not copied for it."""
    return np.asarray(np.asarray(table.column(name)).sum(axis=0), dtype=np.float64)


def has_rows(run: RecordedRun, group: str, *columns: str) -> bool:
    """True when the table is there, has rows, and has these columns."""
    if not run.has_table(group):
        return False
    table = run.table(group)
    return table.n_points > 0 and set(columns) <= {*table.columns, *table.fixed_axes}


def attempt(fit: Callable[[], T]) -> tuple[T | None, str]:
    """What ``fit`` returns and "", or None and why the data do not allow it (yet)."""
    try:
        return fit(), ""
    except (AnalysisError, ValueError) as error:
        return None, f"no fit: {error}"


def scan_view(run: RecordedRun) -> View | None:
    """The narrow laser's scan over the line: counts of equal brightness where that was monitored."""
    if not has_rows(run, "scan", "shift", "counts", "monitor"):
        return None
    table = run.table("scan")
    shift_pm, counts, monitor = column(table, "shift") * 1e3, column(table, "counts"), column(table, "monitor")
    upper, lower = poisson_bars(counts)
    mean = float(monitor.mean())
    # a dark moment of the dot says nothing of the line; its bar would hide the others
    lit = monitor > 0.05 * mean if mean > 0 else np.ones(counts.shape, dtype=bool)
    scale = mean / monitor[lit] if mean > 0 else np.ones(int(lit.sum()))
    note = run.notes.get("resonance")
    centre = note.get("shift_nm") if isinstance(note, dict) else None
    curves = [
        Curve("counts", shift_pm[lit], counts[lit] * scale, upper[lit] * scale, "points", lower[lit] * scale),
    ]
    if isinstance(centre, int | float) and curves[0].y.size:
        top = float(curves[0].y.max())
        curves.append(Curve("chosen", np.full(2, 1e3 * centre), np.array([0.0, top]), kind="line"))
    label = "counts at equal brightness" if mean > 0 else "counts in the pump window"
    return View("scan", table.title, "shift of the narrow laser (pm)", label, tuple(curves))
