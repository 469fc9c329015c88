"""Levels and microwave transitions of one dopant: electron spin coupled to its nucleus, by exact diagonalisation.

Spin Hamiltonian (frequency units, field along the axis z):

    H/h = D [S_z² − S(S+1)/3] + E (S_x² − S_y²) + (a/6) Σ S_i⁴ + A S·I + (g μ_B/h) B S_z

D, E, a, A signed; the nuclear Zeeman term (10 MHz/T, the same for both levels of an electron transition) is left out.
H → −H does not change a frequency, so at zero field only the sign of A relative to D can be seen; D > 0 is taken there.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import constants

FloatArray = npt.NDArray[np.float64]

BOHR_GHZ_PER_T = constants.value("Bohr magneton in Hz/T") * 1e-9
GHZ_PER_UEV = constants.e * 1e-6 / constants.h * 1e-9
_WEAKEST_STICK = 0.01
_SAME_GHZ = 1e-4
"""Sticks closer than this, far below any linewidth, are one: degenerate states may be mixed in any way."""


@dataclass(frozen=True)
class DopantSpin:
    """What is known of the dopant beforehand: spins, g factor, and small terms held fixed (GHz)."""

    spin: float = 2.5
    nuclear_spin: float = 2.5
    g_factor: float = 2.0
    rhombic_ghz: float = 0.0
    cubic_ghz: float = 0.0
    expected_d_ghz: float = 1.0
    """Only to choose among the solutions that the frequency alone cannot tell apart."""
    hyperfine_sign: float = 0.0
    """Sign of A if it is known (+1, -1), else 0. Data of few counts cannot tell them apart, but the
    two solutions differ in |A| by about a tenth, because the hyperfine interaction acts in second order, too."""

    @property
    def n_lines(self) -> int:
        """Hyperfine lines of one electron transition."""
        return round(2 * self.nuclear_spin) + 1


@dataclass(frozen=True)
class Sticks:
    """Resonances of one transition: ``frequency_ghz`` and ``share`` (n,), ``line`` (n,) the index of m_I, −I first.

    The shares of each m_I add up to 1; mixing of states can split a line into several.
    """

    frequency_ghz: FloatArray
    share: FloatArray
    line: npt.NDArray[np.intp]


@lru_cache(maxsize=16)
def spin_matrices(spin: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(S_z, S₊, S₋), each (2S+1, 2S+1), real, states in the order m = S … −S."""
    m = spin - np.arange(round(2 * spin) + 1)
    plus = np.diag(np.sqrt(spin * (spin + 1) - m[1:] * (m[1:] + 1)), k=1)
    return np.diag(m), plus, np.asarray(plus.T)


def hamiltonian_ghz(dopant: DopantSpin, d_ghz: float, a_ghz: float, field_t: float) -> FloatArray:
    """H/h in GHz, real symmetric, electron ⊗ nucleus, both with the highest projection first."""
    sz, plus, minus = spin_matrices(dopant.spin)
    iz, nuclear_plus, nuclear_minus = spin_matrices(dopant.nuclear_spin)
    one, nuclear_one = np.eye(sz.shape[0]), np.eye(iz.shape[0])
    square = sz @ sz
    x2 = (plus + minus) @ (plus + minus) / 4.0
    y2 = -(plus - minus) @ (plus - minus) / 4.0
    electron = d_ghz * (square - dopant.spin * (dopant.spin + 1) / 3.0 * one)
    electron = electron + dopant.rhombic_ghz * (x2 - y2)
    electron = electron + dopant.cubic_ghz / 6.0 * (square @ square + x2 @ x2 + y2 @ y2)
    electron = electron + dopant.g_factor * BOHR_GHZ_PER_T * field_t * sz
    coupling = np.kron(sz, iz) + 0.5 * (np.kron(plus, nuclear_minus) + np.kron(minus, nuclear_plus))
    return np.asarray(np.kron(electron, nuclear_one) + a_ghz * coupling, dtype=np.float64)


@lru_cache(maxsize=4096)
def sticks(dopant: DopantSpin, d_ghz: float, a_ghz: float, field_t: float, start: float, target: float) -> Sticks:
    """Microwave resonances from m_S = ``start`` to the neighbouring ``target``, by exact diagonalisation.

    Weight of i → j for a nuclear projection: |⟨j|P_target S_x P_start,m_I|i⟩|², which does not depend on how a
    degenerate pair of states is mixed.
    """
    energy, states = np.linalg.eigh(hamiltonian_ghz(dopant, d_ghz, a_ghz, field_t))
    n_nuclear = dopant.n_lines
    lower, upper = (round(dopant.spin - m) for m in (start, target))
    from_start = states[lower * n_nuclear : (lower + 1) * n_nuclear]  # (m_I, state), m_I = +I first
    to_target = states[upper * n_nuclear : (upper + 1) * n_nuclear]
    frequency, share, line = [], [], []
    distance = np.abs(energy[:, None] - energy[None, :])
    for k in range(n_nuclear):
        weight = np.outer(from_start[k] ** 2, to_target[k] ** 2)
        places, weights = _merged(distance.ravel(), weight.ravel())
        frequency.append(places)
        share.append(weights / np.sum(weights))
        line.append(np.full(places.size, n_nuclear - 1 - k))
    return Sticks(np.concatenate(frequency), np.concatenate(share), np.concatenate(line).astype(np.intp))


def _merged(frequency_ghz: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join sticks that lie together, then drop the weakest; means of the frequencies and sums of the weights."""
    present = np.flatnonzero(weight > 1e-6 * np.max(weight))
    order = present[np.argsort(frequency_ghz[present])]
    places, weights = frequency_ghz[order], weight[order]
    group = np.concatenate(([0], np.cumsum(np.diff(places) > _SAME_GHZ)))
    total = np.bincount(group, weights)
    mean = np.bincount(group, weights * places) / total
    strong = total > _WEAKEST_STICK * np.max(total)
    return np.asarray(mean[strong], dtype=np.float64), np.asarray(total[strong], dtype=np.float64)


def centre_ghz(dopant: DopantSpin, d_ghz: float, field_t: float, start: float, target: float) -> float:
    """Frequency of the transition without hyperfine coupling (A → 0), GHz."""
    bare = replace(dopant, nuclear_spin=0.0)
    found = sticks(bare, d_ghz, 0.0, field_t, start, target)
    return float(np.sum(found.share * found.frequency_ghz))


def neighbours(dopant: DopantSpin, start: float) -> tuple[float, ...]:
    """Projections next to ``start`` whose distance depends on D: those of another |m|."""
    return tuple(m for m in (start - 1.0, start + 1.0) if abs(m) <= dopant.spin and abs(abs(m) - abs(start)) > 1e-9)


def d_from_centre(dopant: DopantSpin, centre: float, field_t: float, start: float, target: float) -> float:
    """D (GHz) for which the transition lies at ``centre``, axial; of the two roots the one nearest the expected D."""
    zeeman = dopant.g_factor * BOHR_GHZ_PER_T * field_t * (start - target)
    factor = start**2 - target**2
    roots = [(sign * centre - zeeman) / factor for sign in (1.0, -1.0)]
    return min(roots, key=lambda d: abs(d - abs(dopant.expected_d_ghz)))
