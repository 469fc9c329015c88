"""How long the dopant's spin keeps its phase: nuclei, ligand protons, surface spins, other dopants."""

from functools import cache, partial

import numpy as np

from sims.coherence.bath import SpinBath
from sims.coherence.calibrated import MN_PBS_RADIUS_NM, mn_pbs_relaxation, mn_pbs_surface_spins
from sims.coherence.cce import CceOptions, cce_coherence
from sims.coherence.dipolar import Field, Qubit, electron_coupling_rad_per_s
from sims.coherence.estimates import dipolar_linewidth_fwhm_t, host_kanai_t2_s, ligand_proton_t2_star_s
from sims.coherence.exact import exact_coherence
from sims.coherence.geometry import median_surface_inverse_sixth_per_nm4, surface_inverse_sixth_per_nm4
from sims.coherence.inputs import DotGeometry, Environment
from sims.coherence.noise import OrnsteinUhlenbeck, coherence, monte_carlo_coherence
from sims.coherence.sequences import hahn_echo, ramsey
from sims.coherence.t2 import CoherenceBudget, coherence_budget
from sims.matter.nuclei import with_isotopes
from sims.validation.check import Check, at_least, at_most, between, within
from sims.validation.sources import CLOSED, MORO, PAPER, SCRIPT

row = partial(Check, "Coherence")

KANAI = "scaling law of Kanai et al., PNAS 119, e2121808119 (2022), remembered, evaluated in a separate script"
KANAI_MS = {"ZnS": 2.8, "ZnSe": 1.5, "CdTe": 0.73, "CdSe": 0.70, "CdS": 0.66, "PbS": 0.59, "InP": 0.011}
CDSE_CATION_NM3 = 0.0561


def kanai_ms(host: str) -> float:
    """Hahn-echo T2 of a bulk host."""
    return 1e3 * host_kanai_t2_s(host)


def purification_factor() -> float:
    """T2 of CdSe with 0.1 % of spins over T2 with 1 %."""
    return host_kanai_t2_s(with_isotopes("CdSe", 0.999)) / host_kanai_t2_s(with_isotopes("CdSe", 0.99))


def ligand_us(radius_nm: float) -> float:
    """T2* of a centred dopant under ligand protons, 60 per nm^3 and 1 nm thick."""
    return 1e6 * ligand_proton_t2_star_s(radius_nm)


@cache
def explicit_ligands() -> CoherenceBudget:
    """The same with drawn protons and no lattice nuclei, free decay at 1 T, 2 baths."""
    place = Environment(field=Field(1.0), isotopic_purity=1.0)
    return coherence_budget(DotGeometry("CdSe", 2.0), place, ramsey(), n_baths=2)


def surface_power() -> float:
    """Power of the radius with which the surface's 1/r^6 sum at the centre falls from 2 to 4 nm."""
    return float(np.log2(surface_inverse_sixth_per_nm4(4.0) / surface_inverse_sixth_per_nm4(2.0)))


def shell_factor(shell_nm: float) -> float:
    """Median over dopants in a 2 nm core: shell of 0.15 nm over this one."""
    return median_surface_inverse_sixth_per_nm4(2.0, 0.15) / median_surface_inverse_sixth_per_nm4(2.0, shell_nm)


def linewidth_mt(fraction: float, spin: float = 0.5) -> float:
    """Dipolar full width in CdSe."""
    return 1e3 * dipolar_linewidth_fwhm_t(fraction, CDSE_CATION_NM3, spin=spin)


@cache
def mn_pbs(temperature_k: float) -> CoherenceBudget:
    """Echo of Mn:PbS with the calibrated surface spins and relaxation."""
    place = Environment(
        temperature_k=temperature_k, ligand=None, surface=mn_pbs_surface_spins(), relaxation=mn_pbs_relaxation()
    )
    return coherence_budget(DotGeometry("PbS", MN_PBS_RADIUS_NM), place, n_baths=2)


def pbs_memory_us(temperature_k: float) -> float:
    """Its phase memory time."""
    return 1e6 * mn_pbs(temperature_k).t2_s


def lattice_over_memory() -> float:
    """T2 by lattice nuclei alone over the memory time."""
    return mn_pbs(4.5).channel("lattice nuclei").t2_s / mn_pbs(4.5).t2_s


def proton_coupling_khz() -> float:
    """Prefactor of an electron and a proton 1 nm apart, over 2 pi."""
    return float(electron_coupling_rad_per_s(2.6752218708e8, 2.0, 1.0)) / (2e3 * np.pi)


def expansion_error() -> float:
    """Largest |CCE-2 - exact| of a Hahn echo with three protons, over 40 us."""
    places = np.array([[0.9, 0.2, 0.6], [1.1, 0.4, 0.5], [-0.7, 0.9, 0.8]])
    bath = SpinBath(places, np.full(3, 0.5), np.full(3, 2.6752218708e8), ("1H",) * 3)
    times = np.linspace(0.0, 40e-6, 81)
    found = cce_coherence(bath, Qubit(), Field(0.3), hahn_echo(), times, CceOptions(pairs="full", pair_cutoff_nm=5.0))
    exact = exact_coherence(bath, Qubit(), Field(0.3), hahn_echo(), times)
    return float(np.abs(found.coherence - exact).max())


