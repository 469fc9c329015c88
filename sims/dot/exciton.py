"""Exciton and dopants: Hamiltonian, eigenstates and the light of every transition to the ground manifold.

Product space: electron s=1/2, hole J=3/2, then the dopants. Energies in meV, relative to the bright heavy-hole
exciton without dopant at zero field.

The dipole is a vector operator, so its hole and electron parts are the Clebsch-Gordan coefficients of
1/2 x 3/2 -> 1 (times sqrt(4/3)): sigma-plus takes |e-1/2, h+3/2> with 1 and |e+1/2, h+1/2> with -1/sqrt(3).
With that sign the F=2 states of the isotropic electron-hole exchange are exactly dark.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T
from sims.basics.spins import (
    ComplexArray,
    FloatArray,
    dimension,
    eigenstates,
    place,
    placed_scalar_product,
    product,
    spin_operators,
)
from sims.dot.exchange import exchange_constants
from sims.dot.ground import Field, biased, dopant_hamiltonian, dopant_levels
from sims.dot.sample import Sample

ELECTRON, HOLE = 0, 1
N_CARRIER = 8


@dataclass(frozen=True)
class GroundManifold:
    """Product states of the dopants' electron-spin levels: energies (n_g,), vectors (n_g, n_g) as columns."""

    energies_mev: FloatArray
    vectors: ComplexArray


@dataclass(frozen=True)
class ExcitonManifold:
    """Exciton eigenstates in order of energy: energies (n_x,), vectors (8 n_g, n_x) as columns."""

    energies_mev: FloatArray
    vectors: ComplexArray


def space_dimensions(sample: Sample) -> tuple[int, ...]:
    """Dimensions of electron, hole and each dopant."""
    return (2, 4, *(dimension(dopant.spin) for dopant in sample.dopants))


def ground_manifold(sample: Sample, field_t: Field) -> GroundManifold:
    """Dopants without exciton. The interaction between two dopants is left out (distant dopants)."""
    levels = [dopant_levels(dopant, field_t) for dopant in sample.dopants]
    energies = np.zeros(1)
    for level in levels:
        energies = np.add.outer(energies, level.energies_mev).ravel()
    vectors = product(level.vectors for level in levels)
    return GroundManifold(energies, vectors)


def exciton_hamiltonian(sample: Sample, field_t: Field) -> ComplexArray:
    """Full Hamiltonian, shape (8 n_g, 8 n_g), meV."""
    dimensions = space_dimensions(sample)
    result = place(_carrier_hamiltonian(sample, field_t), 0, (N_CARRIER, *dimensions[2:]))
    for number, dopant in enumerate(sample.dopants, start=2):
        spin = (dopant.spin, number)
        exchange = exchange_constants(sample, dopant)
        result = result + place(dopant_hamiltonian(dopant, field_t), number, dimensions)
        result = result + exchange.electron_mev * placed_scalar_product(spin, (0.5, ELECTRON), dimensions)
        result = result + exchange.hole_mev * placed_scalar_product(spin, (1.5, HOLE), dimensions)
    return result


def exciton_manifold(sample: Sample, field_t: Field) -> ExcitonManifold:
    """Eigenstates of the exciton with its dopants; degenerate pairs are named by their projection on z."""
    energies, vectors = eigenstates(exciton_hamiltonian(sample, biased(field_t)))
    return ExcitonManifold(energies, vectors)


def carrier_amplitudes(ground: GroundManifold, exciton: ExcitonManifold) -> ComplexArray:
    """<carrier state, ground g | exciton i>, shape (8, n_g, n_x)."""
    n_ground = ground.energies_mev.size
    vectors = exciton.vectors.reshape(N_CARRIER, n_ground, -1)
    return np.asarray(np.einsum("mg,cmi->cgi", ground.vectors.conj(), vectors), dtype=np.complex128)


def dipole_rows() -> FloatArray:
    """Amplitudes with which (sigma-plus, sigma-minus, pi) take each carrier state to the vacuum, (3, 8).

    Carrier states are ordered electron (+1/2, -1/2) times hole (+3/2 ... -3/2). A heavy-hole bright exciton
    has 1; pi light is polarised along z and does not leave along z.
    """
    rows = np.zeros((3, N_CARRIER))
    rows[0, _carrier(-0.5, 1.5)], rows[0, _carrier(0.5, 0.5)] = 1.0, -1 / np.sqrt(3)
    rows[1, _carrier(0.5, -1.5)], rows[1, _carrier(-0.5, -0.5)] = -1.0, 1 / np.sqrt(3)
    rows[2, _carrier(-0.5, 0.5)], rows[2, _carrier(0.5, -0.5)] = np.sqrt(2 / 3), -np.sqrt(2 / 3)
    return rows


def stokes_vectors(plus: ComplexArray, minus: ComplexArray) -> FloatArray:
    """Stokes parameters (..., 4) of light with circular amplitudes; S3 = S0 is sigma-plus.

    e(+-) = -+(x +- iy)/sqrt(2), hence S1 = -2 Re(a+ a-*), S2 = 2 Im(a+ a-*).
    """
    p, m = np.abs(plus) ** 2, np.abs(minus) ** 2
    cross = plus * minus.conj()
    return np.stack([p + m, -2 * cross.real, 2 * cross.imag, p - m], axis=-1)


def heavy_bright_states() -> npt.NDArray[np.int64]:
    """Carrier indices of |+1> and |-1>."""
    return np.array([_carrier(-0.5, 1.5), _carrier(0.5, -1.5)])


def heavy_dark_states() -> npt.NDArray[np.int64]:
    """Carrier indices of |+2> and |-2>."""
    return np.array([_carrier(0.5, 1.5), _carrier(-0.5, -1.5)])


def _carrier(electron: float, hole: float) -> int:
    return int((0.5 - electron) * 4 + (1.5 - hole))


def _carrier_hamiltonian(sample: Sample, field_t: Field) -> ComplexArray:
    """Electron and hole alone, (8, 8): exchange, hole splitting and mixing, Zeeman."""
    dimensions = (2, 4)
    electron = [place(s, ELECTRON, dimensions) for s in spin_operators(0.5).vector]
    hole_spin = spin_operators(1.5)
    hole = [place(j, HOLE, dimensions) for j in hole_spin.vector]
    unit = np.eye(N_CARRIER, dtype=np.complex128)
    eta = sample.bright_dark_splitting_mev / 3
    result = -2 * eta * placed_scalar_product((0.5, ELECTRON), (1.5, HOLE), dimensions)
    result = result - sample.hh_lh_splitting_mev / 2 * (hole[2] @ hole[2] - 1.25 * unit)
    squares = hole_spin.plus @ hole_spin.plus + hole_spin.minus @ hole_spin.minus
    result = result + sample.hh_lh_mixing_mev / (2 * np.sqrt(3)) * place(squares, HOLE, dimensions)
    up, down = heavy_bright_states()
    # The dipole row of carrier state |-1> has the sign -1; the minus makes x-polarised light the lower line.
    result[up, down] -= sample.anisotropic_splitting_mev / 2
    result[down, up] -= sample.anisotropic_splitting_mev / 2
    for b, e, h in zip(field_t, electron, hole, strict=True):
        result = result + BOHR_MAGNETON_MEV_PER_T * b * (sample.electron_g * e - 2 * sample.hole_kappa * h)
    centre = -sample.hh_lh_splitting_mev / 2 + sample.bright_dark_splitting_mev / 2
    return np.asarray(result - centre * unit, dtype=np.complex128)
