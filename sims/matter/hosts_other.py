"""The hosts beyond II-VI: PbS, InP, the lead-halide perovskites CsPbX3 and the oxysulphides Ln2O2S.

InP: I. Vurgaftman, J. R. Meyer and L. R. Ram-Mohan, J. Appl. Phys. 89, 5815 (2001). Perovskites: reduced masses and
exciton binding energies from magneto-absorption, Z. Yang et al., ACS Energy Lett. 2, 1621 (2017) (Br, I) and
M. Baranowski et al., ACS Energy Lett. 5, 3386 (2020) (Cl); electron and hole mass are taken equal, twice the reduced
mass, and the exciton's permittivity follows from both through the hydrogen formula. Single-crystal work gives other
numbers for CsPbBr3 (reduced mass 0.18, permittivity 8.7), which the uncertainties cover.
Band edges on the scale of the II-VI hosts come from ionisation energies and are good to 0.3 eV only: use them for a
shell of another family only with an offset of your own.
"""

from sims.matter.gaps import LeadSaltLaw, LinearLaw
from sims.matter.hosts_ii_vi import BOOK, HoleEntries, luttinger, tetrahedral, varshni
from sims.matter.lattice import Lattice, cubic
from sims.matter.material import Bulk, Material, occupations
from sims.matter.quantity import Quantity, not_established

Q = Quantity
YANG = "Yang et al., ACS Energy Lett. 2, 1621 (2017), rounded"
BARANOWSKI = "Baranowski et al., ACS Energy Lett. 5, 3386 (2020), rounded"
EQUAL = "; electron and hole mass taken equal"
NO_GAMMA8 = "the hole is not a Gamma8 hole: the Luttinger sphere does not apply"
IONISATION = "ionisation energies against CdTe and CdSe; published values disagree"
NO_EXCHANGE = "exchange with Mn2+ uncertain: fit it"
VURGAFTMAN = "Vurgaftman et al., J. Appl. Phys. 89, 5815 (2001)"
NO_HOLE = HoleEntries(not_established("1", NO_GAMMA8), (not_established("1", NO_GAMMA8),) * 3)

INP = tetrahedral(
    "InP",
    ("In", "P"),
    cubic("zinc-blende", 0.58687, BOOK),
    varshni(1424.0, 3.0, 0.363, 162.0),
    electron_mass=Q(0.0795, "m0", 0.003, VURGAFTMAN),
    hole_mass=Q(0.60, "m0", 0.10, BOOK),
    hole=luttinger(5.08, 1.60, 2.10, 0.144, 0.03, VURGAFTMAN),
    valence_band_maximum_mev=Q(800.0, "meV", 300.0, IONISATION),
    permittivity=(12.5, 9.6),
    kane_energy_mev=Q(20700.0, "meV", 1000.0, VURGAFTMAN),
    spin_orbit_mev=108.0,
    n0_alpha_mev=not_established("meV", NO_EXCHANGE),
    n0_beta_mev=not_established("meV", NO_EXCHANGE),
    cation_volume_nm3=0.0505,
    lo_phonon_mev=42.8,
)

_PBS_LATTICE = cubic("rock-salt", 0.5936, BOOK)
_PBS_GAP = "textbook law 263 + sqrt(400 + 0.265 T^2) meV"

PBS = Material(
    "PbS",
    _PBS_LATTICE,
    occupations(_PBS_LATTICE, cation="Pb", anion="S"),
    LeadSaltLaw(Q(263.0, "meV", 5.0, _PBS_GAP), Q(20.0, "meV", 1.0, _PBS_GAP), Q(0.265, "meV^2/K^2", 0.01, _PBS_GAP)),
    Bulk(
        electron_mass=Q(0.085, "m0", 0.01, BOOK),
        hole_mass=Q(0.085, "m0", 0.01, BOOK),
        light_to_heavy_mass_ratio=NO_HOLE.ratio,
        luttinger_1=NO_HOLE.luttinger[0],
        luttinger_2=NO_HOLE.luttinger[1],
        luttinger_3=NO_HOLE.luttinger[2],
        valence_band_maximum_mev=Q(1400.0, "meV", 300.0, IONISATION),
        static_permittivity=Q(169.0, "1", 10.0, BOOK),
        optical_permittivity=Q(17.0, "1", 1.0, BOOK),
        exciton_permittivity=Q(17.0, "1", 3.0, "optical value: the lattice does not follow a confined pair"),
        kane_energy_mev=not_established("meV", "two-band models of PbS differ in its definition"),
        spin_orbit_mev=not_established("meV"),
        n0_alpha_mev=not_established("meV", NO_EXCHANGE),
        n0_beta_mev=not_established("meV", NO_EXCHANGE),
        cation_volume_nm3=Q(0.0523, "nm^3", 0.0003, "from the lattice constant, 300 K"),
        lo_phonon_mev=Q(26.0, "meV", 1.0, BOOK),
    ),
)


