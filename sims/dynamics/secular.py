"""The secular rate reduction: populations of the eigenstates only, with a check of whether that is allowed.

Light and microwave (the off-diagonal part V of the Hamiltonian in its frame) become golden-rule rates between
eigenstates of the dark Hamiltonian, jumps become |C_ab|²:
    W_ij = (2|V_ij|²/ħ²) γ_ij/(γ_ij² + Δ_ij²),  γ_ij the decay rate of the coherence, Δ_ij its frequency in the frame.
All coherence that jumps or two-photon paths feed within a manifold is left out (Blum, Density Matrix Theory and
Applications, 3rd ed., sections 8.1-8.2). About 700 times faster than the master equation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.liouvillian import checked_times
from sims.dynamics.reduction import ReducedGenerator
from sims.dynamics.segments import Segment, checked_segment, segment_operators
from sims.dynamics.steady_state import solve_steady_state
from sims.dynamics.superoperator import HBAR_MEV_NS
from sims.dynamics.system import System

LARGEST_RATIO = 0.003
"""Feeding rate of a coherence over |splitting + i damping| up to which the reduction is said to hold.

Compared with the master equation on Mn:CdTe: up to this ratio the fluorescence differs by less than 1e-3, at 0.008
by 2 %, at 0.09 by 1 %, above 1 by 10 to 20 %.
"""


@dataclass(frozen=True)
class SecularValidity:
    """How far the neglected coherences are from negligible.

    ``jump_ratio``: largest |rate at which jumps turn a population into a coherence| over |frequency + i damping| of
    that coherence; ``raman_ratio``: the same for two-step paths of light or microwave. Both estimate the error of
    populations. ``verdict`` reads "holds" or "does not hold, because ...".
    """

    jump_ratio: float
    raman_ratio: float
    limit: float

    @property
    def holds(self) -> bool:
        """True when both ratios are below the limit."""
        return max(self.jump_ratio, self.raman_ratio) <= self.limit

    @property
    def verdict(self) -> str:
        """One line for a person."""
        if self.holds:
            return "holds"
        if self.jump_ratio >= self.raman_ratio:
            cause, ratio = "relaxation feeds coherence between levels", self.jump_ratio
        else:
            cause, ratio = "light or microwave feeds coherence between levels through a third", self.raman_ratio
        return f"does not hold, because {cause} at {ratio:.2g} of their splitting (limit {self.limit:g}); use Sequencer"


@dataclass(frozen=True)
class RateModel:
    """Populations (n,) of a system's eigenstates during one segment: dp/dt = G p with ``generator`` (n, n) in 1/ns."""

    generator: FloatArray
    validity: SecularValidity

    @cached_property
    def _reduced(self) -> ReducedGenerator:
        return ReducedGenerator(np.arange(len(self.generator), dtype=np.int64), self.generator)

    def evolve(self, populations: FloatArray, times_ns: FloatArray) -> FloatArray:
        """Populations (n_t, n) at the times (n_t,) in ns after ``populations`` (n,).

        ValueError unless those are probabilities, and for a time that is negative or not finite.
        """
        start = np.asarray(populations, dtype=np.float64)
        if start.shape != (len(self.generator),) or not np.all(np.isfinite(start)):
            raise ValueError(f"populations: shape {start.shape}; it must be ({len(self.generator)},) and finite")
        if np.min(start) < -1e-9 or abs(start.sum() - 1) > 1e-6:
            raise ValueError(f"populations: must be 0 or above and sum to 1 (they sum to {start.sum():g})")
        return self._reduced.project(np.eye(start.size), start, checked_times(times_ns))

    def steady_state(self) -> FloatArray:
        """Stationary populations (n,). ValueError when there is more than one."""
        return solve_steady_state(self.generator, np.ones(len(self.generator), dtype=np.bool_))


