import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.constants import COULOMB_MEV_NM, HBAR2_OVER_2M0_MEV_NM2
from sims.envelope.bohr import carrier_bohr_radius_nm, exciton_bohr_radius_nm
from sims.envelope.coulomb import coulomb_energy_mev
from sims.envelope.layers import HARD_WALL, HostLayer, Layer, Outside, layers_at
from sims.envelope.pair import solve_pair, transition_energy_mev
from sims.envelope.placement import placement_statistics
from sims.envelope.profile import hard_sphere
from sims.envelope.radial import ground_state
from sims.envelope.sizing import published_energy_mev, sizing_deviation_mev
from sims.matter.alloys import alloy
from sims.matter.quantity import NotEstablishedError

CDSE_BALL = Layer(2.0, 0.13, 0.45, 1834.0, 0.0, 9.5)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.8, 8.0), st.floats(2.0, 20.0))
def test_hard_sphere_gives_bruss_formula(radius_nm: float, permittivity: float) -> None:
    pair = solve_pair([Layer(radius_nm, 0.13, 0.45, 1834.0, 0.0, permittivity)], HARD_WALL)
    coulomb = 1.78607 * COULOMB_MEV_NM / (permittivity * radius_nm)
    kinetic = HBAR2_OVER_2M0_MEV_NM2 * math.pi**2 / radius_nm**2 * (1 / 0.13 + 1 / 0.45)
    assert pair.coulomb_mev == pytest.approx(coulomb, rel=1e-5)
    assert pair.transition_mev == pytest.approx(1834.0 + kinetic - coulomb, rel=1e-6)


def test_coulomb_energy_by_monte_carlo_pairs() -> None:
    """Independent of Gauss's law: positions drawn from the two densities, mean of 1/distance."""
    pair = solve_pair([CDSE_BALL, Layer(1.5, 0.2, 0.7, 2160.0, -420.0, 9.5)])
    rng = np.random.default_rng(5)

    def draw(state: object, count: int) -> np.ndarray:
        radius = np.linspace(0, 5.0, 4001)
        share = np.cumsum(4 * np.pi * radius**2 * state.densities_per_nm3(radius))  # type: ignore[attr-defined]
        distance = np.interp(rng.random(count), share / share[-1], radius)
        direction = rng.normal(size=(count, 3))
        return np.asarray(distance[:, None] * direction / np.linalg.norm(direction, axis=1, keepdims=True))

    apart = np.linalg.norm(draw(pair.electron, 200_000) - draw(pair.hole, 200_000), axis=1)
    assert pair.coulomb_mev == pytest.approx(COULOMB_MEV_NM / 9.5 * np.mean(1 / apart), rel=5e-3)


def test_a_layered_permittivity_lies_between_the_uniform_ones() -> None:
    pair = solve_pair([CDSE_BALL, Layer(1.5, 0.2, 0.7, 2160.0, -420.0, 9.5)])
    between = coulomb_energy_mev(pair.electron, pair.hole, (2.0, 3.5), (9.5, 6.0))
    low = coulomb_energy_mev(pair.electron, pair.hole, (2.0, 3.5), (6.0, 6.0))
    assert pair.coulomb_mev < between < low
    with pytest.raises(ValueError, match="permittivities"):
        coulomb_energy_mev(pair.electron, pair.hole, (2.0, 3.5), (9.5,))
    with pytest.raises(ValueError, match="permittivity"):
        coulomb_energy_mev(pair.electron, pair.hole, (2.0, 3.5), (9.5, 0.0))


def test_polarisation_costs_energy_in_a_weaker_medium_and_none_in_the_same() -> None:
    weaker = solve_pair([CDSE_BALL], HARD_WALL, self_polarisation=True)
    same = solve_pair([CDSE_BALL], Outside(math.inf, math.inf, permittivity=9.5), self_polarisation=True)
    assert 20.0 < weaker.polarisation_mev < 80.0
    assert same.polarisation_mev == pytest.approx(0.0, abs=1e-9)


