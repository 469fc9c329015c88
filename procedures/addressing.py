"""Can this laser address one line, and bringing it onto that line.

A laser addresses one line when its spectrum overlaps that line's much more than it overlaps any other. For a
Gaussian laser and Lorentzian lines the overlap with a line detuned by d is the Voigt profile at d; the ratio to
the profile at d = 0 is the relative excitation of the wrong line.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import voigt_profile

from procedures.errors import RefusedError

FWHM_TO_SIGMA = 1.0 / (2.0 * np.sqrt(2.0 * np.log(2.0)))
MAXIMUM_CROSS_EXCITATION = 0.2


@dataclass(frozen=True)
class Overlap:
    """How selectively a laser tuned to one line excites it; all widths are FWHM in meV.

    ``cross_excitation`` is the excitation of the worst other line relative to the addressed one (0: perfectly
    selective, 1: cannot tell them apart).
    """

    laser_fwhm_mev: float
    line_fwhm_mev: float
    nearest_line_mev: float
    cross_excitation: float

    @property
    def selective(self) -> bool:
        """True when the wrong line gets less than a fifth of the excitation."""
        return self.cross_excitation < MAXIMUM_CROSS_EXCITATION

    def describe(self) -> dict[str, float]:
        """For the run file."""
        return asdict(self) | {"maximum_cross_excitation": MAXIMUM_CROSS_EXCITATION}


def overlap(laser_fwhm_mev: float, line_fwhm_mev: float, detunings_mev: Sequence[float]) -> Overlap:
    """Overlap of a laser tuned to a line with lines ``detunings_mev`` away from it (none: selective)."""
    sigma, gamma = laser_fwhm_mev * FWHM_TO_SIGMA, line_fwhm_mev / 2.0
    distances = np.abs(np.asarray(detunings_mev, dtype=float))
    own = float(voigt_profile(0.0, sigma, gamma))
    others = voigt_profile(distances, sigma, gamma) / own
    return Overlap(
        laser_fwhm_mev=laser_fwhm_mev,
        line_fwhm_mev=line_fwhm_mev,
        nearest_line_mev=float(distances.min()) if distances.size else float("inf"),
        cross_excitation=float(others.max()) if distances.size else 0.0,
    )


def refuse_unless_selective(found: Overlap, laser_name: str) -> None:
    """RefusedError, with the reason and the way out, when the laser cannot address one line."""
    if found.selective:
        return
    raise RefusedError(
        f"{laser_name} is {found.laser_fwhm_mev:.3g} meV wide, but the next line is only "
        f"{found.nearest_line_mev:.3g} meV away: it would excite that line with {found.cross_excitation:.0%} of the "
        f"strength of the chosen one (limit {MAXIMUM_CROSS_EXCITATION:.0%}), so no single spin state can be pumped; "
        "bind the role resonant_laser to a narrower source (for example the C-WAVE)"
    )
