import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.checks import UnphysicalInputError
from sims.dot.sample import Sample, load_sample
from sims.dynamics.switching import (
    Pulse,
    PulseTrain,
    apply_pulse,
    basis_state,
    best_dark_flip,
    best_dark_flip_field,
    run_train,
    switching_model,
    trajectory,
    transfer_probability,
)
from sims.dynamics.switching_search import SearchLimits, _Problem, best_light_hole_train, optimise_train

LIGHT_IN, LIGHT_OUT = Pulse("light", "sigma+"), Pulse("light", "sigma-")


def free_dopant(spin: float = 2.5) -> Sample:
    """The CdTe dot without crystal field: the published switching numbers have none."""
    sample = load_sample("mn-cdte-znte")
    changes = {"zero_field_d_uev": 0.0, "cubic_a_uev": 0.0, "spin": spin}
    return sample.model_copy(update={"dopants": (sample.dopants[0].model_copy(update=changes),)})


FREE = free_dopant()
ZERO_FIELD = switching_model(FREE, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("start_m", "field_t", "time_ps"),
    [(-2.5, 9.45, 13.2), (-1.5, 8.95, 10.5), (-0.5, 8.45, 9.9), (0.5, 8.00, 10.5), (1.5, 7.50, 13.2)],
)
def test_heavy_hole_flip_is_complete_at_the_bright_dark_degeneracy(
    start_m: float, field_t: float, time_ps: float
) -> None:
    flip = best_dark_flip(switching_model(FREE, (0, 0, field_t), heavy_only=True), start_m, field_t)
    assert flip.probability > 0.9995
    assert flip.time_ps == pytest.approx(time_ps, abs=0.1)


def test_flip_time_is_half_a_period_of_the_electron_exchange() -> None:
    flip = best_dark_flip(switching_model(FREE, (0, 0, 9.45), heavy_only=True), -2.5, 9.45)
    assert flip.time_ps == pytest.approx(4.135667 / (2 * np.sqrt(5) * 0.07), rel=2e-3)


def test_light_holes_at_30_mev_move_the_best_field_and_slow_the_flip() -> None:
    flip = best_dark_flip_field(FREE, -2.5, np.arange(9.2, 9.5, 0.02))
    assert flip.probability > 0.999
    assert flip.field_t == pytest.approx(9.37, abs=0.03)
    assert flip.time_ps == pytest.approx(14.2, abs=0.1)


def test_without_field_the_heavy_hole_hardly_flips_the_dopant() -> None:
    model = switching_model(FREE, (0, 0, 0), heavy_only=True)
    best = [best_dark_flip(model, m, 0.0, longest_ps=100.0).probability for m in (-2.5, -1.5, -0.5, 0.5, 1.5)]
    assert min(best) == pytest.approx(0.013, abs=0.001)
    assert max(best) == pytest.approx(0.0285, abs=0.001)


def test_two_light_hole_pulses_move_the_dopant_by_two() -> None:
    found = best_light_hole_train(ZERO_FIELD, 2, -2.5, -0.5)
    assert found.probability == pytest.approx(0.7265, abs=5e-4)
    assert found.train.duration_ps == pytest.approx(5.87, abs=0.02)


def test_five_pulses_reach_99_percent_within_25_ps() -> None:
    alternation = (LIGHT_IN, LIGHT_OUT, LIGHT_OUT, LIGHT_OUT, LIGHT_OUT)
    found = optimise_train(ZERO_FIELD, alternation, -2.5, -0.5, SearchLimits(starts=25))
    assert found.probability > 0.99
    assert found.train.duration_ps < 25.0


def test_more_pulses_never_do_worse() -> None:
    limits = SearchLimits(starts=15)
    reached = [best_light_hole_train(ZERO_FIELD, n, -2.5, -0.5, limits).probability for n in (2, 3, 4)]
    assert reached == sorted(reached)
    assert reached[1] == pytest.approx(0.766, abs=0.005)
    assert reached[2] > 0.95


def test_search_gives_the_same_answer_for_the_same_seed() -> None:
    limits = SearchLimits(starts=3, seed=7)
    pulses = (LIGHT_IN, LIGHT_IN, LIGHT_OUT)
    first = optimise_train(ZERO_FIELD, pulses, -2.5, -0.5, limits)
    assert first == optimise_train(ZERO_FIELD, pulses, -2.5, -0.5, limits)


@pytest.mark.parametrize("variables", [[1.0, 2.0, 3.0, 0.3, 0.4, 0.5], [1.0, 0.2, 3.0]])
def test_gradient_of_the_search_is_the_derivative(variables: list[float]) -> None:
    model = switching_model(FREE, (0.0, 0.0, 2.0))
    pulses = (LIGHT_IN, Pulse("heavy", "sigma-", 2.0), LIGHT_OUT, LIGHT_IN)
    problem = _Problem(model, pulses, -2.5, -0.5)
    x = np.array(variables)
    _, gradient = problem.loss_and_gradient(x)
    step = 1e-6
    steps = step * np.eye(x.size)
    numeric = [(problem.loss_and_gradient(x + s)[0] - problem.loss_and_gradient(x - s)[0]) / (2 * step) for s in steps]
    assert gradient == pytest.approx(numeric, abs=1e-6)


