"""Spin resonance of one dopant with real pulses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, BOLTZMANN_MEV_PER_K, PLANCK_MEV_PER_GHZ
from sims.dot.ground import resonance_lines
from sims.dot.sample import Dopant, Sample
from sims.dot.stimulus import Environment
from sims.dynamics.liouvillian import Liouvillian
from sims.dynamics.model import build_model
from sims.dynamics.odmr import OdmrExperiment
from sims.dynamics.pumping import outer_line, resonant_segment
from sims.dynamics.resonance import (
    HALF_PI,
    SpinModel,
    averaged_over_static_fields,
    cpmg_sequence,
    echo_amplitude,
    hahn_sequence,
    pulse_for,
    rabi,
    ramsey_sequence,
    spectrum,
    spin_model,
)
from sims.dynamics.segments import MicrowaveDrive, Segment
from sims.dynamics.sequences import Sequencer


@pytest.fixture(scope="module")
def dopant(axial_sample: Sample) -> Dopant:
    return axial_sample.dopants[0]


@pytest.fixture(scope="module")
def in_field(dopant: Dopant) -> SpinModel:
    """Electron spin alone at 0.34 T."""
    return spin_model(dopant, Environment(4.0, (0.0, 0.0, 0.34)))


def test_zero_field_lines_at_2d_and_4d(dopant: Dopant) -> None:
    """D₀ = 7 µeV: 3.39 and 6.77 GHz."""
    model = spin_model(dopant, Environment(4.0))
    assert model.frequency_ghz(model.level(0.5), model.level(1.5)) == pytest.approx(3.39, abs=0.01)
    assert model.frequency_ghz(model.level(1.5), model.level(2.5)) == pytest.approx(6.77, abs=0.01)


@pytest.mark.parametrize(("m_s", "line_ghz"), [(0.5, 3.385), (2.5, 6.770)])
def test_pulsed_spectrum_peaks_at_the_lines(dopant: Dopant, m_s: float, line_ghz: float) -> None:
    model = spin_model(dopant, Environment(4.0))
    frequencies = np.linspace(line_ghz - 0.5, line_ghz + 0.5, 101)
    left = spectrum(model, model.pure(model.level(m_s)), frequencies, 0.5, 30.0, model.population(m_s))
    assert frequencies[np.argmin(left)] == pytest.approx(line_ghz, abs=0.011)
    assert left.min() < 0.5


@pytest.mark.parametrize("m_s", [-2.5, -1.5, -0.5, 0.5, 1.5])
def test_nutation_follows_the_ladder_matrix_element(in_field: SpinModel, m_s: float) -> None:
    """Ω/2π = g μ_B B1 √(S(S+1) − m(m+1))/(2h) on resonance, measured from the simulated oscillation.

    D₀ keeps the neighbouring transitions out; the central one is three times a spin ½.
    """
    lower, upper = in_field.level(m_s), in_field.level(m_s + 1)
    expected_ghz = 2.0 * BOHR_MAGNETON_MEV_PER_T * 0.1e-3 * np.sqrt(35 / 4 - m_s * (m_s + 1)) / 2 / PLANCK_MEV_PER_GHZ
    assert in_field.nutation_ghz(lower, upper, 0.1) == pytest.approx(expected_ghz, rel=1e-6)
    drive = MicrowaveDrive(in_field.frequency_ghz(lower, upper), 0.1)
    times = np.linspace(0, 1.2 / expected_ghz, 241)
    population = rabi(in_field, in_field.pure(lower), drive, times, in_field.population(m_s))
    assert times[np.argmin(population)] == pytest.approx(0.5 / expected_ghz, rel=0.01)
    assert population.min() < 1e-3


def test_central_transition_is_three_times_a_spin_half(in_field: SpinModel) -> None:
    half = spin_model(
        Dopant(element="Mn", position_nm=0.0, spin=0.5, nuclear_spin=0.0), Environment(4.0, (0.0, 0.0, 0.34))
    )
    one = half.nutation_ghz(half.level(-0.5), half.level(0.5), 1.0)
    central = in_field.nutation_ghz(in_field.level(-0.5), in_field.level(0.5), 1.0)
    assert central / one == pytest.approx(3.0, rel=1e-9)


def test_hyperfine_lines_are_those_of_the_exact_levels(dopant: Dopant) -> None:
    model = spin_model(dopant, Environment(4.0, (0.0, 0.0, 1.0)), nuclear=True)
    assert model.system.size == 36
    central = [model.frequency_ghz(model.level(-0.5, m_i), model.level(0.5, m_i)) for m_i in np.arange(-2.5, 3.0)]
    lines = resonance_lines(dopant, (0.0, 0.0, 1.0))
    chosen = (lines.lower_m_s == -0.5) & (lines.upper_m_s == 0.5) & (lines.lower_m_i == lines.upper_m_i)
    assert sorted(central) == pytest.approx(sorted(lines.frequency_ghz[chosen]), abs=1e-4)
    assert np.diff(sorted(central)) == pytest.approx(0.164, abs=0.005)


def test_pulse_on_one_hyperfine_line_leaves_the_others(dopant: Dopant) -> None:
    model = spin_model(dopant, Environment(4.0, (0.0, 0.0, 0.34)), nuclear=True)
    lower, upper = model.level(-0.5, 1.5), model.level(0.5, 1.5)
    pulse = pulse_for(model, lower, upper, np.pi, 0.05)
    runner = Sequencer(model.system)
    hit = runner.run([pulse.segment], model.pure(lower)).final
    spared = runner.run([pulse.segment], model.pure(model.level(-0.5, -1.5))).final
    assert hit[upper, upper].real > 0.98
    assert spared[model.level(-0.5, -1.5), model.level(-0.5, -1.5)].real > 0.98


def test_ramsey_fringes_turn_at_the_detuning(in_field: SpinModel) -> None:
    lower, upper = in_field.level(-0.5), in_field.level(0.5)
    pulse = pulse_for(in_field, lower, upper, HALF_PI, 0.2)
    shifted = in_field.shifted(0.1)
    detuning = shifted.frequency_ghz(lower, upper) - in_field.frequency_ghz(lower, upper)
    observable = shifted.population(-0.5)
    delays = np.linspace(0.0, 2 / detuning, 41)
    start = shifted.pure(lower)
    fringe = np.array([echo_amplitude(shifted, start, ramsey_sequence(pulse, float(d)), observable) for d in delays])
    crossings = np.flatnonzero(np.diff(np.sign(fringe)))
    assert np.diff(delays[crossings]).mean() == pytest.approx(0.5 / detuning, rel=0.06)


def test_slow_noise_kills_the_ramsey_fringe_and_spares_the_echoes(in_field: SpinModel) -> None:
    lower, upper = in_field.level(-0.5), in_field.level(0.5)
    half = pulse_for(in_field, lower, upper, HALF_PI, 1.0)
    full = pulse_for(in_field, lower, upper, np.pi, 1.0)

    def measured(sequence: list[Segment]) -> float:
        def one(model: SpinModel) -> float:
            return echo_amplitude(model, model.pure(lower), sequence, model.population(-0.5))

        return abs(averaged_over_static_fields(in_field, 0.1, one, n_points=31))

    assert measured(ramsey_sequence(half, 300.0)) < 0.02
    assert measured(hahn_sequence(half, full, 300.0)) > 0.48
    assert measured(cpmg_sequence(half, full, 300.0, 4)) > 0.47


def test_ramsey_under_static_noise_is_a_gaussian(in_field: SpinModel) -> None:
    """exp(−(2π ν_σ t)²/2) with ν_σ = g μ_B σ/h, for pulses short against the delay."""
    lower, upper = in_field.level(-0.5), in_field.level(0.5)
    half = pulse_for(in_field, lower, upper, HALF_PI, 1.0)
    sigma_mt = 0.02
    width = 2.0 * BOHR_MAGNETON_MEV_PER_T * sigma_mt * 1e-3 / PLANCK_MEV_PER_GHZ
    delay = 1 / (2 * np.pi * width) - 2 * half.duration_ns / np.pi * 2  # pulses count 2/π of their length each

    def one(model: SpinModel) -> float:
        return echo_amplitude(model, model.pure(lower), ramsey_sequence(half, delay), model.population(-0.5))

    mean = averaged_over_static_fields(in_field, sigma_mt, one)
    assert abs(mean) == pytest.approx(0.5 * np.exp(-0.5), rel=0.01)


def test_markovian_t2_decays_the_echo_exponentially(dopant: Dopant) -> None:
    model = spin_model(dopant, Environment(4.0, (0.0, 0.0, 0.34)), t2_us=0.5)
    lower, upper = model.level(-0.5), model.level(0.5)
    half = pulse_for(model, lower, upper, HALF_PI, 2.0)
    full = pulse_for(model, lower, upper, np.pi, 2.0)
    start, observable = model.pure(lower), model.population(-0.5)
    short, long = (echo_amplitude(model, start, hahn_sequence(half, full, d), observable) for d in (100.0, 600.0))
    assert long / short == pytest.approx(np.exp(-500.0 / 500.0), rel=0.01)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 2.0), st.floats(0.5, 10.0))
def test_dark_steady_state_is_thermal(field_z: float, temperature_k: float) -> None:
    one = Dopant(element="Mn", position_nm=0.0, zero_field_d_uev=7.0)
    model = spin_model(one, Environment(temperature_k, (0.3, 0.0, field_z)), t1_us=10.0)
    rho = Liouvillian(model.system.hamiltonian_mev, model.system.collapse).steady_state()
    energies = model.system.energies_mev
    weight = np.exp(-(energies - energies.min()) / (BOLTZMANN_MEV_PER_K * temperature_k))
    assert np.diag(rho).real == pytest.approx(weight / weight.sum(), abs=1e-5)


def test_thermal_state_is_stationary_under_t1(dopant: Dopant) -> None:
    model = spin_model(dopant, Environment(1.0, (0.0, 0.0, 2.0)), t1_us=0.05)
    final = Sequencer(model.system).run([Segment(1000.0)], model.thermal_state()).final
    assert np.allclose(final, model.thermal_state(), atol=1e-9)


def test_optically_detected_resonance_at_zero_field(axial_sample: Sample) -> None:
    """The pump empties ±5/2; 4D₀ brings it back from ±3/2. The gain stays below 1/(1 − efficiency)."""
    model = build_model(axial_sample, Environment(4.0), heavy_holes_only=True)
    pump = resonant_segment(model, 1.5, outer_line(model).detuning_mev, 500.0)
    seen = OdmrExperiment(model, pump, 300.0).spectrum(np.linspace(6.3, 7.2, 46), 0.5, 32.0)
    assert seen.frequencies_ghz[np.argmax(seen.gain)] == pytest.approx(6.77, abs=0.021)
    assert 1.5 < seen.gain.max() < seen.bound


def test_odmr_lines_split_by_the_nucleus(axial_sample: Sample) -> None:
    """A nucleus of I = 1/2 (for speed) splits the line of the emptied level in two, A/h = 164 MHz apart."""
    small = axial_sample.dopants[0].model_copy(update={"nuclear_spin": 0.5})
    sample = axial_sample.model_copy(update={"dopants": (small,)})
    model = build_model(sample, Environment(4.0, (0.0, 0.0, 1.0)), heavy_holes_only=True)
    line = outer_line(model)
    pump = resonant_segment(model, 1.5, line.detuning_mev, 500.0)
    spin = spin_model(small, model.environment, nuclear=True)
    emptied = 2.5 - int(np.argmax(np.abs(model.system.basis[:6, line.ground])))
    next_to = emptied - np.sign(emptied)
    low, high = sorted(abs(spin.frequency_ghz(spin.level(emptied, m), spin.level(next_to, m))) for m in (-0.5, 0.5))
    frequencies = np.array([low, high, (low + high) / 2])
    seen = OdmrExperiment(model, pump, 300.0, nuclear=True).spectrum(frequencies, 0.1, 160.0)
    assert high - low == pytest.approx(0.164, abs=0.01)
    assert seen.gain[:2].min() > 1.5
    assert seen.gain[2] < 1.1


def test_odmr_waits_for_the_excitons(axial_sample: Sample) -> None:
    model = build_model(axial_sample, Environment(4.0), heavy_holes_only=True)
    pump = resonant_segment(model, 1.5, outer_line(model).detuning_mev, 100.0)
    with pytest.raises(ValueError, match="wait longer"):
        OdmrExperiment(model, pump, 0.1).spectrum(np.array([6.77]), 0.5, 60.0)


def test_nonsense_is_refused_by_name(dopant: Dopant, in_field: SpinModel) -> None:
    with pytest.raises(ValueError, match="t2_us"):
        spin_model(dopant, Environment(4.0), t2_us=0.0)
    with pytest.raises(ValueError, match="temperature_k"):
        spin_model(dopant, Environment(-1.0))
    with pytest.raises(ValueError, match=r"m_s = 1\.0"):
        in_field.level(1.0)
    with pytest.raises(ValueError, match="does not couple"):
        pulse_for(in_field, in_field.level(-2.5), in_field.level(2.5), np.pi, 1.0)
    with pytest.raises(ValueError, match="must lie above"):
        pulse_for(in_field, in_field.level(0.5), in_field.level(-0.5), np.pi, 1.0)
    with pytest.raises(ValueError, match="n_pulses"):
        cpmg_sequence(
            pulse_for(in_field, in_field.level(-0.5), in_field.level(0.5), HALF_PI, 1.0),
            pulse_for(in_field, in_field.level(-0.5), in_field.level(0.5), np.pi, 1.0),
            100.0,
            0,
        )
    with pytest.raises(ValueError, match="microwave"):
        echo_amplitude(in_field, in_field.pure(0), [Segment(1.0)], in_field.population(0.5))
