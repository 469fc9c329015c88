"""The II-VI hosts: CdSe, CdS, ZnSe, ZnS, CdTe, ZnTe.

Sources. "textbook": found alike in several handbooks (Landolt-Boernstein; Adachi, Properties of Semiconductor Alloys;
Madelung, Semiconductors: Data Handbook) and not traced further. Offsets: S.-H. Wei and A. Zunger, Appl. Phys. Lett. 72,
2011 (1998), calculated, rounded. Exchange of Mn2+: J. K. Furdyna, J. Appl. Phys. 64, R29 (1988), rounded.

At 300 K the Varshni laws lie above the gaps often quoted for room temperature (CdS 2.50 against 2.42 eV, ZnS 3.75
against 3.7, ZnSe 2.735 against 2.70, CdTe 1.54 against 1.50): these are mostly absorption edges. Differences between
two temperatures are safer than the gap itself.
"""

from dataclasses import dataclass

from sims.matter.gaps import VarshniLaw
from sims.matter.lattice import Lattice
from sims.matter.material import Bulk, Material, occupations
from sims.matter.quantity import Quantity, not_established

Q = Quantity
BOOK = "textbook value"
MASS = "textbook value; published masses spread"
EKIMOV = "Ekimov et al., J. Opt. Soc. Am. B 10, 100 (1993): g1 = 2.04, g = 0.58"
LAWAETZ = "Lawaetz, Phys. Rev. B 4, 3460 (1971), calculated, rounded"
OFFSET = "Wei and Zunger, Appl. Phys. Lett. 72, 2011 (1998), calculated, rounded"
EXCHANGE = "Furdyna, J. Appl. Phys. 64, R29 (1988), rounded; published values spread"
SCREENING = "static value; the uncertainty reaches half-way to the optical one"


@dataclass(frozen=True)
class HoleEntries:
    """Entries of the spherical Luttinger model: m_lh/m_hh and g1, g2, g3."""

    ratio: Quantity
    luttinger: tuple[Quantity, Quantity, Quantity]


def luttinger(g1: float, g2: float, g3: float, ratio: float, spread: float, source: str) -> HoleEntries:
    """Entries from three Luttinger parameters (each +-15 %) and the ratio they give, with its own spread."""
    first, second, third = (Q(value, "1", 0.15 * value, source) for value in (g1, g2, g3))
    return HoleEntries(Q(ratio, "1", spread, source), (first, second, third))


def varshni(
    gap_mev: float, uncertainty_mev: float, alpha_mev_per_k: float, beta_k: float, source: str = BOOK
) -> VarshniLaw:
    """Varshni law whose alpha and beta are good to 20 % (they are fitted together: their errors compensate)."""
    return VarshniLaw(
        Q(gap_mev, "meV", uncertainty_mev, source),
        Q(alpha_mev_per_k, "meV/K", 0.2 * alpha_mev_per_k, source),
        Q(beta_k, "K", 0.2 * beta_k, source),
    )


