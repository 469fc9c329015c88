"""Spin resonance of one dopant at a fixed microwave frequency while a field of any direction is swept.

Levels of electron and nucleus together are followed in order of energy on a grid of fields; between two grid points
each level difference is the cubic that has the right values and slopes (Hellmann-Feynman), and every root of it is
then refined by diagonalising. Nothing is perturbative: zero-field terms, hyperfine coupling and nuclear Zeeman energy
act to all orders.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.basics import checks
from sims.basics.constants import BOLTZMANN_MEV_PER_K, PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray, dimension, place, projections, spin_operators
from sims.dot.dopant import Field, checked_field, electron_nuclear_hamiltonian
from sims.dot.sample import Dopant

IntArray = npt.NDArray[np.int64]

N_GRID = 201
N_REFINE = 40
FIELD_TOLERANCE_T = 1e-10


@dataclass(frozen=True)
class FieldLines:
    """Resonances of a field sweep, sorted by field; arrays of shape (n,).

    ``matrix_element`` is sqrt((|<u|S_1|l>|^2 + |<u|S_2|l>|^2)/2) with 1, 2 perpendicular to the field;
    ``slope_ghz_per_t`` the change of the transition frequency with the field; ``intensity`` the area of the
    absorption line against field, matrix_element^2 * population difference / |slope|, the strongest line having 1.
    The projections, along the field, are those of the product state that dominates the level.
    """

    field_t: FloatArray
    matrix_element: FloatArray
    slope_ghz_per_t: FloatArray
    intensity: FloatArray
    lower_m_s: FloatArray
    upper_m_s: FloatArray
    lower_m_i: FloatArray
    upper_m_i: FloatArray


def field_lines(
    dopant: Dopant,
    frequency_ghz: float,
    maximum_field_t: float,
    direction: Field = (0.0, 0.0, 1.0),
    minimum_matrix_element: float = 0.3,
    temperature_k: float | None = None,
) -> FieldLines:
    """All resonances at ``frequency_ghz`` between zero and ``maximum_field_t`` along ``direction`` (any length).

    The microwave field is perpendicular to the static one. ``temperature_k`` weights the lines with the difference
    of the thermal populations; None is the limit of high temperature. ValueError for a frequency, field or
    temperature that is not finite and positive, or a direction without length.
    """
    unit = _unit(direction)
    checks.positive("frequency_ghz", frequency_ghz)
    checks.positive("maximum_field_t", maximum_field_t)
    checks.not_negative("minimum_matrix_element", minimum_matrix_element)
    if temperature_k is not None:
        checks.positive("temperature_k", temperature_k)
    model = _Sweep(dopant, unit)
    lower, upper, left, right = _brackets(model, frequency_ghz, maximum_field_t, minimum_matrix_element)
    fields = _refined(model, frequency_ghz, lower, upper, left, right)
    return _described(model, dopant, fields, lower, upper, minimum_matrix_element, temperature_k)


def resonance_fields_t(
    dopant: Dopant,
    frequency_ghz: float,
    maximum_field_t: float,
    m_s: tuple[float, float] = (-0.5, 0.5),
    direction: Field = (0.0, 0.0, 1.0),
) -> FloatArray:
    """Fields in T along ``direction`` at which the electron transition ``m_s`` is driven, sorted; one per m_I.

    Lines that flip the nucleus are left out. ValueError as :func:`field_lines`.
    """
    for m in m_s:
        checks.projection_index(dopant.spin, m)
    lines = field_lines(dopant, frequency_ghz, maximum_field_t, direction, minimum_matrix_element=0.2)
    low = np.minimum(lines.lower_m_s, lines.upper_m_s) == min(m_s)
    high = np.maximum(lines.lower_m_s, lines.upper_m_s) == max(m_s)
    return np.asarray(lines.field_t[low & high & (lines.lower_m_i == lines.upper_m_i)], dtype=np.float64)


def field_swept_spectrum(lines: FieldLines, field_t: FloatArray, fwhm_mt: float) -> FloatArray:
    """First derivative of Gaussian absorption lines on a grid of fields (n,), as a spectrometer records it; 1/T^2.

    ValueError unless ``fwhm_mt`` is positive.
    """
    checks.positive("fwhm_mt", fwhm_mt)
    checks.all_finite("field_t", field_t)
    sigma = 1e-3 * fwhm_mt / np.sqrt(8 * np.log(2))
    offset = (np.asarray(field_t, dtype=np.float64)[:, None] - lines.field_t) / sigma
    shape = -offset * np.exp(-(offset**2) / 2) / (np.sqrt(2 * np.pi) * sigma**2)
    return np.asarray(shape @ lines.intensity, dtype=np.float64)


def powder_spectrum(
    dopant: Dopant, frequency_ghz: float, field_t: FloatArray, fwhm_mt: float, n_orientations: int = 50
) -> FloatArray:
    """Mean of :func:`field_swept_spectrum` over ``n_orientations`` directions of a colloidal ensemble, shape (n,).

    The directions lie on a spiral of equal areas over a hemisphere (the Hamiltonian is even in the field); more are
    needed the wider the zero-field splitting against ``fwhm_mt``. About 0.2 s a direction. ValueError as
    :func:`field_lines`, and for less than one direction.
    """
    if n_orientations < 1:
        raise ValueError(f"n_orientations = {n_orientations}: must be at least 1")
    fields = checks.finite_array("field_t", field_t)
    total = np.zeros(fields.size)
    for direction in hemisphere(n_orientations):
        model = _Sweep(dopant, direction)
        pairs = _brackets(model, frequency_ghz, float(fields.max()), 0.1)
        positions = _refined(model, frequency_ghz, *pairs)
        lines = _described(model, dopant, positions, pairs[0], pairs[1], 0.1, None, relative=False)
        total += field_swept_spectrum(lines, fields, fwhm_mt)
    return total / n_orientations


def hemisphere(n: int) -> list[Field]:
    """Directions on a golden spiral over the upper half sphere, equal areas each."""
    height = (np.arange(n) + 0.5) / n
    azimuth = np.pi * (1 + np.sqrt(5)) * np.arange(n)
    radius = np.sqrt(1 - height**2)
    return [
        (float(x), float(y), float(z))
        for x, y, z in zip(radius * np.cos(azimuth), radius * np.sin(azimuth), height, strict=True)
    ]


class _Sweep:
    """H(B) = H(0) + B dH/dB along one direction, and the operators that go with it."""

    def __init__(self, dopant: Dopant, unit: Field) -> None:
        self.zero = electron_nuclear_hamiltonian(dopant, (0.0, 0.0, 0.0))
        self.slope = electron_nuclear_hamiltonian(dopant, unit) - self.zero
        dimensions = (dimension(dopant.spin), dimension(dopant.nuclear_spin))
        spin = spin_operators(dopant.spin)
        self.transverse = tuple(
            place(sum((c * s for c, s in zip(axis, spin.vector, strict=True)), 0 * spin.x), 0, dimensions)
            for axis in _perpendicular(unit)
        )
        electron = _along(dopant.spin, unit)
        nuclear = _along(dopant.nuclear_spin, unit)
        self.product_states = np.kron(electron, nuclear)

    def levels(self, fields_t: FloatArray) -> tuple[FloatArray, ComplexArray, FloatArray]:
        """Energies (n, k), vectors (n, k, k), slopes dE/dB (n, k), in GHz and GHz/T, at each field."""
        energies, vectors = np.linalg.eigh(self.zero + np.asarray(fields_t)[:, None, None] * self.slope)
        slopes = np.einsum("nai,ab,nbi->ni", vectors.conj(), self.slope, vectors, optimize=True).real
        return energies / PLANCK_MEV_PER_GHZ, vectors, slopes / PLANCK_MEV_PER_GHZ

    def strengths(self, vectors: ComplexArray) -> FloatArray:
        """Squared matrix elements (n, k, k) of the transverse spin, mean of the two directions."""
        result = np.zeros(vectors.shape)
        for operator in self.transverse:
            result += np.abs(vectors.conj().swapaxes(1, 2) @ operator @ vectors) ** 2 / 2
        return result


def _brackets(
    model: _Sweep, frequency_ghz: float, maximum_field_t: float, minimum_element: float
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Level pairs (lower, upper) and the fields between which each one meets the frequency exactly once."""
    grid = np.linspace(0.0, maximum_field_t, N_GRID)
    step = grid[1] - grid[0]
    energies, vectors, slopes = model.levels(grid)
    strong = model.strengths(vectors) >= (0.5 * minimum_element) ** 2
    lower, upper = np.triu_indices(energies.shape[1], 1)
    detuning = energies[:, upper] - energies[:, lower] - frequency_ghz
    slope = step * (slopes[:, upper] - slopes[:, lower])
    allowed = (strong[:-1] | strong[1:])[:, lower, upper]
    # Touching zero inside a step without a change of sign: towards zero at its start, away from it at its end.
    dips = (detuning[:-1] * slope[:-1] < 0) & (detuning[1:] * slope[1:] > 0)
    near = dips & (np.minimum(np.abs(detuning[:-1]), np.abs(detuning[1:])) <= np.abs(slope[:-1]) + np.abs(slope[1:]))
    crossing = detuning[:-1] * detuning[1:] <= 0
    found: list[tuple[int, int, float, float]] = []
    for n, pair in np.argwhere(allowed & (near | crossing)):
        edges = _single_roots(detuning[n, pair], detuning[n + 1, pair], slope[n, pair], slope[n + 1, pair])
        found += [(lower[pair], upper[pair], grid[n] + step * a, grid[n] + step * b) for a, b in edges]
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0)
    low, high, left, right = (np.array(column) for column in zip(*found, strict=True))
    return low.astype(np.int64), high.astype(np.int64), left, right


