import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sims.coherence.bath import SpinBath, empty_bath, joined, of_one_isotope
from sims.coherence.cce import CceOptions, cce_coherence, mean_over_baths, secular_error
from sims.coherence.convergence import t2_against_neighbours, t2_against_radius
from sims.coherence.decay import first_decay_time_s
from sims.coherence.dipolar import Field, Qubit
from sims.coherence.estimates import NuclearDensity, host_kanai_t2_s, kanai_t2_s
from sims.coherence.exact import exact_coherence
from sims.coherence.lattice import Layer, nuclear_bath
from sims.coherence.sequences import cpmg, hahn_echo, ramsey
from sims.matter.isotopes import spin_isotopes
from sims.matter.lattice import cubic, sites_in_sphere

PROTON = spin_isotopes("H")[0]
CHLORINE = spin_isotopes("Cl")[0]
CARBON = spin_isotopes("C")[0]
FIELD = Field(0.35, (0.3, 0.2, 1.0))
QUBIT = Qubit()
EVERY_PAIR = {"pair_cutoff_nm": 10.0}


def cluster(isotope, count, seed, nearest=1.2, farthest=1.6):
    rng = np.random.default_rng(seed)
    directions = np.abs(rng.normal(size=(count, 3)))
    radii = rng.uniform(nearest, farthest, (count, 1))
    return of_one_isotope(radii * directions / np.linalg.norm(directions, axis=1, keepdims=True), isotope)


def three_close_pairs():
    middles = np.array([[1.5, 0.3, 0.2], [-1.0, 1.2, 0.4], [0.1, -1.1, 1.3]])
    offsets = np.array([[0.12, 0.05, 0.0], [0.0, 0.1, 0.09], [0.05, 0.0, -0.13]])
    return of_one_isotope(np.concatenate((middles + offsets, middles - offsets)), PROTON)


def nuclei_that_ignore_each_other():
    # Tiny moments: their mutual coupling goes with the square, the hyperfine with the first power.
    positions = np.array([[1.0, 0.2, 0.1], [-0.3, 0.9, 0.6], [0.2, -0.5, 1.1]])
    contact = np.array([300.0, -150.0, 40.0])
    return SpinBath(positions, np.array([0.5, 1.5, 2.5]), np.array([1e5, 2e5, -1e5]), ("a", "b", "c"), contact)


@pytest.mark.parametrize("sequence", [ramsey(), hahn_echo(), cpmg(4), cpmg(5)])
@pytest.mark.parametrize("level", [0.5, 2.5])
def test_single_spins_are_exact_when_they_do_not_interact(sequence, level):
    bath, times, field = nuclei_that_ignore_each_other(), np.linspace(0, 0.02, 9), Field(0.003, (0.1, 0.4, 1.0))
    qubit = Qubit(upper_projection=level)
    exact = exact_coherence(bath, qubit, field, sequence, times)
    first_order = cce_coherence(bath, qubit, field, sequence, times, CceOptions(order=1))
    assert np.abs(exact).min() < 0.9
    np.testing.assert_allclose(first_order.coherence, exact, atol=2e-5)


@pytest.mark.parametrize("sequence", [ramsey(), hahn_echo(), cpmg(2)])
@pytest.mark.parametrize("model", ["secular", "full"])
def test_separate_pairs_agree_with_exact_dynamics_through_the_whole_decay(sequence, model):
    times = np.linspace(0, 5e-4 if sequence.pulses else 8e-6, 13)
    exact = exact_coherence(three_close_pairs(), QUBIT, FIELD, sequence, times)
    found = cce_coherence(three_close_pairs(), QUBIT, FIELD, sequence, times, CceOptions(pairs=model, **EVERY_PAIR))
    assert np.abs(exact).min() < 0.8
    np.testing.assert_allclose(found.coherence, exact, atol=2e-4)


@pytest.mark.parametrize("model", ["secular", "full"])
@pytest.mark.parametrize(("seed", "level"), [(0, 0.5), (1, 0.5), (0, 2.5), (0, -1.5)])
def test_six_random_protons_agree_with_exact_dynamics(seed, level, model):
    bath, times, qubit = cluster(PROTON, 6, seed), np.linspace(0, 6e-5, 7), Qubit(upper_projection=level)
    exact = exact_coherence(bath, qubit, FIELD, hahn_echo(), times)
    found = cce_coherence(bath, qubit, FIELD, hahn_echo(), times, CceOptions(pairs=model, **EVERY_PAIR))
    assert exact.real.min() < (0.97 if level == 0.5 else 0.999)
    np.testing.assert_allclose(found.coherence, exact, atol=1e-3 if level == 0.5 else 3e-5)