# Shares in the core of ZnSe (r = 1.7 nm)/CdSe: masses .16/.13 and .60/.45, steps 800 and 230 meV, outside 4 eV above
# the edges of CdSe. Reference: an independent finite-difference solution, good to 6e-4.
@pytest.mark.parametrize(
    ("shell_nm", "electron_share", "hole_share"),
    [(0.0, 0.963, 0.995), (0.4, 0.578, 0.869), (0.8, 0.282, 0.534), (1.0, 0.204, 0.386)],
)
def test_shares_in_the_core_of_znse_cdse(shell_nm: float, electron_share: float, hole_share: float) -> None:
    core = Layer(1.7, 0.16, 0.60, 2825.0, 0.0, 8.9)
    shell = [Layer(shell_nm, 0.13, 0.45, 2025.0, 230.0, 9.5)] if shell_nm else []
    outside = Outside() if shell_nm else Outside(3200.0, 3770.0)
    pair = solve_pair([core, *shell], outside)
    assert pair.electron.layer_fractions()[0] == pytest.approx(electron_share, abs=6e-4)
    assert pair.hole.layer_fractions()[0] == pytest.approx(hole_share, abs=6e-4)


def test_placement_averages_of_the_hard_sphere() -> None:
    everywhere = placement_statistics(ground_state(hard_sphere(2.0, 0.13)))
    assert everywhere.centre_to_volume_average == pytest.approx(2 * math.pi**2 / 3, rel=1e-9)
    assert everywhere.centre_to_radius_average == pytest.approx(2.215, abs=0.001)
    assert everywhere.centre_to_median == pytest.approx(17.06, abs=0.01)
    assert everywhere.share_above_half == pytest.approx(0.0869, abs=2e-4)
    confined = placement_statistics(ground_state(hard_sphere(2.0, 0.13)), 0.5)
    assert confined.centre_to_volume_average == pytest.approx(math.pi**2 / 6, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.floats(1.2, 3.0), st.floats(0.1, 1.0))
def test_larger_dots_emit_lower(radius_nm: float, step_nm: float) -> None:
    small = transition_energy_mev([HostLayer("CdSe", radius_nm)], 4.0)
    assert transition_energy_mev([HostLayer("CdSe", radius_nm + step_nm)], 4.0) < small


def test_a_shell_shifts_to_the_red_and_grading_takes_some_of_it_back() -> None:
    bare = transition_energy_mev([HostLayer("CdSe", 2.0)], 4.0)
    abrupt = transition_energy_mev([HostLayer("CdSe", 2.0), HostLayer("CdS", 2.0)], 4.0)
    assert abrupt < bare - 50.0
    graded = transition_energy_mev([HostLayer("CdSe", 2.0, 0.6), HostLayer("CdS", 2.0)], 4.0)
    assert 0.5 < abs(graded - abrupt) < 60.0


def test_transition_follows_the_gap_with_temperature() -> None:
    cold, warm = (transition_energy_mev([HostLayer("CdSe", 2.0)], t) for t in (4.0, 300.0))
    assert cold - warm == pytest.approx(91.3, abs=0.5)
    cold, warm = (transition_energy_mev([HostLayer("PbS", 2.0)], t) for t in (4.0, 300.0))
    # Bulk PbS moves by 136 meV; a wider gap makes the carriers heavier, which takes a part of it back.
    assert 20.0 < warm - cold < 110.0


def test_an_alloy_can_be_a_layer() -> None:
    middle = alloy("CdSe", "CdS", 0.5)
    energy = transition_energy_mev([HostLayer("CdSe", 1.5), HostLayer(middle, 0.5), HostLayer("CdS", 1.0)], 4.0)
    sharp = [transition_energy_mev([HostLayer("CdSe", r), HostLayer("CdS", 3.0 - r)], 4.0) for r in (2.0, 1.5)]
    assert sharp[0] < energy < sharp[1]


