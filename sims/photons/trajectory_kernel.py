"""Compiled: every jump of the plain walk, pulse by pulse. Imported only when needed, because numba loads slowly."""

import numpy as np
import numpy.typing as npt
from numba import njit  # noqa: TID253


@njit(cache=True, nogil=True)
def walk(
    generators: npt.NDArray[np.float64],
    maps: npt.NDArray[np.float64],
    step: npt.NDArray[np.int64],
    duration_ns: npt.NDArray[np.float64],
    photon_rate: npt.NDArray[np.float64],
    n_cycles: int,
    state: int,
    rng: np.random.Generator,
    cycle_out: npt.NDArray[np.int64],
    time_ns: npt.NDArray[np.float64],
    transition: npt.NDArray[np.int64],
) -> int:
    """Write every emitted photon of ``n_cycles`` until the arrays are full; returns the number written.

    ``step`` (n_steps,): generator number, or -1 - map number; ``photon_rate`` (n_transitions, n, n) is not summed:
    [k, to, from] of transition k.
    """
    n = 0
    for cycle in range(n_cycles):
        begin = 0.0
        for number in range(step.size):
            if step[number] < 0:
                state = choose(maps[-1 - step[number]][:, state], rng)
                continue
            rates = generators[step[number]][:, state].copy()
            rates[state] = 0.0
            x = 0.0
            while True:
                total = rates.sum()
                x = x + rng.standard_exponential() / total if total > 0.0 else np.inf
                if x >= duration_ns[number]:
                    break
                target = choose(rates, rng)
                shares = photon_rate[:, target, state] / rates[target]
                k = choose(np.append(shares, max(0.0, 1.0 - shares.sum())), rng)
                if k < shares.size:
                    if n == time_ns.size:
                        return n
                    cycle_out[n], time_ns[n], transition[n] = cycle, begin + x, k
                    n += 1
                state = target
                rates = generators[step[number]][:, state].copy()
                rates[state] = 0.0
            begin += duration_ns[number]
    return n


@njit(cache=True, nogil=True)
def choose(weights: npt.NDArray[np.float64], rng: np.random.Generator) -> int:
    """Index drawn with the given weights."""
    left = rng.random() * weights.sum()
    last = 0
    for i in range(weights.size):
        if weights[i] > 0.0:
            last = i
            left -= weights[i]
            if left < 0.0:
                return i
    return last
