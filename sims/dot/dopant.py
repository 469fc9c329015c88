"""Spin Hamiltonian of one dopant, without carriers: electron spin alone, and with the nucleus.

H = g mu_B B.S + D0 [S_z^2 - S(S+1)/3] + E (S_x^2 - S_y^2) + (a/6) sum S_i^4 + A I.S - g_N mu_N B.I; the crystal-field
terms in the axes that the dopant's ``crystal_axes_deg`` state (Abragam and Bleaney, Electron Paramagnetic Resonance of
Transition Ions, chapter 3).
"""

import numpy as np

from sims.basics import checks
from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, NUCLEAR_MAGNETON_MEV_PER_T
from sims.basics.spins import (
    ComplexArray,
    FloatArray,
    dimension,
    place,
    placed_scalar_product,
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


def dopant_hamiltonian(dopant: Dopant, field_t: Field) -> ComplexArray:
    """Electron-spin Hamiltonian of one dopant in meV, shape (2S+1, 2S+1)."""
    checked_field(field_t)
    spin = spin_operators(dopant.spin)
    unit = np.eye(dimension(dopant.spin))
    scale = BOHR_MAGNETON_MEV_PER_T * dopant.g_factor
    zeeman = sum((scale * b * s for b, s in zip(field_t, spin.vector, strict=True)), 0 * unit)
    x, y, z = along_axes(spin.vector, dopant.crystal_axes_deg)
    axial = z @ z - dopant.spin * (dopant.spin + 1) / 3 * unit
    rhombic = x @ x - y @ y
    cubic = sum((np.linalg.matrix_power(s, 4) for s in (x, y, z)), 0 * unit)
    crystal = dopant.axial_d_uev * axial + dopant.rhombic_e_uev * rhombic + dopant.cubic_a_uev / 6 * cubic
    return np.asarray(zeeman + 1e-3 * crystal, dtype=np.complex128)


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


def checked_field(field_t: Field) -> Field:
    """The field itself; ValueError when a component is not a finite number or it has not three."""
    return checks.field_vector(field_t)


def along_axes(
    vector: tuple[ComplexArray, ComplexArray, ComplexArray], euler_deg: tuple[float, float, float]
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Components of a vector operator along axes turned by the Euler angles (z, y', z''), in degrees."""
    if not any(euler_deg):
        return vector
    first, second, third = (np.radians(angle) for angle in euler_deg)
    turn = _turn_about_z(first) @ _turn_about_y(second) @ _turn_about_z(third)  # columns: the turned axes
    x, y, z = (sum((turn[k, axis] * vector[k] for k in range(3)), 0 * vector[0]) for axis in range(3))
    return x, y, z


def biased(field_t: Field, bias_t: float = BIAS_FIELD_T) -> Field:
    """The field with the bias added along z, in the direction of its z component so that they never cancel."""
    checked_field(field_t)
    return field_t[0], field_t[1], field_t[2] + (-bias_t if field_t[2] < 0 else bias_t)


def _turn_about_z(angle: float) -> FloatArray:
    return np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])


def _turn_about_y(angle: float) -> FloatArray:
    return np.array([[np.cos(angle), 0.0, np.sin(angle)], [0.0, 1.0, 0.0], [-np.sin(angle), 0.0, np.cos(angle)]])
