import numpy as np
import pytest

from sims.basics.constants import PLANCK_MEV_PER_GHZ
from sims.basics.spins import FloatArray
from sims.dot.ground import (
    BIAS_FIELD_T,
    biased,
    dopant_levels,
    resonance_fields_t,
    resonance_lines,
)
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


@pytest.mark.parametrize("field_t", [1e-10, -1e-10, 1e-8, -1e-8])
def test_zero_field_is_the_limit_of_a_vanishing_field(field_t: float) -> None:
    """Degenerate pairs +M, -M must not come back mixed: lines, strengths and weights are continuous at zero."""
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0, hyperfine_uev=0.77)
    zero, near = resonance_lines(dopant, (0, 0, 0), 0.0), resonance_lines(dopant, (0, 0, field_t), 0.0)
    assert near.frequency_ghz == pytest.approx(zero.frequency_ghz, abs=1e-5)
    assert near.matrix_element == pytest.approx(zero.matrix_element, abs=3e-3)
    # Opposite field: the same levels with the projections reversed.
    weights = near.projection_weights if field_t > 0 else near.projection_weights[::-1]
    assert weights == pytest.approx(zero.projection_weights, abs=3e-3)


def test_spectrum_near_zero_field_is_that_at_zero() -> None:
    """Up to 10 uT (0.3 MHz per g mu_B B) a spectrum of 15 MHz wide lines cannot tell the field from none."""
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0, zero_field_e_uev=0.4, hyperfine_uev=0.77)
    grid = np.arange(0.0, 6.0, 0.005)[:, None]

    def spectrum(field_t: float) -> FloatArray:
        lines = resonance_lines(dopant, (0, 0, field_t), 0.0)
        shape = np.exp(-(((grid - lines.frequency_ghz) / 0.015) ** 2))
        return np.asarray(shape @ lines.matrix_element**2, dtype=np.float64)

    zero = spectrum(0.0)
    for field_t in (1e-6, -1e-6, 1e-5, -1e-5):
        assert spectrum(field_t) == pytest.approx(zero, abs=0.01 * float(zero.max()))


def test_no_field_undoes_the_bias() -> None:
    """A field of the size of the bias along -z must not bring the degeneracy back."""
    dopant = Dopant(element="Mn", position_nm=0, zero_field_d_uev=5.0, hyperfine_uev=0.77)
    for field_t in (0.0, -0.0, BIAS_FIELD_T, -BIAS_FIELD_T):
        assert abs(biased((0.0, 0.0, field_t))[2]) >= BIAS_FIELD_T
        vectors = dopant_levels(dopant, (0.0, 0.0, field_t)).vectors
        assert np.abs(vectors).max(axis=0) == pytest.approx(1.0, abs=1e-9)
