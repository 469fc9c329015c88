"""The coherence budget of one dopant in one dot: every channel, their product, and which one limits.

Channels are independent, so the coherence is their product: lattice nuclei and ligand protons explicitly
(cluster-correlation expansion of drawn baths), surface spins and charges as Ornstein-Uhlenbeck noise, phonons by T1.
T2 (for Ramsey: T2*) is the total time at which |L| first falls to 1/e. In low fields the modulation by single nuclei
(ESEEM) alone may get there, long before the pairs that make the envelope; ``CceOptions(modulation=False)`` drops it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.coherence.bath import SpinBath
from sims.coherence.cce import CceOptions
from sims.coherence.channels import Channel, bath_channel, noise_channel, relaxation_channel
from sims.coherence.decay import LONGEST_S, POINTS_PER_DECADE, crossing_s
from sims.coherence.dipolar import Qubit
from sims.coherence.estimates import host_kanai_t2_s
from sims.coherence.inputs import DotGeometry, Environment, LigandShell
from sims.coherence.lattice import dopant_site_nm, nuclear_bath
from sims.coherence.noise_sources import charge_noise, dopant_noise, surface_magnetic_noise
from sims.coherence.sequences import Sequence, hahn_echo
from sims.coherence.surroundings import ligand_protons

FloatArray = npt.NDArray[np.float64]

LATTICE = "lattice nuclei"
LIGANDS = "ligand protons"
SURFACE = "surface spins"
CHARGES = "charge noise"
DOPANTS = "other dopants"
PHONONS = "phonons"
_PROTON_GUESS_S = 3e-5
_CURVE_POINTS = 41
_CURVE_LENGTH = 2.5
_WIDEST_DECADES = 4
_LITTLE_BEYOND_DECADES = 0.25


@dataclass(frozen=True)
class ChannelResult:
    """One channel alone: T2 (s, median over baths; inf if most never decay), bath-to-bath standard deviation, exponent.

    ``share`` is the channel's part of -ln L at the combined T2; ``coherence`` (times,) its |L|, mean over baths.
    """

    name: str
    t2_s: float
    t2_spread_s: float
    exponent: float
    share: float
    coherence: FloatArray

    @property
    def rate_per_s(self) -> float:
        """1/T2 in 1/s; 0 when the channel never decays."""
        return 1 / self.t2_s


@dataclass(frozen=True)
class CoherenceBudget:
    """Combined |L| (times,) at ``total_times_s`` (s), its T2 with bath-to-bath spread, and every channel."""

    sequence: Sequence
    total_times_s: FloatArray
    coherence: FloatArray
    t2_s: float
    t2_spread_s: float
    exponent: float
    channels: tuple[ChannelResult, ...]

    @property
    def limiting(self) -> str:
        """Name of the channel with the largest share of the decay at T2; "none" when nothing decays."""
        if not np.isfinite(self.t2_s):
            return "none"
        return max(self.channels, key=lambda one: one.share).name

    def channel(self, name: str) -> ChannelResult:
        """The channel of that name; ValueError when the budget has none."""
        for one in self.channels:
            if one.name == name:
                return one
        raise ValueError(f"channel {name!r}: this budget has {', '.join(one.name for one in self.channels)}")


def coherence_budget(
    geometry: DotGeometry,
    environment: Environment,
    sequence: Sequence | None = None,
    *,
    qubit: Qubit | None = None,
    options: CceOptions | None = None,
    n_baths: int = 3,
    seed: int = 0,
) -> CoherenceBudget:
    """Coherence of a dopant's transition under a sequence (default: Hahn echo of Mn2+, 1/2 -> -1/2).

    ValueError for ``n_baths`` < 1 or, by name, anything unphysical in the inputs. Default dots take seconds; hosts of
    large nuclear spins without spin-free isotopes (InP, perovskites) up to minutes.
    """
    if n_baths < 1:
        raise ValueError(f"n_baths is {n_baths}: at least one bath is needed")
    chosen = sequence or hahn_echo()
    channels = _channels(geometry, environment, chosen, qubit or Qubit(), options or CceOptions(), n_baths, seed)
    decays = [channel.decay_times_s() for channel in channels]
    shortest = min((float(np.min(times)) for times, _ in decays), default=np.inf)
    if not np.isfinite(shortest):
        return _without_decay(chosen, channels)
    t2_s, exponent, each = _combined_times(channels, n_baths, shortest)
    instants = np.linspace(0.0, _CURVE_LENGTH * (t2_s if np.isfinite(t2_s) else shortest), _CURVE_POINTS)
    curves = [channel.values(instants) for channel in channels]
    mean = _together(curves, n_baths).mean(axis=0)
    shares = _shares(instants, curves, t2_s)
    results = tuple(
        ChannelResult(one.name, float(np.median(t)), _spread(t), float(np.mean(n)), share, curve.mean(axis=0))
        for one, (t, n), share, curve in zip(channels, decays, shares, curves, strict=True)
    )
    return CoherenceBudget(chosen, instants, mean, t2_s, _spread(each), exponent, results)


def _channels(
    geometry: DotGeometry,
    environment: Environment,
    sequence: Sequence,
    qubit: Qubit,
    options: CceOptions,
    n_baths: int,
    seed: int,
) -> tuple[Channel, ...]:
    rng = np.random.default_rng(seed)
    layers = geometry.layers(environment.isotopic_purity)
    dopant = dopant_site_nm(layers[:1], geometry.dopant_nm)
    distance, surface_radius = float(np.linalg.norm(dopant)), geometry.outer_radius_nm
    nuclei = tuple(nuclear_bath(layers, dopant, rng) for _ in range(n_baths))
    guess = min(host_kanai_t2_s(layers[0].host), 1.0) * max(1, len(sequence.pulses)) ** (2 / 3)
    channels = [bath_channel(LATTICE, nuclei, qubit, environment.field, sequence, options, guess)]
    if environment.ligand is not None and environment.ligand.deuteration < 1:
        protons = tuple(_protons(environment.ligand, surface_radius, dopant, rng) for _ in range(n_baths))
        guess = _PROTON_GUESS_S * max(1, len(sequence.pulses)) ** (2 / 3)
        channels.append(bath_channel(LIGANDS, protons, qubit, environment.field, sequence, options, guess))
    if environment.surface is not None:
        noise = surface_magnetic_noise(environment.surface, surface_radius, distance, qubit)
        channels.append(noise_channel(SURFACE, (noise,), sequence))
    if environment.other_dopants is not None:
        other = dopant_noise(environment.other_dopants, dopant, qubit, environment.field)
        channels.append(noise_channel(DOPANTS, (other,), sequence))
    if environment.charge is not None:
        channels.append(noise_channel(CHARGES, (charge_noise(environment.charge, qubit, environment.field),), sequence))
    if environment.relaxation is not None:
        t1_s = environment.relaxation.t1_s(environment.temperature_k, environment.field.magnitude_t)
        channels.append(relaxation_channel(PHONONS, t1_s))
    return tuple(channels)


def _together(curves: list[FloatArray], n_baths: int) -> FloatArray:
    """Product of the channels' |L|, shape (baths, times); a formula counts for every bath."""
    return np.asarray(np.prod([np.broadcast_to(curve, (n_baths, curve.shape[1])) for curve in curves], axis=0))


