import numpy as np
import pytest

from sims.dot.constants import PLANCK_MEV_PER_GHZ
from sims.dot.ground import dopant_levels, resonance_fields_t, resonance_lines
from sims.dot.sample import Dopant


def test_x_band_fields_of_mn_in_cdse() -> None:
    hyperfine_uev = -62.2e-4 * 123.984198  # per cm to micro-eV
    dopant = Dopant(element="Mn", position_nm=0, g_factor=2.003, hyperfine_uev=hyperfine_uev)
    fields_mt = 1e3 * resonance_fields_t(dopant, 9.400, 0.45)
    assert fields_mt == pytest.approx([318.53, 324.91, 331.42, 338.07, 344.84, 351.74], abs=0.05)


def test_strained_cdte_at_zero_field_has_lines_at_two_and_four_d() -> None:
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=7.0)
    lines = resonance_lines(dopant, (0, 0, 0))
    unit = 7e-3 / PLANCK_MEV_PER_GHZ
    outer = np.abs(lines.upper_m_s) == 2.5
    middle = np.abs(lines.upper_m_s) == 1.5
    assert lines.frequency_ghz[outer] == pytest.approx(4 * unit, abs=2e-3)
    assert lines.frequency_ghz[middle] == pytest.approx(2 * unit, abs=2e-3)
    assert 2 * unit == pytest.approx(3.39, abs=0.01)


def test_outer_transition_in_a_field_has_six_lines_one_hyperfine_constant_apart() -> None:
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=7.0, hyperfine_uev=0.68)
    lines = resonance_lines(dopant, (0, 0, 2.0))
    outer = (np.maximum(lines.upper_m_s, lines.lower_m_s) == 2.5) & (lines.matrix_element > 1)
    assert outer.sum() == 6
    assert np.diff(np.sort(lines.frequency_ghz[outer])) == pytest.approx(0.1644, abs=0.003)


def test_matrix_elements_are_those_of_the_ladder() -> None:
    dopant = Dopant(element="Mn", position_nm=0, nuclear_spin=0.0)
    lines = resonance_lines(dopant, (0, 0, 1.0))
    m = np.maximum(lines.upper_m_s, lines.lower_m_s)
    assert lines.matrix_element == pytest.approx(np.sqrt(8.75 - m * (m - 1)) / 2)


def test_levels_come_in_order_of_falling_projection_at_zero_field() -> None:
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0)
    assert np.argmax(np.abs(dopant_levels(dopant, (0, 0, 0)).vectors), axis=0).tolist() == [0, 1, 2, 3, 4, 5]


def test_projection_weights_are_probabilities() -> None:
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0, hyperfine_uev=0.77)
    weights = resonance_lines(dopant, (0, 0, 0)).projection_weights
    assert weights.sum(axis=0) == pytest.approx(1.0)
    assert weights.sum(axis=1) == pytest.approx(6.0)