def tetrahedral(
    name: str,
    elements: tuple[str, str],
    lattice: Lattice,
    gap: VarshniLaw,
    *,
    electron_mass: Quantity,
    hole_mass: Quantity,
    hole: HoleEntries,
    valence_band_maximum_mev: Quantity,
    permittivity: tuple[float, float],
    kane_energy_mev: Quantity,
    spin_orbit_mev: float,
    n0_alpha_mev: Quantity,
    n0_beta_mev: Quantity,
    cation_volume_nm3: float,
    lo_phonon_mev: float,
) -> Material:
    """A zinc-blende or wurtzite host. ``elements``: cation, anion. ``permittivity``: static, optical (each +-5 %)."""
    static, optical = permittivity
    bulk = Bulk(
        electron_mass=electron_mass,
        hole_mass=hole_mass,
        light_to_heavy_mass_ratio=hole.ratio,
        luttinger_1=hole.luttinger[0],
        luttinger_2=hole.luttinger[1],
        luttinger_3=hole.luttinger[2],
        valence_band_maximum_mev=valence_band_maximum_mev,
        static_permittivity=Q(static, "1", 0.05 * static, BOOK),
        optical_permittivity=Q(optical, "1", 0.05 * optical, BOOK),
        exciton_permittivity=Q(static, "1", (static - optical) / 2, SCREENING),
        kane_energy_mev=kane_energy_mev,
        spin_orbit_mev=Q(spin_orbit_mev, "meV", max(10.0, 0.03 * spin_orbit_mev), BOOK),
        n0_alpha_mev=n0_alpha_mev,
        n0_beta_mev=n0_beta_mev,
        cation_volume_nm3=Q(cation_volume_nm3, "nm^3", 0.005 * cation_volume_nm3, "from the lattice constants, 300 K"),
        lo_phonon_mev=Q(lo_phonon_mev, "meV", 0.5, BOOK),
    )
    return Material(name, lattice, occupations(lattice, cation=elements[0], anion=elements[1]), gap, bulk)


CDSE = tetrahedral(
    "CdSe",
    ("Cd", "Se"),
    Lattice("wurtzite", 0.4299, 0.7010, BOOK),
    varshni(1834.0, 10.0, 0.424, 118.0),
    electron_mass=Q(0.13, "m0", 0.01, MASS),
    hole_mass=Q(0.45, "m0", 0.10, MASS),
    hole=HoleEntries(
        Q(0.28, "1", 0.05, EKIMOV),
        (Q(2.04, "1", 0.3, EKIMOV), Q(0.58, "1", 0.1, EKIMOV), Q(0.58, "1", 0.1, EKIMOV + ", spherical: g2 = g3")),
    ),
    valence_band_maximum_mev=Q(0.0, "meV", 0.0, "zero of the scale, by definition"),
    permittivity=(9.5, 6.2),
    kane_energy_mev=Q(20000.0, "meV", 3000.0, MASS),
    spin_orbit_mev=420.0,
    n0_alpha_mev=Q(230.0, "meV", 30.0, EXCHANGE),
    n0_beta_mev=Q(-1270.0, "meV", 30.0, EXCHANGE),
    cation_volume_nm3=0.0561,
    lo_phonon_mev=26.0,
)

CDS = tetrahedral(
    "CdS",
    ("Cd", "S"),
    Lattice("wurtzite", 0.4137, 0.6716, BOOK),
    varshni(2580.0, 10.0, 0.402, 147.0),
    electron_mass=Q(0.20, "m0", 0.02, MASS),
    hole_mass=Q(0.70, "m0", 0.20, MASS),
    hole=HoleEntries(
        Q(0.28, "1", 0.10, "taken from CdSe; the small spin-orbit splitting makes the four-band model doubtful"),
        (not_established("1"), not_established("1"), not_established("1")),
    ),
    valence_band_maximum_mev=Q(-420.0, "meV", 100.0, OFFSET),
    permittivity=(8.9, 5.5),
    kane_energy_mev=Q(21000.0, "meV", 3000.0, MASS),
    spin_orbit_mev=70.0,
    n0_alpha_mev=Q(220.0, "meV", 20.0, EXCHANGE),
    n0_beta_mev=Q(-1800.0, "meV", 100.0, EXCHANGE),
    cation_volume_nm3=0.0499,
    lo_phonon_mev=38.0,
)

