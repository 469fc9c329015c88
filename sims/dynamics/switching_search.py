"""Search for pulse trains: delays (and phases) that move the dopant with the highest probability.

Local searches (L-BFGS-B, exact gradient by forward and backward propagation) from seeded random starts; the same seed
gives the same answer. The answer is the best found, no proof of the global maximum: give more starts to be surer.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.optimize import minimize

from sims.basics.checks import UnphysicalInputError, positive, projection_index
from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.switching import HBAR_MEV_PS, Pulse, PulseTrain, SwitchingModel, transfer_probability


@dataclass(frozen=True)
class SearchLimits:
    """Longest train, shortest delay (pulses must not overlap), number of random starts and their seed."""

    longest_ps: float = 25.0
    shortest_delay_ps: float = 0.05
    starts: int = 30
    seed: int = 1

    def __post_init__(self) -> None:
        positive("longest_ps", self.longest_ps)
        positive("shortest_delay_ps", self.shortest_delay_ps)
        if self.starts < 1:
            raise UnphysicalInputError(f"starts = {self.starts}: must be at least 1")


@dataclass(frozen=True)
class FoundTrain:
    """Best train found and its probability (ideal pulses, no loss)."""

    train: PulseTrain
    probability: float


def optimise_train(
    model: SwitchingModel,
    pulses: tuple[Pulse, ...],
    start_m: float,
    final_m: float,
    limits: SearchLimits | None = None,
    *,
    free_phases: bool = True,
) -> FoundTrain:
    """Best delays for the given pulses; their phases too unless ``free_phases`` is False (then as given).

    Without free phases the delays are those of pulses cut out of one continuous laser per line. UnphysicalInputError
    for fewer than two pulses, or delays that cannot fit.
    """
    limits = limits or SearchLimits()
    n_delays = len(pulses) - 1
    if n_delays < 1:
        raise UnphysicalInputError(f"{len(pulses)} pulse(s): a train to optimise has at least two")
    if n_delays * limits.shortest_delay_ps >= limits.longest_ps:
        raise UnphysicalInputError(
            f"longest_ps = {limits.longest_ps:g}: too short for {n_delays} delays of {limits.shortest_delay_ps:g} ps"
        )
    problem = _Problem(model, pulses, start_m, final_m)
    rng = np.random.default_rng(limits.seed)
    best = FoundTrain(PulseTrain(pulses, n_delays * (limits.shortest_delay_ps,)), -1.0)
    span = limits.longest_ps - n_delays * limits.shortest_delay_ps
    unbounded = (-np.inf, np.inf)
    bounds = n_delays * [(limits.shortest_delay_ps, limits.longest_ps)] + n_delays * free_phases * [unbounded]
    for _ in range(limits.starts):
        delays = limits.shortest_delay_ps + span * rng.dirichlet(np.ones(n_delays + 1))[:-1]
        phases = 2 * np.pi * rng.random(n_delays)
        start = np.concatenate([delays, phases]) if free_phases else delays
        found = minimize(problem.loss_and_gradient, start, jac=True, bounds=bounds, method="L-BFGS-B")
        train = problem.train(found.x)
        if train.duration_ps <= limits.longest_ps and -found.fun > best.probability:
            best = FoundTrain(train, float(-found.fun))
    if best.probability < 0:
        raise UnphysicalInputError(
            f"no start ended within longest_ps = {limits.longest_ps:g}: allow a longer train or more starts"
        )
    return FoundTrain(best.train, transfer_probability(model, best.train, start_m, final_m))


def best_light_hole_train(
    model: SwitchingModel, n_pulses: int, start_m: float, final_m: float, limits: SearchLimits | None = None
) -> FoundTrain:
    """Best train of light-hole pi pulses: every order of helicities between the first (in) and the last (out).

    Raising m begins with sigma+ and ends with sigma-, lowering the reverse. UnphysicalInputError unless
    final_m - start_m = +-2: a pair of light-hole pulses moves no other number of units.
    """
    step = final_m - start_m
    projection_index(model.spin, start_m), projection_index(model.spin, final_m)
    if abs(abs(step) - 2.0) > 1e-9:
        raise UnphysicalInputError(
            f"m = {start_m:g} to {final_m:g}: light-hole pairs move the dopant by 2 only; odd steps need a field "
            "and heavy-hole pulses"
        )
    first, last = (_LIGHT_PLUS, _LIGHT_MINUS) if step > 0 else (_LIGHT_MINUS, _LIGHT_PLUS)
    middles = product((_LIGHT_PLUS, _LIGHT_MINUS), repeat=max(n_pulses - 2, 0))
    trains = [optimise_train(model, (first, *middle, last), start_m, final_m, limits) for middle in middles]
    return max(trains, key=lambda found: found.probability)


_LIGHT_PLUS, _LIGHT_MINUS = Pulse("light", "sigma+"), Pulse("light", "sigma-")


class _Problem:
    """Probability of one transfer as a function of (delays, total phases), in the frame of the first carrier."""

    def __init__(self, model: SwitchingModel, pulses: tuple[Pulse, ...], start_m: float, final_m: float) -> None:
        self.pulses = pulses
        self.n_ground = model.n_ground
        self.start = projection_index(model.spin, start_m)
        self.final = projection_index(model.spin, final_m)
        carriers = np.array([model.carrier_energy_mev(pulse) for pulse in pulses])
        self.offsets_per_ps = (carriers - carriers[0]) / HBAR_MEV_PS
        self.given_phases = np.array([pulse.phase_rad for pulse in pulses])
        self.excitons = [model.carrier_slice(pulse.carrier_state) for pulse in pulses]
        self.vectors = model.vectors
        in_exciton = np.sum(np.abs(model.vectors[self.n_ground :]) ** 2, axis=0)
        self.rates = (model.energies_mev - carriers[0] * np.round(in_exciton)) / HBAR_MEV_PS

    def train(self, x: FloatArray) -> PulseTrain:
        """Train of the variables: total phases turned back into phases relative to each carrier's laser."""
        delays, phases = self._split(x)
        centres = np.concatenate([[0.0], np.cumsum(delays)])
        own = np.angle(np.exp(1j * (phases - self.offsets_per_ps * centres)))
        pulses = tuple(replace(p, phase_rad=float(phase)) for p, phase in zip(self.pulses, own, strict=True))
        return PulseTrain(pulses, tuple(float(d) for d in delays))

    def loss_and_gradient(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Minus the probability, and its derivative to every variable."""
        delays, phases = self._split(x)
        n = delays.size
        state = np.zeros(self.vectors.shape[0], dtype=np.complex128)
        state[self.start] = 1.0
        state = self._pulse(state, 0, phases[0])
        before, after = [], []
        for k in range(n):
            before.append(self._evolve(state, delays[k]))
            state = self._pulse(before[-1], k + 1, phases[k + 1])
            after.append(state)
        amplitude = state[self.final]
        by_delay, by_phase = np.zeros(n), np.zeros(n)
        back = np.zeros_like(state)
        back[self.final] = 1.0
        for k in range(n - 1, -1, -1):
            through = self._pulse(back, k + 1, phases[k + 1], adjoint=True)
            # d(pulse)/d(phase) = -i [number of excitons, pulse]
            x_part = slice(self.n_ground, None)
            turned = np.vdot(back[x_part], after[k][x_part]) - np.vdot(through[x_part], before[k][x_part])
            by_phase[k] = 2 * (amplitude.conj() * -1j * turned).real
            moved = np.vdot(self.vectors.conj().T @ through, self.rates * (self.vectors.conj().T @ before[k]))
            by_delay[k] = 2 * (amplitude.conj() * -1j * moved).real
            back = self._evolve(through, -delays[k])
        if x.size > n:
            gradient = np.concatenate([by_delay, by_phase])
        else:
            # A later pulse sees its carrier's phase run on by (offset x delay).
            run_on = np.cumsum((by_phase * self.offsets_per_ps[1:])[::-1])[::-1]
            gradient = by_delay + run_on
        return -float(abs(amplitude) ** 2), -gradient

    def _split(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        n = len(self.pulses) - 1
        delays = x[:n]
        if x.size > n:
            return delays, np.concatenate([self.given_phases[:1], x[n:]])
        centres = np.concatenate([[0.0], np.cumsum(delays)])
        return delays, self.given_phases + self.offsets_per_ps * centres

    def _evolve(self, state: ComplexArray, time_ps: float) -> ComplexArray:
        return np.asarray(self.vectors @ (np.exp(-1j * self.rates * time_ps) * (self.vectors.conj().T @ state)))

    def _pulse(self, state: ComplexArray, number: int, phase: float, *, adjoint: bool = False) -> ComplexArray:
        ground, exciton = slice(0, self.n_ground), self.excitons[number]
        half = self.pulses[number].area_rad / 2
        kept, moved = np.cos(half), (1j if adjoint else -1j) * np.sin(half)
        result = state.copy()
        result[ground] = kept * state[ground] + moved * np.exp(1j * phase) * state[exciton]
        result[exciton] = kept * state[exciton] + moved * np.exp(-1j * phase) * state[ground]
        return result
