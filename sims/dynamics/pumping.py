"""Optical pumping of the dopant: transient of the fluorescence, efficiency, time, dark memory, reset.

Light on one line empties it: each exciton gives the dopant a chance 1/τ_f per ns to flip, and the flipped dopant no
longer meets the light (Le Gall et al., Phys. Rev. B 81, 245315 (2010)). Efficiency = 1 − F(∞)/F(0), where F(0) is the
fluorescence right after switching on (its maximum, reached within the exciton's lifetime). What brings the dopant
back while the light is on is the sample's ``light_on_mixing_ns``, scaled with s/(1 + s) like the exciton population.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T
from sims.basics.spins import ComplexArray, FloatArray
from sims.dot.sample import Dopant, Sample
from sims.dot.stimulus import Environment
from sims.dynamics.model import DotModel, build_model, saturation_rabi_mev
from sims.dynamics.sequences import Light, Pairs, Segment, Sequencer

CIRCULAR = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class OpticalLine:
    """A transition ground → exciton: photon energy relative to the undoped exciton, and strength into (σ⁺, σ⁻)."""

    ground: int
    exciton: int
    detuning_mev: float
    strength: tuple[float, float]


@dataclass(frozen=True)
class Transient:
    """Fluorescence under pumping: ``times_ns`` (n_t,), photons per ns ``rate_per_ns`` (n_t,), dopant ``populations``.

    ``populations`` (n_t, n_dopant states), first m = +S. ``start_per_ns`` F(0), ``end_per_ns`` F(∞), ``efficiency``
    1 − F(∞)/F(0), ``time_ns``: time after the maximum until the excess has fallen to 1/e. ``final``: state at the end.
    """

    times_ns: FloatArray
    rate_per_ns: FloatArray
    populations: FloatArray
    start_per_ns: float
    end_per_ns: float
    efficiency: float
    time_ns: float
    final: ComplexArray


def optical_lines(model: DotModel, least_strength: float = 0.3) -> list[OpticalLine]:
    """Lines between ground and exciton eigenstates with at least that strength, in order of energy.

    1 is a full bright heavy-hole line. In a degenerate ground manifold the eigenstates, and so the lines, are one
    choice among equals.
    """
    checks.fraction("least_strength", least_strength)
    system = model.system
    plus, minus = (np.abs(system.lowering[q]) ** 2 for q in (0, 1))
    result = []
    for ground in model.ground:
        for exciton in model.exciton:
            strength = (float(plus[ground, exciton]), float(minus[ground, exciton]))
            if max(strength) >= least_strength:
                detuning = float(system.energies_mev[exciton] - system.energies_mev[ground])
                result.append(OpticalLine(int(ground), int(exciton), detuning, strength))
    return sorted(result, key=lambda line: line.detuning_mev)


def outer_line(model: DotModel, *, highest: bool = True) -> OpticalLine:
    """The highest (or lowest) σ⁺ line with at least half of full strength. ValueError when there is none."""
    lines = [line for line in optical_lines(model, 0.0) if line.strength[0] >= 0.5]
    if not lines:
        raise ValueError("no exciton level has half of a full sigma-plus line; choose the detuning by hand")
    return lines[-1 if highest else 0]


def resonant_segment(
    model: DotModel,
    saturation: float,
    detuning_mev: float,
    duration_ns: float,
    stokes: tuple[float, float, float] = CIRCULAR,
) -> Segment:
    """Light of saturation parameter s = P/P_sat on the lines, with the mixing that the sample states for it.

    ``detuning_mev``: photon energy minus that of the undoped bright exciton. ValueError when s is negative.
    """
    checks.finite("detuning_mev", detuning_mev)
    rabi = saturation_rabi_mev(model.sample, model.environment.temperature_k, saturation)
    return Segment(
        duration_ns, (Light(detuning_mev, rabi, stokes),), mixing_per_ns=mixing_rate(model.sample, saturation)
    )


def through_excited_segment(
    model: DotModel, pair_rate_per_ns: float, circularity: float, duration_ns: float, dark_fraction: float = 0.0
) -> Segment:
    """Pumping through an excited state: bright pairs that keep the light's helicity (``circularity`` −1 … +1).

    The mixing is that of the same exciton population as under resonant light: n_X ≈ W τ. ValueError for
    numbers out of range.
    """
    checks.not_negative("pair_rate_per_ns", pair_rate_per_ns)
    filling = pair_rate_per_ns * model.sample.lifetime_ns
    mixing = mixing_rate(model.sample, 2 * filling)
    return Segment(duration_ns, pairs=Pairs(pair_rate_per_ns, circularity, dark_fraction), mixing_per_ns=mixing)


def reset_segment(duration_ns: float, pair_rate_per_ns: float) -> Segment:
    """Unpolarised non-resonant pairs with random spins depolarise the dopant; duration in ns, rate in 1/ns.

    ValueError for a negative duration or rate.
    """
    return Segment(duration_ns, pairs=Pairs(pair_rate_per_ns, 0.0, 0.5))


def mixing_rate(sample: Sample, saturation: float) -> float:
    """Light-on mixing of the dopant, s/(1 + s)/τ_mix in 1/ns (0 where the sample states none).

    ValueError when s is negative or not finite.
    """
    checks.not_negative("saturation", saturation)
    if sample.light_on_mixing_ns is None:
        return 0.0
    return saturation / (1 + saturation) / sample.light_on_mixing_ns


def pumping_transient(
    model: DotModel,
    segment: Segment,
    *,
    n_times: int = 401,
    start: ComplexArray | None = None,
    sequencer: Sequencer | None = None,
) -> Transient:
    """Fluorescence (σ⁺ + σ⁻ into the optical axis) while ``segment`` is on, from an unpolarised dopant or ``start``.

    ValueError when the segment's light gives no fluorescence, or the duration is not above zero.
    """
    if not segment.duration_ns > 0:
        raise ValueError(f"pumping: duration_ns = {segment.duration_ns} must be above 0")
    checks.at_least("n_times", n_times, 2)
    runner = sequencer or Sequencer(model.system)
    times = np.linspace(0.0, segment.duration_ns, n_times)
    photons = model.photon_rate_operators()
    watched = [photons[0] + photons[1], *model.dopant_projectors()]
    run = runner.run([segment], model.ground_mixture() if start is None else start, times, watched)
    rate = run.values[:, 0]
    peak = int(np.argmax(rate))
    first, last = float(rate[peak]), float(rate[-1])
    if not first > 0:
        raise ValueError("pumping: this light gives no fluorescence; tune it to a line or raise its power")
    return Transient(
        times_ns=times,
        rate_per_ns=rate,
        populations=run.values[:, 1:],
        start_per_ns=first,
        end_per_ns=last,
        efficiency=1 - last / first,
        time_ns=_fall_time_ns(times[peak:], rate[peak:]),
        final=run.final,
    )


def pumping_against_power(model: DotModel, detuning_mev: float, saturations: Sequence[float]) -> list[Transient]:
    """One transient for each saturation parameter, each of 60 flip times over the exciton's share of time."""
    flip_ns = model.sample.exciton_dopant_flip_ns or 100.0
    result = []
    for s in saturations:
        duration = 60 * flip_ns * (1 + s) / s
        result.append(pumping_transient(model, resonant_segment(model, s, detuning_mev, duration)))
    return result


