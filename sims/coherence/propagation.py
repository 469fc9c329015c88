"""Exact coherence left by any small quantum system that feels the qubit's state, many systems at once."""

import numpy as np
import numpy.typing as npt

from sims.coherence.sequences import Sequence

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]


def conditional_coherence(
    upper: npt.NDArray[np.complex128] | FloatArray,
    lower: npt.NDArray[np.complex128] | FloatArray,
    sequence: Sequence,
    total_times_s: FloatArray,
) -> ComplexArray:
    """Tr(B^+ A)/d of an unpolarised system, shape (systems, times).

    ``upper`` and ``lower`` (systems, d, d) are its Hamiltonians in rad/s while the qubit is in its upper or lower
    level. A is the history that starts in the upper level, B the one that starts in the lower; pi pulses exchange
    the levels. One eigen-decomposition each, then products of propagators in the eigenbasis of ``upper``.
    """
    energies_upper, vectors_upper = np.linalg.eigh(upper)
    energies_lower, vectors_lower = np.linalg.eigh(lower)
    overlap = np.conj(np.swapaxes(vectors_upper, -1, -2)) @ vectors_lower
    if not sequence.pulses:
        return _free_decay(energies_upper, energies_lower, overlap, total_times_s)
    size = upper.shape[-1]
    first = np.broadcast_to(np.eye(size, dtype=np.complex128), (len(upper), len(total_times_s), size, size))
    second = first
    for share, sign in zip(sequence.durations, sequence.signs, strict=True):
        turn_upper = np.exp(-1j * energies_upper[:, None, :] * (share * total_times_s)[None, :, None])
        phases = np.exp(-1j * energies_lower[:, None, :] * (share * total_times_s)[None, :, None])
        turn_lower = (overlap[:, None] * phases[:, :, None, :]) @ np.conj(np.swapaxes(overlap, -1, -2))[:, None]
        if sign > 0:
            first, second = turn_upper[..., None] * first, turn_lower @ second
        else:
            first, second = turn_lower @ first, turn_upper[..., None] * second
    return np.asarray(np.einsum("ptij,ptij->pt", np.conj(second), first) / size, dtype=np.complex128)


def _free_decay(
    energies_upper: FloatArray, energies_lower: FloatArray, overlap: ComplexArray, total_times_s: FloatArray
) -> ComplexArray:
    """Sum over a, b of |<a|b>|^2 exp(-i (E_a - E_b) T)/d."""
    turn_upper = np.exp(-1j * energies_upper[:, None, :] * total_times_s[None, :, None])
    turn_lower = np.exp(1j * energies_lower[:, None, :] * total_times_s[None, :, None])
    weights = np.abs(overlap) ** 2
    return np.asarray(np.einsum("pta,pab,ptb->pt", turn_upper, weights, turn_lower) / overlap.shape[-1])
