"""The jump process: a repeated sequence of rate matrices and instantaneous maps, and which of its jumps emit a photon.

Populations p obey dp/dt = G p during a stretch (G acts on columns, per ns, columns sum to zero) and p -> K p at a
kick (column-stochastic: a picosecond pulse). Because nothing coherent is kept, one trajectory is a sequence of
definite states with jumps between them: the quantum-jump unravelling of a diagonal density matrix (Dalibard, Castin,
Molmer, PRL 68, 580 (1992); Gillespie, J. Phys. Chem. 81, 2340 (1977)).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROUNDING = 1e-9
"""Relative slack allowed for column sums and for emission rates in a generator."""

MOST_STATES = 2048


@dataclass(frozen=True)
class Stretch:
    """``duration_ns`` with constant rates; ``generator`` (n, n), (to, from), per ns."""

    duration_ns: float
    generator: FloatArray


@dataclass(frozen=True)
class Kick:
    """An instantaneous map of the populations, ``matrix`` (n, n), (to, from), columns that sum to 1."""

    matrix: FloatArray


Step = Stretch | Kick


@dataclass(frozen=True)
class JumpProcess:
    """A sequence of steps, repeated for ever, and the transitions that emit.

    ``upper``, ``lower`` (n_transitions,): states before and after; ``rate_per_ns`` (n_transitions,): photons per unit
    population of ``upper``. The jumps of the transitions are part of every generator, which may hold more (jumps
    without a photon). For continuous light use one stretch; its length has no meaning then.
    """

    steps: tuple[Step, ...]
    upper: IntArray
    lower: IntArray
    rate_per_ns: FloatArray

    def __post_init__(self) -> None:
        check_process(self)

    @property
    def n_states(self) -> int:
        """Length of the population vector."""
        first = self.steps[0]
        return int((first.generator if isinstance(first, Stretch) else first.matrix).shape[0])

    @property
    def n_transitions(self) -> int:
        """Number of transitions that emit."""
        return self.upper.size

    @property
    def period_ns(self) -> float:
        """Length of the sequence, ns."""
        return sum(step.duration_ns for step in self.steps if isinstance(step, Stretch))

    @property
    def is_continuous(self) -> bool:
        """True when nothing in the sequence changes with time."""
        return len(self.steps) == 1

    def emission(self, weights: FloatArray) -> FloatArray:
        """Jump matrix (n, n), (to, from), per ns, of the transitions weighted with ``weights`` (n_transitions,)."""
        matrix = np.zeros((self.n_states, self.n_states))
        np.add.at(matrix, (self.lower, self.upper), np.asarray(weights, dtype=np.float64) * self.rate_per_ns)
        return matrix


def check_process(process: JumpProcess) -> None:
    """ValueError that names what is not physical: durations, matrices, transitions."""
    if not any(isinstance(step, Stretch) for step in process.steps):
        raise ValueError("the sequence has no stretch of time: give at least one Stretch")
    n = process.n_states
    if n > MOST_STATES:
        raise ValueError(f"{n} states are more than the photon stream is made for (limit {MOST_STATES})")
    _check_transitions(process, n)
    emission = process.emission(np.ones(process.n_transitions))
    seen: set[int] = set()
    for number, step in enumerate(process.steps):
        if isinstance(step, Stretch):
            if not (np.isfinite(step.duration_ns) and step.duration_ns > 0):
                raise ValueError(f"step {number}: duration_ns = {step.duration_ns}: must be finite and above 0")
            if id(step.generator) not in seen:
                _check_generator(step.generator, emission, n, number)
            seen.add(id(step.generator))
        elif id(step.matrix) not in seen:
            _check_map(step.matrix, n, number)
            seen.add(id(step.matrix))


def check_detection(detection: FloatArray, n_transitions: int) -> FloatArray:
    """Detection probabilities as a float array (n_detectors, n_transitions); ValueError when they make no sense."""
    probability = np.ascontiguousarray(detection, dtype=np.float64)
    if probability.ndim != 2 or probability.shape[1] != n_transitions or not 1 <= probability.shape[0] <= 255:
        raise ValueError(
            f"detection has shape {probability.shape}; it must be (n_detectors, {n_transitions}), one column for each "
            "transition and 1 to 255 detectors"
        )
    if not np.all((probability >= 0) & (probability <= 1)) or np.any(probability.sum(axis=0) > 1 + 1e-12):
        raise ValueError("detection probabilities must lie in 0...1 and their sum over the detectors must not exceed 1")
    return probability


def _check_transitions(process: JumpProcess, n: int) -> None:
    upper, lower, rate = process.upper, process.lower, process.rate_per_ns
    if not upper.shape == lower.shape == rate.shape or upper.ndim != 1:
        raise ValueError(f"upper {upper.shape}, lower {lower.shape}, rate_per_ns {rate.shape}: give one value each")
    if upper.size == 0:
        raise ValueError("the process has no transition that emits: there are no photons to draw")
    if not (np.issubdtype(upper.dtype, np.integer) and np.issubdtype(lower.dtype, np.integer)):
        raise ValueError("upper and lower must be integer state numbers")
    if min(upper.min(), lower.min()) < 0 or max(upper.max(), lower.max()) >= n or np.any(upper == lower):
        raise ValueError(f"transitions must join two different states in 0...{n - 1}")
    if not np.all(np.isfinite(rate) & (rate >= 0)):
        raise ValueError("rate_per_ns of every transition must be finite and not negative")


def _check_generator(generator: FloatArray, emission: FloatArray, n: int, number: int) -> None:
    if generator.shape != (n, n) or not np.all(np.isfinite(generator)):
        raise ValueError(f"step {number}: the generator must be a finite {n} x {n} matrix, not {generator.shape}")
    fastest = float(np.max(-np.diag(generator), initial=0.0))
    slack = ROUNDING * max(fastest, 1e-300)
    off_diagonal = generator - np.diag(np.diag(generator))
    if np.any(off_diagonal < 0) or np.any(np.abs(generator.sum(axis=0)) > slack):
        raise ValueError(
            f"step {number}: a generator has no negative rates and columns that sum to zero (to, from); "
            f"lowest rate {off_diagonal.min():.3g}, largest column sum {np.abs(generator.sum(axis=0)).max():.3g} per ns"
        )
    missing = float(np.max(emission - off_diagonal))
    if missing > slack:
        raise ValueError(
            f"step {number}: the transitions emit {missing:.3g} per ns more than the generator's jumps between their "
            "states; the generator must contain them"
        )


def _check_map(matrix: FloatArray, n: int, number: int) -> None:
    if matrix.shape != (n, n) or not np.all(np.isfinite(matrix)):
        raise ValueError(f"step {number}: the map must be a finite {n} x {n} matrix, not {matrix.shape}")
    if np.any(matrix < 0) or np.any(np.abs(matrix.sum(axis=0) - 1) > ROUNDING):
        raise ValueError(f"step {number}: a map of populations has no negative entry and columns that sum to 1")
