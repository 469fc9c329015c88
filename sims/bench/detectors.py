"""Single-photon detectors: from photons on the chip to electrical pulses at the time controller.

Order of effects: dark counts, dead time with recursive afterpulses, jitter, cable, re-sort. Detection efficiency is
applied before (each photon is drawn with its probability). Times are int64 picoseconds.
"""

import numpy as np
import numpy.typing as npt

from sims.bench.config import SpadTruth

Times = npt.NDArray[np.int64]

# Delay of an afterpulse after the end of the dead time: two trap families (weight, mean ns). They give 50 % before
# 21 ns and 99 % before 1.8 µs, as measured on commercial modules.
_TRAPS = ((0.65, 15.0), (0.35, 500.0))
_MAX_GENERATIONS = 50


def clicks(photons_ps: Times, duration_ps: int, spad: SpadTruth, rng: np.random.Generator) -> Times:
    """Pulses of one detector, sorted, in [0, duration_ps).

    ``photons_ps``: sorted times of the photons (efficiency already applied) in the same interval.
    """
    fired = avalanche_times(photons_ps, duration_ps, spad, rng)
    delayed = fired + jitter_ps(len(fired), spad, rng) + round(spad.cable_delay_ns * 1000)
    delayed.sort()
    return delayed[(delayed >= 0) & (delayed < duration_ps)]


def avalanche_times(photons_ps: Times, duration_ps: int, spad: SpadTruth, rng: np.random.Generator) -> Times:
    """Avalanches, sorted: photons and dark counts that met a live detector, and the afterpulses they caused."""
    n_dark = rng.poisson(spad.dark_counts_hz * duration_ps * 1e-12)
    darks = rng.integers(0, max(duration_ps, 1), size=n_dark, dtype=np.int64)
    primaries = np.sort(np.concatenate([photons_ps, darks]), kind="stable")
    dead_ps = round(spad.dead_time_ns * 1000)
    fired = drop_dead(primaries, dead_ps)
    parents = fired
    # An afterpulse can itself release trapped carriers: repeat with the new avalanches until there are none.
    for _ in range(_MAX_GENERATIONS):
        children = _afterpulses(parents, dead_ps, spad.afterpulse_probability, rng)
        children = children[children < duration_ps]
        if len(children) == 0:
            return fired
        fired = drop_dead(np.sort(np.concatenate([fired, children]), kind="stable"), dead_ps)
        nearest = np.minimum(np.searchsorted(fired, children), len(fired) - 1)
        parents = children[fired[nearest] == children]
    return fired


def drop_dead(times_ps: Times, dead_ps: int) -> Times:
    """Times that find the detector live, each accepted one blinding it for ``dead_ps`` (not extended by others)."""
    kept = times_ps
    if dead_ps <= 0:
        return kept
    while len(kept) > 1:
        # A run: each time is close to the one before. Its head is certainly accepted, what follows within the dead
        # time of the head is certainly blind; the rest is looked at again.
        is_head = np.concatenate([[True], np.diff(kept) >= dead_ps])
        if is_head.all():
            return kept
        head_time = kept[is_head][np.cumsum(is_head) - 1]
        kept = kept[is_head | (kept - head_time >= dead_ps)]
    return kept


def jitter_ps(n: int, spad: SpadTruth, rng: np.random.Generator) -> Times:
    """Timing errors of ``n`` pulses: Gaussian core, and for a share of them an exponential tail to later times."""
    error_ns = rng.normal(0.0, spad.jitter_sigma_ns, size=n)
    in_tail = rng.random(n) < spad.jitter_tail_fraction
    error_ns[in_tail] += rng.exponential(spad.jitter_tail_ns, size=int(in_tail.sum()))
    return np.rint(error_ns * 1000).astype(np.int64)


def _afterpulses(parents_ps: Times, dead_ps: int, probability: float, rng: np.random.Generator) -> Times:
    releasing = parents_ps[rng.random(len(parents_ps)) < probability]
    fast = rng.random(len(releasing)) < _TRAPS[0][0]
    mean_ns = np.where(fast, _TRAPS[0][1], _TRAPS[1][1])
    delay_ps = np.rint(rng.exponential(mean_ns) * 1000).astype(np.int64)
    return np.asarray(releasing + dead_ps + delay_ps, dtype=np.int64)
