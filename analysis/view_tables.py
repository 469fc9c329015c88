"""The tables of a run as plots, for procedures nobody wrote views for: the default plot of each table."""

import numpy as np

from analysis.view_parts import MOST_IMAGE_BINS, batch_image, column
from analysis.views import Curve, Floats, View
from runfile.reading import RecordedRun, RecordedTable


def build(run: RecordedRun, *, with_fit: bool) -> tuple[View, ...]:
    """One view a table, the default table first; there are no fits."""
    del with_fit
    names = sorted(run.tables(), key=lambda name: (name != "data", name))
    found = (table_view(name, run.table(name)) for name in names)
    return tuple(view for view in found if view is not None)


def table_view(name: str, table: RecordedTable) -> View | None:
    """The signal of a table against its axis; rows of spectra as a picture. None without rows or with more axes."""
    if not table.n_points:
        return None
    values, first = column(table, table.signal), _first_axis(table)
    along_rows = table.long_name(table.axes[0]) if table.axes[0] in table.columns else "recorded point"
    signal = table.long_name(table.signal)
    if values.ndim == 1:
        curve = Curve(table.signal, first, values, kind="points")
        return View(name, table.title, along_rows, signal, (curve,))
    if values.ndim != 2:
        return None
    x = column(table, table.axes[1])
    step = -(-x.size // (4 * MOST_IMAGE_BINS))
    image = batch_image(x[::step], values[:, ::step], first, signal)
    return View(name, table.title, table.long_name(table.axes[1]), along_rows, image=image)


def _first_axis(table: RecordedTable) -> Floats:
    name = table.axes[0]
    return column(table, name) if name in table.columns else np.arange(table.n_points, dtype=np.float64)
