"""What happens in one short leaf of time under constant rates, by uniformisation.

With A the jump operator weighted with the chance of detection (to, from, per ns), G0 = G - A moves the undetected
dot. Let clock ticks come at the rate L of the fastest state; at each tick the undetected dot moves by
P = 1 + G0/L (Jensen, Skand. Aktuarietidskr. 36, 87 (1953)). In a leaf of length h
    not detected, end state j from i:   sum_q Poisson(q; L h) (P^q)_ji
    first detection at tick q from u:   P(at least q ticks in h) (A_u / L) (P^(q-1))_ui,   A_u = sum_j A_ju,
and the time of tick q, given that it falls into the leaf, is an Erlang time cut at h. Every term is positive, so
nothing cancels, however small the chance of detection.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from sims.photons.process import FloatArray

TICKS_PER_LEAF = 0.5
"""Largest mean number of clock ticks in a leaf."""

MOST_TICKS = 16
"""P(more ticks than this) is below 1e-19 for a mean of TICKS_PER_LEAF."""


@dataclass(frozen=True)
class Leaf:
    """``duration_ns``; ``ticks_per_ns`` (L); ``undetected`` (n, n): to, from; ``detected`` (MOST_TICKS, n, n).

    ``detected[q - 1, u, i]``: chance of the first detection at tick q by a transition from state u, when the leaf
    begins in state i.
    """

    duration_ns: float
    ticks_per_ns: float
    undetected: FloatArray
    detected: FloatArray


def halvings(generator: FloatArray, duration_ns: float) -> int:
    """How often a stretch is halved until a leaf holds at most TICKS_PER_LEAF clock ticks."""
    ticks = float(np.max(-np.diag(generator), initial=0.0)) * duration_ns
    return max(0, int(np.ceil(np.log2(max(ticks / TICKS_PER_LEAF, 1.0)))))


def leaf(generator: FloatArray, detected_jumps: FloatArray, duration_ns: float) -> Leaf:
    """The leaf of ``duration_ns`` under ``generator`` (n, n), with ``detected_jumps`` A (n, n), both (to, from)."""
    n = generator.shape[0]
    ticks_per_ns = float(np.max(-np.diag(generator), initial=0.0))
    mean = ticks_per_ns * duration_ns
    undetected, detected = np.zeros((n, n)), np.zeros((MOST_TICKS, n, n))
    if ticks_per_ns == 0.0:
        return Leaf(duration_ns, 0.0, np.eye(n), detected)
    step = np.maximum(generator - detected_jumps, 0.0) / ticks_per_ns
    np.fill_diagonal(step, np.maximum(0.0, 1.0 + np.diag(generator) / ticks_per_ns))
    chance = detected_jumps.sum(axis=0) / ticks_per_ns
    power, weight = np.eye(n), float(np.exp(-mean))
    for tick in range(1, MOST_TICKS + 1):
        undetected += weight * power
        detected[tick - 1] = float(gammainc(tick, mean)) * chance[:, None] * power
        power = step @ power
        weight *= mean / tick
    return Leaf(duration_ns, ticks_per_ns, undetected, detected)
