"""The conditional model against the whole electron spin 5/2 with every dipolar term, built from magnetic moments."""

import numpy as np
import pytest

from sims.basics.spins import place, spin_operators
from sims.coherence.bath import of_one_isotope
from sims.coherence.dipolar import Field, Qubit
from sims.coherence.exact import exact_coherence
from sims.coherence.sequences import cpmg, hahn_echo, ramsey
from sims.matter.isotopes import spin_isotopes

MU0_OVER_4PI, HBAR, BOHR = 1e-7, 1.054571817e-34, 9.2740100783e-24
PROTON = spin_isotopes("H")[0]
POSITIONS_NM = np.array([[0.3, 0.2, 0.25], [-0.25, 0.35, -0.2]])
DIMENSIONS = (6, 2, 2)


def moments():
    """Operators of the three magnetic moments in J/T: -g mu_B S and gamma hbar I."""
    electron = [-2.0 * BOHR * place(one, 0, DIMENSIONS) for one in spin_operators(2.5).vector]
    gamma = PROTON.gyromagnetic_ratio_rad_per_s_per_t
    nuclei = [[gamma * HBAR * place(one, k, DIMENSIONS) for one in spin_operators(0.5).vector] for k in (1, 2)]
    return [electron, *nuclei]


def whole_hamiltonian(field_t):
    """Zeeman energy of all moments and dipole energy of all pairs, rad/s."""
    every, places = moments(), [np.zeros(3), *POSITIONS_NM * 1e-9]
    energy = -field_t * sum(one[2] for one in every)
    for i in range(3):
        for j in range(i + 1, 3):
            r = places[j] - places[i]
            n, length = r / np.linalg.norm(r), np.linalg.norm(r)
            one, other = (sum(c * m for c, m in zip(n, every[k], strict=True)) for k in (i, j))
            dot = sum(a @ b for a, b in zip(every[i], every[j], strict=True))
            energy = energy + MU0_OVER_4PI / length**3 * (dot - 3 * one @ other)
    return energy / HBAR


def measured_coherence(field_t, upper_index, sequence, time_s):
    """Start in |m><m-1| x 1/4, ideal pi pulses on that transition, read the same matrix element."""
    energies, vectors = np.linalg.eigh(whole_hamiltonian(field_t))
    swap = np.eye(6)
    swap[[upper_index, upper_index + 1]] = swap[[upper_index + 1, upper_index]]
    pulse = np.kron(swap, np.eye(4))
    flip = np.zeros((6, 6))
    flip[upper_index, upper_index + 1] = 1.0
    state = np.kron(flip, np.eye(4) / 4).astype(complex)
    for k, share in enumerate(sequence.durations):
        if k:
            state = pulse @ state @ pulse.T
        turn = (vectors * np.exp(-1j * energies * share * time_s)) @ vectors.conj().T
        state = turn @ state @ turn.conj().T
    seen = flip if len(sequence.pulses) % 2 == 0 else flip.T
    return abs(np.trace(np.kron(seen, np.eye(4)).T @ state))


@pytest.mark.parametrize("sequence", [ramsey(), hahn_echo(), cpmg(2)])
@pytest.mark.parametrize("level", [2.5, 0.5, -1.5])
def test_modulation_of_near_protons(sequence, level):
    qubit, field_t = Qubit(2.5, level), 0.15
    times = np.linspace(1e-8, 4e-7, 9)
    bath = of_one_isotope(POSITIONS_NM, PROTON)
    model = np.abs(exact_coherence(bath, qubit, Field(field_t), sequence, times))
    whole = [measured_coherence(field_t, round(2.5 - level), sequence, float(t)) for t in times]
    assert model.min() < 0.97
    np.testing.assert_allclose(model, whole, atol=2e-3)


def test_the_sign_of_the_hyperfine_coupling_shows():
    bath, times = of_one_isotope(POSITIONS_NM, PROTON), np.linspace(1e-8, 4e-7, 9)
    right, wrong = (
        np.abs(exact_coherence(bath, Qubit(2.5, level), Field(0.15), hahn_echo(), times)) for level in (2.5, -1.5)
    )
    whole = np.array([measured_coherence(0.15, 0, hahn_echo(), float(t)) for t in times])
    assert np.abs(right - whole).max() < 0.1 * np.abs(wrong - whole).max()
