import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import jn_zeros, spherical_jn

from sims.basics.constants import HBAR2_OVER_2M0_MEV_NM2
from sims.envelope.profile import CarrierLayer, CarrierProfile, hard_sphere, shells
from sims.envelope.radial import NotBoundError, RadialState, ground_state, radial_states
from sims.envelope.sphere import electron_density_per_nm3

masses = st.floats(0.05, 1.0)
radii_nm = st.floats(1.0, 6.0)


def finite_well_energy_mev(radius_nm: float, mass: float, height_mev: float, outside_mass: float) -> float:
    """Lowest s level of a finite spherical well, from matching R and R'/m at the wall."""

    def mismatch(energy_mev: float) -> float:
        inside = math.sqrt(mass * energy_mev / HBAR2_OVER_2M0_MEV_NM2)
        decay = math.sqrt(outside_mass * (height_mev - energy_mev) / HBAR2_OVER_2M0_MEV_NM2)
        wave = inside * math.cos(inside * radius_nm) - math.sin(inside * radius_nm) / radius_nm
        return wave / mass + (decay + 1 / radius_nm) / outside_mass * math.sin(inside * radius_nm)

    hard = HBAR2_OVER_2M0_MEV_NM2 * math.pi**2 / (mass * radius_nm**2)
    return float(brentq(mismatch, 1e-3, min(hard, height_mev) * (1 - 1e-12), xtol=1e-11, rtol=1e-14))


@settings(max_examples=20, deadline=None)
@given(radii_nm, masses)
def test_hard_sphere_has_the_analytic_levels(radius_nm: float, mass: float) -> None:
    unit = HBAR2_OVER_2M0_MEV_NM2 * math.pi**2 / (mass * radius_nm**2)
    energies = [state.energy_mev / unit for state in radial_states(hard_sphere(radius_nm, mass), 0, 4)]
    assert energies == pytest.approx([1, 4, 9, 16], rel=1e-9)


