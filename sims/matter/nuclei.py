"""The nuclear spins of a host, natural or isotopically enriched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sims.basics import checks
from sims.matter.hosts import material
from sims.matter.isotopes import Isotope, spin_free_fraction, spin_isotopes
from sims.matter.material import Material


@dataclass(frozen=True)
class NuclearSpecies:
    """One spin-carrying isotope in a host.

    ``abundance``: fraction of the sublattice's sites that hold it (in an alloy the element's share is included).
    ``sites_per_cation``: sites of that sublattice per dopant-replaceable cation, so that the number density is
    abundance x sites_per_cation / V0. ``gyromagnetic_ratio_rad_per_s_per_t`` has the sign of the moment.
    """

    element: str
    isotope: str
    sublattice: str
    abundance: float
    spin: float
    g_factor: float
    gyromagnetic_ratio_rad_per_s_per_t: float
    sites_per_cation: float

    def density_per_nm3(self, cation_volume_nm3: float) -> float:
        """Number density of these nuclei for a volume per cation in nm^3."""
        return self.abundance * self.sites_per_cation / cation_volume_nm3


def nuclear_species(host: str | Material) -> tuple[NuclearSpecies, ...]:
    """Spin-carrying isotopes of a host (name or Material), cation sublattice first; ValueError for an unknown name.

    Isotopes and their source: ``sims.matter.isotopes``. An isotope enriched down to nothing is left out.
    """
    crystal = material(host) if isinstance(host, str) else host
    species = []
    for place in crystal.occupations:
        for isotope in spin_isotopes(place.element):
            share = place.fraction * crystal.spin_abundances.get(isotope.name, isotope.abundance)
            if share > 0:
                species.append(_species(isotope, place.sublattice, share, place.sites_per_cation))
    return tuple(species)


def with_isotopes(host: str | Material, purity: float | Mapping[str, float]) -> Material:
    """The host with enriched elements.

    ``purity``: fraction (0..1) of atoms without nuclear spin. One number purifies every element at least to it
    (an element that is purer by nature stays natural) and is refused, with ValueError naming the element, when an
    element has no stable isotope without spin (In, P, Cs, Cl, Br, I, La, Y): give a mapping element -> purity then,
    which sets exactly the elements it names. The proportions among an element's spin isotopes stay natural.
    """
    crystal = material(host) if isinstance(host, str) else host
    elements = sorted({place.element for place in crystal.occupations})
    if isinstance(purity, Mapping):
        wanted = dict(purity)
    else:
        checks.fraction("purity", purity)
        wanted = {element: max(purity, spin_free_fraction(element)) for element in elements}
    abundances = dict(crystal.spin_abundances)
    for element, value in wanted.items():
        if element not in elements:
            raise ValueError(f"element {element!r}: not in {crystal.name} (it holds {', '.join(elements)})")
        checks.fraction(f"purity of {element}", value)
        free = spin_free_fraction(element)
        if free == 0 and value > 0:
            raise ValueError(
                f"purity of {element} = {value}: {element} has no stable isotope without nuclear spin; "
                "name the elements to purify in a mapping element -> purity"
            )
        for isotope in spin_isotopes(element):
            abundances[isotope.name] = isotope.abundance * (1 - value) / (1 - free)
    return replace(crystal, spin_abundances=abundances)


def _species(isotope: Isotope, sublattice: str, share: float, sites_per_cation: float) -> NuclearSpecies:
    return NuclearSpecies(
        element=isotope.element,
        isotope=isotope.name,
        sublattice=sublattice,
        abundance=share,
        spin=isotope.spin,
        g_factor=isotope.g_factor,
        gyromagnetic_ratio_rad_per_s_per_t=isotope.gyromagnetic_ratio_rad_per_s_per_t,
        sites_per_cation=sites_per_cation,
    )
