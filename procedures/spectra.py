"""Taking spectra: the table they are written to, one exposure, and the calibration of the analyser."""

import numpy as np

from analysis.lines import fit_lines
from analysis.window import zero_phonon_window
from instruments.roles import FloatArray
from procedures.errors import RefusedError
from procedures.experiment import Experiment
from procedures.light import LINEAR_DEG, gate_of, point_analyser, shut_gates, tune_resonant
from procedures.units import energy_mev
from runfile.reader import RunFile
from runfile.writer import Column, FixedAxis, PointTable

CALIBRATION_ANGLES_DEG = tuple(np.arange(-90.0, 90.0, 22.5))
CALIBRATION_OFFSET_NM = 4.0  # red of the lines, where the dot is transparent
LINE_HALF_WIDTH_PX = 8
CALIBRATION_DIVIDER = 80  # 1 µs cycles, nearly all of it open
SPECTRUM_COLUMNS = ("counts", "counts_errors", "analyser_angle", "field", "exposure_time")
SAME_FIELD_T = 0.002
COMPARABLE_SIGMA = 5.0
"""Two spectra are compared when what they have in common stands out of the noise by so many standard errors."""
DEAD_PERIODS = 9  # the delay generator needs 100 ns after the last gate before it takes the next trigger


def spectrum_table(experiment: Experiment, group: str, title: str, wavelength_nm: FloatArray) -> PointTable:
    """A table of spectra, one row an exposure."""
    pixels = ("wavelength",)
    shape = (wavelength_nm.size,)
    return experiment.recorder.table(
        group,
        title=title,
        signal="counts",
        axes=("exposure", "wavelength"),
        columns=(
            Column("counts", "counts", "Photo-electrons", shape, axes=pixels),
            Column("counts_errors", "counts", "Standard error of the photo-electrons", shape, axes=pixels),
            Column("analyser_angle", "deg", "Analyser quarter-wave angle (deg)"),
            Column("field", "T", "Magnetic field (T)"),
            Column("exposure_time", "s", "Exposure time (s)"),
        ),
        fixed_axes=(FixedAxis("wavelength", "nm", "Wavelength (nm)", wavelength_nm),),
    )


def expose_spectrum(
    experiment: Experiment, table: PointTable, *, analyser_deg: float, field_t: float, exposure_s: float
) -> tuple[FloatArray, FloatArray]:
    """Turn the analyser, expose once, record; counts and their standard errors, shape (n_pixels,)."""
    reached_deg = point_analyser(experiment, analyser_deg)
    counts = experiment.camera.expose(exposure_s)
    errors = spectrum_errors(experiment, counts)
    table.append(
        counts=counts,
        counts_errors=errors,
        analyser_angle=reached_deg,
        field=field_t,
        exposure_time=exposure_s,
    )
    return counts, errors


def spectrum_errors(experiment: Experiment, counts: FloatArray) -> FloatArray:
    """Standard errors of photo-electrons: counting and read noise; shape as ``counts``."""
    errors: FloatArray = np.sqrt(np.clip(counts, 0.0, None) + experiment.camera.read_noise_counts() ** 2)
    return errors


def refuse_other_axis(earlier: RunFile, wavelength_nm: FloatArray) -> None:
    """RefusedError when the camera now sees other wavelengths (by more than half a pixel) than in ``earlier``."""
    then_nm = earlier.table("data").column("wavelength")
    pixel_nm = float(np.abs(np.diff(wavelength_nm)).min())
    if then_nm.shape != wavelength_nm.shape or float(np.abs(then_nm - wavelength_nm).max()) > 0.5 * pixel_nm:
        raise RefusedError(
            f"the camera sees {wavelength_nm[0]:.6g} to {wavelength_nm[-1]:.6g} nm, in {earlier.path.name} it saw "
            f"{then_nm[0]:.6g} to {then_nm[-1]:.6g} nm: spectra of different axes cannot be added. Repeat the run"
        )


def refuse_moved_spectrum(
    earlier: RunFile,
    wavelength_nm: FloatArray,
    counts: FloatArray,
    errors: FloatArray,
    *,
    angle_deg: float,
    field_t: float,
) -> None:
    """RefusedError when a new spectrum is shifted against those of ``earlier`` by more than the width of a line.

    Compared are the spectra of the same setting and field, by the shift at which they resemble each other most. Where
    the new one shows nothing (a dark moment of a blinking dot) or the earlier ones no line, nothing can be said.
    """
    table = earlier.table("data")
    angles, fields = table.column("analyser_angle"), table.column("field")
    same = (np.abs((angles - angle_deg + 90.0) % 180.0 - 90.0) < 1.0) & (np.abs(fields - field_t) < SAME_FIELD_T)
    if not np.any(same):
        return
    then = np.asarray(table.column("counts")[same].sum(axis=0), dtype=np.float64)
    variance = np.asarray((table.column("counts_errors")[same] ** 2).sum(axis=0), dtype=np.float64)
    energies = energy_mev(1.0) / wavelength_nm
    keep = zero_phonon_window(energies, then)
    lines = fit_lines(energies[keep], then[keep], variance[keep])
    if lines.n_lines == 0:
        return
    pixel_mev = float(np.median(np.abs(np.diff(energies[keep]))))
    shift_px, sigma = _likeliest_shift(then[keep], counts[keep], errors[keep])
    moved_mev = abs(shift_px) * pixel_mev
    if sigma > COMPARABLE_SIGMA and moved_mev > max(lines.fwhm_mev, 1.5 * pixel_mev):
        raise RefusedError(
            f"the lines have moved by {moved_mev:.3f} meV against those of {earlier.path.name}, more than their width "
            f"of {lines.fwhm_mev:.3f} meV: another dot, another field or a sample that moved. Repeat the run"
        )


