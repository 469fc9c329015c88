"""The honest version of a switching train: finite pulses, radiative loss, acoustic phonons.

Density matrix on the states the train can reach, in the frame rotating with the first pulse's carrier:

    H(t) = H_dot - E_1 N + sum_k (hbar Omega_k(t)/2) (D_k e^(-i phi_k - i (E_k - E_1) t / hbar) + h.c.)

with N the number of excitons, Omega_k a Gaussian of the pulse's intensity FWHM and area, and D_k the full dipole of
its helicity: a light-hole pulse also drives the heavy hole of the same helicity, 30 meV off resonance and
sqrt(3) times stronger. Nothing is tuned away: carriers and delays are those of the ideal train.
Loss: recombination of the bright part at 1/lifetime with the dipole operators (the dopant's coherence survives),
pure dephasing, and the two phonon channels of acoustic_phonons. The steps are second order (Strang, midpoint).
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from sims.basics.checks import not_negative, positive, projection_index
from sims.basics.spins import ComplexArray, FloatArray
from sims.dot.exciton import N_CARRIER, dipole_rows
from sims.dynamics.acoustic_phonons import PhononBath
from sims.dynamics.switching import HBAR_MEV_PS, Pulse, PulseTrain, SwitchingModel, transfer_probability

HALF_WINDOW = 3.5
"""A pulse is followed to this many standard deviations of its amplitude (2e-3 of the peak)."""

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class SwitchingLoss:
    """What spoils the train. ``pulse_fwhm_ps``: intensity FWHM; ``bath`` None leaves the phonons out.

    ``cross_driving`` False drives the addressed carrier state only (no real light does: for comparison).
    ``pure_dephasing_per_ps``: decay of ground-exciton coherence beyond recombination and phonons.
    """

    pulse_fwhm_ps: float = 0.2
    recombination: bool = True
    bath: PhononBath | None = None
    pure_dephasing_per_ps: float = 0.0
    cross_driving: bool = True

    def __post_init__(self) -> None:
        positive("pulse_fwhm_ps", self.pulse_fwhm_ps)
        not_negative("pure_dephasing_per_ps", self.pure_dephasing_per_ps)


@dataclass(frozen=True)
class LossyOutcome:
    """Populations at the end of the last pulse: the wanted ground state, all excitons, and the dopant (2S+1,)."""

    probability: float
    exciton_left: float
    dopant: FloatArray


@dataclass(frozen=True)
class LossBudget:
    """Probability of the transfer: ideal; with one cause alone; with all. ``conditions`` are those of ``all``."""

    ideal: float
    finite_pulses: float
    recombination: float
    phonons: float
    everything: float
    conditions: SwitchingLoss


def lossy_transfer(
    model: SwitchingModel,
    train: PulseTrain,
    start_m: float,
    final_m: float,
    loss: SwitchingLoss,
    after_ps: float = 0.0,
) -> LossyOutcome:
    """Density-matrix run of the train with the given losses, to ``after_ps`` after the last pulse's tail.

    A single heavy-hole pulse with ``after_ps`` is the flip to the dark exciton: read ``dopant``.
    """
    not_negative("after_ps", after_ps)
    start, final = projection_index(model.spin, start_m), projection_index(model.spin, final_m)
    run = _Run(model, train, loss, start, after_ps)
    rho = run.density()
    populations = np.zeros(model.n_states)
    populations[run.states] = rho.diagonal().real
    blocks = populations.reshape(1 + N_CARRIER, model.n_ground)
    return LossyOutcome(float(populations[final]), float(blocks[1:].sum()), blocks.sum(axis=0))


def loss_budget(
    model: SwitchingModel, train: PulseTrain, start_m: float, final_m: float, loss: SwitchingLoss
) -> LossBudget:
    """The transfer with every cause alone and with all.

    'recombination' and 'phonons' alone keep the finite pulses but drive the addressed state only.
    """
    bare = replace(loss, recombination=False, bath=None, pure_dephasing_per_ps=0.0)
    narrow = replace(bare, cross_driving=False)

    def probability(conditions: SwitchingLoss) -> float:
        return lossy_transfer(model, train, start_m, final_m, conditions).probability

    return LossBudget(
        ideal=transfer_probability(model, train, start_m, final_m),
        finite_pulses=probability(bare),
        recombination=probability(replace(narrow, recombination=True)),
        phonons=probability(replace(narrow, bath=loss.bath)),
        everything=probability(loss),
        conditions=loss,
    )


@dataclass
class _Run:
    """One integration. ``states`` are the indices of the full basis that the train can reach."""

    model: SwitchingModel
    train: PulseTrain
    loss: SwitchingLoss
    start: int
    after_ps: float
    states: IntArray = field(init=False)

    def __post_init__(self) -> None:
        model, loss = self.model, self.loss
        full = [_dipole(model, pulse, loss.cross_driving) for pulse in self.train.pulses]
        jumps = _recombination(model) if loss.recombination else []
        self.states = _reachable([model.hamiltonian_mev, *full, *jumps], self.start)
        keep = np.ix_(self.states, self.states)
        carriers = [model.carrier_energy_mev(pulse) for pulse in self.train.pulses]
        self.in_exciton = (self.states >= model.n_ground).astype(np.float64)
        self.static = model.hamiltonian_mev[keep] - carriers[0] * np.diag(self.in_exciton)
        self.dipoles = [operator[keep] for operator in full]
        self.offsets_per_ps = [(carrier - carriers[0]) / HBAR_MEV_PS for carrier in carriers]
        self.sigma_ps = loss.pulse_fwhm_ps / (2 * math.sqrt(math.log(2)))
        self.jumps = [operator[keep] for operator in jumps]
        self.decay = sum((c.conj().T @ c for c in self.jumps), np.zeros_like(self.static))
        self.sudden = [0.0 if loss.bath is None else loss.bath.coherence_loss_exponent(loss.pulse_fwhm_ps)] * len(full)
        self.mixed = self.in_exciton[:, None] != self.in_exciton[None, :]

    def density(self) -> ComplexArray:
        """Density matrix after the last pulse."""
        rho = np.zeros_like(self.static)
        rho[np.flatnonzero(self.states == self.start)[0], np.flatnonzero(self.states == self.start)[0]] = 1.0
        for begin, step in self._steps():
            middle = begin + step / 2
            rho = self._dissipate(rho, middle, step / 2)
            energies, vectors = np.linalg.eigh(self._hamiltonian(middle))
            forward = (vectors * np.exp(-1j * energies * step / HBAR_MEV_PS)) @ vectors.conj().T
            rho = forward @ rho @ forward.conj().T
            rho = self._dissipate(rho, middle, step / 2)
        return rho

    def _steps(self) -> list[tuple[float, float]]:
        half = HALF_WINDOW * self.sigma_ps
        centres = self.train.centres_ps
        fastest = max([abs(offset) for offset in self.offsets_per_ps] + [1e-9])
        fine = min(self.loss.pulse_fwhm_ps / 40, 0.01, 0.05 * 2 * math.pi / fastest)
        steps, now, end = [], -half, float(centres[-1]) + half + self.after_ps
        while now < end - 1e-12:
            driven = bool(np.any((now > centres - half - 1e-9) & (now < centres + half - 1e-9)))
            following = centres[centres - half > now + 1e-9] - half
            stop = min([end, *following.tolist()])
            step = min(fine if driven else 0.05, stop - now)
            steps.append((now, step))
            now += step
        return steps

    def _rabi_per_ps(self, time_ps: float) -> FloatArray:
        from_centre = time_ps - self.train.centres_ps
        areas = np.array([pulse.area_rad for pulse in self.train.pulses])
        shape = np.exp(-((from_centre / self.sigma_ps) ** 2) / 2) / (self.sigma_ps * math.sqrt(2 * math.pi))
        return np.asarray(np.where(np.abs(from_centre) < HALF_WINDOW * self.sigma_ps, areas * shape, 0.0))

    def _hamiltonian(self, time_ps: float) -> ComplexArray:
        result = self.static.copy()
        rabi = self._rabi_per_ps(time_ps)
        for k in np.flatnonzero(rabi):
            phase = self.train.pulses[k].phase_rad + self.offsets_per_ps[k] * time_ps
            drive = 0.5 * HBAR_MEV_PS * rabi[k] * np.exp(-1j * phase) * self.dipoles[k]
            result += drive + drive.conj().T
        return result

    def _dissipate(self, rho: ComplexArray, time_ps: float, step_ps: float) -> ComplexArray:
        if self.jumps:
            kept = np.eye(rho.shape[0]) - step_ps / 2 * self.decay + step_ps**2 / 8 * self.decay @ self.decay
            fed = sum((c @ rho @ c.conj().T for c in self.jumps), np.zeros_like(rho))
            before = rho.trace().real
            rho = kept @ rho @ kept + step_ps * fed
            rho = rho * (before / rho.trace().real)  # (step/lifetime)^2 beyond the order of the step
        rate = self._dephasing_per_ps(time_ps)
        return np.asarray(np.where(self.mixed, math.exp(-rate * step_ps), 1.0) * rho, dtype=np.complex128)

    def _dephasing_per_ps(self, time_ps: float) -> float:
        rate, bath = self.loss.pure_dephasing_per_ps, self.loss.bath
        if bath is None:
            return rate
        # Pure dephasing at g damps a driven oscillation at g/2.
        rate += 2 * bath.rabi_damping_per_ps(float(self._rabi_per_ps(time_ps).sum()))
        for centre, pulse, exponent in zip(self.train.centres_ps, self.train.pulses, self.sudden, strict=True):
            since = bath.cutoff_per_ps * (time_ps - centre)
            if since > 0:  # the lattice relaxes within about 2/w_c
                moved = math.sin(pulse.area_rad / 2) ** 2
                rate += moved * exponent * bath.cutoff_per_ps * since * math.exp(-(since**2) / 2)
        return rate


def _dipole(model: SwitchingModel, pulse: Pulse, cross_driving: bool) -> ComplexArray:
    """|c, m><g, m| of the pulse's helicity, 1 on the addressed carrier state; shape (n, n)."""
    row = dipole_rows()[0 if pulse.polarisation == "sigma+" else 1]
    row = row / row[pulse.carrier_state]
    result = np.zeros((model.n_states, model.n_states), dtype=np.complex128)
    for carrier in np.flatnonzero(row):
        if cross_driving or carrier == pulse.carrier_state:
            result[model.carrier_slice(int(carrier)), : model.n_ground] = row[carrier] * np.eye(model.n_ground)
    return result


def _recombination(model: SwitchingModel) -> list[ComplexArray]:
    """Collapse operators (n, n), 1/sqrt(ps), of sigma+, sigma- and pi recombination."""
    operators = []
    for row in dipole_rows():
        operator = np.zeros((model.n_states, model.n_states), dtype=np.complex128)
        for carrier in np.flatnonzero(row):
            operator[: model.n_ground, model.carrier_slice(int(carrier))] = row[carrier] * np.eye(model.n_ground)
        operators.append(operator / math.sqrt(model.lifetime_ps))
    return operators


def _reachable(operators: list[ComplexArray], start: int) -> IntArray:
    coupled = sum((np.abs(operator) for operator in operators), np.zeros(operators[0].shape))
    _, label = connected_components(csr_matrix((coupled > 1e-14).astype(np.int8)), directed=False)
    return np.flatnonzero(label == label[start])
