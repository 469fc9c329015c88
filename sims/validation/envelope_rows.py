"""Envelopes of the carriers: spheres, core and shell, place of the dopant, gap, and size against energy."""

import math
from functools import cache, partial

from sims.dot.core_shell_zeeman import ZeemanRow, bussian_series
from sims.envelope.bohr import carrier_bohr_radius_nm
from sims.envelope.layers import HARD_WALL, Layer
from sims.envelope.pair import solve_pair
from sims.envelope.placement import PlacementStatistics, placement_statistics
from sims.envelope.profile import CarrierLayer, hard_sphere, shells
from sims.envelope.radial import ground_state, radial_states
from sims.envelope.sizing import sizing_deviation_mev
from sims.matter.hosts import gap_mev, material
from sims.validation.check import Check, at_most, within
from sims.validation.sources import BUSSIAN, CLOSED, PAPER, SCRIPT, TEXTBOOK

row = partial(Check, "Envelopes")

HBAR2_OVER_2M0_MEV_NM2 = 38.09982
COULOMB_MEV_NM = 1439.96448
SHELLS_NM = (0.0, 0.4, 0.8, 1.0)
SIZING_TOLERANCE_MEV = 60.0
"""What one parabolic band with tabulated masses is trusted to; the same for every host."""
GAP_TOLERANCE_MEV = 25.0
LAWS_THAT_MISS = ("CdS", "ZnSe", "ZnS", "CdTe")
"""Hosts whose tabulated low-temperature gap and slope end 35 to 80 meV above their tabulated 300 K gap."""
GAPS_300_K_MEV = {"CdSe": 1740, "CdS": 2420, "ZnSe": 2700, "ZnS": 3700, "CdTe": 1500, "PbS": 410, "InP": 1344}


@cache
def series() -> tuple[ZeemanRow, ...]:
    """ZnSe core of 1.7 nm, CdSe shells of SHELLS_NM, valence step 0.23 eV."""
    return bussian_series(SHELLS_NM)


@cache
def placement(confined_fraction: float = 1.0) -> PlacementStatistics:
    """Statistics in a sphere with hard walls; they do not depend on radius or mass."""
    return placement_statistics(ground_state(hard_sphere(2.0, 0.13)), confined_fraction)


def electron_share(number: int) -> float:
    """Part of the electron's density in the core."""
    return series()[number].electron_in_core


def hole_share(number: int) -> float:
    """Part of the hole's density in the core."""
    return series()[number].hole_in_core


def normalised_splitting(number: int) -> float:
    """Giant Zeeman splitting relative to carriers wholly in the core."""
    return series()[number].normalised_splitting


def smallest_splitting_mev() -> float:
    """Delta E_Z that begins at Bussian's -14 meV, for a shell of 3 nm, in meV."""
    bare, thick = bussian_series((0.0, 3.0))
    return -14.0 * thick.normalised_splitting / bare.normalised_splitting


def hard_sphere_deviation_mev() -> float:
    """Ground state of m = 0.13 in a hard sphere of 2 nm minus hbar^2 pi^2/(2 m R^2)."""
    return ground_state(hard_sphere(2.0, 0.13)).energy_mev - HBAR2_OVER_2M0_MEV_NM2 * math.pi**2 / (0.13 * 4.0)


def p_to_s_ratio() -> float:
    """Energy of 1P over 1S in a hard sphere."""
    profile = hard_sphere(2.0, 0.13)
    return radial_states(profile, 1)[0].energy_mev / ground_state(profile).energy_mev


def finite_well_residue() -> float:
    """Residue of the matching condition for m = 0.13 inside and 1 outside, barrier 1 eV, R = 2 nm.

    f and f'/m are continuous at R: (kR cot kR - 1)/m_in = -(kappa R + 1)/m_out.
    """
    radius, barrier, inside, outside = 2.0, 1000.0, 0.13, 1.0
    profile = shells((CarrierLayer(radius, inside, 0.0),), barrier, outside)
    energy = ground_state(profile).energy_mev
    kr = math.sqrt(inside * energy / HBAR2_OVER_2M0_MEV_NM2) * radius
    kappa_r = math.sqrt(outside * (barrier - energy) / HBAR2_OVER_2M0_MEV_NM2) * radius
    return (kr / math.tan(kr) - 1) / inside + (kappa_r + 1) / outside


def coulomb_factor() -> float:
    """Attraction of electron and hole in a hard sphere in units of e^2/(4 pi eps0 eps R)."""
    pair = solve_pair((Layer(2.0, 0.13, 0.45, 1834.0, 0.0, 9.5),), HARD_WALL)
    return pair.coulomb_mev / (COULOMB_MEV_NM / (9.5 * 2.0))


def host_gap_mev(host: str) -> float:
    """Gap at 300 K."""
    return gap_mev(material(host), 300.0)


def worst_sizing_mev(host: str, *diameters_nm: float) -> float:
    """Largest |model - published| of the first exciton over these diameters."""
    return max(abs(deviation) for deviation in sizing_deviation_mev(host, diameters_nm))


def _series_rows() -> tuple[Check, ...]:
    expected = (
        ("electron in the core", electron_share, (0.963, 0.578, 0.282, 0.204), 6e-4),
        ("hole in the core", hole_share, (0.995, 0.869, 0.534, 0.386), 6e-4),
        ("normalised Zeeman splitting", normalised_splitting, (0.99, 0.82, 0.49, 0.36), 6e-3),
    )
    return tuple(
        row(
            f"ZnSe core, CdSe shell {shell_nm:g} nm: {name}", "", within(values[number], tolerance),
            "independent computation", SCRIPT, partial(compute, number),
        )
        for name, compute, values, tolerance in expected
        for number, shell_nm in enumerate(SHELLS_NM)
    )  # fmt: skip


