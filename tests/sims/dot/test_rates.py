from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.constants import BOLTZMANN_MEV_PER_K
from sims.basics.spins import FloatArray
from sims.dot.ground import resonance_lines
from sims.dot.levels import confined_gap_mev, emission_energy_mev
from sims.dot.lineshape import linewidth_mev, polarisation_coupling, spectral_overlap
from sims.dot.microwave import flip_probability, microwave_map
from sims.dot.pulses import mean_pairs, pair_map, pulse_map
from sims.dot.rates import dark_generator, resonant_generator, segment_generator
from sims.dot.relaxation import exciton_relaxation, ground_relaxation
from sims.dot.response import Dot
from sims.dot.sample import Linewidth, Sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, Microwave, PulsedLight, Segment

STOKES = st.sampled_from([(0, 0, 1), (0, 0, -1), (1, 0, 0), (0, 1, 0), (0, 0, 0)])
LIGHT = st.builds(
    ContinuousLight,
    energy_mev=st.floats(2000, 2300),
    fwhm_mev=st.floats(0, 10),
    power_w=st.floats(0, 1e-5),
    stokes=STOKES,
)
PULSE = st.builds(
    PulsedLight,
    time_ns=st.just(0.0),
    energy_mev=st.floats(2000, 2300),
    fwhm_mev=st.floats(0.1, 10),
    energy_j=st.floats(0, 1e-11),
    stokes=STOKES,
)


def is_generator(matrix: FloatArray) -> bool:
    off = matrix - np.diag(np.diag(matrix))
    scale = max(1.0, float(np.abs(matrix).max()))
    return bool(np.all(off >= 0) and np.allclose(matrix.sum(axis=0), 0, atol=1e-12 * scale))


def is_stochastic(matrix: FloatArray) -> bool:
    return bool(np.all(matrix >= 0) and np.allclose(matrix.sum(axis=0), 1, atol=1e-9))


@settings(max_examples=25, deadline=None)
@given(
    lights=st.lists(LIGHT, max_size=2),
    microwave=st.none() | st.builds(Microwave, st.floats(0.5, 12), st.floats(0, 3)),
)
def test_every_segment_gives_a_generator(
    default_dot: Dot, lights: list[ContinuousLight], microwave: Microwave | None
) -> None:
    segment = Segment(10.0, tuple(lights), microwave)
    assert is_generator(segment_generator(default_dot.scheme, default_dot.environment, segment))


@settings(max_examples=25, deadline=None)
@given(pulse=PULSE)
def test_every_pulse_gives_a_stochastic_map(default_dot: Dot, pulse: PulsedLight) -> None:
    assert is_stochastic(pulse_map(default_dot.scheme, pulse))


@settings(max_examples=25, deadline=None)
@given(
    frequency_ghz=st.floats(0.5, 12),
    field_mt=st.floats(0, 3),
    duration_ns=st.floats(1, 3000),
    field_t=st.floats(-0.3, 0.3),
)
def test_every_microwave_gives_a_stochastic_map(
    default_sample: Sample, frequency_ghz: float, field_mt: float, duration_ns: float, field_t: float
) -> None:
    environment = Environment(4.0, (0.0, 0.0, field_t))
    result = microwave_map(default_sample, environment, Microwave(frequency_ghz, field_mt), duration_ns)
    assert is_stochastic(result)
    assert np.allclose(result @ np.full(6, 1 / 6), 1 / 6)  # nothing to see on an unpolarised dopant


@settings(max_examples=10, deadline=None)
@given(temperature_k=st.floats(1.5, 50), field_t=st.floats(-5, 5))
def test_spin_relaxation_leaves_thermal_equilibrium_alone(
    default_sample: Sample, temperature_k: float, field_t: float
) -> None:
    sample = default_sample.model_copy(update={"electron_flip_ns": 40.0, "hole_flip_ns": 70.0})
    scheme = Dot(sample, Environment(temperature_k, (0.0, 0.0, field_t))).scheme
    exciton = exciton_relaxation(sample, scheme.exciton_energies_mev, scheme.exciton_vectors, temperature_k)
    ground = ground_relaxation(sample, scheme.ground, temperature_k, 10.0)
    for rates, energies in (
        (exciton, scheme.exciton_energies_mev),
        (ground, scheme.ground.energies_mev),
    ):
        boltzmann = np.exp(-(energies - energies.min()) / (BOLTZMANN_MEV_PER_K * temperature_k))
        flow = rates * boltzmann
        assert np.allclose(flow, flow.T, rtol=1e-6, atol=1e-12)


