"""Where the narrow laser meets the line: the centre of a Lorentzian in a scan of a blinking dot.

    counts = dark + brightness · (background + height / (1 + (2 (x − centre)/width)²))

Light follows the brightness monitor, the detectors' dark counts do not. For a given centre and width this is linear
in dark, background and height (all >= 0), so a grid over centre and width, refined twice, finds the best fit without
start values and without failing to converge.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from instruments.roles import FloatArray
from procedures.errors import RefusedError

RESONANCE_CHI2 = 30.0  # improvement over a flat line that three more parameters do not give by chance
LEAST_BRIGHTNESS = 0.05  # of the mean; below, the dot was dark and the point carries no weight
GRID = 41


@dataclass(frozen=True)
class LineScan:
    """Centre and full width of the line (nm of shift) and how much χ² a peak improves over a flat line."""

    centre_nm: float
    width_nm: float
    improvement: float


def fit_line_scan(shift_nm: FloatArray, counts: FloatArray, monitor: FloatArray) -> LineScan:
    """Fit a scan; arrays of one length >= 5, shifts increasing. The monitor may be all zero (no reset light)."""
    span = float(shift_nm[-1] - shift_nm[0])
    mean = float(monitor.mean())
    brightness = np.clip(monitor / mean, LEAST_BRIGHTNESS, None) if mean > 0 else np.ones(monitor.size)
    errors = np.sqrt(counts + 1.0)
    level = np.column_stack((brightness, np.ones_like(brightness))) / errors[:, None]
    target = counts / errors

    def chi2(centre: float, width: float) -> float:
        peak = brightness / (1.0 + (2.0 * (shift_nm - centre) / width) ** 2) / errors
        return float(nnls(np.column_stack((peak, level)), target)[1]) ** 2

    centres = np.linspace(shift_nm[0], shift_nm[-1], GRID)
    widths = np.geomspace(span / 20, 2 * span, 15)
    for _ in range(3):
        values = np.array([[chi2(c, w) for w in widths] for c in centres])
        i, k = np.unravel_index(int(np.argmin(values)), values.shape)
        centre, width, best = float(centres[i]), float(widths[k]), float(values[i, k])
        step, ratio = float(centres[1] - centres[0]), float(widths[1] / widths[0])
        centres = np.linspace(centre - step, centre + step, 9)
        widths = np.geomspace(width / ratio, width * ratio, 5)
    return LineScan(centre, width, float(nnls(level, target)[1]) ** 2 - best)


def lorentzian_centre(shift_nm: FloatArray, counts: FloatArray, monitor: FloatArray) -> float:
    """Shift at the top of the line, nm; RefusedError when the scan shows none."""
    span = float(shift_nm[-1] - shift_nm[0])
    if span <= 0.0:
        raise RefusedError(
            "the narrow laser did not move during the scan over the line: widen scan_half_width (steps of less than "
            "its resolution are not taken) and check that it is not held by its own controller"
        )
    found = fit_line_scan(shift_nm, counts, monitor)
    edge = span / (2 * shift_nm.size)
    inside = shift_nm[0] + edge < found.centre_nm < shift_nm[-1] - edge
    if found.improvement < RESONANCE_CHI2 or not inside:
        raise RefusedError(
            f"no resonance in a scan of ±{span / 2 * 1000:.0f} pm around the line: highest {counts.max():.0f}, lowest "
            f"{counts.min():.0f} counts (a peak improves χ² by {found.improvement:.0f}, needed {RESONANCE_CHI2:.0f}, "
            "and must lie inside); widen scan_half_width, count longer (scan_time) or check the narrow laser's "
            "wavelength"
        )
    return found.centre_nm
