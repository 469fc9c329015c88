"""Fluorescence of a pumped spin ladder by rate equations written out, to try the fit of the transient on.

Six ground states and their excitons: light on the top one, flips down the ladder in the exciton, return by mixing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from analysis.transient import TransientFit, cut_window, fit_transient, window_total

FloatArray = npt.NDArray[np.float64]

GATE_NS, GAP_NS, PROBE_NS = 1000.0, 300.0, 200.0
BIN_NS = 2.0
STEP_NS = 0.5
_EXCITON_PER_NS = 0.04
"""Slower than any decay of the exciton, faster than any pumping."""
LIFETIME_NS = 15.0


@dataclass(frozen=True)
class Ladder:
    """``neighbours``: share of the mixing that leads to the next states only: then there is more than one time."""

    saturation: float = 2.0
    flip_ns: float = 30.0
    mixing_ns: float = 300.0
    neighbours: float = 0.0

    def rates(self, *, light: bool) -> FloatArray:
        """Rate matrix of ground states 0 to 5 and excitons 6 to 11, 1/ns, (12, 12)."""
        rate = np.zeros((12, 12))

        def add(start: int, stop: int, value: float) -> None:
            rate[stop, start] += value
            rate[start, start] -= value

        for k in range(6):
            add(6 + k, k, 1 / LIFETIME_NS)
        for k in range(5):
            add(6 + k + 1, 6 + k, 1 / self.flip_ns)
        if light:
            pump = self.saturation / (2 * LIFETIME_NS)
            add(5, 11, pump)
            add(11, 5, pump)
            for a in range(6):
                for b in range(6):
                    if a != b:
                        share = 1 if abs(a - b) == 1 else 1 - self.neighbours
                        add(a, b, share / self.mixing_ns / 6)
        return rate


START = np.append(np.full(6, 1 / 6), np.zeros(6))
"""All ground states alike, no exciton."""


def evolve(state: FloatArray, rate: FloatArray, duration_ns: float) -> tuple[FloatArray, FloatArray]:
    """Exciton population averaged over each histogram bin, and the state at the end."""
    step = expm(rate * STEP_NS)
    excitons = np.empty(round(duration_ns / STEP_NS))
    for k in range(excitons.size):
        excitons[k] = state[6:].sum()
        state = step @ state
    return excitons.reshape(-1, round(BIN_NS / STEP_NS)).mean(axis=1), state


def experiment(
    ladder: Ladder, photons: float = 1e4, background: float = 0.02, split_ns: float = 0.0
) -> tuple[FloatArray, float]:
    """Expected counts per bin of 20 ns dark, pump, gap, probe, 400 ns dark, and the true efficiency.

    ``photons`` under the pump; ``background`` counts/ns; ``split_ns``: half the photons are seen by a second detector
    behind a longer cable.
    """
    light, dark = ladder.rates(light=True), ladder.rates(light=False)
    pump, end = evolve(START, light, GATE_NS)
    gap, after = evolve(end, dark, GAP_NS)
    probe, late = evolve(after, light, PROBE_NS)
    tail, _ = evolve(late, dark, 400.0)
    signal = np.concatenate((np.zeros(10), pump, gap, probe, tail))
    if split_ns:
        time = np.arange(signal.size) * BIN_NS
        signal = 0.5 * (signal + np.interp(time - split_ns, time, signal, left=0.0))
    efficiency = 1 - (end[5] + end[11]) / (1 / 6)
    return photons * signal / pump.sum() + background * BIN_NS, efficiency


def fitted(counts: FloatArray) -> TransientFit:
    """The fit to the counts of :func:`experiment`."""
    time = np.arange(counts.size) * BIN_NS - 20.0
    window = cut_window(time, counts, 0.0, GATE_NS, 150.0)
    stop = time[-1] + BIN_NS
    return fit_transient(window, *window_total(time, counts, [(stop - 200.0, stop)]))


def pumping_time_ns(ladder: Ladder) -> float:
    """The time in which the excess over the limit falls to 1/e, by the eigenvalues slower than the exciton's."""
    light = ladder.rates(light=True)
    rates, modes = np.linalg.eig(light)
    weights = (modes[[5, 11]].sum(axis=0) * np.linalg.solve(modes, START)).real
    slow = (rates.real < -1e-9) & (rates.real > -_EXCITON_PER_NS)
    times = np.linspace(0.0, 2000.0, 20_001)
    excess = np.exp(np.outer(times, rates.real[slow])) @ weights[slow]
    return float(times[np.argmax(excess < excess[0] / np.e)])
