"""Spin resonance of the dopant in the dark: nutation, spectra, Ramsey, Hahn echo, CPMG, as real pulse sequences.

Levels: electron spin alone or electron and nucleus (36 for Mn²⁺), any field. Pulses have a length, a frequency, a
phase and a field; nothing is instantaneous unless its length says so. Slow noise is an average over static fields.
A transition m ↔ m+1 nutates at Ω = g μ_B B1 √(S(S+1) − m(m+1))/(2ħ) for a linear field of peak B1 (rotating wave): the
central one of S = 5/2 three times as fast as a spin ½ (Abragam and Bleaney, EPR of Transition Ions, section 2.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray, dimension, place, spin_operators
from sims.dot.ground import dopant_hamiltonian, electron_nuclear_hamiltonian
from sims.dot.sample import Dopant
from sims.dot.stimulus import Environment
from sims.dynamics.sequences import MicrowaveDrive, Segment, Sequencer
from sims.dynamics.system import (
    System,
    block_eigenstates,
    checked_field,
    checked_temperature,
    thermal_operator,
    thermal_state,
)

HALF_PI = np.pi / 2


@dataclass(frozen=True)
class SpinModel:
    """One dopant's spin as a :class:`System`; ``nuclear`` tells whether its nucleus is included."""

    dopant: Dopant
    environment: Environment
    system: System
    nuclear: bool
    t1_us: float | None = None
    t2_us: float | None = None

    def shifted(self, field_mt: float) -> "SpinModel":
        """The same spin with ``field_mt`` added along z."""
        x, y, z = self.environment.field_t
        moved = replace(self.environment, field_t=(x, y, z + 1e-3 * field_mt))
        return spin_model(self.dopant, moved, nuclear=self.nuclear, t1_us=self.t1_us, t2_us=self.t2_us)

    def thermal_state(self) -> ComplexArray:
        """Gibbs state (n, n) at the environment's temperature."""
        levels = np.arange(self.system.size, dtype=np.int64)
        return thermal_state(self.system.energies_mev, levels, self.environment.temperature_k)

    def level(self, m_s: float, m_i: float | None = None) -> int:
        """Eigenstate with the largest weight of |m_S⟩ (|m_S, m_I⟩ with a nucleus).

        ValueError for a projection that the spin does not have.
        """
        index = _projection_index("m_s", m_s, self.dopant.spin)
        if self.nuclear:
            if m_i is None:
                raise ValueError("m_i: this model has a nucleus; give its projection")
            n_nuclear = dimension(self.dopant.nuclear_spin)
            index = index * n_nuclear + _projection_index("m_i", m_i, self.dopant.nuclear_spin)
        return int(np.argmax(np.abs(self.system.basis[index]) ** 2))

    def pure(self, level: int) -> ComplexArray:
        """Density matrix (n, n) of one eigenstate; ValueError for a level that is not there."""
        if not 0 <= level < self.system.size:
            raise ValueError(f"level = {level}: this spin has levels 0 to {self.system.size - 1}")
        result = np.zeros((self.system.size, self.system.size), dtype=np.complex128)
        result[level, level] = 1.0
        return result

    def population(self, m_s: float) -> ComplexArray:
        """Operator (n, n) whose expectation is the population of |m_S⟩ whatever the nucleus does."""
        diagonal = np.zeros(dimension(self.dopant.spin))
        diagonal[_projection_index("m_s", m_s, self.dopant.spin)] = 1.0
        return self.system.from_product_basis(_with_nucleus(np.diag(diagonal), self.dopant, self.nuclear))

    def frequency_ghz(self, lower: int, upper: int) -> float:
        """Transition frequency between two levels (positive when ``upper`` lies higher)."""
        return float(self.system.energies_mev[upper] - self.system.energies_mev[lower]) / PLANCK_MEV_PER_GHZ

    def nutation_ghz(self, lower: int, upper: int, field_mt: float) -> float:
        """Rabi frequency Ω/2π on resonance for a linear field of peak ``field_mt`` along x: |⟨u|M_x|l⟩| B1/h."""
        moment_mev = abs(self.system.moment_mev_per_t[0, upper, lower]) * 1e-3 * field_mt
        return float(moment_mev) / PLANCK_MEV_PER_GHZ