def _single_roots(f0: float, f1: float, d0: float, d1: float) -> list[tuple[float, float]]:
    """Parts of [0, 1] in which the cubic with these end values and slopes changes sign once."""
    cubic = np.array([2 * f0 - 2 * f1 + d0 + d1, -3 * f0 + 3 * f1 - 2 * d0 - d1, d0, f0])
    turning = np.roots(np.polyder(cubic))
    inside = np.sort(turning[np.isreal(turning)].real)
    borders = np.concatenate([[0.0], inside[(inside > 0) & (inside < 1)], [1.0]])
    values = np.polyval(cubic, borders)
    values[0], values[-1] = f0, f1
    return [
        (float(borders[k]), float(borders[k + 1]))
        for k in range(borders.size - 1)
        if values[k] * values[k + 1] < 0 or values[k + 1] == 0
    ]


def _refined(
    model: _Sweep, frequency_ghz: float, lower: IntArray, upper: IntArray, left: FloatArray, right: FloatArray
) -> FloatArray:
    """Roots by Newton's step, replaced by bisection where it leaves the bracket."""
    if lower.size == 0:
        return np.empty(0)
    left, right = left.copy(), right.copy()

    def detuning(fields: FloatArray, pairs: IntArray) -> tuple[FloatArray, FloatArray]:
        energies, _, slopes = model.levels(fields)
        rows = np.arange(pairs.size)
        high, low = upper[pairs], lower[pairs]
        return energies[rows, high] - energies[rows, low] - frequency_ghz, slopes[rows, high] - slopes[rows, low]

    open_pairs = np.arange(lower.size)
    sign_left = np.sign(detuning(left, open_pairs)[0])
    fields = (left + right) / 2
    for _ in range(N_REFINE):
        value, slope = detuning(fields[open_pairs], open_pairs)
        here = fields[open_pairs]
        on_left = np.sign(value) == sign_left[open_pairs]
        left[open_pairs] = np.where(on_left, here, left[open_pairs])
        right[open_pairs] = np.where(on_left, right[open_pairs], here)
        newton = here - np.divide(value, slope, out=np.full(value.shape, np.inf), where=slope != 0)
        done = np.abs(newton - here) < FIELD_TOLERANCE_T
        inside = (newton > left[open_pairs]) & (newton < right[open_pairs])
        middle = (left[open_pairs] + right[open_pairs]) / 2
        fields[open_pairs] = np.where(done | inside, newton, middle)
        open_pairs = open_pairs[~done & (right[open_pairs] - left[open_pairs] > FIELD_TOLERANCE_T)]
        if open_pairs.size == 0:
            break
    return fields


