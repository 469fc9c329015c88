"""The dopant ions: spin, nucleus, crystal field, exchange, inner transition; each entry with source and uncertainty.

Where nobody has established a number the entry's ``value`` is None: the sample file then uses zero and says so in
one warning. Exchange signs: alpha > 0 and beta < 0 (antiferromagnetic p-d) make Delta E_Z negative, as for Mn2+.
Strain enters as H = c1 sum_i epsilon_ii S_i^2, so D = c1 (e_zz - e_par) and E = c1 (e_xx - e_yy)/2.
"""

from dataclasses import dataclass

from sims.basics import checks
from sims.matter.hosts import material
from sims.matter.ion_rows import ROWS_IN_HOST, WAVENUMBER_UEV, HostRow
from sims.matter.isotopes import NUCLEAR_MAGNETON_OVER_HBAR_RAD_PER_S_PER_T
from sims.matter.quantity import Quantity, not_established


class NotEstablished(UserWarning):
    """A number of a dopant that no publication establishes; zero is used instead."""


@dataclass(frozen=True)
class Nucleus:
    """The most abundant isotope of the ion: spin, g factor (moment over spin, in nuclear magnetons)."""

    isotope: str
    spin: float
    abundance: float
    g_factor: float
    source: str


@dataclass(frozen=True)
class InnerTransition:
    """Lowest optical transition inside the ion's own shell, and how fast an exciton above it is handed over."""

    name: str
    energy_mev: Quantity
    fwhm_mev: Quantity
    lifetime_us: Quantity
    transfer_ps: Quantity


@dataclass(frozen=True)
class Ion:
    """What of an ion does not depend on the host.

    ``spin`` is the effective spin of the ground multiplet; ``oxidation_state`` the one that is paramagnetic;
    ``giant_zeeman_sign`` the sign of E(sigma+) - E(sigma-) that exchange gives in a positive field, 0 if unknown.
    ``magnetic_isotope`` is the isotope with nuclear spin where the common one has none, else None.
    """

    symbol: str
    name: str
    oxidation_state: int
    spin: float
    g_factor: Quantity
    nucleus: Nucleus
    magnetic_isotope: Nucleus | None
    giant_zeeman_sign: int
    strain_coefficient_mev: Quantity
    dark_t1_us: Quantity
    inner_transition: InnerTransition


@dataclass(frozen=True)
class IonInHost:
    """An ion in one host: every number that the sample file takes when it is not stated there."""

    ion: Ion
    host: str
    g_factor: Quantity
    hyperfine_uev: Quantity
    zero_field_d_uev: Quantity
    zero_field_e_uev: Quantity
    cubic_a_uev: Quantity
    n0_alpha_mev: Quantity
    n0_beta_mev: Quantity


NMR = "IUPAC 2001 (Harris et al., Pure Appl. Chem. 73, 1795)"
TEXTBOOK = "textbook value"


def _nucleus(isotope: str, spin: float, abundance: float, gamma_1e7: float) -> Nucleus:
    g = 1e7 * gamma_1e7 / NUCLEAR_MAGNETON_OVER_HBAR_RAD_PER_S_PER_T
    return Nucleus(isotope, spin, abundance, g, NMR)


def _spinless(isotope: str, abundance: float) -> Nucleus:
    return Nucleus(isotope, 0.0, abundance, 0.0, NMR)


def _g(value: float, uncertainty: float, source: str) -> Quantity:
    return Quantity(value, "1", uncertainty, source)


def _mev(value: float, uncertainty: float, source: str) -> Quantity:
    return Quantity(value, "meV", uncertainty, source)