def test_mean_downhill_step_takes_the_stated_time(default_sample: Sample) -> None:
    dot = Dot(default_sample, Environment(1.5, (0.0, 0.0, 0.0)))
    rates = ground_relaxation(default_sample, dot.scheme.ground, np.inf, 10.0)
    assert np.diag(rates, 1).sum() / 6 == pytest.approx(1 / 10.0, rel=1e-6)


def test_in_the_dark_everything_ends_in_the_thermal_ground_state(default_sample: Sample) -> None:
    dot = Dot(default_sample, Environment(2.0, (0.0, 0.0, 3.0)))
    populations = dot.respond(Cycle((Segment(1000.0),))).populations[0]
    energies = dot.scheme.ground.energies_mev
    boltzmann = np.exp(-(energies - energies.min()) / (BOLTZMANN_MEV_PER_K * 2.0))
    assert populations[:6] == pytest.approx(boltzmann / boltzmann.sum(), rel=1e-6, abs=1e-9)
    assert populations[6:].sum() < 1e-9


def test_bright_and_biexciton_states_decay_in_their_lifetimes(undoped_dot: Dot) -> None:
    scheme = undoped_dot.scheme
    decay = -np.diag(dark_generator(scheme))
    bright = np.unique(scheme.exciton_lines.upper[scheme.exciton_lines.stokes[:, 0] > 0.5])
    assert decay[bright] == pytest.approx(1 / scheme.sample.lifetime_ns, rel=1e-6)
    assert decay[scheme.biexciton_slice] == pytest.approx(1 / scheme.sample.biexciton_lifetime_ns, rel=1e-9)


def test_saturated_line_holds_half_of_s_over_one_plus_s(undoped_dot: Dot) -> None:
    """A closed two-level line: n_X = s/(2(1+s)). Dark capture and leakage stay below a per cent."""
    scheme = undoped_dot.scheme
    energy = float(scheme.exciton_lines.energy_mev[np.argmax(scheme.exciton_lines.stokes[:, 0])])
    for s in (0.3, 1.0, 3.0):
        light = ContinuousLight(energy, 0.0, s * scheme.sample.resonant_saturation_power_w, (0.0, 0.0, 1.0))
        populations = undoped_dot.respond(Cycle((Segment(500.0, (light,)),))).populations[0]
        assert populations[scheme.exciton_slice].sum() == pytest.approx(s / (2 * (1 + s)), rel=0.01)


def test_circular_light_drives_only_its_own_lines(default_dot: Dot, line_energies: Callable[..., list[float]]) -> None:
    scheme = default_dot.scheme
    light = ContinuousLight(line_energies(default_dot)[-1], 1e-6, 1e-7, (0.0, 0.0, 1.0))
    up = resonant_generator(scheme, light)[scheme.exciton_slice, scheme.ground_slice]
    ground = int(np.argmax(up.sum(axis=0)))
    assert ground == 0  # Sz = +5/2
    assert up[:, 0].max() > 100 * up[:, 1:].max()


def test_a_broad_laser_addresses_every_line() -> None:
    detunings = np.array([0.0, 1.7, 3.4])
    narrow = spectral_overlap(detunings, 0.1, 1e-6)
    broad = spectral_overlap(detunings, 0.1, 7.0)
    assert narrow == pytest.approx(1 / (1 + (2 * detunings / 0.1) ** 2), rel=1e-6)
    assert broad[2] / broad[0] > 0.4


@given(angle=st.floats(-np.pi, np.pi), height=st.floats(-1, 1))
def test_orthogonal_polarisation_is_not_absorbed(angle: float, height: float) -> None:
    radius = np.sqrt(1 - height**2)
    s = (radius * np.cos(angle), radius * np.sin(angle), height)
    line = np.array([[1.0, *s]])
    assert polarisation_coupling(line, s) == pytest.approx(1.0)
    assert polarisation_coupling(line, (-s[0], -s[1], -s[2])) == pytest.approx(0.0, abs=1e-12)


def test_pairs_are_poisson_distributed(default_dot: Dot) -> None:
    scheme = default_dot.scheme
    after = pair_map(scheme, 0.7)[:, 0]
    assert after[scheme.ground_slice].sum() == pytest.approx(np.exp(-0.7))
    assert after[scheme.exciton_slice].sum() == pytest.approx(0.7 * np.exp(-0.7))
    assert after[scheme.biexciton_slice].sum() == pytest.approx(1 - 1.7 * np.exp(-0.7))


