"""Regression formulas against closed forms and against the moments of the cycle (independent code)."""

import numpy as np
import pytest

from sims.dot.response import Dot
from sims.dot.sample import load_sample
from sims.dot.stimulus import ContinuousLight, Cycle, Environment, PulsedLight, Segment
from sims.photons.correlation import cycle_map, expected_correlation, expected_cycle_correlation, expected_detections
from sims.photons.from_dot import continuous_process, jump_process
from sims.photons.process import JumpProcess, Stretch
from sims.photons.source import PhotonSource, stationary


def two_levels(pump: float, decay: float) -> JumpProcess:
    generator = np.array([[-pump, decay], [pump, -decay]])
    return JumpProcess((Stretch(10.0, generator),), np.array([1]), np.array([0]), np.array([decay]))


@pytest.mark.parametrize(("pump", "decay"), [(0.1, 1.0), (2.0, 0.5)])
def test_antibunching_of_two_levels(pump: float, decay: float) -> None:
    delay_ns = np.array([0.0, 3.0, -0.7, 0.7, 20.0])
    found = expected_correlation(two_levels(pump, decay), np.ones(1), np.ones(1), delay_ns)
    assert found == pytest.approx(1 - np.exp(-(pump + decay) * np.abs(delay_ns)), abs=1e-10)


def test_cross_correlation_turns_with_the_sign_of_the_delay(continuous: JumpProcess) -> None:
    delay_ns = np.linspace(-10, 10, 20)  # at 0 it jumps from one order to the other
    first, second = np.eye(4)[2], np.eye(4)[0]  # biexciton, exciton: the cascade is bunched at positive delays only
    forward = expected_correlation(continuous, first, second, delay_ns)
    assert forward == pytest.approx(expected_correlation(continuous, second, first, -delay_ns), rel=1e-9)
    assert forward[10] > 2 > forward[9]


def test_moments_of_a_dot_agree_with_those_of_the_cycle_solver() -> None:
    dot = Dot(load_sample("mn-cdse-cds"), Environment(4.0, (0.0, 0.0, 0.5)))
    pulse = PulsedLight(3.0, 2214.0, 8.0, 1e-14, (0.0, 0.0, 1.0))
    light = ContinuousLight(float(dot.transitions.energy_mev[0]), 1e-3, 1e-7, (0.0, 0.0, 1.0))
    cycle = Cycle((Segment(40.0), Segment(30.0, (light,))), (pulse,))
    process, response = jump_process(dot, cycle), dot.respond(cycle)
    begin = stationary(cycle_map(process))
    # The cycle solver's populations are those after a pulse at the very start; here there is none.
    assert begin == pytest.approx(response.populations[0], abs=1e-8)
    n = len(dot.transitions)
    detection = np.stack([np.full(n, 0.02), np.linspace(0.0, 0.05, n)])
    rates = PhotonSource(process, detection).expected_rates_hz()
    assert rates == pytest.approx(detection @ response.rates(), rel=1e-6)
    moments = response.detections(detection)
    assert [expected_detections(process, row) @ begin for row in detection] == pytest.approx(
        moments.per_detector, rel=1e-6
    )
    zero = expected_cycle_correlation(process, begin, detection[0], detection[1], 1)[0]
    assert zero == pytest.approx(response.expected_g2_zero(detection), rel=1e-4)


def test_a_dot_in_the_dark_is_refused() -> None:
    dot = Dot(load_sample("undoped-cdse-cds"), Environment(4.0))
    ones = np.ones(len(dot.transitions))
    with pytest.raises(ValueError, match="never detected"):
        expected_correlation(continuous_process(dot), ones, ones, np.zeros(1))


def test_a_cycle_is_not_continuous(pulsed: JumpProcess) -> None:
    with pytest.raises(ValueError, match="continuous"):
        expected_correlation(pulsed, np.ones(4), np.ones(4), np.zeros(1))
