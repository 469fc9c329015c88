"""Charged dots: spin ladder of X- and X+, light, rate model, microwave."""

import numpy as np
import pytest

from sims.dot.coupled_resonance import coupled_lines
from sims.dot.exciton import (
    dipole_rows,
    exciton_manifold,
    ground_hamiltonian,
    ground_manifold,
    pair_amplitudes,
)
from sims.dot.levels import level_scheme
from sims.dot.microwave import microwave_map
from sims.dot.response import Dot
from sims.dot.sample import DopantPair, Sample, load_sample
from sims.dot.stimulus import Cycle, Environment, Microwave, PulsedLight, Segment

COLD = Environment(4.0)


def charged(sample: Sample, charge: int, heavy: bool = True) -> Sample:
    free = sample.dopants[0].model_copy(update={"zero_field_d_uev": 0.0, "cubic_a_uev": 0.0})
    update: dict[str, object] = {"charge": charge, "dopants": (free,)}
    return sample.model_copy(update=update | ({"hh_lh_splitting_mev": 1e6} if heavy else {}))


def test_x_minus_leaves_the_electron_in_j_three_or_two(cdte_sample: Sample) -> None:
    sample = charged(cdte_sample, -1)
    energies = ground_manifold(sample, (0, 0, 0)).energies_mev
    assert energies[:7] == pytest.approx(np.full(7, -0.07 * 1.25), abs=1e-3)
    assert energies[7:] == pytest.approx(np.full(5, 0.07 * 1.75), abs=1e-3)


def test_x_minus_shows_eleven_lines_with_clebsch_gordan_strengths(cdte_sample: Sample) -> None:
    scheme = level_scheme(charged(cdte_sample, -1), COLD)
    lines = scheme.exciton_lines
    plus = (lines.stokes[:, 0] + lines.stokes[:, 3]) / 2
    seen = plus > 1e-4
    energies = lines.energy_mev[seen] - scheme.emission_mev
    strength: dict[float, float] = {}
    for energy, one in zip(np.round(energies, 3), plus[seen], strict=True):
        strength[float(energy)] = strength.get(float(energy), 0.0) + one
    assert len(strength) == 11
    # hole +3/2 on S_z has (3/2) I_h S_z; the electron +1/2 left behind is in J = 3 with (S + 1 + S_z)/(2S + 1)
    for s_z in (2.5, -2.5, 0.5):
        upper = 1.5 * 0.15 * s_z
        weight_three = (3.5 + s_z) / 6
        low, high = upper + 0.07 * 1.25, upper - 0.07 * 1.75
        found = [value for energy, value in strength.items() if abs(energy - low) < 0.002]
        assert max(found) == pytest.approx(weight_three, abs=0.02)
        if weight_three < 1:
            found = [value for energy, value in strength.items() if abs(energy - high) < 0.002]
            assert max(found) == pytest.approx(1 - weight_three, abs=0.02)


def test_absorption_of_x_plus_mirrors_emission_of_x_minus(cdte_sample: Sample) -> None:
    """Both connect a hole with the dopant to an electron with the dopant, the other way round."""
    minus, plus = (level_scheme(charged(cdte_sample, charge), COLD).exciton_lines for charge in (-1, 1))
    strong = [np.sort(np.abs(one.energy_mev[one.stokes[:, 0] > 1e-4] - 2000.0)) for one in (minus, plus)]
    assert strong[0] == pytest.approx(strong[1], abs=1e-6)


@pytest.mark.parametrize("charge", [-1, 1])
def test_every_trion_emits_with_the_same_total_strength(cdte_sample: Sample, charge: int) -> None:
    sample = charged(cdte_sample, charge)
    ground, excited = ground_manifold(sample, (0.3, 0.1, 1.0)), exciton_manifold(sample, (0.3, 0.1, 1.0))
    dipoles = np.einsum("qc,cgi->qgi", dipole_rows(), pair_amplitudes(sample, ground, excited))
    total = np.sum(np.abs(dipoles) ** 2, axis=(0, 1))
    heavy = excited.energies_mev < 1e5
    assert total[heavy] == pytest.approx(np.full(heavy.sum(), 1.0), abs=1e-3)


