import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.checks import UnphysicalInputError
from sims.dot.sample import load_sample
from sims.dynamics.polaron import (
    PolaronDot,
    active_fraction,
    aligned_spin,
    dot_from_densities,
    exact_energy_mev,
    fluctuation_fwhm_mev,
    formation,
    mean_field_critical_k,
    mean_field_energy_mev,
    time_integrated_shift_mev,
    uniform_dot,
)
from sims.dynamics.single_polaron import alignment_in_lifetime, exchange_step_mev, flip_generator_per_ns, sample_polaron

KB, MU_B = 8.617333262e-2, 5.788381806e-2
TIMES = np.linspace(0.0, 5.0, 26)


def cdse(content: float) -> PolaronDot:
    return uniform_dot(content, 2.0, 230.0, -1270.0, 0.0561)


def brillouin(spin: float, x: float) -> float:
    """S B_S as printed, eq. (4) of the paper, with x = e/2kT."""
    return 0.5 * ((2 * spin + 1) / np.tanh((2 * spin + 1) * x) - 1 / np.tanh(x))


def test_exchange_field_and_binding_of_lightly_doped_cdse() -> None:
    """Rice et al., Nano Lett. 17, 3068: up to 26 meV for x = .4-1.6 %, B_ex about 10 T."""
    assert cdse(0.01).exchange_fields_t() == pytest.approx(10.85, abs=0.05)
    energies = [exact_energy_mev(cdse(x), 2.0) for x in (0.004, 0.008, 0.012, 0.016)]
    assert energies == sorted(energies)
    assert 4.0 < energies[0] < 10.0
    assert 20.0 < energies[-1] < 27.0


def test_evenly_spread_carriers_are_the_uniform_dot() -> None:
    density = np.full(5, 3 / (4 * np.pi * 8.0))
    made = dot_from_densities(density, density, 230.0, -1270.0, 0.0561)
    assert made.exchange_mev == pytest.approx(cdse(0.01).exchange_mev)
    with pytest.raises(UnphysicalInputError, match="no negative density"):
        dot_from_densities(-density, density, 230.0, -1270.0, 0.0561)


def test_polaron_of_a_sample_is_its_dopants_exchange() -> None:
    pair = load_sample("two-mn-cdse-cds")
    assert sample_polaron(pair).exchange_mev == pytest.approx([exchange_step_mev(pair, 0), exchange_step_mev(pair, 1)])
    with pytest.raises(UnphysicalInputError, match="dopant 0"):
        sample_polaron(load_sample("undoped-cdse-cds"))


def test_complete_alignment_gives_s_times_the_exchange() -> None:
    dot = cdse(0.016)
    assert exact_energy_mev(dot, 0.5) == pytest.approx(2.5 * dot.exchange_mev.sum(), rel=1e-3)


@given(energy=st.floats(0.01, 30), temperature=st.floats(0.5, 400), spin=st.sampled_from([0.5, 1.5, 2.0, 2.5]))
def test_alignment_is_the_printed_brillouin_function(energy: float, temperature: float, spin: float) -> None:
    kt = KB * temperature
    assert float(aligned_spin(spin, energy, kt)) == pytest.approx(brillouin(spin, energy / (2 * kt)), rel=1e-6)


def test_known_spin_expectation_values() -> None:
    for temperature, expected in ((2.0, 1.5643), (4.2, 0.8788), (300.0, 0.0131)):
        assert float(aligned_spin(2.5, 2 * MU_B * 1.0, KB * temperature)) == pytest.approx(expected, abs=1e-4)


def test_two_dopants_agree_with_the_sum_over_all_their_states() -> None:
    dot, temperature, field = PolaronDot(np.array([0.8, 0.3])), 3.0, 1.5
    m = np.arange(2.5, -3, -1)
    kt, zeeman = KB * temperature, 2 * MU_B * field
    first, second = np.meshgrid(m, m, indexing="ij")
    exchange = 0.8 * first + 0.3 * second
    weights = {s: np.exp(-(s * exchange + zeeman * (first + second)) / kt) for s in (1, -1)}
    total = sum(w.sum() for w in weights.values())
    relaxed = sum(np.sum(w * s * exchange) for s, w in weights.items()) / total
    bare = np.exp(-zeeman * (first + second) / kt)
    created = -abs(np.sum(bare * exchange) / bare.sum())
    assert exact_energy_mev(dot, temperature, field) == pytest.approx(created - relaxed, rel=1e-10)


