import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.checks import UnphysicalInputError
from sims.dot.sample import load_sample
from sims.dynamics.qubit import (
    NotDegenerateError,
    UnreachableSuperpositionError,
    click_posterior,
    emit_qubit,
    filter_transmission,
    prepare_by_click,
    superposition_after_single_pulse,
)

CDTE = load_sample("mn-cdte-znte")
ZERO = (0.0, 0.0, 0.0)
SIXTH = np.full(6, 1 / 6)


def test_posterior_is_bayes_rule_with_dark_clicks() -> None:
    passed = np.array([0.5, 0.02, 0.005, 0.002, 0.001, 0.0])
    posterior, click = click_posterior(SIXTH, np.full(6, 0.05), passed, 1e-4)
    weights = 0.05 * passed + 1e-4
    assert posterior == pytest.approx(weights / weights.sum())
    assert click == pytest.approx(weights.sum() / 6)


def test_posterior_agrees_with_drawn_clicks() -> None:
    rng = np.random.default_rng(5)
    passed, dark = np.array([0.6, 0.1, 0.05, 0.02, 0.01, 0.01]), 5e-3
    state = rng.integers(0, 6, 2_000_000)
    clicked = rng.random(state.size) < 0.1 * passed[state] + dark
    drawn = np.bincount(state[clicked], minlength=6) / clicked.sum()
    posterior, click = click_posterior(SIXTH, np.full(6, 0.1), passed, dark)
    assert posterior == pytest.approx(drawn, abs=4e-3)
    assert click == pytest.approx(clicked.mean(), rel=0.02)


def test_dark_clicks_alone_teach_nothing() -> None:
    posterior, _ = click_posterior(SIXTH, np.zeros(6), np.zeros(6), 1e-6)
    assert posterior == pytest.approx(SIXTH)


@settings(max_examples=20, deadline=None)
@given(window=st.floats(0.005, 0.3), dark=st.floats(0, 1e-3))
def test_a_narrower_filter_and_fewer_dark_clicks_herald_better(window: float, dark: float) -> None:
    def fidelity(filter_mev: float, dark_probability: float) -> float:
        return prepare_by_click(
            CDTE, ZERO, 2.5, line_fwhm_mev=0.05, filter_fwhm_mev=filter_mev, efficiency=0.05,
            dark_probability=dark_probability,
        ).fidelity  # fmt: skip

    assert fidelity(window, 0.0) >= fidelity(window * 1.5, 0.0)
    assert fidelity(window, dark) <= fidelity(window, 0.0)


def test_preparation_of_plus_five_halves_passes_with_a_narrow_filter_only() -> None:
    def verdict(filter_mev: float) -> bool:
        return prepare_by_click(
            CDTE, ZERO, 2.5, line_fwhm_mev=0.05, filter_fwhm_mev=filter_mev, efficiency=0.05, dark_probability=1e-6
        ).passes  # fmt: skip

    assert verdict(0.03)
    assert not verdict(0.2)


def test_a_thermal_exciton_empties_the_highest_line_and_spoils_its_herald() -> None:
    def fidelity(target: float, temperature: float | None) -> float:
        return prepare_by_click(
            CDTE, ZERO, target, line_fwhm_mev=0.05, filter_fwhm_mev=0.05, efficiency=0.05, dark_probability=1e-6,
            exciton_temperature_k=temperature,
        ).fidelity  # fmt: skip

    assert fidelity(2.5, 4.0) < fidelity(2.5, None) - 0.1  # sigma+ on +5/2 is the highest line
    assert fidelity(-2.5, 4.0) > fidelity(2.5, 4.0)


def test_convolved_filter_transmission_by_numerical_integration() -> None:
    energies = np.linspace(-400, 400, 800_001)
    for detuning in (0.0, 0.26):
        line = 0.05 / 2 / np.pi / ((energies - detuning) ** 2 + 0.025**2)
        window = 1 / (1 + (energies / 0.04) ** 2)
        assert float(filter_transmission(np.array(detuning), 0.05, 0.08)) == pytest.approx(
            np.trapezoid(line * window, energies), rel=1e-4
        )


@settings(max_examples=15, deadline=None)
@given(angle=st.floats(0, np.pi), share=st.floats(0, 1), phase=st.floats(0, 6.28))
def test_linear_light_entangles_spin_and_helicity(angle: float, share: float, phase: float) -> None:
    plus, minus = np.sqrt(share), np.sqrt(1 - share) * np.exp(1j * phase)
    state = emit_qubit(CDTE, plus, minus, light_angle_rad=angle)
    assert state.fidelity(plus, minus, angle) > 0.999
    assert state.concurrence == pytest.approx(2 * abs(plus * minus), abs=4e-3)


def test_the_lines_of_the_qubit_must_coincide() -> None:
    with pytest.raises(NotDegenerateError, match=r"meV apart"):
        emit_qubit(CDTE, 1.0, 0.0, field_t=(0.0, 0.0, 3.0))


@pytest.mark.parametrize("polarisation", ["sigma+", "sigma-"])
@pytest.mark.parametrize("field", [ZERO, (0.0, 0.0, 9.4), (0.3, 0.0, 0.5)])
def test_one_pulse_cannot_superpose_plus_and_minus_five_halves(polarisation, field) -> None:
    with pytest.raises(UnreachableSuperpositionError, match="needs 5 units"):
        superposition_after_single_pulse(CDTE, field, 2.5, -2.5, polarisation)


def test_one_pulse_can_superpose_neighbours_at_the_degeneracy() -> None:
    assert superposition_after_single_pulse(CDTE, (0.0, 0.0, 9.57), -2.5, -1.5, "sigma-") > 0.9


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: click_posterior(SIXTH, np.full(6, 1.5), SIXTH, 0.0), "efficiency"),
        (lambda: click_posterior(SIXTH[:5], SIXTH, SIXTH, 0.0), "one length"),
        (lambda: click_posterior(SIXTH, np.zeros(6), SIXTH, 0.0), "no state gives a click"),
        (lambda: emit_qubit(CDTE, 1.0, 1.0), "must be 1"),
        (lambda: emit_qubit(CDTE, 1.0, 0.0, linewidth_mev=0.0), "linewidth_mev"),
        (lambda: emit_qubit(load_sample("undoped-cdse-cds"), 1.0, 0.0), "single one"),
        (lambda: superposition_after_single_pulse(CDTE, ZERO, 3.0, -2.5, "sigma+"), "m = 3"),
    ],
)
def test_unphysical_qubit_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
