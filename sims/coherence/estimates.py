"""Closed estimates of dephasing: host nuclei, ligand protons, surface spins, other dopants.

They are scaling laws: the expansion in ``cce`` and the noise in ``noise`` replace them where it matters.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sims.basics import checks
from sims.coherence.dipolar import (
    BOHR_MAGNETON_FIELD_T_NM3,
    ELECTRON_RAD_PER_S_PER_T,
    electron_coupling_rad_per_s,
)
from sims.coherence.geometry import shell_inverse_sixth_per_nm3, surface_inverse_sixth_per_nm4
from sims.matter.hosts import material
from sims.matter.isotopes import Isotope, spin_isotopes
from sims.matter.material import Material
from sims.matter.nuclei import nuclear_species

KANAI_PREFACTOR_S = 1.5e18
KANAI_EXPONENTS = (-1.6, -1.1, -1.0)
PER_CM3_OF_PER_NM3 = 1e21
ANGULAR_AVERAGE = 0.8
"""Mean of (1 - 3 cos^2)^2 over directions, 4/5."""


@dataclass(frozen=True)
class NuclearDensity:
    """One isotope's nuclei: g factor |g_N|, spin I and number density in nm^-3 (all > 0)."""

    g_factor: float
    spin: float
    density_per_nm3: float

    def __post_init__(self) -> None:
        checks.positive("|g_factor|", abs(self.g_factor))
        checks.half_integer_spin("spin", self.spin)
        checks.positive("density_per_nm3", self.density_per_nm3)


def kanai_t2_s(nuclei: Iterable[NuclearDensity]) -> float:
    """Hahn-echo T2 in s of an electron spin in a bulk host; infinite without nuclear spins.

    T2_i = 1.5e18 |g|^-1.6 I^-1.1 n^-1.0 s, n in cm^-3, added as 1/T2^2 = sum of 1/T2_i^2: a fit to
    cluster-correlation results for some 12,000 hosts (Kanai et al., PNAS 119, e2121808119 (2022)); for a dopant in
    the bulk, dilute nuclei, a field that decouples unlike nuclei. A dot has fewer nuclei than that and lives longer.
    """
    g_power, spin_power, density_power = KANAI_EXPONENTS
    total = 0.0
    for one in nuclei:
        density = one.density_per_nm3 * PER_CM3_OF_PER_NM3
        t2 = KANAI_PREFACTOR_S * abs(one.g_factor) ** g_power * one.spin**spin_power * density**density_power
        total += 1 / t2**2
    return float(total**-0.5) if total else float("inf")


def host_kanai_t2_s(host: str | Material) -> float:
    """``kanai_t2_s`` of a bulk host, natural or enriched, by the isotopes of ``sims.matter``; ValueError if unknown."""
    crystal = material(host) if isinstance(host, str) else host
    volume = crystal.cation_volume_nm3
    return kanai_t2_s(
        NuclearDensity(one.g_factor, one.spin, one.density_per_nm3(volume)) for one in nuclear_species(crystal)
    )


def static_dephasing_time_s(sigma_rad_per_s: float) -> float:
    """T2* in s at which exp(-sigma^2 t^2/2) has fallen to 1/e, sqrt(2)/sigma; infinite for sigma = 0."""
    sigma = checks.not_negative("sigma_rad_per_s", sigma_rad_per_s)
    return float(np.sqrt(2) / sigma) if sigma else float("inf")