# The model's honest distance from the published curves at 300 K: a single parabolic band is too stiff in small dots.
@pytest.mark.parametrize(
    ("host", "diameters_nm", "largest_mev"),
    [("CdSe", (4.0, 5.0, 6.0), 50.0), ("CdSe", (3.0,), 160.0), ("CdTe", (3.5, 4.0, 5.0), 60.0),
     ("CdS", (3.0, 4.0, 5.0), 220.0), ("PbS", (3.0,), 60.0),
     ("PbS", (4.0, 5.0, 6.0, 8.0), 40.0)],
)  # fmt: skip
def test_distance_from_published_sizing_curves(host: str, diameters_nm: tuple[float, ...], largest_mev: float) -> None:
    deviations = sizing_deviation_mev(host, diameters_nm)
    assert np.max(np.abs(deviations)) < largest_mev


def test_nonparabolic_masses_agree_with_the_energy_they_give() -> None:
    layers = layers_at([HostLayer("PbS", 2.0)], 300.0)
    pair = solve_pair(layers, HARD_WALL, nonparabolic=True)
    # Hard wall: hbar^2 k^2/2m(E) = E - E_c with m(E) = m (E - E_v)/(E_c - E_v) is a quadratic equation.
    layer = layers[0]
    gap = layer.conduction_mev - layer.valence_mev
    bottom = HBAR2_OVER_2M0_MEV_NM2 * math.pi**2 / (layer.electron_mass * 4.0)
    expected = gap / 2 * (math.sqrt(1 + 4 * bottom / gap) - 1)
    assert pair.electron.energy_mev - layer.conduction_mev == pytest.approx(expected, abs=1e-4)
    assert pair.hole.energy_mev + layer.valence_mev == pytest.approx(expected, abs=1e-4)


def test_only_the_electron_of_a_tetrahedral_host_is_nonparabolic() -> None:
    layers = layers_at([HostLayer("CdSe", 1.5)], 300.0)
    plain, kane = solve_pair(layers), solve_pair(layers, nonparabolic=True)
    assert kane.electron.energy_mev < plain.electron.energy_mev - 10.0
    assert kane.hole.energy_mev == plain.hole.energy_mev


def test_sizing_curves_are_read_only_where_they_hold() -> None:
    assert published_energy_mev("PbS", 5.0) == pytest.approx(410 + 1000 / (0.63 + 1.415))
    with pytest.raises(ValueError, match="diameter_nm"):
        published_energy_mev("CdSe", 12.0)
    with pytest.raises(ValueError, match="diameter_nm"):
        published_energy_mev("PbS", 0.5)
    with pytest.raises(ValueError, match="no sizing curve"):
        published_energy_mev("ZnS", 3.0)


def test_bohr_radii() -> None:
    assert carrier_bohr_radius_nm(1.0, 1.0) == pytest.approx(0.0529177, rel=1e-5)
    assert exciton_bohr_radius_nm(0.13, 0.45, 9.5) == pytest.approx(4.98, abs=0.02)
    with pytest.raises(ValueError, match="mass"):
        carrier_bohr_radius_nm(0.0, 9.5)


def test_unphysical_stacks_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="layers"):
        layers_at([], 4.0)
    with pytest.raises(ValueError, match="Unobtainium"):
        transition_energy_mev([HostLayer("Unobtainium", 2.0)], 4.0)
    with pytest.raises(ValueError, match="temperature_k"):
        transition_energy_mev([HostLayer("CdSe", 2.0)], -1.0)
    with pytest.raises(ValueError, match="thickness_nm"):
        transition_energy_mev([HostLayer("CdSe", -2.0)], 4.0)
    with pytest.raises(NotEstablishedError, match="La2O2S: electron_mass"):
        transition_energy_mev([HostLayer("La2O2S", 2.0)], 4.0)
    with pytest.raises(NotEstablishedError, match="bowing"):
        transition_energy_mev([HostLayer("InP", 2.0, 0.3), HostLayer("ZnSe", 1.0)], 4.0)
    with pytest.raises(ValueError, match="no gap"):
        Layer(1.0, 0.1, 0.1, 0.0, 10.0, 9.0)
    with pytest.raises(ValueError, match="electron_barrier_mev"):
        Outside(-1.0)
