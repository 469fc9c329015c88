"""What a jump process refuses."""

from dataclasses import replace

import numpy as np
import pytest

from sims.photons.process import JumpProcess, Kick, Stretch


def with_generator(process: JumpProcess, generator: np.ndarray) -> JumpProcess:
    return replace(process, steps=(Stretch(1.0, generator),))


def test_rates_that_do_not_sum_to_zero(continuous: JumpProcess) -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        with_generator(continuous, continuous.steps[0].generator + np.eye(6))


def test_negative_rates(continuous: JumpProcess) -> None:
    generator = continuous.steps[0].generator.copy()
    generator[5, 0], generator[0, 0] = -0.1, generator[0, 0] + 0.1
    with pytest.raises(ValueError, match="negative rates"):
        with_generator(continuous, generator)


def test_photons_that_the_generator_does_not_hold(continuous: JumpProcess) -> None:
    with pytest.raises(ValueError, match="emit"):
        replace(continuous, rate_per_ns=5.0 * continuous.rate_per_ns)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(continuous: JumpProcess, value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        with_generator(continuous, np.full((6, 6), value))


@pytest.mark.parametrize("duration_ns", [0.0, -1.0, np.nan, np.inf])
def test_durations(continuous: JumpProcess, duration_ns: float) -> None:
    with pytest.raises(ValueError, match="duration_ns"):
        replace(continuous, steps=(Stretch(duration_ns, continuous.steps[0].generator),))


def test_a_map_that_loses_population(continuous: JumpProcess) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        replace(continuous, steps=(Kick(0.5 * np.eye(6)), *continuous.steps))


def test_kicks_alone_take_no_time(continuous: JumpProcess) -> None:
    with pytest.raises(ValueError, match="no stretch"):
        replace(continuous, steps=(Kick(np.eye(6)),))


@pytest.mark.parametrize("lower", [np.array([0, 1, 2, 6]), np.array([2, 1, 2, 3]), np.array([-1, 1, 2, 3])])
def test_transitions_between_states_that_are_not_there(continuous: JumpProcess, lower: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two different states"):
        replace(continuous, lower=lower)


def test_no_transition(continuous: JumpProcess) -> None:
    empty = np.empty(0, dtype=np.int64)
    with pytest.raises(ValueError, match="no transition"):
        replace(continuous, upper=empty, lower=empty, rate_per_ns=np.empty(0))
