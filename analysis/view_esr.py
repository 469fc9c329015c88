"""Views of an esr run: contrast with the fitted multiplet, the counts behind it, and how bright the dot was."""

import numpy as np
import numpy.typing as npt

from analysis.esr import RESONANCE_SIGMA, dopant_of, probed_projection, read_sweep
from analysis.resonances import ResonanceFit, contrast, fit_multiplet, fitted_contrast
from analysis.view_parts import attempt, batch_image, column, counted, has_rows, poisson_bars, scan_view
from analysis.view_spectra import spectrum_view
from analysis.views import Curve, Floats, View
from runfile.reading import RecordedRun, RecordedTable

Indices = npt.NDArray[np.intp]

FREQUENCY_LABEL = "microwave frequency (GHz)"
_SAME_FREQUENCY_GHZ = 1e-7


def build(run: RecordedRun, *, with_fit: bool) -> tuple[View, ...]:
    """Sweep (with fit), counts, repeated sweeps as a picture, brightness; then spectrum and scan."""
    found: list[View | None] = []
    if has_rows(run, "data", "frequency", "counts", "counts_reference", "field"):
        table = run.table("data")
        found += [sweep_view(run, with_fit=with_fit), _counts_view(table), _repeats_view(table), _monitor_view(table)]
    found += [spectrum_view(run, with_fit=with_fit), scan_view(run)]
    return tuple(view for view in found if view is not None)


def sweep_view(run: RecordedRun, *, with_fit: bool) -> View:
    """Contrast, on/off − 1 at equal brightness, with its errors and the multiplet the analysis fits."""
    sweep = read_sweep(run)
    value, error = contrast(sweep)
    curves = [Curve("contrast", sweep.frequency_ghz, value, error, "points")]
    remark = ""
    if with_fit:
        dopant = dopant_of(run.sample)
        start, _ = probed_projection(run.notes, dopant)
        fit, remark = attempt(lambda: fit_multiplet(sweep, dopant, start))
        if fit is not None and fit.significance < RESONANCE_SIGMA:
            remark = f"no resonance stands out ({fit.significance:.2f}σ, needed {RESONANCE_SIGMA:g}σ)"
        elif fit is not None:
            dense, expected = fitted_contrast(sweep, dopant, start, fit)
            curves.append(Curve(_fit_label(fit), dense, expected, kind="fit"))
    return View("sweep", run.title, FREQUENCY_LABEL, "contrast, on/off − 1", tuple(curves), remark=remark)


def _fit_label(fit: ResonanceFit) -> str:
    return f"{fit.shape}, centre {fit.centre_ghz:.4f} ± {fit.centre_error_ghz:.4f} GHz"


def _counts_view(table: RecordedTable) -> View:
    """The raw counts, all sweeps together."""
    frequency, place = _distinct(table)
    curves = tuple(
        counted(label, frequency, _summed(place, column(table, name), frequency.size))
        for label, name in (("microwave on", "counts"), ("microwave off", "counts_reference"))
    )
    return View("counts", table.title, FREQUENCY_LABEL, "probe photons per frequency", curves)


def _monitor_view(table: RecordedTable) -> View | None:
    """The dot's brightness in the order of the points: against counting time where the run says it."""
    if not _is_monitored(table):
        return None
    n = table.n_points
    timed = "duration" in table.columns
    seconds = column(table, "duration") if timed else np.ones(n)
    place = 2.0 * np.cumsum(seconds) - seconds if timed else np.arange(1.0, n + 1.0)
    curves = []
    for label, name in (("microwave on", "monitor"), ("microwave off", "monitor_reference")):
        counts = column(table, name)
        upper, lower = poisson_bars(counts)
        curves.append(Curve(label, place, counts / seconds, upper / seconds, "points", lower / seconds))
    x_label = "counting time so far, on and off (s)" if timed else "point"
    y_label = "photons of the reset light" + (" per second" if timed else "")
    return View("rate", "Brightness of the dot, point by point", x_label, y_label, tuple(curves))


def _repeats_view(table: RecordedTable) -> View | None:
    """Sweep × frequency, on/off − 1, when the frequencies were swept more than once; NaN where nothing was taken.

    At equal brightness, where that was monitored.
    """
    frequency, place = _distinct(table)
    if frequency.size == table.n_points or frequency.size < 2:
        return None
    sweep = column(table, "sweep").astype(np.intp) if "sweep" in table.columns else _times_before(place)
    on, off = column(table, "counts"), column(table, "counts_reference")
    if _is_monitored(table):
        on = on * column(table, "monitor_reference")
        off = off * column(table, "monitor")
    picture = np.full((int(sweep.max()) + 1, frequency.size), np.nan)
    picture[sweep, place] = np.where(off > 0, on / np.maximum(off, 1.0) - 1.0, np.nan)
    numbers: Floats = np.arange(1.0, picture.shape[0] + 1.0)
    image = batch_image(frequency, picture, numbers, "on/off − 1")
    return View("sweeps", "Contrast, sweep by sweep", FREQUENCY_LABEL, "sweep", image=image)


def _is_monitored(table: RecordedTable) -> bool:
    """Whether the dot's brightness was recorded (a run without reset light has zeros there)."""
    names = ("monitor", "monitor_reference")
    return set(names) <= set(table.columns) and all(bool(np.any(column(table, name) > 0)) for name in names)


def _distinct(table: RecordedTable) -> tuple[Floats, Indices]:
    """The frequencies that were set (GHz, ascending), and which of them each point has, (n_points,)."""
    steps = np.round(column(table, "frequency") / _SAME_FREQUENCY_GHZ).astype(np.int64)
    distinct, place = np.unique(steps, return_inverse=True)
    return np.asarray(distinct * _SAME_FREQUENCY_GHZ, dtype=np.float64), place.astype(np.intp)


def _summed(place: Indices, counts: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(place, weights=counts, minlength=n), dtype=np.float64)


def _times_before(place: Indices) -> Indices:
    """How often each value occurred before, (n,): the number of the sweep a point belongs to."""
    order = np.argsort(place, kind="stable")
    ordered = place[order]
    first = np.searchsorted(ordered, ordered, side="left")
    before = np.empty(place.size, dtype=np.intp)
    before[order] = np.arange(place.size) - first
    return before
