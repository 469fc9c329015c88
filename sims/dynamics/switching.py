"""Ultrafast optical switching of the dopant spin by pairs of pi pulses (Reiter, Kuhn, Axt, PRL 102, 177403).

A pulse shorter than the exchange times (1-10 ps) but narrower in energy than the hh-lh splitting moves the dot
between the ground manifold and one carrier state, whatever the dopant's projection m:

    hh sigma+: |e-1/2, h+3/2>    hh sigma-: |e+1/2, h-3/2>    lh sigma+: |e+1/2, h+1/2>    lh sigma-: |e-1/2, h-1/2>

Between pulses the exchange I_e S.s + I_h S.J moves angular momentum between carriers and dopant. A heavy hole needs
a field that makes bright and dark exciton degenerate; a light hole flips with the electron at zero field: sigma+ in,
sigma- out leaves m + 2.

Frame: energies of excitons are relative to ``sims.dot.exciton.exciton_hamiltonian``'s zero (the bright heavy-hole
exciton without dopant). Basis: the ground manifold |m>, m = +S ... -S, then carrier state times |m>.
This module is the ideal case: no loss, instantaneous pulses. See switching_loss for the honest one.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sims.basics.checks import (
    UnphysicalInputError,
    at_least,
    field_vector,
    finite,
    finite_array,
    not_negative,
    positive,
    projection_index,
)
from sims.basics.spins import ComplexArray, FloatArray, dimension, eigenstates
from sims.dot.exciton import N_CARRIER, exciton_hamiltonian
from sims.dot.ground import Field, dopant_hamiltonian
from sims.dot.sample import Sample
from sims.dynamics.single_polaron import exchange_step_mev
from sims.dynamics.superoperator import HBAR_MEV_NS

HBAR_MEV_PS = 1e3 * HBAR_MEV_NS

Hole = Literal["heavy", "light"]
Polarisation = Literal["sigma+", "sigma-"]

_TARGETS: dict[tuple[str, str], tuple[float, float]] = {
    ("heavy", "sigma+"): (-0.5, 1.5),
    ("heavy", "sigma-"): (0.5, -1.5),
    ("light", "sigma+"): (0.5, 0.5),
    ("light", "sigma-"): (-0.5, -0.5),
}


@dataclass(frozen=True)
class Pulse:
    """One pulse: which hole, which helicity, rotation angle, phase.

    ``phase_rad`` is relative to a continuous laser at the pulse's own carrier energy that has phase 0 at the first
    pulse; a train with phases 0 is cut out of that laser. ``area_rad`` is the rotation on the addressed line.
    ``detuning_mev``: carrier energy above the mean of the addressed lines; it matters to finite pulses.
    """

    hole: Hole
    polarisation: Polarisation
    area_rad: float = math.pi
    phase_rad: float = 0.0
    detuning_mev: float = 0.0

    def __post_init__(self) -> None:
        if (self.hole, self.polarisation) not in _TARGETS:
            raise UnphysicalInputError(
                f"pulse ({self.hole!r}, {self.polarisation!r}): hole must be 'heavy' or 'light', "
                "polarisation 'sigma+' or 'sigma-'"
            )
        not_negative("pulse.area_rad", self.area_rad)
        finite("pulse.phase_rad", self.phase_rad)
        finite("pulse.detuning_mev", self.detuning_mev)

    @property
    def carrier_state(self) -> int:
        """Index 0...7 of the addressed carrier state (electron +1/2, -1/2 times hole +3/2 ... -3/2)."""
        electron, hole = _TARGETS[self.hole, self.polarisation]
        return int((0.5 - electron) * 4 + (1.5 - hole))


@dataclass(frozen=True)
class PulseTrain:
    """Pulses and the delays (ps) between their centres; one delay fewer than pulses."""

    pulses: tuple[Pulse, ...]
    delays_ps: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.pulses or len(self.delays_ps) != len(self.pulses) - 1:
            raise UnphysicalInputError(
                f"pulse train: {len(self.pulses)} pulses, {len(self.delays_ps)} delays; there must be one delay fewer"
            )
        for number, delay in enumerate(self.delays_ps):
            not_negative(f"delays_ps[{number}]", delay)

    @property
    def centres_ps(self) -> FloatArray:
        """Times of the pulses, the first at 0, shape (n_pulses,)."""
        return np.concatenate([[0.0], np.cumsum(self.delays_ps)])

    @property
    def duration_ps(self) -> float:
        """First to last pulse."""
        return float(sum(self.delays_ps))


@dataclass(frozen=True)
class SwitchingModel:
    """Ground and exciton manifolds of a singly doped dot for switching.

    ``hamiltonian_mev`` (n, n) with n = 9 (2S+1), no block couples ground and exciton; ``energies_mev`` (n,) and
    ``vectors`` (n, n) are its eigenstates; ``lifetime_ps`` is the bright exciton's (used by switching_loss only).
    """

    spin: float
    hamiltonian_mev: ComplexArray
    energies_mev: FloatArray
    vectors: ComplexArray
    lifetime_ps: float

    @property
    def n_ground(self) -> int:
        """2S+1."""
        return dimension(self.spin)

    @property
    def n_states(self) -> int:
        """9 (2S+1)."""
        return int(self.hamiltonian_mev.shape[0])

    def carrier_slice(self, carrier_state: int) -> slice:
        """Rows of |carrier state, m>, m = +S ... -S."""
        first = self.n_ground * (1 + carrier_state)
        return slice(first, first + self.n_ground)

    def carrier_energy_mev(self, pulse: Pulse) -> float:
        """Where the pulse's laser is tuned: mean energy of the lines it addresses, over all m, plus its detuning."""
        diagonal = self.hamiltonian_mev.diagonal().real
        ground = diagonal[: self.n_ground]
        mean = float(np.mean(diagonal[self.carrier_slice(pulse.carrier_state)] - ground))
        return mean + pulse.detuning_mev

    def evolve(self, state: ComplexArray, time_ps: float) -> ComplexArray:
        """State (n,) after free evolution."""
        phases = np.exp(-1j * self.energies_mev * time_ps / HBAR_MEV_PS)
        return np.asarray(self.vectors @ (phases * (self.vectors.conj().T @ state)), dtype=np.complex128)


