from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from sims.coherence.dipolar import Field, Qubit
from sims.coherence.noise import (
    OrnsteinUhlenbeck,
    coherence,
    decay_exponent,
    monte_carlo_coherence,
    one_over_f,
    sample_paths,
)
from sims.coherence.noise_sources import ChargeNoise, SurfaceSpins, charge_noise, surface_magnetic_noise
from sims.coherence.sequences import cpmg, hahn_echo, ramsey, xy8

NOISE = OrnsteinUhlenbeck(2e6, 3e-6)
TIMES = np.array([1e-8, 3e-7, 2e-6, 1e-5])


def test_ramsey_follows_the_closed_form():
    x = TIMES / 3e-6
    np.testing.assert_allclose(decay_exponent(NOISE, ramsey(), TIMES), 36 * (x - 1 + np.exp(-x)), rtol=1e-9)


def test_hahn_echo_follows_the_closed_form():
    x = TIMES[1:] / 3e-6
    expected = 36 * (x - 3 + 4 * np.exp(-x / 2) - np.exp(-x))
    np.testing.assert_allclose(decay_exponent(NOISE, hahn_echo(), TIMES[1:]), expected, rtol=1e-9)


def test_slow_noise_gives_the_cubic_echo_without_rounding_errors():
    slow = OrnsteinUhlenbeck(1e6, 10.0)
    expected = 1e12 * TIMES**3 / (12 * 10.0)
    np.testing.assert_allclose(decay_exponent(slow, hahn_echo(), TIMES)[1:], expected[1:], rtol=1e-5)


def test_slow_noise_under_cpmg_falls_with_the_square_of_the_pulse_number():
    slow = OrnsteinUhlenbeck(1e6, 1e-2)
    one, four = (decay_exponent(slow, sequence, 1e-5)[0] for sequence in (hahn_echo(), cpmg(4)))
    assert one / four == pytest.approx(16, rel=1e-3)


@pytest.mark.parametrize("sequence", [ramsey(), hahn_echo(), cpmg(3), xy8()])
def test_double_integral_agrees_with_the_filter_function(sequence):
    total, tau = 4e-6, 3e-6
    edges = np.array([0.0, *sequence.pulses, 1.0]) * total

    def integrand(omega):
        ends = np.exp(1j * omega * edges)
        filtered = np.abs(np.sum(sequence.signs * np.diff(ends)) / omega) ** 2
        return 2 * tau / (1 + (omega * tau) ** 2) * filtered / (2 * np.pi)

    limits = np.concatenate(([1e-3], np.arange(1, 400) * np.pi / total))
    integral = 2 * sum(quad(integrand, a, b, limit=200)[0] for a, b in pairwise(limits))
    assert decay_exponent(OrnsteinUhlenbeck(1e6, tau), sequence, total)[0] == pytest.approx(5e11 * integral, rel=5e-3)


@pytest.mark.parametrize("sequence", [ramsey(), hahn_echo(), cpmg(4)])
def test_exact_paths_average_to_the_formula(sequence):
    mean, error = monte_carlo_coherence(NOISE, sequence, 1.5e-6, 40_000, np.random.default_rng(5))
    assert abs(mean - coherence((NOISE,), sequence, 1.5e-6)[0]) < 4 * error
    assert error < 0.004


def test_sampled_paths_have_the_stated_correlation():
    paths = sample_paths(NOISE, 1e-6, 6, 60_000, np.random.default_rng(1))
    for lag in (0, 1, 3, 6):
        expected = 4e12 * np.exp(-lag / 3)
        assert np.mean(paths[:, 0] * paths[:, lag]) == pytest.approx(expected, abs=4 * 4e12 / np.sqrt(60_000) * 1.5)


def test_one_over_f_spectrum_is_flat_times_f_inside_its_band():
    noises = one_over_f(1e10, 1.0, 1e6)
    for frequency in (1e2, 1e3, 1e4):
        total = sum(float(noise.spectrum_rad2_per_s(frequency)) for noise in noises)
        assert total * frequency == pytest.approx(1e10, rel=0.02)


@given(st.floats(1e3, 1e8), st.floats(1e-9, 1.0), st.integers(0, 12), st.floats(1e-9, 1e-3))
@settings(max_examples=80, deadline=None)
def test_coherence_starts_at_one_and_stays_within_bounds(sigma, tau, n_pulses, total):
    sequence = cpmg(n_pulses) if n_pulses else ramsey()
    values = coherence((OrnsteinUhlenbeck(sigma, tau),), sequence, [0.0, total])
    assert values[0] == 1.0
    assert 0.0 <= values[1] <= 1.0


@given(st.floats(1e4, 1e7), st.floats(0.3, 300.0), st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_one_more_pulse_never_hurts(sigma, memory_in_totals, n_pulses):
    noise = OrnsteinUhlenbeck(sigma, 1e-6 * memory_in_totals)
    fewer, more = (decay_exponent(noise, cpmg(n), 1e-6)[0] for n in (n_pulses, n_pulses + 1))
    assert more <= fewer * (1 + 1e-9)


def test_central_transition_ignores_shifts_of_d0():
    source = ChargeNoise(2.0, 1e-6, d0_shift_hz_per_mv_per_m=1e3)
    assert charge_noise(source, Qubit(upper_projection=0.5), Field(0.3)).sigma_rad_per_s == 0.0
    outer = charge_noise(source, Qubit(upper_projection=2.5), Field(0.3)).sigma_rad_per_s
    assert outer == pytest.approx(2 * np.pi * 1e3 * 4 * 2.0)


def test_g_shifts_count_with_the_field():
    source = ChargeNoise(1.0, 1e-6, g_shift_per_mv_per_m=1e-6)
    assert charge_noise(source, Qubit(), Field(1.0)).sigma_rad_per_s == pytest.approx(8.794e4, rel=1e-3)


def test_surface_noise_of_a_centred_dopant_falls_with_the_square_of_the_radius():
    spins = SurfaceSpins(0.02, 1e-3)
    near, far = (surface_magnetic_noise(spins, radius, 0.0, Qubit()).sigma_rad_per_s for radius in (2.0, 4.0))
    assert near / far == pytest.approx(4.0)


@pytest.mark.parametrize(("sigma", "tau"), [(-1.0, 1.0), (1.0, 0.0), (float("nan"), 1.0), (1.0, float("inf"))])
def test_unphysical_noise_is_refused(sigma, tau):
    with pytest.raises(ValueError, match=r"sigma_rad_per_s|correlation_time_s"):
        OrnsteinUhlenbeck(sigma, tau)


def test_negative_times_are_refused():
    with pytest.raises(ValueError, match="total_times_s"):
        decay_exponent(NOISE, ramsey(), [-1e-6])
