"""Monte Carlo of the two-click herald, photon by photon: checks the formulas of heralding and shows their limits.

Nothing of heralding's algebra is used: emission times, dephasing phases, losses, ports and dark clicks are drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.basics.checks import UnphysicalInputError, finite, fraction, not_negative, positive
from sims.basics.spins import FloatArray

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeraldTrials:
    """What was drawn: attempts, heralds, mean fidelity of the heralded pairs and its standard error."""

    attempts: int
    heralds: int
    fidelity: float
    fidelity_error: float

    @property
    def probability(self) -> float:
        """Heralds per attempt."""
        return self.heralds / self.attempts


def simulate_double_click(
    attempts: int,
    efficiency: float,
    dark_probability: float,
    decay_per_ns: float,
    dephasing_per_ns: float,
    rng: np.random.Generator,
    *,
    detuning_per_ns: float = 0.0,
    rounds: int = 1,
) -> HeraldTrials:
    """Draw ``attempts`` attempts of two equal dots with white dephasing g* and a fixed detuning (rad/ns).

    A herald is exactly one sigma+ and exactly one sigma- click. The pair's fidelity is (1 + cos phase)/2 when both
    photons made the clicks, 1/2 when a dark click hides which spin is which, 0 when the spins are equal.
    """
    if attempts < 1:
        raise UnphysicalInputError(f"attempts = {attempts}: must be at least 1")
    fraction("efficiency", efficiency), fraction("dark_probability", dark_probability)
    positive("decay_per_ns", decay_per_ns), not_negative("dephasing_per_ns", dephasing_per_ns)
    finite("detuning_per_ns", detuning_per_ns)
    if rounds not in (1, 2):
        raise UnphysicalInputError(f"rounds = {rounds}: must be 1 or 2")
    values = []
    for first in range(0, attempts, 1_000_000):
        size = min(1_000_000, attempts - first)
        spins, seen, accepted = _clicks(size, efficiency, dark_probability, rng)
        different = spins[0] != spins[1]
        phase = _phases(size, decay_per_ns, dephasing_per_ns, detuning_per_ns, rounds, rng)
        fidelity = np.where(seen, (1 + np.cos(phase)) / 2, 0.5) * different
        values.append(fidelity[accepted])
    heralded = np.concatenate(values)
    if heralded.size < 2:
        raise UnphysicalInputError(f"attempts = {attempts}: only {heralded.size} heralds drawn; draw more")
    error = float(heralded.std(ddof=1) / np.sqrt(heralded.size))
    return HeraldTrials(attempts, heralded.size, float(heralded.mean()), error)


def _clicks(
    size: int, efficiency: float, dark: float, rng: np.random.Generator
) -> tuple[IntArray, BoolArray, BoolArray]:
    """Spins (2, size) as helicity 0/1, whether both photons were detected, whether the herald is given."""
    spins = rng.integers(0, 2, (2, size))
    detected = rng.random((2, size)) < efficiency
    port = rng.integers(0, 2, (2, size))
    clicks = rng.random((2, 2, size)) < dark  # helicity, output
    for dot in (0, 1):
        rows = np.flatnonzero(detected[dot])
        clicks[spins[dot, rows], port[dot, rows], rows] = True
    accepted = np.all(clicks.sum(axis=1) == 1, axis=0)
    return spins, np.asarray(detected.all(axis=0)), np.asarray(accepted)


def _phases(
    size: int, decay: float, dephasing: float, detuning: float, rounds: int, rng: np.random.Generator
) -> FloatArray:
    """Phase between 'A sent the first click' and 'B sent it': random walks of variance 2 g* t in each emitter."""
    times = rng.exponential(1 / decay, (2, size))
    apart = times[0] - times[1]
    exposed = np.abs(apart) if rounds == 1 else times.sum(axis=0)
    noise = rng.standard_normal(size) * np.sqrt(4 * dephasing * exposed)
    return np.asarray(noise + detuning * apart)
