"""Optically detected magnetic resonance of one dopant: pump, dark microwave pulse, fluorescence of the second pump.

The pump empties the levels that the light meets; the microwave brings the dopant back, and the second pump starts
brighter. The gain over no microwave is at most F(0)/F(∞) = 1/(1 − efficiency). For a single Mn²⁺ this is a
prediction: no measurement has been published.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sims.basics.spins import ComplexArray, FloatArray, dimension
from sims.dynamics.model import DotModel
from sims.dynamics.pumping import pumping_transient
from sims.dynamics.resonance import spin_model
from sims.dynamics.segments import MicrowaveDrive, Segment
from sims.dynamics.sequences import Sequencer
from sims.dynamics.system import restricted

LARGEST_EXCITON_LEFT = 1e-3
"""Exciton population that may be left when the microwave begins: it is put back on the ground levels."""


@dataclass(frozen=True)
class OdmrSpectrum:
    """``frequencies_ghz`` (n_f,), ``gain`` (n_f,): fluorescence with over without microwave; ``bound`` on the gain."""

    frequencies_ghz: FloatArray
    gain: FloatArray
    bound: float


@dataclass(frozen=True)
class OdmrExperiment:
    """A pump segment, a dark wait for the excitons to go, a microwave pulse, and a read-out by the pump.

    ``nuclear``: the pulse acts on electron and nucleus of the one dopant, the nucleus being unpolarised; each line
    then splits into its hyperfine lines. 36 levels with relaxation take about a second for each frequency.
    """

    model: DotModel
    pump: Segment
    wait_ns: float
    nuclear: bool = False

    def spectrum(self, frequencies_ghz: FloatArray, field_mt: float, duration_ns: float) -> OdmrSpectrum:
        """Gain against frequency (n_f,) for a pulse of peak ``field_mt`` (along x) and ``duration_ns``.

        ValueError when excitons are left after the wait, or as Sequencer.run.
        """
        frequencies = np.asarray(frequencies_ghz, dtype=np.float64)
        lit = Sequencer(self.model.system)
        first = pumping_transient(self.model, self.pump, sequencer=lit)
        waited = self._ground_state(lit.run([Segment(self.wait_ns)], first.final).final)
        pulsed = self._nuclear_pulse() if self.nuclear else self._electron_pulse()
        brightness = self._brightness_of_ground_states(lit)

        def seen(segment: Segment) -> float:
            return float(np.diag(pulsed(segment, waited)).real @ brightness)

        without = seen(Segment(duration_ns))
        gain = [seen(Segment(duration_ns, microwave=MicrowaveDrive(float(f), field_mt))) / without for f in frequencies]
        return OdmrSpectrum(frequencies, np.asarray(gain, dtype=np.float64), 1 / (1 - first.efficiency))

    def _ground_state(self, state: ComplexArray) -> ComplexArray:
        ground = state[np.ix_(self.model.ground, self.model.ground)]
        present = float(np.trace(ground).real)
        if 1 - present > LARGEST_EXCITON_LEFT:
            raise ValueError(f"odmr: {1 - present:.2g} of an exciton is left after {self.wait_ns} ns; wait longer")
        return np.asarray(ground / present, dtype=np.complex128)

    def _brightness_of_ground_states(self, lit: Sequencer) -> FloatArray:
        """Fluorescence at the start of the pump from each ground eigenstate, (n_g,) in 1/ns."""
        result = []
        for level in self.model.ground:
            pure = np.zeros((self.model.size, self.model.size), dtype=np.complex128)
            pure[level, level] = 1.0
            run = pumping_transient(self.model, self.pump, n_times=101, start=pure, sequencer=lit)
            result.append(run.start_per_ns)
        return np.asarray(result, dtype=np.float64)

    def _electron_pulse(self) -> Callable[[Segment, ComplexArray], ComplexArray]:
        """A segment in the dark on the ground levels alone."""
        dark = Sequencer(restricted(self.model.system, self.model.ground))
        return lambda segment, state: dark.run([segment], state).final

    def _nuclear_pulse(self) -> Callable[[Segment, ComplexArray], ComplexArray]:
        """The same with an unpolarised nucleus, which is forgotten afterwards."""
        sample = self.model.sample
        if len(sample.dopants) != 1 or self.model.dopant_dimension != dimension(sample.dopants[0].spin):
            raise ValueError("odmr: nuclear=True needs a model of exactly one dopant, built without its nucleus")
        dopant = sample.dopants[0]
        spin = spin_model(
            dopant, self.model.environment, nuclear=True, t1_us=sample.dark_t1_us, t2_us=sample.spin_t2_us
        )
        dark, n_nuclear = Sequencer(spin.system), dimension(dopant.nuclear_spin)
        electron = self.model.system.basis[np.ix_(self.model.ground, self.model.ground)]

        def pulsed(segment: Segment, state: ComplexArray) -> ComplexArray:
            product = np.kron(electron @ state @ electron.conj().T, np.eye(n_nuclear) / n_nuclear)
            final = dark.run([segment], spin.system.from_product_basis(product.astype(np.complex128))).final
            blocks = spin.system.to_product_basis(final).reshape(len(electron), n_nuclear, len(electron), n_nuclear)
            return np.asarray(electron.conj().T @ np.einsum("injn->ij", blocks) @ electron, dtype=np.complex128)

        return pulsed
