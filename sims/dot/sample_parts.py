"""The parts of a sample file: dopants, shells, linewidth, phonon replica, blinking, spectral jumps.

Field names carry their unit; every number has limits, so that a slip of a digit is one clear line.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sims.matter.dopants import IONS, strain_crystal_field_uev

Element = Literal["Mn", "Cu", "Co", "Cr", "Fe", "Er"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
FlipTime = Annotated[float, Field(ge=0.01, le=1e9)]
HalfInteger = Annotated[float, Field(ge=0.0, le=4.5, multiple_of=0.5)]
Strain = Annotated[float, Field(ge=-0.2, le=0.2)]
Vector = tuple[float, float, float]


class Sheet(BaseModel):
    """A frozen part of a sample file: unknown fields and values that are not finite are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Dopant(Sheet):
    """One magnetic ion.

    Spin Hamiltonian: g mu_B B.S + D0 [Sz^2 - S(S+1)/3] + E (Sx^2 - Sy^2) + (a/6) sum Si^4 + A I.S.
    ``n0_alpha_mev`` > 0 and ``n0_beta_mev`` < 0 for Mn in II-VI hosts. An exchange override is the constant I
    of I S.s (electron) or I S.J (hole); null computes it from the envelope functions at ``position_nm``. The hole's
    exchange is taken as isotropic wherever the ion sits. Numbers not stated come from the ion table
    (``sims/matter/dopants.py``) for the sample's host. ``axial_strain`` (e_zz - e_par) and ``in_plane_strain``
    (e_xx - e_yy) add to D0 and E; ``crystal_axes_deg`` are the Euler angles (z, y', z'') that turn the optical
    frame into the axes of D0, E and a. ``direction`` from the centre of the dot matters only for pairs of ions.
    """

    element: Element
    position_nm: float = Field(ge=0.0, le=50.0, description="distance from the centre")
    direction: Vector | None = None
    spin: HalfInteger = 2.5
    g_factor: float = Field(default=2.0, ge=0.1, le=20.0)
    n0_alpha_mev: float = Field(default=230.0, ge=-1000.0, le=1000.0)
    n0_beta_mev: float = Field(default=-1270.0, ge=-5000.0, le=5000.0)
    zero_field_d_uev: float = Field(default=0.0, ge=-5000.0, le=5000.0)
    zero_field_e_uev: float = Field(default=0.0, ge=-1700.0, le=1700.0)
    cubic_a_uev: float = Field(default=0.0, ge=-50.0, le=50.0)
    axial_strain: Strain = 0.0
    in_plane_strain: Strain = 0.0
    crystal_axes_deg: Vector = (0.0, 0.0, 0.0)
    hyperfine_uev: float = Field(default=0.0, ge=-50.0, le=50.0)
    nuclear_spin: HalfInteger = 2.5
    nuclear_g_factor: float = Field(default=1.3875, ge=-10.0, le=10.0, description="moment over spin; 55Mn: 3.4687/2.5")
    electron_exchange_mev: float | None = Field(default=None, ge=-20.0, le=20.0)
    hole_exchange_mev: float | None = Field(default=None, ge=-20.0, le=20.0)
    oxidation_state: Literal[1, 2, 3] = 2

    @model_validator(mode="before")
    @classmethod
    def _ion_defaults(cls, fields: object) -> object:
        if not isinstance(fields, Mapping) or fields.get("element") not in IONS:
            return fields
        ion = IONS[fields["element"]]
        defaults: dict[str, float] = {
            "spin": ion.spin,
            "nuclear_spin": ion.nucleus.spin,
            "nuclear_g_factor": ion.nucleus.g_factor,
            "oxidation_state": ion.oxidation_state,
        }
        if ion.symbol != "Mn":
            defaults |= {"g_factor": ion.g_factor.value or 2.0, "n0_alpha_mev": 0.0, "n0_beta_mev": 0.0}
        return defaults | dict(fields)

    @model_validator(mode="after")
    def _possible(self) -> "Dopant":
        if self.spin == 0:
            raise ValueError(
                "spin = 0: a dopant needs a spin of at least 1/2; list ions without spin under silent_dopants"
            )
        if self.direction is not None and not any(self.direction):
            raise ValueError("direction = (0, 0, 0): give a vector that points somewhere, or null")
        paramagnetic = IONS[self.element].oxidation_state
        if self.oxidation_state != paramagnetic and (self.element, self.oxidation_state) != ("Cu", 1):
            raise ValueError(
                f"oxidation_state = {self.oxidation_state}: only {IONS[self.element].name} is modelled"
                + (" (and Cu+, without spin)" if self.element == "Cu" else "")
            )
        return self

    @property
    def axial_d_uev(self) -> float:
        """D0 with the part that strain adds, micro-eV."""
        return self.zero_field_d_uev + strain_crystal_field_uev(self.element, self.axial_strain, 0.0)[0]

    @property
    def rhombic_e_uev(self) -> float:
        """E with the part that strain adds, micro-eV."""
        return self.zero_field_e_uev + strain_crystal_field_uev(self.element, 0.0, self.in_plane_strain)[1]