GAPS = tuple(
    row(
        f"{host}: gap law at 300 K against the room-temperature gap", "meV", within(float(gap), GAP_TOLERANCE_MEV),
        "published", TEXTBOOK, partial(host_gap_mev, host),
        "the textbook's low-temperature gap and slope disagree with its room-temperature gap; runs at 4 K use the "
        "former" if host in LAWS_THAT_MISS else "the law starts from the low-temperature gap; this is its other end",
        reproducible=host not in LAWS_THAT_MISS,
    )
    for host, gap in GAPS_300_K_MEV.items()
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    row(
        "Hard sphere: 1S energy minus closed form", "meV", within(0.0, 1e-6), "analytic", CLOSED,
        hard_sphere_deviation_mev,
    ),
    row("Hard sphere: 1P over 1S, (4.49341/pi)^2", "", within(2.045748, 1e-5), "analytic", CLOSED, p_to_s_ratio),
    row(
        "Finite well, mass step: residue of the matching condition", "", within(0.0, 1e-5), "analytic",
        "BenDaniel-Duke matching of sin(kr)/r and exp(-kappa r)/r", finite_well_residue,
    ),
    row(
        "Coulomb energy of 1S-1S, in e^2/(4 pi eps0 eps R)", "", within(1.7861, 2e-4), "analytic",
        "Brus, J. Chem. Phys. 80, 4403 (1984): 1.786", coulomb_factor,
    ),
    row(
        "Bohr radius of the electron, m = 0.13, eps = 9.5 (eq. 1)", "nm", within(3.867, 1e-3), "analytic",
        f"{PAPER}, eq. (1): 0.0529177 nm times eps/m", lambda: carrier_bohr_radius_nm(0.13, 9.5),
    ),
    row(
        "Centre over volume average of |psi|^2, 2 pi^2/3", "", within(6.5797, 1e-3), "analytic", CLOSED,
        lambda: placement().centre_to_volume_average,
    ),
    row(
        "Centre over average, as the paper says", "", within(6.0, 0.6), "published", PAPER,
        lambda: placement().centre_to_volume_average, "printed without decimals",
    ),
    row(
        "Centre over average for dopants uniform in radius", "", within(2.22, 0.01), "independent computation", SCRIPT,
        lambda: placement().centre_to_radius_average,
    ),
    row(
        "Centre over median dopant", "", within(17.1, 0.1), "independent computation", SCRIPT,
        lambda: placement().centre_to_median,
    ),
    row(
        "Share of dopants above half of the maximum", "%", within(8.7, 0.05), "independent computation", SCRIPT,
        lambda: 100 * placement().share_above_half,
    ),
    row(
        "Centre over average for dopants within R/2", "", within(1.64, 0.01), "independent computation", SCRIPT,
        lambda: placement(0.5).centre_to_volume_average,
    ),
    *_series_rows(),
    row(
        "Bussian's sign change: Delta E_Z under a thick CdSe shell", "meV", within(7.0, 3.0), "published", BUSSIAN,
        smallest_splitting_mev,
        "alpha > 0 and beta < 0 add up and the electron leaves first: the sign stays. A reversal needs an effective "
        "alpha < 0 (kinetic exchange), which is a declared fit parameter here and off by default",
        reproducible=False,
    ),
    *GAPS,
    row(
        "CdSe, 4 to 6 nm: worst deviation from the sizing curve", "meV", at_most(SIZING_TOLERANCE_MEV), "published",
        "Yu et al., Chem. Mater. 15, 2854 (2003)", partial(worst_sizing_mev, "CdSe", 4.0, 5.0, 6.0),
    ),
    row(
        "CdSe, 3 nm: deviation from the sizing curve", "meV", at_most(SIZING_TOLERANCE_MEV), "published",
        "Yu et al., Chem. Mater. 15, 2854 (2003)", partial(worst_sizing_mev, "CdSe", 3.0),
        "a parabolic band overestimates the confinement of small dots", reproducible=False,
    ),
    row(
        "CdTe, 3.5 to 6 nm: worst deviation from the sizing curve", "meV", at_most(SIZING_TOLERANCE_MEV), "published",
        "Yu et al., Chem. Mater. 15, 2854 (2003)", partial(worst_sizing_mev, "CdTe", 3.5, 4.0, 5.0, 6.0),
    ),
    row(
        "PbS, 4 to 7 nm: worst deviation from the sizing curve", "meV", at_most(SIZING_TOLERANCE_MEV), "calibrated",
        "Moreels et al., ACS Nano 3, 3023 (2009)", partial(worst_sizing_mev, "PbS", 4.0, 5.0, 6.0, 7.0),
        "the nonparabolic band was chosen after seeing this curve",
    ),
    row(
        "CdS, 3 to 5 nm: worst deviation from the sizing curve", "meV", at_most(SIZING_TOLERANCE_MEV), "published",
        "Yu et al., Chem. Mater. 15, 2854 (2003)", partial(worst_sizing_mev, "CdS", 3.0, 4.0, 5.0),
        "the model lies 0.1 to 0.2 eV too low: one parabolic band does not describe this hole; set emission_mev from "
        "the spectrum",
        reproducible=False,
    ),
)  # fmt: skip