def noise_free_decay() -> float:
    """|L| of Ornstein-Uhlenbeck noise, sigma tau = 2, free decay of t = tau: exp(-4 (e^-1))."""
    return float(coherence((OrnsteinUhlenbeck(2e6, 1e-6),), ramsey(), [1e-6])[0])


def noise_echo_sigma() -> float:
    """Drawn paths minus formula for an echo, in standard errors, seed 5."""
    noise = OrnsteinUhlenbeck(2e6, 1e-6)
    mean, error = monte_carlo_coherence(noise, hahn_echo(), 2e-6, 40_000, np.random.default_rng(5))
    return (mean - float(coherence((noise,), hahn_echo(), [2e-6])[0])) / error


KANAI_ROWS = tuple(
    row(
        f"{host}, natural: T2 by host nuclei", "ms", within(expected, round(0.05 * expected, 4)),
        "independent computation", KANAI, partial(kanai_ms, host),
    )
    for host, expected in KANAI_MS.items()
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *KANAI_ROWS,
    row(
        "CdSe: T2 by host nuclei with 0.1 % over that with 1 % of spins", "", within(10.0, 1e-6), "analytic",
        "T2 is inverse to the density", purification_factor,
    ),
    row(
        "Electron and proton at 1 nm: g mu_B gamma/r^3", "kHz", within(79.0, 0.1), "analytic", CLOSED,
        proton_coupling_khz,
    ),
    row(
        "Ligand protons, R = 2 nm, centred: T2*", "us", within(1.36, 0.01), "independent computation", SCRIPT,
        partial(ligand_us, 2.0),
    ),
    row(
        "Ligand protons, R = 3 nm, centred: T2*", "us", within(2.75, 0.01), "independent computation", SCRIPT,
        partial(ligand_us, 3.0),
    ),
    row(
        "Ligand protons, R = 2 nm, drawn one by one: T2*", "us", within(1.36, 0.05), "analytic",
        "the continuum formula above", lambda: 1e6 * explicit_ligands().t2_s, "two baths, seed 0", slow=True,
    ),
    row(
        "Surface spins: power of R of the squared noise at the centre", "", within(-4.0, 1e-9), "analytic",
        f"1/r^6 over the surface ({PAPER}, section 3.1)", surface_power,
    ),
    row(
        "Random dopant in a 2 nm core: squared noise, shell 0.15 to 1 nm", "", within(28.0, 1.0),
        "independent computation", SCRIPT, partial(shell_factor, 1.0),
    ),
    row(
        "Random dopant in a 2 nm core: squared noise, shell 0.15 to 1.5 nm", "", within(83.0, 2.5),
        "independent computation", SCRIPT, partial(shell_factor, 1.5),
    ),
    row(
        "CdSe, x = 0.1 %: dipolar linewidth, spin 1/2", "mT", within(0.17, 0.005), "independent computation", SCRIPT,
        partial(linewidth_mt, 0.001),
    ),
    row(
        "CdSe, x = 2 %: dipolar linewidth, spin 1/2", "mT", within(3.4, 0.07), "independent computation", SCRIPT,
        partial(linewidth_mt, 0.02), "the expected number is 20 times the rounded 0.17",
    ),
    row(
        "Dipolar linewidth of spin 5/2 over spin 1/2", "", between(2.0, 3.001), "independent computation",
        f"{SCRIPT}: 2 to 3 times", lambda: linewidth_mt(0.001, 2.5) / linewidth_mt(0.001),
    ),
    row("Mn:PbS, 4.5 K: phase memory", "us", within(8.0, 1.6), "calibrated", MORO, partial(pbs_memory_us, 4.5),
        "the density of surface spins, about one a dot, was solved for"),
    row("Mn:PbS, 4.5 K: T1", "ms", within(10.0, 2.0), "calibrated", MORO,
        lambda: 1e3 * mn_pbs_relaxation().t1_s(4.5), "relaxation law through two measured points"),
    row("Mn:PbS, 295 K: phase memory", "us", within(1.0, 0.2), "calibrated", MORO, partial(pbs_memory_us, 295.0),
        "the same law's warm point"),
    row(
        "Mn:PbS, 4.5 K: T2 by lattice nuclei over the memory", "", at_least(10.0), "published",
        f"{MORO}: protons and surface, not the lattice, limit", lattice_over_memory,
    ),
    row(
        "Three protons: cluster expansion minus exact echo", "", at_most(0.02), "analytic",
        "exact evolution of all spins", expansion_error,
    ),
    row(
        "Ornstein-Uhlenbeck noise: free decay at sigma tau = 2, t = tau", "", within(0.229577, 1e-5), "analytic",
        "exp(-(sigma tau)^2 (x - 1 + e^-x)), x = 1", noise_free_decay,
    ),
    row(
        "Ornstein-Uhlenbeck noise: drawn echo minus formula", "sigma", within(0.0, 3.0), "analytic",
        "Monte Carlo, seed 5", noise_echo_sigma,
    ),
)  # fmt: skip
