"""Spin relaxation: rates among exciton states and among ground states, in detailed balance.

Rate i -> j = (1/tau) |<j|O|i>|^2 / norm * min(1, exp(-(E_j - E_i)/kT)), summed over the channel's operators O.
For a spin S the operators are S+ and S-, and norm = (2/3) S(S+1) is the mean of |<m-1|S-|m>|^2 over m: tau is
the mean time of one step downhill.
"""

import numpy as np

from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import ComplexArray, FloatArray, place, spin_operators
from sims.dot.carriers import ELECTRON, HOLE, excited_carriers, resident_carriers
from sims.dot.exciton import GroundManifold, ground_dimensions, space_dimensions
from sims.dot.sample import Sample


def exciton_relaxation(
    sample: Sample, energies_mev: FloatArray, vectors: ComplexArray, temperature_k: float
) -> FloatArray:
    """Rates (to, from) per ns among exciton states by dopant, electron and hole flips; diagonal zero."""
    dimensions, carriers = space_dimensions(sample), excited_carriers(sample)
    result = np.zeros((energies_mev.size, energies_mev.size))
    if sample.exciton_dopant_flip_ns is not None:
        for number, dopant in enumerate(sample.dopants, start=2):
            result += _spin_channel(dopant.spin, number, dimensions, vectors) / sample.exciton_dopant_flip_ns
    if sample.electron_flip_ns is not None and carriers.electron:
        result += _spin_channel(0.5, ELECTRON, dimensions, vectors) / sample.electron_flip_ns
    if sample.hole_flip_ns is not None and carriers.hole:
        reversal = place(np.fliplr(np.eye(4)).astype(np.complex128), HOLE, dimensions)
        hole = _strength(reversal, vectors) + _spin_channel(1.5, HOLE, dimensions, vectors)
        result += hole / sample.hole_flip_ns
    return _without_diagonal(result * detailed_balance(energies_mev, temperature_k))


def ground_relaxation(sample: Sample, ground: GroundManifold, temperature_k: float, time_ns: float) -> FloatArray:
    """Rates (to, from) per ns among ground states with mean step time ``time_ns``; diagonal zero.

    An infinite temperature gives symmetric mixing. A resident carrier relaxes as fast as the dopants do.
    """
    energies = ground.energies_mev
    result = np.zeros((energies.size, energies.size))
    dimensions, carriers = ground_dimensions(sample), resident_carriers(sample)
    spins = (carriers.electron, carriers.hole, *(dopant.spin for dopant in sample.dopants))
    for number, spin in enumerate(spins):
        if spin > 0:
            result += _spin_channel(spin, number, dimensions, ground.vectors) / time_ns
    return _without_diagonal(result * detailed_balance(energies, temperature_k))


def detailed_balance(energies_mev: FloatArray, temperature_k: float) -> FloatArray:
    """min(1, exp(-(E_to - E_from)/kT)), shape (to, from)."""
    if np.isinf(temperature_k):
        return np.ones((energies_mev.size, energies_mev.size))
    rise = np.maximum(0.0, energies_mev[:, None] - energies_mev[None, :])
    return np.asarray(np.exp(-rise / (BOLTZMANN_MEV_PER_K * temperature_k)), dtype=np.float64)


def _spin_channel(spin: float, position: int, dimensions: tuple[int, ...], vectors: ComplexArray) -> FloatArray:
    operators = spin_operators(spin)
    both = _strength(place(operators.plus, position, dimensions), vectors)
    return (both + both.T) / (2 / 3 * spin * (spin + 1))


def _strength(operator: ComplexArray, vectors: ComplexArray) -> FloatArray:
    return np.asarray(np.abs(vectors.conj().T @ operator @ vectors) ** 2, dtype=np.float64)


def _without_diagonal(rates: FloatArray) -> FloatArray:
    return rates - np.diag(np.diag(rates))
