"""Published sizing curves: first exciton energy of bare dots against diameter, at room temperature.

CdSe, CdS, CdTe: W. W. Yu, L. Qu, W. Guo and X. Peng, Chem. Mater. 15, 2854 (2003): polynomials diameter(wavelength).
PbS: I. Moreels et al., ACS Nano 3, 3023 (2009): E = 0.41 + 1/(0.0252 d^2 + 0.283 d) eV, d in nm.
The curves are fits; each is used only where its data lay.

Model minus curve at 300 K, in meV (``sizing_deviation_mev``; diameter in nm: deviation):
- CdSe, parabolic: 3: +151, 4: +42, 5: -13, 6: -37; with a nonparabolic electron 3: +102, 4: +13, 5: -31, 6: -49.
- CdTe, parabolic: 3.5: -6, 4: +55, 5: +35, 6: +10.
- CdS, parabolic: 3: -211, 4: -183, 5: -117: its hole is not described by one band.
- PbS, nonparabolic (the default there): 3: -54, 4: -32, 5: -21, 6: -15, 8: -9; parabolic 3: +209.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sims.basics import checks
from sims.basics.constants import PLANCK_TIMES_C_MEV_NM
from sims.envelope.layers import HostLayer
from sims.envelope.pair import transition_energy_mev


@dataclass(frozen=True)
class SizingPolynomial:
    """Diameter in nm as a polynomial of the first exciton's wavelength in nm, highest power first, in its range."""

    coefficients: tuple[float, ...]
    wavelength_nm: tuple[float, float]

    def diameter_nm(self, wavelength_nm: float) -> float:
        """Diameter for a wavelength; ValueError outside the fitted range."""
        low, high = self.wavelength_nm
        if not low <= wavelength_nm <= high:
            raise ValueError(f"wavelength_nm = {wavelength_nm}: the curve holds from {low:g} to {high:g} nm")
        return float(np.polyval(self.coefficients, wavelength_nm))

    def energy_mev(self, diameter_nm: float) -> float:
        """Energy for a diameter; ValueError outside the diameters the curve reaches."""
        checks.positive("diameter_nm", diameter_nm)
        low, high = (self.diameter_nm(edge) for edge in self.wavelength_nm)
        if not low <= diameter_nm <= high:
            raise ValueError(f"diameter_nm = {diameter_nm}: the curve holds from {low:.2f} to {high:.2f} nm")
        wavelength = brentq(lambda w: self.diameter_nm(w) - diameter_nm, *self.wavelength_nm, xtol=1e-9)
        return float(PLANCK_TIMES_C_MEV_NM / wavelength)


YU_2003: dict[str, SizingPolynomial] = {
    "CdSe": SizingPolynomial((1.6122e-9, -2.6575e-6, 1.6242e-3, -0.4277, 41.57), (450.0, 650.0)),
    "CdS": SizingPolynomial((-6.6521e-8, 1.9557e-4, -9.2352e-2, 13.29), (320.0, 450.0)),
    "CdTe": SizingPolynomial((9.8127e-7, -1.7147e-3, 1.0064, -194.84), (520.0, 720.0)),
}


def published_energy_mev(host: str, diameter_nm: float) -> float:
    """First exciton energy of a bare dot by the published curve (CdSe, CdS, CdTe, PbS); ValueError for other hosts."""
    checks.positive("diameter_nm", diameter_nm)
    if host == "PbS":
        if not 2.0 <= diameter_nm <= 10.0:
            raise ValueError(f"diameter_nm = {diameter_nm}: the curve of PbS holds from 2 to 10 nm")
        return 410.0 + 1000.0 / (0.0252 * diameter_nm**2 + 0.283 * diameter_nm)
    if host not in YU_2003:
        raise ValueError(f"host {host!r}: no sizing curve (known: {', '.join(YU_2003)}, PbS)")
    return YU_2003[host].energy_mev(diameter_nm)


def sizing_deviation_mev(
    host: str, diameters_nm: Sequence[float], temperature_k: float = 300.0, *, nonparabolic: bool | None = None
) -> tuple[float, ...]:
    """Model minus published energy in meV of bare dots of these diameters (the model: ``transition_energy_mev``)."""
    return tuple(
        transition_energy_mev([HostLayer(host, diameter / 2)], temperature_k, nonparabolic=nonparabolic)
        - published_energy_mev(host, diameter)
        for diameter in diameters_nm
    )
