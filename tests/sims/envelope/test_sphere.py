import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from sims.envelope.sphere import electron_density_per_nm3, hole_density_per_nm3, hole_wave_number


def test_electron_at_the_centre_and_its_ratio_to_the_volume_average() -> None:
    centre = electron_density_per_nm3(0.0, 2.0)
    assert centre == pytest.approx(1.571 / 8, rel=1e-3)
    assert centre * 4 / 3 * np.pi * 8 == pytest.approx(6.580, abs=1e-3)


def test_hole_at_the_centre_for_the_mass_ratio_of_cdse() -> None:
    assert hole_density_per_nm3(0.0, 2.0, 0.28) == pytest.approx(2.24 / 8, rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(radius_nm=st.floats(0.5, 10.0), mass_ratio=st.floats(0.05, 0.9))
def test_both_densities_hold_one_particle(radius_nm: float, mass_ratio: float) -> None:
    def total(density: object) -> float:
        value, _ = quad(lambda r: 4 * np.pi * r**2 * density(r), 0, radius_nm)  # type: ignore[operator]
        return float(value)

    assert total(lambda r: electron_density_per_nm3(r, radius_nm)) == pytest.approx(1.0, rel=1e-6)
    assert total(lambda r: hole_density_per_nm3(r, radius_nm, mass_ratio)) == pytest.approx(1.0, rel=1e-6)


def test_nothing_outside_the_dot() -> None:
    assert electron_density_per_nm3(2.1, 2.0) == 0.0
    assert hole_density_per_nm3(2.1, 2.0, 0.28) == 0.0


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_unphysical_numbers_are_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="distance_nm"):
        electron_density_per_nm3(bad, 2.0)
    with pytest.raises(ValueError, match="radius_nm"):
        hole_density_per_nm3(0.5, bad, 0.28)
    with pytest.raises(ValueError, match="mass_ratio"):
        hole_density_per_nm3(0.5, 2.0, bad)


@pytest.mark.parametrize("mass_ratio", [0.01, 0.5, 0.99])
def test_hole_condition_holds_at_the_ends_of_the_range(mass_ratio: float) -> None:
    # For equal masses the hole is a plain sphere (kR = pi); the light hole lowers kR from there.
    assert 2.0 < hole_wave_number(mass_ratio) < 5.77
    assert hole_density_per_nm3(0.0, 2.0, mass_ratio) > electron_density_per_nm3(0.0, 2.0) * 0.9