def spin_model(
    dopant: Dopant,
    environment: Environment,
    *,
    nuclear: bool = False,
    t1_us: float | None = None,
    t2_us: float | None = None,
) -> SpinModel:
    """The spin of one dopant in the dark.

    ``t1_us``: mean time of one step S± in detailed balance; ``t2_us``: pure dephasing time of Δm_S = 1 (Markovian;
    slow noise: averaged_over_static_fields). ValueError for times that are not above zero, T ≤ 0, a field that is
    not finite.
    """
    temperature = checked_temperature(environment.temperature_k)
    field = checked_field(environment.field_t)
    for name, value in (("t1_us", t1_us), ("t2_us", t2_us)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} = {value}: must be finite and above 0")
    hamiltonian = electron_nuclear_hamiltonian(dopant, field) if nuclear else dopant_hamiltonian(dopant, field)
    energies, basis = block_eigenstates(hamiltonian)

    def eigen(operator: ComplexArray) -> ComplexArray:
        placed = _with_nucleus(operator, dopant, nuclear)
        return np.asarray(basis.conj().T @ placed @ basis, dtype=np.complex128)

    spin = spin_operators(dopant.spin)
    collapse: list[ComplexArray] = []
    if t1_us is not None:
        norm = np.sqrt(2 / 3 * dopant.spin * (dopant.spin + 1) * 1e3 * t1_us)
        collapse += [thermal_operator(eigen(o) / norm, energies, temperature) for o in (spin.plus, spin.minus)]
    if t2_us is not None:
        collapse.append(np.sqrt(2 / (1e3 * t2_us)) * np.diag(np.diag(eigen(spin.z))))
    moment = np.stack([dopant.g_factor * BOHR_MAGNETON_MEV_PER_T * eigen(o) for o in spin.vector])
    nothing = np.zeros((3, energies.size, energies.size), dtype=np.complex128)
    photons = np.zeros(energies.size, dtype=np.int64)
    system = System(energies, basis, photons, tuple(collapse), nothing, moment)
    return SpinModel(dopant, environment, system, nuclear, t1_us, t2_us)


@dataclass(frozen=True)
class Pulse:
    """A microwave pulse on a transition; pulse_for finds length from angle and field."""

    drive: MicrowaveDrive
    duration_ns: float

    def with_phase(self, phase_rad: float) -> "Pulse":
        """The same pulse with another phase."""
        return replace(self, drive=replace(self.drive, phase_rad=phase_rad))

    @property
    def segment(self) -> Segment:
        """The pulse as a segment."""
        return Segment(self.duration_ns, microwave=self.drive)


def pulse_for(model: SpinModel, lower: int, upper: int, angle_rad: float, field_mt: float) -> Pulse:
    """Resonant pulse along x that turns the transition by ``angle_rad`` with a peak field of ``field_mt``.

    ValueError when the field does not couple the two levels, or ``upper`` does not lie above ``lower``.
    """
    checks.positive("angle_rad", angle_rad)
    nutation = model.nutation_ghz(lower, upper, field_mt)
    frequency = model.frequency_ghz(lower, upper)
    if not nutation > 0:
        raise ValueError(f"levels {lower} and {upper}: a field of {field_mt} mT along x does not couple them")
    if not frequency > 0:
        raise ValueError(f"levels {lower} and {upper}: the second must lie above the first (now {frequency:.6g} GHz)")
    return Pulse(MicrowaveDrive(frequency, field_mt), angle_rad / (2 * np.pi * nutation))


def rabi(
    model: SpinModel, start: ComplexArray, drive: MicrowaveDrive, times_ns: FloatArray, observable: ComplexArray
) -> FloatArray:
    """Expectation of ``observable`` after a pulse of each length (n_t,), sorted."""
    times = np.asarray(times_ns, dtype=np.float64)
    segment = Segment(float(times[-1]), microwave=drive)
    return Sequencer(model.system).run([segment], start, times, [observable]).values[:, 0]


def spectrum(
    model: SpinModel,
    start: ComplexArray,
    frequencies_ghz: FloatArray,
    field_mt: float,
    duration_ns: float,
    observable: ComplexArray,
) -> FloatArray:
    """Expectation of ``observable`` after one pulse at each frequency, (n_f,): a pulsed spin-resonance spectrum.

    Optically detected resonance takes the population that the light reads out as its observable.
    """
    result = []
    for frequency in np.asarray(frequencies_ghz, dtype=np.float64):
        segment = Segment(duration_ns, microwave=MicrowaveDrive(float(frequency), field_mt))
        final = Sequencer(model.system).run([segment], start).final
        result.append(np.trace(observable @ final).real)
    return np.asarray(result, dtype=np.float64)