class ShellLayer(Sheet):
    """One shell: material, thickness, and the width over which it grades into the layer below."""

    material: str
    thickness_nm: float = Field(gt=0.0, le=30.0)
    interface_nm: float = Field(default=0.0, ge=0.0, le=10.0)


class DopantPair(Sheet):
    """Exchange J S1.S2 between two of the listed dopants, counted from 0; J > 0 is antiferromagnetic."""

    first: int = Field(ge=0, le=2)
    second: int = Field(ge=0, le=2)
    exchange_mev: float = Field(ge=-10.0, le=10.0)


class Linewidth(Sheet):
    """FWHM(T) = gamma0 + acoustic T + lo / (exp(lo_energy/kT) - 1)."""

    gamma0_mev: float = Field(gt=0.0, le=100.0)
    acoustic_mev_per_k: float = Field(default=0.0, ge=0.0, le=1.0)
    lo_mev: float = Field(default=0.0, ge=0.0, le=500.0)
    lo_energy_mev: float = Field(default=26.0, gt=0.0, le=100.0)


class Replica(Sheet):
    """First longitudinal-optical phonon replica: strength ``huang_rhys`` relative to the zero-phonon line."""

    huang_rhys: float = Field(default=0.0, ge=0.0, le=1.0)
    lo_energy_mev: float = Field(default=26.0, gt=0.0, le=100.0)
    fwhm_mev: float = Field(default=1.0, gt=0.0, le=100.0)


class PowerLaw(Sheet):
    """On and off times distributed as t^-exponent between ``shortest_s`` and the longest time."""

    on_exponent: float = Field(default=1.5, ge=0.5, le=3.0)
    off_exponent: float = Field(default=1.5, ge=0.5, le=3.0)
    shortest_s: float = Field(default=1e-3, ge=1e-6, le=1e3)
    longest_on_s: float = Field(default=10.0, ge=1e-5, le=1e6)
    longest_off_s: float = Field(default=100.0, ge=1e-5, le=1e6)

    @model_validator(mode="after")
    def _ordered(self) -> "PowerLaw":
        for name in ("longest_on_s", "longest_off_s"):
            if getattr(self, name) <= self.shortest_s:
                raise ValueError(f"{name} = {getattr(self, name)}: must exceed shortest_s = {self.shortest_s}")
        return self


class Blinking(Sheet):
    """Two-state telegraph, or power-law switching where ``power_law`` is given.

    ``off_brightness`` is the emission of the off state relative to the on state.
    """

    on_to_off_per_s: float = Field(default=0.0, ge=0.0, le=1e5)
    off_to_on_per_s: float = Field(default=1.0, gt=0.0, le=1e5)
    off_brightness: Fraction = 0.0
    power_law: PowerLaw | None = None


class SpectralDiffusion(Sheet):
    """Jumps of the whole spectrum: each draws a new position from a Gaussian of rms ``jump_mev`` about the mean.

    ``mean_time_s`` is the mean waiting time between jumps; ``jump_mev`` = 0 switches them off.
    """

    jump_mev: float = Field(default=0.0, ge=0.0, le=20.0)
    mean_time_s: float = Field(default=1.0, ge=1e-6, le=1e6)


class InnerEmission(Sheet):
    """Light of the dopant's own transition: unpolarised, slow."""

    energy_mev: float = Field(ge=100.0, le=4500.0)
    fwhm_mev: float = Field(gt=0.0, le=1000.0)
    lifetime_us: float = Field(ge=1e-3, le=1e6)
    quantum_yield: Fraction = 0.5