def efficiency_against_transverse_field(
    sample: Sample,
    environment: Environment,
    transverse_t: Sequence[float],
    saturation: float,
    duration_ns: float,
    *,
    heavy_holes_only: bool = True,
) -> FloatArray:
    """Pumping efficiency on the highest σ⁺ line with B_x added to the environment's field, (n,)."""
    x, y, z = environment.field_t
    line = outer_line(build_model(sample, environment, heavy_holes_only=heavy_holes_only))
    result = []
    for extra in transverse_t:
        turned = replace(environment, field_t=(x + extra, y, z))
        model = build_model(sample, turned, heavy_holes_only=heavy_holes_only)
        segment = resonant_segment(model, saturation, line.detuning_mev, duration_ns)
        result.append(pumping_transient(model, segment, n_times=201).efficiency)
    return np.asarray(result, dtype=np.float64)


def efficiency_with_frozen_nucleus(
    sample: Sample,
    environment: Environment,
    saturation: float,
    duration_ns: float,
    *,
    n_directions: int = 8,
    heavy_holes_only: bool = True,
) -> float:
    """Pumping efficiency averaged over a nuclear spin that stands still in a random direction.

    The hyperfine term A I·S acts on the electron spin of one dopant like a field A√(I(I+1))/(g μ_B) (frozen
    fluctuation, Merkulov, Efros and Rosen, Phys. Rev. B 65, 205309 (2002)); directions by Gauss–Legendre nodes in
    cos θ, all in the plane of x. Valid while E(S_x² − S_y²) is small. ValueError unless there is exactly one dopant.
    """
    if len(sample.dopants) != 1:
        raise ValueError(f"frozen nucleus: {len(sample.dopants)} dopants; exactly one is modelled")
    field_t = frozen_nuclear_field_t(sample.dopants[0])
    x, y, z = environment.field_t
    line = outer_line(build_model(sample, environment, heavy_holes_only=heavy_holes_only))
    cosines, weights = np.polynomial.legendre.leggauss(n_directions)
    start, end = 0.0, 0.0
    for cosine, weight in zip(cosines, weights, strict=True):
        sine = float(np.sqrt(1 - cosine**2))
        turned = replace(environment, field_t=(x + field_t * sine, y, z + field_t * float(cosine)))
        model = build_model(sample, turned, heavy_holes_only=heavy_holes_only)
        one = pumping_transient(model, resonant_segment(model, saturation, line.detuning_mev, duration_ns), n_times=201)
        start, end = start + weight * one.start_per_ns, end + weight * one.end_per_ns
    return 1 - end / start


