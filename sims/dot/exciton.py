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

from sims.basics.spins import (
    ComplexArray,
    FloatArray,
    dimension,
    eigenstates,
    place,
    placed_scalar_product,
    product,
)
from sims.dot.carriers import (
    ELECTRON,
    HOLE,
    N_PAIR,
    Carriers,
    carrier_hamiltonian,
    excited_carriers,
    pair_removal,
    pair_state,
    paired_holes,
    resident_carriers,
)
from sims.dot.exchange import exchange_constants
from sims.dot.ground import Field, biased, checked_field, dopant_hamiltonian, dopant_levels
from sims.dot.sample import Sample

N_CARRIER = N_PAIR


@dataclass(frozen=True)
class GroundManifold:
    """States in the dark: energies (n_g,), vectors (n_g, n_g) as columns in the product basis.

    Product states of the dopants' electron-spin levels where nothing couples them; eigenstates in order of energy
    where a resident carrier or an exchange between dopants does.
    """

    energies_mev: FloatArray
    vectors: ComplexArray


@dataclass(frozen=True)
class ExcitonManifold:
    """Exciton (or trion) eigenstates in order of energy: energies (n_x,), vectors (n, n_x) as columns.

    n = 8 n_g for an exciton (electron, hole, dopants), 4 (hole) or 2 (electron) times the dopant states for a trion.
    """

    energies_mev: FloatArray
    vectors: ComplexArray


def space_dimensions(sample: Sample) -> tuple[int, ...]:
    """Dimensions of electron, hole and each dopant in the excited dot; 1 for a carrier absent or paired."""
    return (*excited_carriers(sample).dimensions, *_dopant_dimensions(sample))


def ground_dimensions(sample: Sample) -> tuple[int, ...]:
    """Dimensions of electron, hole and each dopant in the dark; 1 for a carrier absent or paired."""
    return (*resident_carriers(sample).dimensions, *_dopant_dimensions(sample))


def has_coupled_ground(sample: Sample) -> bool:
    """Whether a resident carrier or an exchange between dopants couples the spins in the dark."""
    return sample.charge != 0 or bool(sample.dopant_exchange)


def ground_hamiltonian(sample: Sample, field_t: Field) -> ComplexArray:
    """Dark dot: dopants and the resident carrier, if any; meV, shape (n_g, n_g)."""
    return _hamiltonian(sample, field_t, resident_carriers(sample))


def ground_manifold(sample: Sample, field_t: Field) -> GroundManifold:
    """States in the dark; ValueError for a field that is not finite."""
    if has_coupled_ground(sample):
        return GroundManifold(*eigenstates(ground_hamiltonian(sample, biased(field_t))))
    levels = [dopant_levels(dopant, field_t) for dopant in sample.dopants]
    energies = np.zeros(1)
    for level in levels:
        energies = np.add.outer(energies, level.energies_mev).ravel()
    vectors = product(level.vectors for level in levels)
    return GroundManifold(energies, vectors)


def exciton_hamiltonian(sample: Sample, field_t: Field) -> ComplexArray:
    """Excited dot (exciton or trion) with its dopants, meV; shape (8 n_g, 8 n_g) for an exciton."""
    result = _hamiltonian(sample, field_t, excited_carriers(sample))
    if sample.charge == 1:
        result = result + paired_holes(sample)[1] * np.eye(len(result))
    return result


def exciton_manifold(sample: Sample, field_t: Field) -> ExcitonManifold:
    """Eigenstates of the excited dot; degenerate pairs are named by their projection on z."""
    energies, vectors = eigenstates(exciton_hamiltonian(sample, biased(field_t)))
    return ExcitonManifold(energies, vectors)


def pair_amplitudes(sample: Sample, ground: GroundManifold, exciton: ExcitonManifold) -> ComplexArray:
    """<ground g| remove pair c |excited i>, shape (8, n_g, n_x), whatever the charge."""
    if sample.charge == 0:
        return carrier_amplitudes(ground, exciton)
    removal = pair_removal(sample)
    n_dopant = int(np.prod(_dopant_dimensions(sample)))
    before = ground.vectors.conj().reshape(removal.shape[1], n_dopant, -1)
    after = exciton.vectors.reshape(removal.shape[2], n_dopant, -1)
    overlap = np.einsum("rdg,xdi->rxgi", before, after, optimize=True)
    return np.asarray(np.einsum("crx,rxgi->cgi", removal, overlap, optimize=True), dtype=np.complex128)


def carrier_amplitudes(ground: GroundManifold, exciton: ExcitonManifold) -> ComplexArray:
    """<carrier state, ground g | exciton i> of a neutral dot, shape (8, n_g, n_x)."""
    n_ground = ground.energies_mev.size
    vectors = exciton.vectors.reshape(N_CARRIER, n_ground, -1)
    return np.asarray(np.einsum("mg,cmi->cgi", ground.vectors.conj(), vectors), dtype=np.complex128)


def dipole_rows() -> FloatArray:
    """Amplitudes with which (sigma-plus, sigma-minus, pi) take each carrier state to the vacuum, (3, 8).

    Carrier states are ordered electron (+1/2, -1/2) times hole (+3/2 ... -3/2). A heavy-hole bright exciton
    has 1; pi light is polarised along z and does not leave along z.
    """
    rows = np.zeros((3, N_CARRIER))
    rows[0, pair_state(-0.5, 1.5)], rows[0, pair_state(0.5, 0.5)] = 1.0, -1 / np.sqrt(3)
    rows[1, pair_state(0.5, -1.5)], rows[1, pair_state(-0.5, -0.5)] = -1.0, 1 / np.sqrt(3)
    rows[2, pair_state(-0.5, 0.5)], rows[2, pair_state(0.5, -0.5)] = np.sqrt(2 / 3), -np.sqrt(2 / 3)
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
    return np.array([pair_state(-0.5, 1.5), pair_state(0.5, -1.5)])


def heavy_dark_states() -> npt.NDArray[np.int64]:
    """Carrier indices of |+2> and |-2>."""
    return np.array([pair_state(0.5, 1.5), pair_state(-0.5, -1.5)])


def _dopant_dimensions(sample: Sample) -> tuple[int, ...]:
    return tuple(dimension(dopant.spin) for dopant in sample.dopants)


def _hamiltonian(sample: Sample, field_t: Field, carriers: Carriers) -> ComplexArray:
    """Carriers with dopants: sp-d exchange, the dopants' own terms, exchange between dopants."""
    checked_field(field_t)
    dimensions = (*carriers.dimensions, *_dopant_dimensions(sample))
    n_carrier = carriers.dimensions[0] * carriers.dimensions[1]
    result = place(carrier_hamiltonian(sample, field_t, carriers), 0, (n_carrier, *dimensions[2:]))
    for number, dopant in enumerate(sample.dopants, start=2):
        spin = (dopant.spin, number)
        result = result + place(dopant_hamiltonian(dopant, field_t), number, dimensions)
        if n_carrier == 1:
            continue
        exchange = exchange_constants(sample, dopant)
        electron, hole = (carriers.electron, ELECTRON), (carriers.hole, HOLE)
        result = result + exchange.electron_mev * placed_scalar_product(spin, electron, dimensions)
        result = result + exchange.hole_mev * placed_scalar_product(spin, hole, dimensions)
    for pair in sample.dopant_exchange:
        one, other = ((sample.dopants[n].spin, n + 2) for n in (pair.first, pair.second))
        result = result + pair.exchange_mev * placed_scalar_product(one, other, dimensions)
    return result
