"""Coherence left by pairs of bath spins, and by each of the two alone under the same Hamiltonian.

Secular: H_m = w_1m I1z + w_2m I2z + c [I1z I2z - (I1+ I2- + I1- I2+)/4], two spins of one isotope, z along the field.
w_m is by how much the precession |m A - gamma B| differs from gamma B: m A_zz, and to second order the transverse
hyperfine component; the Zeeman energy itself drops out because M = m_1 + m_2 is
conserved. Full: Zeeman energies, all components of both hyperfine vectors, the whole dipolar tensor, any two isotopes.
"""

import numpy as np
import numpy.typing as npt

from sims.basics.spins import spin_operators
from sims.coherence.bath import SpinBath
from sims.coherence.dipolar import (
    Field,
    IndexArray,
    Qubit,
    hyperfine_vectors,
    pair_tensors,
    secular_pair_couplings,
)
from sims.coherence.propagation import conditional_coherence
from sims.coherence.rotation import character, half_angle_cosines
from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]


def single_coherences(
    bath: SpinBath, qubit: Qubit, field: Field, sequence: Sequence, total_times_s: FloatArray
) -> FloatArray:
    """Coherence left by each spin alone, exact, shape (N, times): precession about m A_i - gamma B."""
    zeeman = -bath.gammas_rad_per_s_per_t[:, None] * field.magnitude_t * field.direction
    hyperfine = hyperfine_vectors(bath, qubit, field)
    high, low = qubit.projections
    cosines = half_angle_cosines(zeeman + high * hyperfine, zeeman + low * hyperfine, sequence, total_times_s)
    result = np.empty_like(cosines)
    for spin in np.unique(bath.spins):
        chosen = bath.spins == spin
        result[chosen] = character(float(spin), cosines[chosen])
    return result


def level_shifts(bath: SpinBath, qubit: Qubit, field: Field, projection: float) -> FloatArray:
    """w_m in rad/s, shape (N,): shift along the field of each spin's precession, the electron in level ``projection``.

    -sign(gamma) (|m A - gamma B| - |gamma| B); m A_zz where the field is not larger than the hyperfine field.
    """
    hyperfine = projection * hyperfine_vectors(bath, qubit, field)
    axial = hyperfine @ field.direction
    zeeman = -bath.gammas_rad_per_s_per_t * field.magnitude_t
    precession = np.linalg.norm(hyperfine + zeeman[:, None] * field.direction, axis=1)
    strong = np.abs(zeeman) > np.linalg.norm(hyperfine, axis=1)
    return np.asarray(np.where(strong, np.sign(zeeman) * (precession - np.abs(zeeman)), axial), dtype=np.float64)


def secular_pair_coherences(
    bath: SpinBath, pairs: IndexArray, qubit: Qubit, field: Field, sequence: Sequence, total_times_s: FloatArray
) -> tuple[ComplexArray, FloatArray]:
    """Coherence left by each pair, and by its members without their coupling; both (P, times). One isotope only."""
    upper, lower = (level_shifts(bath, qubit, field, m) for m in qubit.projections)
    coupling = secular_pair_couplings(bath, pairs, field)
    spin = float(bath.spins[pairs[0, 0]])
    alone = np.ones((len(pairs), len(total_times_s)))
    if sequence.static_phase_fraction:
        half_angles = np.outer(upper - lower, sequence.static_phase_fraction * total_times_s / 2)
        single = character(spin, np.cos(half_angles))
        alone = single[pairs[:, 0]] * single[pairs[:, 1]]
    shifts = (upper[pairs], lower[pairs])
    if spin == 0.5:
        together = _half_spin_pairs(shifts, coupling, sequence, total_times_s).astype(np.complex128)
    else:
        together = _large_spin_pairs(spin, shifts, coupling, sequence, total_times_s)
    return together, alone


