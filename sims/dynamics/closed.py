"""Sequences without any relaxation: ρ → U ρ U†, with n x n matrices instead of n² x n² ones."""

from dataclasses import dataclass

import numpy as np

from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.rotating_frame import Frame
from sims.dynamics.segments import Segment, segment_operators
from sims.dynamics.superoperator import HBAR_MEV_NS
from sims.dynamics.system import System


@dataclass(frozen=True)
class ClosedSegment:
    """Energies (n,) in meV and eigenvectors (n, n) of a segment's Hamiltonian in its frame."""

    energies_mev: FloatArray
    vectors: ComplexArray
    frame: Frame

    def unitary(self, begin_ns: float, duration_ns: float) -> ComplexArray:
        """Propagator (n, n) from ``begin_ns`` over ``duration_ns``, outside the frame."""
        phases = np.exp(-1j * self.energies_mev * (duration_ns / HBAR_MEV_NS))
        inside = (self.vectors * phases) @ self.vectors.conj().T
        back = self.frame.phases(begin_ns + duration_ns).conj()
        return np.asarray(back[:, None] * inside * self.frame.phases(begin_ns), dtype=np.complex128)


def closed_segment(system: System, segment: Segment) -> ClosedSegment | None:
    """The segment diagonalised (its duration ignored); None where baths or light make it open."""
    parts = segment_operators(system, segment)
    if parts.collapse:
        return None
    energies, vectors = np.linalg.eigh(parts.hamiltonian_mev)
    return ClosedSegment(energies, vectors, parts.frame)
