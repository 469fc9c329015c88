"""What a plot shows, as a picture or as numbers in a text file."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QFileDialog  # noqa: TID253 - the window's modules are imported late

from analysis.views import Floats, View

if TYPE_CHECKING:
    from runmanager.gui.plot_view import PlotView


def export_png(plot: "PlotView", path: Path) -> None:
    """Save the plot as it is on the screen. OSError when it cannot be written."""
    if not plot.grab().save(str(path), "PNG"):
        raise OSError(f"the picture {path} could not be written: choose a folder that exists and can be written")


def export_csv(view: View, path: Path, low: float, high: float) -> None:
    """Write all points of the curves with ``low`` <= x <= ``high``, not thinned; of an image one row a pixel.

    Three columns a curve (x, y, standard error; the last only if there is one), headed by labels with their units.
    OSError when it cannot be written.
    """
    columns: list[tuple[str, list[str]]] = []
    for curve in view.curves:
        inside = (curve.x >= low) & (curve.x <= high)
        columns.append((view.x_label, _numbers(curve.x[inside])))
        columns.append((f"{curve.label}: {view.y_label}", _numbers(curve.y[inside])))
        if curve.y_error is not None:
            columns.append((f"{curve.label}: standard error", _numbers(curve.y_error[inside])))
    if view.image is not None:
        image = view.image
        inside = (image.x >= low) & (image.x <= high)
        x, y = np.meshgrid(image.x[inside], image.y, indexing="ij")
        columns.append((view.x_label, _numbers(x.ravel())))
        columns.append((view.y_label, _numbers(y.ravel())))
        columns.append((image.label, _numbers(image.values[inside].ravel())))
    length = max((len(values) for _, values in columns), default=0)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([head for head, _ in columns])
        for index in range(length):
            rows.writerow([values[index] if index < len(values) else "" for _, values in columns])


def ask_and_export_png(plot: "PlotView") -> None:
    """Ask for a name, save the picture, tell how it went."""
    name = _asked(plot, "png", "Pictures (*.png)")
    if name:
        _tell(plot, name, lambda: export_png(plot, Path(name)))


def ask_and_export_csv(plot: "PlotView") -> None:
    """Ask for a name, write the numbers in the range shown, tell how it went."""
    view = plot.view
    if view is None:
        plot.message.emit("there is nothing to export yet")
        return
    name = _asked(plot, "csv", "Numbers (*.csv)")
    (low, high), _ = plot.visible_range()
    if name:
        _tell(plot, name, lambda: export_csv(view, Path(name), low, high))


def _asked(plot: "PlotView", ending: str, kinds: str) -> str:
    proposed = f"{plot.view.name if plot.view is not None else 'plot'}.{ending}"
    name, _ = QFileDialog.getSaveFileName(plot, "Export", proposed, kinds)
    return name if not name or Path(name).suffix else f"{name}.{ending}"


def _tell(plot: "PlotView", name: str, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        plot.message.emit(f"not exported: {error}")
    else:
        plot.message.emit(f"exported to {name}")


def _numbers(values: Floats) -> list[str]:
    return [repr(float(value)) for value in values]