def _perovskite(
    halide: str,
    a_nm: float,
    gap_0k_mev: Quantity,
    slope_mev_per_k: float,
    reduced_mass: Quantity,
    exciton_permittivity: Quantity,
    permittivity: tuple[Quantity, Quantity],
    edge_mev: float,
    lo_phonon_mev: Quantity,
) -> Material:
    lattice = cubic("perovskite", a_nm, BOOK + " of the cubic phase")
    mass = Q(
        2 * reduced_mass.required(halide, "reduced mass"),
        "m0",
        2 * reduced_mass.uncertainty,
        reduced_mass.source + EQUAL,
    )
    volume = lattice.cation_volume_nm3
    return Material(
        f"CsPb{halide}3",
        lattice,
        occupations(lattice, cation="Pb", second_cation="Cs", anion=halide),
        LinearLaw(
            gap_0k_mev, Q(slope_mev_per_k, "meV/K", 0.5 * slope_mev_per_k, "order of magnitude; the gap rises"), 250.0
        ),
        Bulk(
            electron_mass=mass,
            hole_mass=mass,
            light_to_heavy_mass_ratio=NO_HOLE.ratio,
            luttinger_1=NO_HOLE.luttinger[0],
            luttinger_2=NO_HOLE.luttinger[1],
            luttinger_3=NO_HOLE.luttinger[2],
            valence_band_maximum_mev=Q(edge_mev, "meV", 400.0, IONISATION),
            static_permittivity=permittivity[0],
            optical_permittivity=permittivity[1],
            exciton_permittivity=exciton_permittivity,
            kane_energy_mev=not_established("meV", "published values span 12 to 40 eV"),
            spin_orbit_mev=Q(1400.0, "meV", 200.0, "conduction-band splitting, calculated values of 1.2 to 1.6 eV"),
            n0_alpha_mev=not_established("meV", NO_EXCHANGE),
            n0_beta_mev=not_established("meV", NO_EXCHANGE),
            cation_volume_nm3=Q(volume, "nm^3", 0.02 * volume, "cubic lattice constant; tilted phases are denser"),
            lo_phonon_mev=lo_phonon_mev,
        ),
    )


_ROUGH = "order of magnitude; published values spread"

PEROVSKITES: tuple[Material, ...] = (
    _perovskite(
        "Cl", 0.5605, Q(3056.0, "meV", 20.0, BARANOWSKI), 0.2, Q(0.202, "m0", 0.010, BARANOWSKI),
        Q(6.6, "1", 0.6, BARANOWSKI), (Q(15.0, "1", 5.0, _ROUGH), Q(3.9, "1", 0.5, _ROUGH)), 300.0,
        Q(26.0, "meV", 4.0, _ROUGH),
    ),
    _perovskite(
        "Br", 0.5874, Q(2342.0, "meV", 10.0, YANG), 0.3, Q(0.126, "m0", 0.050, YANG),
        Q(7.3, "1", 1.4, YANG), (Q(20.0, "1", 8.0, _ROUGH), Q(4.8, "1", 0.5, _ROUGH)), 500.0,
        Q(19.0, "meV", 2.0, _ROUGH),
    ),
    _perovskite(
        "I", 0.6289, Q(1723.0, "meV", 10.0, YANG), 0.3, Q(0.114, "m0", 0.010, YANG),
        Q(10.0, "1", 1.0, YANG), (Q(20.0, "1", 8.0, _ROUGH), Q(5.5, "1", 0.6, _ROUGH)), 800.0,
        Q(14.0, "meV", 3.0, _ROUGH),
    ),
)  # fmt: skip


def _oxysulphide(lanthanide: str, a_nm: float, c_nm: float, gap_mev: float) -> Material:
    lattice = Lattice("oxysulphide", a_nm, c_nm, BOOK)
    volume = lattice.cation_volume_nm3
    nothing = not_established("m0", "no band parameters measured: the host is an insulator for 4f ions")
    plain = not_established("1")
    energy = not_established("meV")
    return Material(
        f"{lanthanide}2O2S",
        lattice,
        occupations(lattice, cation=lanthanide, anion="S", oxygen="O"),
        LinearLaw(
            Q(gap_mev, "meV", 300.0, "optical absorption edges near 300 K; published values spread"),
            not_established("meV/K", "temperature dependence not established: constant"),
        ),
        Bulk(
            electron_mass=nothing,
            hole_mass=nothing,
            light_to_heavy_mass_ratio=NO_HOLE.ratio,
            luttinger_1=NO_HOLE.luttinger[0],
            luttinger_2=NO_HOLE.luttinger[1],
            luttinger_3=NO_HOLE.luttinger[2],
            valence_band_maximum_mev=energy,
            static_permittivity=plain,
            optical_permittivity=Q(4.8, "1", 0.4, "square of a refractive index near 2.2"),
            exciton_permittivity=plain,
            kane_energy_mev=energy,
            spin_orbit_mev=energy,
            n0_alpha_mev=not_established("meV", NO_EXCHANGE),
            n0_beta_mev=not_established("meV", NO_EXCHANGE),
            cation_volume_nm3=Q(volume, "nm^3", 0.01 * volume, "from the lattice constants, 300 K"),
            lo_phonon_mev=energy,
        ),
    )


OXYSULPHIDES: tuple[Material, ...] = (
    _oxysulphide("La", 0.4051, 0.6944, 4600.0),
    _oxysulphide("Gd", 0.3852, 0.6667, 4600.0),
    _oxysulphide("Y", 0.3784, 0.6589, 4700.0),
)

OTHER_HOSTS: tuple[Material, ...] = (PBS, INP, *PEROVSKITES, *OXYSULPHIDES)