@dataclass(frozen=True)
class Trajectory:
    """Populations during a train.

    ``times_ps`` (n_t,); ``ground`` (n_t, 2S+1) for m = +S ... -S; ``carriers`` (n_t, 8) summed over m;
    ``dopant`` (n_t, 2S+1) populations of m whatever the carriers do.
    """

    times_ps: FloatArray
    ground: FloatArray
    carriers: FloatArray
    dopant: FloatArray


@dataclass(frozen=True)
class DarkFlip:
    """Flip of electron and dopant under a heavy hole: best probability and the time after the pulse it takes."""

    probability: float
    time_ps: float
    field_t: float


def switching_model(sample: Sample, field_t: Field, *, heavy_only: bool = False) -> SwitchingModel:
    """Model of a dot with exactly one dopant in the field (x, y, z).

    ``heavy_only`` moves the light holes 10^6 meV away (the 24 + 6 state picture): light-hole pulses then have no
    use. UnphysicalInputError for another number of dopants, a charged dot, a field that is not finite, or holes whose
    splitting is hidden under the exchange.
    """
    field_vector(field_t)
    if len(sample.dopants) != 1:
        raise UnphysicalInputError(f"sample {sample.name}: {len(sample.dopants)} dopants; switching needs exactly one")
    if sample.charge != 0:
        raise UnphysicalInputError(f"sample {sample.name}: charge {sample.charge}; this scheme needs a neutral dot")
    dopant = sample.dopants[0]
    width_mev = 2 * dopant.spin * abs(exchange_step_mev(sample))
    if not heavy_only and abs(sample.hh_lh_splitting_mev) <= width_mev:
        raise UnphysicalInputError(
            f"hh_lh_splitting_mev = {sample.hh_lh_splitting_mev:g}: must exceed the exchange multiplet's "
            f"{width_mev:.3g} meV, or no pulse tells heavy from light holes"
        )
    if heavy_only:
        sample = sample.model_copy(update={"hh_lh_splitting_mev": 1e6})
    ground = dopant_hamiltonian(dopant, field_t)
    exciton = exciton_hamiltonian(sample, field_t)
    n_ground = ground.shape[0]
    hamiltonian = np.zeros((9 * n_ground, 9 * n_ground), dtype=np.complex128)
    hamiltonian[:n_ground, :n_ground] = ground
    hamiltonian[n_ground:, n_ground:] = exciton
    energies, vectors = eigenstates(hamiltonian)
    return SwitchingModel(dopant.spin, hamiltonian, energies, vectors, 1e3 * sample.lifetime_ns)


def basis_state(model: SwitchingModel, m: float) -> ComplexArray:
    """Ground state |m>, shape (n,). UnphysicalInputError when m is no projection."""
    state = np.zeros(model.n_states, dtype=np.complex128)
    state[projection_index(model.spin, m)] = 1.0
    return state


def apply_pulse(model: SwitchingModel, state: ComplexArray, pulse: Pulse, centre_ps: float) -> ComplexArray:
    """State (n,) after an instantaneous pulse: exp(-i area/2 (|c><g| e^(-i phi) + h.c.)) for every m."""
    ground, exciton = slice(0, model.n_ground), model.carrier_slice(pulse.carrier_state)
    phase = pulse.phase_rad + model.carrier_energy_mev(pulse) * centre_ps / HBAR_MEV_PS
    kept, moved = math.cos(pulse.area_rad / 2), -1j * math.sin(pulse.area_rad / 2)
    result = state.copy()
    result[ground] = kept * state[ground] + moved * np.exp(1j * phase) * state[exciton]
    result[exciton] = kept * state[exciton] + moved * np.exp(-1j * phase) * state[ground]
    return result


