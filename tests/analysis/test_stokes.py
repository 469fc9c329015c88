"""The Stokes vector against Mueller calculus, its errors, and useless settings."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.polarimetry import AnalyserCalibration, response
from analysis.stokes import analyser_rows, measure_stokes

ANGLES = np.arange(-90.0, 90.0, 22.5)


def known(retardance: float = 88.0, offset: float = 1.0, error_deg: float = 0.0) -> AnalyserCalibration:
    return AnalyserCalibration(retardance, offset, np.eye(2) * error_deg**2, 1.0, 0.0, 0)


@given(st.floats(-90, 90), st.floats(20, 160))
def test_rows_agree_with_the_response_to_circular_light(setting: float, retardance: float) -> None:
    rows = analyser_rows([setting], retardance, 0.0)
    plus, minus = response([setting], retardance, 0.0)[0]
    assert rows[0] @ [1, 0, 0, 1] == pytest.approx(plus, abs=1e-12)
    assert rows[0] @ [1, 0, 0, -1] == pytest.approx(minus, abs=1e-12)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_any_polarisation_is_recovered(s1: float, s2: float, s3: float) -> None:
    assume(s1**2 + s2**2 + s3**2 <= 1.0)
    vector = 1e5 * np.array([1.0, s1, s2, s3])
    counts = 2.0 * analyser_rows(ANGLES, 88.0, 1.0) @ vector
    found = measure_stokes(np.maximum(counts, 0.0), ANGLES, np.full(8, 2.0), known())
    assert found.stokes == pytest.approx(vector, abs=1.0)
    assert found.circular_degree[0] == pytest.approx(s3, abs=1e-4)


def test_counting_errors_are_those_of_repeated_measurements() -> None:
    rng = np.random.default_rng(1)
    mean = analyser_rows(ANGLES, 88.0, 1.0) @ (4000.0 * np.array([1.0, 0.3, -0.2, 0.6]))
    found = [measure_stokes(rng.poisson(mean), ANGLES, np.ones(8), known()) for _ in range(400)]
    scatter = np.std([f.circular_degree[0] for f in found])
    assert found[0].circular_degree[1] == pytest.approx(scatter, rel=0.15)
    assert np.mean([f.total_degree[0] for f in found]) == pytest.approx(0.7, abs=0.01)
    assert found[0].linear_degree[0] == pytest.approx(np.hypot(0.3, 0.2), abs=0.1)


def test_calibration_error_reaches_the_degree() -> None:
    counts = analyser_rows(ANGLES, 75.0, 1.0) @ (1e10 * np.array([1.0, 0.3, 0.0, 0.8]))
    stated = measure_stokes(counts, ANGLES, np.ones(8), known(75.0, error_deg=0.5)).circular_degree[1]
    shifted = measure_stokes(counts, ANGLES, np.ones(8), known(75.5)).circular_degree[0]
    moved = measure_stokes(counts, ANGLES, np.ones(8), known(75.0, offset=1.5)).circular_degree[0]
    assert stated == pytest.approx(np.hypot(shifted - 0.8, moved - 0.8), rel=0.1)


def test_ill_conditioned_settings_warn_and_useless_ones_are_refused() -> None:
    close = [15.0, 30.0, 45.0, 60.0, 75.0]
    counts = 1e6 * analyser_rows(close, 88.0, 1.0) @ np.array([1.0, 0.0, 0.0, 0.5])
    assert "ill-conditioned" in measure_stokes(counts, close, np.ones(5), known()).warnings[0]
    with pytest.raises(ValueError, match="do not determine"):
        measure_stokes(np.full(4, 100.0), [45.0, -45.0, 45.0, -45.0], np.ones(4), known())


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="four settings"):
        measure_stokes([1, 2, 3], [0, 30, 60], [1, 1, 1], known())
    with pytest.raises(ValueError, match="not negative"):
        measure_stokes([-1.0] * 8, ANGLES, np.ones(8), known())
    with pytest.raises(ValueError, match="above 0 s"):
        measure_stokes([1.0] * 8, ANGLES, np.zeros(8), known())
    with pytest.raises(ValueError, match="no light"):
        measure_stokes([0.0] * 8, ANGLES, np.ones(8), known(), background_hz=5.0)