def test_one_pair_per_pulse_at_the_known_fluence(default_sample: Sample) -> None:
    """0.44 mJ/cm2 at 450 nm for a cross-section of 1e-15 cm2."""
    dot = Dot(default_sample, Environment(4.0))
    area_cm2 = np.pi / 4 * 1e-8
    pulse = PulsedLight(0.0, 1239841.984 / 450, 5.0, 0.44e-3 * area_cm2, (0.0, 0.0, 0.0))
    assert mean_pairs(dot.scheme, pulse) == pytest.approx(1.0, rel=0.01)


def test_light_below_the_gap_does_nothing(default_dot: Dot) -> None:
    pulse = PulsedLight(0.0, 1500.0, 5.0, 1e-12, (0.0, 0.0, 1.0))
    assert np.allclose(pulse_map(default_dot.scheme, pulse), np.eye(default_dot.scheme.n_states), atol=1e-3)
    assert mean_pairs(default_dot.scheme, pulse) == 0.0


def test_resonant_pulse_saturates_at_one_half(undoped_dot: Dot) -> None:
    scheme = undoped_dot.scheme
    energy = float(scheme.exciton_lines.energy_mev[np.argmax(scheme.exciton_lines.stokes[:, 0])])
    after = pulse_map(scheme, PulsedLight(0.0, energy, 0.5, 1e-12, (0.0, 0.0, 1.0)))[:, 0]
    assert after[scheme.exciton_slice].sum() == pytest.approx(0.5, abs=0.01)


def test_microwave_pi_pulse_flips_a_sharp_spin() -> None:
    one = np.array([5.0])
    assert flip_probability(one, np.zeros(1), 100.0, 1e-3, 1e6)[0] == pytest.approx(1.0, abs=1e-4)
    assert flip_probability(one, np.array([500.0]), 100.0, 1e-3, 1e6)[0] < 1e-3
    assert flip_probability(one, np.zeros(1), 1e5, 1.0, 1.0)[0] == pytest.approx(0.5, abs=0.02)


def test_hyperfine_line_reaches_one_nuclear_state_in_six(default_sample: Sample) -> None:
    environment = Environment(4.0, (0.0, 0.0, 0.2))
    lines = resonance_lines(default_sample.dopants[0], environment.field_t)
    outer = (lines.upper_m_s == 2.5) & (lines.lower_m_s == 1.5)
    frequency = float(np.sort(lines.frequency_ghz[outer])[2])
    sharp = default_sample.model_copy(update={"esr_inhomogeneous_width_mhz": 0.05, "spin_t2_us": 1e5})
    rabi_mhz_per_mt = 2.003 * 13.996 * np.sqrt(5) / 2
    pi_pulse = Microwave(frequency, 2.0 / rabi_mhz_per_mt)
    result = microwave_map(sharp, environment, pi_pulse, 250.0)
    assert result[1, 0] == pytest.approx(1 / 6, rel=0.03)
    assert result[2:, 0] == pytest.approx(0.0, abs=0.01)


def test_lit_microwave_acts_as_a_rate(default_sample: Sample) -> None:
    environment = Environment(4.0, (0.0, 0.0, 0.2))
    dot = Dot(default_sample, environment)
    light = ContinuousLight(1900.0, 1e-6, 1e-12, (0.0, 0.0, 1.0))
    quiet = segment_generator(dot.scheme, environment, Segment(1.0, (light,)))
    driven = segment_generator(dot.scheme, environment, Segment(1.0, (light,), Microwave(10.3, 1.0)))
    assert is_generator(driven - quiet)


def test_linewidth_grows_with_temperature_as_stated() -> None:
    width = Linewidth(gamma0_mev=0.1, acoustic_mev_per_k=0.01, lo_mev=95.0, lo_energy_mev=26.0)
    assert linewidth_mev(width, 4.0) == pytest.approx(0.14, abs=1e-3)
    assert linewidth_mev(width, 300.0) == pytest.approx(0.1 + 3.0 + 95 / (np.exp(26 / 25.852) - 1), rel=1e-3)


def test_emission_follows_the_gap_of_the_host(default_sample: Sample) -> None:
    assert emission_energy_mev(default_sample, 4.0) == pytest.approx(2049.0)
    assert emission_energy_mev(default_sample, 300.0) == pytest.approx(2049.0 - 91.2, abs=0.3)


def test_derived_emission_energy_falls_with_the_size(default_sample: Sample) -> None:
    small = default_sample.model_copy(update={"core_radius_nm": 1.5})
    assert 1834 < confined_gap_mev(default_sample) < confined_gap_mev(small)


def test_temperature_must_be_positive(default_sample: Sample) -> None:
    with pytest.raises(ValueError, match="above 0 K"):
        Dot(default_sample, Environment(0.0))