IONS: dict[str, Ion] = {
    "Mn": Ion(
        symbol="Mn",
        name="Mn2+",
        oxidation_state=2,
        spin=2.5,
        g_factor=_g(2.0, 0.01, "S-state ion: free spin within 0.5 %"),
        nucleus=_nucleus("55Mn", 2.5, 1.0, 6.6452546),
        magnetic_isotope=None,
        giant_zeeman_sign=-1,
        strain_coefficient_mev=_mev(0.1, 0.05, "inferred: D <= 12 ueV at about 10 % axial strain (CdTe/ZnTe dots)"),
        dark_t1_us=Quantity(1000.0, "us", 1000.0, "a bound only: far above 10 us (Le Gall, PRB 81, 245315)"),
        inner_transition=InnerTransition(
            "4T1 - 6A1",
            _mev(2100.0, 50.0, f"{TEXTBOOK} (580-600 nm)"),
            _mev(200.0, 50.0, TEXTBOOK),
            Quantity(500.0, "us", 500.0, f"{TEXTBOOK}: 0.1-2 ms"),
            Quantity(10.0, "ps", 30.0, "1-100 ps in colloidal dots; single ions in epitaxial dots may not quench"),
        ),
    ),
    "Cu": Ion(
        symbol="Cu",
        name="Cu2+",
        oxidation_state=2,
        spin=0.5,
        g_factor=_g(2.15, 0.1, f"{TEXTBOOK}: 2.05-2.3; resonance often unobservable"),
        nucleus=_nucleus("63Cu", 1.5, 0.6917, 7.1117890),
        magnetic_isotope=None,
        giant_zeeman_sign=1,
        strain_coefficient_mev=_mev(0.0, 0.0, "exact: a spin 1/2 has no quadratic term"),
        dark_t1_us=not_established("us"),
        inner_transition=InnerTransition(
            "2E - 2T2",
            _mev(850.0, 100.0, TEXTBOOK),
            _mev(200.0, 100.0, "assumed"),
            not_established("us"),
            not_established("ps"),
        ),
    ),
    "Co": Ion(
        symbol="Co",
        name="Co2+",
        oxidation_state=2,
        spin=1.5,
        g_factor=_g(2.27, 0.03, f"{TEXTBOOK}: 2.25-2.3"),
        nucleus=_nucleus("59Co", 3.5, 1.0, 6.332),
        magnetic_isotope=None,
        giant_zeeman_sign=-1,
        strain_coefficient_mev=not_established("meV"),
        dark_t1_us=not_established("us"),
        inner_transition=InnerTransition(
            "4T1(P) - 4A2",
            _mev(1700.0, 100.0, f"{TEXTBOOK} (about 700-750 nm)"),
            _mev(100.0, 50.0, "assumed"),
            not_established("us"),
            not_established("ps", "single Co2+ in epitaxial dots does not quench the exciton"),
        ),
    ),
    "Cr": Ion(
        symbol="Cr",
        name="Cr2+",
        oxidation_state=2,
        spin=2.0,
        g_factor=_g(2.0, 0.05, TEXTBOOK),
        nucleus=_spinless("52Cr", 0.905),
        magnetic_isotope=_nucleus("53Cr", 1.5, 0.09501, -1.5152),
        giant_zeeman_sign=1,
        strain_coefficient_mev=_mev(20.0, 10.0, "inferred: D = 1-3 meV at about 10 % axial strain (CdTe/ZnTe dots)"),
        dark_t1_us=Quantity(2.0, "us", 0.5, "Lafuente-Sampietro et al. 2016: about 2 us at 5 K, CdTe dot"),
        inner_transition=InnerTransition(
            "5E - 5T2",
            _mev(650.0, 50.0, f"{TEXTBOOK} (about 2 um)"),
            _mev(100.0, 50.0, "assumed"),
            Quantity(6.0, "us", 4.0, f"{TEXTBOOK}: lasers of Cr2+ in ZnSe"),
            not_established("ps", "single Cr2+ in epitaxial dots does not quench the exciton"),
        ),
    ),
    "Fe": Ion(
        symbol="Fe",
        name="Fe3+",
        oxidation_state=3,
        spin=2.5,
        g_factor=_g(2.02, 0.02, f"{TEXTBOOK}: S-state ion"),
        nucleus=_spinless("56Fe", 0.9175),
        magnetic_isotope=_nucleus("57Fe", 0.5, 0.02119, 0.8680624),
        giant_zeeman_sign=0,
        strain_coefficient_mev=not_established("meV"),
        dark_t1_us=not_established("us"),
        inner_transition=InnerTransition(
            "4T1 - 6A1",
            _mev(1300.0, 300.0, f"{TEXTBOOK}, host dependent"),
            _mev(200.0, 100.0, "assumed"),
            not_established("us"),
            not_established("ps"),
        ),
    ),
    "Er": Ion(
        symbol="Er",
        name="Er3+",
        oxidation_state=3,
        spin=0.5,
        g_factor=_g(6.8, 0.8, "cubic Kramers doublet: 6.8 (Gamma7) or 6.0 (Gamma6), effective spin 1/2; textbook"),
        nucleus=_spinless("166Er and other even isotopes", 0.7707),
        magnetic_isotope=_nucleus("167Er", 3.5, 0.2293, -0.77157),
        giant_zeeman_sign=0,
        strain_coefficient_mev=_mev(0.0, 0.0, "exact: a Kramers doublet has no quadratic term"),
        dark_t1_us=not_established("us"),
        inner_transition=InnerTransition(
            "4I13/2 - 4I15/2",
            _mev(810.0, 5.0, f"{TEXTBOOK} (1.53 um)"),
            _mev(10.0, 5.0, "assumed: spread of the crystal-field lines"),
            Quantity(1e4, "us", 5e3, f"{TEXTBOOK}: about 10 ms"),
            not_established("ps"),
        ),
    ),
}


