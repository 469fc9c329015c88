"""Power-law blinking of a sample file: dwell times, on fraction, brightness of exposures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sims.dot.blinking import SwitchRecord, brightness, exposure_brightness, mean_brightness, on_off
from sims.dot.dwell import BoundedPowerLaw
from sims.dot.sample import Blinking
from sims.dot.sample_parts import PowerLaw

LAWS = PowerLaw(on_exponent=1.4, off_exponent=1.7, shortest_s=1e-2, longest_on_s=2.0, longest_off_s=1.0)


@settings(max_examples=25, deadline=None)
@given(exponent=st.floats(0.5, 3.0), decades=st.floats(0.3, 4.0), seed=st.integers(0, 1000))
def test_bounded_power_laws_are_drawn_as_stated(exponent: float, decades: float, seed: int) -> None:
    law = BoundedPowerLaw(exponent, 1e-3, 1e-3 * 10**decades)
    times = law.draw_s(3000, np.random.default_rng(seed))
    assert times.min() >= 0.999999e-3
    assert times.max() <= 1.000001e-3 * 10**decades
    grid = np.geomspace(1e-3, 1e-3 * 10**decades, 4001)
    cdf = integrate.cumulative_trapezoid(grid**-exponent, grid, initial=0)
    assert stats.kstest(times, lambda t: np.interp(t, grid, cdf / cdf[-1])).pvalue > 1e-4
    assert law.mean_s == pytest.approx(np.trapezoid(grid ** (1 - exponent), grid) / cdf[-1], rel=1e-4)


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_exponents_where_an_integral_is_a_logarithm(exponent: float) -> None:
    near = BoundedPowerLaw(exponent + 1e-6, 1e-3, 1.0)
    assert BoundedPowerLaw(exponent, 1e-3, 1.0).mean_s == pytest.approx(near.mean_s, rel=1e-4)


def test_a_stationary_process_is_found_in_its_long_times() -> None:
    law, rng = BoundedPowerLaw(1.5, 1e-3, 1.0), np.random.default_rng(1)
    rest = np.array([law.rest_s(rng) for _ in range(20_000)])
    times = law.draw_s(400_000, rng)
    assert rest.mean() == pytest.approx(np.mean(times**2) / (2 * np.mean(times)), rel=0.04)


def test_a_sample_with_power_laws_blinks_by_them() -> None:
    blinking = Blinking(off_brightness=0.2, power_law=LAWS)
    record = SwitchRecord(on_off(blinking), np.random.default_rng(2))
    time_s = np.arange(0, 3000, 2e-3)
    on = record.is_on(time_s)
    expected = on_off(blinking).on_fraction
    assert expected > 0.6
    assert on.mean() == pytest.approx(expected, abs=0.03)
    lengths = np.diff(np.flatnonzero(np.diff(on.astype(np.int8)))) * 2e-3
    assert lengths.max() < 2.01
    assert lengths.min() >= 0.0079
    assert mean_brightness(blinking) == pytest.approx(expected + 0.2 * (1 - expected))


def test_exposures_with_power_laws_scatter_about_the_mean() -> None:
    blinking, rng = Blinking(off_brightness=0.1, power_law=LAWS), np.random.default_rng(3)
    drawn = np.array([exposure_brightness(blinking, 0.5, rng) for _ in range(1500)])
    assert drawn.mean() == pytest.approx(mean_brightness(blinking), abs=0.03)
    assert drawn.std() > 0.1


def test_a_window_may_be_looked_at_again() -> None:
    record = SwitchRecord(on_off(Blinking(on_to_off_per_s=5.0, off_to_on_per_s=5.0)), np.random.default_rng(4), 10.0)
    first = record.between(3.0, 7.0)
    record.is_on(np.array([12.0]))
    again = record.between(3.0, 7.0)
    assert first[0] == again[0]
    assert np.array_equal(first[1], again[1])
    assert first[1].size > 5


def test_brightness_of_a_window() -> None:
    assert brightness(True, np.array([1.0, 3.0]), 0.0, 4.0, 0.5) == pytest.approx(0.75)
    assert brightness(False, np.empty(0), 2.0, 3.0, 0.5) == 0.5


@pytest.mark.parametrize("law", [(0.4, 1e-3, 1.0), (1.5, 1.0, 1.0), (1.5, 1e-7, 1.0), (1.5, 1e-3, np.inf)])
def test_impossible_laws_are_refused(law: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        BoundedPowerLaw(*law)
