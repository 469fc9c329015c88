"""What reaches the dot: one cycle of light and microwave that is repeated, in the dot's own terms.

Units: ns, meV (photon energies hc/lambda in vacuum), W, GHz, K, T. Polarisation as the normalised Stokes
vector (S1, S2, S3) with S3 = +1 for sigma-plus (light that drives the |+1> exciton, seen along +z).
"""

from dataclasses import dataclass

from sims.basics import checks


@dataclass(frozen=True)
class Environment:
    """Temperature and field at the dot; z is the optical axis and the dot's growth/c axis.

    ValueError for a temperature that is negative or not finite, or a field that is not three finite components.
    """

    temperature_k: float
    field_t: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        checks.not_negative("temperature_k", self.temperature_k)
        checks.field_vector(self.field_t)


@dataclass(frozen=True)
class ContinuousLight:
    """Narrow light, constant during a segment. ``power_w`` is the power in the focus at the dot.

    UnphysicalInputError (a ValueError) for an energy not above 0, a negative width or power, a Stokes vector longer
    than 1, or any number that is not finite.
    """

    energy_mev: float
    fwhm_mev: float
    power_w: float
    stokes: tuple[float, float, float]

    def __post_init__(self) -> None:
        _check_light("ContinuousLight", self.energy_mev, self.fwhm_mev, self.stokes)
        checks.not_negative("ContinuousLight: power_w", self.power_w)


@dataclass(frozen=True)
class PulsedLight:
    """One picosecond pulse at ``time_ns`` after the start of the cycle; ``energy_j`` is the pulse energy at the dot.

    Errors as :class:`ContinuousLight`; also for a negative time or pulse energy.
    """

    time_ns: float
    energy_mev: float
    fwhm_mev: float
    energy_j: float
    stokes: tuple[float, float, float]

    def __post_init__(self) -> None:
        _check_light("PulsedLight", self.energy_mev, self.fwhm_mev, self.stokes)
        checks.not_negative("PulsedLight: time_ns", self.time_ns)
        checks.not_negative("PulsedLight: energy_j", self.energy_j)


@dataclass(frozen=True)
class Microwave:
    """A microwave field of amplitude ``field_mt`` (peak, linear, perpendicular to z) at ``frequency_ghz``.

    UnphysicalInputError for a frequency not above 0, a negative field, or a number that is not finite.
    """

    frequency_ghz: float
    field_mt: float

    def __post_init__(self) -> None:
        checks.positive("Microwave: frequency_ghz", self.frequency_ghz)
        checks.not_negative("Microwave: field_mt", self.field_mt)


@dataclass(frozen=True)
class Segment:
    """A stretch of the cycle in which nothing is switched; UnphysicalInputError unless it lasts longer than 0 ns."""

    duration_ns: float
    lights: tuple[ContinuousLight, ...] = ()
    microwave: Microwave | None = None

    def __post_init__(self) -> None:
        checks.positive("Segment: duration_ns", self.duration_ns)


@dataclass(frozen=True)
class Cycle:
    """The repeated sequence. Segments fill the period without gaps; pulses fall inside it."""

    segments: tuple[Segment, ...]
    pulses: tuple[PulsedLight, ...] = ()

    @property
    def period_ns(self) -> float:
        """Length of one cycle, ns."""
        return sum(segment.duration_ns for segment in self.segments)


def _check_light(kind: str, energy_mev: float, fwhm_mev: float, stokes: tuple[float, float, float]) -> None:
    checks.positive(f"{kind}: energy_mev", energy_mev)
    checks.not_negative(f"{kind}: fwhm_mev", fwhm_mev)
    checks.stokes_vector(f"{kind}: stokes", stokes)
