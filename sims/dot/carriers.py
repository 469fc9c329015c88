"""Which carriers a dot holds before and after absorbing a photon, and their Hamiltonian without dopants.

| charge | before (resident) | after (excited) |
|---|---|---|
| 0 | nothing | electron and hole (exciton) |
| -1 | electron | hole; the two electrons are paired (X-) |
| +1 | hole | electron; the two holes are paired (X+) |

Paired carriers have no spin, so X- feels only the hole's exchange with a dopant and X+ only the electron's. A
carrier that is absent or paired has spin 0, hence one state: every product space is electron, hole, dopants.
"""

from dataclasses import dataclass

import numpy as np

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T
from sims.basics.spins import (
    ComplexArray,
    dimension,
    eigenstates,
    place,
    placed_scalar_product,
    projections,
    spin_operators,
)
from sims.dot.sample import Sample

ELECTRON, HOLE = 0, 1
N_PAIR = 8
"""States of an electron-hole pair: electron (+1/2, -1/2) times hole (+3/2 ... -3/2)."""

Field = tuple[float, float, float]


@dataclass(frozen=True)
class Carriers:
    """Spins of the unpaired electron and hole; 0 for one that is absent or paired."""

    electron: float
    hole: float

    @property
    def dimensions(self) -> tuple[int, int]:
        """Number of states of electron and hole."""
        return dimension(self.electron), dimension(self.hole)


def resident_carriers(sample: Sample) -> Carriers:
    """Unpaired carriers in the dark."""
    return Carriers(0.5 if sample.charge == -1 else 0.0, 1.5 if sample.charge == 1 else 0.0)


def excited_carriers(sample: Sample) -> Carriers:
    """Unpaired carriers after absorption."""
    return Carriers(0.0 if sample.charge == -1 else 0.5, 0.0 if sample.charge == 1 else 1.5)


def pair_state(electron: float, hole: float) -> int:
    """Index of |electron projection, hole projection> among the states of a pair."""
    return int((0.5 - electron) * 4 + (1.5 - hole))


def carrier_hamiltonian(sample: Sample, field_t: Field, carriers: Carriers) -> ComplexArray:
    """Carriers without dopants, meV, shape (n, n): exchange, hole splitting and mixing, Zeeman.

    H = -2 eta s.J - (Delta/2)(J_z^2 - 5/4) + V_BM + mu_B B.(g_e s - 2 kappa J), measured from the bright heavy-hole
    pair, or from the heavy hole where there is no electron; 3 eta is the bright-dark splitting.
    """
    dimensions = carriers.dimensions
    size = dimensions[0] * dimensions[1]
    unit = np.eye(size, dtype=np.complex128)
    result = np.zeros((size, size), dtype=np.complex128)
    if carriers.electron and carriers.hole:
        result = result + _pair_exchange(sample, dimensions) - sample.bright_dark_splitting_mev / 2 * unit
    if carriers.hole:
        result = result + place(_hole_splitting(sample), HOLE, dimensions)
    electron = [place(s, ELECTRON, dimensions) for s in spin_operators(carriers.electron).vector]
    hole = [place(j, HOLE, dimensions) for j in spin_operators(carriers.hole).vector]
    for b, e, h in zip(field_t, electron, hole, strict=True):
        result = result + BOHR_MAGNETON_MEV_PER_T * b * (sample.electron_g * e - 2 * sample.hole_kappa * h)
    return np.asarray(result, dtype=np.complex128)


def paired_holes(sample: Sample) -> tuple[ComplexArray, float]:
    """Amplitudes of the two holes of X+, antisymmetric (4, 4), and their energy in meV.

    Both sit in the lowest Kramers doublet K, TK of the hole without field: A = K TK^T - TK K^T, with the time
    reversal T|m> = (-1)^(3/2 - m) |-m>.
    """
    energies, vectors = eigenstates(_hole_splitting(sample) - 1e-9 * spin_operators(1.5).z)
    lowest = vectors[:, 0]
    reversed_ = (((-1.0) ** (1.5 - projections(1.5))) * lowest.conj())[::-1]
    amplitudes = np.outer(lowest, reversed_) - np.outer(reversed_, lowest)
    return np.asarray(amplitudes, dtype=np.complex128), 2 * float(energies[0])


def pair_removal(sample: Sample) -> ComplexArray:
    """Amplitudes <resident| remove pair c |excited>, shape (8, n_resident, n_excited), of the carriers alone."""
    resident, excited = (np.prod(c.dimensions) for c in (resident_carriers(sample), excited_carriers(sample)))
    result = np.zeros((N_PAIR, int(resident), int(excited)), dtype=np.complex128)
    if sample.charge == 0:
        result[np.arange(N_PAIR), 0, np.arange(N_PAIR)] = 1.0
    elif sample.charge == -1:
        for hole in range(4):
            result[hole, 1, hole] = 1.0  # electron +1/2 recombines, -1/2 stays
            result[4 + hole, 0, hole] = -1.0
    else:
        amplitudes, _ = paired_holes(sample)
        for electron in range(2):
            result[4 * electron : 4 * electron + 4, :, electron] = amplitudes
    return result


def _hole_splitting(sample: Sample) -> ComplexArray:
    """Heavy and light holes, (4, 4), heavy at zero: -(Delta/2)(J_z^2 - 9/4) + mixing (J+^2 + J-^2)."""
    spin = spin_operators(1.5)
    squares = spin.plus @ spin.plus + spin.minus @ spin.minus
    split = -sample.hh_lh_splitting_mev / 2 * (spin.z @ spin.z - 2.25 * np.eye(4))
    return np.asarray(split + sample.hh_lh_mixing_mev / (2 * np.sqrt(3)) * squares, dtype=np.complex128)


def _pair_exchange(sample: Sample, dimensions: tuple[int, int]) -> ComplexArray:
    eta = sample.bright_dark_splitting_mev / 3
    result = -2 * eta * placed_scalar_product((0.5, ELECTRON), (1.5, HOLE), dimensions)
    up, down = pair_state(-0.5, 1.5), pair_state(0.5, -1.5)
    # The dipole row of carrier state |-1> has the sign -1; the minus makes x-polarised light the lower line.
    result[up, down] -= sample.anisotropic_splitting_mev / 2
    result[down, up] -= sample.anisotropic_splitting_mev / 2
    return result
