"""Alloys A_x B_(1-x): every property between its two ends, the gap with bowing."""

from dataclasses import fields

from sims.basics import checks
from sims.matter.gaps import MixedLaw
from sims.matter.hosts import material
from sims.matter.lattice import Lattice
from sims.matter.material import Bulk, Material, Occupation
from sims.matter.quantity import NotEstablishedError, Quantity, not_established

_SPREAD = "textbook value; published bowings spread"

# b of Eg(x) = x Eg_A + (1 - x) Eg_B - b x (1 - x), in meV, with half the span of published values.
BOWINGS: dict[frozenset[str], Quantity] = {
    frozenset({"CdSe", "CdS"}): Quantity(400.0, "meV", 150.0, _SPREAD),
    frozenset({"ZnSe", "ZnS"}): Quantity(500.0, "meV", 150.0, _SPREAD),
    frozenset({"CdSe", "ZnSe"}): Quantity(350.0, "meV", 70.0, _SPREAD),
    frozenset({"CdS", "ZnS"}): Quantity(610.0, "meV", 250.0, _SPREAD),
    frozenset({"CdTe", "ZnTe"}): Quantity(260.0, "meV", 100.0, _SPREAD),
    frozenset({"CdSe", "CdTe"}): Quantity(800.0, "meV", 100.0, _SPREAD),
    frozenset({"ZnSe", "ZnTe"}): Quantity(1300.0, "meV", 200.0, _SPREAD),
    frozenset({"CdS", "CdTe"}): Quantity(1700.0, "meV", 200.0, _SPREAD),
    frozenset({"CsPbCl3", "CsPbBr3"}): Quantity(0.0, "meV", 200.0, "reported close to linear"),
    frozenset({"CsPbBr3", "CsPbI3"}): Quantity(0.0, "meV", 200.0, "reported close to linear"),
}


def bowing_mev(first: str, second: str) -> Quantity:
    """Bowing of the gap of two hosts; 0 for one host with itself; NotEstablishedError for a pair not tabulated."""
    if first == second:
        return Quantity(0.0, "meV", 0.0, "one material")
    found = BOWINGS.get(frozenset({first, second}))
    if found is None:
        raise NotEstablishedError(f"bowing of {first} with {second}: not tabulated; give bowing_mev yourself")
    return found


def alloy(first: str, second: str, fraction: float, *, bowing: float | None = None) -> Material:
    """The alloy first_x second_(1-x) with x = ``fraction`` (0..1).

    Gap: linear with bowing (``bowing`` in meV, or the tabulated one). The bowing lowers the conduction band; the
    valence-band edge, masses, permittivities, phonon energy, lattice constants (Vegard) and exchange are linear; an
    entry not established at one end is not established in between. Sites of a sublattice are shared x : 1 - x.
    Raises ValueError for x outside 0..1, unknown hosts or different crystal families.
    """
    x = checks.fraction("fraction", fraction)
    one, other = material(first), material(second)
    b = bowing_mev(first, second) if bowing is None else Quantity(checks.finite("bowing", bowing), "meV", 0.0, "given")
    if {place.sublattice for place in one.occupations} != {place.sublattice for place in other.occupations}:
        raise ValueError(f"alloy of {first} and {second}: their crystals have different sublattices")
    entries = {
        entry.name: mix(getattr(one.bulk, entry.name), getattr(other.bulk, entry.name), x) for entry in fields(Bulk)
    }
    return Material(
        name=f"({first}){x:g}({second}){1 - x:g}",
        lattice=_mixed_lattice(one.lattice, other.lattice, x),
        occupations=_shared(one.occupations, x) + _shared(other.occupations, 1 - x),
        gap_law=MixedLaw(one.gap_law, other.gap_law, x, b),
        bulk=Bulk(**entries),
    )


def mix(first: Quantity, second: Quantity, fraction: float) -> Quantity:
    """Linear interpolation of one entry, ``fraction`` of the first; not established when one of the two is not."""
    if fraction == 1.0 or fraction == 0.0:
        return first if fraction == 1.0 else second
    if first.value is None or second.value is None:
        return not_established(first.unit, "not established at one end of the alloy")
    return Quantity(
        fraction * first.value + (1 - fraction) * second.value,
        first.unit,
        fraction * first.uncertainty + (1 - fraction) * second.uncertainty,
        f"linear between: {first.source}; {second.source}",
    )


def _mixed_lattice(first: Lattice, second: Lattice, fraction: float) -> Lattice:
    """Vegard's law; of two structures the one with the larger share, its lattice scaled to the mean cation volume."""
    main = first if fraction >= 0.5 else second
    volume = fraction * first.cation_volume_nm3 + (1 - fraction) * second.cation_volume_nm3
    scale = (volume / main.cation_volume_nm3) ** (1 / 3)
    return Lattice(main.structure, scale * main.a_nm, scale * main.c_nm, "Vegard's law for the volume per cation")


def _shared(occupations: tuple[Occupation, ...], share: float) -> tuple[Occupation, ...]:
    return tuple(
        Occupation(place.element, place.sublattice, share * place.fraction, place.sites_per_cation)
        for place in occupations
        if share > 0
    )