def ramsey_sequence(half_pi: Pulse, delay_ns: float, *, phase_rad: float = 0.0) -> list[Segment]:
    """π/2 – delay – π/2 with the phase of the second pulse."""
    return [half_pi.segment, Segment(delay_ns), half_pi.with_phase(phase_rad).segment]


def hahn_sequence(half_pi: Pulse, pi: Pulse, delay_ns: float, *, phase_rad: float = 0.0) -> list[Segment]:
    """π/2 – delay/2 – π – delay/2 – π/2 (Hahn, Phys. Rev. 80, 580 (1950)); ``phase_rad``: last pulse."""
    return cpmg_sequence(half_pi, pi, delay_ns, 1, phase_rad=phase_rad)


def cpmg_sequence(
    half_pi: Pulse, pi: Pulse, delay_ns: float, n_pulses: int, *, phase_rad: float = 0.0
) -> list[Segment]:
    """π/2 – (τ/2 – π_y – τ/2)ⁿ – π/2 with nτ = ``delay_ns`` (Meiboom and Gill, Rev. Sci. Instrum. 29, 688 (1958)).

    The π pulses are 90° out of phase with the first. ValueError when ``n_pulses`` is below 1.
    """
    if n_pulses < 1:
        raise ValueError(f"n_pulses = {n_pulses}: must be at least 1")
    quarter = Segment(delay_ns / (2 * n_pulses))
    block = [quarter, pi.with_phase(HALF_PI).segment, quarter]
    return [half_pi.segment, *(block * n_pulses), half_pi.with_phase(phase_rad).segment]


def echo_amplitude(
    model: SpinModel, start: ComplexArray, sequence: Sequence[Segment], observable: ComplexArray
) -> float:
    """Half the difference of ``observable`` between the sequence and the one whose last pulse is turned by π.

    The usual phase cycle: it removes what did not go through the coherence. ValueError if the last segment is dark.
    """
    last = sequence[-1]
    if last.microwave is None:
        raise ValueError("echo_amplitude: the last segment has no microwave; the sequence must end with a pulse")
    runner = Sequencer(model.system)
    turned = Pulse(last.microwave, last.duration_ns).with_phase(last.microwave.phase_rad + np.pi).segment
    values = [np.trace(observable @ runner.run([*sequence[:-1], end], start).final).real for end in (last, turned)]
    return float(values[0] - values[1]) / 2


def averaged_over_static_fields(
    model: SpinModel, sigma_mt: float, measure: Callable[[SpinModel], float], *, n_points: int = 101
) -> float:
    """Mean of ``measure`` over a Gaussian field along z that stands still during each run (quasi-static noise).

    ``sigma_mt``: standard deviation. The field is sampled evenly over ±4.5 σ; ``measure`` gets the model in the shifted
    field and must keep its pulses as they are. ValueError for a negative σ or fewer than 3 points.
    """
    if not (np.isfinite(sigma_mt) and sigma_mt >= 0 and n_points >= 3):
        raise ValueError(f"static noise: sigma_mt = {sigma_mt} and n_points = {n_points}; need at least 0 and 3")
    steps = np.linspace(-4.5, 4.5, n_points)
    weights = np.exp(-(steps**2) / 2)
    values = np.array([measure(model.shifted(sigma_mt * float(step))) for step in steps])
    return float(values @ weights / weights.sum())


def _with_nucleus(operator: ComplexArray, dopant: Dopant, nuclear: bool) -> ComplexArray:
    matrix = np.asarray(operator, dtype=np.complex128)
    return place(matrix, 0, (matrix.shape[0], dimension(dopant.nuclear_spin))) if nuclear else matrix


def _projection_index(name: str, projection: float, spin: float) -> int:
    index = spin - projection
    if not (0 <= index <= 2 * spin and abs(index - round(index)) < 1e-9):
        raise ValueError(f"{name} = {projection}: a spin {spin:g} has {-spin:g} … {spin:g} in steps of 1")
    return round(index)
