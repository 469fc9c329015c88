"""Views of a polarised-pl run: σ⁺ and σ⁻ with their lines, every exposure, field sweeps, populations, calibration."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from analysis.polarimetry import calibration_curve
from analysis.polarised_pl import (
    FIELD_TOLERANCE_T,
    HC_MEV_NM,
    FieldFit,
    Spectra,
    fit_field,
    group_values,
    polarisation_results,
    population_results,
    read_calibration,
    read_spectra,
)
from analysis.view_parts import MOST_IMAGE_BINS, attempt, batch_image, column, has_rows, rebinned
from analysis.view_spectra import ENERGY_LABEL, bright_range, line_curve, spectrum_curve
from analysis.views import Curve, Image, View
from runfile.reading import RecordedRun, RecordedTable

_COLUMNS = ("counts", "counts_errors", "analyser_angle", "field", "exposure_time", "wavelength")
_SAME_ANGLE_DEG = 1.0


def build(run: RecordedRun, *, with_fit: bool) -> tuple[View, ...]:
    """Spectra at the newest field (with lines), populations, exposures, field sweep, brightness, calibration."""
    found: list[View | None] = []
    if has_rows(run, "data", *_COLUMNS):
        table = run.table("data")
        fields, _ = attempt(lambda: read_spectra(table, read_calibration(run)[0]))
        found += _of_newest_field(run.title, fields, with_fit=with_fit) if fields else [_settings_view(table)]
        found += [*_fan_views(fields or []), _exposures_view(table), _rate_view(table)]
    found.append(_calibration_view(run, with_fit=with_fit))
    return tuple(view for view in found if view is not None)


def _of_newest_field(title: str, fields: list[Spectra], *, with_fit: bool) -> list[View | None]:
    newest = fields[-1]
    if not with_fit:
        return [spectra_view(title, newest, None)]
    fit, remark = attempt(partial(fit_field, newest))
    populations = None if fit is None else _population_view(fit)
    return [replace(spectra_view(title, newest, fit), remark=remark), populations]


def spectra_view(title: str, spectra: Spectra, fit: FieldFit | None) -> View:
    """σ⁺ and σ⁻ with counting errors, and the fitted lines of each."""
    energy, parts = spectra.energy_mev, spectra.components
    curves = [
        spectrum_curve("σ⁺", energy, parts.sigma_plus, parts.variance_plus),
        spectrum_curve("σ⁻", energy, parts.sigma_minus, parts.variance_minus),
    ]
    heading = f"{title}, {spectra.field_t:.3g} T"
    if fit is not None:
        curves += [line_curve("σ⁺ fit", energy, fit.plus), line_curve("σ⁻ fit", energy, fit.minus)]
        degree = polarisation_results(fit)["circular_polarisation"]
        heading += f", circular polarisation {degree.value:+.3f} ± {degree.stderr:.3f}"
    shown = bright_range(energy, parts.sigma_plus + parts.sigma_minus)
    return View("spectra", heading, ENERGY_LABEL, "photo-electrons per pixel", tuple(curves), x_range=shown)


def _population_view(fit: FieldFit) -> View | None:
    """Spin populations at the time of emission; None unless six lines are paired."""
    found = list(population_results(fit).values())
    if not found:
        return None
    projection = np.array([k - (len(found) - 1) / 2 for k in range(len(found))])
    values, errors = np.array([one.value for one in found]), np.array([one.stderr for one in found])
    curves = (
        Curve("population", projection, values, errors, "points"),
        Curve("evenly distributed", projection, np.full(len(found), 1.0 / len(found)), kind="line"),
    )
    return View("populations", "Spin of the dopant at emission", "dopant spin S_z", "population", curves)


def _settings_view(table: RecordedTable) -> View:
    """The exposures of each analyser setting summed, while σ⁺ and σ⁻ cannot be told apart (one setting only)."""
    energy = HC_MEV_NM / column(table, "wavelength")
    counts, variance = column(table, "counts"), column(table, "counts_errors") ** 2
    angle = column(table, "analyser_angle")
    curves = tuple(
        spectrum_curve(
            f"analyser at {angle[rows[0]]:+.0f}°", energy, counts[rows].sum(axis=0), variance[rows].sum(axis=0)
        )
        for rows in group_values(angle, _SAME_ANGLE_DEG)
    )
    remark = "σ⁺ and σ⁻ need exposures at two settings of the analyser"
    shown = bright_range(energy, counts.sum(axis=0))
    return View("spectra", table.title, ENERGY_LABEL, "photo-electrons per pixel", curves, remark=remark, x_range=shown)


def _fan_views(fields: Sequence[Spectra]) -> tuple[View, ...]:
    """σ⁺ and σ⁻ as pictures over energy and field, when several fields were measured; lines shift with the field."""
    if len(fields) < 2:
        return ()
    ordered = sorted(fields, key=lambda spectra: spectra.field_t)
    field = np.array([spectra.field_t for spectra in ordered])
    order = np.argsort(ordered[0].energy_mev)
    energy = ordered[0].energy_mev[order]
    made = []
    for name, sign in (("plus", "σ⁺"), ("minus", "σ⁻")):
        rows = np.array([getattr(spectra.components, f"sigma_{name}")[order] for spectra in ordered])
        image = Image(energy, field, np.ascontiguousarray(rows.T), "photo-electrons per pixel")
        shown = bright_range(energy, rows.sum(axis=0))
        title = f"{sign} against field"
        made.append(
            View(f"field_{name}", title, ENERGY_LABEL, "magnetic field (T)", image=image, x_range=shown),
        )
    return tuple(made)


def _exposures_view(table: RecordedTable) -> View:
    """Every exposure, counts per second: shows drift of the lines and of the light."""
    energy = HC_MEV_NM / column(table, "wavelength")
    order = np.argsort(energy)
    step = -(-energy.size // (2 * MOST_IMAGE_BINS))
    rate = column(table, "counts") / column(table, "exposure_time")[:, None]
    edges, summed = rebinned(energy[order], rate[:, order], step)
    centres = edges + 0.5 * (step - 1) * float(np.median(np.diff(energy[order])))
    image = batch_image(centres, summed, np.arange(1.0, table.n_points + 1.0), "photo-electrons per second")
    shown = bright_range(energy, rate.sum(axis=0))
    return View("exposures", "Spectra, exposure by exposure", ENERGY_LABEL, "exposure", image=image, x_range=shown)


def _rate_view(table: RecordedTable) -> View:
    """All light of the spectrum against exposure time, by setting of the analyser; one curve a setting and field."""
    seconds, angle, field = (column(table, name) for name in ("exposure_time", "analyser_angle", "field"))
    middle_s = np.cumsum(seconds) - 0.5 * seconds
    rate = column(table, "counts").sum(axis=1) / seconds
    error = np.sqrt((column(table, "counts_errors") ** 2).sum(axis=1)) / seconds
    several = len(group_values(field, FIELD_TOLERANCE_T)) > 1
    curves = []
    for rows in group_values(angle, _SAME_ANGLE_DEG):
        label = f"analyser at {angle[rows[0]]:+.0f}°"
        curves.append(Curve(label, middle_s[rows], rate[rows], error[rows], "points"))
    title = "Light against exposure time" + (", all fields" if several else "")
    return View("rate", title, "exposure time so far (s)", "photo-electrons per second", tuple(curves))


def _calibration_view(run: RecordedRun, *, with_fit: bool) -> View | None:
    """The laser line behind the turning analyser plate, with the retardance and offset fitted to it."""
    if not has_rows(run, "calibration", "analyser_angle", "counts", "counts_errors"):
        return None
    table = run.table("calibration")
    angle = column(table, "analyser_angle")
    curves = [Curve("laser line", angle, column(table, "counts"), column(table, "counts_errors"), "points")]
    remark = ""
    if with_fit:
        found, remark = attempt(lambda: read_calibration(run)[0])
        if found is not None:
            dense = np.linspace(angle.min(), angle.max(), 181)
            label = (
                f"retardance {found.retardance_deg:.2f}° ± {found.retardance_error_deg:.2f}°, "
                f"offset {found.offset_deg:.2f}° ± {found.offset_error_deg:.2f}°"
            )
            curves.append(Curve(label, dense, calibration_curve(found, dense), kind="fit"))
    return View("calibration", table.title, "analyser angle (deg)", "photo-electrons", tuple(curves), remark=remark)