def _combined_times(channels: tuple[Channel, ...], n_baths: int, shortest_s: float) -> tuple[float, float, FloatArray]:
    """T2 and exponent of the mean over baths, and each bath's own T2 (baths,), all channels together, in s.

    Looked for on a logarithmic grid round the fastest channel's time, widened until every bath has decayed: baths
    with a handful of nuclei differ, and the mean may live longer than the shortest.
    """
    middle = float(np.log10(shortest_s))
    low, high = middle - 1, middle + _LITTLE_BEYOND_DECADES
    while True:
        times = np.logspace(low, high, 1 + round(POINTS_PER_DECADE * (high - low)))
        values = _together([channel.values(times) for channel in channels], n_baths)
        if np.any(values[:, 0] < np.exp(-1)) and low > middle - _WIDEST_DECADES:
            low -= 1
        elif np.any(values.min(axis=1) > np.exp(-1)) and 10**high < LONGEST_S:
            high = min(high + 2, float(np.log10(LONGEST_S)) + 1e-9)
        else:
            break
    t2_s, exponent = crossing_s(times, values.mean(axis=0))
    return t2_s, exponent, np.array([crossing_s(times, one)[0] for one in values])


def _protons(ligand: LigandShell, radius_nm: float, dopant_nm: FloatArray, rng: np.random.Generator) -> SpinBath:
    density = ligand.density_per_nm3 * (1 - ligand.deuteration)
    return ligand_protons(radius_nm, dopant_nm, rng, thickness_nm=ligand.thickness_nm, density_per_nm3=density)


def _shares(instants: FloatArray, curves: list[FloatArray], t2_s: float) -> list[float]:
    """Each channel's part of -ln L at T2 (at the end when T2 is infinite), from bath-averaged curves; they sum to 1."""
    t2_s = min(t2_s, float(instants[-1]))
    losses = [-np.log(np.clip(np.interp(t2_s, instants, curve.mean(axis=0)), 1e-300, 1.0)) for curve in curves]
    total = float(np.sum(losses))
    return [float(loss / total) for loss in losses]


def _spread(values: FloatArray) -> float:
    """Standard deviation; infinite when some baths decay and others never do."""
    if np.all(np.isinf(values)) or values.size == 1:
        return 0.0
    return float(np.std(values, ddof=1)) if np.all(np.isfinite(values)) else float("inf")


def _without_decay(sequence: Sequence, channels: tuple[Channel, ...]) -> CoherenceBudget:
    instants, ones = np.zeros(1), np.ones(1)
    infinite, unknown = float("inf"), float("nan")
    results = tuple(ChannelResult(one.name, infinite, 0.0, unknown, 0.0, ones) for one in channels)
    return CoherenceBudget(sequence, instants, ones, infinite, 0.0, unknown, results)