def frozen_nuclear_field_t(dopant: Dopant) -> float:
    """Root-mean-square field of the dopant's own nucleus on its electron spin, A√(I(I+1))/(g μ_B), in tesla."""
    nuclear = dopant.nuclear_spin
    coupling_mev = 1e-3 * abs(dopant.hyperfine_uev) * float(np.sqrt(nuclear * (nuclear + 1)))
    return coupling_mev / (dopant.g_factor * BOHR_MAGNETON_MEV_PER_T)


def recovery_against_delay(
    model: DotModel, segment: Segment, delays_ns: Sequence[float], *, reset: Segment | None = None
) -> FloatArray:
    """Fluorescence at the start of a second pump after a dark ``delay``, over that of the first, (n,).

    1 − efficiency when nothing is forgotten in the dark, 1 when everything is. ``reset``: a segment between the
    delay and the second pump.
    """
    runner = Sequencer(model.system)
    first = pumping_transient(model, segment, sequencer=runner)
    result = []
    for delay in delays_ns:
        between = [Segment(delay)] + ([reset, Segment(20 * model.sample.lifetime_ns)] if reset is not None else [])
        waited = runner.run(between, first.final).final
        second = pumping_transient(model, segment, start=waited, sequencer=runner)
        result.append(second.start_per_ns / first.start_per_ns)
    return np.asarray(result, dtype=np.float64)


def _fall_time_ns(times_ns: FloatArray, rate: FloatArray) -> float:
    """Time after the first point until the excess over the last point has fallen to 1/e (linear in between)."""
    excess = rate - rate[-1]
    target = excess[0] / math.e
    if not target > 0:
        return 0.0
    below = int(np.argmax(excess < target))
    if below == 0:
        return float(times_ns[-1] - times_ns[0])
    share = (excess[below - 1] - target) / (excess[below - 1] - excess[below])
    return float(times_ns[below - 1] + share * (times_ns[below] - times_ns[below - 1]) - times_ns[0])