def test_a_polarised_electron_blocks_one_circular_polarisation(cdte_sample: Sample) -> None:
    """Pauli: below a resident electron of spin -1/2 no second one fits, so sigma plus is not absorbed."""
    sample = charged(cdte_sample, -1).model_copy(update={"dopants": ()})
    scheme = level_scheme(sample, Environment(4.0, (0.0, 0.0, 1.0)))
    electron_z = np.array([0.5, -0.5]) @ np.abs(scheme.ground.vectors) ** 2
    lines = scheme.exciton_lines
    helicity = lines.stokes[:, 3] / lines.stokes[:, 0]
    assert helicity == pytest.approx(2 * electron_z[lines.lower], abs=1e-6)


@pytest.mark.parametrize("charge", [-1, 1])
def test_charged_dot_runs_through_the_rate_model(cdte_sample: Sample, charge: int) -> None:
    dot = Dot(charged(cdte_sample, charge, heavy=False), Environment(4.0, (0.0, 0.0, 0.4)))
    pulse = PulsedLight(0.0, 2300.0, 8.0, 1e-13, (0.0, 0.0, 1.0))
    cycle = Cycle((Segment(200.0, (), Microwave(8.0, 0.5)), Segment(50.0)), (pulse,))
    response = dot.respond(cycle, 2.0)
    assert response.populations.sum(axis=1) == pytest.approx(1.0)
    assert response.populations.min() >= 0
    assert response.rates().sum() > 1e4
    assert dot.spin_populations(response).sum(axis=1) == pytest.approx(1.0)


def test_microwave_flips_the_electron_of_an_undoped_x_minus() -> None:
    """A pi pulse on a sharp resident electron swaps its two states."""
    sample = load_sample("undoped-cdse-cds").model_copy(
        update={"charge": -1, "esr_inhomogeneous_width_mhz": 0.05, "spin_t2_us": 1e5}
    )
    environment = Environment(4.0, (0.0, 0.0, 0.5))
    lines = coupled_lines(sample, environment)
    assert lines.frequency_ghz[0] == pytest.approx([1.4 * 13.99625 * 0.5], rel=1e-5)
    microwave = Microwave(float(lines.frequency_ghz[0, 0]), 0.5)
    rabi_mhz = float(lines.rabi_mhz(microwave)[0])
    assert rabi_mhz == pytest.approx(0.5 * 1.4 * 13.99625 * 0.5, rel=1e-5)
    result = microwave_map(sample, environment, microwave, 1e3 / (2 * rabi_mhz))
    assert result == pytest.approx(np.array([[0, 1], [1, 0]]), abs=0.01)


def test_microwave_map_of_a_charged_doped_dot_is_stochastic(cdte_sample: Sample) -> None:
    sample = charged(cdte_sample, -1)
    result = microwave_map(sample, Environment(4.0, (0.0, 0.0, 0.3)), Microwave(6.65, 1.0), 500.0)
    assert np.all(result >= 0)
    assert result.sum(axis=0) == pytest.approx(1.0)
    assert result == pytest.approx(result.T)
    assert np.max(1 - np.diag(result)) > 0.01


def test_antiferromagnetic_pair_has_a_silent_ground_state() -> None:
    sample = load_sample("two-mn-cdse-cds")
    coupled = sample.model_copy(
        update={
            "dopants": tuple(d.model_copy(update={"zero_field_d_uev": 0.0}) for d in sample.dopants),
            "dopant_exchange": (DopantPair(first=0, second=1, exchange_mev=1.0),),
        }
    )
    energies = np.linalg.eigvalsh(ground_hamiltonian(coupled, (0, 0, 0)))
    total = np.arange(6)
    expected = np.repeat((total * (total + 1) - 17.5) / 2, 2 * total + 1)
    assert energies == pytest.approx(np.sort(expected), abs=1e-9)
