import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.basics.checks import UnphysicalInputError
from sims.dynamics.heralding import (
    double_click,
    single_click,
    spin_coherence_factor,
    static_detuning_factor,
    visibility,
    visibility_from_times,
)
from sims.dynamics.heralding_simulation import simulate_double_click


@pytest.mark.parametrize(("seen", "fidelity"), [(0.2, 0.60), (0.9, 0.95)])
def test_reference_numbers(seen: float, fidelity: float) -> None:
    herald = double_click(0.05, 0.05, 1e-6, seen, 1e6)
    assert herald.fidelity == pytest.approx(fidelity, abs=2e-4)
    assert herald.true_probability == pytest.approx(1.25e-3)
    assert herald.false_probability == pytest.approx(4 * 0.05 * 1e-6 + 4e-12)
    assert herald.rate_hz == pytest.approx(1250.2, abs=0.01)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("dephasing", [0.0, 0.0556, 2.0])
def test_fidelity_and_probability_agree_with_drawn_photons(rounds: int, dephasing: float) -> None:
    drawn = simulate_double_click(1_500_000, 0.1, 1e-3, 1.0, dephasing, np.random.default_rng(11), rounds=rounds)
    herald = double_click(0.1, 0.1, 1e-3, visibility(1.0, dephasing), 1e6, rounds=rounds)
    # The formula leaves out that a second photon spoils a false herald: 10 % of the false part here.
    assert drawn.probability == pytest.approx(herald.probability, rel=0.03)
    assert drawn.fidelity == pytest.approx(herald.fidelity, abs=0.006 + 4 * drawn.fidelity_error)


def test_static_detuning_agrees_with_drawn_photons_in_one_and_two_rounds() -> None:
    for rounds in (1, 2):
        drawn = simulate_double_click(
            500_000, 0.5, 0.0, 1.0, 0.0, np.random.default_rng(2), detuning_per_ns=0.8, rounds=rounds
        )
        expected = (1 + static_detuning_factor(1.0, 0.8)) / 2
        assert drawn.fidelity == pytest.approx(expected, abs=4 * drawn.fidelity_error)


def test_conditional_density_matrix_gives_the_visibility() -> None:
    """Two photons in wave packets of 1 ns detected at t1, t2: coherence of the spins, integrated over the times."""
    times = np.linspace(0, 15, 1501)
    first, second = np.meshgrid(times, times, indexing="ij")
    weight = np.exp(-(first + second))
    for dephasing in (0.1, 1.0):
        coherence = np.exp(-2 * dephasing * np.abs(first - second))
        integral = np.trapezoid(np.trapezoid(weight * coherence, times), times)
        norm = np.trapezoid(np.trapezoid(weight, times), times)
        assert visibility(1.0, dephasing) == pytest.approx(integral / norm, rel=2e-3)


def test_visibility_from_times_is_the_same_number() -> None:
    t1, dephasing = 2.0, 0.3
    t2 = 1 / (1 / (2 * t1) + dephasing)
    assert visibility_from_times(t1, t2) == pytest.approx(visibility(1 / t1, dephasing))


@given(
    eta=st.floats(1e-3, 1), dark=st.floats(0, 1e-2), seen=st.floats(0, 1), coherence=st.floats(0, 1),
    rounds=st.sampled_from([1, 2]),
)  # fmt: skip
def test_fidelity_lies_between_a_quarter_and_one_and_grows_with_coherence(
    eta: float, dark: float, seen: float, coherence: float, rounds: int
) -> None:
    herald = double_click(eta, eta, dark, seen, 1e6, rounds=rounds, spin_coherence=coherence)
    assert 0.25 <= herald.fidelity <= 1.0
    assert herald.fidelity <= double_click(eta, eta, dark, seen, 1e6, rounds=rounds).fidelity + 1e-12


def test_single_click_trades_rate_for_fidelity() -> None:
    weak, strong = (single_click(alpha, 0.05, 0.0, 0.81, 1e6) for alpha in (0.01, 0.2))
    assert weak.fidelity == pytest.approx(0.99 * 1.9 / 2)
    assert strong.rate_hz == pytest.approx(20 * weak.rate_hz)
    assert weak.fidelity > strong.fidelity
    assert single_click(0.1, 0.05, 0.0, 0.81, 1e6, mean_cos_phase=0.0).fidelity == pytest.approx(0.45)


def test_single_click_fidelity_by_counting_every_outcome() -> None:
    """Both dots |d> + |b, photon>, loss, one detected photon: |bd> + |db> coherent, |bb> when the second is lost."""
    alpha, eta = 0.15, 1e-4
    one_bright = 2 * alpha * (1 - alpha) * eta
    both_bright = alpha**2 * 2 * eta * (1 - eta)
    herald = single_click(alpha, eta, 0.0, 1.0, 1e6)
    assert herald.true_probability == pytest.approx(one_bright + both_bright, rel=1e-3)
    assert herald.fidelity == pytest.approx(one_bright / (one_bright + both_bright), rel=1e-3)


def test_spin_coherence_factor() -> None:
    assert spin_coherence_factor(8000.0, 8000.0) == pytest.approx(np.exp(-1))
    assert spin_coherence_factor(4000.0, 8000.0, 2.0) == pytest.approx(np.exp(-0.25))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: visibility(0.0, 1.0), "decay_per_ns"),
        (lambda: visibility(1.0, -1.0), "dephasing_per_ns"),
        (lambda: visibility_from_times(1.0, 3.0), "t2_ns"),
        (lambda: double_click(1.2, 0.5, 0.0, 1.0, 1e6), "efficiency_a"),
        (lambda: double_click(0.5, 0.5, 0.0, float("nan"), 1e6), "visibility"),
        (lambda: double_click(0.5, 0.5, 0.0, 0.5, 1e6, rounds=3), "rounds"),
        (lambda: double_click(0.0, 0.0, 0.0, 0.5, 1e6), "never a herald"),
        (lambda: single_click(0.5, 0.5, 0.0, 0.5, 1e6, mean_cos_phase=1.5), "mean_cos_phase"),
        (lambda: simulate_double_click(0, 0.5, 0.0, 1.0, 0.0, np.random.default_rng(1)), "attempts"),
        (lambda: simulate_double_click(10, 0.0, 0.0, 1.0, 0.0, np.random.default_rng(1)), "heralds drawn"),
        (lambda: spin_coherence_factor(-1.0, 1.0), "waiting_ns"),
    ],
)
def test_unphysical_heralding_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
