"""What is known of one bulk host: the record every host, alloy and isotopically enriched crystal shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from sims.matter.gaps import GapLaw
from sims.matter.lattice import Lattice
from sims.matter.quantity import Quantity


@dataclass(frozen=True)
class Bulk:
    """Bulk numbers of one host, each with unit, uncertainty and source.

    Masses in units of the free mass: ``electron_mass`` and ``hole_mass`` (a single band's) for the radial solver;
    ``light_to_heavy_mass_ratio`` = (g1 - 2g)/(g1 + 2g), g = (2 g2 + 3 g3)/5, of the spherical Luttinger model
    (A. Baldereschi and N. O. Lipari, Phys. Rev. B 8, 2697 (1973)).
    ``valence_band_maximum_mev`` is the natural (unstrained) band edge, with the one of CdSe at 0.
    ``exciton_permittivity`` screens electron and hole in a dot.
    ``n0_alpha_mev`` and ``n0_beta_mev`` are those of Mn2+ (positive: ferromagnetic).
    ``cation_volume_nm3`` is V0 = 1/N0.
    """

    electron_mass: Quantity
    hole_mass: Quantity
    light_to_heavy_mass_ratio: Quantity
    luttinger_1: Quantity
    luttinger_2: Quantity
    luttinger_3: Quantity
    valence_band_maximum_mev: Quantity
    static_permittivity: Quantity
    optical_permittivity: Quantity
    exciton_permittivity: Quantity
    kane_energy_mev: Quantity
    spin_orbit_mev: Quantity
    n0_alpha_mev: Quantity
    n0_beta_mev: Quantity
    cation_volume_nm3: Quantity
    lo_phonon_mev: Quantity


BULK_PROPERTIES: tuple[str, ...] = tuple(entry.name for entry in fields(Bulk))


@dataclass(frozen=True)
class Occupation:
    """``fraction`` of the sites of one sublattice hold this element; ``sites_per_cation`` counts the sublattice."""

    element: str
    sublattice: str
    fraction: float
    sites_per_cation: float


@dataclass(frozen=True)
class Material:
    """A host. The properties give plain numbers; ``quantity`` gives them with uncertainty and source.

    ``spin_abundances`` replaces natural abundances: isotope name -> fraction of its element's atoms.
    A property without an established value raises NotEstablishedError, naming host and property.
    """

    name: str
    lattice: Lattice
    occupations: tuple[Occupation, ...]
    gap_law: GapLaw
    bulk: Bulk
    spin_abundances: Mapping[str, float] = field(default_factory=dict)

    def quantity(self, name: str) -> Quantity:
        """One entry of the table; ValueError for a property that does not exist."""
        if name == "gap_0k_mev":
            return self.gap_law.gap_0k_mev
        if name not in BULK_PROPERTIES:
            raise ValueError(f"property {name!r}: unknown (known: gap_0k_mev, {', '.join(BULK_PROPERTIES)})")
        entry: Quantity = getattr(self.bulk, name)
        return entry

    def value(self, name: str) -> float:
        """One number of the table, in its unit; NotEstablishedError where there is none."""
        return self.quantity(name).required(self.name, name)

    @property
    def gap_0k_mev(self) -> float:
        """Gap at 0 K in meV."""
        return self.value("gap_0k_mev")

    @property
    def electron_mass(self) -> float:
        """Electron mass in units of the free mass."""
        return self.value("electron_mass")

    @property
    def hole_mass(self) -> float:
        """Single-band hole mass in units of the free mass."""
        return self.value("hole_mass")

    @property
    def light_to_heavy_mass_ratio(self) -> float:
        """m_lh/m_hh of the spherical Luttinger model."""
        return self.value("light_to_heavy_mass_ratio")

    @property
    def valence_band_maximum_mev(self) -> float:
        """Valence-band maximum in meV on the scale where CdSe has 0."""
        return self.value("valence_band_maximum_mev")

    @property
    def permittivity(self) -> float:
        """Static relative permittivity."""
        return self.value("static_permittivity")

    @property
    def exciton_permittivity(self) -> float:
        """Relative permittivity between electron and hole of an exciton in a dot."""
        return self.value("exciton_permittivity")

    @property
    def n0_alpha_mev(self) -> float:
        """Exchange integral of Mn2+ with the electron, N0 alpha, in meV."""
        return self.value("n0_alpha_mev")

    @property
    def n0_beta_mev(self) -> float:
        """Exchange integral of Mn2+ with the hole, N0 beta, in meV."""
        return self.value("n0_beta_mev")

    @property
    def cation_volume_nm3(self) -> float:
        """Volume per cation, 1/N0, in nm^3."""
        return self.value("cation_volume_nm3")


def occupations(lattice: Lattice, **elements: str) -> tuple[Occupation, ...]:
    """Every sublattice filled by one element; keywords: cation, anion, second_cation, oxygen."""
    names = list(lattice.sublattices)
    found = {sublattice.replace("_", " "): element for sublattice, element in elements.items()}
    if set(found) != set(names):
        raise ValueError(f"a {lattice.structure} lattice has the sublattices {sorted(set(names))}, not {sorted(found)}")
    return tuple(
        Occupation(element, sublattice, 1.0, names.count(sublattice) / lattice.cations_per_cell)
        for sublattice, element in found.items()
    )