def test_a_strong_field_leaves_nothing_to_gain() -> None:
    dot = cdse(0.01)
    gains = [exact_energy_mev(dot, 4.0, field) for field in (0.0, 2.0, 5.0, 20.0)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < 0.01
    assert exact_energy_mev(dot, 4.0, -2.0) == pytest.approx(gains[1])


def test_exact_energy_falls_smoothly_where_the_mean_field_has_its_artefact() -> None:
    dot = cdse(0.01)
    critical = mean_field_critical_k(dot)
    assert mean_field_energy_mev(dot, critical * 1.001) == (0.0, 0.0)
    below, polarisation = mean_field_energy_mev(dot, critical * 0.95)
    assert below > 0
    assert 0 < polarisation < 1
    assert exact_energy_mev(dot, critical * 1.001) > 2.0


def test_mean_field_is_self_consistent_and_exact_when_cold() -> None:
    dot = cdse(0.01)
    temperature = 45.0
    energy, p = mean_field_energy_mev(dot, temperature)
    exchange = float(np.sum(dot.exchange_mev * aligned_spin(2.5, dot.exchange_mev * p, KB * temperature)))
    assert p == pytest.approx(np.tanh(exchange / (KB * temperature)), abs=1e-9)
    assert energy == pytest.approx(p * exchange)
    assert mean_field_energy_mev(dot, 2.0)[0] == pytest.approx(exact_energy_mev(dot, 2.0), rel=1e-6)


def test_antiferromagnetic_temperature_weakens_the_polaron() -> None:
    shy = PolaronDot(cdse(0.01).exchange_mev, antiferromagnetic_k=5.0)
    assert exact_energy_mev(shy, 5.0) == pytest.approx(exact_energy_mev(cdse(0.01), 10.0))


def test_silent_pairs() -> None:
    assert active_fraction(0.016) == pytest.approx(0.016 * 0.984**12)


def test_line_at_creation_is_as_wide_as_random_spins_make_it() -> None:
    dot = PolaronDot(np.array([0.8, 0.3, 0.5]))
    m = np.random.default_rng(3).choice(np.arange(2.5, -3, -1), (200_000, 3))
    drawn = 2.3548 * np.std(m @ dot.exchange_mev)
    assert fluctuation_fwhm_mev(dot) == pytest.approx(drawn, rel=0.01)


def test_formation_is_exponential_for_a_polarised_exciton_and_reaches_equilibrium() -> None:
    dot = cdse(0.01)
    grown = formation(dot, 4.0, TIMES, spin_relaxation_ns=0.5, start_alignment=0.0)
    equilibrium = exact_energy_mev(dot, 4.0)
    assert grown.energy_mev == pytest.approx(equilibrium * (1 - np.exp(-TIMES / 0.5)), abs=1e-4)
    assert grown.polarisation == pytest.approx(np.ones(TIMES.size))


def test_a_fast_exciton_follows_the_fluctuation_it_meets() -> None:
    dot = cdse(0.016)
    grown = formation(dot, 4.0, TIMES, 0.3, exciton_relaxation_ns=0.01, start_alignment=-0.5)
    assert grown.polarisation[-1] == pytest.approx(-1.0, abs=1e-3)
    assert grown.alignment[-1] < -2.0


def test_short_lifetime_hides_part_of_the_shift() -> None:
    assert time_integrated_shift_mev(20.0, 1.0, 3.0) == pytest.approx(15.0)


def test_single_dopant_in_a_short_lived_exciton_stays_random_and_in_a_long_lived_one_thermalises() -> None:
    step = exchange_step_mev(load_sample("mn-cdte-znte"))
    assert step == pytest.approx(0.26)
    short = alignment_in_lifetime(2.5, step, 4.0, flip_ns=15.0, lifetime_ns=0.3)
    assert abs(short.mean_projection) < 0.02
    long = alignment_in_lifetime(2.5, step, 4.0, flip_ns=15.0, lifetime_ns=1e7)
    assert -long.mean_projection == pytest.approx(float(aligned_spin(2.5, step, KB * 4.0)), abs=1e-4)
    assert long.energy_mev == pytest.approx(-step * long.mean_projection)


def test_alignment_agrees_with_a_time_average_over_the_decay() -> None:
    generator = flip_generator_per_ns(2.5, 1.0, 5.0, 4.0)
    rates, right = np.linalg.eig(generator)
    weights = np.linalg.solve(right, np.full(6, 1 / 6))
    times = np.linspace(0, 60.0, 60001)
    average = np.trapezoid(np.exp(-times / 3.0) / 3.0 * (np.exp(np.outer(rates, times)) * weights[:, None]), times)
    populations = alignment_in_lifetime(2.5, 1.0, 5.0, 4.0, 3.0).populations
    assert populations == pytest.approx((right @ average).real, abs=1e-6)


@settings(max_examples=30)
@given(step=st.floats(-5, 5), temperature=st.floats(0.3, 300), lifetime=st.floats(0.01, 1e4))
def test_alignment_stays_a_distribution_and_never_costs_energy(
    step: float, temperature: float, lifetime: float
) -> None:
    after = alignment_in_lifetime(2.5, step, temperature, 10.0, lifetime)
    assert after.populations.sum() == pytest.approx(1.0, abs=1e-9)
    assert after.populations.min() > -1e-12
    assert after.energy_mev > -1e-9


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: PolaronDot(np.array([np.nan])), "exchange_mev"),
        (lambda: PolaronDot(np.array([1.0]), spin=0.7), "spin"),
        (lambda: exact_energy_mev(cdse(0.01), -1.0), "temperature_k"),
        (lambda: exact_energy_mev(cdse(0.01), 4.0, float("inf")), "field_t"),
        (lambda: uniform_dot(1.2, 2.0, 230, -1270, 0.0561), "content"),
        (lambda: uniform_dot(0.01, -2.0, 230, -1270, 0.0561), "radius_nm"),
        (lambda: formation(cdse(0.01), 4.0, TIMES[::-1], 0.3), "times_ns"),
        (lambda: formation(cdse(0.01), 4.0, TIMES, 0.3, start_alignment=4.0), "start_alignment"),
        (lambda: alignment_in_lifetime(2.5, 1.0, 4.0, 10.0, 0.0), "lifetime_ns"),
        (lambda: alignment_in_lifetime(2.5, 1.0, 4.0, 10.0, 1.0, np.ones(6)), "start"),
        (lambda: exchange_step_mev(load_sample("undoped-cdse-cds")), "dopant 0"),
    ],
)
def test_unphysical_polaron_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
