"""Analyser calibration and inversion against Mueller matrices written out here."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.polarimetry import calibrate, calibration_curve, degree, ideal_calibration, invert, response

FloatArray = npt.NDArray[np.float64]

ANGLES = np.arange(-90.0, 90.0, 22.5)


def retarder(angle_deg: float, retardance_deg: float) -> FloatArray:
    """Mueller matrix of a linear retarder; sign such that +45 degrees and 90 degrees turn S3 = +1 into S1 = +1."""
    c, s = np.cos(2 * np.radians(angle_deg)), np.sin(2 * np.radians(angle_deg))
    cd, sd = np.cos(np.radians(retardance_deg)), np.sin(np.radians(retardance_deg))
    return np.array(
        [
            [1, 0, 0, 0],
            [0, c * c + s * s * cd, c * s * (1 - cd), s * sd],
            [0, c * s * (1 - cd), s * s + c * c * cd, -c * sd],
            [0, -s * sd, c * sd, cd],
        ]
    )


def passed(stokes: list[float], angle_deg: float, retardance_deg: float) -> float:
    out = retarder(angle_deg, retardance_deg) @ np.asarray(stokes, dtype=float)
    return 0.5 * (out[0] + out[1])


@given(st.floats(-180, 180), st.floats(20, 160), st.floats(-20, 20))
def test_response_agrees_with_mueller_matrices(setting: float, retardance: float, offset: float) -> None:
    plus, minus = response([setting], retardance, offset)[0]
    assert plus == pytest.approx(passed([1, 0, 0, 1], setting - offset, retardance), abs=1e-12)
    assert minus == pytest.approx(passed([1, 0, 0, -1], setting - offset, retardance), abs=1e-12)


def test_rotation_by_90_degrees_swaps_the_helicities() -> None:
    here, there = response([31.0, 121.0], 84.0, 1.5)
    assert here == pytest.approx(there[::-1])


def test_calibration_covers_the_truth() -> None:
    inside = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        expected = np.array([4e4 * passed([1, 1, 0, 0], a - 1.3, 84.0) for a in ANGLES])
        counts = rng.poisson(expected)
        found = calibrate(ANGLES, counts, np.sqrt(counts))
        inside.append(abs(found.retardance_deg - 84.0) < found.retardance_error_deg)
        inside.append(abs(found.offset_deg - 1.3) < found.offset_error_deg)
    assert np.mean(inside) == pytest.approx(0.683, abs=0.09)  # errors are never scaled down: a little wide


def test_a_little_circular_laser_light_does_not_disturb() -> None:
    expected = np.array([1e6 * passed([1, 0.9997, 0, 0.025], a, 86.0) for a in ANGLES])
    found = calibrate(ANGLES, expected, np.sqrt(expected))
    assert found.retardance_deg == pytest.approx(86.0, abs=0.1)
    assert found.chi2 < 1.0
    assert calibration_curve(found, [0.0])[0] == pytest.approx(1e6, rel=1e-3)


def test_calibration_refuses_what_it_cannot_use() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        calibrate([0, 45, 90], [1, 2, 3], [1, 1, 1])
    with pytest.raises(ValueError, match="repeat modulo 90"):
        calibrate([0, 90, 180, -90], [5, 5, 5, 5], [1, 1, 1, 1])
    with pytest.raises(ValueError, match="does not change"):
        calibrate(ANGLES, np.full(ANGLES.size, 1000.0), np.full(ANGLES.size, 30.0))


@settings(max_examples=40)
@given(
    plus=st.floats(10, 1e4),
    minus=st.floats(10, 1e4),
    retardance=st.floats(60, 120),
    extra=st.lists(st.floats(-90, 90), max_size=3),
)
def test_inversion_undoes_the_analyser(plus: float, minus: float, retardance: float, extra: list[float]) -> None:
    calibration = ideal_calibration()
    calibration = type(calibration)(retardance, 0.7, np.zeros((2, 2)), 1.0, 0.0, 0)
    settings_deg = np.array([45.0, -45.0, *extra])
    seconds = np.linspace(1.0, 3.0, settings_deg.size)
    counts = (response(settings_deg, retardance, 0.7) * seconds[:, None]) @ np.array([[plus, plus], [minus, minus]])
    found = invert(counts, np.maximum(counts, 1.0), settings_deg, seconds, calibration)
    assert found.sigma_plus == pytest.approx([plus, plus], rel=1e-6)
    assert found.sigma_minus == pytest.approx([minus, minus], rel=1e-6)


def test_errors_of_the_inversion_cover_the_truth() -> None:
    matrix = response([45.0, -45.0], 80.0, 0.0)
    truth = np.array([900.0, 300.0])
    inside = []
    calibration = type(ideal_calibration())(80.0, 0.0, np.zeros((2, 2)), 1.0, 0.0, 0)
    for seed in range(400):
        counts = np.random.default_rng(seed).poisson(matrix @ truth)[:, None]
        found = invert(counts, counts, [45.0, -45.0], [1.0, 1.0], calibration)
        inside.append(abs(found.sigma_plus[0] - truth[0]) < np.sqrt(found.variance_plus[0]))
    assert np.mean(inside) == pytest.approx(0.683, abs=0.07)


def test_ill_conditioned_settings_warn_and_useless_ones_are_refused() -> None:
    counts = np.ones((2, 3))
    assert "ill-conditioned" in invert(counts, counts, [5.0, -5.0], [1, 1], ideal_calibration()).warnings[0]
    assert invert(counts, counts, [45.0, -45.0], [1, 1], ideal_calibration()).warnings == ()
    with pytest.raises(ValueError, match="do not separate"):
        invert(counts, counts, [45.0, 45.0], [1, 1], ideal_calibration())


def test_calibration_error_reaches_the_degree() -> None:
    wrong = type(ideal_calibration())(70.0, 0.0, np.diag([4.0, 0.0]), 1.0, 0.0, 0)
    counts = response([45.0, -45.0], 70.0, 0.0) @ np.array([[1000.0], [0.0]])
    found = invert(counts, counts, [45.0, -45.0], [1, 1], wrong)
    value, error = degree(1000.0, 0.0, np.zeros((2, 2)), found.mixing)
    changed = invert(counts, counts, [45.0, -45.0], [1, 1], type(wrong)(72.0, 0.0, np.zeros((2, 2)), 1.0, 0.0, 0))
    total = changed.sigma_plus[0] + changed.sigma_minus[0]
    assert value == pytest.approx(1.0)
    assert error == pytest.approx(abs((changed.sigma_plus[0] - changed.sigma_minus[0]) / total - 1.0), rel=0.2)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        calibrate(ANGLES, np.full(ANGLES.size, np.nan), np.ones(ANGLES.size))
    with pytest.raises(ValueError, match="finite"):
        invert([[1.0], [np.inf]], [[1.0], [1.0]], [45.0, -45.0], [1.0, 1.0], ideal_calibration())