@pytest.mark.parametrize("momentum", [1, 2, 3, 5])
def test_hard_sphere_levels_of_higher_angular_momentum_are_zeros_of_bessel_functions(momentum: int) -> None:
    state = radial_states(hard_sphere(2.0, 0.2), momentum)[0]
    start = jn_zeros(momentum, 1)[0]  # j_l has its first zero above the one of J_l
    zero = brentq(lambda x: spherical_jn(momentum, x), start, start + 2.0)
    assert state.energy_mev == pytest.approx(HBAR2_OVER_2M0_MEV_NM2 * zero**2 / (0.2 * 4.0), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(radii_nm, masses, st.floats(1000.0, 6000.0), st.floats(0.2, 1.0))
def test_finite_well_agrees_with_the_matching_condition(
    radius_nm: float, mass: float, height_mev: float, outside_mass: float
) -> None:
    state = ground_state(shells([CarrierLayer(radius_nm, mass, 0.0)], height_mev, outside_mass))
    assert state.energy_mev == pytest.approx(
        finite_well_energy_mev(radius_nm, mass, height_mev, outside_mass), rel=1e-6
    )


def test_density_of_the_hard_sphere_is_the_analytic_one() -> None:
    state = ground_state(hard_sphere(2.0, 0.13))
    for distance_nm in (0.0, 0.3, 1.0, 1.9):
        assert state.density_per_nm3(distance_nm) == pytest.approx(electron_density_per_nm3(distance_nm, 2.0), rel=1e-8)
    assert state.density_per_nm3(2.5) == 0.0


layer_lists = st.lists(
    st.tuples(st.floats(0.3, 2.5), st.floats(0.08, 0.8), st.floats(-500.0, 500.0)), min_size=1, max_size=4
)


@settings(max_examples=25, deadline=None)
@given(layer_lists, st.integers(0, 2))
def test_states_hold_one_particle_and_have_the_right_number_of_nodes(
    numbers: list[tuple[float, float, float]], momentum: int
) -> None:
    profile = shells([CarrierLayer(*entry) for entry in numbers], 5000.0)
    try:
        states = radial_states(profile, momentum, 2)
    except NotBoundError:
        return
    radius = np.linspace(1e-3, profile.radius_nm + 0.2, 4000)
    for state in states:
        outside = state.probability_within(profile.radius_nm, math.inf)
        assert sum(state.layer_fractions()) + outside == pytest.approx(1.0, abs=1e-9)
        values = state.radial_function(radius)
        clear = values[np.abs(values) > 1e-6 * np.max(np.abs(values))]
        assert np.sum(np.diff(np.sign(clear)) != 0) == state.number - 1
    assert states[0].energy_mev < states[1].energy_mev


@settings(max_examples=15, deadline=None)
@given(layer_lists, st.floats(1.0, 300.0))
def test_deeper_or_heavier_never_raises_the_ground_state(
    numbers: list[tuple[float, float, float]], change_mev: float
) -> None:
    def energy(shift_mev: float, factor: float) -> float:
        layers = [CarrierLayer(t, m * factor, e) for t, m, e in numbers]
        first = layers[0]
        layers[0] = CarrierLayer(first.thickness_nm, first.mass, first.edge_mev + shift_mev)
        return ground_state(CarrierProfile(tuple(layers))).energy_mev

    assert energy(-change_mev, 1.0) <= energy(0.0, 1.0) + 1e-9
    assert energy(0.0, 1.2) <= energy(0.0, 1.0) + 1e-9


@settings(max_examples=15, deadline=None)
@given(layer_lists, st.floats(0.1, 0.9))
def test_cutting_a_layer_in_two_changes_nothing(numbers: list[tuple[float, float, float]], share: float) -> None:
    whole = [CarrierLayer(*entry) for entry in numbers]
    thickness, mass, edge = numbers[-1]
    cut = [*whole[:-1], CarrierLayer(share * thickness, mass, edge), CarrierLayer((1 - share) * thickness, mass, edge)]
    one, other = ground_state(CarrierProfile(tuple(whole))), ground_state(CarrierProfile(tuple(cut)))
    assert other.energy_mev == pytest.approx(one.energy_mev, abs=1e-6)
    assert other.density_per_nm3(0.3) == pytest.approx(one.density_per_nm3(0.3), rel=1e-5)


@pytest.mark.parametrize("shape", ["linear", "erf"])
def test_a_graded_interface_tends_to_the_abrupt_one_quadratically(shape: str) -> None:
    def energy(width_nm: float) -> float:
        core = CarrierLayer(2.0, 0.13, 0.0, width_nm, shape)  # type: ignore[arg-type]
        return ground_state(shells([core, CarrierLayer(2.0, 0.2, 300.0)], 4000.0)).energy_mev

    abrupt = energy(0.0)
    wide, narrow = energy(0.4) - abrupt, energy(0.2) - abrupt
    assert abs(wide) > 0.1
    assert wide / narrow == pytest.approx(4.0, rel=0.15)
    assert energy(1e-4) == pytest.approx(abrupt, abs=1e-5)


@pytest.mark.parametrize("shape", ["linear", "erf"])
def test_a_graded_interface_agrees_with_a_fine_staircase(shape: str) -> None:
    """Independent of the smooth coefficients: 400 thin abrupt layers."""
    core = CarrierLayer(2.0, 0.13, 0.0, 0.6, shape, bowing_mev=200.0)  # type: ignore[arg-type]
    smooth = shells([core, CarrierLayer(2.0, 0.20, 320.0)], 4000.0)
    borders = np.linspace(0.8, 3.2, 101)
    middles = 0.5 * (borders[:-1] + borders[1:])
    steps = [CarrierLayer(0.8, 0.13, 0.0)]
    steps += [
        CarrierLayer(0.024, float(m), float(e))
        for m, e in zip(smooth.mass(middles), smooth.edge_mev(middles), strict=True)
    ]
    steps.append(CarrierLayer(0.8, 0.20, 320.0))
    staircase = ground_state(shells(steps, 4000.0))
    assert ground_state(smooth).energy_mev == pytest.approx(staircase.energy_mev, abs=0.02)


def test_a_carrier_that_is_not_bound_is_named() -> None:
    shallow = shells([CarrierLayer(1.0, 0.1, 0.0)], 60.0)
    with pytest.raises(NotBoundError, match=r"n = 1, l = 0.*binds 0"):
        ground_state(shallow)


def test_a_weakly_bound_state_is_still_right() -> None:
    height_mev = 1.02 * finite_well_threshold_mev(1.0, 0.3)
    state = ground_state(shells([CarrierLayer(1.0, 0.3, 0.0)], height_mev, 0.3))
    assert state.energy_mev == pytest.approx(finite_well_energy_mev(1.0, 0.3, height_mev, 0.3), rel=1e-6)
    assert 0 < height_mev - state.energy_mev < 1.0


def finite_well_threshold_mev(radius_nm: float, mass: float) -> float:
    """Depth at which a well with equal masses begins to bind: k R = pi/2."""
    return HBAR2_OVER_2M0_MEV_NM2 * (math.pi / 2) ** 2 / (mass * radius_nm**2)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((-1.0, 0.1, 0.0), "thickness_nm"), ((1.0, 0.0, 0.0), "mass"), ((1.0, 0.1, math.nan), "edge_mev"),
     ((math.inf, 0.1, 0.0), "thickness_nm"), ((1.0, 0.1, 0.0, -0.1), "interface_nm")],
)  # fmt: skip
def test_unphysical_layers_are_refused_by_name(numbers: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CarrierLayer(*numbers)


def test_unphysical_profiles_are_refused_by_name() -> None:
    layer = CarrierLayer(1.0, 0.1, 0.0)
    with pytest.raises(ValueError, match="layers"):
        CarrierProfile(())
    with pytest.raises(ValueError, match="outside_edge_mev"):
        CarrierProfile((layer,), -1.0)
    with pytest.raises(ValueError, match="outside_edge_mev"):
        CarrierProfile((layer,), math.nan)
    with pytest.raises(ValueError, match="outermost"):
        CarrierProfile((CarrierLayer(1.0, 0.1, 0.0, 0.2),))
    with pytest.raises(ValueError, match="overlap"):
        CarrierProfile((CarrierLayer(1.0, 0.1, 0.0, 2.5), layer))
    with pytest.raises(ValueError, match="angular_momentum"):
        radial_states(CarrierProfile((layer,)), -1)
    with pytest.raises(ValueError, match="count"):
        radial_states(CarrierProfile((layer,)), 0, 0)


def test_questions_outside_the_physical_range_are_refused() -> None:
    state: RadialState = ground_state(hard_sphere(1.0, 0.1))
    for bad in (-0.1, math.nan):
        with pytest.raises(ValueError, match="radius_nm"):
            state.density_per_nm3(bad)
    with pytest.raises(ValueError, match="outer_nm"):
        state.probability_within(0.5, 0.4)
