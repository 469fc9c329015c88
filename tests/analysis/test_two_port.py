"""The analyser with two detectors: calibration recovered, degree covered, nonsense refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.two_port import PortCounts, TwoPortCalibration, polarisation_degree, port_properties

X1, X2, RATIO = 0.03, 0.06, 1.3
MATRIX = np.array([[1 - X1, X1], [RATIO * X2, RATIO * (1 - X2)]])


def counted(n: float, degree: float, rng: np.random.Generator | None = None) -> PortCounts:
    mean = MATRIX @ (n * np.array([1 + degree, 1 - degree]) / 2)
    counts = np.rint(mean) if rng is None else rng.poisson(mean)
    return PortCounts(int(counts[0]), int(counts[1]))


def calibration(n: float = 1e6) -> TwoPortCalibration:
    """The three lights differ in strength: only their ratios may count."""
    return TwoPortCalibration(counted(n, 1.0), counted(0.4 * n, -1.0), counted(2.5 * n, 0.0))


def test_crosstalk_and_efficiency_ratio_are_recovered() -> None:
    found = port_properties(calibration())
    assert found.crosstalk_1[0] == pytest.approx(X1, abs=1e-4)
    assert found.crosstalk_2[0] == pytest.approx(X2, abs=1e-4)
    assert found.efficiency_ratio[0] == pytest.approx(RATIO, abs=1e-4)
    assert found.efficiency_ratio[1] == pytest.approx(RATIO * np.sqrt(1 / 1.25e6 + 1 / 1.6e6), rel=0.1)
    assert found.warnings == ()


@given(st.floats(-0.98, 0.98))
def test_degree_is_recovered_whatever_the_analyser(degree: float) -> None:
    assert polarisation_degree(counted(1e7, degree), calibration(1e7)).value == pytest.approx(degree, abs=1e-4)


def test_perfect_ports_with_empty_detectors_still_give_a_degree() -> None:
    perfect = TwoPortCalibration(PortCounts(1000, 0), PortCounts(0, 1000), PortCounts(500, 500))
    found = polarisation_degree(PortCounts(30, 10), perfect)
    assert found.value == pytest.approx(0.5)
    assert found.interval_68[0] < 0.5 < found.interval_68[1]


def test_weak_calibration_widens_the_interval() -> None:
    sample = counted(1e5, 0.3)
    sharp, weak = (polarisation_degree(sample, calibration(n)) for n in (1e6, 3e2))
    assert weak.stderr > 3 * sharp.stderr
    assert sharp.interval_95[0] < sharp.interval_68[0] < 0.3 < sharp.interval_68[1] < sharp.interval_95[1]


def test_dark_counts_are_subtracted() -> None:
    plain = counted(1e5, 0.6)
    sample = PortCounts(plain.detector_1 + 20_000, plain.detector_2 + 20_000, 100_000, 100_000, 5.0)
    assert polarisation_degree(sample, calibration()).value == pytest.approx(0.6, abs=1e-3)
    assert polarisation_degree(sample, calibration()).stderr > polarisation_degree(plain, calibration()).stderr


def test_poor_analyser_warns() -> None:
    poor = TwoPortCalibration(PortCounts(55_000, 45_000), PortCounts(45_000, 55_000), PortCounts(50_000, 50_000))
    assert "condition number" in port_properties(poor).warnings[0]
    assert "condition number" in polarisation_degree(PortCounts(520, 500), poor).warnings[0]


def test_nonsense_is_refused() -> None:
    good = calibration()
    with pytest.raises(ValueError, match="exchanged"):
        port_properties(TwoPortCalibration(good.pure_b, good.pure_a, good.unpolarised))
    with pytest.raises(ValueError, match="no light"):
        polarisation_degree(PortCounts(0, 0), good)
    with pytest.raises(ValueError, match="whole number"):
        PortCounts(-1, 3)
    with pytest.raises(ValueError, match="dark_exposure_ratio"):
        PortCounts(5, 3, 1, 1)
