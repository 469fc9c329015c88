"""What reaches the dot: one cycle of light and microwave that is repeated, in the dot's own terms.

Units: ns, meV (photon energies hc/lambda in vacuum), W, GHz, K, T. Polarisation as the normalised Stokes
vector (S1, S2, S3) with S3 = +1 for sigma-plus (light that drives the |+1> exciton, seen along +z).
"""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Environment:
    """Temperature and field at the dot; z is the optical axis and the dot's growth/c axis.

    ValueError for a temperature that is negative or not finite, or a field that is not three finite components.
    """

    temperature_k: float
    field_t: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not (isfinite(self.temperature_k) and self.temperature_k >= 0):
            raise ValueError(f"temperature_k = {self.temperature_k}: must be a finite temperature above 0 K")
        if len(self.field_t) != 3 or not all(isfinite(component) for component in self.field_t):
            raise ValueError(f"field_t = {tuple(self.field_t)}: must be three finite components in tesla")


@dataclass(frozen=True)
class ContinuousLight:
    """Narrow light, constant during a segment. ``power_w`` is the power in the focus at the dot."""

    energy_mev: float
    fwhm_mev: float
    power_w: float
    stokes: tuple[float, float, float]


@dataclass(frozen=True)
class PulsedLight:
    """One picosecond pulse at ``time_ns`` after the start of the cycle; ``energy_j`` is the pulse energy at the dot."""

    time_ns: float
    energy_mev: float
    fwhm_mev: float
    energy_j: float
    stokes: tuple[float, float, float]


@dataclass(frozen=True)
class Microwave:
    """A microwave field of amplitude ``field_mt`` (peak, linear, perpendicular to z) at ``frequency_ghz``."""

    frequency_ghz: float
    field_mt: float


@dataclass(frozen=True)
class Segment:
    """A stretch of the cycle in which nothing is switched."""

    duration_ns: float
    lights: tuple[ContinuousLight, ...] = ()
    microwave: Microwave | None = None


@dataclass(frozen=True)
class Cycle:
    """The repeated sequence. Segments fill the period without gaps; pulses fall inside it."""

    segments: tuple[Segment, ...]
    pulses: tuple[PulsedLight, ...] = ()

    @property
    def period_ns(self) -> float:
        """Length of one cycle, ns."""
        return sum(segment.duration_ns for segment in self.segments)
