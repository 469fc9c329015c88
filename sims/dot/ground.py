"""Levels of a dopant without exciton: with the electron spin alone, and with the nucleus (spin resonance)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.basics.constants import PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray, dimension, eigenstates, place, projections, spin_operators
from sims.dot.dopant import (
    BIAS_FIELD_T,
    HYPERFINE_BIAS_FIELD_T,
    Field,
    biased,
    checked_field,
    dopant_hamiltonian,
    electron_nuclear_hamiltonian,
)
from sims.dot.field_sweep import resonance_fields_t
from sims.dot.sample import Dopant

__all__ = [
    "BIAS_FIELD_T",
    "HYPERFINE_BIAS_FIELD_T",
    "DopantLevels",
    "Field",
    "ResonanceLines",
    "biased",
    "checked_field",
    "dopant_hamiltonian",
    "dopant_levels",
    "electron_nuclear_hamiltonian",
    "resonance_fields_t",
    "resonance_lines",
]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DopantLevels:
    """Electron-spin levels of one dopant, in order of falling <Sz>: energies (n,), vectors (n, n) as columns."""

    energies_mev: FloatArray
    vectors: ComplexArray


@dataclass(frozen=True)
class ResonanceLines:
    """Magnetic-dipole transitions between electron-nuclear levels, each array of shape (n_lines,).

    ``lower``/``upper`` index the levels in order of energy; ``matrix_element`` is
    sqrt((|<u|Sx|l>|^2 + |<u|Sy|l>|^2)/2). The labels are those of the product states that dominate the two
    levels; where hyperfine coupling mixes strongly (zero field, D0 of a few A) they are no more than names.
    ``projection_weights`` (2S+1, n_levels) is the weight of each electron level of :func:`dopant_levels` in
    each electron-nuclear level.
    """

    lower: IntArray
    upper: IntArray
    projection_weights: FloatArray
    frequency_ghz: FloatArray
    matrix_element: FloatArray
    lower_m_s: FloatArray
    upper_m_s: FloatArray
    lower_m_i: FloatArray
    upper_m_i: FloatArray


def dopant_levels(dopant: Dopant, field_t: Field) -> DopantLevels:
    """Eigenstates of the electron spin of one dopant."""
    energies, vectors = eigenstates(dopant_hamiltonian(dopant, biased(field_t)))
    mean_z = np.einsum("mi,m,mi->i", vectors.conj(), projections(dopant.spin), vectors).real
    order = np.argsort(-mean_z, kind="stable")
    return DopantLevels(energies[order], vectors[:, order])


def resonance_lines(dopant: Dopant, field_t: Field, minimum_matrix_element: float = 0.3) -> ResonanceLines:
    """All transitions driven by a microwave field perpendicular to z with at least that matrix element.

    The default keeps the allowed lines (matrix element of |m> -> |m-1>: sqrt(S(S+1) - m(m-1))/2 >= 1/2) and
    drops those that hyperfine coupling only just allows.
    """
    energies, vectors = eigenstates(electron_nuclear_hamiltonian(dopant, biased(field_t, HYPERFINE_BIAS_FIELD_T)))
    dimensions = (dimension(dopant.spin), dimension(dopant.nuclear_spin))
    spin = spin_operators(dopant.spin)
    strength = np.zeros(2 * (energies.size,))
    for operator in (spin.x, spin.y):
        strength += np.abs(vectors.conj().T @ place(operator, 0, dimensions) @ vectors) ** 2 / 2
    m_s, m_i = _labels(vectors, dopant)
    lower, upper = np.triu_indices(energies.size, 1)
    element = np.sqrt(strength[lower, upper])
    keep = element >= minimum_matrix_element
    lower, upper = lower[keep], upper[keep]
    electron = dopant_levels(dopant, field_t).vectors
    products = vectors.reshape(*dimensions, -1)
    weights = np.sum(np.abs(np.einsum("me,mni->eni", electron.conj(), products)) ** 2, axis=1)
    return ResonanceLines(
        lower=lower.astype(np.int64),
        upper=upper.astype(np.int64),
        projection_weights=weights,
        frequency_ghz=(energies[upper] - energies[lower]) / PLANCK_MEV_PER_GHZ,
        matrix_element=element[keep],
        lower_m_s=m_s[lower],
        upper_m_s=m_s[upper],
        lower_m_i=m_i[lower],
        upper_m_i=m_i[upper],
    )


def _labels(vectors: ComplexArray, dopant: Dopant) -> tuple[FloatArray, FloatArray]:
    electron, nuclear = projections(dopant.spin), projections(dopant.nuclear_spin)
    dominant = np.argmax(np.abs(vectors) ** 2, axis=0)
    return electron[dominant // nuclear.size], nuclear[dominant % nuclear.size]
