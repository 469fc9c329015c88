import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.dot.ensemble import (
    Batch,
    draw_dot,
    draw_dots,
    neighbour_probability,
    neighbours,
    place_dopants,
    poisson_probability,
    single_among_doped,
)
from sims.dot.exchange import exchange_constants
from sims.dot.sample import Sample, SampleError, load_sample
from sims.matter.hosts import material


def test_poisson_statistics() -> None:
    assert [poisson_probability(n, 1.0) for n in range(3)] == pytest.approx([0.3679, 0.3679, 0.1839], abs=1e-4)
    assert single_among_doped(1.0) == pytest.approx(0.582, abs=5e-4)
    assert single_among_doped(0.3) == pytest.approx(0.857, abs=5e-4)
    assert poisson_probability(1, 0.3) == pytest.approx(0.222, abs=5e-4)
    assert single_among_doped(0.0) == 1.0


@settings(deadline=None)
@given(st.floats(0.01, 5.0))
def test_probabilities_add_to_one_and_agree_with_the_share(mean_dopants: float) -> None:
    chances = [poisson_probability(n, mean_dopants) for n in range(60)]
    assert sum(chances) == pytest.approx(1.0)
    assert chances[1] / sum(chances[1:]) == pytest.approx(single_among_doped(mean_dopants))


def test_drawn_batch_follows_poisson_within_three_sigma(default_sample: Sample) -> None:
    batch = Batch(default_sample, 1.0, placement="volume")
    numbers = np.array([len(dot.positions_nm) for dot in draw_dots(batch, 4000, np.random.default_rng(3))])
    for number in range(4):
        chance = poisson_probability(number, 1.0)
        assert np.mean(numbers == number) == pytest.approx(chance, abs=3 * math.sqrt(chance * (1 - chance) / 4000))


@pytest.mark.parametrize(("radius_nm", "percent"), [(1.5, 3.8), (2.0, 1.7), (2.5, 0.9)])
def test_chance_that_two_dopants_are_neighbours(radius_nm: float, percent: float) -> None:
    assert 100 * neighbour_probability("CdSe", radius_nm) == pytest.approx(percent, abs=0.06)


def test_drawn_pairs_are_neighbours_as_often_as_counted(default_sample: Sample) -> None:
    batch = Batch(default_sample.model_copy(update={"core_radius_nm": 1.0}))
    rng = np.random.default_rng(11)
    distance_nm = material("CdSe").lattice.nearest_cation_distance_nm
    silent = [neighbours(place_dopants(batch, 1.0, 2, rng), distance_nm).all() for _ in range(1500)]
    chance = neighbour_probability("CdSe", 1.0)
    assert np.mean(silent) == pytest.approx(chance, abs=3 * math.sqrt(chance * (1 - chance) / 1500) + 0.005)


def test_only_nearest_neighbours_are_silent() -> None:
    distance_nm = material("ZnSe").lattice.nearest_cation_distance_nm
    positions = np.array([[0.0, 0, 0], [distance_nm, 0, 0], [0, math.sqrt(2) * distance_nm, 0]])
    assert neighbours(positions, distance_nm).tolist() == [True, True, False]
    assert neighbours(np.zeros((0, 3)), distance_nm).tolist() == []


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["lattice", "volume", "radius", "centred"]), st.floats(0.4, 1.0), st.integers(0, 10**6))
def test_dopants_stay_within_their_reach(placement: str, confined_fraction: float, seed: int) -> None:
    batch = Batch(load_sample("mn-cdse-cds"), 1.0, placement, confined_fraction)  # type: ignore[arg-type]
    positions = place_dopants(batch, 2.0, 3, np.random.default_rng(seed))
    assert positions.shape == (3, 3)
    assert np.all(np.linalg.norm(positions, axis=1) <= 2.0 * confined_fraction + 1e-9)


def test_placements_have_the_right_mean_distance(default_sample: Sample) -> None:
    rng = np.random.default_rng(7)

    def mean_distance(placement: str) -> float:
        places = place_dopants(Batch(default_sample, 1.0, placement), 2.0, 4000, rng)  # type: ignore[arg-type]
        return float(np.mean(np.linalg.norm(places, axis=1)))

    assert mean_distance("volume") == pytest.approx(1.5, abs=0.02)
    assert mean_distance("radius") == pytest.approx(1.0, abs=0.03)


def test_centred_dopants_take_the_innermost_sites(default_sample: Sample) -> None:
    batch = Batch(default_sample, 1.0, "centred")
    places = np.linalg.norm(place_dopants(batch, 2.0, 2, np.random.default_rng(1)), axis=1)
    assert places[0] == pytest.approx(0.0, abs=1e-12)
    assert places[1] == pytest.approx(material("CdSe").lattice.nearest_cation_distance_nm, rel=1e-3)