ZNSE = tetrahedral(
    "ZnSe",
    ("Zn", "Se"),
    Lattice("zinc-blende", 0.5668, 0.5668, BOOK),
    varshni(2825.0, 10.0, 0.49, 190.0),
    electron_mass=Q(0.16, "m0", 0.02, MASS),
    hole_mass=Q(0.60, "m0", 0.15, MASS),
    hole=luttinger(4.30, 1.14, 1.84, 0.16, 0.08, "textbook value; published Luttinger parameters spread widely"),
    # Wei and Zunger give 70 below CdSe; ZnSe/CdSe dots are modelled with 140 to 300.
    valence_band_maximum_mev=Q(-190.0, "meV", 100.0, "between Wei and Zunger (70) and the 140-300 used for dots"),
    permittivity=(8.9, 5.9),
    kane_energy_mev=Q(25000.0, "meV", 3000.0, MASS),
    spin_orbit_mev=430.0,
    n0_alpha_mev=Q(260.0, "meV", 30.0, EXCHANGE),
    n0_beta_mev=Q(-1310.0, "meV", 60.0, EXCHANGE),
    cation_volume_nm3=0.0455,
    lo_phonon_mev=31.5,
)

ZNS = tetrahedral(
    "ZnS",
    ("Zn", "S"),
    Lattice("zinc-blende", 0.5410, 0.5410, BOOK),
    varshni(3840.0, 20.0, 0.53, 240.0),
    electron_mass=Q(0.28, "m0", 0.05, MASS),
    hole_mass=Q(0.60, "m0", 0.20, MASS),
    hole=luttinger(2.54, 0.75, 1.09, 0.14, 0.10, LAWAETZ),
    valence_band_maximum_mev=Q(-600.0, "meV", 150.0, OFFSET),
    permittivity=(8.3, 5.1),
    kane_energy_mev=Q(22000.0, "meV", 3000.0, MASS),
    spin_orbit_mev=70.0,
    n0_alpha_mev=Q(180.0, "meV", 60.0, "textbook value, weakly supported"),
    n0_beta_mev=Q(-1500.0, "meV", 300.0, "textbook value, weakly supported"),
    cation_volume_nm3=0.0396,
    lo_phonon_mev=43.0,
)

CDTE = tetrahedral(
    "CdTe",
    ("Cd", "Te"),
    Lattice("zinc-blende", 0.6482, 0.6482, BOOK),
    varshni(1606.0, 5.0, 0.31, 108.0),
    electron_mass=Q(0.10, "m0", 0.01, MASS),
    hole_mass=Q(0.40, "m0", 0.10, MASS),
    hole=luttinger(5.3, 1.7, 2.0, 0.17, 0.04, "textbook value; published Luttinger parameters spread"),
    valence_band_maximum_mev=Q(570.0, "meV", 100.0, OFFSET),
    permittivity=(10.4, 7.1),
    kane_energy_mev=Q(19500.0, "meV", 2000.0, MASS),
    spin_orbit_mev=900.0,
    n0_alpha_mev=Q(220.0, "meV", 10.0, EXCHANGE),
    n0_beta_mev=Q(-880.0, "meV", 40.0, EXCHANGE),
    cation_volume_nm3=0.0680,
    lo_phonon_mev=21.1,
)

ZNTE = tetrahedral(
    "ZnTe",
    ("Zn", "Te"),
    Lattice("zinc-blende", 0.6101, 0.6101, BOOK),
    varshni(2394.0, 5.0, 0.454, 145.0, "remembered textbook value, not re-checked; others give alpha 0.55, beta 159"),
    electron_mass=Q(0.12, "m0", 0.01, MASS),
    hole_mass=Q(0.60, "m0", 0.15, MASS),
    hole=luttinger(4.0, 0.86, 1.39, 0.26, 0.08, "textbook value; published Luttinger parameters spread widely"),
    valence_band_maximum_mev=Q(670.0, "meV", 100.0, OFFSET),
    permittivity=(9.7, 7.0),
    kane_energy_mev=Q(19000.0, "meV", 3000.0, MASS),
    spin_orbit_mev=950.0,
    n0_alpha_mev=Q(190.0, "meV", 20.0, EXCHANGE),
    n0_beta_mev=Q(-1090.0, "meV", 50.0, EXCHANGE),
    cation_volume_nm3=0.0568,
    lo_phonon_mev=26.0,
)

II_VI_HOSTS: tuple[Material, ...] = (CDSE, CDS, ZNSE, ZNS, CDTE, ZNTE)
