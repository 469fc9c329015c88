"""Spectra as views: one analyser setting (before pumping), with the lines the analysis finds."""

import numpy as np

from analysis.lines import LineFit, fit_lines
from analysis.polarised_pl import HC_MEV_NM
from analysis.view_parts import attempt, column, column_sum, has_rows
from analysis.views import Curve, Floats, View
from runfile.reading import RecordedRun

ENERGY_LABEL = "photon energy (meV)"
_BRIGHT_SHARE = 0.05
_LEAST_MARGIN_MEV = 1.0


def spectrum_view(run: RecordedRun, *, with_fit: bool) -> View | None:
    """The sum of the exposures in the table "spectra", with the lines fitted; None when there is none."""
    if not has_rows(run, "spectra", "counts", "counts_errors", "wavelength"):
        return None
    table = run.table("spectra")
    energy = HC_MEV_NM / column(table, "wavelength")
    counts = column_sum(table, "counts")
    variance = (column(table, "counts_errors") ** 2).sum(axis=0)
    curves = [spectrum_curve("σ⁺", energy, counts, variance)]
    remark = ""
    if with_fit:
        fit, remark = attempt(lambda: fit_lines(energy, counts, variance))
        if fit is not None:
            curves.append(line_curve("σ⁺ fit", energy, fit))
    return View(
        "spectra",
        table.title,
        ENERGY_LABEL,
        "photo-electrons per pixel",
        tuple(curves),
        remark=remark,
        x_range=bright_range(energy, counts),
    )


def bright_range(energy_mev: Floats, counts: Floats) -> tuple[float, float] | None:
    """From the lowest to the highest energy where the spectrum (n_pixels,) stands out, with a margin on both sides.

    None when nothing does. Found without a fit, so that the picture does not jump when one is made.
    """
    smooth = np.convolve(counts, np.ones(3) / 3.0, mode="same")
    level, top = float(np.median(smooth)), float(smooth.max())
    noise = 1.4826 * float(np.median(np.abs(smooth - level)))  # standard deviation of normal noise from its median
    if not top > level + 10.0 * noise:
        return None
    bright = energy_mev[smooth > level + max(_BRIGHT_SHARE * (top - level), 5.0 * noise)]
    low, high = float(bright.min()), float(bright.max())
    margin = max(0.25 * (high - low), _LEAST_MARGIN_MEV)
    return max(low - margin, float(energy_mev.min())), min(high + margin, float(energy_mev.max()))


def spectrum_curve(label: str, energy_mev: Floats, counts: Floats, variance: Floats) -> Curve:
    """A spectrum (n_pixels,) with its errors, in order of energy."""
    order = np.argsort(energy_mev)
    return Curve(label, energy_mev[order], counts[order], np.sqrt(np.maximum(variance, 0.0))[order], "points")


def line_curve(label: str, energy_mev: Floats, fit: LineFit) -> Curve:
    """The fitted lines over the pixels (n_pixels,), in order of energy; the label says how many."""
    order = np.argsort(energy_mev)
    name = f"{label}: {fit.n_lines} line{'' if fit.n_lines == 1 else 's'}"
    return Curve(name, energy_mev[order], fit.model[order], kind="fit")