def _likeliest_shift(then: FloatArray, now: FloatArray, errors: FloatArray) -> tuple[int, float]:
    """Pixels by which ``now`` is shifted against ``then``: top of their correlation, and its standard deviations."""
    pattern = then - np.median(then)
    correlation = np.correlate(now - np.median(now), pattern, mode="same")
    top = int(np.argmax(correlation))
    noise = float(np.median(errors)) * float(np.sqrt(np.sum(pattern**2)))
    return top - now.size // 2, float(correlation[top]) / max(noise, 1e-12)


def calibrate_analyser(
    experiment: Experiment, wavelength_axis_nm: FloatArray, laser_nm: float, exposure_s: float, level_v: float
) -> None:
    """Record the scattered, horizontally polarised narrow laser against the analyser's quarter-wave angle.

    Fitted later, it gives the retardance and the offset of the plate, and so the crosstalk between the two
    helicities. Leaves the shutter closed and the gates of the narrow laser shut.
    """
    table = experiment.recorder.table(
        "calibration",
        title="Laser line behind the analyser",
        signal="counts",
        axes=("analyser_angle",),
        columns=(
            Column("analyser_angle", "deg", "Analyser quarter-wave angle (deg)"),
            Column("counts", "counts", "Photo-electrons in the laser line"),
            Column("counts_errors", "counts", "Standard error of the photo-electrons"),
        ),
    )
    experiment.excitation_quarter_wave.rotate_to(LINEAR_DEG)
    experiment.checkpoint(0.02, "tuning the narrow laser for the analyser's calibration")
    reached_nm = tune_resonant(experiment, laser_nm)
    period_s = 1.0 / experiment.pulse_source.repetition_rate_hz()
    gates = experiment.gates
    shut_gates(experiment, "readout", "probe", "microwave")  # the probe gate, too, lets the narrow laser through
    gates.trigger_on_laser(CALIBRATION_DIVIDER)
    gates.set_gate(gate_of(experiment, "pump"), 0.0, (CALIBRATION_DIVIDER - DEAD_PERIODS) * period_s, level_v)
    experiment.beam_shutter.open()
    for angle_deg in CALIBRATION_ANGLES_DEG:
        experiment.checkpoint(0.05, "calibrating the analyser")
        reached_deg = point_analyser(experiment, angle_deg)
        counts = experiment.camera.expose(exposure_s)
        total, error = _line_counts(wavelength_axis_nm, counts, reached_nm, experiment.camera.read_noise_counts())
        table.append(analyser_angle=reached_deg, counts=total, counts_errors=error)
    experiment.beam_shutter.close()
    experiment.resonant_laser.close_output()
    gates.disable_gate(gate_of(experiment, "pump"))


def _line_counts(axis_nm: FloatArray, counts: FloatArray, line_nm: float, read_noise: float) -> tuple[float, float]:
    """Counts in a line above the local background, with standard error; RefusedError if it is not on the camera."""
    if not axis_nm[LINE_HALF_WIDTH_PX] <= line_nm <= axis_nm[-1 - LINE_HALF_WIDTH_PX]:
        raise RefusedError(
            f"the laser line at {line_nm:.6g} nm that calibrates the analyser is not on the camera, which sees "
            f"{axis_nm[0]:.6g} to {axis_nm[-1]:.6g} nm: use a coarser grating or set calibrate=false"
        )
    centre = int(np.argmin(np.abs(axis_nm - line_nm)))
    low, high = max(centre - LINE_HALF_WIDTH_PX, 0), min(centre + LINE_HALF_WIDTH_PX + 1, counts.size)
    line = counts[low:high]
    side = np.concatenate(
        [counts[max(low - 2 * LINE_HALF_WIDTH_PX, 0) : low], counts[high : high + 2 * LINE_HALF_WIDTH_PX]]
    )
    background = float(np.mean(side))
    total = float(np.sum(line)) - background * line.size
    variance = (
        float(np.sum(np.clip(line, 0.0, None)))
        + line.size * read_noise**2
        + line.size**2 * (max(background, 0.0) + read_noise**2) / side.size
    )
    return total, variance**0.5
