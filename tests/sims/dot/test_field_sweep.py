"""Field-swept spin resonance for any ion and direction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sims.basics.constants import BOHR_MAGNETON_MEV_PER_T, PLANCK_MEV_PER_GHZ
from sims.basics.spins import eigenstates
from sims.dot.dopant import electron_nuclear_hamiltonian
from sims.dot.field_sweep import (
    field_lines,
    field_swept_spectrum,
    hemisphere,
    powder_spectrum,
    resonance_fields_t,
)
from sims.dot.sample import Dopant
from sims.matter.dopants import wavenumber_uev

X_BAND = [318.53, 324.91, 331.42, 338.07, 344.84, 351.74]
CDSE = Dopant(element="Mn", position_nm=0, g_factor=2.003, hyperfine_uev=wavenumber_uev(-62.2e-4))
DIRECTIONS = st.tuples(*3 * [st.floats(-1, 1)]).filter(lambda v: np.linalg.norm(v) > 0.1)


@pytest.mark.parametrize("direction", [(0, 0, 1), (1, 0, 0), (0, -2, 0), (1, 1, 1)])
def test_x_band_lines_of_an_isotropic_ion_do_not_depend_on_direction(direction: tuple[float, float, float]) -> None:
    assert 1e3 * resonance_fields_t(CDSE, 9.4, 0.45, direction=direction) == pytest.approx(X_BAND, abs=0.01)


@settings(max_examples=4, deadline=None)
@given(direction=DIRECTIONS)
def test_every_resonance_is_a_level_difference(direction: tuple[float, float, float]) -> None:
    ion = Dopant(element="Co", position_nm=0, zero_field_d_uev=20.0, zero_field_e_uev=4.0, hyperfine_uev=0.3)
    lines = field_lines(ion, 9.5, 1.0, direction)
    assert lines.field_t.size >= 8
    unit = np.asarray(direction) / np.linalg.norm(direction)
    for field in lines.field_t[::5]:
        energies, _ = eigenstates(electron_nuclear_hamiltonian(ion, tuple(field * unit)))
        differences = (energies[:, None] - energies) / PLANCK_MEV_PER_GHZ
        assert np.min(np.abs(differences - 9.5)) < 1e-6


def test_axial_term_moves_the_outer_lines_by_three_halves_cos_square_minus_a_half() -> None:
    """First order: B_m = B0 - (2m-1) (D/g mu_B) (3 cos^2 theta - 1)/2 for m -> m - 1."""
    ion = Dopant(element="Mn", position_nm=0, g_factor=2.0, zero_field_d_uev=0.05)
    unit_t = 1e-3 * ion.zero_field_d_uev / (2.0 * BOHR_MAGNETON_MEV_PER_T)
    for theta in (0.0, 54.7356, 90.0):
        angle = np.radians(theta)
        direction = (float(np.sin(angle)), 0.0, float(np.cos(angle)))
        lines = field_lines(ion.model_copy(update={"nuclear_spin": 0.0}), 34.0, 1.5, direction)
        outer = lines.field_t[np.maximum(lines.lower_m_s, lines.upper_m_s) == 2.5]
        middle = lines.field_t[np.maximum(lines.lower_m_s, lines.upper_m_s) == 0.5]
        shift = 4 * unit_t * (3 * np.cos(angle) ** 2 - 1) / 2
        assert middle[0] - outer[0] == pytest.approx(shift, abs=4e-6)


def test_turning_the_crystal_is_turning_the_field_back() -> None:
    straight = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0, zero_field_e_uev=1.0, nuclear_spin=0.0)
    turned = straight.model_copy(update={"crystal_axes_deg": (0.0, 40.0, 0.0)})
    angle = np.radians(40.0)
    along = (float(np.sin(angle)), 0.0, float(np.cos(angle)))  # the turned z axis
    assert field_lines(turned, 9.5, 0.6, along).field_t == pytest.approx(field_lines(straight, 9.5, 0.6).field_t)


def test_two_resonances_of_one_level_pair_are_both_found() -> None:
    """A pair of levels that first closes and then opens meets a low frequency twice."""
    ion = Dopant(element="Mn", position_nm=0, zero_field_d_uev=20.0, nuclear_spin=0.0)
    lines = field_lines(ion, 8.0, 1.0)
    first = sorted(lines.field_t[np.maximum(lines.lower_m_s, lines.upper_m_s) == -1.5])  # zero-field gap 4 D
    zero_field_ghz = 4 * 20e-3 / PLANCK_MEV_PER_GHZ
    slope = 2.0 * BOHR_MAGNETON_MEV_PER_T / PLANCK_MEV_PER_GHZ
    assert first == pytest.approx([(zero_field_ghz - 8.0) / slope, (zero_field_ghz + 8.0) / slope], abs=1e-6)


def test_low_temperature_favours_the_lowest_levels() -> None:
    ion = Dopant(element="Mn", position_nm=0, zero_field_d_uev=1.0, nuclear_spin=0.0)
    warm, cold = field_lines(ion, 95.0, 4.0), field_lines(ion, 95.0, 4.0, temperature_k=1.5)
    lowest = cold.lower_m_s == -2.5
    assert (cold.intensity / cold.intensity.sum())[lowest] > 2 * (warm.intensity / warm.intensity.sum())[lowest]


def test_six_hyperfine_lines_of_equal_area_in_the_derivative_spectrum() -> None:
    lines = field_lines(CDSE, 9.4, 0.45, minimum_matrix_element=1.2)
    grid = np.linspace(0.3, 0.37, 7001)
    spectrum = field_swept_spectrum(lines, grid, 0.5)
    absorbed = np.cumsum(spectrum) * (grid[1] - grid[0])
    peaks = (absorbed[1:-1] > absorbed[:-2]) & (absorbed[1:-1] > absorbed[2:]) & (absorbed[1:-1] > 0.1 * absorbed.max())
    assert 1e3 * grid[1:-1][peaks] == pytest.approx(X_BAND, abs=0.05)


def test_powder_of_an_isotropic_ion_is_one_of_its_crystals() -> None:
    grid = np.linspace(0.3, 0.37, 300)
    powder = powder_spectrum(CDSE, 9.4, grid, 1.0, n_orientations=3)
    single = field_swept_spectrum(field_lines(CDSE, 9.4, 0.37, minimum_matrix_element=0.1), grid, 1.0)
    assert powder / np.abs(powder).max() == pytest.approx(single / np.abs(single).max(), abs=2e-3)


def test_zero_field_splitting_smears_a_powder_out() -> None:
    grid = np.linspace(0.25, 0.42, 300)
    strained = Dopant(element="Mn", position_nm=0, zero_field_d_uev=1.0, nuclear_spin=0.0)
    sharp, smeared = (
        powder_spectrum(ion, 9.4, grid, 1.0, n_orientations=8)
        for ion in (strained.model_copy(update={"zero_field_d_uev": 0.0}), strained)
    )
    assert np.abs(smeared).max() < 0.7 * np.abs(sharp).max()


def test_directions_fill_the_hemisphere_evenly() -> None:
    directions = np.array(hemisphere(200))
    assert np.linalg.norm(directions, axis=1) == pytest.approx(1.0)
    assert np.mean(directions[:, 2] ** 2) == pytest.approx(1 / 3, abs=1e-3)
    assert np.mean(directions[:, :2], axis=0) == pytest.approx([0, 0], abs=0.02)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frequency_ghz": -9.0}, "frequency_ghz"),
        ({"maximum_field_t": float("nan")}, "maximum_field_t"),
        ({"direction": (0, 0, 0)}, "direction"),
        ({"direction": (0, float("inf"), 0)}, "field_t"),
        ({"temperature_k": 0.0}, "temperature_k"),
    ],
)
def test_impossible_sweeps_are_refused_by_name(changes: dict[str, object], words: str) -> None:
    arguments: dict[str, object] = {"dopant": CDSE, "frequency_ghz": 9.4, "maximum_field_t": 0.4}
    with pytest.raises(ValueError, match=words):
        field_lines(**(arguments | changes))  # type: ignore[arg-type]