def test_sizes_have_the_given_spread_and_are_cut(default_sample: Sample) -> None:
    batch = Batch(default_sample, 0.0, size_spread=0.1)
    radii = np.array([dot.core_radius_nm for dot in draw_dots(batch, 4000, np.random.default_rng(2))])
    assert np.mean(radii) == pytest.approx(2.0, abs=0.01)
    assert np.std(radii) == pytest.approx(0.2 * 0.987, abs=0.008)  # the cut at 3 sigma narrows it by 1.3 %
    assert np.max(np.abs(radii - 2.0)) <= 0.6


def test_more_dopants_in_larger_dots_when_asked(default_sample: Sample) -> None:
    batch = Batch(default_sample, 2.0, "volume", size_spread=0.25, dopants_follow_volume=True)
    dots = list(draw_dots(batch, 2000, np.random.default_rng(4)))
    large = [len(dot.positions_nm) for dot in dots if dot.core_radius_nm > 2.0]
    small = [len(dot.positions_nm) for dot in dots if dot.core_radius_nm <= 2.0]
    assert np.mean(large) > 1.5 * np.mean(small)


def test_same_seed_same_batch(default_sample: Sample) -> None:
    batch = Batch(default_sample, 1.5, size_spread=0.05)
    one, other = (list(draw_dots(batch, 20, np.random.default_rng(9))) for _ in range(2))
    assert all(np.array_equal(a.positions_nm, b.positions_nm) for a, b in zip(one, other, strict=True))


def test_a_drawn_dot_is_a_sample_with_its_own_exchange_and_energy(default_sample: Sample) -> None:
    batch = Batch(default_sample, 1.0, size_spread=0.08)
    rng = np.random.default_rng(12)
    dot = next(dot for dot in draw_dots(batch, 200, rng) if dot.active_count == 1 and dot.core_radius_nm < 1.95)
    sample = dot.sample("one")
    assert Sample.model_validate(sample.model_dump()).name == "one"
    assert sample.dopants[0].position_nm == pytest.approx(np.linalg.norm(dot.positions_nm[0]))
    assert sample.emission_mev is not None
    assert sample.emission_mev > default_sample.emission_mev  # type: ignore[operator]
    assert sample.bright_dark_splitting_mev == pytest.approx(3.0 * (2.0 / dot.core_radius_nm) ** 3)
    exchange = exchange_constants(sample, sample.dopants[0])
    assert exchange.electron_mev < 0 < exchange.hole_mev


def test_silent_pairs_are_listed_apart(default_sample: Sample) -> None:
    batch = Batch(default_sample, 2.0, "centred")
    rng = np.random.default_rng(1)
    dot = next(dot for dot in draw_dots(batch, 50, rng) if len(dot.positions_nm) == 2)
    sample = dot.sample()
    assert dot.active_count == 0
    assert (len(sample.dopants), len(sample.silent_dopants)) == (0, 2)


def test_too_many_dopants_for_a_sheet_are_refused(default_sample: Sample) -> None:
    batch = Batch(default_sample, 9.0, "volume")
    dot = next(dot for dot in draw_dots(batch, 50, np.random.default_rng(1)) if dot.active_count > 3)
    with pytest.raises(ValueError, match="at most 3"):
        dot.sample()


def test_a_dot_too_small_for_a_sheet_is_refused_in_one_line(default_sample: Sample) -> None:
    batch = Batch(default_sample.model_copy(update={"core_radius_nm": 0.6}), 0.0, size_spread=0.3)
    dot = next(dot for dot in draw_dots(batch, 500, np.random.default_rng(6)) if dot.core_radius_nm < 0.5)
    with pytest.raises(SampleError, match="core_radius_nm"):
        dot.sample("tiny")


def test_unphysical_batches_are_refused_by_name(default_sample: Sample) -> None:
    for fields, words in (
        ({"mean_dopants": -1.0}, "mean_dopants"),
        ({"mean_dopants": math.nan}, "mean_dopants"),
        ({"confined_fraction": 0.0}, "confined_fraction"),
        ({"confined_fraction": 1.5}, "confined_fraction"),
        ({"size_spread": 0.5}, "size_spread"),
        ({"placement": "surface"}, "placement"),
    ):
        with pytest.raises(ValueError, match=words):
            Batch(default_sample, **fields)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="template"):
        Batch(load_sample("undoped-cdse-cds"), 1.0)
    with pytest.raises(ValueError, match="cation sites"):
        place_dopants(Batch(default_sample), 0.5, 50, np.random.default_rng(0))
    with pytest.raises(ValueError, match="host 'X'"):
        neighbour_probability("X", 2.0)
    with pytest.raises(ValueError, match="6 nm"):
        neighbour_probability("CdSe", 8.0)
    with pytest.raises(ValueError, match="count"):
        list(draw_dots(Batch(default_sample), -1, np.random.default_rng(0)))


def test_an_undoped_batch_has_no_dopants() -> None:
    batch = Batch(load_sample("undoped-cdse-cds"), 0.0, size_spread=0.05)
    dot = draw_dot(batch, np.random.default_rng(5))
    assert dot.positions_nm.shape == (0, 3)
    assert dot.sample().dopants == ()
