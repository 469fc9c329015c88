"""Drawing photon events that have the exact first and second moments within a cycle.

Each cycle holds no, one or two detections. One: density of the singles minus both marginals of the pairs. Two:
density of the pairs. Three in one cycle are left out, which is why the mean number per cycle is limited.
Different cycles are independent: the memory of the dopant spin (or of a dark exciton) from one cycle to the next
enters only through the periodic populations.
"""

import numpy as np
import numpy.typing as npt

from sims.basics.spins import FloatArray
from sims.dot.blinking import is_on, switching_times_s
from sims.dot.detections import Detections
from sims.dot.sample import Blinking
from sims.dot.second_photon import draw_second_photons

IntArray = npt.NDArray[np.int64]

MAXIMUM_MEAN = 0.5
"""Largest mean number of detections per cycle; there about 1 % of the cycles would hold a neglected third."""


def draw_photons(
    moments: Detections, blinking: Blinking | None, duration_s: float, rng: np.random.Generator, start_ps: int = 0
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Timestamps (ps, sorted) and detector index of the photons in ``duration_s``; see the module's text.

    Without ``blinking`` the dot is on all the time. ValueError for a negative duration, and where a cycle holds too
    many detections.
    """
    if not duration_s >= 0:
        raise ValueError(f"duration_s = {duration_s}: must not be negative")
    single = _single_density(moments)
    pair = moments.first_of_pair
    chance_one, chance_two = float(single.sum()), float(pair.sum())
    period_ns = float(moments.propagation.edges_ns[-1])
    cycles = _event_cycles(chance_one + chance_two, int(np.ceil(1e9 * duration_s / period_ns)), rng)
    if cycles.size == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
    is_pair = rng.random(cycles.size) * (chance_one + chance_two) < chance_two
    time_one, channel_one = _draw_singles(moments, single, int(np.sum(~is_pair)), rng)
    time_two, channel_two = _draw_pairs(moments, pair, int(np.sum(is_pair)), rng)
    cycle = np.concatenate([cycles[~is_pair], np.repeat(cycles[is_pair], 2)])
    time_ns = np.concatenate([time_one, time_two.ravel()])
    channel = np.concatenate([channel_one, channel_two.ravel()])
    stamps = np.rint(1e3 * (cycle * period_ns + time_ns)).astype(np.int64)
    keep = stamps < 1e12 * duration_s
    if blinking is not None:
        keep &= _survives_blinking(blinking, 1e-12 * stamps, duration_s, rng)
    stamps, channel = stamps[keep], channel[keep]
    detector = _detector(moments.split, channel, rng)
    order = np.argsort(stamps, kind="stable")
    return stamps[order] + start_ps, detector[order].astype(np.uint8)


def _single_density(moments: Detections) -> FloatArray:
    """Probability of exactly one detection, in each bin, (n_channels, N)."""
    mean = moments.mean_per_cycle
    if mean > MAXIMUM_MEAN:
        raise ValueError(
            f"{mean:.2f} detections per cycle are too many to draw photon times (limit {MAXIMUM_MEAN}): "
            "attenuate the light, lower the detection probability or shorten the cycle"
        )
    single = moments.singles - moments.first_of_pair - moments.second_of_pair
    lowest = float(single.min(initial=0.0))
    if lowest < -1e-9 * max(mean, 1e-300) - 1e-3 * float(moments.singles.max(initial=0.0)):
        raise ValueError(
            f"{mean:.2f} detections per cycle come so close together that three in a cycle cannot be left out: "
            "attenuate the light or lower the detection probability"
        )
    return np.maximum(single, 0.0)


def _event_cycles(chance: float, n_cycles: int, rng: np.random.Generator) -> IntArray:
    """Sorted indices of the cycles with an event: a Bernoulli process through its geometric gaps."""
    if chance <= 0 or n_cycles == 0:
        return np.empty(0, dtype=np.int64)
    found: list[IntArray] = []
    last = -1
    while last < n_cycles:
        expected = chance * (n_cycles - last)
        gaps = rng.geometric(min(chance, 1.0), size=int(expected + 5 * np.sqrt(expected) + 10))
        # A gap longer than the record ends it; cutting it there keeps the sum within int64.
        block = last + np.cumsum(np.minimum(gaps, n_cycles + 1))
        found.append(block)
        last = int(block[-1])
    cycles = np.concatenate(found)
    return cycles[cycles < n_cycles]


def _draw_singles(
    moments: Detections, single: FloatArray, number: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    if number == 0:
        return np.empty(0), np.empty(0, dtype=np.int64)
    channel, b = _pick_bin(single, number, rng)
    return _time_in_bin(moments, channel, b, rng), channel


def _draw_pairs(
    moments: Detections, pair: FloatArray, number: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Times and channels of both photons, (number, 2) each."""
    if number == 0:
        return np.empty((0, 2)), np.empty((0, 2), dtype=np.int64)
    channel, b = _pick_bin(pair, number, rng)
    second_channel, second_bin = draw_second_photons(moments, channel, b, rng)
    time_one = _time_in_bin(moments, channel, b, rng)
    time_two = _time_in_bin(moments, second_channel, second_bin, rng)
    times = np.stack([time_one, time_two], axis=1)
    same_bin = b == second_bin
    times[same_bin] = np.sort(times[same_bin], axis=1)
    return times, np.stack([channel, second_channel], axis=1)


def _pick_bin(density: FloatArray, number: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Channel and bin of each of ``number`` photons, in random order."""
    flat = density.ravel()
    # Counts first, then a shuffle: the same law as one search for each photon, in a fraction of the time.
    counts = rng.multinomial(number, flat / flat.sum())
    drawn = rng.permutation(np.repeat(np.arange(flat.size), counts))
    return drawn // density.shape[1], drawn % density.shape[1]


def _detector(split: FloatArray, channel: IntArray, rng: np.random.Generator) -> IntArray:
    borders = np.cumsum(split, axis=1)[:, :-1]
    drawn = rng.random(channel.size)
    return np.asarray(np.sum(drawn[:, None] >= borders[channel], axis=1), dtype=np.int64)


def _time_in_bin(moments: Detections, channel: IntArray, b: IntArray, rng: np.random.Generator) -> FloatArray:
    """Time in the cycle, ns: exponential between the rates at the two ends of the bin."""
    fall = moments.fall[channel, b]
    u = rng.random(b.size)
    curved = np.abs(fall) > 1e-6
    safe = np.where(curved, fall, 1.0)
    fraction = np.where(curved, -np.log1p(u * np.expm1(-safe)) / safe, u)
    edges = moments.propagation.edges_ns
    return np.asarray(edges[b] + fraction * (edges[b + 1] - edges[b]), dtype=np.float64)


def _survives_blinking(
    blinking: Blinking, time_s: FloatArray, duration_s: float, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    starts_on, switches = switching_times_s(blinking, duration_s, rng)
    on = is_on(starts_on, switches, time_s)
    return on | (rng.random(time_s.size) < blinking.off_brightness)
