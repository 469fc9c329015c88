"""The Lindblad engine against closed forms, QuTiP and its own invariants."""

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from sims.basics.spins import ComplexArray, spin_operators
from sims.dynamics.liouvillian import Liouvillian, steady_state_sweep
from sims.dynamics.superoperator import HBAR_MEV_NS

seeds = st.integers(0, 2**31)


def random_system(seed: int, size: int) -> tuple[ComplexArray, list[ComplexArray], ComplexArray]:
    """A Hamiltonian (µeV), three collapse operators and a density matrix without any symmetry."""
    rng = np.random.default_rng(seed)

    def matrix() -> ComplexArray:
        return rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))

    h = matrix()
    root = matrix()
    rho = root @ root.conj().T
    return 1e-3 * (h + h.conj().T), [0.3 * matrix() for _ in range(3)], rho / np.trace(rho).real


def test_two_level_atom_decays_and_precesses() -> None:
    rate, splitting_mev = 0.5, 0.01
    h = np.diag([0.0, splitting_mev])
    lower = np.array([[0, np.sqrt(rate)], [0, 0]])
    rho0 = np.full((2, 2), 0.5, dtype=complex)
    times = np.array([0.0, 0.3, 7.0])
    rho = Liouvillian(h, [lower]).evolve(rho0, times)
    assert np.allclose(rho[:, 1, 1], 0.5 * np.exp(-rate * times), atol=1e-13)
    phase = np.exp(1j * splitting_mev / HBAR_MEV_NS * times)
    assert np.allclose(rho[:, 0, 1], 0.5 * np.exp(-rate * times / 2) * phase, atol=1e-12)


def test_steady_state_of_a_driven_two_level_atom() -> None:
    """Optical Bloch equations: n = (Ω²/γΓ)/2 / (1 + (δ/γ)² + Ω²/γΓ), γ = Γ/2."""
    gamma, omega = 2.0, 1.3
    drive = HBAR_MEV_NS * omega / 2 * np.array([[0, 1], [1, 0]])
    lower = np.array([[0, np.sqrt(gamma)], [0, 0]])
    detunings = np.linspace(-4, 4, 9)
    swept = steady_state_sweep(Liouvillian(drive, [lower]), np.diag([0.0, -HBAR_MEV_NS]), detunings)
    saturation = omega**2 / (gamma / 2 * gamma)
    expected = saturation / 2 / (1 + (detunings / (gamma / 2)) ** 2 + saturation)
    assert np.allclose(swept[:, 1, 1].real, expected, atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(2, 6))
