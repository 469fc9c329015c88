"""One dopant in the exchange field of one exciton: how far it aligns before the exciton recombines.

Rate level: the dopant's m levels, split by e = |I_e|/2 + 3 I_h/2 of the heavy-hole exciton, exchange populations by
steps of one unit with detailed balance (as sims.dot.relaxation; there the exciton's own levels take part too).
"""

from dataclasses import dataclass

import numpy as np

from sims.basics.checks import UnphysicalInputError, finite, finite_array, half_integer_spin, positive
from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray, projections
from sims.dot.exchange import exchange_constants
from sims.dot.sample import Sample
from sims.dynamics.polaron import PolaronDot


@dataclass(frozen=True)
class Alignment:
    """After one exciton of mean lifetime tau: populations (2S+1,) of m = +S ... -S, <S_z>, mean energy gained."""

    populations: FloatArray
    mean_projection: float
    energy_mev: float


def exchange_step_mev(sample: Sample, dopant_number: int = 0) -> float:
    """Energy -I_e/2 + 3 I_h/2 between neighbouring m under the exciton |e-1/2, h+3/2>.

    UnphysicalInputError when the sample has no such dopant.
    """
    if not 0 <= dopant_number < len(sample.dopants):
        raise UnphysicalInputError(f"dopant {dopant_number}: sample {sample.name} has {len(sample.dopants)}")
    exchange = exchange_constants(sample, sample.dopants[dopant_number])
    return -exchange.electron_mev / 2 + 1.5 * exchange.hole_mev


def sample_polaron(sample: Sample, antiferromagnetic_k: float = 0.0) -> PolaronDot:
    """The sample's dopants as a polaron.PolaronDot. UnphysicalInputError without dopants or with different spins."""
    steps = np.array([exchange_step_mev(sample, number) for number in range(max(len(sample.dopants), 1))])
    first = sample.dopants[0]
    if any((dopant.spin, dopant.g_factor) != (first.spin, first.g_factor) for dopant in sample.dopants):
        raise UnphysicalInputError(f"sample {sample.name}: dopants of different spin or g; a polaron needs equal ones")
    return PolaronDot(steps, first.spin, first.g_factor, antiferromagnetic_k)


def flip_generator_per_ns(spin: float, step_mev: float, temperature_k: float, flip_ns: float) -> FloatArray:
    """Generator (to, from), (2S+1, 2S+1), columns sum to zero.

    Rate m -> m-1 = (S(S+1) - m(m-1)) / (2/3 S(S+1)) / flip_ns, uphill times exp(-|step|/kT): ``flip_ns`` is the mean
    time of one step downhill.
    """
    half_integer_spin("spin", spin), positive("temperature_k", temperature_k), positive("flip_ns", flip_ns)
    m = projections(spin)
    strength = (spin * (spin + 1) - m[:-1] * (m[:-1] - 1)) / (2 / 3 * spin * (spin + 1)) / flip_ns
    uphill = np.exp(-abs(finite("step_mev", step_mev)) / (BOLTZMANN_MEV_PER_K * temperature_k))
    lowering, raising = (strength, strength * uphill) if step_mev >= 0 else (strength * uphill, strength)
    rates = np.diag(lowering, -1) + np.diag(raising, 1)
    return np.asarray(rates - np.diag(rates.sum(axis=0)))


def alignment_in_lifetime(
    spin: float,
    step_mev: float,
    temperature_k: float,
    flip_ns: float,
    lifetime_ns: float,
    start: FloatArray | None = None,
) -> Alignment:
    """Dopant at the moment of recombination, averaged over the exciton's exponential lifetime: (1 - G tau)^-1 p0.

    ``start`` (2S+1,) defaults to equal populations. The energy gained is step x (<S_z>(0) - <S_z>).
    """
    positive("lifetime_ns", lifetime_ns)
    generator = flip_generator_per_ns(spin, step_mev, temperature_k, flip_ns)
    m = projections(spin)
    p0 = np.full(m.size, 1 / m.size) if start is None else finite_array("start", start)
    if p0.shape != m.shape or np.any(p0 < 0) or abs(p0.sum() - 1) > 1e-9:
        raise UnphysicalInputError(f"start: must be {m.size} populations that add up to 1")
    populations = np.linalg.solve(np.eye(m.size) - lifetime_ns * generator, p0)
    mean = float(m @ populations)
    return Alignment(populations, mean, step_mev * (float(m @ p0) - mean))