@pytest.mark.parametrize("model", ["secular", "full"])
@pytest.mark.parametrize("level", [0.5, 2.5])
def test_four_spins_three_halves_agree_with_exact_dynamics(model, level):
    bath, times, qubit = cluster(CHLORINE, 4, 2), np.linspace(0, 2e-3, 5), Qubit(upper_projection=level)
    exact = exact_coherence(bath, qubit, FIELD, hahn_echo(), times)
    found = cce_coherence(bath, qubit, FIELD, hahn_echo(), times, CceOptions(pairs=model, **EVERY_PAIR))
    assert np.abs(exact).min() < 0.97
    np.testing.assert_allclose(found.coherence, exact, atol=2e-3)


def test_unlike_isotopes_pair_only_in_the_full_model():
    bath = joined(cluster(PROTON, 2, 1), cluster(CHLORINE, 2, 2))
    secular, full = (
        cce_coherence(bath, QUBIT, FIELD, hahn_echo(), [1e-5], CceOptions(pairs=model, **EVERY_PAIR))
        for model in ("secular", "full")
    )
    assert (secular.n_pairs, full.n_pairs) == (2, 6)


def test_secular_error_is_small_in_a_strong_field_and_large_in_a_weak_one():
    bath, times = three_close_pairs(), np.linspace(0, 3e-5, 20)
    strong, weak = (secular_error(bath, QUBIT, Field(b), hahn_echo(), times) for b in (1.0, 2e-4))
    assert strong < 1e-4
    assert weak > 0.02


def test_secular_error_of_a_lone_spin_is_not_claimed():
    assert np.isnan(secular_error(cluster(PROTON, 1, 0), QUBIT, FIELD, hahn_echo(), [1e-5]))


@given(st.integers(0, 10_000), st.integers(0, 6), st.floats(1e-7, 1e-3), st.sampled_from(["secular", "full"]))
@settings(max_examples=25, deadline=None)
def test_coherence_starts_at_one_and_never_exceeds_it(seed, n_pulses, total, model):
    sequence = cpmg(n_pulses) if n_pulses else ramsey()
    bath = joined(cluster(PROTON, 6, seed, 0.5, 2.0), cluster(CHLORINE, 2, seed + 1, 0.5, 2.0))
    found = cce_coherence(bath, QUBIT, FIELD, sequence, [0.0, total], CceOptions(pairs=model))
    assert found.coherence[0] == pytest.approx(1.0)
    assert found.magnitude[1] <= 1.0 + 1e-12


@given(st.integers(0, 10_000), st.sampled_from(["secular", "full"]))
@settings(max_examples=15, deadline=None)
def test_turning_lattice_and_field_together_changes_nothing(seed, model):
    turn = Rotation.random(random_state=seed).as_matrix()
    bath, times = cluster(PROTON, 8, seed), np.linspace(0, 4e-5, 5)
    turned_field = Field(0.02, tuple(turn @ np.array([0.3, 0.2, 1.0])))
    options = CceOptions(pairs=model)
    before = cce_coherence(bath, QUBIT, Field(0.02, (0.3, 0.2, 1.0)), hahn_echo(), times, options)
    after = cce_coherence(bath.rotated(turn), QUBIT, turned_field, hahn_echo(), times, options)
    np.testing.assert_allclose(after.coherence, before.coherence, atol=1e-8)


@given(st.floats(0.5, 3.0))
@settings(max_examples=8, deadline=None)
def test_pair_decay_time_is_inverse_to_the_density(stretch):
    # Every coupling goes with 1/r^3; a strong field freezes the single spins out.
    bath, field = cluster(PROTON, 60, 7, 1.0, 3.0), Field(200.0)
    wide = of_one_isotope(bath.positions_nm * stretch, PROTON)
    near, far = (
        first_decay_time_s(lambda t, b=b: cce_coherence(b, QUBIT, field, hahn_echo(), t).magnitude, 1e-4 * s**3)[0]
        for b, s in ((bath, 1.0), (wide, stretch))
    )
    assert far / near == pytest.approx(stretch**3, rel=0.02)


def test_dilute_carbon_in_diamond_decays_as_the_published_scaling_law():
    crystal = cubic("zinc-blende", 0.3567, "textbook value")
    sites = np.concatenate([sites_in_sphere(crystal, 3.5, name, centre_on="cation") for name in ("cation", "anion")])
    sites = sites[np.linalg.norm(sites, axis=1) > 0.01]

    def draw(rng):
        return of_one_isotope(sites[rng.random(len(sites)) < 0.0107], CARBON)

    times = np.linspace(0, 2e-3, 41)
    half = Qubit(0.5, 0.5)
    mean, curves = mean_over_baths(
        draw, lambda bath: cce_coherence(bath, half, Field(5.0), hahn_echo(), times).coherence, 6, 2
    )
    found = np.interp(-np.exp(-1), -np.abs(mean), times)
    assert curves.shape == (6, 41)
    assert found == pytest.approx(kanai_t2_s([NuclearDensity(1.4048, 0.5, 0.0107 * 176.2)]), rel=0.2)