def full_pair_coherences(
    bath: SpinBath, pairs: IndexArray, qubit: Qubit, field: Field, sequence: Sequence, total_times_s: FloatArray
) -> ComplexArray:
    """Coherence left by each pair under its full Hamiltonian, shape (P, times); all pairs of the same two spins."""
    spins = (float(bath.spins[pairs[0, 0]]), float(bath.spins[pairs[0, 1]]))
    operators = _pair_operators(*spins)
    zeeman = -bath.gammas_rad_per_s_per_t[:, None] * field.magnitude_t * field.direction
    hyperfine = hyperfine_vectors(bath, qubit, field)
    tensors = pair_tensors(bath, pairs)
    one, other = operators
    coupled = np.einsum("pij,iab,jbc->pac", tensors, one, other)
    hamiltonians = []
    for projection in qubit.projections:
        local = zeeman + projection * hyperfine
        hamiltonians.append(
            coupled
            + np.einsum("pi,iab->pab", local[pairs[:, 0]], one)
            + np.einsum("pi,iab->pab", local[pairs[:, 1]], other)
        )
    return conditional_coherence(hamiltonians[0], hamiltonians[1], sequence, total_times_s)


def _pair_operators(first_spin: float, second_spin: float) -> tuple[ComplexArray, ComplexArray]:
    """Vectors of operators (3, d, d) of both members in their product space."""
    one, other = np.array(spin_operators(first_spin).vector), np.array(spin_operators(second_spin).vector)
    left = np.array([np.kron(component, np.eye(other.shape[-1])) for component in one])
    right = np.array([np.kron(np.eye(one.shape[-1]), component) for component in other])
    return left, right


def _half_spin_pairs(
    shifts: tuple[FloatArray, FloatArray], coupling: FloatArray, sequence: Sequence, total_times_s: FloatArray
) -> FloatArray:
    """Two spins 1/2: up-up and down-down only collect phase; up-down and down-up are a pseudo-spin.

    In it H_m = (u.tau)/2 with u = (-c/2, 0, w_1m - w_2m) (Yao, Liu and Sham, Phys. Rev. B 74, 195301 (2006)).
    """
    nothing = np.zeros_like(coupling)
    upper, lower = (np.stack((-coupling / 2, nothing, level[:, 0] - level[:, 1]), axis=1) for level in shifts)
    flipping = half_angle_cosines(upper, lower, sequence, total_times_s)
    total_shift = np.sum(shifts[0] - shifts[1], axis=1)
    parallel = np.cos(np.outer(total_shift, sequence.static_phase_fraction * total_times_s / 2))
    return np.asarray((parallel + flipping) / 2, dtype=np.float64)


def _large_spin_pairs(
    spin: float,
    shifts: tuple[FloatArray, FloatArray],
    coupling: FloatArray,
    sequence: Sequence,
    total_times_s: FloatArray,
) -> ComplexArray:
    """Two spins I > 1/2: one small block for each total M."""
    size = round(2 * spin) + 1
    total = np.zeros((len(coupling), len(total_times_s)), dtype=np.complex128)
    for doubled in range(-2 * (size - 1), 2 * size - 1, 2):
        low = max(-spin, doubled / 2 - spin)
        m_one = np.arange(low, min(spin, doubled / 2 + spin) + 0.5)
        m_other = doubled / 2 - m_one
        raise_one = spin * (spin + 1) - m_one[:-1] * (m_one[:-1] + 1)
        lower_other = spin * (spin + 1) - m_other[:-1] * (m_other[:-1] - 1)
        flip = np.diag(-np.sqrt(raise_one * lower_other) / 4, 1)
        shared = coupling[:, None, None] * (np.diag(m_one * m_other) + flip + flip.T)
        splits = [level[:, :1] * m_one + level[:, 1:] * m_other for level in shifts]
        upper, lower = (shared + split[:, :, None] * np.eye(m_one.size) for split in splits)
        total += m_one.size * conditional_coherence(upper, lower, sequence, total_times_s)
    return total / size**2