def test_search_and_train_agree_on_the_phases() -> None:
    model = switching_model(FREE, (0.0, 0.0, 2.0))
    problem = _Problem(model, (LIGHT_IN, Pulse("heavy", "sigma-"), LIGHT_OUT), -2.5, -0.5)
    x = np.array([1.3, 2.1, 0.7, -0.4])
    loss, _ = problem.loss_and_gradient(x)
    assert transfer_probability(model, problem.train(x), -2.5, -0.5) == pytest.approx(-loss, abs=1e-12)


def test_light_hole_pairs_move_an_even_number_of_units_only() -> None:
    train = PulseTrain((LIGHT_IN, LIGHT_OUT), (5.87,))
    final = np.abs(run_train(ZERO_FIELD, train, -2.5)[:6]) ** 2
    assert final[[0, 2, 4]] == pytest.approx([0, 0, 0], abs=1e-20)
    with pytest.raises(UnphysicalInputError, match="by 2 only"):
        best_light_hole_train(ZERO_FIELD, 2, -2.5, -1.5)


def test_mirror_symmetry_of_light_and_spin() -> None:
    up = transfer_probability(ZERO_FIELD, PulseTrain((LIGHT_IN, LIGHT_OUT), (4.0,)), -1.5, 0.5)
    down = transfer_probability(ZERO_FIELD, PulseTrain((LIGHT_OUT, LIGHT_IN), (4.0,)), 1.5, -0.5)
    assert up == pytest.approx(down, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(
    delays=st.lists(st.floats(0, 20), min_size=1, max_size=4),
    kinds=st.lists(st.sampled_from(["heavy", "light"]), min_size=5, max_size=5),
    field=st.tuples(*3 * [st.floats(-10, 10)]),
    area=st.floats(0, 7),
)
def test_populations_add_up_to_one(
    delays: list[float], kinds: list[str], field: tuple[float, float, float], area: float
) -> None:
    pulses = tuple(Pulse(kind, "sigma+", area) for kind in kinds[: len(delays) + 1])
    state = run_train(switching_model(FREE, field), PulseTrain(pulses, tuple(delays)), 0.5)
    assert np.linalg.norm(state) == pytest.approx(1.0, abs=1e-10)


def test_two_pi_pulses_at_once_leave_the_state_up_to_its_sign() -> None:
    start = basis_state(ZERO_FIELD, 1.5)
    once = apply_pulse(ZERO_FIELD, start, LIGHT_IN, 0.0)
    assert np.abs(once[:6]).max() < 1e-15
    assert apply_pulse(ZERO_FIELD, once, LIGHT_IN, 0.0) == pytest.approx(-start, abs=1e-12)


def test_trajectory_ends_at_the_trains_result_and_sums_to_one() -> None:
    train = PulseTrain((LIGHT_IN, LIGHT_OUT), (5.87,))
    course = trajectory(ZERO_FIELD, train, -2.5, after_ps=0.0, points=50)
    assert course.ground[-1, 3] == pytest.approx(transfer_probability(ZERO_FIELD, train, -2.5, -0.5), abs=1e-12)
    total = course.ground.sum(axis=1) + course.carriers.sum(axis=1)
    assert total == pytest.approx(np.ones(50), abs=1e-12)
    assert course.dopant.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-12)


def test_cobalt_like_spin_switches_too() -> None:
    model = switching_model(free_dopant(1.5), (0, 0, 0))
    assert model.n_states == 36
    assert best_light_hole_train(model, 2, -1.5, 0.5, SearchLimits(starts=10)).probability > 0.7


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: Pulse("split-off", "sigma+"), "hole must be"),
        (lambda: Pulse("light", "sigma+", float("nan")), "area_rad"),
        (lambda: PulseTrain((LIGHT_IN,), (1.0,)), "one delay fewer"),
        (lambda: PulseTrain((LIGHT_IN, LIGHT_OUT), (-1.0,)), "delays_ps"),
        (lambda: switching_model(FREE, (0.0, 0.0, float("inf"))), "field_t.z"),
        (lambda: switching_model(load_sample("undoped-cdse-cds"), (0, 0, 0)), "exactly one"),
        (lambda: switching_model(FREE.model_copy(update={"charge": 1}), (0, 0, 0)), "neutral"),
        (lambda: switching_model(FREE.model_copy(update={"hh_lh_splitting_mev": 1.0}), (0, 0, 0)), "heavy from light"),
        (lambda: basis_state(ZERO_FIELD, 2.0), "m = 2"),
        (lambda: basis_state(ZERO_FIELD, 3.5), r"m = 3\.5"),
        (lambda: SearchLimits(starts=0), "starts"),
        (lambda: optimise_train(ZERO_FIELD, (LIGHT_IN,), -2.5, -0.5), "at least two"),
    ],
)
def test_unphysical_switching_input_is_refused_by_name(action, message: str) -> None:
    with pytest.raises(UnphysicalInputError, match=message):
        action()
