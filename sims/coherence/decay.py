"""Decay times read off a coherence curve: first fall to 1/e, and the exponent of the stretched exponential there."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sims.basics import checks

FloatArray = npt.NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]

POINTS_PER_DECADE = 8
SHORTEST_S = 1e-12
LONGEST_S = 1e4
_MOST_COHERENT = 1 - 1e-12


def first_decay_time_s(curve: Curve, guess_s: float) -> tuple[float, float]:
    """Time (s) at which |L| first falls to 1/e, and the exponent n of exp(-(t/T2)^n) there.

    ``curve`` maps total times (s) to |L|. Searches a decade round ``guess_s``, then further, within 1e-12 ... 1e4 s;
    (inf, nan) when the coherence outlives that. Between grid points ln(-ln L) is straight in ln t, exact for a
    stretched exponential; a modulation faster than an eighth of a decade can be missed.
    """
    low = high = float(np.log10(checks.positive("guess_s", guess_s)))
    low, high = low - 1, high + 1
    times, values = _sample(curve, low, high)
    while values[0] < np.exp(-1) and low > np.log10(SHORTEST_S):
        times, values = _sample(curve, low - 1, low)
        low -= 1
    while not np.any(values < np.exp(-1)) and high < np.log10(LONGEST_S):
        times, values = _sample(curve, high, high + 1)
        high += 1
    return crossing_s(times, values)


def crossing_s(times_s: FloatArray, values: FloatArray) -> tuple[float, float]:
    """First crossing of 1/e by ``values`` sampled at ``times_s`` > 0, and the exponent there; (inf, nan) if none."""
    below = np.flatnonzero(values < np.exp(-1))
    if not below.size:
        return float("inf"), float("nan")
    if below[0] == 0:
        raise ValueError(f"the coherence is below 1/e at the first time already ({times_s[0]:g} s): start earlier")
    ends = slice(below[0] - 1, below[0] + 1)
    log_times = np.log(times_s[ends])
    exponents = np.log(-np.log(np.clip(values[ends], 1e-300, _MOST_COHERENT)))
    slope = (exponents[1] - exponents[0]) / (log_times[1] - log_times[0])
    return float(np.exp(log_times[0] - exponents[0] / slope)), float(slope)


def _sample(curve: Curve, low: float, high: float) -> tuple[FloatArray, FloatArray]:
    times = np.logspace(low, high, 1 + round(POINTS_PER_DECADE * (high - low)))
    return times, np.asarray(curve(times), dtype=np.float64)