def run_train(model: SwitchingModel, train: PulseTrain, start_m: float) -> ComplexArray:
    """State (n,) just after the last pulse."""
    state = basis_state(model, start_m)
    centres = train.centres_ps
    for number, pulse in enumerate(train.pulses):
        if number:
            state = model.evolve(state, train.delays_ps[number - 1])
        state = apply_pulse(model, state, pulse, float(centres[number]))
    return state


def transfer_probability(model: SwitchingModel, train: PulseTrain, start_m: float, final_m: float) -> float:
    """Probability to find |final_m> in the ground manifold, no exciton left, after the train."""
    final = run_train(model, train, start_m)
    return float(np.abs(final[projection_index(model.spin, final_m)]) ** 2)


def trajectory(
    model: SwitchingModel, train: PulseTrain, start_m: float, after_ps: float = 5.0, points: int = 400
) -> Trajectory:
    """Populations from just after the first pulse to ``after_ps`` after the last, on an even grid, for plotting."""
    not_negative("after_ps", after_ps)
    at_least("points", points, 2)
    times = np.linspace(0.0, train.duration_ps + after_ps, points)
    centres = train.centres_ps
    states = np.empty((points, model.n_states), dtype=np.complex128)
    state, now, following = basis_state(model, start_m), 0.0, 0
    for row, time in enumerate(times):
        while following < len(centres) and centres[following] <= time:
            state = model.evolve(state, float(centres[following]) - now)
            now = float(centres[following])
            state = apply_pulse(model, state, train.pulses[following], now)
            following += 1
        states[row] = model.evolve(state, float(time) - now)
    return _trajectory(model, times, np.abs(states) ** 2)


def _trajectory(model: SwitchingModel, times_ps: FloatArray, populations: FloatArray) -> Trajectory:
    by_carrier = populations.reshape(times_ps.size, 1 + N_CARRIER, model.n_ground)
    return Trajectory(times_ps, by_carrier[:, 0], by_carrier[:, 1:].sum(axis=2), by_carrier.sum(axis=1))


def dark_flip(model: SwitchingModel, start_m: float, times_ps: FloatArray) -> FloatArray:
    """Probability (n_t,) of the dark exciton |e-1/2, h-3/2, m+1> after a heavy sigma- pi pulse on |m> at time 0.

    The electron (+1/2) and the dopant exchange one unit: P = sin^2 at the bright-dark degeneracy, with half
    period h / (2 sqrt(S(S+1) - m(m+1)) |I_e|).
    """
    times_ps = finite_array("times_ps", times_ps)
    start = apply_pulse(model, basis_state(model, start_m), Pulse("heavy", "sigma-"), 0.0)
    dark = model.carrier_slice(_carrier(-0.5, -1.5)).start + projection_index(model.spin, start_m + 1)
    amplitudes = model.vectors[dark] * (model.vectors.conj().T @ start)
    phases = np.exp(-1j * np.outer(times_ps, model.energies_mev) / HBAR_MEV_PS)
    return np.asarray(np.abs(phases @ amplitudes) ** 2, dtype=np.float64)


def best_dark_flip(model: SwitchingModel, start_m: float, field_z_t: float, longest_ps: float = 20.0) -> DarkFlip:
    """First time of the highest probability within ``longest_ps`` (grid of 5 fs, refined by a parabola)."""
    finite("field_z_t", field_z_t)
    positive("longest_ps", longest_ps)
    times = np.arange(0.0, longest_ps, 5e-3)
    probability = dark_flip(model, start_m, times)
    best = int(np.argmax(probability))
    if not 0 < best < times.size - 1:
        return DarkFlip(float(probability[best]), float(times[best]), field_z_t)
    left, centre, right = probability[best - 1 : best + 2]
    shift = 0.5 * (left - right) / (left - 2 * centre + right)
    return DarkFlip(float(centre), float(times[best] + shift * 5e-3), field_z_t)


def best_dark_flip_field(
    sample: Sample, start_m: float, fields_t: FloatArray, *, heavy_only: bool = False, longest_ps: float = 20.0
) -> DarkFlip:
    """The field along z, of those given, at which the flip of ``start_m`` is most complete."""
    flips = [
        best_dark_flip(switching_model(sample, (0.0, 0.0, b), heavy_only=heavy_only), start_m, b, longest_ps)
        for b in finite_array("fields_t", fields_t).tolist()
    ]
    return max(flips, key=lambda flip: flip.probability)


def _carrier(electron: float, hole: float) -> int:
    return int((0.5 - electron) * 4 + (1.5 - hole))