def rate_model(system: System, segment: Segment, limit: float = LARGEST_RATIO) -> RateModel:
    """Rates between the eigenstates of ``system`` during ``segment``, and their validity.

    ValueError as Sequencer.run.
    """
    parts = segment_operators(system, checked_segment(segment))
    collapse = np.stack([*parts.collapse, np.zeros_like(parts.hamiltonian_mev)])
    energies = np.diag(parts.hamiltonian_mev).real
    coupling = parts.hamiltonian_mev - np.diag(np.diag(parts.hamiltonian_mev))
    poles = coherence_poles(energies, collapse)
    rates = jump_rates(collapse) + golden_rule_rates(coupling, poles)
    np.fill_diagonal(rates, 0.0)
    validity = SecularValidity(_jump_ratio(collapse, poles), _raman_ratio(coupling, poles), limit)
    return RateModel(rates - np.diag(rates.sum(axis=0)), validity)


def jump_rates(collapse: ComplexArray) -> FloatArray:
    """Σ_k |C_k,ab|² from b to a, (n, n) in 1/ns, for collapse operators (n_k, n, n)."""
    return np.asarray(np.sum(np.abs(collapse) ** 2, axis=0), dtype=np.float64)


def coherence_poles(energies_mev: FloatArray, collapse: ComplexArray) -> ComplexArray:
    """λ_ij = γ_ij + iΔ_ij of every coherence, (n, n) in 1/ns: γ_ij = (Γ_i + Γ_j)/2 − Re Σ_k C_k,ii C_k,jj*."""
    leaving = jump_rates(collapse).sum(axis=0)
    diagonal = np.diagonal(collapse, axis1=1, axis2=2)
    kept = np.einsum("ki,kj->ij", diagonal, diagonal.conj())
    damping = (leaving[:, None] + leaving[None, :]) / 2 - kept.real
    return np.asarray(damping + 1j * (energies_mev[:, None] - energies_mev[None, :]) / HBAR_MEV_NS)


def golden_rule_rates(coupling_mev: ComplexArray, poles: ComplexArray) -> FloatArray:
    """W_ij, symmetric (n, n) in 1/ns, for couplings (n, n) in meV that stand still in the frame."""
    strength = 2 * (np.abs(coupling_mev) / HBAR_MEV_NS) ** 2
    present = strength > 0
    rates = np.zeros(strength.shape)
    rates[present] = strength[present] * poles.real[present] / np.abs(poles[present]) ** 2
    return rates


def _jump_ratio(collapse: ComplexArray, poles: ComplexArray) -> float:
    """Largest feeding of a coherence ij by a population p, Σ_k C_ip C_jp* − ½((C†C)_ij-terms), over |λ_ij|."""
    feeding = np.max(np.abs(np.einsum("kip,kjp->pij", collapse, collapse.conj(), optimize=True)), axis=0)
    decay = np.abs(np.einsum("kai,kaj->ij", collapse.conj(), collapse, optimize=True)) / 2
    return _largest(np.maximum(feeding, decay), poles)


def _raman_ratio(coupling_mev: ComplexArray, poles: ComplexArray) -> float:
    """Largest V_ik V_kj/(ħ²|λ_ik|) over |λ_ij|, for i ≠ j."""
    amplitude = np.abs(coupling_mev) / HBAR_MEV_NS
    first = np.where(amplitude > 0, amplitude / np.maximum(np.abs(poles), 1e-300), 0.0)
    two_step = np.max(first[:, :, None] * amplitude[None, :, :], axis=1)
    return _largest(two_step, poles)


def _largest(feeding: FloatArray, poles: ComplexArray) -> float:
    off_diagonal = ~np.eye(len(feeding), dtype=np.bool_)
    present = off_diagonal & (feeding > 1e-15 * max(1.0, float(feeding.max(initial=0.0))))
    if not np.any(present):
        return 0.0
    return float(np.max(feeding[present] / np.maximum(np.abs(poles[present]), 1e-300)))