def test_density_matrix_stays_one(seed: int, size: int) -> None:
    h, collapse, rho0 = random_system(seed, size)
    rho = Liouvillian(h, collapse).evolve(rho0, np.array([0.0, 0.01, 0.5, 3.0, 100.0]))
    assert np.allclose(np.trace(rho, axis1=1, axis2=2), 1, atol=1e-11)
    assert np.allclose(rho, np.conj(np.swapaxes(rho, 1, 2)), atol=1e-15)
    assert np.min(np.linalg.eigvalsh(rho)) > -1e-10


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(2, 5))
def test_agrees_with_qutip(seed: int, size: int) -> None:
    h, collapse, rho0 = random_system(seed, size)
    liouvillian = qutip.liouvillian(qutip.Qobj(h / HBAR_MEV_NS), [qutip.Qobj(c) for c in collapse])
    step = (liouvillian * 0.7).expm().full()
    expected = (step @ rho0.reshape(-1, order="F")).reshape(size, size, order="F")
    ours = Liouvillian(h, collapse)
    assert np.allclose(ours.evolve(rho0, np.array([0.7]))[0], expected, atol=1e-10)
    assert np.allclose(ours.steady_state(), qutip.steadystate(liouvillian).full(), atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_uneven_grid_by_eigenvectors_equals_even_grid_by_products(seed: int) -> None:
    h, collapse, rho0 = random_system(seed, 4)
    even = Liouvillian(h, collapse).evolve(rho0, np.linspace(0, 2, 5))
    uneven = Liouvillian(h, collapse).evolve(rho0, np.array([2.0, 0.0, 1.5, 0.5, 1.0]))
    assert np.allclose(uneven, even[[4, 0, 3, 1, 2]], atol=1e-10)


@settings(max_examples=10, deadline=None)
@given(seeds, st.floats(-np.pi, np.pi))
def test_rotating_everything_rotates_the_answer(seed: int, angle: float) -> None:
    h, collapse, rho0 = random_system(seed, 4)
    turn = expm(-1j * angle * spin_operators(1.5).x)
    times = np.array([0.4, 1.0])
    turned = Liouvillian(turn @ h @ turn.conj().T, [turn @ c @ turn.conj().T for c in collapse])
    plain = Liouvillian(h, collapse).evolve(rho0, times)
    rotated = turned.evolve(turn @ rho0 @ turn.conj().T, times)
    assert np.allclose(rotated, turn @ plain @ turn.conj().T, atol=1e-10)


def test_defective_generator_falls_back_to_propagators() -> None:
    """A chain of equal rates has one eigenvalue and one eigenvector: p_k = (γt)^k e^{-γt}/k!."""
    steps = np.zeros((4, 4))
    for k in range(3):
        steps[k + 1, k] = 1.0
    collapse = [np.where(np.arange(4)[None, :] == k, steps, 0) for k in range(3)]
    rho0 = np.diag([1.0, 0, 0, 0]).astype(complex)
    liouvillian = Liouvillian(np.zeros((4, 4)), collapse)
    times = np.array([0.0, 0.1, 1.0, 5.0])
    rho = liouvillian.evolve(rho0, times)
    assert liouvillian.reduced(np.arange(16) < 1).spectrum is None
    assert np.allclose(rho[:, 2, 2], times**2 / 2 * np.exp(-times), atol=1e-13)


def test_unreachable_coherences_are_left_out_exactly() -> None:
    h = np.diag([0.0, 1.0, 2.0, 3.0])
    h[0, 1] = h[1, 0] = 0.1
    liouvillian = Liouvillian(h, [np.diag([1.0, 1.0, 1.0], k=1)])
    rho0 = np.diag([0, 0, 1.0, 0]).astype(complex)
    part = liouvillian.reduced(np.arange(16) == 2)
    assert part.size < 16
    full = liouvillian.propagator(0.8) @ np.concatenate([[0, 0, 1.0, 0], np.zeros(12)])
    assert np.allclose(np.diag(liouvillian.evolve(rho0, np.array([0.8]))[0]).real, full[:4], atol=1e-11)


def test_extra_dephasing_acts_on_coherences_only() -> None:
    rates = np.array([[0.0, 0.4], [0.4, 0.0]])
    rho = Liouvillian(np.zeros((2, 2)), (), rates).evolve(np.full((2, 2), 0.5 + 0j), np.array([2.0]))[0]
    assert np.allclose(rho, [[0.5, 0.5 * np.exp(-0.8)], [0.5 * np.exp(-0.8), 0.5]], atol=1e-14)


def test_sweep_point_equals_the_single_solve() -> None:
    h, collapse, _ = random_system(3, 6)
    perturbation = np.diag([0, 0, 1.0, 1, 1, 2]) * 1e-3
    values = np.linspace(-5, 5, 11)
    swept = steady_state_sweep(Liouvillian(h, collapse), perturbation, values)
    for value, rho in zip(values, swept, strict=True):
        assert np.allclose(Liouvillian(h + value * perturbation, collapse).steady_state(), rho, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.array([[0, 1], [0, 0]]),), "not Hermitian"),
        ((np.zeros((2, 3)),), "square"),
        ((np.array([[np.nan, 0], [0, 0]]),), "hamiltonian_mev holds NaN"),
        ((np.zeros((2, 2)), [np.zeros((3, 3))]), r"collapse\[0\] has shape"),
        ((np.zeros((2, 2)), [np.full((2, 2), np.inf)]), r"collapse\[0\] holds NaN or infinity"),
        ((np.zeros((2, 2)), (), np.array([[0, -1.0], [-1.0, 0]])), "dephasing_per_ns"),
        ((np.zeros((3, 3)), (), np.array([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]])), "any physical process"),
    ],
)
def test_unphysical_input_is_refused_by_name(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Liouvillian(*arguments)  # type: ignore[arg-type]


def test_bad_states_and_times_are_refused_by_name() -> None:
    liouvillian = Liouvillian(np.zeros((2, 2)))
    good = np.diag([1.0, 0]).astype(complex)
    with pytest.raises(ValueError, match="trace 2"):
        liouvillian.evolve(2 * good, np.array([1.0]))
    with pytest.raises(ValueError, match="lowest eigenvalue"):
        liouvillian.evolve(np.diag([1.5, -0.5]).astype(complex), np.array([1.0]))
    with pytest.raises(ValueError, match="times_ns"):
        liouvillian.evolve(good, np.array([-1.0]))
    with pytest.raises(ValueError, match="observable is not Hermitian"):
        liouvillian.expectations(good, np.array([1.0]), [np.array([[0, 1], [0, 0]])])


def test_two_stationary_states_are_refused() -> None:
    with pytest.raises(ValueError, match="not unique"):
        Liouvillian(np.diag([0.0, 1.0])).steady_state()