def ion(symbol: str) -> Ion:
    """The ion of an element symbol; ValueError that lists the known ones."""
    if symbol not in IONS:
        raise ValueError(f"dopant element {symbol!r}: unknown; known are {', '.join(IONS)}")
    return IONS[symbol]


def ion_in_host(symbol: str, host: str) -> IonInHost:
    """All numbers of an ion in a host (``Quantity``; value None: not established). ValueError for unknown names."""
    found = ion(symbol)
    bulk = material(host)
    row = ROWS_IN_HOST.get((symbol, host), HostRow())
    alpha, beta = row.n0_alpha_mev, row.n0_beta_mev
    if symbol == "Mn":  # one table: Mn's exchange belongs to the host's own numbers
        alpha, beta = bulk.quantity("n0_alpha_mev"), bulk.quantity("n0_beta_mev")
    return IonInHost(
        ion=found,
        host=host,
        g_factor=row.g_factor or found.g_factor,
        hyperfine_uev=_hyperfine(found, row),
        zero_field_d_uev=_crystal_field(found, row.zero_field_d_uev, least_spin=1.0),
        zero_field_e_uev=_crystal_field(found, row.zero_field_e_uev, least_spin=1.0),
        cubic_a_uev=_crystal_field(found, row.cubic_a_uev, least_spin=2.0),
        n0_alpha_mev=alpha or not_established("meV"),
        n0_beta_mev=beta or not_established("meV"),
    )


def strain_crystal_field_uev(symbol: str, axial_strain: float, in_plane_strain: float) -> tuple[float, float]:
    """(D, E) in ueV that strain adds: D = c1 (e_zz - e_par), E = c1 (e_xx - e_yy)/2; zero where c1 is unknown.

    ``axial_strain`` is e_zz - e_par and ``in_plane_strain`` e_xx - e_yy, both dimensionless.
    ValueError for strain that is not finite or an unknown ion.
    """
    checks.finite("axial_strain", axial_strain)
    checks.finite("in_plane_strain", in_plane_strain)
    coefficient = ion(symbol).strain_coefficient_mev.value or 0.0
    return 1e3 * coefficient * axial_strain, 1e3 * coefficient * in_plane_strain / 2


def wavenumber_uev(per_cm: float) -> float:
    """Energy in ueV of a wavenumber in 1/cm, the unit of the spin-resonance literature; ValueError unless finite."""
    return checks.finite("per_cm", per_cm) * WAVENUMBER_UEV


def _hyperfine(found: Ion, row: HostRow) -> Quantity:
    if found.nucleus.spin == 0:
        return Quantity(0.0, "ueV", 0.0, f"exact: {found.nucleus.isotope} has no nuclear spin")
    return row.hyperfine_uev or not_established("ueV")


def _crystal_field(found: Ion, value: Quantity | None, least_spin: float) -> Quantity:
    if found.spin < least_spin:
        return Quantity(0.0, "ueV", 0.0, f"exact: no such term for spin {found.spin:g}")
    if value is not None:
        return value
    if found.symbol in ("Mn", "Fe"):
        return Quantity(0.0, "ueV", 7.0, "S-state ion in an unstrained cubic site; strain gives up to 12 ueV: state it")
    return not_established("ueV")
