"""Levels of a dopant without exciton: with the electron spin alone, and with the nucleus (spin resonance)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, NUCLEAR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.basics.spins import (
    ComplexArray,
    FloatArray,
    dimension,
    eigenstates,
    place,
    placed_scalar_product,
    projections,
    spin_operators,
)
from sims.dot.sample import Dopant

BIAS_FIELD_T = 1e-6
"""Added along z before diagonalising: it names the states of degenerate pairs by their projection on z.

Without it the diagonalisation returns an arbitrary mixture of +M and -M at zero field; with it, the limit of a
vanishing field along z.
"""

HYPERFINE_BIAS_FIELD_T = 1e-9
"""The same for electron and nucleus together (28 Hz for g = 2), where true splittings can be 0.3 MHz or less."""

Field = tuple[float, float, float]
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


def dopant_hamiltonian(dopant: Dopant, field_t: Field) -> ComplexArray:
    """Electron-spin Hamiltonian of one dopant in meV, shape (2S+1, 2S+1)."""
    spin = spin_operators(dopant.spin)
    unit = np.eye(dimension(dopant.spin))
    scale = BOHR_MAGNETON_MEV_PER_T * dopant.g_factor
    zeeman = sum((scale * b * s for b, s in zip(field_t, spin.vector, strict=True)), 0 * unit)
    axial = spin.z @ spin.z - dopant.spin * (dopant.spin + 1) / 3 * unit
    rhombic = spin.x @ spin.x - spin.y @ spin.y
    cubic = sum((np.linalg.matrix_power(s, 4) for s in spin.vector), 0 * unit)
    crystal = dopant.zero_field_d_uev * axial + dopant.zero_field_e_uev * rhombic + dopant.cubic_a_uev / 6 * cubic
    return np.asarray(zeeman + 1e-3 * crystal, dtype=np.complex128)


def dopant_levels(dopant: Dopant, field_t: Field) -> DopantLevels:
    """Eigenstates of the electron spin of one dopant."""
    energies, vectors = eigenstates(dopant_hamiltonian(dopant, biased(field_t)))
    mean_z = np.einsum("mi,m,mi->i", vectors.conj(), projections(dopant.spin), vectors).real
    order = np.argsort(-mean_z, kind="stable")
    return DopantLevels(energies[order], vectors[:, order])


def electron_nuclear_hamiltonian(dopant: Dopant, field_t: Field) -> ComplexArray:
    """Electron and nuclear spin of one dopant: adds A I.S - g_N mu_N B.I; electron is the first factor. meV."""
    dimensions = (dimension(dopant.spin), dimension(dopant.nuclear_spin))
    result = place(dopant_hamiltonian(dopant, field_t), 0, dimensions)
    scalar = placed_scalar_product((dopant.spin, 0), (dopant.nuclear_spin, 1), dimensions)
    result = result + 1e-3 * dopant.hyperfine_uev * scalar
    scale = dopant.nuclear_g_factor * NUCLEAR_MAGNETON_MEV_PER_T
    for component, operator in zip(field_t, spin_operators(dopant.nuclear_spin).vector, strict=True):
        result = result - scale * component * place(operator, 1, dimensions)
    return result


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


def resonance_fields_t(
    dopant: Dopant, frequency_ghz: float, maximum_field_t: float, m_s: tuple[float, float] = (-0.5, 0.5)
) -> FloatArray:
    """Fields along z at which the electron transition ``m_s`` meets the frequency, sorted; one per m_I."""
    grid = np.linspace(0.5 * maximum_field_t, maximum_field_t, 101)
    rows = [_frequencies_by_m_i(dopant, b, m_s) for b in grid]
    found: list[float] = []
    for (b0, row0), (b1, row1) in pairwise(zip(grid, rows, strict=True)):
        for m_i in row0.keys() & row1.keys():
            d0, d1 = row0[m_i] - frequency_ghz, row1[m_i] - frequency_ghz
            if d0 * d1 <= 0 and d0 != d1:
                found.append(float(b0 - d0 * (b1 - b0) / (d1 - d0)))
    return np.sort(np.asarray(found))


def biased(field_t: Field, bias_t: float = BIAS_FIELD_T) -> Field:
    """The field with the bias added along z, in the direction of its z component so that they never cancel."""
    return field_t[0], field_t[1], field_t[2] + (-bias_t if field_t[2] < 0 else bias_t)


def _labels(vectors: ComplexArray, dopant: Dopant) -> tuple[FloatArray, FloatArray]:
    electron, nuclear = projections(dopant.spin), projections(dopant.nuclear_spin)
    dominant = np.argmax(np.abs(vectors) ** 2, axis=0)
    return electron[dominant // nuclear.size], nuclear[dominant % nuclear.size]


def _frequencies_by_m_i(dopant: Dopant, field_t: float, m_s: tuple[float, float]) -> dict[float, float]:
    lines = resonance_lines(dopant, (0.0, 0.0, field_t), minimum_matrix_element=0.6)
    chosen = (np.minimum(lines.lower_m_s, lines.upper_m_s) == min(m_s)) & (
        np.maximum(lines.lower_m_s, lines.upper_m_s) == max(m_s)
    )
    return dict(zip(lines.lower_m_i[chosen], lines.frequency_ghz[chosen], strict=True))
