"""The frame in which a microwave stands still: every level turns by a whole number of microwave photons.

H(t) = H₀ + M cos(ωt + φ). With U = exp(iNωt), N integer for each eigenstate, the part of M between levels whose N
differ by one is constant, all else oscillates at multiples of ω and is dropped (rotating-wave approximation, Bloch
and Siegert, Phys. Rev. 57, 522 (1940)). N is found from the couplings: the nearest to resonance are served first.
What is dropped is measured against its detuning, and refused when it is not small.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sims.basics.constants import PLANCK_MEV_PER_GHZ
from sims.basics.spins import ComplexArray, FloatArray
from sims.dynamics.reduction import IntArray
from sims.dynamics.superoperator import HBAR_MEV_NS

LARGEST_DROPPED = 0.1
"""Largest r = |M_ij|/2 over its detuning among the dropped terms; populations are then off by at most 4r²."""


@dataclass(frozen=True)
class Frame:
    """A frame that turns level i at ``energies_mev[i]``/ħ: ρ_frame = e^{iEt/ħ} ρ e^{−iEt/ħ}."""

    energies_mev: FloatArray

    @property
    def turns(self) -> bool:
        """False for the frame in which the system is written."""
        return bool(np.any(self.energies_mev != self.energies_mev[0]))

    def phases(self, time_ns: float) -> ComplexArray:
        """e^{iEt/ħ}, (n,)."""
        return np.asarray(np.exp(1j * self.energies_mev * (time_ns / HBAR_MEV_NS)), dtype=np.complex128)


@dataclass(frozen=True)
class MicrowaveFrame:
    """Photons ``quanta`` (n,) of energy ``quantum_mev`` by which each level turns.

    ``worst_dropped``: largest |coupling|/|detuning| of the terms left out.
    """

    quanta: IntArray
    quantum_mev: float
    worst_dropped: float

    def static_part(self, shaken_mev: ComplexArray, phase_rad: float) -> ComplexArray:
        """What stands still of M cos(ωt + φ), (n, n) in meV."""
        step = self.quanta[:, None] - self.quanta[None, :]
        factor = np.where(step == 1, np.exp(-1j * phase_rad), 0) + np.where(step == -1, np.exp(1j * phase_rad), 0)
        return np.asarray(shaken_mev * factor / 2, dtype=np.complex128)


def microwave_frame(
    energies_mev: FloatArray, shaken_mev: ComplexArray, bound_mev: ComplexArray, frequency_ghz: float
) -> MicrowaveFrame:
    """Whole numbers N for the levels (n,) of energies (n,) under M = ``shaken_mev`` (n, n).

    Levels joined by ``bound_mev`` (n, n: the light, already static) get the same N. ValueError when the frequency is
    not above zero or when a term of M that is not small against its detuning would have to be dropped.
    """
    if not (np.isfinite(frequency_ghz) and frequency_ghz > 0):
        raise ValueError(f"microwave frequency_ghz = {frequency_ghz}: must be finite and above 0")
    quantum = PLANCK_MEV_PER_GHZ * frequency_ghz
    size = energies_mev.size
    _, group = connected_components(csr_array((np.abs(bound_mev) > 0).astype(np.int8)), directed=False)
    quanta = np.zeros(size, dtype=np.int64)
    strongest = np.max(np.abs(shaken_mev), initial=0.0)
    upper, lower = np.nonzero(np.abs(shaken_mev) > 1e-12 * strongest)
    gap = energies_mev[upper] - energies_mev[lower]
    mismatch = np.abs(gap - quantum)
    useful = np.flatnonzero((gap > 0) & (mismatch < quantum / 2))
    for link in useful[np.argsort(mismatch[useful], kind="stable")]:
        a, b = int(upper[link]), int(lower[link])
        if group[a] != group[b]:
            members = group == group[a]
            quanta[members] += quanta[b] + 1 - quanta[a]
            group[members] = group[b]
    worst = _worst_dropped(energies_mev, shaken_mev, quanta, quantum)
    if worst > LARGEST_DROPPED:
        raise ValueError(
            f"microwave at {frequency_ghz:g} GHz: no rotating frame holds it still (a term of {worst:.2g} times its "
            "detuning would be dropped). Lower the field, or, with light on at the same time, use one circular "
            "polarisation in a field along z, or switch light and microwave in turns"
        )
    return MicrowaveFrame(quanta, quantum, worst)


def split_by_quanta(operator: ComplexArray, quanta: IntArray) -> list[ComplexArray]:
    """A collapse operator as parts of equal change of N: in the frame their cross terms turn at ω and average out."""
    change = quanta[:, None] - quanta[None, :]
    present = np.unique(change[operator != 0])
    return [np.where(change == value, operator, 0) for value in present]


def _worst_dropped(energies: FloatArray, shaken: ComplexArray, quanta: IntArray, quantum: float) -> float:
    """Largest |M_ij|/2 over its detuning among the terms that do not stand still."""
    gap = energies[:, None] - energies[None, :]
    step = quanta[:, None] - quanta[None, :]
    worst = 0.0
    for sign in (1, -1):
        # The term with e^{∓iωt} is static where N differs by ±1; elsewhere it turns at the gap less that photon.
        dropped = (np.abs(shaken) > 0) & (step != sign)
        turning = np.abs(gap[dropped] - sign * quantum)
        ratio = np.abs(shaken[dropped]) / 2 / np.maximum(turning, 1e-12 * quantum)
        worst = max(worst, float(np.max(ratio, initial=0.0)))
    return worst
