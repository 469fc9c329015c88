"""Crystal structures: lattice vectors, which atom sits where, volume per cation.

Positions are ideal: u = 3/8 in wurtzite, cubic perovskite (the tilted low-temperature phases are not distinguished),
and the internal coordinates of La2O2S (Morosin and Newman, Acta Cryst. B 29, 2647 (1973), rounded) for all Ln2O2S.
"The cation" is the one a dopant replaces: Cd, Zn, Pb, In, Ln (in a perovskite Pb, not Cs).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sims.basics import checks

FloatArray = npt.NDArray[np.float64]
Structure = Literal["zinc-blende", "wurtzite", "rock-salt", "perovskite", "oxysulphide"]

STRUCTURES: tuple[Structure, ...] = ("zinc-blende", "wurtzite", "rock-salt", "perovskite", "oxysulphide")
HEXAGONAL: tuple[Structure, ...] = ("wurtzite", "oxysulphide")

# site: (sublattice, fractional position). Sublattices: "cation", "anion", "second cation" (Cs), "oxygen" (Ln2O2S).
_FCC = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
_SITES: dict[str, tuple[tuple[str, tuple[float, float, float]], ...]] = {
    "zinc-blende": tuple(("cation", p) for p in _FCC)
    + tuple(("anion", (p[0] + 0.25, p[1] + 0.25, p[2] + 0.25)) for p in _FCC),
    "rock-salt": tuple(("cation", p) for p in _FCC) + tuple(("anion", (p[0] + 0.5, p[1], p[2])) for p in _FCC),
    "wurtzite": (
        ("cation", (1 / 3, 2 / 3, 0.0)),
        ("cation", (2 / 3, 1 / 3, 0.5)),
        ("anion", (1 / 3, 2 / 3, 0.375)),
        ("anion", (2 / 3, 1 / 3, 0.875)),
    ),
    "perovskite": (
        ("cation", (0.0, 0.0, 0.0)),
        ("second cation", (0.5, 0.5, 0.5)),
        ("anion", (0.5, 0.0, 0.0)),
        ("anion", (0.0, 0.5, 0.0)),
        ("anion", (0.0, 0.0, 0.5)),
    ),
    "oxysulphide": (
        ("cation", (1 / 3, 2 / 3, 0.279)),
        ("cation", (2 / 3, 1 / 3, 0.721)),
        ("oxygen", (1 / 3, 2 / 3, 0.629)),
        ("oxygen", (2 / 3, 1 / 3, 0.371)),
        ("anion", (0.0, 0.0, 0.0)),
    ),
}


@dataclass(frozen=True)
class Lattice:
    """A crystal lattice; ``c_nm`` is the length along the axis in hexagonal structures, else equal to ``a_nm``.

    Raises ValueError for an unknown structure or a length that is not finite and positive.
    """

    structure: Structure
    a_nm: float
    c_nm: float
    source: str

    def __post_init__(self) -> None:
        if self.structure not in STRUCTURES:
            raise ValueError(f"structure {self.structure!r}: unknown (known: {', '.join(STRUCTURES)})")
        checks.positive("a_nm", self.a_nm)
        checks.positive("c_nm", self.c_nm)
        if self.structure not in HEXAGONAL and self.c_nm != self.a_nm:
            raise ValueError(f"c_nm = {self.c_nm}: a {self.structure} lattice is cubic, so c_nm must equal a_nm")

    @property
    def vectors_nm(self) -> FloatArray:
        """Lattice vectors of the conventional cell as rows, (3, 3), in nm; the hexagonal axis is z."""
        if self.structure in HEXAGONAL:
            a, c = self.a_nm, self.c_nm
            return np.array([[a, 0.0, 0.0], [-a / 2, a * np.sqrt(3) / 2, 0.0], [0.0, 0.0, c]])
        return np.diag([self.a_nm] * 3).astype(np.float64)

    @property
    def sublattices(self) -> tuple[str, ...]:
        """Name of the sublattice of each atom of the cell, in the order of ``positions_nm``."""
        return tuple(name for name, _ in _SITES[self.structure])

    @property
    def positions_nm(self) -> FloatArray:
        """Positions of the atoms of one conventional cell, (n, 3), in nm."""
        return np.array([position for _, position in _SITES[self.structure]]) @ self.vectors_nm

    @property
    def cations_per_cell(self) -> int:
        """Number of sites in one conventional cell that a dopant can take."""
        return self.sublattices.count("cation")

    @property
    def cell_volume_nm3(self) -> float:
        """Volume of the conventional cell."""
        return float(abs(np.linalg.det(self.vectors_nm)))

    @property
    def cation_volume_nm3(self) -> float:
        """Volume per cation from the lattice constants, 1/N0."""
        return self.cell_volume_nm3 / self.cations_per_cell

    @property
    def nearest_cation_distance_nm(self) -> float:
        """Shortest distance between two cation sites."""
        cations = sites_in_sphere(self, 1.2 * max(self.a_nm, self.c_nm), "cation", centre_on="cation")
        distance = np.linalg.norm(cations, axis=1)
        return float(np.min(distance[distance > 1e-9]))


def cubic(structure: Structure, a_nm: float, source: str) -> Lattice:
    """A cubic lattice with lattice constant ``a_nm``."""
    return Lattice(structure, a_nm, a_nm, source)


def sites_in_sphere(
    lattice: Lattice,
    radius_nm: float,
    sublattice: str,
    centre_on: str | None = None,
    offset_nm: FloatArray | None = None,
) -> FloatArray:
    """Positions, (n, 3) in nm, of one sublattice's sites within ``radius_nm`` of the origin.

    The origin is a corner of the cell; with ``centre_on`` an atom of that sublattice; with ``offset_nm`` (3,) that
    point of the crystal instead. Raises ValueError for a sublattice this structure does not have.
    """
    checks.positive("radius_nm", radius_nm)
    names = np.array(lattice.sublattices)
    for wanted in (sublattice, centre_on):
        if wanted is not None and wanted not in names:
            raise ValueError(f"sublattice {wanted!r}: {lattice.structure} has {', '.join(sorted(set(names)))}")
    basis = lattice.positions_nm
    origin = np.zeros(3) if offset_nm is None else np.asarray(offset_nm, dtype=np.float64)
    if centre_on is not None:
        origin = origin + basis[int(np.flatnonzero(names == centre_on)[0])]
    reach = int(np.ceil((radius_nm + 2 * np.linalg.norm(origin)) / (0.8 * min(lattice.a_nm, lattice.c_nm)))) + 2
    steps = np.arange(-reach, reach + 1)
    cells = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3) @ lattice.vectors_nm
    cells = cells[np.linalg.norm(cells - origin, axis=1) <= radius_nm + 2 * max(lattice.a_nm, lattice.c_nm)]
    positions = (cells[:, None, :] + basis[names == sublattice][None, :, :] - origin).reshape(-1, 3)
    return np.asarray(positions[np.linalg.norm(positions, axis=1) <= radius_nm], dtype=np.float64)
