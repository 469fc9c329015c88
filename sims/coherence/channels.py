"""What takes the dopant's coherence, one channel at a time; each gives |L(T)| of several baths or of one formula."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.coherence.bath import SpinBath
from sims.coherence.cce import CceOptions, cce_coherence
from sims.coherence.decay import first_decay_time_s
from sims.coherence.dipolar import Field, Qubit, hyperfine_vectors
from sims.coherence.estimates import static_dephasing_time_s
from sims.coherence.noise import OrnsteinUhlenbeck, coherence
from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]

_SLOWEST_GUESS_S = 1e-3


@dataclass(frozen=True)
class Channel:
    """One cause of decoherence: |L(T)| for every bath drawn (one for a formula), and a guess of its decay time (s)."""

    name: str
    curves: tuple[Curve, ...]
    guess_s: float

    def values(self, total_times_s: FloatArray) -> FloatArray:
        """|L|, shape (baths, times)."""
        return np.array([curve(total_times_s) for curve in self.curves])

    def decay_times_s(self) -> tuple[FloatArray, FloatArray]:
        """1/e times and exponents there of each bath, both (baths,)."""
        found = [first_decay_time_s(curve, self.guess_s) for curve in self.curves]
        return np.array([time for time, _ in found]), np.array([exponent for _, exponent in found])


def bath_channel(
    name: str,
    baths: tuple[SpinBath, ...],
    qubit: Qubit,
    field: Field,
    sequence: Sequence,
    options: CceOptions,
    guess_s: float,
) -> Channel:
    """Explicit spins by cluster-correlation expansion; ``guess_s`` for an echo, Ramsey's guess is the static one."""
    if not sequence.pulses and len(baths[0]):
        guess_s = static_dephasing_time_s(static_sigma_rad_per_s(baths[0], qubit, field))

    def curve_of(bath: SpinBath) -> Curve:
        return lambda times: cce_coherence(bath, qubit, field, sequence, times, options).magnitude

    return Channel(name, tuple(curve_of(bath) for bath in baths), guess_s)


def noise_channel(name: str, noises: tuple[OrnsteinUhlenbeck, ...], sequence: Sequence) -> Channel:
    """Gaussian noise by its exact formula."""
    sigma = float(np.sqrt(sum(noise.sigma_rad_per_s**2 for noise in noises)))
    guess = static_dephasing_time_s(sigma) if sigma else _SLOWEST_GUESS_S
    return Channel(name, (lambda times: coherence(noises, sequence, times),), guess)


def relaxation_channel(name: str, t1_s: float) -> Channel:
    """Lifetime limit exp(-T/2 T1), the same for every sequence."""
    guess = 2 * t1_s if np.isfinite(t1_s) else _SLOWEST_GUESS_S
    return Channel(name, (lambda times: np.exp(-times / (2 * t1_s)),), guess)


def static_sigma_rad_per_s(bath: SpinBath, qubit: Qubit, field: Field) -> float:
    """Rms detuning by unpolarised spins that do not move, sqrt(sum of I(I+1)/3 A_zz^2), in rad/s."""
    axial = hyperfine_vectors(bath, qubit, field) @ field.direction
    return float(np.sqrt(np.sum(bath.spins * (bath.spins + 1) / 3 * axial**2)))
