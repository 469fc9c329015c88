"""What every pulse sequence acts on: levels, relaxation, and how light and microwave couple to them.

All operators are written in the eigenbasis of the dark Hamiltonian, with energies in a frame that turns at the
photon energy of the undoped bright heavy-hole exciton, once for each exciton.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import ComplexArray, FloatArray, eigenstates

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class System:
    """n levels of a dot or a bare spin, in the eigenbasis of the dark Hamiltonian.

    ``energies_mev`` (n,); ``basis`` (n, n): product state → eigenstate columns; ``photons`` (n,): excitons in each
    level (0, 1, 2); ``collapse``: dark relaxation, operators (n, n) in 1/√ns; ``lowering`` (3, n, n): the dipole
    taking an exciton to the light (σ⁺, σ⁻, π), 1 for a bright heavy hole; ``moment_mev_per_t`` (3, n, n): the
    magnetic moment −∂H/∂(−B) = g μ_B S along x, y, z that a microwave field shakes; ``creation``: operators that
    put a pair into (|+1⟩, |−1⟩, |+2⟩, |−2⟩) without touching the dopant; ``mixing``: dopant steps in the ground
    manifold for a rate of 1/ns; ``second_creation``: a pair added to an exciton. ``lowering`` also takes the
    biexciton, where there is one, to the exciton. Empty tuples where the system has no such thing.
    """

    energies_mev: FloatArray
    basis: ComplexArray
    photons: IntArray
    collapse: tuple[ComplexArray, ...]
    lowering: ComplexArray
    moment_mev_per_t: ComplexArray
    creation: tuple[ComplexArray, ...] = ()
    mixing: tuple[ComplexArray, ...] = ()
    second_creation: tuple[ComplexArray, ...] = ()

    @property
    def size(self) -> int:
        """Number of levels."""
        return self.energies_mev.size

    @property
    def hamiltonian_mev(self) -> ComplexArray:
        """The dark Hamiltonian (n, n): diagonal in this basis."""
        return np.diag(self.energies_mev).astype(np.complex128)

    def from_product_basis(self, operator: ComplexArray) -> ComplexArray:
        """An operator (n, n) of the product basis, written in the eigenbasis."""
        return np.asarray(self.basis.conj().T @ operator @ self.basis, dtype=np.complex128)

    def to_product_basis(self, operator: ComplexArray) -> ComplexArray:
        """Operators or states (..., n, n) of the eigenbasis, written in the product basis."""
        return np.asarray(self.basis @ operator @ self.basis.conj().T, dtype=np.complex128)


def restricted(system: System, levels: IntArray) -> System:
    """The part of a system on some of its ``levels`` (k,), for stretches in which the others are empty.

    Light and pairs lead out of it, so it has none of them. ValueError when a jump would leave the part.
    """
    others = np.setdiff1d(np.arange(system.size), levels)
    for number, operator in enumerate(system.collapse):
        if np.any(operator[np.ix_(others, levels)]):
            raise ValueError(f"restricted: collapse[{number}] leads out of the chosen levels")
    block = np.ix_(levels, levels)
    inner = tuple(c[block] for c in system.collapse)
    return System(
        energies_mev=system.energies_mev[levels],
        basis=system.basis[:, levels],
        photons=system.photons[levels],
        collapse=tuple(c for c in inner if np.any(c)),
        lowering=system.lowering[:, levels][:, :, levels],
        moment_mev_per_t=system.moment_mev_per_t[:, levels][:, :, levels],
        mixing=tuple(c[block] for c in system.mixing),
        second_creation=tuple(c[block] for c in system.second_creation),
    )


def block_eigenstates(hamiltonian_mev: ComplexArray) -> tuple[FloatArray, ComplexArray]:
    """Energies (n,) and eigenvectors (n, n) that never mix uncoupled blocks, even when these are degenerate.

    The order is that of the blocks, within a block that of energy. Blocks are found from the non-zero entries, so
    conserved quantities (the total projection in an axial field) stay exactly conserved.
    """
    size = hamiltonian_mev.shape[0]
    limit = 4 * np.finfo(np.float64).eps * np.max(np.abs(hamiltonian_mev), initial=0.0)
    n_blocks, label = connected_components(csr_array(np.abs(hamiltonian_mev) > limit), directed=False)
    energies, vectors = np.empty(size), np.zeros((size, size), dtype=np.complex128)
    done = 0
    for block in range(n_blocks):
        members = np.flatnonzero(label == block)
        columns = np.arange(done, done + members.size)
        energies[columns], inner = eigenstates(hamiltonian_mev[np.ix_(members, members)])
        vectors[np.ix_(members, columns)] = inner
        done += members.size
    return energies, vectors


def thermal_operator(operator: ComplexArray, energies_mev: FloatArray, temperature_k: float) -> ComplexArray:
    """One jump operator for a bath in detailed balance that keeps the coherence of near-degenerate levels.

    L_ij = A_ij √min(1, exp(−(E_i − E_j)/kT)) in the eigenbasis: the universal Lindblad form (Nathan and Rudner,
    Phys. Rev. B 102, 115109 (2020), eq. (27)) for a bath whose downhill spectrum is flat. Populations flow at the
    golden-rule rates of sims.dot.relaxation; no secular approximation.
    """
    rise = np.maximum(0.0, energies_mev[:, None] - energies_mev[None, :])
    return np.asarray(operator * np.exp(-rise / (2 * BOLTZMANN_MEV_PER_K * temperature_k)), dtype=np.complex128)


def thermal_state(energies_mev: FloatArray, levels: IntArray, temperature_k: float) -> ComplexArray:
    """Gibbs state (n, n) on the chosen ``levels`` of n in the eigenbasis."""
    weight = np.zeros(energies_mev.size)
    lowest = np.min(energies_mev[levels])
    weight[levels] = np.exp(-(energies_mev[levels] - lowest) / (BOLTZMANN_MEV_PER_K * temperature_k))
    return np.diag(weight / weight.sum()).astype(np.complex128)


def checked_temperature(temperature_k: float) -> float:
    """A temperature above 0 K; ValueError otherwise."""
    if not (np.isfinite(temperature_k) and temperature_k > 0):
        raise ValueError(f"temperature_k = {temperature_k}: must be finite and above 0 K")
    return temperature_k


def checked_field(field_t: tuple[float, float, float]) -> tuple[float, float, float]:
    """Three finite components in tesla; ValueError otherwise."""
    if len(field_t) != 3 or not all(np.isfinite(b) for b in field_t):
        raise ValueError(f"field_t = {field_t}: must be three finite components in tesla")
    return field_t
