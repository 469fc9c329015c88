"""What a coherence budget is asked about: the dot, the ligands, everything round the spin."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sims.basics import checks
from sims.coherence.dipolar import Field
from sims.coherence.lattice import Layer
from sims.coherence.noise_sources import ChargeNoise, OtherDopants, SurfaceSpins
from sims.coherence.relaxation import SpinLatticeRelaxation
from sims.matter.hosts import material
from sims.matter.material import Material
from sims.matter.nuclei import with_isotopes

Purity = float | Mapping[str, float]


@dataclass(frozen=True)
class DotGeometry:
    """A sphere: core host (name or Material) and radius, optional shell, wanted place of the dopant.

    ``dopant_nm`` (x, y, z) from the centre; the dopant is put on the nearest cation site. ValueError for radii that
    are not positive, a shell with thickness but no host or the reverse, an unknown host, a dopant outside the core.
    """

    core_host: str | Material
    core_radius_nm: float
    shell_host: str | Material | None = None
    shell_thickness_nm: float = 0.0
    dopant_nm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        checks.positive("core_radius_nm", self.core_radius_nm)
        checks.not_negative("shell_thickness_nm", self.shell_thickness_nm)
        if (self.shell_host is None) != (self.shell_thickness_nm == 0):
            thickness = self.shell_thickness_nm
            raise ValueError(f"shell_host is {self.shell_host!r}, shell_thickness_nm {thickness}: give both or neither")
        for host in (self.core_host, self.shell_host):
            if isinstance(host, str):
                material(host)
        if len(self.dopant_nm) != 3:
            raise ValueError(f"dopant_nm = {self.dopant_nm}: must have three components (x, y, z) in nm")
        distance = checks.finite("dopant_nm", float(np.linalg.norm(self.dopant_nm)))
        if distance >= self.core_radius_nm:
            raise ValueError(
                f"dopant_nm: {distance:g} nm from the centre is outside the core of {self.core_radius_nm:g} nm"
            )

    @property
    def outer_radius_nm(self) -> float:
        """Radius of the inorganic dot."""
        return self.core_radius_nm + self.shell_thickness_nm

    def layers(self, isotopic_purity: Purity | None = None) -> tuple[Layer, ...]:
        """Layers from the inside out, enriched by ``sims.matter.nuclei.with_isotopes`` when a purity is given."""
        hosts = [(self.core_host, self.core_radius_nm)]
        if self.shell_host is not None:
            hosts.append((self.shell_host, self.outer_radius_nm))
        return tuple(Layer(_enriched(host, isotopic_purity), radius) for host, radius in hosts)


@dataclass(frozen=True)
class LigandShell:
    """Protons round the dot: density (nm^-3), thickness (nm), fraction replaced by deuterium.

    A deuteron's effect (moment 1/6.5 of the proton's) is left out: ``deuteration`` 1 means no ligand noise at all.
    """

    density_per_nm3: float = 60.0
    thickness_nm: float = 1.0
    deuteration: float = 0.0

    def __post_init__(self) -> None:
        checks.not_negative("density_per_nm3", self.density_per_nm3)
        checks.positive("thickness_nm", self.thickness_nm)
        checks.fraction("deuteration", self.deuteration)


DEFAULT_FIELD = Field(0.35)
DEFAULT_LIGANDS = LigandShell()


@dataclass(frozen=True)
class Environment:
    """Everything round the spin that costs coherence; None leaves a channel out.

    ``isotopic_purity``: fraction of spin-free atoms, one number or by element (natural when None). ``temperature_k``
    > 0 enters through ``relaxation`` only. ValueError for T <= 0 or a purity outside 0..1.
    """

    temperature_k: float = 4.0
    field: Field = DEFAULT_FIELD
    isotopic_purity: Purity | None = None
    ligand: LigandShell | None = DEFAULT_LIGANDS
    surface: SurfaceSpins | None = None
    charge: ChargeNoise | None = None
    other_dopants: OtherDopants | None = None
    relaxation: SpinLatticeRelaxation | None = None

    def __post_init__(self) -> None:
        checks.positive("temperature_k", self.temperature_k)
        purity = self.isotopic_purity
        for element, value in purity.items() if isinstance(purity, Mapping) else (("all elements", purity),):
            if value is not None:
                checks.fraction(f"isotopic_purity of {element}", value)


def _enriched(host: str | Material, purity: Purity | None) -> str | Material:
    if purity is None:
        return host
    if not isinstance(purity, Mapping):
        return with_isotopes(host, purity)
    crystal = material(host) if isinstance(host, str) else host
    elements = {place.element for place in crystal.occupations}
    return with_isotopes(crystal, {element: value for element, value in purity.items() if element in elements})
