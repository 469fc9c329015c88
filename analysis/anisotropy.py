"""Fluorescence anisotropy with the G factor: linear polarisation of emission under linearly polarised light.

G = I_HV / I_HH and r = (I_VV − G I_VH) / (I_VV + 2 G I_VH); first letter: polarisation of the exciting light,
second: setting of the analyser (Lakowicz, Principles of Fluorescence Spectroscopy, 3rd ed., eqs. 10.6 and 10.30).
"""

from dataclasses import dataclass
from math import isfinite, sqrt


@dataclass(frozen=True)
class Total:
    """Counts (``counts``) of one setting, and the dark counts among them with their standard error."""

    counts: float
    dark: float = 0.0
    dark_stderr: float = 0.0

    def __post_init__(self) -> None:
        for name in ("counts", "dark", "dark_stderr"):
            value = getattr(self, name)
            if not isfinite(value) or value < 0.0:
                raise ValueError(f"{name} must be a finite number of counts, not negative, got {value}")

    @property
    def light(self) -> float:
        """Counts above the dark level."""
        return self.counts - self.dark

    @property
    def relative_variance(self) -> float:
        """Variance of ``light`` over its square."""
        return (self.counts + self.dark_stderr**2) / self.light**2


def g_factor(hv: Total, hh: Total) -> tuple[float, float]:
    """G and its standard error. Raises ValueError when a setting shows no light."""
    _check(hv=hv, hh=hh)
    value = hv.light / hh.light
    return value, value * sqrt(hv.relative_variance + hh.relative_variance)


def anisotropy(vv: Total, vh: Total, g: tuple[float, float], *, exposure_ratio: float = 1.0) -> tuple[float, float]:
    """Steady-state anisotropy r and its standard error, counting and calibration.

    ``g``: G factor with its error. ``exposure_ratio``: exposure of VH over that of VV. Raises ValueError when a setting
    shows no light or G is not above 0.
    """
    _check(vv=vv, vh=vh)
    if not (isfinite(g[0]) and g[0] > 0.0 and isfinite(g[1]) and g[1] >= 0.0 and exposure_ratio > 0.0):
        raise ValueError(f"G must be above 0 with an error, and the exposure ratio above 0, got {g}, {exposure_ratio}")
    ratio = vv.light / (g[0] * vh.light / exposure_ratio)
    relative = sqrt(vv.relative_variance + vh.relative_variance + (g[1] / g[0]) ** 2)
    return (ratio - 1.0) / (ratio + 2.0), 3.0 * ratio * relative / (ratio + 2.0) ** 2


def _check(**totals: Total) -> None:
    for name, total in totals.items():
        if total.light <= 0.0:
            raise ValueError(f"{name} shows no light: {total.counts:g} counts, {total.dark:g} of them dark")