def nuclear_shell_sigma_rad_per_s(
    isotope: Isotope,
    density_per_nm3: float,
    inner_radius_nm: float,
    thickness_nm: float,
    *,
    dopant_distance_nm: float = 0.0,
    g: float = 2.0,
) -> float:
    """Rms static detuning (rad/s) of any transition m -> m - 1 by unpolarised nuclei spread evenly over a shell.

    sigma^2 = (4/5) [I(I+1)/3] T_1^2 n (integral of dV/r^6), T_1 the electron-nucleus coupling at 1 nm; the 4/5
    averages over the field's direction. Every single-quantum transition feels it alike. ValueError if unphysical.
    """
    strength = float(
        electron_coupling_rad_per_s(isotope.gyromagnetic_ratio_rad_per_s_per_t, checks.positive("g", g), 1.0)
    )
    density = checks.not_negative("density_per_nm3", density_per_nm3)
    integral = shell_inverse_sixth_per_nm3(inner_radius_nm, thickness_nm, dopant_distance_nm)
    weight = ANGULAR_AVERAGE * isotope.spin * (isotope.spin + 1) / 3
    return float(abs(strength) * np.sqrt(weight * density * integral))


def ligand_proton_t2_star_s(
    dot_radius_nm: float,
    *,
    thickness_nm: float = 1.0,
    density_per_nm3: float = 60.0,
    dopant_distance_nm: float = 0.0,
    g: float = 2.0,
) -> float:
    """T2* = sqrt(2)/sigma in s of a dopant under ligand protons; at the centre 1.36 us (R = 2 nm), 2.75 us (3 nm)."""
    proton = spin_isotopes("H")[0]
    sigma = nuclear_shell_sigma_rad_per_s(
        proton, density_per_nm3, dot_radius_nm, thickness_nm, dopant_distance_nm=dopant_distance_nm, g=g
    )
    return static_dephasing_time_s(sigma)


def surface_spin_sigma_rad_per_s(
    density_per_nm2: float,
    surface_radius_nm: float,
    *,
    dopant_distance_nm: float = 0.0,
    spin: float = 0.5,
    g: float = 2.0,
    surface_g: float = 2.0,
) -> float:
    """Rms detuning (rad/s) by unpolarised electron spins on the dot's surface, 1/r^6 summed.

    sigma^2 = (4/5) [S(S+1)/3] T_e^2 (density) (integral of dA/r^6), T_e = (mu_0/4 pi) g g_s mu_B^2/hbar at 1 nm
    (2 pi 52 MHz). Only the secular part: surface and dopant spins are taken to be off resonance.
    """
    checks.half_integer_spin("spin", spin)
    strength = (
        BOHR_MAGNETON_FIELD_T_NM3
        * ELECTRON_RAD_PER_S_PER_T
        * checks.positive("g", g)
        * checks.positive("surface_g", surface_g)
    )
    density = checks.not_negative("density_per_nm2", density_per_nm2)
    integral = surface_inverse_sixth_per_nm4(surface_radius_nm, dopant_distance_nm)
    return float(strength * np.sqrt(ANGULAR_AVERAGE * spin * (spin + 1) / 3 * density * integral))


def dipolar_linewidth_fwhm_t(
    dopant_fraction: float, cation_volume_nm3: float, *, g: float = 2.0, spin: float = 0.5
) -> float:
    """Full width at half maximum (T) of the ESR line by other dopants at random cation sites, dilute limit.

    Lorentzian, FWHM = (8 pi^2/(9 sqrt 3)) (mu_0/4 pi) g mu_B n <2|m|>, with n = x/V0 and <2|m|> the mean over equally
    populated levels: 1 for spin 1/2, 3 for 5/2 (secular coupling, statistical theory: Abragam, The Principles of
    Nuclear Magnetism, ch. IV). CdSe, spin 1/2: 0.17 mT at x = 0.1 %, 3.35 mT at 2 %. Linear in x: for dilute samples.
    """
    density = checks.fraction("dopant_fraction", dopant_fraction) / checks.positive(
        "cation_volume_nm3", cation_volume_nm3
    )
    levels = np.arange(-checks.half_integer_spin("spin", spin), spin + 0.5)
    moment = float(np.mean(2 * np.abs(levels)))
    geometric = 8 * np.pi**2 / (9 * np.sqrt(3))
    return float(geometric * BOHR_MAGNETON_FIELD_T_NM3 * checks.positive("g", g) * density * moment)