def _described(
    model: _Sweep,
    dopant: Dopant,
    fields: FloatArray,
    lower: IntArray,
    upper: IntArray,
    minimum_element: float,
    temperature_k: float | None,
    relative: bool = True,
) -> FieldLines:
    order = np.argsort(fields, kind="stable")
    fields, lower, upper = fields[order], lower[order], upper[order]
    energies, vectors, slopes = model.levels(fields)
    rows = np.arange(fields.size)
    element = np.sqrt(model.strengths(vectors)[rows, upper, lower])
    slope = slopes[rows, upper] - slopes[rows, lower]
    difference = np.ones(fields.size)
    if temperature_k is not None and fields.size:
        kt_ghz = BOLTZMANN_MEV_PER_K * temperature_k / PLANCK_MEV_PER_GHZ
        populations = np.exp(-(energies - energies[:, :1]) / kt_ghz)
        populations /= populations.sum(axis=1, keepdims=True)
        difference = populations[rows, lower] - populations[rows, upper]
    intensity = element**2 * difference / np.maximum(np.abs(slope), 1e-9)
    dominant = np.argmax(np.abs(np.einsum("ab,nbi->nai", model.product_states.conj().T, vectors)) ** 2, axis=1)
    nuclear = dimension(dopant.nuclear_spin)
    m_s, m_i = projections(dopant.spin)[dominant // nuclear], projections(dopant.nuclear_spin)[dominant % nuclear]
    keep = element >= minimum_element
    top = float(intensity[keep].max()) if relative and np.any(keep) else 1.0
    return FieldLines(
        field_t=fields[keep],
        matrix_element=element[keep],
        slope_ghz_per_t=slope[keep],
        intensity=intensity[keep] / top,
        lower_m_s=m_s[rows, lower][keep],
        upper_m_s=m_s[rows, upper][keep],
        lower_m_i=m_i[rows, lower][keep],
        upper_m_i=m_i[rows, upper][keep],
    )


def _along(spin: float, unit: Field) -> ComplexArray:
    """Eigenvectors (columns, projection +S ... -S along ``unit``) of one spin."""
    operator = sum((c * s for c, s in zip(unit, spin_operators(spin).vector, strict=True)), 0 * spin_operators(spin).x)
    return np.asarray(np.linalg.eigh(operator)[1][:, ::-1], dtype=np.complex128)


def _perpendicular(unit: Field) -> tuple[FloatArray, FloatArray]:
    axis = np.asarray(unit)
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    first = np.cross(axis, helper)
    first /= np.linalg.norm(first)
    return first, np.cross(axis, first)


def _unit(direction: Field) -> Field:
    checked_field(direction)
    length = float(np.linalg.norm(direction))
    if length == 0:
        raise ValueError("direction = (0, 0, 0): give the direction of the field")
    return direction[0] / length, direction[1] / length, direction[2] / length