def test_two_isotope_host_lives_up_to_twice_as_long_as_the_scaling_law_says():
    bath = nuclear_bath([Layer("CdTe", 3.5)], (0, 0, 0), np.random.default_rng(1))
    law = host_kanai_t2_s("CdTe")
    found, exponent = first_decay_time_s(
        lambda t: cce_coherence(bath, Qubit(0.5, 0.5), Field(5.0), hahn_echo(), t).magnitude, law
    )
    assert 1.0 < found / law < 2.0
    assert 1.8 < exponent < 3.0


def test_reach_of_pairs_and_size_of_the_bath_converge():
    bath = nuclear_bath([Layer("CdTe", 4.0)], (0, 0, 0), np.random.default_rng(1))
    arguments = (bath, Qubit(0.5, 0.5), Field(5.0), hahn_echo(), 1e-3)
    by_reach = dict(t2_against_neighbours(*arguments, (15, 30, 60)))
    by_size = dict(t2_against_radius(*arguments, (3.5, 4.1)))
    assert by_reach[30] == pytest.approx(by_reach[60], rel=0.01)
    assert abs(by_reach[30] - by_reach[60]) < abs(by_reach[15] - by_reach[60])
    assert by_size[3.5] == pytest.approx(by_size[4.1], rel=0.05)


def test_more_pulses_protect_from_nuclei():
    bath = nuclear_bath([Layer("CdTe", 3.0)], (0, 0, 0), np.random.default_rng(1))
    times = [
        first_decay_time_s(lambda t, s=s: cce_coherence(bath, QUBIT, Field(5.0), s, t).magnitude, 1e-3)[0]
        for s in (hahn_echo(), cpmg(2), cpmg(8))
    ]
    assert times[0] < times[1] < times[2]


def test_envelope_leaves_the_modulation_out():
    bath, times, weak = nuclei_that_ignore_each_other(), np.linspace(0, 0.02, 9), Field(0.003)
    whole, envelope = (
        cce_coherence(bath, QUBIT, weak, hahn_echo(), times, CceOptions(modulation=kept)).magnitude
        for kept in (True, False)
    )
    assert whole.min() < 0.9
    np.testing.assert_allclose(envelope, 1.0, atol=1e-4)
    with pytest.raises(ValueError, match="single spins are what dephases it"):
        cce_coherence(bath, QUBIT, weak, ramsey(), times, CceOptions(modulation=False))


def test_no_spins_no_decay():
    assert np.all(cce_coherence(empty_bath(), QUBIT, FIELD, ramsey(), [0.0, 1.0]).coherence == 1.0)
    assert first_decay_time_s(lambda t: np.ones_like(t), 1e-3)[0] == float("inf")


@pytest.mark.parametrize("exponent", [0.7, 1.0, 3.0])
def test_decay_time_of_a_stretched_exponential_is_found_from_a_wrong_guess(exponent):
    for guess in (1e-9, 2e-5, 1.0):
        found, slope = first_decay_time_s(lambda t: np.exp(-((t / 2e-5) ** exponent)), guess)
        assert found == pytest.approx(2e-5, rel=1e-6)
        assert slope == pytest.approx(exponent, rel=1e-6)


def test_what_cannot_be_done_is_refused():
    bath = of_one_isotope(np.array([[1.0, 0, 0], [1.4, 0, 0]]), spin_isotopes("In")[0])
    with pytest.raises(ValueError, match="dimension 100 exceeds 36"):
        cce_coherence(bath, QUBIT, FIELD, hahn_echo(), [1e-6], CceOptions(pairs="full"))
    with pytest.raises(ValueError, match="order is 3"):
        CceOptions(order=3)
    with pytest.raises(ValueError, match="pairs is 'some'"):
        CceOptions(pairs="some")
    with pytest.raises(ValueError, match="total_times_s"):
        cce_coherence(bath, QUBIT, FIELD, hahn_echo(), [float("nan")])
    with pytest.raises(ValueError, match="at most 1024"):
        exact_coherence(cluster(PROTON, 11, 0), QUBIT, FIELD, hahn_echo(), [1e-6])
    with pytest.raises(ValueError, match="n_baths is 0"):
        mean_over_baths(lambda rng: bath, lambda b: np.ones(1, dtype=complex), 0, 1)
